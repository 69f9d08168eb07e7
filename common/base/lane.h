// SPDX-License-Identifier: Apache-2.0
// Lanes: counts that all threads keep in common, without a cache line that goes from processor to
// processor with every count. Each thread writes in a lane of its own, and who reads adds the lanes
// up. Any thread may call any function.
#ifndef SLUICE_BASE_LANE_H
#define SLUICE_BASE_LANE_H

#include <stdatomic.h>
#include <stddef.h>

/// Threads beyond these share lanes, in turn; so writes are atomic all the same.
#define LANES 16
/// Bytes from lane to lane: a cache line, and the next, which processors fetch along with it.
#define LANE_ALIGN ((size_t)128)

/// The lane of the calling thread, below LANES: the same as long as the thread lives.
unsigned lane_mine(void);

/// A sum in lanes; zeroed memory is one of 0. What holds it is aligned to LANE_ALIGN (see
/// mem_alloc_aligned()).
struct lane_sum {
    struct {
        _Alignas(LANE_ALIGN) atomic_size_t n;
    } lanes[LANES];
};

static inline void lane_add(struct lane_sum *s, size_t n)
{
    atomic_fetch_add_explicit(&s->lanes[lane_mine()].n, n, memory_order_relaxed);
}

/// What was added in one thread may be taken away in another.
static inline void lane_subtract(struct lane_sum *s, size_t n)
{
    atomic_fetch_sub_explicit(&s->lanes[lane_mine()].n, n, memory_order_relaxed);
}

/// While others add and subtract, it may miss some of either; it is never below 0.
size_t lane_total(const struct lane_sum *s);

#endif
