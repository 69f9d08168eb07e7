// SPDX-License-Identifier: Apache-2.0
// The bytes inside a JSON string, as the scan and the writer both walk them. Pure.
#ifndef SLUICE_JSON_TEXT_H
#define SLUICE_JSON_TEXT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__) && !defined(SLUICE_SCALAR)
#include <emmintrin.h>
#define JSON_TEXT_SSE2
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(SLUICE_SCALAR)
#include <arm_neon.h>
#define JSON_TEXT_NEON
#endif

#include "common/base/arena.h"
#include "common/base/macros.h"
#include "common/base/strview.h"

/// Whether C stands for itself within a string: printable ASCII but the quote and the backslash.
static inline bool json_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/// Of the eight bytes at P the first that is not plain, or 8.
static inline unsigned json_plain_run(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones * 0x80;
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
    return hits != 0 ? (unsigned)__builtin_ctzll(hits) >> 3 : 8;
}

/// The first byte from P on that is not plain, or END. Eight bytes a step; the last ones together
/// with some that were seen.
static inline const char *json_skip_plain(const char *p, const char *end)
{
    bool eight = end - p >= 8;
    while (end - p >= 8) {
        unsigned run = json_plain_run(p);
        p += run;
        if (run < 8) {
            return p;
        }
    }
    if (eight) {
        return end - 8 + json_plain_run(end - 8);
    }
    while (p < end && json_plain(*p)) {
        p++;
    }
    return p;
}

/// NULs behind a text that is walked without a look at its end: they end every run.
#define JSON_TEXT_PAD 16

/// Whether C is white space of JSON.
static inline bool json_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// The scalar twins of what follows: elsewhere, and what a test holds the others against.
static inline const char *json_skip_plain_scalar(const char *p)
{
    unsigned run;
    do {
        run = json_plain_run(p);
        p += run;
    } while (run == 8);
    return p;
}

static inline const char *json_skip_space_scalar(const char *p)
{
    while (json_space(*p)) {
        p++;
    }
    return p;
}

/// The first byte from P on that is not plain, in a text with JSON_TEXT_PAD behind it: there always
/// is one. Most strings end within 16 bytes: one step, and no branch that is hard to foretell.
static inline const char *json_skip_plain_padded(const char *p)
{
#if defined(JSON_TEXT_SSE2)
    for (;; p += 16) {
        __m128i w = _mm_loadu_si128((const void *)p);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8('"')),
                                    _mm_cmpeq_epi8(w, _mm_set1_epi8('\\')));
        // What is below 0x20, as signed bytes also those above 0x7f, gets a sign: the mask's bit.
        __m128i odd = _mm_subs_epi8(w, _mm_set1_epi8(0x20));
        unsigned hits = (unsigned)_mm_movemask_epi8(_mm_or_si128(ends, odd));
        if (hits != 0) {
            return p + (unsigned)__builtin_ctz(hits);
        }
    }
#elif defined(JSON_TEXT_NEON)
    for (;; p += 16) {
        uint8x16_t w = vld1q_u8((const void *)p);
        uint8x16_t ends = vorrq_u8(vceqq_u8(w, vdupq_n_u8('"')), vceqq_u8(w, vdupq_n_u8('\\')));
        uint8x16_t odd = vcltq_s8(vreinterpretq_s8_u8(w), vdupq_n_s8(0x20));
        // Four bits for each byte: what NEON has in place of a mask of bits.
        uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(vorrq_u8(ends, odd)), 4);
        uint64_t hits = vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
        if (hits != 0) {
            return p + (__builtin_ctzll(hits) >> 2);
        }
    }
#else
    return json_skip_plain_scalar(p);
#endif
}

/// The first byte from P on that is no white space, 16 bytes a step; padded as above. A call, also
/// under link-time optimisation: it is seldom, and its constants would crowd the scan's registers.
ASIDE const char *json_skip_spaces_padded(const char *p);

/// The same where mostly there is none.
static inline const char *json_skip_space_padded(const char *p)
{
    return (unsigned char)*p > ' ' ? p : json_skip_spaces_padded(p);
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
