// SPDX-License-Identifier: Apache-2.0
#include "webhook/budget.h"

struct budget budget_make(size_t max_bytes, size_t largest)
{
    size_t large = max_bytes / 2 > largest ? max_bytes / 2 : largest;
    return (struct budget){.max_large = large,
                           .max_small = max_bytes > large ? max_bytes - large : BUDGET_LARGE};
}

bool budget_take(struct budget *b, size_t size)
{
    if (size <= BUDGET_ORDINARY) {
        lane_add(&b->ordinary, size);
        return true;
    }
    bool is_large = size > BUDGET_LARGE;
    atomic_size_t *used = is_large ? &b->large : &b->small;
    size_t beside = is_large ? 0 : lane_total(&b->ordinary);
    size_t max = is_large ? b->max_large : b->max_small > beside ? b->max_small - beside : 0;
    size_t now = atomic_load_explicit(used, memory_order_relaxed);
    do {
        if (size > max || now > max - size) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(used, &now, now + size));
    return true;
}

void budget_release(struct budget *b, size_t size)
{
    if (size <= BUDGET_ORDINARY) {
        lane_subtract(&b->ordinary, size);
    } else {
        atomic_fetch_sub(size > BUDGET_LARGE ? &b->large : &b->small, size);
    }
}

size_t budget_used(struct budget *b)
{
    return atomic_load(&b->small) + atomic_load(&b->large) + lane_total(&b->ordinary);
}
