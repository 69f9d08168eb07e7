// SPDX-License-Identifier: Apache-2.0
#include "common/base/edit_distance.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

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

int main(void)
{
    Suite *s = suite_create("edit_distance");
    TCase *t = tcase_create("edit_distance");
    tcase_add_test(t, edit_distance__counts_insertions_deletions_and_changes);
    tcase_add_test(t, edit_distance__names_that_are_too_long_are_infinitely_far);
    tcase_add_test(t, edit_distance__short_names_must_be_nearer);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
