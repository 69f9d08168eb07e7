// SPDX-License-Identifier: Apache-2.0
#include "certs/store.h"

void certs_material_done(struct certs_material *m)
{
    strbuf_done(&m->cert);
    strbuf_wipe(&m->key);
    strbuf_done(&m->bundle);
    m->version[0] = '\0';
}

int certs_material_check(const struct certs_material *m, struct err *err)
{
    struct x509_info ca;
    struct x509_info bundle[CERTS_CHAIN_MAX];
    size_t n;
    struct strview cert = strbuf_view(&m->cert);
    if (x509_check_key(cert, strbuf_view(&m->key), err) < 0 ||
        x509_read(cert, &ca, 1, &n, err) < 0 ||
        x509_read(strbuf_view(&m->bundle), bundle, CERTS_CHAIN_MAX, &n, err) < 0) {
        return -1;
    }
    if (!ca.is_ca) {
        return err_set(err, E_INVALID, "the certificate is not a CA");
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(bundle[i].fingerprint, ca.fingerprint) == 0) {
            return 0;
        }
    }
    return err_set(err, E_INVALID, "the CA is not in the bundle");
}
