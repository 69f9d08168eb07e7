// SPDX-License-Identifier: Apache-2.0
#include "common/flink/law.h"

#include <check.h>
#include <stdlib.h>

#include "common/flink/cluster.h"
#include "tests/unit/unit.h"

static struct law_result law(int64_t p, int64_t r, int64_t s)
{
    return law_apply(
        (struct law_input){.parallelism = p, .replicas = r, .slots = s, .fallback = 1});
}

START_TEST(law__only_parallelism_gives_replicas_rounded_up)
{
    ck_assert_int_eq(law(8, 0, 2).replicas, 4);
    ck_assert_int_eq(law(7, 0, 2).replicas, 4);
    ck_assert_int_eq(law(1, 0, 1024).replicas, 1);
    ck_assert_int_eq(law(32768, 0, 1).replicas, 32768);
}
END_TEST

START_TEST(law__only_replicas_gives_all_their_slots)
{
    struct law_result r = law(0, 4, 2);
    ck_assert_int_eq(r.parallelism, 8);
    ck_assert_int_eq(r.replicas, 4);
    ck_assert_int_eq(r.idle, 0);
    ck_assert(r.fits);
}
END_TEST

START_TEST(law__neither_takes_the_fallback)
{
    struct law_result r = law_apply((struct law_input){.slots = 3, .fallback = 7});
    ck_assert_int_eq(r.parallelism, 7);
    ck_assert_int_eq(r.replicas, 3);
    ck_assert_int_eq(r.idle, 2);
    r = law_apply((struct law_input){.slots = 1});
    ck_assert_int_eq(r.parallelism, 1);
    ck_assert_int_eq(r.replicas, 1);
}
END_TEST

START_TEST(law__both_given_are_kept_and_compared)
{
    struct law_result r = law(9, 4, 2);
    ck_assert_int_eq(r.parallelism, 9);
    ck_assert_int_eq(r.replicas, 4);
    ck_assert(!r.fits);
    ck_assert_int_eq(r.capacity, 8);
    ck_assert_int_eq(r.needed, 5);
    r = law(8, 6, 2);
    ck_assert(r.fits);
    ck_assert_int_eq(r.idle, 4);
    ck_assert_int_eq(r.needed, 4);
}
END_TEST

START_TEST(law__its_own_result_is_its_fixed_point)
{
    for (int64_t p = 0; p <= 9; p++) {
        for (int64_t r = 0; r <= 9; r++) {
            for (int64_t s = 1; s <= 4; s++) {
                struct law_result once = law(p, r, s);
                struct law_result twice = law(once.parallelism, once.replicas, s);
                ck_assert_int_eq(once.parallelism, twice.parallelism);
                ck_assert_int_eq(once.replicas, twice.replicas);
                ck_assert(once.parallelism >= 1 && once.replicas >= 1);
                ck_assert(once.fits || (p != 0 && r != 0));
            }
        }
    }
}
END_TEST

START_TEST(law__its_bounds_are_the_schemas)
{
    ck_assert_int_eq(field_find(&cluster_spec_type, SV("parallelism"))->max, LAW_PARALLELISM_MAX);
    ck_assert_int_eq(field_find(&task_manager_spec_type, SV("replicas"))->max, LAW_REPLICAS_MAX);
}
END_TEST

UNIT_MAIN(NULL, NULL, law__only_parallelism_gives_replicas_rounded_up,
          law__only_replicas_gives_all_their_slots, law__neither_takes_the_fallback,
          law__both_given_are_kept_and_compared, law__its_own_result_is_its_fixed_point,
          law__its_bounds_are_the_schemas)
