// SPDX-License-Identifier: Apache-2.0
#include "common/base/err.h"

#include <string.h>

#include "tests/unit/unit.h"

START_TEST(err__is_set_whole_and_gives_minus_one)
{
    struct err e = {.code = E_IO, .detail = 7, .retry_after_ms = 9, .msg = "old"};
    ck_assert_int_eq(err_set(&e, E_CONFLICT, "object %s is %d", "a", 3), -1);
    ck_assert_int_eq(e.code, E_CONFLICT);
    ck_assert_int_eq(e.detail, 0);
    ck_assert_uint_eq(e.retry_after_ms, 0);
    ck_assert_str_eq(e.msg, "object a is 3");
}
END_TEST

START_TEST(err__wrap_puts_the_context_before_and_keeps_the_rest)
{
    struct err e;
    (void)err_set(&e, E_TRANSPORT, "refused");
    e.detail = 111;
    ck_assert_int_eq(err_wrap(&e, "reading lease %s", "x"), -1);
    ck_assert_str_eq(e.msg, "reading lease x: refused");
    ck_assert_int_eq(err_wrap(&e, "at start"), -1);
    ck_assert_str_eq(e.msg, "at start: reading lease x: refused");
    ck_assert_int_eq(e.code, E_TRANSPORT);
    ck_assert_int_eq(e.detail, 111);
}
END_TEST

START_TEST(err__long_messages_are_cut_never_overrun)
{
    char text[400];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct err e;
    (void)err_set(&e, E_BUG, "%s", text);
    ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
    (void)err_wrap(&e, "%s", "context");
    ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
    ck_assert(strncmp(e.msg, "context: xxx", 12) == 0);
    (void)err_wrap(&e, "%s", text);
    ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
}
END_TEST

START_TEST(err__null_is_for_who_does_not_care)
{
    ck_assert_int_eq(err_set(NULL, E_BUG, "x"), -1);
    ck_assert_int_eq(err_wrap(NULL, "x"), -1);
}
END_TEST

START_TEST(err__each_code_has_a_name)
{
    for (int i = 0; i < E_COUNT; i++) {
        ck_assert_uint_gt(strlen(err_name((enum errc)i)), 0);
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(err_name((enum errc)i), err_name((enum errc)j));
        }
    }
    ck_assert_str_eq(err_name(E_COUNT), "unknown error");
    ck_assert(!err_retryable(E_COUNT));
}
END_TEST

START_TEST(err__what_may_pass_by_itself_is_retried)
{
    static const enum errc retried[] = {E_NOMEM, E_CONFLICT, E_THROTTLED, E_TIMEOUT, E_TRANSPORT};
    size_t n = 0;
    for (int i = 0; i < E_COUNT; i++) {
        n += err_retryable((enum errc)i);
    }
    ck_assert_uint_eq(n, ARRAY_LEN(retried));
    for (size_t i = 0; i < ARRAY_LEN(retried); i++) {
        ck_assert(err_retryable(retried[i]));
    }
}
END_TEST

UNIT_MAIN(NULL, NULL, err__is_set_whole_and_gives_minus_one,
          err__wrap_puts_the_context_before_and_keeps_the_rest,
          err__long_messages_are_cut_never_overrun, err__null_is_for_who_does_not_care,
          err__each_code_has_a_name, err__what_may_pass_by_itself_is_retried)
