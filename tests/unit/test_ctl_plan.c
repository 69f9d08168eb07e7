// SPDX-License-Identifier: Apache-2.0
// What becomes of a FlinkCluster and its pods, case by case, on a world in memory.
#include "common/base/mem.h"
#include "ctl_world_run.h"
#include "unit.h"

#define SESSION                                                                                    \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,"                               \
    "'taskManager':{'replicas':2,'slots':2}}"
#define HA                                                                                         \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,"                               \
    "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{'replicas':2},"             \
    "'taskManager':{'replicas':2,'slots':2}}"

static struct world w;

static void done(void)
{
    world_done(&w);
}

static void assert_sv(struct strview got, const char *want)
{
    ck_assert_msg(sv_eq_lit(got, want), "\"%.*s\" is not \"%s\"", SV_ARG(got), want);
}

static void start(const char *spec)
{
    world_init(&w, spec);
    world_converge(&w);
}

static struct pod_name id_of(const struct world_object *pod)
{
    struct pod_name id = {0};
    ck_assert_ptr_nonnull(pod);
    ck_assert(pod_name_parse(SV("fraud"), pod->name, &id));
    return id;
}

START_TEST(plan__a_fresh_cluster_is_recorded_before_anything_is_made)
{
    world_init(&w, SESSION);
    world_step(&w);
    ck_assert_uint_eq(w.n, 1);
    ck_assert_int_eq(w.objects[0].kind, CHILD_REVISION);
    assert_sv(w.objects[0].name, "fraud-r1");
}
END_TEST

START_TEST(plan__a_fresh_cluster_gets_all_its_children)
{
    start(SESSION);
    ck_assert_uint_eq(world_count(&w, CHILD_REVISION), 1);
    ck_assert_uint_eq(world_count(&w, CHILD_CONFIG_MAP), 1);
    ck_assert_ptr_nonnull(world_find(&w, CHILD_SERVICE_ACCOUNT, "fraud-flink"));
    ck_assert_ptr_nonnull(world_find(&w, CHILD_ROLE_BINDING, "fraud-flink"));
    ck_assert_ptr_nonnull(world_find(&w, CHILD_SERVICE, "fraud-rest"));
    ck_assert_ptr_nonnull(world_find(&w, CHILD_SERVICE, "fraud-jobmanager"));
    ck_assert_uint_eq(world_count(&w, CHILD_PDB), 0);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    assert_sv(world_phase(&w), "Running");
}
END_TEST

START_TEST(plan__nothing_is_done_for_a_deleted_cluster_without_our_finalizer)
{
    start(SESSION);
    world_remove(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    w.deleting = true;
    w.finalizers = SV("[\"x.dev/y\"]");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(plan__the_same_view_gives_the_same_plan)
{
    world_init(&w, HA);
    world_step(&w);
    struct actions first = *world_plan(&w);
    const struct actions *second = world_plan(&w);
    ck_assert_uint_gt(first.n, 5);
    ck_assert_uint_eq(first.n, second->n);
    for (size_t i = 0; i < first.n; i++) {
        ck_assert_int_eq(first.items[i].verb, second->items[i].verb);
        ck_assert(sv_eq(first.items[i].body, second->items[i].body));
    }
}
END_TEST

START_TEST(plan__a_deleted_pod_is_replaced_while_it_still_terminates)
{
    start(SESSION);
    struct world_object *pod = world_pod(&w, POD_TASK_MANAGER, 1);
    pod->deleted_ms = w.now_ms;
    world_step(&w);
    ck_assert(world_event(&w, "PodDeleted"));
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    struct pod_name id = id_of(world_pod(&w, POD_TASK_MANAGER, 1));
    ck_assert_int_eq(id.index, 1);
    ck_assert_int_eq(id.attempt, 1);
}
END_TEST

START_TEST(plan__a_pod_that_is_gone_without_a_trace_is_made_again)
{
    start(SESSION);
    world_remove(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    world_step(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

START_TEST(plan__a_failed_pod_is_replaced_at_once_and_then_removed)
{
    start(SESSION);
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "OOMKilled");
    world_step(&w);
    ck_assert(world_event(&w, "PodFailed"));
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    // The failed one is kept until its successor is seen.
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 4);
    world_step(&w);
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 3);
    struct world_object *pod = world_pod(&w, POD_TASK_MANAGER, 0);
    ck_assert_int_eq(id_of(pod).attempt, 1);
    const struct json *notes =
        json_get_path(world_object_json(&w, pod), "metadata", "annotations", NULL);
    assert_sv(json_get_string(notes, SV(ANNOTATION_FAILURES)), "1");
    struct strview why = json_get_string(notes, SV(ANNOTATION_REPLACES));
    ck_assert_uint_ne(sv_find(why, SV("OOMKilled, exit code 137")), SIZE_MAX);
}
END_TEST

START_TEST(plan__a_pod_that_fails_again_waits_longer_each_time)
{
    static const int64_t WAITS[] = {0, 10000, 20000, 40000, 80000, 160000, 300000, 300000};
    start(SESSION);
    for (size_t i = 0; i < ARRAY_LEN(WAITS); i++) {
        world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
        if (WAITS[i] > 0) {
            w.now_ms += WAITS[i] - 1000;
            world_settle(&w, 4);
            ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 1);
            ck_assert_int_eq(w.plan.requeue_after_ms, 1000);
            assert_sv(world_condition(&w, "Degraded", "status"), "True");
            w.now_ms += 1000;
        }
        world_converge(&w);
        ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    }
}
END_TEST

START_TEST(plan__ten_minutes_of_health_forget_the_failures)
{
    start(SESSION);
    for (int i = 0; i < 4; i++) {
        world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
        w.now_ms += 300000;
        world_converge(&w);
    }
    w.now_ms += 600000;
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
    world_settle(&w, 4);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

START_TEST(plan__an_evicted_pod_is_told_in_the_node_s_words)
{
    start(SESSION);
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Evicted");
    world_plan(&w);
    bool told = false;
    for (size_t i = 0; i < w.plan.n; i++) {
        told = told || sv_find(w.plan.items[i].event.message, SV("Evicted")) != SIZE_MAX;
    }
    ck_assert(told);
}
END_TEST

// ---- the JobManager without HA ------------------------------------------------------

START_TEST(plan__without_ha_a_terminating_job_manager_is_waited_for)
{
    start(SESSION);
    world_pod(&w, POD_JOB_MANAGER, 0)->deleted_ms = w.now_ms;
    world_settle(&w, 4);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 0);
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
}
END_TEST

START_TEST(plan__without_ha_an_ended_job_manager_is_read_live_and_replaced)
{
    start(SESSION);
    struct strview name = world_pod(&w, POD_JOB_MANAGER, 0)->name;
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_plan(&w);
    const struct action *create = NULL;
    for (size_t i = 0; i < w.plan.n; i++) {
        if (w.plan.items[i].verb == ACTION_CREATE) {
            create = &w.plan.items[i];
        }
    }
    ck_assert_ptr_nonnull(create);
    ck_assert(create->live_read);
    ck_assert(sv_eq(create->reads, name));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
}
END_TEST

START_TEST(plan__without_ha_a_job_manager_that_lost_its_labels_gets_no_second)
{
    start(SESSION);
    // At a later attempt, so that the name alone does not tell.
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_converge(&w);
    ck_assert_int_eq(id_of(world_pod(&w, POD_JOB_MANAGER, 0)).attempt, 1);
    world_pod(&w, POD_JOB_MANAGER, 0)->hidden = true;
    for (int i = 0; i < 5; i++) {
        world_step(&w);
        ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
    }
}
END_TEST

START_TEST(plan__without_ha_the_kubelet_does_not_restart_the_job_manager)
{
    start(SESSION);
    const struct json *pod = world_object_json(&w, world_pod(&w, POD_JOB_MANAGER, 0));
    assert_sv(json_string(json_get_path(pod, "spec", "restartPolicy", NULL)), "Never");
    pod = world_object_json(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    assert_sv(json_string(json_get_path(pod, "spec", "restartPolicy", NULL)), "OnFailure");
}
END_TEST

START_TEST(plan__with_ha_job_managers_are_replaced_at_once_and_keep_a_budget)
{
    int64_t least = -1;
    start(HA);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 2);
    const struct json *pdb = world_object_json(&w, world_find(&w, CHILD_PDB, "fraud-jobmanager"));
    ck_assert(json_int(json_get_path(pdb, "spec", "minAvailable", NULL), &least));
    ck_assert_int_eq(least, 1);
    world_pod(&w, POD_JOB_MANAGER, 0)->deleted_ms = w.now_ms;
    world_step(&w);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 2);
}
END_TEST

// ---- scale --------------------------------------------------------------------------

START_TEST(plan__scaling_up_only_adds)
{
    start(SESSION);
    struct strview first = world_pod(&w, POD_TASK_MANAGER, 0)->uid;
    struct strview leader = world_pod(&w, POD_JOB_MANAGER, 0)->uid;
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,"
                   "'taskManager':{'replicas':5,'slots':2}}");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 5);
    ck_assert(sv_eq(world_pod(&w, POD_TASK_MANAGER, 0)->uid, first));
    ck_assert(sv_eq(world_pod(&w, POD_JOB_MANAGER, 0)->uid, leader));
    ck_assert_uint_eq(world_count(&w, CHILD_CONFIG_MAP), 1);
}
END_TEST

START_TEST(plan__scaling_down_deletes_the_highest_indexes)
{
    start("{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
          "'taskManager':{'replicas':5}}");
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
                   "'taskManager':{'replicas':3}}");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(id_of(world_pod(&w, POD_TASK_MANAGER, i)).index, (int64_t)i);
    }
}
END_TEST

START_TEST(plan__many_pods_are_made_in_bounded_plans)
{
    world_init(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
                   "'taskManager':{'replicas':300}}");
    world_step(&w);
    world_step(&w);
    ck_assert_uint_le(world_actions(&w, ACTION_CREATE), 210);
    ck_assert_int_gt(w.plan.requeue_after_ms, 0);
    world_settle(&w, 10);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 300);
}
END_TEST

START_TEST(plan__any_allocation_may_fail)
{
    struct observed observed;
    start(HA);
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
    world_remove(&w, world_find(&w, CHILD_SERVICE, "fraud-rest"));
    world_observe(&w, &observed);
    bool whole = false;
    for (size_t n = 1; !whole && n < 100000; n += 1 + n / 40) {
        struct arena arena = ARENA((size_t)64 << 20);
        struct actions plan;
        struct err err = {0};
        (void)mem_fail_after(n);
        int rc = plan_make(&observed, &WORLD_SETTINGS, &arena, &plan, &err);
        (void)mem_fail_after(0);
        whole = rc == 0;
        // A buffer that can't grow looks like a configuration that is too large.
        ck_assert_msg(rc == 0 || err.code == E_NOMEM || err.code == E_TOO_LARGE, "%d %s",
                      (int)err.code, err.msg);
        arena_done(&arena);
    }
    ck_assert(whole);
}
END_TEST

START_TEST(plan__a_small_arena_is_an_error_and_no_half_plan)
{
    struct observed observed;
    world_init(&w, HA);
    world_step(&w);
    world_observe(&w, &observed);
    for (size_t size = 0; size < 200000; size += 4093) {
        struct arena arena = ARENA(size);
        struct actions plan;
        struct err err = {0};
        if (plan_make(&observed, &WORLD_SETTINGS, &arena, &plan, &err) != 0) {
            ck_assert_msg(err.code == E_NOMEM, "%zu: %d %s", size, (int)err.code, err.msg);
        }
        arena_done(&arena);
    }
}
END_TEST

UNIT_MAIN(NULL, done, plan__a_fresh_cluster_is_recorded_before_anything_is_made,
          plan__a_fresh_cluster_gets_all_its_children,
          plan__nothing_is_done_for_a_deleted_cluster_without_our_finalizer,
          plan__the_same_view_gives_the_same_plan,
          plan__a_deleted_pod_is_replaced_while_it_still_terminates,
          plan__a_pod_that_is_gone_without_a_trace_is_made_again,
          plan__a_failed_pod_is_replaced_at_once_and_then_removed,
          plan__a_pod_that_fails_again_waits_longer_each_time,
          plan__ten_minutes_of_health_forget_the_failures,
          plan__an_evicted_pod_is_told_in_the_node_s_words,
          plan__without_ha_a_terminating_job_manager_is_waited_for,
          plan__without_ha_an_ended_job_manager_is_read_live_and_replaced,
          plan__without_ha_a_job_manager_that_lost_its_labels_gets_no_second,
          plan__without_ha_the_kubelet_does_not_restart_the_job_manager,
          plan__with_ha_job_managers_are_replaced_at_once_and_keep_a_budget,
          plan__scaling_up_only_adds, plan__scaling_down_deletes_the_highest_indexes,
          plan__many_pods_are_made_in_bounded_plans, plan__any_allocation_may_fail,
          plan__a_small_arena_is_an_error_and_no_half_plan)
