// SPDX-License-Identifier: Apache-2.0
#include "certs/store.h"

void certs_material_done(struct certs_material *m)
{
    strbuf_done(&m->cert);
    strbuf_wipe(&m->key);
    strbuf_done(&m->next_cert);
    strbuf_wipe(&m->next_key);
    strbuf_done(&m->bundle);
    *m = CERTS_MATERIAL;
}

void certs_material_want_leaves(struct certs_material *m, struct strview text)
{
    text = sv_cut(text, sizeof(m->leaves_wanted) - 1);
    memset(m->leaves_wanted, 0, sizeof(m->leaves_wanted));
    if (text.len > 0) {
        memcpy(m->leaves_wanted, text.ptr, text.len);
    }
}

enum certs_phase certs_material_phase(const struct certs_material *m)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    size_t n = 0;
    bool read = x509_read(strbuf_view(&m->bundle), info, CERTS_CHAIN_MAX, &n, NULL) == 0;
    return certs_phase_of(m->next_cert.len > 0, read && n > 1);
}

static int check_ca(const struct strbuf *cert, const struct strbuf *key, struct strview bundle,
                    struct err *err)
{
    struct x509_info ca;
    size_t n;
    if (x509_check_key(strbuf_view(cert), strbuf_view(key), err) < 0 ||
        x509_read(strbuf_view(cert), &ca, 1, &n, err) < 0) {
        return -1;
    }
    if (!ca.is_ca) {
        return err_set(err, E_INVALID, "the certificate is not a CA");
    }
    return x509_holds(bundle, strbuf_view(cert))
               ? 0
               : err_set(err, E_INVALID, "the CA is not in the bundle");
}

int certs_material_check(const struct certs_material *m, struct err *err)
{
    struct strview bundle = strbuf_view(&m->bundle);
    if (check_ca(&m->cert, &m->key, bundle, err) < 0) {
        return -1;
    }
    bool has_next = m->next_cert.len > 0 || m->next_key.len > 0;
    return has_next && check_ca(&m->next_cert, &m->next_key, bundle, err) < 0
               ? err_wrap(err, "the CA that is to come")
               : 0;
}
