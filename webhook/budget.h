// SPDX-License-Identifier: Apache-2.0
// How many bytes of bodies may be in memory at once, over all connections. Large bodies share a
// part of the budget, so that small reviews go on beside any number of them; ordinary ones are
// always let in, so that callers who send a large body slowly can't shut them out: what those take
// is bounded by the number of connections. Lock-free; any thread.
#ifndef SLUICE_WEBHOOK_BUDGET_H
#define SLUICE_WEBHOOK_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/lane.h"

/// Up to this a body is ordinary: the update of a FlinkCluster with 180 variables has 33 KB.
#define BUDGET_ORDINARY ((size_t)64 << 10)
/// A body above this counts as large.
#define BUDGET_LARGE ((size_t)256 << 10)

struct budget {
    size_t max_small, max_large; // bytes
    // In flight; the small ones are those above an ordinary one.
    atomic_size_t small, large;
    struct lane_sum ordinary;
};

/// Of MAX_BYTES large bodies have half, and room for one of LARGEST at least; the others have the
/// rest, of which ordinary ones take their part first.
struct budget budget_make(size_t max_bytes, size_t largest);

/// A body of SIZE bytes: true when it may come in; then give it back with budget_release(), same
/// SIZE.
bool budget_take(struct budget *b, size_t size);
void budget_release(struct budget *b, size_t size);

/// Bytes in flight.
size_t budget_used(struct budget *b);

#endif
