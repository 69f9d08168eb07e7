// SPDX-License-Identifier: Apache-2.0
#include "common/flink/memory.h"

#include <stddef.h>

#include "common/base/parse_num.h"
#include "common/flink/memory_parts.h"
#include "common/flink/memory_size.h"

#define MIB         (INT64_C(1) << 20)
#define GIB         (INT64_C(1) << 30)
#define SIZE_LIMIT  (INT64_C(1) << 60) // beyond any machine; keeps every sum within int64_t
#define SEARCH_FROM MIB
#define SEARCH_TO   (INT64_C(1) << 50) // 1 PiB

// Each key here is the canonical one; that of jobstore.cache-size is its name in 2.3.

static int64_t size_of(const struct flink_conf_entry *e, int64_t otherwise)
{
    int64_t bytes;
    if (!flink_memory_size_parse(e->value, &bytes)) {
        return otherwise;
    }
    return bytes < SIZE_LIMIT ? bytes : SIZE_LIMIT;
}

static int64_t read_size(const struct flink_conf *conf, struct strview key, int64_t otherwise)
{
    const struct flink_conf_entry *e = flink_conf_find_canonical(conf, key);
    return e != NULL ? size_of(e, otherwise) : otherwise; // nearly always the latter
}

static double fraction_of(const struct flink_conf_entry *e, double otherwise)
{
    double v;
    return parse_double(e->value, &v) ? v : otherwise;
}

static double read_fraction(const struct flink_conf *conf, struct strview key, double otherwise)
{
    const struct flink_conf_entry *e = flink_conf_find_canonical(conf, key);
    // Flink holds fractions as float: 0.1 is a little more than that there.
    return (double)(float)(e != NULL ? fraction_of(e, otherwise) : otherwise);
}

static void read_job_manager(const struct flink_conf *conf, struct memory_settings *s)
{
    const struct flink_conf own = flink_conf_below(conf, SV("jobmanager.memory."));
    const struct flink_conf *c = &own;
    int64_t cache;
    struct strview text =
        flink_conf_get_canonical(conf, SV("completed-application-store.cache-size"));
    s->process = read_size(c, SV("jobmanager.memory.process.size"), MEMORY_UNSET);
    s->flink = read_size(c, SV("jobmanager.memory.flink.size"), MEMORY_UNSET);
    s->heap = read_size(c, SV("jobmanager.memory.heap.size"), MEMORY_UNSET);
    s->off_heap = read_size(c, SV("jobmanager.memory.off-heap.size"), 128 * MIB);
    s->metaspace = read_size(c, SV("jobmanager.memory.jvm-metaspace.size"), 256 * MIB);
    s->overhead_min = read_size(c, SV("jobmanager.memory.jvm-overhead.min"), 192 * MIB);
    s->overhead_max = read_size(c, SV("jobmanager.memory.jvm-overhead.max"), GIB);
    s->overhead_fraction = read_fraction(c, SV("jobmanager.memory.jvm-overhead.fraction"), 0.1);
    s->job_store_cache = parse_i64(text, &cache) && cache > 0 ? cache : 50 * MIB;
    s->managed = MEMORY_UNSET;
}

static void read_task_manager(const struct flink_conf *conf, struct memory_settings *s)
{
    const struct flink_conf own = flink_conf_below(conf, SV("taskmanager.memory."));
    const struct flink_conf *c = &own;
    s->process = read_size(c, SV("taskmanager.memory.process.size"), MEMORY_UNSET);
    s->flink = read_size(c, SV("taskmanager.memory.flink.size"), MEMORY_UNSET);
    s->heap = read_size(c, SV("taskmanager.memory.task.heap.size"), MEMORY_UNSET);
    s->off_heap = read_size(c, SV("taskmanager.memory.task.off-heap.size"), 0);
    s->metaspace = read_size(c, SV("taskmanager.memory.jvm-metaspace.size"), 256 * MIB);
    s->overhead_min = read_size(c, SV("taskmanager.memory.jvm-overhead.min"), 192 * MIB);
    s->overhead_max = read_size(c, SV("taskmanager.memory.jvm-overhead.max"), GIB);
    s->overhead_fraction = read_fraction(c, SV("taskmanager.memory.jvm-overhead.fraction"), 0.1);
    s->framework_heap = read_size(c, SV("taskmanager.memory.framework.heap.size"), 128 * MIB);
    s->framework_off_heap =
        read_size(c, SV("taskmanager.memory.framework.off-heap.size"), 128 * MIB);
    s->managed = read_size(c, SV("taskmanager.memory.managed.size"), MEMORY_UNSET);
    s->managed_fraction = read_fraction(c, SV("taskmanager.memory.managed.fraction"), 0.4);
    s->network_min = read_size(c, SV("taskmanager.memory.network.min"), 64 * MIB);
    s->network_max = read_size(c, SV("taskmanager.memory.network.max"), SIZE_LIMIT);
    s->network_fraction = read_fraction(c, SV("taskmanager.memory.network.fraction"), 0.1);
}

/// Flink 1.x: a number of buffers stands for the network memory when none of its own keys is given.
static void read_buffer_count(const struct flink_conf *c, struct memory_settings *s)
{
    int64_t count, bytes;
    struct strview text = flink_conf_get_canonical(c, SV("taskmanager.network.numberOfBuffers"));
    bool newer = sv_present(flink_conf_get_canonical(c, SV("taskmanager.memory.network.min"))) ||
                 sv_present(flink_conf_get_canonical(c, SV("taskmanager.memory.network.max"))) ||
                 sv_present(flink_conf_get_canonical(c, SV("taskmanager.memory.network.fraction")));
    int64_t buffer = read_size(c, SV("taskmanager.memory.segment-size"), 32 * 1024);
    if (newer || !sv_present(text) || !parse_i64(text, &count) || count < 0 ||
        __builtin_mul_overflow(count, buffer, &bytes) || bytes > SIZE_LIMIT) {
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
    struct memory_settings s = {.role = role};
    if (role == FLINK_JOB_MANAGER) {
        read_job_manager(conf, &s);
    } else {
        read_task_manager(conf, &s);
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
