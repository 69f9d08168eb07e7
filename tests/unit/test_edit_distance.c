// SPDX-License-Identifier: Apache-2.0
#include "common/base/edit_distance.h"

#include <stdint.h>

#include "tests/unit/unit.h"

START_TEST(edit_distance__counts_insertions_deletions_and_changes)
{
    ck_assert_uint_eq(edit_distance(SV("listen"), SV("listen")), 0);
    ck_assert_uint_eq(edit_distance(SV("lisen"), SV("listen")), 1);
    ck_assert_uint_eq(edit_distance(SV("kitten"), SV("sitting")), 3);
    ck_assert_uint_eq(edit_distance(SV(""), SV("abc")), 3);
    ck_assert_uint_eq(edit_distance(SV("abc"), SV("")), 3);
}
END_TEST

START_TEST(edit_distance__names_that_are_too_long_are_infinitely_far)
{
    char name[EDIT_DISTANCE_MAX_LEN + 1];
    memset(name, 'a', sizeof(name));
    ck_assert_uint_eq(edit_distance(sv_make(name, sizeof(name)), SV("a")), SIZE_MAX);
    ck_assert_uint_eq(edit_distance(SV("a"), sv_make(name, sizeof(name))), SIZE_MAX);
    ck_assert_uint_eq(edit_distance(sv_make(name, sizeof(name) - 1), SV("a")), sizeof(name) - 2);
}
END_TEST

START_TEST(edit_distance__short_names_must_be_nearer)
{
    ck_assert_uint_eq(edit_distance_worth(2), 1);
    ck_assert_uint_eq(edit_distance_worth(5), 2);
    ck_assert_uint_eq(edit_distance_worth(20), 3);
}
END_TEST

UNIT_MAIN(NULL, NULL, edit_distance__counts_insertions_deletions_and_changes,
          edit_distance__names_that_are_too_long_are_infinitely_far,
          edit_distance__short_names_must_be_nearer)
