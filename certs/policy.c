// SPDX-License-Identifier: Apache-2.0
#include "certs/policy.h"

/// The CA goes on until a tenth of its life is left: enough for any leaf of it to end before it
/// does.
static int64_t ca_renew_at(const struct certs_span *ca)
{
    return ca->not_after_ms - (ca->not_after_ms - ca->not_before_ms) / 10;
}

int64_t certs_leaf_renew_at(const struct certs_span *leaf)
{
    return leaf->not_before_ms + (leaf->not_after_ms - leaf->not_before_ms) / 3 * 2;
}

static const char *why_new_ca(const struct certs_situation *s)
{
    if (!s->ca.present) {
        return "there is no CA yet";
    }
    if (s->now_ms >= s->ca.not_after_ms) {
        return "the CA has expired";
    }
    return s->now_ms >= ca_renew_at(&s->ca) ? "the CA nears its end" : NULL;
}

static const char *why_new_leaf(const struct certs_situation *s)
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
    if (!s->leaf_trusted) {
        return "the bundle does not know the certificate's CA";
    }
    if (!s->leaf_of_ca && s->bundle_published) {
        return "the new CA is published";
    }
    // A leaf of the new CA has to wait for the bundle, also when the old one is due.
    bool may_renew = s->leaf_of_ca || s->bundle_published;
    return may_renew && s->now_ms >= certs_leaf_renew_at(&s->leaf) ? "the certificate is due"
                                                                   : NULL;
}

struct certs_decision certs_decide(const struct certs_situation *s)
{
    const char *why = why_new_ca(s);
    if (why != NULL) {
        return (struct certs_decision){.step = CERTS_MAKE_CA, .why = why};
    }
    why = why_new_leaf(s);
    if (why != NULL) {
        return (struct certs_decision){.step = CERTS_ISSUE_LEAF, .why = why};
    }
    int64_t leaf_at = certs_leaf_renew_at(&s->leaf);
    int64_t ca_at = ca_renew_at(&s->ca);
    return (struct certs_decision){.step = CERTS_KEEP,
                                   .why = "nothing is due",
                                   .renew_at_ms = leaf_at < ca_at ? leaf_at : ca_at};
}

void certs_bundle_prune(const struct certs_span *cas, size_t n, int64_t now_ms, bool *keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        keep[i] = cas[i].present && now_ms < cas[i].not_after_ms && kept < CERTS_BUNDLE_MAX;
        kept += keep[i];
    }
}
