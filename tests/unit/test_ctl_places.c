// SPDX-License-Identifier: Apache-2.0
// Who goes when fewer are wanted, and that nobody comes back who was sent.
#include "common/base/strbuf.h"
#include "controller/flink/observation.h"
#include "controller/pods.h"
#include "ctl_world_run.h"
#include "unit.h"

#define SESSION(replicas)                                                                          \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"                               \
    "'taskManager':{'replicas':" #replicas ",'slots':2}}"
#define HA(job_managers)                                                                           \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,'storage':{'root':'s3://b'},"   \
    "'plugins':['s3-hadoop'],'jobManager':{'replicas':" #job_managers "},"                         \
    "'taskManager':{'replicas':1,'slots':2}}"

static struct world w;
static struct flink_observation flink;
static struct flink_task_manager known[8];

static void setup(void)
{
    flink = FLINK_OBSERVATION_NONE;
}

static void done(void)
{
    world_done(&w);
}

static void start(const char *spec)
{
    world_init(&w, spec);
    world_converge(&w);
}

/// Flink knows the first N TaskManagers; FREE has their free slots of two.
static void register_all(const int64_t *free_slots, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        known[i] = (struct flink_task_manager){.id = world_pod(&w, POD_TASK_MANAGER, i)->name,
                                               .slots = 2,
                                               .slots_free = free_slots[i]};
    }
    flink.contact = FLINK_CONTACT_ANSWERS;
    flink.task_managers_known = true;
    flink.task_managers = known;
    flink.n_task_managers = n;
    flink.task_manager_count = (int64_t)n;
    w.flink = &flink;
}

static void assert_indexes(enum pod_role role, const char *want)
{
    struct strbuf b = STRBUF(256);
    struct pod_name id;
    for (size_t i = 0; i < world_live(&w, role); i++) {
        ck_assert(pod_name_parse(SV("fraud"), world_pod(&w, role, i)->name, &id));
        strbuf_printf(&b, "%s%lld", i > 0 ? " " : "", (long long)id.index);
    }
    ck_assert_msg(sv_eq_lit(strbuf_view(&b), want), "\"%.*s\" is not \"%s\"",
                  SV_ARG(strbuf_view(&b)), want);
    strbuf_done(&b);
}

START_TEST(places__idle_task_managers_go_first)
{
    static const int64_t FREE[] = {0, 2, 1, 2, 0};
    start(SESSION(5));
    register_all(FREE, 5);
    world_edit(&w, SESSION(3));
    world_settle(&w, 5);
    assert_indexes(POD_TASK_MANAGER, "0 2 4");
    // The two still terminate; that and their end change nothing.
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 6);
    world_converge(&w);
    assert_indexes(POD_TASK_MANAGER, "0 2 4");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(places__then_those_that_flink_does_not_know_then_the_highest)
{
    static const int64_t FREE[] = {0, 0, 0};
    start(SESSION(5));
    register_all(FREE, 3);
    world_edit(&w, SESSION(4));
    world_settle(&w, 5);
    assert_indexes(POD_TASK_MANAGER, "0 1 2 3");
    world_edit(&w, SESSION(2));
    world_settle(&w, 5);
    assert_indexes(POD_TASK_MANAGER, "0 1");
}
END_TEST

START_TEST(places__a_pod_that_never_came_to_work_goes_before_an_idle_one)
{
    static const int64_t FREE[] = {0, 2};
    start(SESSION(2));
    register_all(FREE, 2);
    world_edit(&w, SESSION(3));
    world_settle(&w, 5); // its third is pending
    world_edit(&w, SESSION(2));
    world_settle(&w, 5);
    assert_indexes(POD_TASK_MANAGER, "0 1");
}
END_TEST

START_TEST(places__what_flink_told_long_ago_counts_for_nothing)
{
    static const int64_t FREE[] = {2, 0, 0};
    start(SESSION(3));
    register_all(FREE, 3);
    flink.contact = FLINK_CONTACT_LOST;
    world_edit(&w, SESSION(2));
    world_settle(&w, 5);
    assert_indexes(POD_TASK_MANAGER, "0 1");
}
END_TEST

START_TEST(places__growing_again_fills_the_gaps)
{
    static const int64_t FREE[] = {2, 0, 0};
    start(SESSION(3));
    register_all(FREE, 3);
    world_edit(&w, SESSION(2));
    world_converge(&w);
    assert_indexes(POD_TASK_MANAGER, "1 2");
    world_edit(&w, SESSION(4));
    world_converge(&w);
    assert_indexes(POD_TASK_MANAGER, "0 1 2 3");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(places__a_lost_one_comes_back_in_its_own_place)
{
    static const int64_t FREE[] = {2, 0, 0};
    struct pod_name id;
    start(SESSION(3));
    register_all(FREE, 3);
    world_edit(&w, SESSION(2));
    world_converge(&w);
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 1), "Error");
    world_step(&w);
    assert_indexes(POD_TASK_MANAGER, "1 2");
    ck_assert(pod_name_parse(SV("fraud"), world_pod(&w, POD_TASK_MANAGER, 1)->name, &id));
    ck_assert_int_eq(id.attempt, 1);
}
END_TEST

START_TEST(places__a_failed_one_that_waits_is_the_first_to_be_given_up)
{
    start(SESSION(3));
    for (int i = 0; i < 2; i++) {
        world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
        world_settle(&w, 5);
        world_kubelet(&w);
    }
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    world_edit(&w, SESSION(2));
    world_converge(&w);
    assert_indexes(POD_TASK_MANAGER, "1 2");
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 3);
    ck_assert_int_eq(world_plan(&w)->requeue_after_ms, 0);
}
END_TEST

START_TEST(places__the_leader_is_the_job_manager_that_stays)
{
    start(HA(3));
    struct world_object *pod = world_pod(&w, POD_JOB_MANAGER, 2);
    w.leader = pod->name;
    world_edit(&w, HA(1));
    world_converge(&w);
    assert_indexes(POD_JOB_MANAGER, "2");
    // It is no reason to wait when others come beside it.
    world_edit(&w, HA(2));
    world_converge(&w);
    assert_indexes(POD_JOB_MANAGER, "0 2");
}
END_TEST

START_TEST(places__a_task_manager_that_flink_lost_is_given_up_when_it_is_not_ready_either)
{
    static const int64_t FREE[] = {0};
    start(SESSION(2));
    register_all(FREE, 1);
    struct world_object *lost = world_pod(&w, POD_TASK_MANAGER, 1);
    lost->told = "{'phase':'Running','conditions':[{'type':'Ready','status':'False',"
                 "'lastTransitionTime':'2026-01-01T01:00:00Z'}],'containerStatuses':[{'name':"
                 "'flink-main-container','state':{'running':{'startedAt':"
                 "'2026-01-01T00:00:00Z'}}}]}";
    w.now_ms = 1767225600000 + 3600000 + POD_LOST_MS - 1000;
    world_settle(&w, 4);
    ck_assert_int_eq(w.plan.requeue_after_ms, 1000);
    assert_indexes(POD_TASK_MANAGER, "0 1");
    w.now_ms += 1000;
    // Not while nobody knows what Flink knows.
    flink.contact = FLINK_CONTACT_MISSED;
    world_settle(&w, 4);
    ck_assert_int_eq(lost->deleted_ms, 0);
    flink.contact = FLINK_CONTACT_ANSWERS;
    // Nor from a list that lacks some of those that are registered.
    flink.task_manager_count = 2;
    world_settle(&w, 4);
    ck_assert_int_eq(lost->deleted_ms, 0);
    flink.task_manager_count = 1;
    world_step(&w);
    ck_assert(world_event(&w, "PodLost"));
    ck_assert_int_ne(lost->deleted_ms, 0);
    // It may terminate for ever: the next one is there.
    world_settle(&w, 4);
    assert_indexes(POD_TASK_MANAGER, "0 1");
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 4);
}
END_TEST

START_TEST(places__a_task_manager_that_is_still_starting_is_not_lost)
{
    static const int64_t FREE[] = {0};
    start(SESSION(2));
    register_all(FREE, 1);
    struct world_object *slow = world_pod(&w, POD_TASK_MANAGER, 1);
    slow->told = "{'phase':'Running','conditions':[{'type':'Ready','status':'False',"
                 "'lastTransitionTime':'2026-01-01T00:00:00Z'}],'containerStatuses':[{'name':"
                 "'flink-main-container','state':{'running':{'startedAt':"
                 "'2026-01-01T00:00:00Z'}}}]}";
    w.now_ms += 3600000;
    world_settle(&w, 4);
    ck_assert_int_eq(slow->deleted_ms, 0);
}
END_TEST

START_TEST(places__a_task_manager_that_was_restarted_and_does_not_register_gets_another_address)
{
    static const int64_t FREE[] = {0};
    static const int64_t START = 1767225600000 + 3600000; // 01:00
    start(SESSION(2));
    register_all(FREE, 1);
    struct world_object *mute = world_pod(&w, POD_TASK_MANAGER, 1);
    mute->told = "{'phase':'Running','conditions':[{'type':'Ready','status':'True',"
                 "'lastTransitionTime':'2026-01-01T01:00:00Z'}],'containerStatuses':[{'name':"
                 "'flink-main-container','ready':true,'restartCount':1,'state':{'running':"
                 "{'startedAt':'2026-01-01T01:00:00Z'}}}]}";
    w.now_ms = START + POD_MUTE_MAX_MS;
    world_settle(&w, 4);
    ck_assert_int_eq(mute->deleted_ms, 0);
    w.now_ms = START + POD_MUTE_MS - 1000;
    world_settle(&w, 4);
    ck_assert_int_eq(w.plan.requeue_after_ms, 1000);
    // A JobManager that leads since a moment may not have heard of it yet.
    flink.contact_ms = START + 30000;
    w.now_ms = START + POD_MUTE_MS;
    world_settle(&w, 4);
    ck_assert_int_eq(w.plan.requeue_after_ms, 30000);
    w.now_ms += 30000;
    world_step(&w);
    ck_assert(world_event(&w, "PodLost"));
    ck_assert_int_ne(mute->deleted_ms, 0);
}
END_TEST

UNIT_MAIN(setup, done, places__idle_task_managers_go_first,
          places__then_those_that_flink_does_not_know_then_the_highest,
          places__a_pod_that_never_came_to_work_goes_before_an_idle_one,
          places__what_flink_told_long_ago_counts_for_nothing, places__growing_again_fills_the_gaps,
          places__a_lost_one_comes_back_in_its_own_place,
          places__a_failed_one_that_waits_is_the_first_to_be_given_up,
          places__the_leader_is_the_job_manager_that_stays,
          places__a_task_manager_that_flink_lost_is_given_up_when_it_is_not_ready_either,
          places__a_task_manager_that_is_still_starting_is_not_lost,
          places__a_task_manager_that_was_restarted_and_does_not_register_gets_another_address)
