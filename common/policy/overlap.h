// SPDX-License-Identifier: Apache-2.0
// Whether two patterns can match the same text. For warnings alone: the answer "yes" is also given
// where it is not certain. Pure.
#ifndef SLUICE_POLICY_OVERLAP_H
#define SLUICE_POLICY_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/policy/pattern.h"

/// Work that may still be done, in steps; when it is used up every answer is "yes".
struct overlap_budget {
    size_t steps;
};

/// False only when no text can match both A and B, two patterns of KIND as they are written (of a
/// text without wildcards: when it can't match). Placeholders stand for anything.
bool overlap_patterns(struct strview a, struct strview b, enum pattern_kind kind,
                      struct overlap_budget *budget);

/// The same for two lists that are set: false only when no pattern of one meets any of the other.
bool overlap_lists(const struct patterns *a, const struct patterns *b, enum pattern_kind kind,
                   struct overlap_budget *budget);

#endif
