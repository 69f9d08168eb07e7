// SPDX-License-Identifier: Apache-2.0
#include "common/json/text.h"

const char *json_skip_spaces_padded(const char *p)
{
#if defined(JSON_TEXT_SSE2)
    for (;; p += 16) {
        __m128i w = _mm_loadu_si128((const void *)p);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8('\n')),
                                    _mm_cmpeq_epi8(w, _mm_set1_epi8('\r')));
        __m128i gaps = _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8(' ')),
                                    _mm_cmpeq_epi8(w, _mm_set1_epi8('\t')));
        unsigned hits = (unsigned)_mm_movemask_epi8(_mm_or_si128(ends, gaps)) ^ 0xffff;
        if (hits != 0) {
            return p + (unsigned)__builtin_ctz(hits);
        }
    }
#elif defined(JSON_TEXT_NEON)
    for (;; p += 16) {
        uint8x16_t w = vld1q_u8((const void *)p);
        uint8x16_t ends = vorrq_u8(vceqq_u8(w, vdupq_n_u8('\n')), vceqq_u8(w, vdupq_n_u8('\r')));
        uint8x16_t gaps = vorrq_u8(vceqq_u8(w, vdupq_n_u8(' ')), vceqq_u8(w, vdupq_n_u8('\t')));
        uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(vmvnq_u8(vorrq_u8(ends, gaps))), 4);
        uint64_t hits = vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
        if (hits != 0) {
            return p + (__builtin_ctzll(hits) >> 2);
        }
    }
#else
    return json_skip_space_scalar(p);
#endif
}

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t json_utf8_len(const char *p, const char *end)
{
    unsigned char c = p < end ? (unsigned char)*p : 0xff;
    if (c < 0x80) {
        return 1;
    }
    size_t len = c >= 0xc2 && c <= 0xdf   ? 2
                 : (c & 0xf0) == 0xe0     ? 3
                 : c >= 0xf0 && c <= 0xf4 ? 4
                                          : 0;
    if (len == 0 || (size_t)(end - p) < len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if (!is_tail(p[i])) {
            return 0;
        }
    }
    // The second byte rules out overlong forms, surrogates and what is above U+10FFFF.
    unsigned char second = (unsigned char)p[1];
    bool bad = (c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
               (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f);
    return bad ? 0 : len;
}

size_t json_utf8_put(char *to, uint32_t code_point)
{
    if (code_point < 0x80) {
        to[0] = (char)code_point;
        return 1;
    }
    size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    to[0] = (char)(lead[len] | code_point);
    return len;
}

int32_t json_hex4(const char *p, const char *end)
{
    if (end - p < 4) {
        return -1;
    }
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        v = v * 16 + digit;
    }
    return v;
}

struct strview json_unescape(struct arena *a, struct strview raw)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    char *out = arena_alloc(a, raw.len);
    if (out == NULL) {
        return SV_NONE;
    }
    size_t len = 0;
    const char *end = raw.ptr + raw.len;
    for (const char *p = raw.ptr; p < end;) {
        if (*p != '\\') {
            out[len++] = *p++;
        } else if (p[1] != 'u') {
            out[len++] = to[strchr(from, p[1]) - from];
            p += 2;
        } else {
            uint32_t c = (uint32_t)json_hex4(p + 2, end);
            p += 6;
            if (c >= 0xd800 && c <= 0xdfff) {
                c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)json_hex4(p + 2, end) - 0xdc00);
                p += 6;
            }
            len += json_utf8_put(out + len, c);
        }
    }
    out[len] = '\0'; // an escape is longer than what it stands for
    return sv_make(out, len);
}
