// SPDX-License-Identifier: Apache-2.0
#include "common/flink/memory.h"

#include <check.h>
#include <stdlib.h>

#include "common/base/macros.h"
#include "common/base/strbuf.h"

#define MIB (INT64_C(1) << 20)

static const struct flink_version V = {.major = 1, .minor = 20};

static struct arena arena = {.max = 1 << 20};

static void setup(void)
{
}

static void teardown(void)
{
    arena_done(&arena);
}

/// CONF is a JSON object's text, or NULL.
static struct flink_memory work_out_in(struct flink_version v, enum flink_role role, int64_t mib,
                                       const char *text)
{
    struct violations found = VIOLATIONS(&arena, 20);
    struct flink_conf conf = {0};
    const struct json *map = NULL;
    if (text != NULL) {
        ck_assert_int_eq(json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &map, NULL), 0);
    }
    const struct path path = PATH_FIELD_OF(NULL, SV("c"));
    flink_conf_read(map, &path, &arena, &found, &conf);
    ck_assert_uint_eq(found.count, 0);
    struct flink_memory m;
    flink_memory_work_out(role, v, mib * MIB, &conf, &arena, &m);
    return m;
}

static struct flink_memory work_out(enum flink_role role, int64_t mib, const char *text)
{
    return work_out_in(V, role, mib, text);
}

/// The sizes that were tried on a real Flink, and those around the edges.
static const struct {
    enum flink_role role;
    int64_t mib;
    enum flink_memory_verdict verdict;
} TRIED[] = {
    {FLINK_JOB_MANAGER, 576, FLINK_MEMORY_FAILS},
    {FLINK_JOB_MANAGER, 577, FLINK_MEMORY_WARNS},
    {FLINK_JOB_MANAGER, 640, FLINK_MEMORY_WARNS},
    {FLINK_JOB_MANAGER, 703, FLINK_MEMORY_WARNS},
    {FLINK_JOB_MANAGER, 704, FLINK_MEMORY_STARTS},
    {FLINK_JOB_MANAGER, 1600, FLINK_MEMORY_STARTS},
    {FLINK_JOB_MANAGER, 1, FLINK_MEMORY_FAILS},
    {FLINK_JOB_MANAGER, 0, FLINK_MEMORY_FAILS},
    {FLINK_TASK_MANAGER, 900, FLINK_MEMORY_FAILS},
    {FLINK_TASK_MANAGER, 981, FLINK_MEMORY_FAILS},
    {FLINK_TASK_MANAGER, 982, FLINK_MEMORY_STARTS},
    {FLINK_TASK_MANAGER, 1024, FLINK_MEMORY_STARTS},
    {FLINK_TASK_MANAGER, 1728, FLINK_MEMORY_STARTS},
    {FLINK_TASK_MANAGER, 447, FLINK_MEMORY_FAILS},
    {FLINK_TASK_MANAGER, 0, FLINK_MEMORY_FAILS},
};

START_TEST(memory__tried_sizes_start_warn_or_fail_as_they_did)
{
    struct flink_memory m = work_out(TRIED[_i].role, TRIED[_i].mib, NULL);
    ck_assert_int_eq(m.verdict, TRIED[_i].verdict);
    ck_assert_int_eq(m.why.len != 0, TRIED[_i].verdict != FLINK_MEMORY_STARTS);
    if (m.verdict == FLINK_MEMORY_FAILS) {
        ck_assert_int_eq(m.smallest_process,
                         (TRIED[_i].role == FLINK_JOB_MANAGER ? 577 : 982) * MIB);
    }
}
END_TEST

START_TEST(memory__parts_of_the_default_task_manager_are_flinks)
{
    // As Flink's documentation prints them for taskmanager.memory.process.size: 1728m.
    struct flink_memory m = work_out(FLINK_TASK_MANAGER, 1728, NULL);
    ck_assert_int_eq(m.flink, 1280 * MIB);
    ck_assert_int_eq(m.managed / MIB, 512);
    ck_assert_int_eq(m.network / MIB, 128);
    ck_assert_int_eq(m.heap / MIB, 383);
    ck_assert_int_eq(m.overhead, 192 * MIB);
    ck_assert_int_eq(m.metaspace, 256 * MIB);
    ck_assert_int_eq(m.framework_heap + m.framework_off_heap + m.off_heap + m.heap + m.managed +
                         m.network,
                     m.flink);
}
END_TEST

START_TEST(memory__the_sum_is_told_in_words)
{
    struct flink_memory m = work_out(FLINK_TASK_MANAGER, 900, NULL);
    ck_assert_str_eq(m.why.ptr,
                     "452 MiB are left for Flink, but framework heap 128 MiB + framework off-heap "
                     "128 MiB + task off-heap 0 MiB + managed 180.8 MiB + network 64 MiB are more; "
                     "the smallest that starts is 982 MiB");
    m = work_out(FLINK_JOB_MANAGER, 576, NULL);
    ck_assert_str_eq(m.why.ptr, "128 MiB are left for Flink, and off-heap takes 128 MiB: no heap; "
                                "the smallest that starts is 577 MiB");
    m = work_out(FLINK_JOB_MANAGER, 640, NULL);
    ck_assert_str_eq(m.why.ptr, "64 MiB of heap are left, Flink advises at least 128 MiB");
}
END_TEST

static const struct {
    enum flink_role role;
    int64_t mib;
    const char *conf;
    enum flink_memory_verdict verdict;
    int64_t process; // MiB; -1: not looked at
    int64_t heap;    // MiB; -1: not looked at
} SETTINGS[] = {
    // The configuration's own size wins over the container's.
    {FLINK_TASK_MANAGER, 900, "{\"taskmanager.memory.process.size\":\"2g\"}", FLINK_MEMORY_STARTS,
     2048, -1},
    // Flink's size: the JVM's comes on top.
    {FLINK_TASK_MANAGER, 0, "{\"taskmanager.memory.flink.size\":\"1280m\"}", FLINK_MEMORY_STARTS,
     1728, 384},
    {FLINK_TASK_MANAGER, 0, "{\"taskmanager.memory.flink.size\":\"400m\"}", FLINK_MEMORY_FAILS, -1,
     -1},
    {FLINK_JOB_MANAGER, 0, "{\"jobmanager.memory.flink.size\":\"1152m\"}", FLINK_MEMORY_STARTS,
     1600, 1024},
    // Both totals: overhead is the rest and must lie in its range.
    {FLINK_TASK_MANAGER, 0,
     "{\"taskmanager.memory\":{\"flink.size\":\"1g\",\"process.size\":\"1500m\"}}",
     FLINK_MEMORY_STARTS, 1500, -1},
    {FLINK_TASK_MANAGER, 0,
     "{\"taskmanager.memory\":{\"flink.size\":\"1g\",\"process.size\":\"1400m\"}}",
     FLINK_MEMORY_FAILS, -1, -1},
    {FLINK_TASK_MANAGER, 0,
     "{\"taskmanager.memory\":{\"flink.size\":\"1g\",\"process.size\":\"4g\"}}", FLINK_MEMORY_FAILS,
     -1, -1},
    // No managed memory needed.
    {FLINK_TASK_MANAGER, 800, "{\"taskmanager.memory.managed.size\":0}", FLINK_MEMORY_STARTS, 800,
     -1},
    {FLINK_TASK_MANAGER, 2048, "{\"taskmanager.memory.managed.size\":\"2g\"}", FLINK_MEMORY_FAILS,
     -1, -1},
    // A task heap alone leaves the rest to the network, which has bounds.
    {FLINK_TASK_MANAGER, 1728, "{\"taskmanager.memory.task.heap.size\":\"400m\"}",
     FLINK_MEMORY_STARTS, 1728, 400},
    {FLINK_TASK_MANAGER, 1728, "{\"taskmanager.memory.task.heap.size\":\"500m\"}",
     FLINK_MEMORY_FAILS, -1, -1},
    {FLINK_TASK_MANAGER, 4096,
     "{\"taskmanager.memory\":{\"task.heap.size\":\"100m\",\"network.max\":\"128m\"}}",
     FLINK_MEMORY_FAILS, -1, -1},
    // All inner parts.
    {FLINK_TASK_MANAGER, 0,
     "{\"taskmanager.memory\":{\"task.heap.size\":\"512m\",\"managed.size\":\"512m\"}}",
     FLINK_MEMORY_STARTS, -1, 512},
    {FLINK_TASK_MANAGER, 1024,
     "{\"taskmanager.memory\":{\"task.heap.size\":\"512m\",\"managed.size\":\"512m\"}}",
     FLINK_MEMORY_FAILS, -1, -1},
    // The deprecated spelling counts.
    {FLINK_TASK_MANAGER, 800, "{\"taskmanager.memory.size\":\"0\"}", FLINK_MEMORY_STARTS, 800, -1},
    {FLINK_JOB_MANAGER, 0, "{\"jobmanager.memory.heap.size\":\"1g\"}", FLINK_MEMORY_STARTS, 1600,
     1024},
    {FLINK_JOB_MANAGER, 1024, "{\"jobmanager.memory.heap.size\":\"1g\"}", FLINK_MEMORY_FAILS, -1,
     -1},
    {FLINK_JOB_MANAGER, 1024, "{\"jobmanager.memory.off-heap.size\":\"600m\"}", FLINK_MEMORY_FAILS,
     -1, -1},
    {FLINK_JOB_MANAGER, 800, "{\"jobstore.cache-size\":536870912}", FLINK_MEMORY_WARNS, -1, -1},
    // Settings that no size can meet.
    {FLINK_TASK_MANAGER, 4096,
     "{\"taskmanager.memory\":{\"network.min\":\"2g\",\"network.max\":\"1g\"}}", FLINK_MEMORY_FAILS,
     -1, -1},
    {FLINK_TASK_MANAGER, 4096, "{\"taskmanager.memory.managed.fraction\":1.0}", FLINK_MEMORY_FAILS,
     -1, -1},
    {FLINK_TASK_MANAGER, 4096, "{\"taskmanager.memory.managed.fraction\":-0.1}", FLINK_MEMORY_FAILS,
     -1, -1},
    {FLINK_JOB_MANAGER, 0, "{\"jobmanager.memory\":{\"heap.size\":\"1g\",\"flink.size\":\"1g\"}}",
     FLINK_MEMORY_FAILS, -1, -1},
    // Hostile numbers.
    {FLINK_TASK_MANAGER, 4096,
     "{\"taskmanager.memory\":{\"framework.heap.size\":\"9223372036854775807\","
     "\"framework.off-heap.size\":\"9223372036854775807\",\"task.off-heap.size\":\"8388607t\"}}",
     FLINK_MEMORY_FAILS, -1, -1},
    {FLINK_TASK_MANAGER, INT64_C(1) << 40, NULL, FLINK_MEMORY_STARTS, -1, -1},
    {FLINK_JOB_MANAGER, 0,
     "{\"jobmanager.memory\":{\"heap.size\":\"8388607t\",\"jvm-metaspace.size\":\"8388607t\"}}",
     FLINK_MEMORY_STARTS, -1, -1},
    // What can't be read counts as absent.
    {FLINK_TASK_MANAGER, 1728, "{\"taskmanager.memory.managed.size\":\"2Gi\"}", FLINK_MEMORY_STARTS,
     1728, -1},
};

START_TEST(memory__settings_are_followed)
{
    struct flink_memory m = work_out(SETTINGS[_i].role, SETTINGS[_i].mib, SETTINGS[_i].conf);
    ck_assert_msg(m.verdict == SETTINGS[_i].verdict, "%s: %.*s", SETTINGS[_i].conf, SV_ARG(m.why));
    if (SETTINGS[_i].process >= 0) {
        ck_assert_int_eq(m.process, SETTINGS[_i].process * MIB);
    }
    if (SETTINGS[_i].heap >= 0) {
        ck_assert_int_eq((m.heap + MIB / 2) / MIB, SETTINGS[_i].heap);
    }
}
END_TEST

START_TEST(memory__the_smallest_size_starts_and_one_less_does_not)
{
    static const char *const CONFS[] = {
        NULL,
        "{\"taskmanager.memory.managed.size\":\"1g\"}",
        "{\"taskmanager.memory.jvm-overhead.fraction\":0.5}",
        "{\"taskmanager.memory.task.heap.size\":\"3g\"}",
        "{\"taskmanager.memory\":{\"task.heap.size\":\"1g\",\"managed.size\":\"1g\"}}",
        "{\"taskmanager.memory.framework.heap.size\":\"20g\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(CONFS); i++) {
        struct flink_memory m = work_out(FLINK_TASK_MANAGER, 1, CONFS[i]);
        int64_t mib = m.smallest_process / MIB;
        ck_assert_int_gt(mib, 1);
        ck_assert_int_ne(work_out(FLINK_TASK_MANAGER, mib, CONFS[i]).verdict, FLINK_MEMORY_FAILS);
        ck_assert_int_eq(work_out(FLINK_TASK_MANAGER, mib - 1, CONFS[i]).verdict,
                         FLINK_MEMORY_FAILS);
    }
    ck_assert_int_eq(work_out(FLINK_TASK_MANAGER, 0, "{\"taskmanager.memory.managed.fraction\":2}")
                         .smallest_process,
                     0);
}
END_TEST

START_TEST(memory__a_number_of_buffers_counts_in_1_x_alone)
{
    const char *conf = "{\"taskmanager.network.numberOfBuffers\":32768}";
    ck_assert_int_eq(work_out(FLINK_TASK_MANAGER, 4096, conf).network, 1024 * MIB);
    struct flink_memory m =
        work_out_in((struct flink_version){2, 0}, FLINK_TASK_MANAGER, 4096, conf);
    ck_assert_int_lt(m.network, 400 * MIB);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flink_memory");
    TCase *t = tcase_create("memory");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, memory__tried_sizes_start_warn_or_fail_as_they_did, 0, ARRAY_LEN(TRIED));
    tcase_add_test(t, memory__parts_of_the_default_task_manager_are_flinks);
    tcase_add_test(t, memory__the_sum_is_told_in_words);
    tcase_add_loop_test(t, memory__settings_are_followed, 0, ARRAY_LEN(SETTINGS));
    tcase_add_test(t, memory__the_smallest_size_starts_and_one_less_does_not);
    tcase_add_test(t, memory__a_number_of_buffers_counts_in_1_x_alone);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
