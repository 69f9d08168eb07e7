// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/names.h"

#include <stdint.h>

#include "tests/unit/unit.h"

static char text[300];

/// N times C.
static struct strview times(char c, size_t n)
{
    memset(text, c, n);
    return sv_make(text, n);
}

static const struct {
    enum name_kind kind;
    const char *good, *bad; // separated by spaces
} ROWS[] = {
    {NAME_DNS1123_LABEL, "a a-b 1 1a a1 0", "A -a a- a.b a_b a/b é"},
    {NAME_DNS1123_SUBDOMAIN, "a a.b 1.2 a-b.c a--b", ". .a a. a..b A.b -a.b a-.b a.-b a_b"},
    {NAME_DNS1035_LABEL, "a a-b a1", "1 1a A -a a- a.b"},
    {NAME_LABEL_KEY, "a A a.b a_b a-b x.y/a x.y/A_b 1", "/a a/ a/b/c A.b/c -a a- _a a_ x..y/a"},
    {NAME_ANNOTATION_KEY, "a A.b/c x.y/A_b", "/a a/ a/b/c -a X..y/a x_y/a"},
    {NAME_LABEL_VALUE, "a A 1 a.b a_b-c", "-a a- .a a. a/b a:b é"},
    {NAME_ENV_VAR, "A 1A a:b a/b a-b ..", "= A=B é"},
    {NAME_ENV_VAR_STRICT, "A _A .a -a a.b-c", "1A A=B a:b .. ..a ."},
    {NAME_PORT, "a http a-b 1a", "1 12 A -a a- a--b a_b"},
    {NAME_CONFIG_MAP_KEY, "a .a A_b-c 1 a..b", ". .. ..a a/b a:b é"},
};

START_TEST(names__each_grammar_takes_the_good_and_refuses_the_bad)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct strview good = sv_from(ROWS[i].good);
        struct strview bad = sv_from(ROWS[i].bad);
        struct strview s;
        while (sv_split(&good, ' ', &s)) {
            ck_assert_msg(name_ok(ROWS[i].kind, s), "kind %zu refuses %.*s", i, SV_ARG(s));
        }
        while (sv_split(&bad, ' ', &s)) {
            ck_assert_msg(!name_ok(ROWS[i].kind, s), "kind %zu takes %.*s", i, SV_ARG(s));
        }
    }
}
END_TEST

START_TEST(names__lengths_end_where_the_api_server_ends_them)
{
    static const struct {
        enum name_kind kind;
        size_t max;
    } limits[] = {{NAME_DNS1123_LABEL, 63},  {NAME_DNS1123_SUBDOMAIN, 253},
                  {NAME_DNS1035_LABEL, 63},  {NAME_LABEL_KEY, 63},
                  {NAME_LABEL_VALUE, 63},    {NAME_PORT, 15},
                  {NAME_CONFIG_MAP_KEY, 253}};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        ck_assert(name_ok(limits[i].kind, times('a', limits[i].max)));
        ck_assert(!name_ok(limits[i].kind, times('a', limits[i].max + 1)));
    }
}
END_TEST

START_TEST(names__only_a_label_value_may_be_empty)
{
    for (int kind = 0; kind < NAME_KIND_COUNT; kind++) {
        ck_assert_int_eq(name_ok((enum name_kind)kind, SV("")), kind == NAME_LABEL_VALUE);
        ck_assert_int_eq(name_ok((enum name_kind)kind, SV_NONE), kind == NAME_LABEL_VALUE);
    }
}
END_TEST

START_TEST(names__a_zero_byte_is_in_no_name)
{
    for (int kind = 0; kind < NAME_KIND_COUNT; kind++) {
        ck_assert(!name_ok((enum name_kind)kind, SV("a\0b")));
    }
}
END_TEST

START_TEST(names__faults_are_told_in_the_api_servers_words_and_order)
{
    const char *faults[NAME_FAULTS_MAX];
    ck_assert_uint_eq(name_faults(NAME_DNS1123_LABEL, SV("a.b"), faults), 1);
    ck_assert_str_eq(faults[0], "must not contain dots");
    ck_assert_uint_eq(name_faults(NAME_DNS1123_LABEL, times('A', 64), faults), 2);
    ck_assert_str_eq(faults[0], "must be no more than 63 characters");
    ck_assert_str_eq(
        faults[1], "a lowercase RFC 1123 label must consist of lower case alphanumeric characters "
                   "or '-', and must start and end with an alphanumeric character (e.g. "
                   "'my-name',  or '123-abc', regex used for validation is "
                   "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
    ck_assert_uint_eq(name_faults(NAME_LABEL_KEY, SV("/"), faults), 3);
    ck_assert_str_eq(faults[0], "prefix part must be non-empty");
    ck_assert_str_eq(faults[1], "name part must be non-empty");
    ck_assert_uint_eq(name_faults(NAME_PORT, SV("-_--_____________"), faults), 5);
    ck_assert_ptr_null(name_fault(NAME_LABEL_KEY, SV("app.kubernetes.io/name")));
}
END_TEST

UNIT_MAIN(NULL, NULL, names__each_grammar_takes_the_good_and_refuses_the_bad,
          names__lengths_end_where_the_api_server_ends_them, names__only_a_label_value_may_be_empty,
          names__a_zero_byte_is_in_no_name,
          names__faults_are_told_in_the_api_servers_words_and_order)
