// SPDX-License-Identifier: Apache-2.0
// What a FlinkCluster gets when its writer left it out (product page: "the parallelism law",
// "defaults follow, and only when they must"), as an RFC 6902 patch. Filled in are only the three
// fields that must stand in the stored object: spec.flinkVersion, spec.parallelism,
// spec.taskManager.replicas. Every other default is applied where the object is read
// (flink/effective.h). Pure.
#ifndef SLUICE_FLINK_DEFAULTS_H
#define SLUICE_FLINK_DEFAULTS_H

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/flink/cluster.h"
#include "common/json/patch.h"

struct flink_defaults_input {
    const struct flink_cluster *now;
    const struct flink_cluster *old; // NULL on a create
    int64_t parallelism;             // when neither P nor R is given: from policy; 0: 1
};

/// Adds to PATCH what must change in IN's object, at most one operation for each absent parent;
/// nothing when nothing must. The object may be badly typed: when a member that matters here is,
/// the object can't pass its schema anyway, and PATCH stays empty. What was filled in is noted,
/// with what it was computed from, in the annotation FLINK_DEFAULTED_ANNOTATION. Applying the patch
/// and calling again gives an empty patch. 0, or -1 when the patch doesn't fit (E_TOO_LARGE) or
/// ARENA is full (E_NOMEM).
MUST_USE int flink_defaults(const struct flink_defaults_input *in, struct arena *arena,
                            struct json_patch *patch, struct err *err);

/// For the rules' verdict on an object that its schema refuses, and that so gets no patch: NOW with
/// what the defaults would make of the three fields, in *RET's struct alone; its JSON stays. Where
/// a badly typed member keeps them from being worked out, what we had filled in counts as absent.
/// All else in *RET is borrowed from NOW. A full arena shows in arena_ok().
void flink_defaults_foresee(const struct flink_defaults_input *in, struct arena *arena,
                            struct flink_cluster *ret);

#endif
