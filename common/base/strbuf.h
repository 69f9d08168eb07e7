// SPDX-License-Identifier: Apache-2.0
// A byte buffer that grows up to a limit given at its start. Writers are sticky: after an overflow
// or a failed allocation every write is a no-op and strbuf_ok() is false, so that code writes
// freely and asks once. Not thread-safe; one owner.
#ifndef SLUICE_BASE_STRBUF_H
#define SLUICE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/macros.h"
#include "common/base/strview.h"

struct strbuf {
    char *ptr; // always NUL-terminated when not NULL
    size_t len;
    size_t cap;
    size_t max; // len never passes it
    bool failed;
    bool no_memory;      // failed for want of memory, not by the limit
    struct arena *arena; // where its memory comes from; NULL: the heap
};

/// An empty buffer of at most MAX_LEN bytes: `CLEANUP(strbuf_done) struct strbuf b = STRBUF(4096);`
#define STRBUF(max_len) ((struct strbuf){.max = (max_len)})

/// One whose memory is ARENA's (NULL: the heap's) and goes with it. What it grows out of stays
/// there until then, less than what it has at last.
#define STRBUF_IN(from_arena, max_len) ((struct strbuf){.max = (max_len), .arena = (from_arena)})

/// Frees the memory; the buffer is empty and usable again.
void strbuf_done(struct strbuf *b);

/// The same for a secret: overwrites its memory first. (What a growing buffer has left behind is
/// not reached.)
void strbuf_wipe(struct strbuf *b);

/// Empties it, forgets a failure, keeps the memory.
void strbuf_reset(struct strbuf *b);

void strbuf_put(struct strbuf *b, struct strview s);
void strbuf_put_char(struct strbuf *b, char c);
void strbuf_put_str(struct strbuf *b, const char *s);
void strbuf_put_u64(struct strbuf *b, uint64_t v);
void strbuf_put_i64(struct strbuf *b, int64_t v);
PRINTF(2, 3) void strbuf_printf(struct strbuf *b, const char *fmt, ...);

/// Room for N more bytes (for a reader that fills the buffer itself, then adds to len). NULL
/// when that failed.
char *strbuf_reserve(struct strbuf *b, size_t n);

/// Cuts the buffer back to LEN bytes (no more than it has).
void strbuf_truncate(struct strbuf *b, size_t len);

static inline bool strbuf_ok(const struct strbuf *b)
{
    return !b->failed;
}

/// What was written; borrowed until the next write. Empty (never absent) when nothing was.
static inline struct strview strbuf_view(const struct strbuf *b)
{
    return sv_make(b->ptr != NULL ? b->ptr : "", b->len);
}

#endif
