// SPDX-License-Identifier: Apache-2.0
// Follows ProcessMemoryUtils, TaskExecutorFlinkMemoryUtils and JobManagerFlinkMemoryUtils.
#include "common/flink/memory_parts.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/base/strbuf.h"
#include "common/flink/memory_size.h"

#define MIB             (INT64_C(1) << 20)
#define JM_HEAP_ADVISED (128 * MIB)
#define WHY_MAX         512

/// One evaluation in progress.
struct parts {
    const struct memory_settings *s;
    struct arena *arena; // NULL: no words
    struct flink_memory *m;
};

static bool is_set(int64_t bytes)
{
    return bytes != MEMORY_UNSET;
}

/// BYTES * FACTOR, at most INT64_MAX.
static int64_t times(int64_t bytes, double factor)
{
    double product = (double)bytes * factor;
    return product >= 9.2e18 ? INT64_MAX : (int64_t)product;
}

static int64_t clamp(int64_t v, int64_t min, int64_t max)
{
    return v < min ? min : v > max ? max : v;
}

/// Sizes stay at 2^60 at most, which memory.c sees to, so two of them always add up.
static int64_t sum(const int64_t *parts, size_t n)
{
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total = clamp(total + parts[i], 0, INT64_MAX / 2);
    }
    return total;
}

PRINTF(3, 4)
static enum memory_fault fault(struct parts *p, enum memory_fault f, const char *fmt, ...)
{
    if (p->arena != NULL) {
        char text[WHY_MAX];
        va_list args;
        va_start(args, fmt);
        vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        p->m->why = arena_copy(p->arena, sv_from(text));
    }
    return f;
}

/// "448 MiB" for a message; lives in the arena, empty without one.
static struct strview mib(struct parts *p, int64_t bytes)
{
    return p->arena != NULL ? flink_memory_size_mib(p->arena, bytes) : SV("");
}
#define MIB_ARG(p, bytes) SV_ARG(mib(p, bytes))

static enum memory_fault check_ranges(struct parts *p)
{
    const struct memory_settings *s = p->s;
    if (s->overhead_min > s->overhead_max || s->network_min > s->network_max) {
        return fault(p, MEMORY_CONTRADICTS, "%s has a min above its max",
                     s->overhead_min > s->overhead_max ? "jvm-overhead" : "network");
    }
    const double fractions[] = {s->overhead_fraction, s->managed_fraction, s->network_fraction};
    for (size_t i = 0; i < 3; i++) {
        if (!(fractions[i] >= 0 && fractions[i] < 1)) {
            return fault(p, MEMORY_CONTRADICTS, "a fraction must be at least 0 and below 1");
        }
    }
    return MEMORY_FINE;
}

static enum memory_fault job_manager_inner(struct parts *p)
{
    const struct memory_settings *s = p->s;
    struct flink_memory *m = p->m;
    m->off_heap = s->off_heap;
    if (is_set(s->heap)) {
        m->heap = s->heap;
        int64_t total = sum((int64_t[]){s->heap, s->off_heap}, 2);
        if (is_set(s->flink) && s->flink != total) {
            return fault(p, MEMORY_CONTRADICTS,
                         "heap %.*s and off-heap %.*s are not the flink.size of %.*s",
                         MIB_ARG(p, s->heap), MIB_ARG(p, s->off_heap), MIB_ARG(p, s->flink));
        }
        m->flink = total;
    } else if (m->flink <= s->off_heap) {
        return fault(p, MEMORY_TOO_SMALL,
                     "%.*s are left for Flink, and off-heap takes %.*s: no heap",
                     MIB_ARG(p, m->flink), MIB_ARG(p, s->off_heap));
    } else {
        m->heap = m->flink - s->off_heap;
    }
    int64_t advised = s->job_store_cache > JM_HEAP_ADVISED ? s->job_store_cache : JM_HEAP_ADVISED;
    if (m->heap < advised) {
        m->verdict = FLINK_MEMORY_WARNS;
        fault(p, MEMORY_FINE, "%.*s of heap are left, Flink advises at least %.*s",
              MIB_ARG(p, m->heap), MIB_ARG(p, advised));
    }
    return MEMORY_FINE;
}

/// The parts of a TaskManager beside heap and network, and what they add up to.
static int64_t fixed_parts(struct parts *p)
{
    const struct memory_settings *s = p->s;
    struct flink_memory *m = p->m;
    m->framework_heap = s->framework_heap;
    m->framework_off_heap = s->framework_off_heap;
    m->off_heap = s->off_heap;
    m->managed = is_set(s->managed) ? s->managed : times(m->flink, s->managed_fraction);
    return sum((int64_t[]){m->framework_heap, m->framework_off_heap, m->off_heap, m->managed}, 4);
}

static enum memory_fault overfull(struct parts *p, int64_t heap, int64_t network)
{
    struct flink_memory *m = p->m;
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(p->arena, 128);
    if (p->arena != NULL && is_set(heap)) {
        strbuf_printf(&b, " + task heap %.*s", MIB_ARG(p, heap));
    }
    if (p->arena != NULL && is_set(network)) {
        strbuf_printf(&b, " + network %.*s", MIB_ARG(p, network));
    }
    struct strview rest = strbuf_view(&b);
    return fault(
        p, MEMORY_TOO_SMALL,
        "%.*s are left for Flink, but framework heap %.*s + framework off-heap %.*s + task "
        "off-heap %.*s + managed %.*s%.*s are more",
        MIB_ARG(p, m->flink), MIB_ARG(p, m->framework_heap), MIB_ARG(p, m->framework_off_heap),
        MIB_ARG(p, m->off_heap), MIB_ARG(p, m->managed), SV_ARG(rest));
}

/// Network memory is the rest: it must lie in its range.
static enum memory_fault network_is_rest(struct parts *p, int64_t others)
{
    const struct memory_settings *s = p->s;
    struct flink_memory *m = p->m;
    m->heap = s->heap;
    int64_t taken = sum((int64_t[]){others, s->heap}, 2);
    if (taken > m->flink) {
        return overfull(p, s->heap, MEMORY_UNSET);
    }
    m->network = m->flink - taken;
    if (m->network < s->network_min || m->network > s->network_max) {
        bool small = m->network < s->network_min;
        return fault(p, small ? MEMORY_TOO_SMALL : MEMORY_TOO_LARGE,
                     "%.*s are left for the network, which must have %s %.*s",
                     MIB_ARG(p, m->network), small ? "at least" : "at most",
                     MIB_ARG(p, small ? s->network_min : s->network_max));
    }
    return MEMORY_FINE;
}

static enum memory_fault task_manager_inner(struct parts *p)
{
    const struct memory_settings *s = p->s;
    struct flink_memory *m = p->m;
    int64_t others = fixed_parts(p);
    if (is_set(s->heap) && is_set(s->managed) && !is_set(s->flink)) {
        // All inner parts are given: the network follows from them, and the total from all.
        m->heap = s->heap;
        int64_t inner = sum((int64_t[]){others, s->heap}, 2);
        m->network = clamp(times(inner, s->network_fraction / (1 - s->network_fraction)),
                           s->network_min, s->network_max);
        m->flink = sum((int64_t[]){inner, m->network}, 2);
        return MEMORY_FINE;
    }
    if (is_set(s->heap)) {
        return network_is_rest(p, others);
    }
    m->network = clamp(times(m->flink, s->network_fraction), s->network_min, s->network_max);
    int64_t taken = sum((int64_t[]){others, m->network}, 2);
    if (taken > m->flink) {
        return overfull(p, MEMORY_UNSET, m->network);
    }
    m->heap = m->flink - taken;
    return MEMORY_FINE;
}

/// Whether Flink starts from the inner parts (JM: heap; TM: task heap and managed).
static bool from_inner(const struct memory_settings *s)
{
    return s->role == FLINK_JOB_MANAGER ? is_set(s->heap) : is_set(s->heap) && is_set(s->managed);
}

static enum memory_fault inner(struct parts *p)
{
    return p->s->role == FLINK_JOB_MANAGER ? job_manager_inner(p) : task_manager_inner(p);
}

/// The process size is given and nothing else: metaspace and overhead come off it.
static enum memory_fault from_process(struct parts *p)
{
    const struct memory_settings *s = p->s;
    struct flink_memory *m = p->m;
    m->process = s->process;
    m->overhead = clamp(times(s->process, s->overhead_fraction), s->overhead_min, s->overhead_max);
    int64_t jvm = sum((int64_t[]){m->metaspace, m->overhead}, 2);
    if (jvm > s->process) {
        return fault(p, MEMORY_TOO_SMALL,
                     "%.*s are less than JVM metaspace %.*s + JVM overhead %.*s",
                     MIB_ARG(p, s->process), MIB_ARG(p, m->metaspace), MIB_ARG(p, m->overhead));
    }
    m->flink = s->process - jvm;
    return inner(p);
}

/// Flink's size is given or follows from its parts: the JVM's comes on top.
static enum memory_fault from_flink(struct parts *p)
{
    const struct memory_settings *s = p->s;
    struct flink_memory *m = p->m;
    m->flink = is_set(s->flink) ? s->flink : 0;
    enum memory_fault f = inner(p);
    if (f != MEMORY_FINE) {
        return f;
    }
    int64_t below = sum((int64_t[]){m->flink, m->metaspace}, 2);
    if (!is_set(s->process)) {
        double inverse = s->overhead_fraction / (1 - s->overhead_fraction);
        m->overhead = clamp(times(below, inverse), s->overhead_min, s->overhead_max);
        m->process = sum((int64_t[]){below, m->overhead}, 2);
        return MEMORY_FINE;
    }
    m->process = s->process;
    m->overhead = s->process - below;
    if (m->overhead < s->overhead_min || m->overhead > s->overhead_max) {
        bool small = m->overhead < s->overhead_min;
        return fault(p, small ? MEMORY_TOO_SMALL : MEMORY_TOO_LARGE,
                     "%.*s less Flink's %.*s and JVM metaspace %.*s leave %.*s for JVM overhead, "
                     "which must have %s %.*s",
                     MIB_ARG(p, s->process), MIB_ARG(p, m->flink), MIB_ARG(p, m->metaspace),
                     MIB_ARG(p, m->overhead), small ? "at least" : "at most",
                     MIB_ARG(p, small ? s->overhead_min : s->overhead_max));
    }
    return MEMORY_FINE;
}

enum memory_fault memory_parts(const struct memory_settings *s, struct arena *arena,
                               struct flink_memory *ret)
{
    struct parts p = {.s = s, .arena = arena, .m = ret};
    *ret = (struct flink_memory){.metaspace = s->metaspace};
    enum memory_fault f = check_ranges(&p);
    if (f == MEMORY_FINE && (from_inner(s) || is_set(s->flink))) {
        f = from_flink(&p);
    } else if (f == MEMORY_FINE && is_set(s->process)) {
        f = from_process(&p);
    } else if (f == MEMORY_FINE) {
        f = fault(&p, MEMORY_TOO_SMALL, "no size is given");
    }
    if (f != MEMORY_FINE) {
        ret->verdict = FLINK_MEMORY_FAILS;
    }
    return f;
}
