// SPDX-License-Identifier: Apache-2.0
// Who else serves, and with a leaf of which CA: each replica keeps a record of its own
// (certs/replica_leases.h), the leader reads those of all before it takes a CA out of the bundle.
#ifndef SLUICE_CERTS_REPLICAS_H
#define SLUICE_CERTS_REPLICAS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strview.h"

/// What a replica serves.
struct certs_record {
    char issuer[65]; // SHA-256 of the CA that issued the leaf, hexadecimal
    char leaf[65];   // of the leaf
    int64_t not_after_ms;
};

struct certs_replicas {
    /// Writes our record, unless it stands there and is young. To be called at each round: a record
    /// that is not renewed counts as that of a dead replica.
    int (*record)(void *ctx, const struct certs_record *r, struct err *err);

    /// Whether every live replica has recorded ISSUER. -1: that can't be known now.
    int (*all_follow)(void *ctx, struct strview issuer, bool *ret, struct err *err);
    void *ctx;
};

#endif
