// SPDX-License-Identifier: Apache-2.0
#include "common/flink/amount.h"

#include "common/base/parse_num.h"

#define TEXT_MAX 64

struct strview amount_trim(struct strview s)
{
    while (s.len != 0 && (unsigned char)s.ptr[0] <= ' ') {
        s = sv_from_pos(s, 1);
    }
    while (s.len != 0 && (unsigned char)s.ptr[s.len - 1] <= ' ') {
        s.len--;
    }
    return s;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool amount_parse(struct strview text, const struct amount_unit *units, size_t n, int64_t *number,
                  int64_t *factor)
{
    if (text.len > TEXT_MAX) {
        return false;
    }
    struct strview s = amount_trim(text);
    size_t digits = 0;
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9') {
        digits++;
    }
    uint64_t value;
    if (!parse_u64(sv_sub(s, 0, digits), &value) || value > INT64_MAX) {
        return false;
    }
    struct strview unit = amount_trim(sv_from_pos(s, digits));
    char name[TEXT_MAX];
    for (size_t i = 0; i < unit.len; i++) {
        name[i] = lower(unit.ptr[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if (sv_eq(sv_make(name, unit.len), units[i].name)) {
            *number = (int64_t)value;
            *factor = units[i].factor;
            return true;
        }
    }
    return false;
}
