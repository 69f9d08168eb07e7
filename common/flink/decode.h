// SPDX-License-Identifier: Apache-2.0
// From JSON to `struct flink_cluster`, and the schema's verdict on the way: the same that the API
// server gives by the CRD that is generated from the same rows (held equal by a differential test).
// Pure.
#ifndef SLUICE_FLINK_DECODE_H
#define SLUICE_FLINK_DECODE_H

#include "common/base/arena.h"
#include "common/flink/cluster.h"
#include "common/k8s/violation.h"

/// Decodes OBJECT into *RET. Every schema fault (type, bounds, enum, required, count) is added to
/// FAULTS; a member with a fault is left absent in *RET, so that rules can go on with the rest. `null`
/// reads as absent, as the API server prunes it. Fields of others (R rows) are not schema faults: the
/// rules refuse them. Strings and trees are borrowed from OBJECT's tree; lists come from the arena of
/// FAULTS. Never fails: an arena that is full shows in arena_ok().
void flink_decode(const struct json *object, struct flink_cluster *ret, struct violations *faults);

/// The CEL rules of the CRD (x-kubernetes-validations), judged by their twins in C. OLD is NULL on a
/// create. Added to FAULTS with the CRD's own messages.
void flink_schema_rules(const struct flink_cluster *now, const struct flink_cluster *old,
                        struct violations *faults);

#endif
