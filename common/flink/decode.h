// SPDX-License-Identifier: Apache-2.0
// From JSON to `struct flink_cluster`, with the schema's verdict (common/kind/decode.h) and that of
// the CRD's CEL rules. Pure.
#ifndef SLUICE_FLINK_DECODE_H
#define SLUICE_FLINK_DECODE_H

#include "common/base/arena.h"
#include "common/flink/cluster.h"
#include "common/k8s/violation.h"

/// Decodes OBJECT into *RET as kind_decode() does, with its schema faults added to FAULTS. Strings
/// and trees are borrowed from OBJECT's tree; lists come from the arena of FAULTS.
void flink_decode(const struct json *object, struct flink_cluster *ret, struct violations *faults);

/// The same for an update of OLD (the stored object; NULL: a create): a fault of a value that OLD
/// holds unchanged is only a warning.
void flink_decode_update(const struct json *object, const struct json *old,
                         struct flink_cluster *ret, struct violations *faults);

/// The CEL rules of the CRD (x-kubernetes-validations, table schema_rules.def), judged by their
/// twins in C. OLD is NULL on a create; it may be decoded with its faults thrown away. Added to
/// FAULTS with the CRD's own messages. Under `generateName` the name that will be made is judged.
/// The API server looks at these rules only when the schema found no fault; here they are always
/// looked at.
void flink_schema_rules(const struct flink_cluster *now, const struct flink_cluster *old,
                        struct violations *faults);

#endif
