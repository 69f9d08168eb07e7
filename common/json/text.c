// SPDX-License-Identifier: Apache-2.0
#include "common/json/text.h"

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
