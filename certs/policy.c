// SPDX-License-Identifier: Apache-2.0
#include "certs/policy.h"

int64_t certs_renew_at(const struct certs_span *c)
{
    return c->not_before_ms + (c->not_after_ms - c->not_before_ms) / 3 * 2;
}

int64_t certs_backdate(int64_t life_ms)
{
    return life_ms / 20 < CERTS_BACKDATE_MS ? life_ms / 20 : CERTS_BACKDATE_MS;
}

enum certs_phase certs_phase_of(bool has_next, bool has_old)
{
    return has_next ? CERTS_ANNOUNCED : has_old ? CERTS_SWITCHED : CERTS_STABLE;
}

const char *certs_phase_name(enum certs_phase phase)
{
    static const char *const NAMES[] = {
#define X(id, name) [CERTS_##id] = name,
        CERTS_PHASES(X)
#undef X
    };
    return NAMES[phase];
}

static bool is_over(const struct certs_situation *s, const struct certs_span *c)
{
    return !c->present || s->now_ms >= c->not_after_ms;
}

static struct certs_decision step(enum certs_step step, const char *why)
{
    return (struct certs_decision){.step = step, .why = why};
}

/// Whether a pause has passed since the bundle was published.
static bool is_known(const struct certs_situation *s)
{
    return s->published_ms != 0 && s->now_ms >= s->published_ms + s->pause_ms;
}

/// Without a CA that can sign there is no order to keep.
static struct certs_decision decide_ca(const struct certs_situation *s)
{
    if (!is_over(s, &s->ca)) {
        return step(CERTS_KEEP, NULL);
    }
    if (!s->leads) {
        return step(CERTS_KEEP, "a CA is waited for");
    }
    if (s->ca.present && !is_over(s, &s->next)) {
        return step(CERTS_SWITCH, "the CA has expired before its time");
    }
    return step(CERTS_MAKE_CA, s->ca.present ? "the CA has expired" : "there is no CA yet");
}

/// What is wrong with the leaf so that no other can be worse.
static const char *why_leaf_now(const struct certs_situation *s)
{
    if (!s->leaf.present) {
        return "there is no certificate yet";
    }
    if (s->now_ms >= s->leaf.not_after_ms) {
        return "the certificate has expired";
    }
    // While even the CA is of the future, a new leaf would be so too.
    if (s->now_ms < s->leaf.not_before_ms && s->now_ms >= s->ca.not_before_ms) {
        return "the certificate is of the future: the clock was set back";
    }
    if (!s->leaf_has_names) {
        return "the certificate lacks a name";
    }
    return s->leaf_trusted ? NULL : "the bundle does not know the certificate's CA";
}

/// Why another leaf would be better; it has to be trusted already.
static const char *why_leaf(const struct certs_situation *s)
{
    if (!s->leaf_of_ca) {
        return s->ca_published && is_known(s) ? "the new CA is published" : NULL;
    }
    if (s->leaf_unwanted) {
        return "a new certificate was asked for";
    }
    // One that ends with its CA can't be had longer.
    return s->now_ms >= certs_renew_at(&s->leaf) && s->leaf.not_after_ms < s->ca.not_after_ms
               ? "the certificate is due"
               : NULL;
}

static struct certs_decision decide_publication(const struct certs_situation *s)
{
    if (!s->published) {
        return step(CERTS_PUBLISH, "another bundle is published");
    }
    // A time of the future was written by a clock that was set back since.
    return s->published_ms == 0 || s->published_ms > s->now_ms || s->switched_ms > s->now_ms
               ? step(CERTS_NOTE_PUBLISHED, "the bundle is published")
               : step(CERTS_KEEP, NULL);
}

/// The phases of a change; the bundle of the store is published.
static struct certs_decision decide_change(const struct certs_situation *s)
{
    switch (certs_phase_of(s->next.present, s->has_old)) {
    case CERTS_STABLE:
        if (s->rotate_asked) {
            return step(CERTS_ANNOUNCE, "a new CA was asked for");
        }
        return s->now_ms >= certs_renew_at(&s->ca) ? step(CERTS_ANNOUNCE, "the CA is due")
                                                   : step(CERTS_KEEP, NULL);
    case CERTS_ANNOUNCED:
        if (is_over(s, &s->next)) {
            return step(CERTS_ANNOUNCE, "the CA to come has expired");
        }
        return is_known(s) ? step(CERTS_SWITCH, "the new CA is published") : step(CERTS_KEEP, NULL);
    case CERTS_SWITCHED:
    case CERTS_PHASE_COUNT:
        break;
    }
    bool over = is_known(s) && s->now_ms >= s->switched_ms + s->pause_ms;
    return over && s->leaf_of_ca && s->all_follow
               ? step(CERTS_RETIRE, "every replica serves the new CA")
               : step(CERTS_KEEP, NULL);
}

/// The earlier of *AT (0: none yet) and T. What is over already waits for something else than time.
static void await(const struct certs_situation *s, int64_t *at, int64_t t)
{
    if (t > s->now_ms && (*at == 0 || t < *at)) {
        *at = t;
    }
}

static struct certs_decision keep(const struct certs_situation *s)
{
    struct certs_decision d = {.step = CERTS_KEEP, .why = "nothing is due"};
    await(s, &d.renew_at_ms, certs_renew_at(&s->leaf));
    await(s, &d.renew_at_ms, s->leaf.not_after_ms);
    await(s, &d.renew_at_ms, certs_renew_at(&s->ca));
    await(s, &d.renew_at_ms, s->ca.not_after_ms);
    if (certs_phase_of(s->next.present, s->has_old) != CERTS_STABLE) {
        await(s, &d.renew_at_ms, s->published_ms + s->pause_ms);
        await(s, &d.renew_at_ms, s->switched_ms + s->pause_ms);
    }
    return d;
}

struct certs_decision certs_decide(const struct certs_situation *s)
{
    struct certs_decision d = decide_ca(s);
    if (d.step != CERTS_KEEP || d.why != NULL) {
        return d;
    }
    const char *why = why_leaf_now(s);
    if (why != NULL) {
        return step(CERTS_ISSUE_LEAF, why);
    }
    // Before a leaf of a new CA: what is published decides whether it may be served.
    d = s->leads ? decide_publication(s) : step(CERTS_KEEP, NULL);
    if (d.step != CERTS_KEEP) {
        return d;
    }
    why = why_leaf(s);
    if (why != NULL) {
        return step(CERTS_ISSUE_LEAF, why);
    }
    d = s->leads && s->published ? decide_change(s) : step(CERTS_KEEP, NULL);
    return d.step != CERTS_KEEP ? d : keep(s);
}

void certs_bundle_prune(const struct certs_span *cas, size_t n, int64_t now_ms, bool *keep_cas)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        keep_cas[i] = cas[i].present && now_ms < cas[i].not_after_ms && kept < CERTS_BUNDLE_MAX;
        kept += keep_cas[i];
    }
}
