// SPDX-License-Identifier: Apache-2.0
// The records of certs/replicas.h as Leases: PREFIX-0 to PREFIX-7, places that any replica may
// take, so that RBAC can name them and a rollout leaves nothing behind. A replica holds one place,
// renews it, and writes into annotations which CA issued what it serves. Needs `get` and `update`
// on those names, and `create`.
#ifndef SLUICE_CERTS_REPLICA_LEASES_H
#define SLUICE_CERTS_REPLICA_LEASES_H

#include "certs/replicas.h"
#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"
#include "common/k8s/lease.h"
#include "common/kube/client.h"

#define REPLICA_PLACES 8

/// A place as it stands in the API server.
struct replica {
    struct lease lease;
    struct certs_record record;
};

struct replica_leases {
    struct certs_replicas replicas; // what the others need
    struct kube *kube;              // borrowed, used in the thread of the caller; without a fence
    struct strview ns, prefix;      // borrowed
    const char *identity;           // borrowed; unique
    int64_t duration_ms;            // others count us as dead so long after our last sign
    int place;                      // ours; -1: none yet
    struct replica own;             // as last written
    int64_t renewed_ms;             // by the boot clock
    /// What we saw of the others, and since when it has not changed, by the boot clock: their
    /// clocks are never compared with ours.
    struct {
        char version[LEASE_VERSION_MAX + 1];
        int64_t since_ms;
    } seen[REPLICA_PLACES];
};

/// Takes no place yet. IDENTITY is shown to people; who shows no sign for DURATION_MS is dead to
/// the others. All arguments are borrowed.
void replica_leases_init(struct replica_leases *ret, struct kube *kube, struct strview ns,
                         struct strview prefix, const char *identity, int64_t duration_ms);

/// Gives the place back: nobody waits for a replica that has ended. For a clean stop.
void replica_leases_release(struct replica_leases *r);

/// Reads place I. E_NOT_FOUND: nobody ever took it.
MUST_USE int replica_place_get(struct kube *kube, struct strview ns, struct strview prefix,
                               unsigned i, struct replica *ret, struct err *err);

/// -1 with E_INVALID when V is no Lease. Annotations that are missing read as "" and 0. Pure.
MUST_USE int replica_read(const struct json *v, struct replica *ret, struct err *err);

/// Appends the whole object, for POST (without a version) or PUT. Pure.
void replica_put(struct strbuf *b, struct strview ns, struct strview name, const struct replica *r);

#endif
