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
/// FAULTS; a member with a fault is left absent in *RET, so that rules can go on with the rest.
/// `null` reads as absent, as the API server prunes it (in a list it is a fault, as there). Fields
/// of others (R rows) are not schema faults: the rules refuse them. Unknown fields are no faults:
/// the API server prunes them (flink/unknown.h names them). Strings and trees are borrowed from
/// OBJECT's tree; lists come from the arena of FAULTS. Never fails: an arena that is full shows in
/// arena_ok(). A number is an integer when it is one (2.0 is); the API server also lets a fraction
/// under a billionth of the number pass, we do not.
void flink_decode(const struct json *object, struct flink_cluster *ret, struct violations *faults);

/// The same for an update of OLD (the stored object; NULL: a create): as the API server does
/// (KEP-4008), a fault of a value that OLD holds unchanged is only a warning. List items have no
/// such grace of their own, the whole list has; a map that holds keys without a schema has none.
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
