// SPDX-License-Identifier: Apache-2.0
#include "certs/pair.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "certs/x509.h"

// The public part first, so that one pointer is both.
struct counted {
    struct certs_pair pair;
    _Atomic unsigned refs;
    size_t size; // of the bytes that follow
    char bytes[];
};

static struct strview copy_in(char **at, struct strview s)
{
    char *start = *at;
    if (s.len > 0) {
        memcpy(start, s.ptr, s.len);
    }
    start[s.len] = '\0';
    *at = start + s.len + 1;
    return sv_make(start, s.len);
}

int certs_pair_new(struct strview cert_pem, struct strview key_pem, struct strview ca_pem,
                   struct certs_pair **ret, struct err *err)
{
    struct x509_info info;
    size_t found;
    if (x509_read(cert_pem, &info, 1, &found, err) < 0 ||
        x509_check_key(cert_pem, key_pem, err) < 0 ||
        (ca_pem.len > 0 && x509_verify(cert_pem, ca_pem, err) < 0)) {
        return -1;
    }
    size_t size = cert_pem.len + key_pem.len + ca_pem.len + 3;
    struct counted *c = malloc(sizeof(*c) + size);
    if (c == NULL) {
        return err_set(err, E_NOMEM, "no memory for a certificate");
    }
    char *at = c->bytes;
    memset(c, 0, sizeof(*c));
    c->size = size;
    c->pair.cert_pem = copy_in(&at, cert_pem);
    c->pair.key_pem = copy_in(&at, key_pem);
    c->pair.ca_pem = copy_in(&at, ca_pem);
    c->pair.not_before_ms = info.not_before_ms;
    c->pair.not_after_ms = info.not_after_ms;
    memcpy(c->pair.fingerprint, info.fingerprint, sizeof(c->pair.fingerprint));
    atomic_init(&c->refs, 1);
    *ret = &c->pair;
    return 0;
}

struct certs_pair *certs_pair_ref(struct certs_pair *p)
{
    struct counted *c = (struct counted *)(void *)p;
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return p;
}

void certs_pair_unref(struct certs_pair *p)
{
    struct counted *c = (struct counted *)(void *)p;
    if (c != NULL && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1) {
        OPENSSL_cleanse(c->bytes, c->size);
        free(c);
    }
}
