// SPDX-License-Identifier: Apache-2.0
// A change by hand: a mark in the store, which the replicas of the webhook act upon.
#ifndef SLUICE_CERTS_ROTATE_H
#define SLUICE_CERTS_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/store.h"
#include "common/base/err.h"
#include "common/base/macros.h"

struct rotate_outcome {
    enum certs_phase phase; // before
    bool marked;            // false: a change was asked for already, or is under way
    char ca[65];            // SHA-256 of the CA that signs
};

/// Asks for another CA. E_NOT_FOUND: there is none yet. Who writes at the same time is waited out.
MUST_USE int rotate_ca(struct certs_store *store, struct rotate_outcome *ret, struct err *err);

/// Asks each replica for another leaf; NOW makes the mark another one than those before.
MUST_USE int rotate_leaves(struct certs_store *store, int64_t now_us, struct err *err);

#endif
