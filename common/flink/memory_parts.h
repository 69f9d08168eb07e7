// SPDX-License-Identifier: Apache-2.0
// The arithmetic behind memory.h, on plain numbers: one evaluation for given settings. Pure.
#ifndef SLUICE_FLINK_MEMORY_PARTS_H
#define SLUICE_FLINK_MEMORY_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/flink/memory.h"

#define MEMORY_UNSET (-1)

/// What is configured, in bytes, with Flink's defaults filled in. MEMORY_UNSET: not configured.
struct memory_settings {
    enum flink_role role;
    int64_t process, flink; // the two totals
    int64_t heap;           // JM: jobmanager.memory.heap.size; TM: task.heap.size
    int64_t off_heap;       // JM: off-heap.size; TM: task.off-heap.size
    int64_t metaspace;      // JVM metaspace
    int64_t overhead_min, overhead_max;
    double overhead_fraction;
    int64_t job_store_cache;                    // JM
    int64_t framework_heap, framework_off_heap; // TM
    int64_t managed;                            // TM: managed.size
    double managed_fraction;                    // TM
    int64_t network_min, network_max;           // TM
    double network_fraction;                    // TM
};

/// Why a size does not work out.
enum memory_fault {
    MEMORY_FINE,
    MEMORY_TOO_SMALL,   // more would help
    MEMORY_TOO_LARGE,   // less would help
    MEMORY_CONTRADICTS, // no size helps
};

/// Works out the parts of one process as Flink does. *RET gets them as far as they are known, and
/// the words of a fault when ARENA is not NULL.
enum memory_fault memory_parts(const struct memory_settings *s, struct arena *arena,
                               struct flink_memory *ret);

#endif
