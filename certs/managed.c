// SPDX-License-Identifier: Apache-2.0
#include "certs/managed.h"

#include "certs/x509.h"

#define ROUNDS_MAX 12 // steps and lost races in one go; a whole change has eight steps

/// One round: what was loaded, and what it looks like.
struct round {
    const struct managed_options *o;
    const struct certs_pair *leaf; // NULL: none
    struct certs_material m;
    struct certs_situation s;
};

static int64_t or_default(int64_t ms, int64_t dflt)
{
    return ms > 0 ? ms : dflt;
}

static int span_of(const struct strbuf *cert, struct certs_span *ret, struct err *err)
{
    struct x509_info info;
    size_t n;
    if (cert->len == 0) {
        return 0;
    }
    if (x509_read(strbuf_view(cert), &info, 1, &n, err) < 0) {
        return -1;
    }
    *ret = (struct certs_span){true, info.not_before_ms, info.not_after_ms};
    return 0;
}

static int look_at_store(struct round *r, struct err *err)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    size_t n = 0;
    if (span_of(&r->m.cert, &r->s.ca, err) < 0 || span_of(&r->m.next_cert, &r->s.next, err) < 0 ||
        (r->m.bundle.len > 0 &&
         x509_read(strbuf_view(&r->m.bundle), info, CERTS_CHAIN_MAX, &n, err) < 0)) {
        return -1;
    }
    r->s.has_old = n > (size_t)r->s.ca.present + (size_t)r->s.next.present;
    r->s.rotate_asked = r->m.rotate;
    r->s.published_ms = r->m.published_ms;
    r->s.switched_ms = r->m.switched_ms;
    return 0;
}

static void look_at_leaf(struct round *r)
{
    const struct certs_pair *leaf = r->leaf;
    if (leaf == NULL) {
        return;
    }
    r->s.leaf = (struct certs_span){true, leaf->not_before_ms, leaf->not_after_ms};
    r->s.leaf_has_names = x509_covers(leaf->cert_pem, r->o->names, r->o->name_count);
    r->s.leaf_trusted = x509_verify(leaf->cert_pem, strbuf_view(&r->m.bundle), NULL) == 0;
    r->s.leaf_of_ca = x509_signed_by(leaf->cert_pem, strbuf_view(&r->m.cert));
    r->s.leaf_unwanted = r->o->leaves != NULL && strcmp(r->o->leaves, r->m.leaves_wanted) != 0;
}

static void look_at_publication(struct round *r, struct managed_outcome *ret)
{
    struct certs_published p = {.same = true, .leaf = true, .ca = true};
    struct certs_publisher *publisher = r->o->publisher;
    struct strview leaf = r->leaf != NULL ? r->leaf->cert_pem : SV("");
    ret->looked =
        publisher == NULL || publisher->look(publisher->ctx, strbuf_view(&r->m.bundle), leaf,
                                             strbuf_view(&r->m.cert), &p, NULL) == 0;
    r->s.published = ret->looked && p.same;
    r->s.ca_published = ret->looked && p.ca;
    ret->published = ret->looked && p.leaf && (!p.same || r->s.leaf_trusted);
}

static void look_at_others(struct round *r)
{
    char issuer[65];
    struct certs_replicas *others = r->o->replicas;
    bool yes = true;
    if (r->s.leads && others != NULL && r->s.has_old && !r->s.next.present) {
        x509_issuer(strbuf_view(&r->m.cert), strbuf_view(&r->m.cert), issuer);
        if (others->all_follow(others->ctx, sv_from(issuer), &yes, NULL) < 0) {
            yes = false;
        }
    }
    r->s.all_follow = yes;
}

static int look(struct round *r, bool leads, int64_t now_ms, struct managed_outcome *ret,
                struct err *err)
{
    r->s = (struct certs_situation){
        .now_ms = now_ms, .pause_ms = or_default(r->o->pause_ms, CERTS_PAUSE_MS), .leads = leads};
    if (r->o->store->load(r->o->store->ctx, &r->m, err) < 0 || look_at_store(r, err) < 0) {
        return -1;
    }
    look_at_leaf(r);
    look_at_publication(r, ret);
    look_at_others(r);
    ret->phase = certs_phase_of(r->s.next.present, r->s.has_old);
    ret->ca_not_after_ms = r->s.ca.not_after_ms;
    return 0;
}

/// The bundle with NEW_CA before what is still valid of the old ones.
static int renew_bundle(struct certs_material *m, struct strview new_ca, struct strview old,
                        int64_t now_ms, struct err *err)
{
    struct x509_info info[CERTS_CHAIN_MAX];
    struct certs_span spans[CERTS_CHAIN_MAX + 1] = {{true, now_ms, INT64_MAX}};
    bool keep[CERTS_CHAIN_MAX + 1];
    size_t n = 0;
    struct strbuf out = STRBUF(CERTS_PEM_MAX);
    strbuf_put(&out, new_ca);
    if (old.len > 0 && x509_read(old, info, CERTS_CHAIN_MAX, &n, err) < 0) {
        strbuf_done(&out);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        spans[i + 1] = (struct certs_span){true, info[i].not_before_ms, info[i].not_after_ms};
    }
    certs_bundle_prune(spans, n + 1, now_ms, keep);
    int rc = n > 0 ? x509_rewrite(old, keep + 1, &out, err) : 0;
    // OLD may be a view of the bundle itself.
    strbuf_done(&m->bundle);
    m->bundle = out;
    m->published_ms = 0;
    return rc;
}

/// The material is the store's no longer: it is saved, or loaded again.
static int save(struct round *r, struct err *err)
{
    return r->o->store->save(r->o->store->ctx, &r->m, err);
}

static int make_ca(struct round *r, struct err *err)
{
    struct certs_material *m = &r->m;
    // Who deletes the store does not take away the trust in what is served.
    struct strview old = m->bundle.len > 0 ? strbuf_view(&m->bundle)
                         : r->leaf != NULL ? r->leaf->ca_pem
                                           : SV("");
    strbuf_reset(&m->cert);
    strbuf_wipe(&m->key);
    m->key = STRBUF(CERTS_PEM_MAX);
    strbuf_reset(&m->next_cert);
    strbuf_wipe(&m->next_key);
    m->next_key = STRBUF(CERTS_PEM_MAX);
    m->rotate = false;
    m->switched_ms = r->s.now_ms;
    if (x509_make_ca(r->s.now_ms, or_default(r->o->ca_life_ms, CERTS_CA_LIFE_MS), &m->cert, &m->key,
                     err) < 0 ||
        renew_bundle(m, strbuf_view(&m->cert), old, r->s.now_ms, err) < 0) {
        return -1;
    }
    return save(r, err);
}

static int announce(struct round *r, struct err *err)
{
    struct certs_material *m = &r->m;
    strbuf_reset(&m->next_cert);
    strbuf_wipe(&m->next_key);
    m->next_key = STRBUF(CERTS_PEM_MAX);
    m->rotate = false;
    if (x509_make_ca(r->s.now_ms, or_default(r->o->ca_life_ms, CERTS_CA_LIFE_MS), &m->next_cert,
                     &m->next_key, err) < 0 ||
        renew_bundle(m, strbuf_view(&m->next_cert), strbuf_view(&m->bundle), r->s.now_ms, err) <
            0) {
        return -1;
    }
    return save(r, err);
}

static int switch_over(struct round *r, struct err *err)
{
    struct certs_material *m = &r->m;
    strbuf_done(&m->cert);
    strbuf_wipe(&m->key);
    m->cert = m->next_cert;
    m->key = m->next_key;
    m->next_cert = STRBUF(CERTS_PEM_MAX);
    m->next_key = STRBUF(CERTS_PEM_MAX);
    m->switched_ms = r->s.now_ms;
    return save(r, err);
}

static int retire(struct round *r, struct err *err)
{
    strbuf_reset(&r->m.bundle);
    strbuf_put(&r->m.bundle, strbuf_view(&r->m.cert));
    r->m.published_ms = 0;
    return save(r, err);
}

static int publish(struct round *r, struct managed_outcome *ret, struct err *err)
{
    bool changed = false;
    // The written time is that of another publication: it goes first, so that a crash in between
    // can't leave it standing.
    if (r->m.published_ms != 0) {
        r->m.published_ms = 0;
        if (save(r, err) < 0) {
            return -1;
        }
    }
    int rc =
        r->o->publisher->publish(r->o->publisher->ctx, strbuf_view(&r->m.bundle), &changed, err);
    ret->publish_changed |= changed;
    ret->publish_failed |= rc < 0;
    return rc < 0 ? err_wrap(err, "publishing the CA bundle") : 0;
}

static int note_published(struct round *r, struct err *err)
{
    r->m.published_ms = r->s.now_ms;
    if (r->m.switched_ms > r->s.now_ms) {
        r->m.switched_ms = r->s.now_ms;
    }
    return save(r, err);
}

static int issue(struct round *r, struct managed_outcome *ret, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf cert = STRBUF(CERTS_PEM_MAX);
    CLEANUP(strbuf_wipe) struct strbuf key = STRBUF(CERTS_PEM_MAX);
    struct certs_pair *pair = NULL;
    if (x509_issue_leaf(strbuf_view(&r->m.cert), strbuf_view(&r->m.key), r->o->names,
                        r->o->name_count, r->s.now_ms,
                        or_default(r->o->leaf_life_ms, CERTS_LEAF_LIFE_MS), &cert, &key, err) < 0 ||
        certs_pair_new(strbuf_view(&cert), strbuf_view(&key), strbuf_view(&r->m.bundle), &pair,
                       err) < 0) {
        return -1;
    }
    certs_pair_unref(ret->pair);
    ret->pair = pair;
    memcpy(ret->leaves, r->m.leaves_wanted, sizeof(ret->leaves));
    return 0;
}

static int act(struct round *r, enum certs_step step, struct managed_outcome *ret, struct err *err)
{
    switch (step) {
    case CERTS_ISSUE_LEAF:
        return issue(r, ret, err);
    case CERTS_MAKE_CA:
        return make_ca(r, err);
    case CERTS_ANNOUNCE:
        return announce(r, err);
    case CERTS_PUBLISH:
        return publish(r, ret, err);
    case CERTS_NOTE_PUBLISHED:
        return note_published(r, err);
    case CERTS_SWITCH:
        return switch_over(r, err);
    case CERTS_RETIRE:
        return retire(r, err);
    case CERTS_KEEP:
        break;
    }
    return 0;
}

int managed_step(const struct managed_options *o, const struct certs_pair *current, int64_t now_ms,
                 struct managed_outcome *ret, struct err *err)
{
    struct managed_options now = *o;
    struct err failed = {0};
    *ret = (struct managed_outcome){0};
    for (int n = 0; n < ROUNDS_MAX; n++) {
        struct round r = {
            .o = &now, .leaf = ret->pair != NULL ? ret->pair : current, .m = CERTS_MATERIAL};
        struct err step_err = {0};
        int rc = look(&r, now.leads, now_ms, ret, &failed);
        struct certs_decision d = {.step = CERTS_KEEP};
        if (rc == 0) {
            d = certs_decide(&r.s);
            ret->due_ms = d.renew_at_ms;
            rc = act(&r, d.step, ret, &step_err);
        }
        certs_material_done(&r.m);
        if (d.step == CERTS_KEEP) {
            break;
        }
        if (rc == 0) {
            ret->steps |= 1U << d.step;
            if (d.step == CERTS_ISSUE_LEAF) {
                ret->why = d.why;
                now.leaves = ret->leaves;
            }
        } else if (d.step == CERTS_ISSUE_LEAF) {
            failed = step_err;
            break;
        } else if (step_err.code != E_CONFLICT || n == ROUNDS_MAX / 2) {
            // The leader's work fails; the leaf is looked after as a follower would.
            failed = step_err;
            now.leads = false;
        }
    }
    if (failed.code != E_OK && err != NULL) {
        *err = failed;
    }
    return failed.code != E_OK ? -1 : 0;
}
