// SPDX-License-Identifier: Apache-2.0
// A FlinkPolicy as it is kept: compiled once, with all that it needs. Pure.
#ifndef SLUICE_WORLD_ROW_POLICY_H
#define SLUICE_WORLD_ROW_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/policy/set.h"
#include "common/world/table.h"

/// Memory of one at most, decoded and compiled: an object of 3 MiB becomes no more.
#define ROW_POLICY_MAX ((size_t)64 << 20)

/// TEXT is the object's JSON, by name. What is wrong with it is counted and left out, as
/// policy_compile() says; the rest is used. Of an object that is more than we read (too deep, too
/// many values) nothing is: it asks for nothing, and that is its fault. One reference. E_INVALID
/// (no name), E_NOMEM.
MUST_USE int row_policy_new(struct strview text, struct row **ret, struct err *err);

/// Borrowed from R.
const struct policy *row_policy_compiled(const struct row *r);
/// How much is wrong with it, the first fault as "spec.images.allowed[0]: Invalid value: …", and as
/// many as find room (4 KiB), in one line.
size_t row_policy_faults(const struct row *r);
struct strview row_policy_fault(const struct row *r);
struct strview row_policy_all_faults(const struct row *r);

struct strview row_policy_uid(const struct row *r);

/// Whether an object of that UID and generation is what R was made of. The API server counts a
/// generation for each change of the spec.
bool row_policy_is(const struct row *r, struct strview uid, int64_t generation);

#endif
