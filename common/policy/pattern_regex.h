// SPDX-License-Identifier: Apache-2.0
// Regular expressions in linear time: compiled to the instructions of a machine that keeps the set
// of all states it may be in (Thompson, 1968), so that no expression makes it back-track. Bytes;
// for the files of pattern.h alone. Pure.
#ifndef SLUICE_POLICY_PATTERN_REGEX_H
#define SLUICE_POLICY_PATTERN_REGEX_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/policy/pattern_glob.h"

#define REGEX_DEPTH_MAX 32  // of groups
#define REGEX_COUNT_MAX 255 // of {m,n}

struct regex;

/// TEXT without `regex:`. WILD: what `.` and a negated set may match. 0, or -1 with E_INVALID and
/// what is wrong, or E_NOMEM.
MUST_USE int regex_compile(struct strview text, const struct byte_set *wild, struct arena *arena,
                           const struct regex **ret, struct err *err);

/// How many instructions there are.
size_t regex_size(const struct regex *r);

/// Whether the pieces, one behind the other, match as a whole: O(instructions × bytes).
bool regex_match(const struct regex *r, const struct strview *pieces, size_t n);

#endif
