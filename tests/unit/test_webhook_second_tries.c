// SPDX-License-Identifier: Apache-2.0
// When a review that was asked for again is asked for no more.
#include "webhook/second_tries.h"

#include <check.h>
#include <stdio.h>

#include "tests/unit/unit.h"

static struct second_tries tries;

static void setup(void)
{
    tries = SECOND_TRIES;
}

static void teardown(void)
{
}

START_TEST(second_tries__each_second_until_the_deadline_is_near)
{
    const struct strview uid = SV("4b1f");
    for (int64_t s = 0; s < 9; s++) {
        ck_assert(second_tries_allow(&tries, uid, 5000 + s * 1000, 10000));
    }
    ck_assert(!second_tries_allow(&tries, uid, 5000 + 9000, 10000));
    ck_assert(second_tries_allow(&tries, SV("another"), 5000 + 9000, 10000));
}
END_TEST

START_TEST(second_tries__none_where_the_first_try_has_no_time_for_one)
{
    ck_assert(!second_tries_allow(&tries, SV("u"), 0, 1000));
    ck_assert(second_tries_allow(&tries, SV("v"), 0, 2000));
    ck_assert(!second_tries_allow(&tries, SV("v"), 1000, 2000));
}
END_TEST

START_TEST(second_tries__what_is_long_ago_was_another_one)
{
    ck_assert(second_tries_allow(&tries, SV("u"), 0, 10000));
    ck_assert(second_tries_allow(&tries, SV("u"), 40000, 10000));
}
END_TEST

START_TEST(second_tries__many_at_once_are_let_wait_rather_than_refused)
{
    for (int i = 0; i < 10000; i++) {
        char uid[16];
        snprintf(uid, sizeof(uid), "%d", i);
        ck_assert(second_tries_allow(&tries, sv_from(uid), i, 10000));
    }
}
END_TEST

UNIT_MAIN(setup, teardown, second_tries__each_second_until_the_deadline_is_near,
          second_tries__none_where_the_first_try_has_no_time_for_one,
          second_tries__what_is_long_ago_was_another_one,
          second_tries__many_at_once_are_let_wait_rather_than_refused)
