// SPDX-License-Identifier: Apache-2.0
// Memory of one request or one reconcile: taken piece by piece, given back all at once. Bounded and
// sticky: past the limit or after a failed allocation arena_alloc() gives NULL for good, until
// reset. Not thread-safe; one owner. Under AddressSanitizer each piece is an allocation of its own,
// so that an overrun is seen.
#ifndef SLUICE_BASE_ARENA_H
#define SLUICE_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/macros.h"
#include "common/base/strview.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; // newest first
    char *at, *end;            // free bytes of the newest chunk
    size_t used;               // bytes handed out since the last reset
    size_t max;
    bool failed;
};

/// An arena that hands out at most MAX_BYTES:
/// `CLEANUP(arena_done) struct arena a = ARENA(1 << 20);`
#define ARENA(max_bytes) ((struct arena){.max = (max_bytes)})

/// Frees everything; usable again.
void arena_done(struct arena *a);

/// Everything handed out is gone; one chunk of at most KEEP bytes is kept for the next round.
void arena_reset(struct arena *a, size_t keep);

/// SIZE bytes aligned for any type, uninitialised / zeroed, or NULL (sticky).
MUST_USE void *arena_alloc(struct arena *a, size_t size);
MUST_USE void *arena_zalloc(struct arena *a, size_t size);

/// N zeroed elements; NULL also when N * SIZE overflows.
MUST_USE void *arena_array(struct arena *a, size_t n, size_t size);
#define ARENA_NEW(a, type)      ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_NEW_N(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

/// A NUL-terminated copy; on failure SV_NONE.
struct strview arena_copy(struct arena *a, struct strview s);

/// Formats into the arena; on failure SV_NONE. The result is NUL-terminated.
PRINTF(2, 3) struct strview arena_printf(struct arena *a, const char *fmt, ...);

static inline bool arena_ok(const struct arena *a)
{
    return !a->failed;
}

#endif
