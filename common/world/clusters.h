// SPDX-License-Identifier: Apache-2.0
// FlinkClusters as the rules about others see them: by name with their parallelism, and by role.
// Pure; as table.h has it, one writes.
#ifndef SLUICE_WORLD_CLUSTERS_H
#define SLUICE_WORLD_CLUSTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"
#include "common/policy/world.h"
#include "common/world/table.h"

struct clusters {
    struct table *names, *roles; // of rows with the keys of row_cluster.h
};

/// E_NOMEM.
MUST_USE int clusters_init(struct clusters *c, struct err *err);
void clusters_done(struct clusters *c); // zeroed is fine

/// Puts ROW in the place of the one of its name; takes a reference of its own. False: out of
/// memory; doing it again later mends what was done by half.
MUST_USE bool clusters_put(struct clusters *c, struct row *row);
/// Takes a name out; fine when it isn't there. False: likewise.
MUST_USE bool clusters_drop(struct clusters *c, struct strview ns, struct strview name);

/// Borrowed, or NULL.
struct row *clusters_get(const struct clusters *c, struct strview ns, struct strview name);
/// As struct policy_world has them.
int64_t clusters_parallelism(const struct clusters *c, struct strview ns, struct strview but);
bool clusters_role_user(const struct clusters *c, struct strview role,
                        const struct policy_cluster_id *self, struct policy_cluster_id *ret);

/// Where the clusters of a namespace, or of a role, begin; the walk (table.h) ends at the first row
/// that clusters_in_namespace() or clusters_has_role() denies.
struct table_at clusters_of_namespace(const struct clusters *c, struct strview ns);
struct table_at clusters_of_role(const struct clusters *c, struct strview role);
bool clusters_in_namespace(const struct row *r, struct strview ns);
bool clusters_has_role(const struct row *r, struct strview role);

/// A row with these keys and nothing else. ROLE is a policy_role_key(), or absent; NUMBER is the
/// caller's. One reference. NULL: out of memory.
MUST_USE struct row *clusters_row_new(struct strview ns, struct strview name, struct strview role,
                                      int64_t parallelism, int64_t number);
/// NUMBER of a row of clusters_row_new().
int64_t clusters_row_number(const struct row *r);

#endif
