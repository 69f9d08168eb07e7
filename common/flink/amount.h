// SPDX-License-Identifier: Apache-2.0
// A number with a unit, as Flink's TimeUtils and MemorySize read one: the frame that durations and
// memory sizes share. Pure.
#ifndef SLUICE_FLINK_AMOUNT_H
#define SLUICE_FLINK_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/strview.h"

struct amount_unit {
    struct strview name; // lower case; "" is the unit when none is written
    int64_t factor;
};

/// Reads digits, white space and one of the N units (any case), with white space around. The caller
/// multiplies, because the two differ in what an overflow is. False past 64 bytes and past 2^63
/// - 1.
bool amount_parse(struct strview text, const struct amount_unit *units, size_t n, int64_t *number,
                  int64_t *factor);

/// Without leading and trailing bytes up to ' ', as Java's String.trim().
struct strview amount_trim(struct strview s);

#endif
