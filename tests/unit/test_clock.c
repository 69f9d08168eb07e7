// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"

#include "tests/unit/unit.h"

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

UNIT_MAIN(NULL, NULL, clock__wall_time_is_of_this_century,
          clock__sleep_lasts_at_least_as_long_as_asked, clock__nothing_or_less_does_not_sleep)
