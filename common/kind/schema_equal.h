// SPDX-License-Identifier: Apache-2.0
// Is a value the one that is stored already? As the API server asks it for its ratchet (CRD
// validation ratcheting, KEP-4008; k8s.io/apiserver pkg/cel/common/equality.go), quirks included.
// Pure.
#ifndef SLUICE_KIND_SCHEMA_EQUAL_H
#define SLUICE_KIND_SCHEMA_EQUAL_H

#include <stdbool.h>

#include "common/kind/field.h"

/// Larger maps are never told equal: comparing is quadratic, and no schema allows them anyway.
#define SCHEMA_MAP_MAX 1024

/// Equal by the row FIELD: nulls and unknown fields, which the API server prunes, don't count. A
/// map that holds a key without a schema (free Flink options, pod templates) is never equal. Absent
/// and absent are equal; absent and present are not.
bool schema_equal(const struct field *field, const struct json *a, const struct json *b);

/// The same for two objects described by TYPE's rows.
bool schema_equal_objects(const struct object_type *type, const struct json *a,
                          const struct json *b);

#endif
