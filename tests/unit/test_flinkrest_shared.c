// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/shared.h"

#include <stdio.h>
#include <string.h>

#include "common/base/mem.h"
#include "tests/unit/unit.h"

static struct flink_task_manager tms[FLINK_REST_TASK_MANAGERS_MAX + 5];
static int64_t times[FLINK_REST_RESTARTS_MAX + 5];
static char long_text[4 * FLINK_REST_PATH_MAX];

static struct flink_observation sample(void)
{
    struct flink_observation o = FLINK_OBSERVATION_NONE;
    tms[0] = (struct flink_task_manager){.id = SV("tm-0"), .slots = 2, .slots_free = 1};
    tms[1] = (struct flink_task_manager){.id = SV("tm-1"), .slots = 2, .slots_free = 0};
    times[0] = 10;
    times[1] = 20;
    o.pod = SV("c-jobmanager-0");
    o.version = SV("1.20.1");
    o.task_managers = tms;
    o.n_task_managers = 2;
    o.task_managers_known = true;
    o.job_presence = FLINK_PRESENCE_PRESENT;
    o.job.id = SV("00000000000000000000000000000001");
    o.job.name = SV("fraud");
    o.job.state = FLINK_JOB_RUNNING;
    o.job.restarts = 2;
    o.job.restart_ms = times;
    o.job.n_restart_ms = 2;
    o.job.checkpoint.id = 7;
    o.job.checkpoint.path = SV("s3://b/chk-7");
    return o;
}

START_TEST(shared__has_all_that_it_was_made_from)
{
    struct flink_observation o = sample();
    const struct flink_observation *s = flink_observation_share(&o);
    ck_assert_ptr_nonnull(s);
    ck_assert(!flink_observation_differs(&o, s, true));
    ck_assert_ptr_ne(s->version.ptr, o.version.ptr);
    ck_assert_ptr_ne(s->task_managers, o.task_managers);
    ck_assert_ptr_ne(s->task_managers[1].id.ptr, o.task_managers[1].id.ptr);
    ck_assert_int_eq(s->job.restart_ms[1], 20);
    ck_assert(!sv_present(s->commit));
    ck_assert_ptr_eq(flink_observation_task_manager(s, SV("tm-1")), &s->task_managers[1]);
    ck_assert_ptr_null(flink_observation_task_manager(s, SV("tm-2")));
    ck_assert_ptr_eq(flink_observation_ref(s), s);
    flink_observation_unref(s);
    ck_assert(sv_eq_lit(s->job.name, "fraud"));
    flink_observation_unref(s);
    flink_observation_unref(NULL);
}
END_TEST

START_TEST(shared__is_cut_to_the_bounds)
{
    struct flink_observation o = sample();
    char id[16];
    memset(long_text, 'x', sizeof(long_text));
    o.n_task_managers = ARRAY_LEN(tms);
    for (size_t i = 0; i < ARRAY_LEN(tms); i++) {
        snprintf(id, sizeof(id), "%zu", i);
        tms[i].id = sv_make(long_text, sizeof(long_text));
    }
    o.job.n_restart_ms = ARRAY_LEN(times);
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        times[i] = (int64_t)i;
    }
    o.trouble = o.job.failure = o.job.name = o.job.checkpoint.path =
        sv_make(long_text, sizeof(long_text));
    const struct flink_observation *s = flink_observation_share(&o);
    ck_assert_uint_eq(s->n_task_managers, FLINK_REST_TASK_MANAGERS_MAX);
    ck_assert(s->task_managers_cut);
    ck_assert_uint_eq(s->task_managers[0].id.len, FLINK_REST_NAME_MAX);
    ck_assert_uint_eq(s->job.n_restart_ms, FLINK_REST_RESTARTS_MAX);
    ck_assert_int_eq(s->job.restart_ms[0], 5); // the newest stay
    ck_assert_uint_eq(s->trouble.len, FLINK_REST_TEXT_MAX);
    ck_assert_uint_eq(s->job.failure.len, FLINK_REST_TEXT_MAX);
    ck_assert_uint_eq(s->job.name.len, FLINK_REST_NAME_MAX);
    ck_assert_uint_eq(s->job.checkpoint.path.len, FLINK_REST_PATH_MAX);
    flink_observation_unref(s);
}
END_TEST

START_TEST(shared__no_character_is_cut_in_two)
{
    struct flink_observation o = sample();
    for (size_t i = 0; i + 2 < sizeof(long_text); i += 3) {
        memcpy(long_text + i, "\xe2\x82\xac", 3);
    }
    o.job.name = sv_make(long_text, sizeof(long_text) / 3 * 3);
    const struct flink_observation *s = flink_observation_share(&o);
    ck_assert_uint_eq(s->job.name.len, FLINK_REST_NAME_MAX / 3 * 3);
    flink_observation_unref(s);
}
END_TEST

START_TEST(shared__without_memory_there_is_none)
{
    struct flink_observation o = sample();
    (void)mem_fail_after(1);
    const struct flink_observation *s = flink_observation_share(&o);
    (void)mem_fail_after(0);
    ck_assert_ptr_null(s);
}
END_TEST

START_TEST(differs__not_by_times_misses_and_checkpoints_alone)
{
    struct flink_observation a = sample(), b = a;
    struct flink_task_manager other[2] = {tms[0], tms[1]};
    other[1].heartbeat_ms = 99;
    b.task_managers = other;
    b.seen_ms = a.seen_ms = 1;
    b.seen_ms = 2;
    b.contact_ms = 9;
    b.misses = 2;
    b.job.checkpoint.id = 8;
    b.job.checkpoints_completed = 8;
    ck_assert(!flink_observation_differs(&a, &b, false));
    ck_assert(flink_observation_differs(&a, &b, true));
    b = a;
    b.seen_ms = 0; // never seen is not an old answer
    ck_assert(flink_observation_differs(&a, &b, false));
}
END_TEST

START_TEST(differs__by_what_people_would_note)
{
    const struct flink_observation a = sample();
#define DIFFERS(change)                                                                            \
    do {                                                                                           \
        struct flink_observation b = a;                                                            \
        change;                                                                                    \
        ck_assert_msg(flink_observation_differs(&a, &b, false), "%s", #change);                    \
    } while (0)
    struct flink_task_manager other[2] = {tms[0], tms[1]};
    other[0].slots_free = 2;
    DIFFERS(b.contact = FLINK_CONTACT_LOST);
    DIFFERS(b.pod = SV("x"));
    DIFFERS(b.trouble = SV("x"));
    DIFFERS(b.version = SV("2.0.0"));
    DIFFERS(b.slots = 4);
    DIFFERS(b.task_managers = other);
    DIFFERS(b.n_task_managers = 1);
    DIFFERS(b.jobs_running = 1);
    DIFFERS(b.job_presence = FLINK_PRESENCE_ABSENT);
    DIFFERS(b.job.state = FLINK_JOB_FAILED);
    DIFFERS(b.job.tasks.running = 3);
    DIFFERS(b.job.running = true);
    DIFFERS(b.job.restarts = 3);
    DIFFERS(b.job.failure = SV("x"));
    DIFFERS(b.job.restored.id = 7);
    DIFFERS(b.job.checkpoint.id = FLINK_UNKNOWN);
    DIFFERS(b.job.checkpoints_known = true);
    DIFFERS(b.job.max_parallelism = 128);
}
END_TEST

UNIT_MAIN(NULL, NULL, shared__has_all_that_it_was_made_from, shared__is_cut_to_the_bounds,
          shared__no_character_is_cut_in_two, shared__without_memory_there_is_none,
          differs__not_by_times_misses_and_checkpoints_alone, differs__by_what_people_would_note)
