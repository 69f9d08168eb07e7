// SPDX-License-Identifier: Apache-2.0
// What is remembered of a FlinkCluster: as little as the rules about others and `scale` ask
// for, in one piece of memory. Pure. The object may be anything: what is null, badly typed or
// missing is left out.
#ifndef SLUICE_WORLD_ROW_CLUSTER_H
#define SLUICE_WORLD_ROW_CLUSTER_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/json/view.h"
#include "common/world/table.h"

/// The key of a FlinkCluster: "NS\0NAME"; with an empty NAME, what all keys of that namespace start
/// with. So they are sorted by namespace, then name, which no byte that names may have would give.
void row_cluster_put_key(struct strbuf *b, struct strview ns, struct strview name);

/// By name, and, when it has a role, by "ROLE\0NS\0NAME" (policy_role_key()). Its weight is the
/// parallelism in effect, 1 when that can't be read. OBJECT has lost its managedFields;
/// MANAGED_FIELDS is their text, or absent: who owns a field decides whether it counts. SCRATCH is
/// the caller's to reset. One reference. E_INVALID (no name), E_NOMEM.
MUST_USE int row_cluster_new(const struct json *object, struct strview managed_fields,
                             struct arena *scratch, struct row **ret, struct err *err);

/// A FlinkCluster with what sizes depend on and nothing else, for review_context.stored: metadata
/// {name, namespace, the note of defaults}, spec {parallelism, taskManager {replicas, slots}, the
/// scheduler's options, whether there is a job}.
struct strview row_cluster_text(const struct row *r);
struct strview row_cluster_ns(const struct row *r);
struct strview row_cluster_name(const struct row *r);

/// Whether two of one name say the same.
bool row_cluster_equal(const struct row *a, const struct row *b);

#endif
