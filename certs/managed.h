// SPDX-License-Identifier: Apache-2.0
// Sluice's own CA and leaf, kept as certs/policy.h decides: load, look, decide, act, and again
// until nothing is due. One thread.
#ifndef SLUICE_CERTS_MANAGED_H
#define SLUICE_CERTS_MANAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/pair.h"
#include "certs/policy.h"
#include "certs/publisher.h"
#include "certs/replicas.h"
#include "certs/store.h"
#include "common/base/err.h"
#include "common/base/macros.h"

/// 0 in a time: that of certs/policy.h.
struct managed_options {
    struct certs_store *store;
    struct certs_publisher *publisher; // NULL: nowhere
    struct certs_replicas *replicas;   // NULL: there are no others
    bool leads;                        // may write the store and publish
    const char *const *names;
    size_t name_count;
    int64_t ca_life_ms;
    int64_t leaf_life_ms;
    int64_t pause_ms;
    const char *leaves; // leaves_wanted when the current leaf was issued; NULL: it does not matter
};

struct managed_outcome {
    struct certs_pair *pair; // a new leaf, the caller's reference; NULL: CURRENT stays
    const char *why;         // why it was issued
    unsigned steps;          // 1 << enum certs_step, of those that were done
    enum certs_phase phase;  // of the store
    int64_t ca_not_after_ms; // of the CA that signs; 0: there is none
    int64_t due_ms;          // when something is due by the clock; 0: not known
    char leaves[40];         // leaves_wanted of the store when PAIR was issued
    bool looked;             // it could be read what is published
    bool published;          // and that verifies the leaf
    bool publish_changed;    // a bundle had to be written
    bool publish_failed;     // and could not be
};

/// One round with the leaf in use (NULL: none). What only the leader may do can fail, and the leaf
/// is looked after all the same: *RET is also filled, as far as it goes, when it returns -1: the
/// store can't be read, or something not be made, written or published.
MUST_USE int managed_step(const struct managed_options *o, const struct certs_pair *current,
                          int64_t now_ms, struct managed_outcome *ret, struct err *err);

#endif
