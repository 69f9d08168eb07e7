// SPDX-License-Identifier: Apache-2.0
#include "common/base/options_duration.h"

#include "common/base/macros.h"
#include "common/base/parse_num.h"

static const struct {
    const char *name;
    int64_t ms;
} UNITS[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

bool options_parse_duration(struct strview s, int64_t *ret_ms)
{
    size_t next_unit = 0; // each unit once, the larger first
    int64_t total = 0;
    if (sv_eq_lit(s, "0")) {
        *ret_ms = 0;
        return true;
    }
    while (s.len > 0) {
        size_t digits = 0;
        while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9') {
            digits++;
        }
        size_t end = digits;
        while (end < s.len && s.ptr[end] >= 'a' && s.ptr[end] <= 'z') {
            end++;
        }
        struct strview unit = sv_sub(s, digits, end - digits);
        while (next_unit < ARRAY_LEN(UNITS) && !sv_eq_lit(unit, UNITS[next_unit].name)) {
            next_unit++;
        }
        int64_t n;
        if (next_unit == ARRAY_LEN(UNITS) || !parse_i64(sv_sub(s, 0, digits), &n) ||
            __builtin_mul_overflow(n, UNITS[next_unit].ms, &n) ||
            __builtin_add_overflow(total, n, &total)) {
            return false;
        }
        next_unit++;
        s = sv_from_pos(s, end);
        if (s.len == 0) {
            *ret_ms = total;
            return true;
        }
    }
    return false;
}

void options_write_duration(int64_t ms, struct strbuf *out)
{
    if (ms == 0) {
        strbuf_put_char(out, '0');
    }
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        if (ms >= UNITS[i].ms) {
            strbuf_put_i64(out, ms / UNITS[i].ms);
            strbuf_put_str(out, UNITS[i].name);
            ms %= UNITS[i].ms;
        }
    }
}
