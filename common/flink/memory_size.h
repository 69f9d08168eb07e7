// SPDX-License-Identifier: Apache-2.0
// Memory sizes as Flink reads them. Source: org.apache.flink.configuration.MemorySize. Pure.
#ifndef SLUICE_FLINK_MEMORY_SIZE_H
#define SLUICE_FLINK_MEMORY_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"

/// Digits, white space, a unit (b k kb m mb g gb t tb and long forms, any case; none is bytes); all
/// multiples are binary: "1600m", "1gb", "1024 kb". At most 64 bytes are read. False when Flink
/// would refuse it, also past 2^63 - 1 bytes.
bool flink_memory_size_parse(struct strview text, int64_t *ret_bytes);

/// BYTES in the largest unit that is exact, as Flink reads it and in one word: "1600m", "1g",
/// "1000001b". In ARENA.
struct strview flink_memory_size_text(struct arena *arena, int64_t bytes);

/// BYTES for people, in MiB with one decimal when not whole: "448 MiB", "345.6 MiB". In ARENA.
struct strview flink_memory_size_mib(struct arena *arena, int64_t bytes);

#endif
