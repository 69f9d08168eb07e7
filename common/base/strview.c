// SPDX-License-Identifier: Apache-2.0
#include "common/base/strview.h"

#include <stdint.h>

int sv_cmp(struct strview a, struct strview b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    if (c != 0) {
        return c;
    }
    return (a.len > b.len) - (a.len < b.len);
}

size_t sv_find_char(struct strview s, char c)
{
    const char *p = s.len != 0 ? memchr(s.ptr, c, s.len) : NULL;
    return p != NULL ? (size_t)(p - s.ptr) : SIZE_MAX;
}

size_t sv_find_last_char(struct strview s, char c)
{
    const char *p = s.len != 0 ? memrchr(s.ptr, c, s.len) : NULL;
    return p != NULL ? (size_t)(p - s.ptr) : SIZE_MAX;
}

size_t sv_find(struct strview s, struct strview needle)
{
    if (needle.len == 0) {
        return 0;
    }
    const char *p = s.len != 0 ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return p != NULL ? (size_t)(p - s.ptr) : SIZE_MAX;
}

struct strview sv_from_pos(struct strview s, size_t at)
{
    if (s.ptr == NULL) {
        return s;
    }
    at = at < s.len ? at : s.len;
    return sv_make(s.ptr + at, s.len - at);
}

struct strview sv_sub(struct strview s, size_t at, size_t len)
{
    s = sv_from_pos(s, at);
    s.len = len < s.len ? len : s.len;
    return s;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct strview sv_cut(struct strview s, size_t max)
{
    size_t len = s.len < max ? s.len : max;
    while (len > 0 && len < s.len && ((unsigned char)s.ptr[len] & 0xC0) == 0x80) {
        len--;
    }
    s.len = len;
    return s;
}

struct strview sv_trim(struct strview s)
{
    while (s.len != 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len != 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool sv_split(struct strview *rest, char sep, struct strview *piece)
{
    if (rest->ptr == NULL) {
        return false;
    }
    size_t at = sv_find_char(*rest, sep);
    if (at == SIZE_MAX) {
        *piece = *rest;
        *rest = SV_NONE;
    } else {
        *piece = sv_make(rest->ptr, at);
        *rest = sv_from_pos(*rest, at + 1);
    }
    return true;
}
