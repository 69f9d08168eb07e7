// SPDX-License-Identifier: Apache-2.0
#include "common/flink/memory.h"

#include <stddef.h>

#include "common/base/macros.h"
#include "common/base/parse_num.h"
#include "common/flink/memory_parts.h"
#include "common/flink/memory_size.h"

#define MIB         (INT64_C(1) << 20)
#define GIB         (INT64_C(1) << 30)
#define SIZE_LIMIT  (INT64_C(1) << 60) // beyond any machine; keeps every sum within int64_t
#define SEARCH_FROM MIB
#define SEARCH_TO   (INT64_C(1) << 50) // 1 PiB

// Each key here is the canonical one.

/// A key that sets one of struct memory_settings.
struct setting {
    struct strview key;
    size_t offset;
    bool fraction; // a double, else bytes
};
#define SIZE(key_, member)                                                                         \
    {                                                                                              \
        .key = SV_INIT(key_), .offset = offsetof(struct memory_settings, member)                   \
    }
#define FRACTION(key_, member)                                                                     \
    {                                                                                              \
        .key = SV_INIT(key_), .offset = offsetof(struct memory_settings, member), .fraction = true \
    }

static const struct setting JOB_MANAGER[] = {
    SIZE("jobmanager.memory.process.size", process),
    SIZE("jobmanager.memory.flink.size", flink),
    SIZE("jobmanager.memory.heap.size", heap),
    SIZE("jobmanager.memory.off-heap.size", off_heap),
    SIZE("jobmanager.memory.jvm-metaspace.size", metaspace),
    SIZE("jobmanager.memory.jvm-overhead.min", overhead_min),
    SIZE("jobmanager.memory.jvm-overhead.max", overhead_max),
    FRACTION("jobmanager.memory.jvm-overhead.fraction", overhead_fraction),
};

static const struct setting TASK_MANAGER[] = {
    SIZE("taskmanager.memory.process.size", process),
    SIZE("taskmanager.memory.flink.size", flink),
    SIZE("taskmanager.memory.task.heap.size", heap),
    SIZE("taskmanager.memory.task.off-heap.size", off_heap),
    SIZE("taskmanager.memory.jvm-metaspace.size", metaspace),
    SIZE("taskmanager.memory.jvm-overhead.min", overhead_min),
    SIZE("taskmanager.memory.jvm-overhead.max", overhead_max),
    FRACTION("taskmanager.memory.jvm-overhead.fraction", overhead_fraction),
    SIZE("taskmanager.memory.framework.heap.size", framework_heap),
    SIZE("taskmanager.memory.framework.off-heap.size", framework_off_heap),
    SIZE("taskmanager.memory.managed.size", managed),
    FRACTION("taskmanager.memory.managed.fraction", managed_fraction),
    SIZE("taskmanager.memory.network.min", network_min),
    SIZE("taskmanager.memory.network.max", network_max),
    FRACTION("taskmanager.memory.network.fraction", network_fraction),
};

// Flink holds fractions as float: 0.1 is a little more than that there.
static const struct memory_settings DEFAULTS[FLINK_ROLES] = {
    [FLINK_JOB_MANAGER] = {.role = FLINK_JOB_MANAGER,
                           .process = MEMORY_UNSET,
                           .flink = MEMORY_UNSET,
                           .heap = MEMORY_UNSET,
                           .off_heap = 128 * MIB,
                           .metaspace = 256 * MIB,
                           .overhead_min = 192 * MIB,
                           .overhead_max = GIB,
                           .overhead_fraction = (double)0.1F,
                           .job_store_cache = 50 * MIB,
                           .managed = MEMORY_UNSET},
    [FLINK_TASK_MANAGER] = {.role = FLINK_TASK_MANAGER,
                            .process = MEMORY_UNSET,
                            .flink = MEMORY_UNSET,
                            .heap = MEMORY_UNSET,
                            .off_heap = 0,
                            .metaspace = 256 * MIB,
                            .overhead_min = 192 * MIB,
                            .overhead_max = GIB,
                            .overhead_fraction = (double)0.1F,
                            .framework_heap = 128 * MIB,
                            .framework_off_heap = 128 * MIB,
                            .managed = MEMORY_UNSET,
                            .managed_fraction = (double)0.4F,
                            .network_min = 64 * MIB,
                            .network_max = SIZE_LIMIT,
                            .network_fraction = (double)0.1F},
};

static bool read_size(struct strview text, int64_t *ret)
{
    int64_t bytes;
    if (!flink_memory_size_parse(text, &bytes)) {
        return false;
    }
    *ret = bytes < SIZE_LIMIT ? bytes : SIZE_LIMIT;
    return true;
}

/// A value that Flink can't read has its own fault, and the default stays.
static void read_setting(const struct setting *row, struct strview text, struct memory_settings *s)
{
    void *member = (char *)s + row->offset;
    double fraction;
    if (!row->fraction) {
        (void)read_size(text, member);
    } else if (parse_double(text, &fraction)) {
        *(double *)member = (double)(float)fraction;
    }
}

/// What CONF has of the N keys of ROWS, which begin with PREFIX. Mostly that is nothing.
static void read_settings(const struct flink_conf *conf, struct strview prefix,
                          const struct setting *rows, size_t n, struct memory_settings *s)
{
    const struct flink_conf own = flink_conf_below(conf, prefix);
    for (size_t i = 0; i < own.count; i++) {
        for (size_t k = 0; k < n; k++) {
            if (sv_eq(own.items[i].canonical, rows[k].key)) {
                read_setting(&rows[k], own.items[i].value, s);
            }
        }
    }
}

static void read_job_manager(const struct flink_conf *conf, struct memory_settings *s)
{
    int64_t cache;
    // What jobstore.cache-size is called in 2.3.
    struct strview text =
        flink_conf_get_canonical(conf, SV("completed-application-store.cache-size"));
    read_settings(conf, SV("jobmanager.memory."), JOB_MANAGER, ARRAY_LEN(JOB_MANAGER), s);
    if (parse_i64(text, &cache) && cache > 0) {
        s->job_store_cache = cache;
    }
}

/// Flink 1.x: a number of buffers stands for the network memory when none of its own keys is given.
static void read_buffer_count(const struct flink_conf *c, struct memory_settings *s)
{
    int64_t count, bytes;
    int64_t buffer = (int64_t)32 * 1024;
    struct strview text = flink_conf_get_canonical(c, SV("taskmanager.network.numberOfBuffers"));
    if (!sv_present(text) || !parse_i64(text, &count) || count < 0 ||
        sv_present(flink_conf_get_canonical(c, SV("taskmanager.memory.network.min"))) ||
        sv_present(flink_conf_get_canonical(c, SV("taskmanager.memory.network.max"))) ||
        sv_present(flink_conf_get_canonical(c, SV("taskmanager.memory.network.fraction")))) {
        return;
    }
    (void)read_size(flink_conf_get_canonical(c, SV("taskmanager.memory.segment-size")), &buffer);
    if (__builtin_mul_overflow(count, buffer, &bytes) || bytes > SIZE_LIMIT) {
        return;
    }
    s->network_min = bytes;
    s->network_max = bytes;
}

/// The least whole number of MiB with which these settings start, when only the process size is
/// free. Being too small is monotone: below some size always, above it never.
static int64_t smallest_process(const struct memory_settings *settings)
{
    struct memory_settings s = *settings;
    struct flink_memory m;
    int64_t low = SEARCH_FROM / MIB, high = SEARCH_TO / MIB;
    s.flink = MEMORY_UNSET;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        s.process = mid * MIB;
        if (memory_parts(&s, NULL, &m) == MEMORY_TOO_SMALL) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    s.process = low * MIB;
    return memory_parts(&s, NULL, &m) == MEMORY_FINE ? s.process : 0;
}

void flink_memory_work_out(enum flink_role role, struct flink_version version,
                           int64_t process_bytes, const struct flink_conf *conf,
                           struct arena *arena, struct flink_memory *ret)
{
    struct memory_settings s = DEFAULTS[role];
    if (role == FLINK_JOB_MANAGER) {
        read_job_manager(conf, &s);
    } else {
        read_settings(conf, SV("taskmanager.memory."), TASK_MANAGER, ARRAY_LEN(TASK_MANAGER), &s);
        if (version.major < 2) {
            read_buffer_count(conf, &s);
        }
    }
    if (s.process == MEMORY_UNSET && s.flink == MEMORY_UNSET && process_bytes > 0) {
        s.process = process_bytes < SIZE_LIMIT ? process_bytes : SIZE_LIMIT;
    }
    enum memory_fault f = memory_parts(&s, arena, ret);
    ret->smallest_process = f != MEMORY_FINE ? smallest_process(&s) : 0;
    if (f == MEMORY_TOO_SMALL && s.flink == MEMORY_UNSET && ret->smallest_process != 0) {
        struct strview least = flink_memory_size_mib(arena, ret->smallest_process);
        ret->why = arena_printf(arena, "%.*s; the smallest that starts is %.*s", SV_ARG(ret->why),
                                SV_ARG(least));
    }
}
