// SPDX-License-Identifier: Apache-2.0
// PEM from a Secret or a mounted file: certificates written anew are the same and nothing else
// comes along, and a pair is only made of what passes its checks.
#include <string.h>

#include "certs/pair.h"
#include "certs/x509.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strview text = sv_make((const char *)data, size);
    static struct x509_info info[CERTS_CHAIN_MAX];
    static struct x509_info again[CERTS_CHAIN_MAX];
    CLEANUP(strbuf_done) struct strbuf clean = STRBUF(CERTS_PEM_MAX);
    struct certs_pair *pair;
    struct err err = {0};
    size_t n;
    size_t n_again;
    if (x509_read(text, info, CERTS_CHAIN_MAX, &n, &err) < 0) {
        ASSERT(err.code != E_OK && err.msg[0] != '\0');
    } else if (x509_rewrite(text, NULL, &clean, &err) == 0) {
        int rc = x509_read(strbuf_view(&clean), again, CERTS_CHAIN_MAX, &n_again, NULL);
        ASSERT(rc == 0 && n == n_again);
        for (size_t i = 0; i < n; i++) {
            ASSERT(strcmp(info[i].fingerprint, again[i].fingerprint) == 0);
        }
        ASSERT(sv_find(strbuf_view(&clean), SV("KEY-----")) == SIZE_MAX);
    }
    if (certs_pair_new(text, text, text, &pair, &err) == 0) {
        ASSERT(x509_check_key(pair->cert_pem, pair->key_pem, NULL) == 0);
        ASSERT(strlen(pair->fingerprint) == 64);
        certs_pair_unref(pair);
    }
    return 0;
}
