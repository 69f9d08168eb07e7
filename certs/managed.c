// SPDX-License-Identifier: Apache-2.0
#include "certs/managed.h"

#include "certs/policy.h"
#include "certs/x509.h"

#define ROUNDS_MAX 6 // looks at the store, others having been quicker in all but the last

static int look(const struct managed_options *o, const struct certs_material *m,
                const struct certs_pair *leaf, int64_t now_ms, bool published,
                struct certs_situation *ret, struct err *err)
{
    struct x509_info ca;
    size_t n;
    struct strview bundle = strbuf_view(&m->bundle);
    *ret = (struct certs_situation){.now_ms = now_ms, .bundle_published = published};
    if (m->cert.len > 0) {
        if (x509_read(strbuf_view(&m->cert), &ca, 1, &n, err) < 0) {
            return -1;
        }
        ret->ca = (struct certs_span){true, ca.not_before_ms, ca.not_after_ms};
    }
    if (leaf != NULL) {
        ret->leaf = (struct certs_span){true, leaf->not_before_ms, leaf->not_after_ms};
        ret->leaf_has_names = x509_covers(leaf->cert_pem, o->names, o->name_count);
        ret->leaf_trusted = x509_verify(leaf->cert_pem, bundle, NULL) == 0;
        ret->leaf_of_ca = x509_signed_by(leaf->cert_pem, strbuf_view(&m->cert));
    }
    return 0;
}

/// The bundle after a new CA: it, then of the old ones what is still valid.
static int renew_bundle(struct strbuf *out, struct strview new_ca, struct strview old,
                        int64_t now_ms, struct err *err)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    struct certs_span spans[CERTS_CHAIN_MAX + 1] = {{true, now_ms, INT64_MAX}};
    bool keep[CERTS_CHAIN_MAX + 1];
    size_t n = 0;
    strbuf_put(out, new_ca);
    if (old.len == 0) {
        return 0;
    }
    if (x509_read(old, info, CERTS_CHAIN_MAX, &n, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        spans[i + 1] = (struct certs_span){true, info[i].not_before_ms, info[i].not_after_ms};
    }
    certs_bundle_prune(spans, n + 1, now_ms, keep);
    return x509_rewrite(old, keep + 1, out, err);
}

static int make_ca(const struct managed_options *o, const struct certs_material *old,
                   int64_t now_ms, struct err *err)
{
    CLEANUP(certs_material_done) struct certs_material m = CERTS_MATERIAL;
    memcpy(m.version, old->version, sizeof(m.version));
    if (x509_make_ca(now_ms, CERTS_CA_LIFE_MS, &m.cert, &m.key, err) < 0 ||
        renew_bundle(&m.bundle, strbuf_view(&m.cert), strbuf_view(&old->bundle), now_ms, err) < 0) {
        return -1;
    }
    return o->store->save(o->store->ctx, &m, err);
}

static int issue(const struct managed_options *o, const struct certs_material *m, int64_t now_ms,
                 struct certs_pair **ret, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf cert = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_wipe) struct strbuf key = STRBUF(CERTS_PEM_MAX);
    int64_t life_ms = o->leaf_life_ms > 0 ? o->leaf_life_ms : CERTS_LEAF_LIFE_MS;
    if (x509_issue_leaf(strbuf_view(&m->cert), strbuf_view(&m->key), o->names, o->name_count,
                        now_ms, life_ms, &cert, &key, err) < 0) {
        return -1;
    }
    return certs_pair_new(strbuf_view(&cert), strbuf_view(&key), strbuf_view(&m->bundle), ret, err);
}

/// Loads the CA, and makes it where it is missing or due: of several replicas that do so at once
/// one wins, and the others take what it saved.
static int load_or_make(const struct managed_options *o, int64_t now_ms, struct certs_material *m,
                        bool *ret_made, struct err *err)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct certs_situation s;
        struct err save_err = {0};
        certs_material_done(m);
        if (o->store->load(o->store->ctx, m, err) < 0 ||
            look(o, m, NULL, now_ms, false, &s, err) < 0) {
            return -1;
        }
        if (certs_decide(&s).step != CERTS_MAKE_CA) {
            return 0;
        }
        if (make_ca(o, m, now_ms, &save_err) == 0) {
            *ret_made = true;
        } else if (save_err.code != E_CONFLICT) {
            if (err != NULL) {
                *err = save_err;
            }
            return -1;
        }
    }
    return err_set(err, E_CONFLICT, "the CA in the store changes all the time");
}

static void publish(const struct managed_options *o, const struct certs_material *m,
                    struct managed_outcome *ret)
{
    if (o->publisher == NULL) {
        ret->published = true;
        return;
    }
    ret->published = o->publisher->publish(o->publisher->ctx, strbuf_view(&m->bundle),
                                           &ret->publish_changed, &ret->publish_err) == 0;
    ret->publish_failed = !ret->published;
}

int managed_step(const struct managed_options *o, const struct certs_pair *current, int64_t now_ms,
                 struct managed_outcome *ret, struct err *err)
{
    CLEANUP(certs_material_done) struct certs_material m = CERTS_MATERIAL;
    struct certs_situation s;
    *ret = (struct managed_outcome){0};
    if (load_or_make(o, now_ms, &m, &ret->made_ca, err) < 0) {
        return -1;
    }
    publish(o, &m, ret);
    if (look(o, &m, current, now_ms, ret->published, &s, err) < 0) {
        return -1;
    }
    struct certs_decision d = certs_decide(&s);
    if (d.step != CERTS_ISSUE_LEAF) {
        return 0;
    }
    ret->why = d.why;
    return issue(o, &m, now_ms, &ret->pair, err);
}
