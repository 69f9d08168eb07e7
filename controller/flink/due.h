// SPDX-License-Identifier: Apache-2.0
// Things that become due at a time: a binary heap, the earliest first. The things embed their node.
// Not thread-safe. Pure.
#ifndef SLUICE_CONTROLLER_FLINK_DUE_H
#define SLUICE_CONTROLLER_FLINK_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/macros.h"

struct due {
    int64_t at_ms;
    size_t place; // 1 + its place in the heap; 0: in none
    void *owner;  // the caller's
};

struct due_heap {
    struct due **items;
    size_t n, room;
};

void due_done(struct due_heap *h);

/// Room for N nodes in all, so that due_put() can't fail; false: no memory.
MUST_USE bool due_reserve(struct due_heap *h, size_t n);

/// Puts D in, or moves it, to be due at AT_MS.
void due_put(struct due_heap *h, struct due *d, int64_t at_ms);

/// Takes D out; nothing when it isn't in.
void due_remove(struct due_heap *h, struct due *d);

/// The earliest, or NULL.
struct due *due_first(const struct due_heap *h);

#endif
