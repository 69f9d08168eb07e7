// SPDX-License-Identifier: Apache-2.0
#include "webhook/budget.h"

#include <stdint.h>

bool budget_take(struct budget *b, size_t size)
{
    bool is_large = size > BUDGET_LARGE;
    atomic_size_t *used = is_large ? &b->large : &b->small;
    size_t max = is_large ? b->max_large : size > BUDGET_ORDINARY ? b->max_small : SIZE_MAX;
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
    atomic_fetch_sub(size > BUDGET_LARGE ? &b->large : &b->small, size);
}

size_t budget_used(struct budget *b)
{
    return atomic_load(&b->small) + atomic_load(&b->large);
}
