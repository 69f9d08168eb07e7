// SPDX-License-Identifier: Apache-2.0
#include "certs/rotate.h"

#include <string.h>

#include "common/k8s/timestamp.h"

#define TRIES 5

static int load(struct certs_store *store, struct certs_material *m, struct err *err)
{
    if (store->load(store->ctx, m, err) < 0) {
        return -1;
    }
    return m->cert.len > 0 ? 0
                           : err_set(err, E_NOT_FOUND, "there is no CA yet; the webhook makes it");
}

static int mark_ca(struct certs_store *store, struct certs_material *m, struct rotate_outcome *ret,
                   struct err *err)
{
    struct x509_info ca;
    size_t n;
    if (load(store, m, err) < 0 || x509_read(strbuf_view(&m->cert), &ca, 1, &n, err) < 0) {
        return -1;
    }
    memcpy(ret->ca, ca.fingerprint, sizeof(ret->ca));
    ret->phase = certs_material_phase(m);
    ret->marked = ret->phase == CERTS_STABLE && !m->rotate;
    if (!ret->marked) {
        return 0;
    }
    m->rotate = true;
    return store->save(store->ctx, m, err);
}

static int mark_leaves(struct certs_store *store, struct certs_material *m, int64_t now_us,
                       struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(32);
    timestamp_put_us(&text, now_us);
    if (load(store, m, err) < 0) {
        return -1;
    }
    certs_material_want_leaves(m, strbuf_view(&text));
    return store->save(store->ctx, m, err);
}

static int try_all(struct certs_store *store, struct rotate_outcome *ret, int64_t now_us,
                   struct err *err)
{
    struct err e = {0};
    for (int i = 0; i < TRIES; i++) {
        CLEANUP(certs_material_done) struct certs_material m = CERTS_MATERIAL;
        e = (struct err){0};
        int rc = ret != NULL ? mark_ca(store, &m, ret, &e) : mark_leaves(store, &m, now_us, &e);
        if (rc == 0) {
            return 0;
        }
        if (e.code != E_CONFLICT) {
            break;
        }
    }
    if (err != NULL) {
        *err = e;
    }
    return -1;
}

int rotate_ca(struct certs_store *store, struct rotate_outcome *ret, struct err *err)
{
    return try_all(store, ret, 0, err);
}

int rotate_leaves(struct certs_store *store, int64_t now_us, struct err *err)
{
    return try_all(store, NULL, now_us, err);
}
