// SPDX-License-Identifier: Apache-2.0
// What a program knows of the rest of the cluster at one moment, for one look or many.
// Immutable and shared by reference count; generations share what did not change between them.
// Reads no clock, takes no lock, allocates nothing for a reader.
#ifndef SLUICE_WORLD_SNAPSHOT_H
#define SLUICE_WORLD_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/policy/set.h"
#include "common/policy/world.h"
#include "common/world/table.h"

/// A set of policies, compiled once for all snapshots until a policy changes.
struct policies;

/// Of the rows (row_policy.h) of both tables; where both have a name, the one of ADDED counts.
/// Takes references. E_NOMEM.
MUST_USE int policies_make(struct table *added, struct table *watched, struct policies **ret,
                           struct err *err);
void policies_unref(struct policies *p); // NULL is fine

struct snapshot_parts {
    struct policies *policies;
    struct table *namespaces; // of row_namespace.h
    struct table *clusters;   // of row_cluster.h, by name
    struct table *roles;      // the same, by role
    bool watched;             // false: the policies alone are known, the rest is empty
};

struct snapshot;

/// Takes references of its own; one reference. NULL: out of memory.
MUST_USE struct snapshot *snapshot_new(const struct snapshot_parts *parts);
struct snapshot *snapshot_ref(struct snapshot *snap);
void snapshot_unref(struct snapshot *snap); // any thread; NULL is fine

/// The row (row_policy.h) of a policy, borrowed, or NULL.
const struct row *snapshot_policy_row(const struct snapshot *snap, struct strview name);

/// Borrowed from SNAP.
const struct policy_set *snapshot_policies(const struct snapshot *snap);
const struct policy_world *snapshot_world(const struct snapshot *snap);
/// Whether more than the policies is known.
bool snapshot_is_watched(const struct snapshot *snap);
/// What is kept of a FlinkCluster, as JSON text (row_cluster_text()). SNAP is a struct snapshot.
bool snapshot_stored(const void *snap, struct strview ns, struct strview name, struct strview *ret);

struct snapshot_counts {
    size_t policies, faulty_policies; // faulty: something in it is wrong, and left out
    size_t namespaces, clusters;
};
void snapshot_count(const struct snapshot *snap, struct snapshot_counts *ret);

#endif
