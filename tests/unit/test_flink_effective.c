// SPDX-License-Identifier: Apache-2.0
#include "common/flink/effective.h"

#include <check.h>
#include <stdlib.h>

#include "tests/unit/flink_case.h"
#include "tests/unit/unit.h"

/// The effective form of an object with that spec and those annotations (JSON texts).
static struct flink_effective read(struct arena *a, const char *annotations, const char *spec,
                                   const struct flink_cluster **ret)
{
    struct strview text = arena_printf(
        a, "{\"metadata\":{\"name\":\"c\",\"annotations\":%s},\"spec\":%s}", annotations, spec);
    const struct flink_cluster *c = case_decode(a, case_parse(a, text));
    struct flink_effective e;
    flink_effective_read(c, a, NULL, &e);
    ck_assert(arena_ok(a));
    if (ret != NULL) {
        *ret = c;
    }
    return e;
}

#define NOTED_8_4_2                                                                                \
    "{\"sluice.dev/defaulted\":\"{\\\"parallelism\\\":{\\\"value\\\":8,\\\"replicas\\\":4,"        \
    "\\\"slots\\\":2}}\"}"

START_TEST(effective__an_empty_spec_has_every_default)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective e = read(&a, "{}", "{\"image\":\"flink:1.20.1\",\"job\":{}}", NULL);
    ck_assert(e.version_known);
    ck_assert_int_eq(e.version.minor, 20);
    ck_assert(sv_eq_lit(e.patch, "1.20.1"));
    ck_assert_int_eq(e.slots, 1);
    ck_assert_int_eq(e.job_manager_replicas, 1);
    ck_assert_int_eq(e.numbers.parallelism, 1);
    ck_assert_int_eq(e.numbers.replicas, 1);
    ck_assert(!e.session && !e.storage_known && !e.adaptive && !e.reactive);
    ck_assert(sv_eq_lit(e.upgrade_mode, "Stateless"));
    ck_assert(sv_eq_lit(e.state, "Running"));
}
END_TEST

START_TEST(effective__known_storage_makes_upgrades_take_a_savepoint)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    ck_assert(sv_eq_lit(
        read(&a, "{}", "{\"storage\":{\"root\":\"s3://b\"},\"job\":{}}", NULL).upgrade_mode,
        "Savepoint"));
    ck_assert(
        !sv_present(read(&a, "{}", "{\"storage\":{\"root\":\"s3://b\"}}", NULL).upgrade_mode));
}
END_TEST

START_TEST(effective__version_is_the_fields_before_the_tags)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective e =
        read(&a, "{}", "{\"image\":\"flink:1.20.1\",\"flinkVersion\":\"v1_19\"}", NULL);
    ck_assert_int_eq(e.version.minor, 19);
    // The tag's patch level is of another version.
    ck_assert(!sv_present(e.patch));
    e = read(&a, "{}", "{\"image\":\"flink:latest\"}", NULL);
    ck_assert(!e.version_known);
    ck_assert_int_eq(flink_version_cmp(e.version, flink_version_newest()), 0);
}
END_TEST

START_TEST(effective__a_noted_parallelism_follows_scale)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective e = read(
        &a, NOTED_8_4_2, "{\"parallelism\":8,\"taskManager\":{\"replicas\":6,\"slots\":2}}", NULL);
    ck_assert(!e.parallelism_given);
    ck_assert_int_eq(e.numbers.parallelism, 12);
    e = read(&a, NOTED_8_4_2, "{\"parallelism\":8,\"taskManager\":{\"replicas\":4,\"slots\":2}}",
             NULL);
    ck_assert(e.parallelism_given);
    ck_assert_int_eq(e.numbers.parallelism, 8);
    // Another value than the noted one is the user's.
    e = read(&a, NOTED_8_4_2, "{\"parallelism\":7,\"taskManager\":{\"replicas\":6,\"slots\":2}}",
             NULL);
    ck_assert_int_eq(e.numbers.parallelism, 7);
}
END_TEST

START_TEST(effective__a_given_parallelism_stays_through_scale)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective e =
        read(&a, "{}", "{\"parallelism\":8,\"taskManager\":{\"replicas\":6,\"slots\":2}}", NULL);
    ck_assert_int_eq(e.numbers.parallelism, 8);
    ck_assert_int_eq(e.numbers.idle, 4);
}
END_TEST

START_TEST(effective__reactive_mode_counts_slots_alone)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective e =
        read(&a, NOTED_8_4_2,
             "{\"parallelism\":8,\"taskManager\":{\"replicas\":4,\"slots\":2},"
             "\"flinkConfiguration\":{\"scheduler-mode\":\"Reactive\"}}",
             NULL);
    ck_assert(e.reactive && e.adaptive && !e.parallelism_given);
}
END_TEST

static struct flink_effective_resources resources(struct arena *a, const char *spec,
                                                  enum flink_role role)
{
    const struct flink_cluster *c = NULL;
    struct flink_effective e = read(a, "{}", spec, &c);
    struct flink_effective_resources r;
    flink_effective_resources_read(c, &e, role, a, &r);
    return r;
}

START_TEST(resources__limit_comes_before_request_before_configuration)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective_resources r =
        resources(&a,
                  "{\"taskManager\":{\"resources\":{\"requests\":{\"memory\":\"2Gi\"},\"limits\":{"
                  "\"memory\":\"3Gi\"}}}}",
                  FLINK_TASK_MANAGER);
    ck_assert_int_eq(r.source, FLINK_MEMORY_FROM_LIMIT);
    ck_assert_int_eq(r.memory, (int64_t)3 << 30);
    r = resources(&a, "{\"taskManager\":{\"resources\":{\"requests\":{\"memory\":\"2Gi\"}}}}",
                  FLINK_TASK_MANAGER);
    ck_assert_int_eq(r.source, FLINK_MEMORY_FROM_REQUEST);
    r = resources(&a, "{\"flinkConfiguration\":{\"taskmanager.memory.process.size\":\"4g\"}}",
                  FLINK_TASK_MANAGER);
    ck_assert_int_eq(r.source, FLINK_MEMORY_FROM_CONF);
    ck_assert_int_eq(r.memory, (int64_t)4 << 30);
    r = resources(&a, "{}", FLINK_TASK_MANAGER);
    ck_assert_int_eq(r.source, FLINK_MEMORY_FROM_DEFAULT);
    ck_assert_int_eq(r.memory, FLINK_DEFAULT_TM_MEMORY);
    r = resources(&a, "{}", FLINK_JOB_MANAGER);
    ck_assert_int_eq(r.memory, FLINK_DEFAULT_JM_MEMORY);
}
END_TEST

START_TEST(resources__memory_is_rounded_down_to_bytes)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective_resources r = resources(
        &a, "{\"taskManager\":{\"resources\":{\"limits\":{\"memory\":\"2000000000500m\"}}}}",
        FLINK_TASK_MANAGER);
    ck_assert_int_eq(r.memory, 2000000000);
}
END_TEST

START_TEST(resources__are_plain_when_no_rule_has_to_look_at_them)
{
    static const struct {
        const char *requests, *limits;
        bool plain;
    } CASES[] = {
        {"{}", "{}", true},
        {"null", "null", true},
        {"{\"cpu\":\"500m\",\"memory\":\"2Gi\",\"ephemeral-storage\":0}", "{\"cpu\":2}", true},
        {"{\"cpu\":\"1.5\"}", "{\"memory\":\"0\"}", true},
        {"{\"cpu\":\"x\"}", "{}", false},
        {"{\"cpu\":null}", "{}", false},
        {"{}", "{\"cpu\":\"-1\"}", false},
        {"{}", "{\"memory\":\"\"}", false},
        {"{\"memory\":-1}", "{\"memory\":\"2Gi\"}", false},
        {"{\"Memory\":\"1\"}", "{}", false},
        {"{}", "{\"example.com/gpu\":\"1\"}", false},
        {"{\"hugepages-2Mi\":\"2Mi\"}", "{}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        struct strview spec =
            arena_printf(&a, "{\"jobManager\":{\"resources\":{\"requests\":%s,\"limits\":%s}}}",
                         CASES[i].requests, CASES[i].limits);
        ck_assert_msg(resources(&a, spec.ptr, FLINK_JOB_MANAGER).plain == CASES[i].plain, "%s",
                      spec.ptr);
        ck_assert(resources(&a, spec.ptr, FLINK_TASK_MANAGER).plain);
    }
}
END_TEST

START_TEST(resources__memory_of_less_than_a_byte_is_told_all_the_same)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_effective_resources r =
        resources(&a,
                  "{\"taskManager\":{\"resources\":{\"requests\":{\"memory\":\"2Gi\"},\"limits\":{"
                  "\"memory\":\"1m\"}}}}",
                  FLINK_TASK_MANAGER);
    ck_assert_int_eq(r.source, FLINK_MEMORY_FROM_LIMIT);
    ck_assert_int_eq(r.memory, 0);
}
END_TEST

UNIT_MAIN(NULL, NULL, effective__an_empty_spec_has_every_default,
          effective__known_storage_makes_upgrades_take_a_savepoint,
          effective__version_is_the_fields_before_the_tags,
          effective__a_noted_parallelism_follows_scale,
          effective__a_given_parallelism_stays_through_scale,
          effective__reactive_mode_counts_slots_alone,
          resources__limit_comes_before_request_before_configuration,
          resources__memory_is_rounded_down_to_bytes,
          resources__are_plain_when_no_rule_has_to_look_at_them,
          resources__memory_of_less_than_a_byte_is_told_all_the_same)
