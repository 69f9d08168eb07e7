// SPDX-License-Identifier: Apache-2.0
// Whether Flink can read a value: org.apache.flink.configuration.ConfigurationUtils.convertValue.
#include "common/flink/options.h"

#include <stdint.h>

#include "common/base/parse_num.h"
#include "common/flink/amount.h"
#include "common/flink/duration.h"
#include "common/flink/memory_size.h"
#include "common/flink/option_rows.h"

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool eq_nocase(struct strview a, struct strview b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        // Some enums print themselves with dashes (`process-time`) where the table has their names.
        char x = a.ptr[i] == '-' ? '_' : lower(a.ptr[i]);
        char y = b.ptr[i] == '-' ? '_' : lower(b.ptr[i]);
        if (x != y) {
            return false;
        }
    }
    return true;
}

static bool is_boolean(struct strview s)
{
    return eq_nocase(s, SV("true")) || eq_nocase(s, SV("false"));
}

static bool is_integer(struct strview s)
{
    int64_t v;
    return parse_i64(s, &v) && v >= INT32_MIN && v <= INT32_MAX;
}

/// Java's parseDouble: also NaN, Infinity and a suffix f or d; white space around is skipped.
static bool is_floating(struct strview s)
{
    double v;
    s = amount_trim(s);
    struct strview word = s;
    if (word.len != 0 && (word.ptr[0] == '+' || word.ptr[0] == '-')) {
        word = sv_from_pos(word, 1);
    }
    if (sv_eq(word, SV("NaN")) || sv_eq(word, SV("Infinity"))) {
        return true;
    }
    char last = s.len != 0 ? lower(s.ptr[s.len - 1]) : '\0';
    if (last == 'f' || last == 'd') {
        s.len--;
    }
    return parse_double(s, &v);
}

static bool is_one_of(const struct flink_option *o, struct flink_version version, struct strview s)
{
    for (size_t i = 0; i < o->value_count; i++) {
        struct strview value;
        if (flink_option_value(o, i, version, &value) && eq_nocase(s, value)) {
            return true;
        }
    }
    // Without a list of values nothing can be said.
    return o->value_count == 0;
}

/// `A;B`, and from 2.0 on also a YAML list.
static bool is_enum_list(const struct flink_option *o, struct flink_version version,
                         struct strview s)
{
    if (version.major >= 2 && sv_starts(s, SV("["))) {
        return true;
    }
    struct strview item;
    while (sv_split(&s, ';', &item)) {
        item = amount_trim(item);
        if (item.len != 0 && !is_one_of(o, version, item)) {
            return false;
        }
    }
    return true;
}

/// `key:value,key:value`, and from 2.0 on also a YAML map. Quoted pieces are left to Flink.
static bool is_map(struct flink_version version, struct strview s)
{
    if (version.major >= 2 || sv_find_char(s, '\'') != SIZE_MAX ||
        sv_find_char(s, '"') != SIZE_MAX) {
        return true;
    }
    struct strview item;
    while (sv_split(&s, ',', &item)) {
        size_t colon = sv_find_char(item, ':');
        if (item.len != 0 && (colon == SIZE_MAX || sv_find_last_char(item, ':') != colon)) {
            return false;
        }
    }
    return true;
}

static void put_values(struct strbuf *want, const char *lead, const struct flink_option *o,
                       struct flink_version version)
{
    strbuf_put_str(want, lead);
    const char *sep = "";
    for (size_t i = 0; i < o->value_count; i++) {
        struct strview value;
        if (flink_option_value(o, i, version, &value)) {
            strbuf_put_str(want, sep);
            strbuf_put(want, value);
            sep = ", ";
        }
    }
}

static void put_want(struct strbuf *want, enum flink_option_type type, const struct flink_option *o,
                     struct flink_version version)
{
    static const char *const TEXTS[FLINK_TYPE_COUNT] = {
        [FLINK_STRING] = "a text",
        [FLINK_BOOLEAN] = "true or false",
        [FLINK_INTEGER] = "a whole number from -2147483648 to 2147483647",
        [FLINK_LONG] = "a whole number",
        [FLINK_FLOAT] = "a number",
        [FLINK_DOUBLE] = "a number",
        [FLINK_DURATION] = "a duration, such as 30s or 10 min",
        [FLINK_MEMORY_SIZE] = "a memory size, such as 512m or 2g (binary multiples, no Mi or Gi)",
        [FLINK_ENUM] = "one of ",
        [FLINK_LIST_STRING] = "texts joined by ;",
        [FLINK_LIST_ENUM] = "joined by ; out of ",
        [FLINK_LIST_MAP] = "maps joined by ;",
        [FLINK_MAP] = "pairs as in key:value,key:value",
    };
    if (want != NULL) {
        put_values(want, TEXTS[type], o, version);
    }
}

static bool reads(enum flink_option_type type, const struct flink_option *o,
                  struct flink_version version, struct strview value)
{
    int64_t number;
    switch (type) {
    case FLINK_BOOLEAN:
        return is_boolean(value);
    case FLINK_INTEGER:
        return is_integer(value);
    case FLINK_LONG:
        return parse_i64(value, &number);
    case FLINK_FLOAT:
    case FLINK_DOUBLE:
        return is_floating(value);
    case FLINK_DURATION:
        return flink_duration_parse(value, &number);
    case FLINK_MEMORY_SIZE:
        return flink_memory_size_parse(value, &number);
    case FLINK_ENUM:
        return is_one_of(o, version, value);
    case FLINK_LIST_ENUM:
        return is_enum_list(o, version, value);
    case FLINK_MAP:
        return is_map(version, value);
    case FLINK_STRING:
    case FLINK_LIST_STRING:
    case FLINK_LIST_MAP:
    case FLINK_TYPE_COUNT:
        break;
    }
    return true;
}

bool flink_option_check(const struct flink_option *o, struct strview sub,
                        struct flink_version version, struct strview value, struct strbuf *want)
{
    enum flink_option_type type = flink_option_type(o, version);
    if (sv_present(sub) || reads(type, o, version, value)) {
        return true;
    }
    put_want(want, type, o, version);
    return false;
}
