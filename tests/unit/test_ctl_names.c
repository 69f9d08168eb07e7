// SPDX-License-Identifier: Apache-2.0
#include "controller/names.h"

#include "common/k8s/names.h"
#include "ctl_world.h"
#include "unit.h"

#define LONGEST "a234567890123456789012345678901234567890"

static struct arena a;

static void start(void)
{
    a = ARENA(64 << 20);
}

static void done(void)
{
    arena_done(&a);
}

START_TEST(names__a_pod_s_name_reads_back)
{
    const struct pod_name name = {
        .role = POD_TASK_MANAGER, .revision = SV("0123abcd"), .index = 17, .attempt = 3};
    struct strview text = pod_name_make(&a, SV("fraud"), &name);
    ck_assert(sv_eq_lit(text, "fraud-tm-0123abcd-17-3"));
    struct pod_name back;
    ck_assert(pod_name_parse(SV("fraud"), text, &back));
    ck_assert_int_eq(back.role, POD_TASK_MANAGER);
    ck_assert(sv_eq(back.revision, name.revision));
    ck_assert_int_eq(back.index, 17);
    ck_assert_int_eq(back.attempt, 3);
}
END_TEST

START_TEST(names__what_is_not_ours_is_not_read)
{
    static const char *const NOT[] = {"fraud",
                                      "fraud-",
                                      "fraud-tm-0123abcd-1",
                                      "fraud-tm-0123abcd-1-2-3",
                                      "fraud-tm-0123abcd-1-2-",
                                      "fraud-tm-0123abcd--2",
                                      "fraud-tm-0123abcd-01-2",
                                      "fraud-tm-0123abcd-1-x",
                                      "fraud-tm-0123ABCD-1-2",
                                      "fraud-tm-0123abc-1-2",
                                      "fraud-xm-0123abcd-1-2",
                                      "fraud2-tm-0123abcd-1-2",
                                      "fraud-tm-0123abcd-1-99999999999999999999",
                                      "other-tm-0123abcd-1-2"};
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        struct pod_name back;
        ck_assert_msg(!pod_name_parse(SV("fraud"), sv_from(NOT[i]), &back), "%s", NOT[i]);
    }
}
END_TEST

START_TEST(names__the_longest_fits_a_label)
{
    const struct pod_name name = {
        .role = POD_JOB_MANAGER, .revision = SV("0123abcd"), .index = 9999, .attempt = 99999};
    ck_assert_uint_eq(strlen(LONGEST), 40);
    ck_assert_uint_le(pod_name_make(&a, SV(LONGEST), &name).len, 63);
}
END_TEST

START_TEST(names__a_record_s_counter_reads_back)
{
    ck_assert(sv_eq_lit(record_name_make(&a, SV("fraud"), 12), "fraud-r12"));
    ck_assert_int_eq(record_name_number(SV("fraud"), SV("fraud-r12")), 12);
    ck_assert_int_eq(record_name_number(SV("fraud"), SV("fraud-r012")), 0);
    ck_assert_int_eq(record_name_number(SV("fraud"), SV("fraud-x12")), 0);
    ck_assert_int_eq(record_name_number(SV("fraud"), SV("other-r12")), 0);
}
END_TEST

static int by_text(const void *x, const void *y)
{
    return memcmp(x, y, RUN_DIGITS);
}

START_TEST(names__no_run_id_comes_twice)
{
    static char ids[20000][RUN_DIGITS];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct strview id = run_id_make(&a, WORLD_SETTINGS.hash, SV("some-uid"), (int64_t)i + 1);
        ck_assert_uint_eq(id.len, RUN_DIGITS);
        ck_assert(name_ok(NAME_LABEL_VALUE, id));
        memcpy(ids[i], id.ptr, RUN_DIGITS);
    }
    qsort(ids, ARRAY_LEN(ids), RUN_DIGITS, by_text);
    for (size_t i = 1; i < ARRAY_LEN(ids); i++) {
        ck_assert_int_ne(by_text(ids[i - 1], ids[i]), 0);
    }
}
END_TEST

START_TEST(names__ids_hang_on_the_uid_and_the_run)
{
    hash_fn *hash = WORLD_SETTINGS.hash;
    ck_assert_uint_eq(job_id_make(&a, hash, SV("u"), SV("0001")).len, 32);
    ck_assert(!sv_eq(job_id_make(&a, hash, SV("u"), SV("0001")),
                     job_id_make(&a, hash, SV("v"), SV("0001"))));
    ck_assert(!sv_eq(revision_id_make(&a, hash, SV("h"), SV("0001")),
                     revision_id_make(&a, hash, SV("h"), SV("0002"))));
    ck_assert(!sv_eq(run_id_make(&a, hash, SV("u"), 1), run_id_make(&a, hash, SV("v"), 1)));
}
END_TEST

UNIT_MAIN(start, done, names__a_pod_s_name_reads_back, names__what_is_not_ours_is_not_read,
          names__the_longest_fits_a_label, names__a_record_s_counter_reads_back,
          names__no_run_id_comes_twice, names__ids_hang_on_the_uid_and_the_run)
