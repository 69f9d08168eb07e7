// SPDX-License-Identifier: Apache-2.0
// The bytes inside a JSON string, as the scan and the writer both walk them. Pure.
#ifndef SLUICE_JSON_TEXT_H
#define SLUICE_JSON_TEXT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/strview.h"

/// Whether C stands for itself within a string: printable ASCII but the quote and the backslash.
static inline bool json_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/// The first byte from P on that is not plain, or END. Eight bytes a step.
static inline const char *json_skip_plain(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones * 0x80;
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, sizeof(w));
        w = le64toh(w);
        // A byte's top bit comes up where it is below 0x20, a quote, a backslash, or above 0x7f.
        // Borrows can only spoil bytes above a true hit, and the lowest hit is the one that counts.
        uint64_t quote = w ^ (ones * '"');
        uint64_t slash = w ^ (ones * '\\');
        uint64_t hits =
            (((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | w) &
            tops;
        if (hits != 0) {
            return p + (__builtin_ctzll(hits) >> 3);
        }
        p += 8;
    }
    while (p < end && json_plain(*p)) {
        p++;
    }
    return p;
}

/// How many bytes (1 to 4) the UTF-8 character at P has; 0 when it is none: cut, overlong, a
/// surrogate or above U+10FFFF (RFC 3629, section 4).
size_t json_utf8_len(const char *p, const char *end);

/// Writes CODE_POINT (no surrogate, at most 0x10ffff) to TO, which has room for 4; how many bytes.
size_t json_utf8_put(char *to, uint32_t code_point);

/// The four hex digits at P, or -1.
int32_t json_hex4(const char *p, const char *end);

/// What the bytes RAW of a string, known to be good and with an escape among them, stand for;
/// NUL-terminated. SV_NONE: the arena is full.
struct strview json_unescape(struct arena *a, struct strview raw);

#endif
