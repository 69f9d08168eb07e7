// SPDX-License-Identifier: Apache-2.0
// Sluice's own CA and leaf, kept as certs/policy.h decides: the loop of load, decide, make,
// publish, issue. One thread.
#ifndef SLUICE_CERTS_MANAGED_H
#define SLUICE_CERTS_MANAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/pair.h"
#include "certs/publisher.h"
#include "certs/store.h"
#include "common/base/err.h"
#include "common/base/macros.h"

struct managed_options {
    struct certs_store *store;
    struct certs_publisher *publisher; // NULL: nowhere
    const char *const *names;
    size_t name_count;
    int64_t leaf_life_ms; // 0: CERTS_LEAF_LIFE_MS
};

struct managed_outcome {
    struct certs_pair *pair; // a new leaf, the caller's reference; NULL: CURRENT stays
    const char *why;         // why it was issued
    bool made_ca;
    bool published;       // the bundle that verifies the leaf is published
    bool publish_changed; // it had to be written
    bool publish_failed;  // it could not be; PUBLISH_ERR tells
    struct err publish_err;
};

/// One round with the leaf in use (NULL: none). A bundle that cannot be published is no failure: a
/// first leaf is issued all the same. -1: the store can't be read or written, or a certificate not
/// made.
MUST_USE int managed_step(const struct managed_options *o, const struct certs_pair *current,
                          int64_t now_ms, struct managed_outcome *ret, struct err *err);

#endif
