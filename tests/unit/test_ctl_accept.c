// SPDX-License-Identifier: Apache-2.0
// What happens to a change of the spec: recorded, refused, or waiting; and to the runs.
#include "common/base/strbuf.h"
#include "ctl_world_run.h"
#include "unit.h"

#define JOB(mode, image, more)                                                                     \
    "{'image':'flink:" image "','flinkVersion':'1.20','parallelism':2,"                            \
    "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],"                                         \
    "'taskManager':{'replicas':2},'job':{'entryClass':'a.B','upgradeMode':'" mode "'" more "}}"

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

/// The newest record's member of data.sluice.
static struct strview recorded(const char *member)
{
    const struct json *newest = NULL;
    int64_t best = 0;
    for (size_t i = 0; i < w.n; i++) {
        int64_t number = 0;
        if (w.objects[i].kind == CHILD_REVISION) {
            const struct json *o = world_object_json(&w, &w.objects[i]);
            ck_assert(json_int(json_get_lit(o, "revision"), &number));
            if (number > best) {
                best = number;
                newest = o;
            }
        }
    }
    return json_string(json_get_path(newest, "data", "sluice", member, NULL));
}

static int64_t accepted_generation(void)
{
    int64_t g = 0;
    ck_assert(json_int(json_get_path(world_status(&w), "accepted", "generation", NULL), &g));
    return g;
}

START_TEST(accept__a_run_and_its_job_are_recorded_before_pods_exist)
{
    world_init(&w, JOB("Savepoint", "1.20.1", ""));
    world_step(&w);
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 0);
    ck_assert_uint_eq(recorded("run").len, RUN_DIGITS);
    ck_assert_uint_eq(recorded("jobId").len, 32);
    ck_assert(sv_starts(recorded("haDir"), SV("s3://b/payments/fraud/")));
    ck_assert(sv_ends(recorded("haDir"), SV("/ha")));
}
END_TEST

START_TEST(accept__a_change_of_a_job_with_state_waits_and_says_so)
{
    start(JOB("Savepoint", "1.20.1", ""));
    struct strview run = recorded("run");
    world_edit(&w, JOB("Savepoint", "1.20.2", ""));
    world_converge(&w);
    assert_sv(world_condition(&w, "Accepted", "status"), "True");
    assert_sv(world_condition(&w, "Reconciling", "status"), "True");
    assert_sv(world_condition(&w, "Reconciling", "reason"), "WaitingForUpgradeSupport");
    assert_sv(world_condition(&w, "Ready", "status"), "False");
    ck_assert_int_eq(accepted_generation(), 1);
    ck_assert(sv_eq(recorded("run"), run));
    assert_sv(json_get_string(world_status(&w), SV("image")), "flink:1.20.1");
    // What runs is kept in full meanwhile.
    world_remove(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

START_TEST(accept__a_change_that_is_taken_back_restarts_nothing)
{
    start(JOB("Savepoint", "1.20.1", ""));
    struct strview pod = world_pod(&w, POD_JOB_MANAGER, 0)->uid;
    world_edit(&w, JOB("Savepoint", "1.20.2", ""));
    world_converge(&w);
    world_edit(&w, JOB("Savepoint", "1.20.1", ""));
    world_converge(&w);
    ck_assert_int_eq(accepted_generation(), 3);
    assert_sv(world_condition(&w, "Ready", "status"), "True");
    ck_assert(sv_eq(world_pod(&w, POD_JOB_MANAGER, 0)->uid, pod));
}
END_TEST

/// No two revisions have live pods at once.
static void assert_one_revision(void)
{
    struct strview seen = SV_NONE;
    for (size_t i = 0; i < w.n; i++) {
        struct pod_name id;
        const struct world_object *x = &w.objects[i];
        if (x->kind == CHILD_POD && x->phase != WORLD_FAILED &&
            pod_name_parse(SV("fraud"), x->name, &id)) {
            ck_assert(!sv_present(seen) || sv_eq(seen, id.revision));
            seen = id.revision;
        }
    }
}

START_TEST(accept__a_stateless_job_is_stopped_whole_before_its_new_run_starts)
{
    start(JOB("Stateless", "1.20.1", ""));
    struct strview run = recorded("run");
    struct strview job = recorded("jobId");
    world_edit(&w, JOB("Stateless", "1.20.2", ""));
    for (int i = 0; i < 8; i++) {
        world_step(&w);
        assert_one_revision();
        if (i == 3) {
            assert_sv(world_phase(&w), "Updating");
            world_kubelet(&w);
        }
    }
    world_converge(&w);
    ck_assert(!sv_eq(recorded("run"), run));
    ck_assert(!sv_eq(recorded("jobId"), job));
    ck_assert_uint_eq(world_count(&w, CHILD_CONFIG_MAP), 1);
    const struct json *pod = world_object_json(&w, world_pod(&w, POD_JOB_MANAGER, 0));
    const struct json *main = json_first(json_get_path(pod, "spec", "containers", NULL));
    assert_sv(json_get_string(main, SV("image")), "flink:1.20.2");
    const struct json *service = world_object_json(&w, world_find(&w, CHILD_SERVICE, "fraud-rest"));
    ck_assert(sv_eq(json_string(json_get_path(service, "spec", "selector", LABEL_RUN, NULL)),
                    recorded("run")));
    assert_sv(world_condition(&w, "Ready", "status"), "True");
}
END_TEST

START_TEST(accept__a_pod_of_the_old_run_that_never_goes_holds_the_new_one_back)
{
    start(JOB("Stateless", "1.20.1", ""));
    world_edit(&w, JOB("Stateless", "1.20.2", ""));
    world_settle(&w, 6);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 0);
    assert_sv(world_condition(&w, "Reconciling", "reason"), "StoppingOldPods");
}
END_TEST

START_TEST(accept__pods_of_the_old_run_that_are_not_yet_seen_hold_the_new_one_back)
{
    start(JOB("Stateless", "1.20.1", ""));
    size_t pods = world_count(&w, CHILD_POD);
    for (size_t i = 0; i < w.n; i++) {
        w.objects[i].hidden = w.objects[i].kind == CHILD_POD;
    }
    // As if nothing had been written about them either.
    w.status = SV_NONE;
    world_edit(&w, JOB("Stateless", "1.20.2", ""));
    for (int i = 0; i < 6; i++) {
        world_step(&w);
        ck_assert_uint_eq(world_count(&w, CHILD_POD), pods);
    }
    for (size_t i = 0; i < w.n; i++) {
        w.objects[i].hidden = false;
    }
    world_converge(&w);
    assert_sv(world_condition(&w, "Ready", "status"), "True");
}
END_TEST

START_TEST(accept__a_stateless_mode_given_with_the_change_counts)
{
    start(JOB("Savepoint", "1.20.1", ""));
    world_edit(&w, JOB("Stateless", "1.20.2", ""));
    world_converge(&w);
    ck_assert_int_eq(accepted_generation(), 2);
    assert_sv(world_condition(&w, "Ready", "status"), "True");
}
END_TEST

START_TEST(accept__a_mode_alone_changes_no_pod)
{
    start(JOB("Savepoint", "1.20.1", ""));
    struct strview pod = world_pod(&w, POD_JOB_MANAGER, 0)->uid;
    world_edit(&w, JOB("LastState", "1.20.1", ""));
    world_converge(&w);
    ck_assert_int_eq(accepted_generation(), 2);
    ck_assert(sv_eq(world_pod(&w, POD_JOB_MANAGER, 0)->uid, pod));
}
END_TEST

// ---- suspended ----------------------------------------------------------------------

START_TEST(accept__a_cluster_created_suspended_gets_no_pods)
{
    start(JOB("Savepoint", "1.20.1", ",'state':'Suspended'"));
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 0);
    assert_sv(world_phase(&w), "Suspended");
    assert_sv(world_condition(&w, "Ready", "status"), "True");
    world_edit(&w, JOB("Savepoint", "1.20.1", ""));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

START_TEST(accept__a_stateless_job_is_suspended_and_comes_back_as_a_new_run)
{
    start(JOB("Stateless", "1.20.1", ""));
    struct strview run = recorded("run");
    world_edit(&w, JOB("Stateless", "1.20.1", ",'state':'Suspended'"));
    world_converge(&w);
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 0);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "Suspended");
    world_edit(&w, JOB("Stateless", "1.20.1", ""));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
    ck_assert(!sv_eq(recorded("run"), run));
}
END_TEST

START_TEST(accept__suspending_a_job_with_state_waits)
{
    start(JOB("Savepoint", "1.20.1", ""));
    world_edit(&w, JOB("Savepoint", "1.20.1", ",'state':'Suspended'"));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    assert_sv(world_condition(&w, "Reconciling", "reason"), "WaitingForUpgradeSupport");
}
END_TEST

START_TEST(accept__a_savepoint_to_start_from_is_for_the_first_run)
{
    start(JOB("Stateless", "1.20.1", ",'initialSavepointPath':'s3://b/sp'"));
    assert_sv(recorded("fromSavepoint"), "s3://b/sp");
    world_edit(&w, JOB("Stateless", "1.20.2", ",'initialSavepointPath':'s3://b/sp'"));
    world_converge(&w);
    ck_assert(!sv_present(recorded("fromSavepoint")));
}
END_TEST

// ---- refused ------------------------------------------------------------------------

START_TEST(accept__a_cluster_that_was_never_good_gets_nothing)
{
    start("{'image':'Not An Image','flinkVersion':'1.20','parallelism':9,"
          "'taskManager':{'replicas':2},'job':{'upgradeMode':'Stateless'}}");
    ck_assert_uint_eq(w.n, 0);
    assert_sv(world_condition(&w, "Accepted", "status"), "False");
    struct strview why = world_condition(&w, "Accepted", "message");
    ck_assert_uint_ne(sv_find(why, SV("spec.image")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(why, SV("spec.parallelism")), SIZE_MAX);
    assert_sv(world_condition(&w, "Stalled", "status"), "True");
    assert_sv(world_phase(&w), "Rejected");
}
END_TEST

START_TEST(accept__logging_files_that_fit_no_config_map_are_refused)
{
    struct strbuf b = STRBUF(4 << 20);
    strbuf_put_str(&b, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
                       "'taskManager':{'replicas':1},'logConfiguration':{");
    for (int file = 0; file < 5; file++) {
        strbuf_printf(&b, "%s'f%d':'%0250000d'", file > 0 ? "," : "", file, 0);
    }
    strbuf_put_str(&b, "}}");
    start(b.ptr);
    strbuf_done(&b);
    ck_assert_uint_eq(w.n, 0);
    assert_sv(world_condition(&w, "Accepted", "status"), "False");
}
END_TEST

START_TEST(accept__a_bad_generation_keeps_the_last_good_one_in_full)
{
    start(JOB("Stateless", "1.20.1", ""));
    world_edit(&w, "{'image':'Not An Image','flinkVersion':'1.20','parallelism':2,"
                   "'taskManager':{'replicas':1},'job':{'upgradeMode':'Stateless'}}");
    world_step(&w);
    ck_assert(world_event(&w, "NotAccepted"));
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
    assert_sv(world_condition(&w, "Accepted", "status"), "False");
    ck_assert_int_eq(accepted_generation(), 1);
    assert_sv(world_condition(&w, "Available", "status"), "True");
}
END_TEST

// ---- scale and the law --------------------------------------------------------------

START_TEST(accept__scaling_a_job_whose_parallelism_follows_waits)
{
    world_init(&w, JOB("Savepoint", "1.20.1", ""));
    w.annotations =
        SV("{\"sluice.dev/defaulted\":"
           "\"{\\\"parallelism\\\":{\\\"value\\\":2,\\\"replicas\\\":2,\\\"slots\\\":1}}\"}");
    world_converge(&w);
    world_edit(&w,
               "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"
               "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'taskManager':{'replicas':3},"
               "'job':{'entryClass':'a.B','upgradeMode':'Savepoint'}}");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    assert_sv(world_condition(&w, "Reconciling", "reason"), "WaitingForUpgradeSupport");
    ck_assert_uint_ne(sv_find(world_condition(&w, "Reconciling", "message"), SV("parallelism")),
                      SIZE_MAX);
}
END_TEST

START_TEST(accept__scaling_a_job_with_its_own_parallelism_adds_task_managers)
{
    start(JOB("Savepoint", "1.20.1", ""));
    world_edit(&w,
               "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"
               "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'taskManager':{'replicas':3},"
               "'job':{'entryClass':'a.B','upgradeMode':'Savepoint'}}");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 3);
    assert_sv(world_condition(&w, "Ready", "status"), "True");
}
END_TEST

START_TEST(accept__scaling_a_session_cluster_restarts_nothing)
{
    world_init(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"
                   "'taskManager':{'replicas':2}}");
    w.annotations =
        SV("{\"sluice.dev/defaulted\":"
           "\"{\\\"parallelism\\\":{\\\"value\\\":2,\\\"replicas\\\":2,\\\"slots\\\":1}}\"}");
    world_converge(&w);
    struct strview pod = world_pod(&w, POD_JOB_MANAGER, 0)->uid;
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"
                   "'taskManager':{'replicas':4}}");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 4);
    ck_assert(sv_eq(world_pod(&w, POD_JOB_MANAGER, 0)->uid, pod));
}
END_TEST

START_TEST(accept__a_session_cluster_with_another_image_is_made_anew)
{
    start("{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"
          "'taskManager':{'replicas':2}}");
    struct strview run = recorded("run");
    world_edit(&w, "{'image':'flink:1.20.2','flinkVersion':'1.20','parallelism':2,"
                   "'taskManager':{'replicas':2}}");
    world_converge(&w);
    ck_assert(!sv_eq(recorded("run"), run));
    assert_sv(world_phase(&w), "Running");
}
END_TEST

// ---- records ------------------------------------------------------------------------

START_TEST(accept__old_records_go_beyond_the_history)
{
    start(JOB("Stateless", "1.20.1", ""));
    for (int i = 0; i < 8; i++) {
        world_edit(&w, JOB("Stateless", "1.20.1", ""));
        world_converge(&w);
    }
    ck_assert_uint_eq(world_count(&w, CHILD_REVISION), 1 + WORLD_SETTINGS.revision_history);
    ck_assert_ptr_nonnull(world_find(&w, CHILD_REVISION, "fraud-r9"));
}
END_TEST

START_TEST(accept__a_job_with_state_whose_records_were_deleted_is_left_alone)
{
    start(JOB("Savepoint", "1.20.1", ""));
    world_remove(&w, world_find(&w, CHILD_REVISION, "fraud-r1"));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
    ck_assert_uint_eq(world_count(&w, CHILD_REVISION), 0);
    assert_sv(world_condition(&w, "Ready", "status"), "False");
}
END_TEST

START_TEST(accept__a_run_s_id_never_comes_twice_even_when_records_were_deleted)
{
    start(JOB("Stateless", "1.20.1", ""));
    struct strview run = recorded("run");
    world_remove(&w, world_find(&w, CHILD_REVISION, "fraud-r1"));
    world_converge(&w);
    ck_assert_ptr_nonnull(world_find(&w, CHILD_REVISION, "fraud-r2"));
    ck_assert(!sv_eq(recorded("run"), run));
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 1);
}
END_TEST

START_TEST(accept__a_view_that_is_behind_changes_nothing)
{
    start(JOB("Stateless", "1.20.1", ""));
    world_edit(&w, JOB("Stateless", "1.20.2", ""));
    world_converge(&w);
    struct strview run = recorded("run");
    w.generation = 1;
    w.spec = SV("{\"image\":\"flink:1.20.1\"}");
    world_settle(&w, 4);
    ck_assert(sv_eq(recorded("run"), run));
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

UNIT_MAIN(NULL, done, accept__a_run_and_its_job_are_recorded_before_pods_exist,
          accept__a_change_of_a_job_with_state_waits_and_says_so,
          accept__a_change_that_is_taken_back_restarts_nothing,
          accept__a_stateless_job_is_stopped_whole_before_its_new_run_starts,
          accept__a_pod_of_the_old_run_that_never_goes_holds_the_new_one_back,
          accept__pods_of_the_old_run_that_are_not_yet_seen_hold_the_new_one_back,
          accept__a_stateless_mode_given_with_the_change_counts,
          accept__a_mode_alone_changes_no_pod, accept__a_cluster_created_suspended_gets_no_pods,
          accept__a_stateless_job_is_suspended_and_comes_back_as_a_new_run,
          accept__suspending_a_job_with_state_waits,
          accept__a_savepoint_to_start_from_is_for_the_first_run,
          accept__a_cluster_that_was_never_good_gets_nothing,
          accept__logging_files_that_fit_no_config_map_are_refused,
          accept__a_bad_generation_keeps_the_last_good_one_in_full,
          accept__scaling_a_job_whose_parallelism_follows_waits,
          accept__scaling_a_job_with_its_own_parallelism_adds_task_managers,
          accept__scaling_a_session_cluster_restarts_nothing,
          accept__a_session_cluster_with_another_image_is_made_anew,
          accept__old_records_go_beyond_the_history,
          accept__a_job_with_state_whose_records_were_deleted_is_left_alone,
          accept__a_run_s_id_never_comes_twice_even_when_records_were_deleted,
          accept__a_view_that_is_behind_changes_nothing)
