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

static bool is_unit(struct strview text, const char *name)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        char lower = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        if (name[i] == '\0' || lower != name[i]) {
            return false;
        }
    }
    return name[text.len] == '\0';
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
    for (size_t i = 0; i < n; i++) {
        if (is_unit(unit, units[i].name)) {
            *number = (int64_t)value;
            *factor = units[i].factor;
            return true;
        }
    }
    return false;
}
