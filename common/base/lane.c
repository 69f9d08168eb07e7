// SPDX-License-Identifier: Apache-2.0
#include "common/base/lane.h"

#include <stdint.h>

unsigned lane_mine(void)
{
    static atomic_uint next;
    static _Thread_local unsigned mine; // from 1 on; 0: none yet
    if (mine == 0) {
        mine = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % LANES + 1;
    }
    return mine - 1;
}

size_t lane_total(const struct lane_sum *s)
{
    size_t sum = 0;
    for (unsigned i = 0; i < LANES; i++) {
        sum += atomic_load_explicit(&s->lanes[i].n, memory_order_relaxed);
    }
    return sum <= SIZE_MAX / 2 ? sum : 0; // a subtraction was seen, its addition was not
}
