// SPDX-License-Identifier: Apache-2.0
#include "common/flink/version.h"

#include <check.h>
#include <stdlib.h>

#include "common/base/macros.h"

static struct flink_version v(int major, int minor)
{
    return (struct flink_version){.major = major, .minor = minor};
}

START_TEST(version__both_forms_are_read)
{
    struct flink_version got;
    ck_assert_int_eq(flink_version_parse(SV("1.20"), &got), FLINK_FORM_PLAIN);
    ck_assert_int_eq(got.major, 1);
    ck_assert_int_eq(got.minor, 20);
    ck_assert_int_eq(flink_version_parse(SV("v2_1"), &got), FLINK_FORM_APACHE);
    ck_assert_int_eq(flink_version_cmp(got, v(2, 1)), 0);
}
END_TEST

static const char *const NO_VERSIONS[] = {"",      "1",     "1.",      ".20",   "1.20.1", "v1.20",
                                          "1_20",  "v1_",   "01.20",   "1.02",  "+1.20",  "1.-2",
                                          " 1.20", "1.20 ", "1.99999", "V1_20", "latest"};

START_TEST(version__anything_else_is_none)
{
    struct flink_version got = v(7, 7);
    ck_assert_int_eq(flink_version_parse(sv_from(NO_VERSIONS[_i]), &got), FLINK_FORM_NONE);
    ck_assert_int_eq(got.major, 7);
}
END_TEST

static const struct {
    const char *tag;
    int major, minor; // 0: no known release
    const char *patch;
} TAGS[] = {
    {"1.20.1-scala_2.12-java17", 1, 20, "1.20.1"},
    {"1.20", 1, 20, NULL},
    {"1.20-java17", 1, 20, NULL},
    {"2.0.0-r42", 2, 0, "2.0.0"},
    {"2.3.0", 2, 3, "2.3.0"},
    {"1.17.2_custom", 1, 17, "1.17.2"},
    {"1.20.1.4", 1, 20, "1.20.1"},
    {"1.20.x", 1, 20, NULL},
    {"1.16.3", 0, 0, NULL},
    {"1.21.0", 0, 0, NULL},
    {"2.4.0", 0, 0, NULL},
    {"3.11-slim", 0, 0, NULL},
    {"latest", 0, 0, NULL},
    {"v1.20.1", 0, 0, NULL},
    {"1.20beta", 0, 0, NULL},
    {"1.20.1a", 0, 0, NULL},
    {"120", 0, 0, NULL},
    {"", 0, 0, NULL},
    {"1.", 0, 0, NULL},
    {"20261122.1", 0, 0, NULL},
};

START_TEST(version__a_tag_counts_only_when_it_begins_with_a_known_release)
{
    struct flink_version got = v(0, 0);
    struct strview patch = SV_NONE;
    bool found = flink_version_from_tag(sv_from(TAGS[_i].tag), &got, &patch);
    ck_assert_int_eq(found, TAGS[_i].major != 0);
    ck_assert_int_eq(flink_version_cmp(got, v(TAGS[_i].major, TAGS[_i].minor)), 0);
    ck_assert(sv_eq(patch, sv_from(TAGS[_i].patch)));
    ck_assert_int_eq(sv_present(patch), TAGS[_i].patch != NULL);
}
END_TEST

START_TEST(version__standing_tells_known_older_newer_and_never_released)
{
    ck_assert_int_eq(flink_version_standing(v(1, 17)), FLINK_KNOWN);
    ck_assert_int_eq(flink_version_standing(v(2, 3)), FLINK_KNOWN);
    ck_assert_int_eq(flink_version_standing(v(1, 16)), FLINK_OLDER);
    ck_assert_int_eq(flink_version_standing(v(0, 99)), FLINK_OLDER);
    ck_assert_int_eq(flink_version_standing(v(2, 4)), FLINK_NEWER);
    ck_assert_int_eq(flink_version_standing(v(3, 0)), FLINK_NEWER);
    ck_assert_int_eq(flink_version_standing(v(1, 21)), FLINK_NO_SUCH);
}
END_TEST

START_TEST(version__tables_of_the_nearest_release_hold)
{
    ck_assert_int_eq(flink_version_release(v(1, 19)), FLINK_1_19);
    ck_assert_int_eq(flink_version_release(v(9, 0)), FLINK_2_3);
    ck_assert_int_eq(flink_version_release(v(1, 25)), FLINK_1_20);
    ck_assert_int_eq(flink_version_release(v(1, 2)), FLINK_1_17);
}
END_TEST

START_TEST(version__order_is_by_number_not_by_text)
{
    ck_assert_int_lt(flink_version_cmp(v(1, 9), v(1, 20)), 0);
    ck_assert_int_gt(flink_version_cmp(v(2, 0), v(1, 20)), 0);
    ck_assert(flink_version_at_least(v(2, 0), 1, 19));
    ck_assert(!flink_version_at_least(v(1, 18), 1, 19));
    ck_assert_int_eq(flink_version_cmp(flink_version_newest(), v(2, 3)), 0);
    ck_assert_int_eq(flink_version_cmp(flink_version_oldest(), v(1, 17)), 0);
}
END_TEST

START_TEST(version__text_reads_back)
{
    CLEANUP(arena_done) struct arena a = ARENA(1024);
    ck_assert(sv_eq_lit(flink_version_text(&a, v(1, 20)), "1.20"));
}
END_TEST

/// Policies take it for what it means.
START_TEST(version__the_plain_form_has_one_text)
{
    static const char *const TEXTS[] = {"1.20", "2.0",   "0.0",  "9999.9999", "01.20", "1.020",
                                        "+1.2", "1.2 ",  " 1.2", "1.20\n",    "1.",    ".2",
                                        "1.2.", "1.2.3", "1,20", "1.2e1",     "-1.2",  "1._2"};
    CLEANUP(arena_done) struct arena a = ARENA(4096);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        struct flink_version version;
        if (flink_version_parse(sv_from(TEXTS[i]), &version) == FLINK_FORM_PLAIN) {
            ck_assert(sv_eq_lit(flink_version_text(&a, version), TEXTS[i]));
        } else {
            ck_assert_uint_gt(i, 3);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flink_version");
    TCase *t = tcase_create("version");
    tcase_add_test(t, version__both_forms_are_read);
    tcase_add_test(t, version__the_plain_form_has_one_text);
    tcase_add_loop_test(t, version__anything_else_is_none, 0, ARRAY_LEN(NO_VERSIONS));
    tcase_add_loop_test(t, version__a_tag_counts_only_when_it_begins_with_a_known_release, 0,
                        ARRAY_LEN(TAGS));
    tcase_add_test(t, version__standing_tells_known_older_newer_and_never_released);
    tcase_add_test(t, version__tables_of_the_nearest_release_hold);
    tcase_add_test(t, version__order_is_by_number_not_by_text);
    tcase_add_test(t, version__text_reads_back);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
