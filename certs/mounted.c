// SPDX-License-Identifier: Apache-2.0
#include "certs/mounted.h"

#include "certs/x509.h"
#include "common/base/os_file.h"
#include "common/base/strbuf.h"

int mounted_read(const char *cert_file, const char *key_file, const char *ca_file,
                 const struct certs_pair *current, int64_t now_ms, struct certs_pair **ret,
                 bool *ret_read, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf cert = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_wipe) struct strbuf key = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_done) struct strbuf ca = STRBUF(CERTS_PEM_MAX);
    *ret = NULL;
    *ret_read = true;
    if (os_file_read(cert_file, CERTS_PEM_MAX, &cert, err) < 0 ||
        os_file_read(key_file, CERTS_PEM_MAX, &key, err) < 0 ||
        (ca_file[0] != '\0' && os_file_read(ca_file, CERTS_PEM_MAX, &ca, err) < 0)) {
        return -1;
    }
    if (ca_file[0] != '\0' && ca.len == 0) {
        return err_set(err, E_INVALID, "%.150s is empty", ca_file);
    }
    if (current != NULL && sv_eq(strbuf_view(&cert), current->cert_pem) &&
        sv_eq(strbuf_view(&key), current->key_pem) && sv_eq(strbuf_view(&ca), current->ca_pem)) {
        *ret_read = false;
        return 0;
    }
    struct certs_pair *fresh;
    if (certs_pair_new(strbuf_view(&cert), strbuf_view(&key), strbuf_view(&ca), &fresh, err) < 0) {
        return err_wrap(err, "%.100s", cert_file);
    }
    if (now_ms >= fresh->not_after_ms && current != NULL && now_ms < current->not_after_ms) {
        certs_pair_unref(fresh);
        return err_set(err, E_INVALID, "%.100s: the certificate has expired", cert_file);
    }
    *ret = fresh;
    return 0;
}
