// SPDX-License-Identifier: Apache-2.0
#include "common/base/strbuf.h"

#include "common/base/mem.h"
#include "tests/unit/unit.h"

static struct strbuf b;

static void setup(void)
{
    b = STRBUF(1000);
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    strbuf_done(&b);
}

START_TEST(strbuf__is_empty_before_the_first_write)
{
    ck_assert(strbuf_ok(&b) && sv_present(strbuf_view(&b)));
    ck_assert_uint_eq(strbuf_view(&b).len, 0);
    strbuf_truncate(&b, 0);
    strbuf_truncate(&b, 5);
    strbuf_reset(&b);
    ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(strbuf__what_is_written_stands_there)
{
    strbuf_put(&b, SV("a\0b"));
    strbuf_put(&b, SV_NONE);
    strbuf_put_char(&b, '-');
    strbuf_put_str(&b, "str");
    strbuf_put_str(&b, NULL);
    strbuf_printf(&b, "[%d %s]", 7, "x");
    ck_assert(sv_eq(strbuf_view(&b), SV("a\0b-str[7 x]")));
    ck_assert_int_eq(b.ptr[b.len], '\0');
}
END_TEST

START_TEST(strbuf__numbers_are_whole_to_their_bounds)
{
    strbuf_put_u64(&b, 0);
    strbuf_put_char(&b, ' ');
    strbuf_put_u64(&b, UINT64_MAX);
    strbuf_put_char(&b, ' ');
    strbuf_put_i64(&b, INT64_MIN);
    strbuf_put_char(&b, ' ');
    strbuf_put_i64(&b, INT64_MAX);
    strbuf_put_char(&b, ' ');
    strbuf_put_i64(&b, -1);
    ck_assert_str_eq(b.ptr, "0 18446744073709551615 -9223372036854775808 9223372036854775807 -1");
}
END_TEST

START_TEST(strbuf__grows_to_its_limit_and_no_further)
{
    for (size_t i = 0; i < 1000; i++) {
        strbuf_put_char(&b, 'x');
    }
    ck_assert(strbuf_ok(&b));
    ck_assert_uint_eq(b.len, 1000);
    ck_assert_uint_le(b.cap, 1001);
    strbuf_put_char(&b, 'x');
    ck_assert(!strbuf_ok(&b) && !b.no_memory);
    ck_assert_uint_eq(b.len, 1000);
}
END_TEST

START_TEST(strbuf__a_failure_sticks_until_the_reset)
{
    strbuf_put(&b, SV("kept"));
    ck_assert_ptr_null(strbuf_reserve(&b, 997));
    strbuf_put(&b, SV("lost"));
    strbuf_printf(&b, "lost");
    strbuf_put_u64(&b, 1);
    ck_assert(!strbuf_ok(&b));
    ck_assert_str_eq(b.ptr, "kept");
    strbuf_reset(&b);
    strbuf_put(&b, SV("new"));
    ck_assert(strbuf_ok(&b));
    ck_assert_str_eq(b.ptr, "new");
}
END_TEST

START_TEST(strbuf__a_size_that_wraps_is_an_overflow)
{
    strbuf_put(&b, SV("a"));
    ck_assert_ptr_null(strbuf_reserve(&b, SIZE_MAX));
    ck_assert(!strbuf_ok(&b));
}
END_TEST

START_TEST(strbuf__a_failed_allocation_is_told_from_the_limit)
{
    (void)mem_fail_after(1);
    strbuf_put(&b, SV("a"));
    (void)mem_fail_after(0);
    ck_assert(!strbuf_ok(&b) && b.no_memory);
    strbuf_reset(&b);
    strbuf_put(&b, SV("a"));
    ck_assert(strbuf_ok(&b) && !b.no_memory);
}
END_TEST

START_TEST(strbuf__a_reader_may_fill_what_it_reserved)
{
    char *to = strbuf_reserve(&b, 1000);
    ck_assert_ptr_nonnull(to);
    memset(to, 'r', 1000);
    b.len += 3;
    strbuf_truncate(&b, 2);
    ck_assert_str_eq(b.ptr, "rr");
}
END_TEST

UNIT_MAIN(setup, teardown, strbuf__is_empty_before_the_first_write,
          strbuf__what_is_written_stands_there, strbuf__numbers_are_whole_to_their_bounds,
          strbuf__grows_to_its_limit_and_no_further, strbuf__a_failure_sticks_until_the_reset,
          strbuf__a_size_that_wraps_is_an_overflow,
          strbuf__a_failed_allocation_is_told_from_the_limit,
          strbuf__a_reader_may_fill_what_it_reserved)
