// SPDX-License-Identifier: Apache-2.0
// What a FlinkCluster's status says, and that it is written only when it changed.
#include "ctl_world_run.h"
#include "unit.h"

#define JOB                                                                                        \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,"                               \
    "'taskManager':{'replicas':2,'slots':2},'job':{'entryClass':'a.B','upgradeMode':'Stateless'}}"

static struct world w;

static void done(void)
{
    world_done(&w);
}

static void assert_sv(struct strview got, const char *want)
{
    ck_assert_msg(sv_eq_lit(got, want), "\"%.*s\" is not \"%s\"", SV_ARG(got), want);
}

static int64_t number(const char *object, const char *member)
{
    int64_t v = -1;
    const struct json *status = world_status(&w);
    ck_assert(json_int(member != NULL ? json_get_path(status, object, member, NULL)
                                      : json_get(status, sv_from(object)),
                       &v));
    return v;
}

START_TEST(status__conditions_stand_in_a_stable_order)
{
    static const char *const ORDER[] = {"Ready",     "Reconciling", "Stalled", "Accepted",
                                        "Available", "JobRunning",  "Degraded"};
    world_init(&w, JOB);
    world_converge(&w);
    const struct json *c = json_first(json_get_lit(world_status(&w), "conditions"));
    for (size_t i = 0; i < ARRAY_LEN(ORDER); i++) {
        assert_sv(json_get_string(c, SV("type")), ORDER[i]);
        ck_assert_ptr_nonnull(json_get_lit(c, "observedGeneration"));
        ck_assert_uint_gt(json_get_string(c, SV("reason")).len, 0);
        ck_assert_uint_gt(json_get_string(c, SV("lastTransitionTime")).len, 0);
        c = json_next(c);
    }
    ck_assert_ptr_null(c);
}
END_TEST

START_TEST(status__it_counts_pods_and_names_what_is_in_effect)
{
    world_init(&w, JOB);
    world_step(&w);
    world_settle(&w, 5);
    ck_assert_int_eq(number("taskManager", "replicas"), 2);
    ck_assert_int_eq(number("taskManager", "ready"), 0);
    assert_sv(world_condition(&w, "Ready", "status"), "False");
    assert_sv(world_condition(&w, "Reconciling", "reason"), "StartingPods");
    assert_sv(world_phase(&w), "Starting");
    world_converge(&w);
    const struct json *status = world_status(&w);
    ck_assert_int_eq(number("taskManager", "ready"), 2);
    ck_assert_int_eq(number("jobManager", "ready"), 1);
    ck_assert_int_eq(number("parallelism", NULL), 4);
    ck_assert_int_eq(number("observedGeneration", NULL), 1);
    assert_sv(json_get_string(status, SV("image")), "flink:1.20.1");
    assert_sv(json_get_string(status, SV("flinkVersion")), "1.20");
    assert_sv(json_string(json_get_path(status, "accepted", "revision", NULL)), "fraud-r1");
    assert_sv(json_string(json_get_path(status, "revision", "current", NULL)), "fraud-r1");
    assert_sv(json_string(json_get_path(status, "taskManager", "selector", NULL)),
              "sluice.dev/cluster=fraud,sluice.dev/component=taskmanager");
    ck_assert_uint_eq(json_string(json_get_path(status, "job", "id", NULL)).len, 32);
    ck_assert(sv_eq(json_string(json_get_path(status, "jobManager", "leader", NULL)),
                    world_pod(&w, POD_JOB_MANAGER, 0)->name));
    // Nobody asked Flink: that is said, not guessed.
    assert_sv(world_condition(&w, "JobRunning", "status"), "Unknown");
}
END_TEST

START_TEST(status__time_alone_writes_nothing)
{
    world_init(&w, JOB);
    world_converge(&w);
    w.now_ms += 86400000;
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(status__a_transition_time_stays_while_the_status_does)
{
    world_init(&w, JOB);
    world_converge(&w);
    struct strview since = world_condition(&w, "Accepted", "lastTransitionTime");
    w.now_ms += 60000;
    world_pod(&w, POD_TASK_MANAGER, 0)->ready = false;
    world_step(&w);
    ck_assert(sv_eq(world_condition(&w, "Accepted", "lastTransitionTime"), since));
    assert_sv(world_condition(&w, "Ready", "status"), "False");
    ck_assert(!sv_eq(world_condition(&w, "Ready", "lastTransitionTime"), since));
}
END_TEST

START_TEST(status__fields_that_wait_for_a_later_release_are_named)
{
    world_init(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
                   "'taskManager':{'replicas':1},'ingress':{'template':'{{name}}.example.com'},"
                   "'job':{'entryClass':'a.B','upgradeMode':'Stateless','drain':true}}");
    world_converge(&w);
    struct strview text = world_condition(&w, "Accepted", "message");
    ck_assert_uint_ne(sv_find(text, SV("spec.ingress (ingress)")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(text, SV("spec.job.drain (savepoints)")), SIZE_MAX);
}
END_TEST

START_TEST(status__a_container_that_can_t_start_is_degraded)
{
    world_init(&w, JOB);
    world_converge(&w);
    for (int i = 0; i < 3; i++) {
        world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
        w.now_ms += 60000;
        world_settle(&w, 5);
    }
    assert_sv(world_condition(&w, "Degraded", "status"), "True");
    assert_sv(world_phase(&w), "Failing");
}
END_TEST

START_TEST(status__a_roll_names_both_revisions)
{
    world_init(&w, JOB);
    world_converge(&w);
    world_edit(&w, "{'image':'flink:1.20.2','flinkVersion':'1.20','parallelism':4,"
                   "'taskManager':{'replicas':2,'slots':2},"
                   "'job':{'entryClass':'a.B','upgradeMode':'Stateless'}}");
    world_settle(&w, 5);
    const struct json *status = world_status(&w);
    assert_sv(json_string(json_get_path(status, "revision", "current", NULL)), "fraud-r1");
    assert_sv(json_string(json_get_path(status, "revision", "updating", NULL)), "fraud-r2");
    world_converge(&w);
    status = world_status(&w);
    assert_sv(json_string(json_get_path(status, "revision", "current", NULL)), "fraud-r2");
    assert_sv(json_string(json_get_path(status, "revision", "previous", NULL)), "fraud-r1");
    ck_assert_ptr_null(json_get_path(status, "revision", "updating", NULL));
}
END_TEST

START_TEST(status__what_others_wrote_into_it_stays)
{
    world_init(&w, JOB);
    w.status = SV("{\"savepoints\":[{\"path\":\"s3://b/1\"}]}");
    world_converge(&w);
    ck_assert_uint_eq(json_count(json_get_lit(world_status(&w), "savepoints")), 1);
}
END_TEST

UNIT_MAIN(NULL, done, status__conditions_stand_in_a_stable_order,
          status__it_counts_pods_and_names_what_is_in_effect, status__time_alone_writes_nothing,
          status__a_transition_time_stays_while_the_status_does,
          status__fields_that_wait_for_a_later_release_are_named,
          status__a_container_that_can_t_start_is_degraded, status__a_roll_names_both_revisions,
          status__what_others_wrote_into_it_stays)
