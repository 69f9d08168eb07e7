// SPDX-License-Identifier: Apache-2.0
// Flink's own memory arithmetic, so that a size that stops Flink at its start is refused at
// admission, with the sum. Source: FLIP-49, FLIP-116; ProcessMemoryUtils,
// TaskExecutorFlinkMemoryUtils, JobManagerFlinkMemoryUtils of Flink 1.17–2.3. Pure.
#ifndef SLUICE_FLINK_MEMORY_H
#define SLUICE_FLINK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/conf.h"
#include "common/flink/version.h"

enum flink_role {
    FLINK_JOB_MANAGER,
    FLINK_TASK_MANAGER,
};
#define FLINK_ROLES 2

enum flink_memory_verdict {
    FLINK_MEMORY_STARTS,
    FLINK_MEMORY_WARNS, // starts, Flink logs a warning about it
    FLINK_MEMORY_FAILS, // Flink stops at its start with an exception
};

/// All in bytes. A JobManager uses heap, off_heap, metaspace, overhead.
struct flink_memory {
    enum flink_memory_verdict verdict;
    struct strview why;         // the sum in words when not STARTS; in the arena
    int64_t process;            // total process size: what the container needs
    int64_t flink;              // total Flink size
    int64_t metaspace;          // JVM metaspace
    int64_t overhead;           // JVM overhead
    int64_t heap;               // JM: JVM heap; TM: task heap
    int64_t off_heap;           // JM: off-heap; TM: task off-heap
    int64_t framework_heap;     // TM
    int64_t framework_off_heap; // TM
    int64_t managed;            // TM
    int64_t network;            // TM
    int64_t smallest_process;   // when it FAILS, the least process size that starts with these
                                // settings, in whole MiB; 0 when no size does
};

/// Works out the parts for ROLE. PROCESS_BYTES is the container's memory, used when CONF has no
/// `*.memory.process.size` or `*.memory.flink.size`; 0: none. CONF is the effective configuration
/// (NULL: none); values that can't be read are taken as absent, flink_conf_check() has named them.
/// The arithmetic is the same in all releases from 1.17 to 2.3, but for the buffer count of before
/// 1.10 (taskmanager.network.numberOfBuffers), which 1.x still follows.
void flink_memory_work_out(enum flink_role role, struct flink_version version,
                           int64_t process_bytes, const struct flink_conf *conf,
                           struct arena *arena, struct flink_memory *ret);

#endif
