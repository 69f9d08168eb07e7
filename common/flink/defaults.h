// SPDX-License-Identifier: Apache-2.0
// What a FlinkCluster gets when its writer left it out (product page: "the parallelism law", "defaults
// follow, and only when they must"), as an RFC 6902 patch. Pure.
#ifndef SLUICE_FLINK_DEFAULTS_H
#define SLUICE_FLINK_DEFAULTS_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/flink/cluster.h"
#include "common/json/patch.h"

#define FLINK_DEFAULTED_ANNOTATION "sluice.dev/defaulted"

/// Adds to PATCH what must change in NOW (OLD is NULL on a create), at most one operation for each
/// absent parent; nothing when nothing must. NOW may be badly typed anywhere: such members are left
/// alone. 0, or -1 when the patch doesn't fit or memory ran out. Applying the patch and calling again
/// gives an empty patch.
MUST_USE int flink_defaults(const struct flink_cluster *now, const struct flink_cluster *old,
                            struct arena *arena, struct json_patch *patch, struct err *err);

#endif
