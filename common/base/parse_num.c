// SPDX-License-Identifier: Apache-2.0
#include "common/base/parse_num.h"

#include <math.h>
#include <stdlib.h>

bool parse_u64(struct strview s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.len == 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)digit, &v)) {
            return false;
        }
    }
    *ret = v;
    return true;
}

bool parse_i64(struct strview s, int64_t *ret)
{
    bool negative = s.len != 0 && s.ptr[0] == '-';
    if (s.len != 0 && (negative || s.ptr[0] == '+')) {
        s = sv_from_pos(s, 1);
    }
    uint64_t v;
    if (!parse_u64(s, &v) || v > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    *ret = negative ? (int64_t)(~v + 1) : (int64_t)v;
    return true;
}

static bool is_decimal_char(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

bool parse_double(struct strview s, double *ret)
{
    char text[64];
    if (s.len == 0 || s.len >= sizeof(text)) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        // Keeps out what strtod takes beside decimals: hex, inf, nan, white space.
        if (!is_decimal_char(s.ptr[i])) {
            return false;
        }
        text[i] = s.ptr[i];
    }
    text[s.len] = '\0';
    char *end;
    double v = strtod(text, &end);
    if (end != text + s.len || !isfinite(v)) {
        return false;
    }
    *ret = v;
    return true;
}
