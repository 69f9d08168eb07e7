// SPDX-License-Identifier: Apache-2.0
#include "common/base/base64.h"

#include <stdint.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define BAD 64u

void base64_put(struct strbuf *b, struct strview bytes)
{
    size_t len = (bytes.len + 2) / 3 * 4;
    char *to = strbuf_reserve(b, len);
    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (k < have ? (unsigned char)bytes.ptr[i + k] : 0);
        }
        for (size_t k = 0; k < 4; k++) {
            *to++ = k <= have ? ALPHABET[group >> (18 - 6 * k) & 63] : '=';
        }
    }
    *to = '\0';
    b->len += len;
}

static uint32_t value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : BAD;
}

bool base64_decode(struct strview text, struct arena *arena, struct strview *ret)
{
    if (text.len % 4 != 0) {
        return false;
    }
    size_t pad = 0;
    while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=') {
        pad++;
    }
    size_t len = text.len / 4 * 3 - pad;
    char *to = arena_alloc(arena, len + 1);
    size_t at = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t v = i < text.len - pad ? value_of(text.ptr[i]) : 0;
        if (v == BAD) {
            return false;
        }
        bits = bits << 6 | v;
        if (i % 4 != 3) {
            continue;
        }
        for (unsigned k = 0; k < 3; k++, at++) {
            unsigned char byte = (unsigned char)(bits >> (16 - 8 * k));
            if (at >= len && byte != 0) {
                return false;
            }
            if (at < len && to != NULL) {
                to[at] = (char)byte;
            }
        }
        bits = 0;
    }
    if (to != NULL) {
        to[len] = '\0';
    }
    *ret = to != NULL ? sv_make(to, len) : SV_NONE;
    return true;
}
