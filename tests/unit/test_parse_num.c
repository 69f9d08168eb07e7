// SPDX-License-Identifier: Apache-2.0
#include "common/base/parse_num.h"

#include "tests/unit/unit.h"

START_TEST(parse_num__unsigned_to_the_bound)
{
    uint64_t v = 7;
    ck_assert(parse_u64(SV("0"), &v) && v == 0);
    ck_assert(parse_u64(SV("007"), &v) && v == 7);
    ck_assert(parse_u64(SV("18446744073709551615"), &v) && v == UINT64_MAX);
    ck_assert(parse_u64(sv_make("123", 2), &v) && v == 12);
}
END_TEST

START_TEST(parse_num__signed_to_the_bounds)
{
    int64_t v = 7;
    ck_assert(parse_i64(SV("9223372036854775807"), &v) && v == INT64_MAX);
    ck_assert(parse_i64(SV("-9223372036854775808"), &v) && v == INT64_MIN);
    ck_assert(parse_i64(SV("+5"), &v) && v == 5);
    ck_assert(parse_i64(SV("-0"), &v) && v == 0);
}
END_TEST

START_TEST(parse_num__what_is_no_integer_is_refused_and_changes_nothing)
{
    static const struct strview bad[] = {
        SV_INIT(""),
        SV_INIT("-"),
        SV_INIT("+"),
        SV_INIT(" 1"),
        SV_INIT("1 "),
        SV_INIT("1a"),
        SV_INIT("0x1"),
        SV_INIT("1.0"),
        SV_INIT("1e3"),
        SV_INIT("--1"),
        SV_INIT("+-1"),
        SV_INIT("1\0"),
        SV_INIT("1_0"),
        SV_INIT("\xb2"),
        SV_INIT("/"),
        SV_INIT(":"),
        SV_INIT("99999999999999999999999"),
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        uint64_t u = 7;
        int64_t s = 7;
        ck_assert(!parse_u64(bad[i], &u) && u == 7);
        ck_assert(!parse_i64(bad[i], &s) && s == 7);
    }
    uint64_t u = 7;
    int64_t s = 7;
    ck_assert(!parse_u64(SV_NONE, &u) && !parse_i64(SV_NONE, &s));
    ck_assert(!parse_u64(SV("18446744073709551616"), &u) && !parse_u64(SV("+1"), &u));
    ck_assert(!parse_i64(SV("9223372036854775808"), &s));
    ck_assert(!parse_i64(SV("-9223372036854775809"), &s));
    ck_assert(u == 7 && s == 7);
}
END_TEST

START_TEST(parse_num__doubles_are_finite_decimals)
{
    double v = 7;
    ck_assert(parse_double(SV("1.5"), &v) && v == 1.5);
    ck_assert(parse_double(SV("-1e3"), &v) && v == -1000);
    ck_assert(parse_double(SV(".5"), &v) && v == 0.5);
    ck_assert(parse_double(SV("1e-400"), &v) && v == 0);
    ck_assert(parse_double(sv_make("1.25", 3), &v) && v == 1.2);
}
END_TEST

START_TEST(parse_num__what_is_no_finite_decimal_is_refused)
{
    static const struct strview bad[] = {
        SV_INIT(""),
        SV_INIT(" 1"),
        SV_INIT("1 "),
        SV_INIT("inf"),
        SV_INIT("nan"),
        SV_INIT("0x10"),
        SV_INIT("1e400"),
        SV_INIT("1e"),
        SV_INIT("."),
        SV_INIT("1.2.3"),
        SV_INIT("1,5"),
        SV_INIT("e5"),
        SV_INIT("--1"),
        SV_INIT("1\0"),
        SV_INIT("0000000000000000000000000000000000000000000000000000000000000001"),
    };
    double v = 7;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(!parse_double(bad[i], &v), "%.*s", SV_ARG(bad[i]));
    }
    ck_assert(!parse_double(SV_NONE, &v) && v == 7);
}
END_TEST

UNIT_MAIN(NULL, NULL, parse_num__unsigned_to_the_bound, parse_num__signed_to_the_bounds,
          parse_num__what_is_no_integer_is_refused_and_changes_nothing,
          parse_num__doubles_are_finite_decimals, parse_num__what_is_no_finite_decimal_is_refused)
