// SPDX-License-Identifier: Apache-2.0
#include "common/base/strview.h"

#include <stdint.h>
#include <string.h>

#include "tests/unit/unit.h"

START_TEST(strview__absent_is_not_empty_but_equals_it)
{
    ck_assert(!sv_present(SV_NONE) && sv_present(SV("")));
    ck_assert(!sv_present(sv_from(NULL)) && sv_present(sv_from("")));
    ck_assert(sv_eq(SV_NONE, SV("")) && sv_eq(SV_NONE, SV_NONE));
    ck_assert_int_eq(sv_cmp(SV_NONE, SV("")), 0);
}
END_TEST

START_TEST(strview__bytes_are_compared_whole)
{
    ck_assert(sv_eq(SV("a\0b"), SV("a\0b")) && !sv_eq(SV("a\0b"), SV("a\0c")));
    ck_assert(!sv_eq(SV("a"), SV("ab")) && !sv_eq(SV("A"), SV("a")));
    ck_assert(sv_eq_lit(sv_make("abc", 2), "ab"));
}
END_TEST

START_TEST(strview__any_one_byte_tells_two_apart)
{
    char a[40], b[40];
    for (size_t n = 0; n <= sizeof(a); n++) {
        memset(a, 'x', sizeof(a));
        memset(b, 'x', sizeof(b));
        ck_assert(sv_eq(sv_make(a, n), sv_make(b, n)));
        for (size_t i = 0; i < sizeof(a); i++) {
            b[i] = 'y';
            ck_assert_msg(sv_eq(sv_make(a, n), sv_make(b, n)) == (i >= n), "%zu of %zu", i, n);
            b[i] = 'x';
        }
    }
}
END_TEST

START_TEST(strview__order_is_that_of_bytes)
{
    ck_assert_int_lt(sv_cmp(SV("a"), SV("b")), 0);
    ck_assert_int_gt(sv_cmp(SV("b"), SV("a")), 0);
    ck_assert_int_lt(sv_cmp(SV("a"), SV("ab")), 0);
    ck_assert_int_gt(sv_cmp(SV("ab"), SV("a")), 0);
    ck_assert_int_gt(sv_cmp(SV("\xff"), SV("a")), 0);
    ck_assert_int_lt(sv_cmp(SV_NONE, SV("a")), 0);
    ck_assert_int_eq(sv_cmp(SV("ab"), SV("ab")), 0);
}
END_TEST

START_TEST(strview__beginnings_and_ends_are_found)
{
    ck_assert(sv_starts(SV("abc"), SV("ab")) && sv_starts(SV("abc"), SV("")));
    ck_assert(!sv_starts(SV("abc"), SV("abcd")) && !sv_starts(SV("abc"), SV("b")));
    ck_assert(sv_ends(SV("abc"), SV("bc")) && sv_ends(SV("abc"), SV("")));
    ck_assert(!sv_ends(SV("abc"), SV("xabc")) && !sv_ends(SV("abc"), SV("b")));
    ck_assert(sv_starts(SV_NONE, SV("")) && sv_ends(SV_NONE, SV("")));
    ck_assert(!sv_starts(SV_NONE, SV("a")) && !sv_ends(SV_NONE, SV("a")));
}
END_TEST

START_TEST(strview__positions_are_found_or_told_absent)
{
    ck_assert_uint_eq(sv_find_char(SV("a/b/c"), '/'), 1);
    ck_assert_uint_eq(sv_find_last_char(SV("a/b/c"), '/'), 3);
    ck_assert_uint_eq(sv_find_char(SV("abc"), '/'), SIZE_MAX);
    ck_assert_uint_eq(sv_find_last_char(SV_NONE, '/'), SIZE_MAX);
    ck_assert_uint_eq(sv_find_char(SV_NONE, '/'), SIZE_MAX);
    ck_assert_uint_eq(sv_find(SV("abcabc"), SV("ca")), 2);
    ck_assert_uint_eq(sv_find(SV("abc"), SV("")), 0);
    ck_assert_uint_eq(sv_find(SV("abc"), SV("abcd")), SIZE_MAX);
    ck_assert_uint_eq(sv_find(SV_NONE, SV("a")), SIZE_MAX);
}
END_TEST

START_TEST(strview__parts_are_clamped)
{
    ck_assert(sv_eq(sv_from_pos(SV("abc"), 1), SV("bc")));
    ck_assert(sv_eq(sv_from_pos(SV("abc"), 9), SV("")));
    ck_assert(sv_eq(sv_sub(SV("abc"), 1, 1), SV("b")));
    ck_assert(sv_eq(sv_sub(SV("abc"), 1, SIZE_MAX), SV("bc")));
    ck_assert(!sv_present(sv_from_pos(SV_NONE, 3)) && !sv_present(sv_sub(SV_NONE, 1, 1)));
}
END_TEST

START_TEST(strview__a_cut_leaves_no_half_character)
{
    struct strview s = SV("a\xc3\xa4\xe2\x82\xac");
    ck_assert_uint_eq(sv_cut(s, 99).len, 6);
    ck_assert_uint_eq(sv_cut(s, 6).len, 6);
    ck_assert_uint_eq(sv_cut(s, 5).len, 3);
    ck_assert_uint_eq(sv_cut(s, 4).len, 3);
    ck_assert_uint_eq(sv_cut(s, 3).len, 3);
    ck_assert_uint_eq(sv_cut(s, 2).len, 1);
    ck_assert_uint_eq(sv_cut(s, 0).len, 0);
    ck_assert_uint_eq(sv_cut(SV("\x80\x80\x80"), 2).len, 0);
    ck_assert(!sv_present(sv_cut(SV_NONE, 3)));
}
END_TEST

START_TEST(strview__ascii_space_is_trimmed)
{
    ck_assert(sv_eq(sv_trim(SV(" \t\r\n\v\fa b ")), SV("a b")));
    ck_assert(sv_eq(sv_trim(SV(" \n ")), SV("")));
    ck_assert(sv_eq(sv_trim(SV("\xc2\xa0")), SV("\xc2\xa0")));
    ck_assert(!sv_present(sv_trim(SV_NONE)));
}
END_TEST

START_TEST(strview__a_split_gives_every_piece)
{
    static const struct {
        const char *text;
        const char *pieces[4];
        size_t n;
    } rows[] = {
        {"a,,b", {"a", "", "b"}, 3}, {"", {""}, 1},        {",", {"", ""}, 2},
        {"abc", {"abc"}, 1},         {"a,", {"a", ""}, 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strview rest = sv_from(rows[i].text), piece;
        size_t n = 0;
        while (sv_split(&rest, ',', &piece)) {
            ck_assert_uint_lt(n, rows[i].n);
            ck_assert(sv_eq_lit(piece, rows[i].pieces[n++]));
        }
        ck_assert_uint_eq(n, rows[i].n);
    }
    struct strview none = SV_NONE, piece;
    ck_assert(!sv_split(&none, ',', &piece));
}
END_TEST

UNIT_MAIN(NULL, NULL, strview__absent_is_not_empty_but_equals_it, strview__bytes_are_compared_whole,
          strview__any_one_byte_tells_two_apart, strview__order_is_that_of_bytes,
          strview__beginnings_and_ends_are_found, strview__positions_are_found_or_told_absent,
          strview__parts_are_clamped, strview__a_cut_leaves_no_half_character,
          strview__ascii_space_is_trimmed, strview__a_split_gives_every_piece)
