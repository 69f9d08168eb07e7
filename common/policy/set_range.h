// SPDX-License-Identifier: Apache-2.0
// Ranges of Flink versions as a policy writes them. Pure.
#ifndef SLUICE_POLICY_SET_RANGE_H
#define SLUICE_POLICY_SET_RANGE_H

#include "common/policy/set.h"

/// Reads "1.20", "2.x" (every minor), or a range of two of these with both ends in it:
/// "1.18..1.20", "1.20..2.x". NULL, or what is wrong (static), and then *RET has no version in it.
const char *policy_range_parse(struct strview text, struct policy_versions *ret);

#endif
