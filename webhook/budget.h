// SPDX-License-Identifier: Apache-2.0
// How many bytes of bodies may be in memory at once, over all connections. Large bodies share a
// part of the budget, so that small reviews go on beside any number of them. Lock-free; any thread.
#ifndef SLUICE_WEBHOOK_BUDGET_H
#define SLUICE_WEBHOOK_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/// A body above this counts as large: an ordinary FlinkCluster's update is under 100 KB.
#define BUDGET_LARGE ((size_t)256 << 10)

struct budget {
    size_t max_small, max_large; // bytes
    atomic_size_t small, large;  // in flight
};

/// A body of SIZE bytes: true when it may come in; then give it back with budget_release(), same
/// SIZE.
bool budget_take(struct budget *b, size_t size);
void budget_release(struct budget *b, size_t size);

/// Bytes in flight.
size_t budget_used(struct budget *b);

#endif
