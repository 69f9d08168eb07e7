// SPDX-License-Identifier: Apache-2.0
// When is a CA made, changed and retired, and when a leaf issued? Pure: facts in, one step out. A
// CA is changed in phases, so that nobody is ever served what the API server does not trust yet, or
// no longer:
//
//   Stable ──due, or by hand──▶ Announced ──a pause──▶ Switched ──all follow, a pause──▶ Stable
//
//   Announced: the CA to come exists, and the bundle with it beside the old one is published. That
//              an API server has read it can't be seen from outside: so a pause, counted from a
//              written time.
//   Switched:  leaves are issued by the new CA. Every replica records which CA issued what it
//              serves; the old one leaves the bundle when every live replica has recorded the new.
//
// All of it is written in the store (certs/store.h), so that whoever leads next goes on where the
// last one stopped. Only the leader makes, publishes and retires; each replica issues its own leaf.
#ifndef SLUICE_CERTS_POLICY_H
#define SLUICE_CERTS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERTS_HOUR_MS      INT64_C(3600000)
#define CERTS_DAY_MS       (24 * CERTS_HOUR_MS)
#define CERTS_BACKDATE_MS  CERTS_HOUR_MS // certificates begin so long ago: clocks differ
#define CERTS_CA_LIFE_MS   (365 * CERTS_DAY_MS)
#define CERTS_LEAF_LIFE_MS (7 * CERTS_DAY_MS)
#define CERTS_PAUSE_MS     INT64_C(60000)
#define CERTS_BUNDLE_MAX   8 // CAs in a bundle

/// X(ID, name)
#define CERTS_PHASES(X)                                                                            \
    X(STABLE, "Stable")                                                                            \
    X(ANNOUNCED, "Announced")                                                                      \
    X(SWITCHED, "Switched")

enum certs_phase {
#define X(id, name) CERTS_##id,
    CERTS_PHASES(X)
#undef X
        CERTS_PHASE_COUNT
};

/// A certificate's validity; present is false where there is none.
struct certs_span {
    bool present;
    int64_t not_before_ms;
    int64_t not_after_ms;
};

struct certs_situation {
    int64_t now_ms;
    int64_t pause_ms; // how long an API server may take to read a published bundle
    bool leads;       // may write the store and publish

    // What the store says.
    struct certs_span ca;   // signs
    struct certs_span next; // is to sign next
    bool has_old;           // the bundle holds others beside these two
    bool rotate_asked;      // by hand
    int64_t published_ms;   // when the bundle was seen published; 0: not since it changed
    int64_t switched_ms;    // when the CA began to sign

    // What is published.
    bool published;    // the store's bundle, in every place
    bool ca_published; // every place trusts the CA that signs

    // The leaf that is served.
    struct certs_span leaf;
    bool leaf_has_names; // it carries every name that is asked for
    bool leaf_trusted;   // it verifies against the bundle of the store
    bool leaf_of_ca;     // it is issued by the CA that signs
    bool leaf_unwanted;  // somebody asked for new leaves since

    bool all_follow; // every live replica has recorded the CA that signs
};

enum certs_step {
    CERTS_KEEP,
    CERTS_ISSUE_LEAF,
    // The leader's.
    CERTS_MAKE_CA,        // that signs at once: there is none that could
    CERTS_ANNOUNCE,       // make the next CA and put it into the bundle
    CERTS_PUBLISH,        // the bundle of the store
    CERTS_NOTE_PUBLISHED, // write the time
    CERTS_SWITCH,         // the next CA signs from now on
    CERTS_RETIRE,         // the bundle holds the CA that signs, and no other
};

struct certs_decision {
    enum certs_step step;
    const char *why;     // for the log; a literal
    int64_t renew_at_ms; // KEEP: when something is due by the clock, after now; 0: nothing
};

/// The one next step. After each but KEEP the facts are gathered and it is asked again.
struct certs_decision certs_decide(const struct certs_situation *s);

/// The phase of material that holds a CA to come, or one that has gone.
enum certs_phase certs_phase_of(bool has_next, bool has_old);
const char *certs_phase_name(enum certs_phase phase);

/// When two thirds of its life are over: a leaf and a CA are due then.
int64_t certs_renew_at(const struct certs_span *c);

/// How far before NOW a certificate of this life begins: an hour, of short lives a part.
int64_t certs_backdate(int64_t life_ms);

/// Which CAs stay in the bundle: KEEP[i] for each of the N (at most) given, the newest-made first.
/// Expired ones go; of the rest the first CERTS_BUNDLE_MAX stay.
void certs_bundle_prune(const struct certs_span *cas, size_t n, int64_t now_ms, bool *keep);

#endif
