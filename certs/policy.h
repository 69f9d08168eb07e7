// SPDX-License-Identifier: Apache-2.0
// When is a new CA made, when a new leaf, and which CAs stay in the published bundle? Pure: facts
// in, decision out, so that every replica decides the same from the same Secret. The bundle may
// hold several CAs: a new CA is published beside the old one first, and leaves of it are issued
// only once the bundle with it is published, so nobody is ever served what the API server does not
// trust yet.
#ifndef SLUICE_CERTS_POLICY_H
#define SLUICE_CERTS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERTS_HOUR_MS      INT64_C(3600000)
#define CERTS_DAY_MS       (24 * CERTS_HOUR_MS)
#define CERTS_BACKDATE_MS  CERTS_HOUR_MS // certificates begin so long ago: clocks differ
#define CERTS_CA_LIFE_MS   (3650 * CERTS_DAY_MS)
#define CERTS_LEAF_LIFE_MS (7 * CERTS_DAY_MS)
#define CERTS_BUNDLE_MAX   8 // CAs in a bundle

/// A certificate's validity; present is false where there is none.
struct certs_span {
    bool present;
    int64_t not_before_ms;
    int64_t not_after_ms;
};

struct certs_situation {
    int64_t now_ms;
    struct certs_span ca;   // the CA that signs
    struct certs_span leaf; // the leaf that is served
    bool leaf_has_names;    // the leaf carries every name that is asked for
    bool leaf_trusted;      // the leaf verifies against the bundle of the store
    bool leaf_of_ca;        // the leaf is issued by the CA that signs
    bool bundle_published;  // the published bundle is that of the store
};

enum certs_step { CERTS_KEEP, CERTS_MAKE_CA, CERTS_ISSUE_LEAF };

struct certs_decision {
    enum certs_step step;
    const char *why;     // for the log; a literal
    int64_t renew_at_ms; // KEEP: when the leaf or the CA is due
};

/// The one next step. After MAKE_CA and ISSUE_LEAF the facts are gathered and it is asked again.
struct certs_decision certs_decide(const struct certs_situation *s);

/// When two thirds of its life are over.
int64_t certs_leaf_renew_at(const struct certs_span *leaf);

/// Which CAs stay in the bundle: KEEP[i] for each of the N (at most) given, the newest-made first.
/// Expired ones go; of the rest the first CERTS_BUNDLE_MAX stay.
void certs_bundle_prune(const struct certs_span *cas, size_t n, int64_t now_ms, bool *keep);

#endif
