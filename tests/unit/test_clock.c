// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"

#include <check.h>
#include <stdlib.h>

START_TEST(clock__wall_time_is_of_this_century)
{
    ck_assert_int_gt(clock_wall_ms(), INT64_C(1600000000000));
    ck_assert_int_lt(clock_wall_ms(), INT64_C(4100000000000));
}
END_TEST

START_TEST(clock__sleep_lasts_at_least_as_long_as_asked)
{
    int64_t mono = clock_mono_ms();
    int64_t boot = clock_boot_ms();
    clock_sleep_ms(20);
    ck_assert_int_ge(clock_mono_ms() - mono, 19);
    ck_assert_int_ge(clock_boot_ms() - boot, 19);
}
END_TEST

START_TEST(clock__nothing_or_less_does_not_sleep)
{
    int64_t mono = clock_mono_ms();
    clock_sleep_ms(0);
    clock_sleep_ms(-5000);
    ck_assert_int_lt(clock_mono_ms() - mono, 1000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clock");
    TCase *t = tcase_create("clock");
    tcase_add_test(t, clock__wall_time_is_of_this_century);
    tcase_add_test(t, clock__sleep_lasts_at_least_as_long_as_asked);
    tcase_add_test(t, clock__nothing_or_less_does_not_sleep);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
