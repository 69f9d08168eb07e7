// SPDX-License-Identifier: Apache-2.0
// What an accepted generation takes of what FlinkClusters share: a role, and a part of its
// namespace's parallelism. Rules about others (iamRoles.unique, parallelism.namespaceTotal) count
// what is recorded as accepted, not what somebody asked for. Pure.
#ifndef SLUICE_CONTROLLER_CLAIM_H
#define SLUICE_CONTROLLER_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/cluster.h"
#include "common/flink/effective.h"
#include "common/json/view.h"

struct claim {
    int64_t number;      // of the record
    struct strview role; // policy_role_key(), or absent
    int64_t parallelism;
};

/// Of a decoded spec, NUMBER 0. ROLE is in ARENA or C's.
struct claim claim_of(const struct flink_cluster *c, const struct flink_effective *e,
                      struct arena *arena);

/// Of a ControllerRevision; false when it is no record. A full arena shows in arena_ok().
bool claim_of_record(const struct json *record, struct arena *arena, struct claim *ret);

#endif
