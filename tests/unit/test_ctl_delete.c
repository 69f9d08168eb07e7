// SPDX-License-Identifier: Apache-2.0
// The end of a cluster, on a world in memory.
#include "ctl_world_run.h"
#include "unit.h"

#define HA                                                                                         \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,"                               \
    "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{'replicas':2},"             \
    "'taskManager':{'replicas':2,'slots':2},"                                                      \
    "'flinkConfiguration':{'execution.checkpointing.savepoint-dir':'s3://saves'}}"
#define STATELESS                                                                                  \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,'taskManager':{'replicas':1}}"
#define TIMEOUT_MS 300000

static struct world w;

static void done(void)
{
    world_done(&w);
}

static void start(const char *spec)
{
    world_init(&w, spec);
    world_converge(&w);
}

static void delete_it(void)
{
    w.deleting = true;
    w.deleted_ms = w.now_ms;
    w.generation++; // as the API server does
}

static struct strview event_text(const char *reason)
{
    for (size_t i = 0; i < w.plan.n; i++) {
        if (w.plan.items[i].verb == ACTION_EVENT &&
            strcmp(w.plan.items[i].event.reason, reason) == 0) {
            return w.plan.items[i].event.message;
        }
    }
    return SV("");
}

static void assert_has(struct strview text, const char *part)
{
    ck_assert_msg(sv_find(text, sv_from(part)) != SIZE_MAX, "no \"%s\" in \"%.*s\"", part,
                  SV_ARG(text));
}

START_TEST(delete__the_finalizer_is_there_before_anything_else)
{
    world_init(&w, HA);
    const struct actions *plan = world_plan(&w);
    ck_assert_uint_eq(plan->n, 2);
    ck_assert_int_eq(plan->items[0].verb, ACTION_FINALIZERS);
    ck_assert_int_eq(plan->items[1].verb, ACTION_CREATE);
    world_converge(&w);
    assert_has(w.finalizers, "\"sluice.dev/cleanup\"");
}
END_TEST

START_TEST(delete__a_cluster_without_a_record_gets_no_finalizer)
{
    world_init(&w, "{'image':'Bad Image','flinkVersion':'1.20','parallelism':1}");
    world_converge(&w);
    ck_assert_uint_eq(w.finalizers.len, 0);
}
END_TEST

START_TEST(delete__others_finalizers_stay)
{
    world_init(&w, HA);
    w.finalizers = SV("[\"a.dev/b\"]");
    world_converge(&w);
    ck_assert(sv_eq_lit(w.finalizers, "[\"a.dev/b\",\"sluice.dev/cleanup\"]"));
    delete_it();
    world_converge(&w);
    ck_assert(sv_eq_lit(w.finalizers, "[\"a.dev/b\"]"));
    ck_assert(!w.gone);
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(delete__a_cluster_of_an_older_sluice_gets_it_too)
{
    start(HA);
    w.finalizers = SV_NONE;
    ck_assert_uint_eq(world_plan(&w)->n, 1);
    ck_assert_int_eq(w.plan.items[0].verb, ACTION_FINALIZERS);
}
END_TEST

START_TEST(delete__pods_end_then_metadata_go_then_the_cluster)
{
    start(HA);
    world_ha(&w, world_run(&w), SV_NONE, "10.0.0.1");
    world_ha(&w, SV("zzz9"), SV_NONE, "10.0.0.1"); // another's
    world_converge(&w);
    delete_it();
    world_settle(&w, 10);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER) + world_live(&w, POD_TASK_MANAGER), 0);
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 4);
    ck_assert_uint_eq(w.n_ha, 2);
    ck_assert(sv_eq_lit(world_phase(&w), "Deleting"));
    ck_assert(sv_eq_lit(world_condition(&w, "Reconciling", "reason"), "Deleting"));
    ck_assert(sv_eq_lit(world_condition(&w, "Ready", "status"), "False"));
    world_kubelet(&w);
    world_step(&w);
    ck_assert_uint_eq(w.n_ha, 1);
    ck_assert(!w.gone);
    world_step(&w);
    ck_assert(w.gone);
    ck_assert_int_eq(w.plan.items[0].verb, ACTION_FINALIZERS);
    ck_assert(w.plan.items[0].live_read);
    struct strview told = event_text("Deleted");
    assert_has(told, "s3://b/payments/fraud, s3://saves");
    ck_assert_uint_eq(w.n_ha, 1);
}
END_TEST

START_TEST(delete__nothing_is_made_and_the_rest_is_left_to_owner_references)
{
    start(STATELESS);
    size_t others = w.n - 2;
    delete_it();
    world_remove(&w, world_find(&w, CHILD_SERVICE, "fraud-rest"));
    world_converge(&w);
    ck_assert(w.gone);
    ck_assert_uint_eq(w.n, others - 1);
    assert_has(event_text("Deleted"), "no storage");
}
END_TEST

START_TEST(delete__an_ended_pod_is_not_waited_for)
{
    start(STATELESS);
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
    delete_it();
    world_step(&w);
    ck_assert(w.gone);
}
END_TEST

START_TEST(delete__a_pod_that_never_ends_is_waited_for_until_the_time_out)
{
    start(HA);
    world_ha(&w, world_run(&w), SV_NONE, "10.0.0.1");
    world_converge(&w);
    struct strview stuck = world_pod(&w, POD_JOB_MANAGER, 0)->name;
    delete_it();
    world_settle(&w, 10);
    w.now_ms += TIMEOUT_MS - 1000;
    world_settle(&w, 10);
    ck_assert(!w.gone);
    ck_assert_int_eq(w.plan.requeue_after_ms, 1000);
    w.now_ms += 1000;
    world_step(&w);
    ck_assert(w.gone);
    ck_assert(!w.plan.items[0].live_read); // or it would be held up again
    ck_assert_uint_eq(w.n_ha, 1);          // goes by its owner reference
    assert_has(event_text("DeletionCutShort"), stuck.ptr);
    assert_has(event_text("DeletionCutShort"), "cluster-config-map");
    assert_has(event_text("DeletionCutShort"), "--deletion-timeout");
}
END_TEST

START_TEST(delete__the_annotation_ends_it_at_once)
{
    start(HA);
    delete_it();
    w.annotations = SV("{\"sluice.dev/force-delete\":\"false\"}");
    world_settle(&w, 10);
    ck_assert(!w.gone);
    w.annotations = SV("{\"sluice.dev/force-delete\":\"true\"}");
    world_step(&w);
    ck_assert(w.gone);
    assert_has(event_text("DeletionCutShort"), "fraud-jm-");
}
END_TEST

START_TEST(delete__the_annotation_alone_deletes_nothing)
{
    start(HA);
    w.annotations = SV("{\"sluice.dev/force-delete\":\"true\"}");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(delete__orphaned_children_are_left_as_they_are)
{
    start(HA);
    world_ha(&w, world_run(&w), SV_NONE, "10.0.0.1");
    world_converge(&w);
    size_t pods = world_count(&w, CHILD_POD);
    w.finalizers = SV("[\"sluice.dev/cleanup\",\"orphan\"]");
    delete_it();
    world_step(&w);
    ck_assert(sv_eq_lit(w.finalizers, "[\"orphan\"]"));
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER) + world_live(&w, POD_TASK_MANAGER), pods);
    ck_assert_uint_eq(w.n_ha, 1);
    assert_has(event_text("DeletionCutShort"), "orphan");
}
END_TEST

START_TEST(delete__a_rejected_change_and_a_newer_record_do_not_hold_it_up)
{
    start(STATELESS);
    world_edit(&w, "{'image':'Bad Image','flinkVersion':'1.20','parallelism':1}");
    world_converge(&w);
    delete_it();
    world_converge(&w);
    ck_assert(w.gone);
}
END_TEST

START_TEST(delete__a_cluster_whose_records_were_deleted_goes_too)
{
    start(HA);
    world_remove(&w, world_find(&w, CHILD_REVISION, "fraud-r1"));
    delete_it();
    world_converge(&w);
    ck_assert(w.gone);
}
END_TEST

UNIT_MAIN(NULL, done, delete__the_finalizer_is_there_before_anything_else,
          delete__a_cluster_without_a_record_gets_no_finalizer, delete__others_finalizers_stay,
          delete__a_cluster_of_an_older_sluice_gets_it_too,
          delete__pods_end_then_metadata_go_then_the_cluster,
          delete__nothing_is_made_and_the_rest_is_left_to_owner_references,
          delete__an_ended_pod_is_not_waited_for,
          delete__a_pod_that_never_ends_is_waited_for_until_the_time_out,
          delete__the_annotation_ends_it_at_once, delete__the_annotation_alone_deletes_nothing,
          delete__orphaned_children_are_left_as_they_are,
          delete__a_rejected_change_and_a_newer_record_do_not_hold_it_up,
          delete__a_cluster_whose_records_were_deleted_goes_too)
