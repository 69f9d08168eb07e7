// SPDX-License-Identifier: Apache-2.0
// A borrowed run of bytes: not NUL-terminated, not owned. Values; every function is pure.
// `ptr == NULL` means "absent", which is not the same as empty.
#ifndef SLUICE_BASE_STRVIEW_H
#define SLUICE_BASE_STRVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strview {
    const char *ptr;
    size_t len;
};

/// A view of a string literal; SV_INIT is the same for static initialisers.
#define SV(lit) ((struct strview){.ptr = "" lit, .len = sizeof(lit) - 1})
#define SV_INIT(lit)                                                                               \
    {                                                                                              \
        .ptr = "" lit, .len = sizeof(lit) - 1                                                      \
    }
#define SV_NONE ((struct strview){.ptr = NULL, .len = 0})

/// For printf: `"%.*s", SV_ARG(s)`. Lengths over INT_MAX don't occur (bodies end at 7 MiB).
#define SV_ARG(s) (int)(s).len, ((s).ptr != NULL ? (s).ptr : "")

/// A view of a NUL-terminated string; NULL gives SV_NONE.
static inline struct strview sv_from(const char *s)
{
    return (struct strview){.ptr = s, .len = s != NULL ? strlen(s) : 0};
}

static inline struct strview sv_make(const char *ptr, size_t len)
{
    return (struct strview){.ptr = ptr, .len = len};
}

static inline bool sv_present(struct strview s)
{
    return s.ptr != NULL;
}

/// Whether the first and the last TYPE's worth of the N bytes at A and at B are the same; N is no
/// less.
#define SV_SAME_ENDS(type, a, b, n)                                                                \
    __extension__({                                                                                \
        type x_[2], y_[2];                                                                         \
        memcpy(&x_[0], (a), sizeof(type));                                                         \
        memcpy(&y_[0], (b), sizeof(type));                                                         \
        memcpy(&x_[1], (a) + (n) - sizeof(type), sizeof(type));                                    \
        memcpy(&y_[1], (b) + (n) - sizeof(type), sizeof(type));                                    \
        x_[1] == y_[1] && x_[0] == y_[0];                                                          \
    })

/// Whether the N bytes at A and at B are the same. Of most names the first and the last word, which
/// may overlap, are all: a call of memcmp() would be most of what it costs. Longer ones that differ
/// mostly do so in their last byte, too ("….min", "….max").
static inline bool sv_same_bytes(const char *a, const char *b, size_t n)
{
    if (n > 2 * sizeof(uint64_t)) {
        return a[n - 1] == b[n - 1] && memcmp(a, b, n) == 0;
    }
    if (n >= sizeof(uint64_t)) {
        return SV_SAME_ENDS(uint64_t, a, b, n);
    }
    if (n >= sizeof(uint32_t)) {
        return SV_SAME_ENDS(uint32_t, a, b, n);
    }
    return n == 0 || (a[n - 1] == b[n - 1] && a[0] == b[0] && a[n / 2] == b[n / 2]);
}

/// Bytes equal; absent equals empty.
static inline bool sv_eq(struct strview a, struct strview b)
{
    return a.len == b.len && sv_same_bytes(a.ptr, b.ptr, a.len);
}

static inline bool sv_eq_lit(struct strview a, const char *lit)
{
    return sv_eq(a, sv_from(lit));
}

/// strcmp's order on bytes.
int sv_cmp(struct strview a, struct strview b);

/// Of two that differ, the first byte mostly tells.
static inline bool sv_starts(struct strview s, struct strview prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || (s.ptr[0] == prefix.ptr[0] &&
                                                       memcmp(s.ptr, prefix.ptr, prefix.len) == 0));
}

static inline bool sv_ends(struct strview s, struct strview suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || sv_same_bytes(s.ptr + (s.len - suffix.len), suffix.ptr, suffix.len));
}

/// Offset of the first C / of the first NEEDLE in S, or SIZE_MAX.
size_t sv_find_char(struct strview s, char c);
size_t sv_find(struct strview s, struct strview needle);
size_t sv_find_last_char(struct strview s, char c);

/// S from byte AT on (clamped), and at most LEN bytes of it.
struct strview sv_from_pos(struct strview s, size_t at);
struct strview sv_sub(struct strview s, size_t at, size_t len);

/// The first MAX bytes of S, or less: cut between characters (UTF-8), not within one.
struct strview sv_cut(struct strview s, size_t max);

/// Without leading and trailing ASCII white space.
struct strview sv_trim(struct strview s);

/// Cuts the next piece off *REST at SEP: false when nothing is left. "a,,b" gives "a", "", "b".
bool sv_split(struct strview *rest, char sep, struct strview *piece);

#endif
