// SPDX-License-Identifier: Apache-2.0
// The life of a job: every state has its words, an end is kept through everything, and nothing runs
// twice, wherever the controller dies.
#include "controller/conditions_job.h"
#include "controller/flink/observation.h"
#include "ctl_world_run.h"
#include "unit.h"

#define MINUTE_MS 60000

#define SPEC(more, job_more)                                                                       \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4," more                          \
    "'taskManager':{'replicas':2,'slots':2},'job':{'entryClass':'a.B'" job_more "}}"
#define PLAIN SPEC("", ",'upgradeMode':'Stateless'")
#define HA                                                                                         \
    SPEC("'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{'replicas':2},", "")

static struct world w;
static struct flink_observation flink;
static int64_t restart_ms[FLINK_REST_RESTARTS_MAX];

static void done(void)
{
    world_done(&w);
}

static void assert_sv(struct strview got, const char *want)
{
    ck_assert_msg(sv_eq_lit(got, want), "\"%.*s\" is not \"%s\"", SV_ARG(got), want);
}

static struct strview job_text(const char *member)
{
    return json_string(json_get_path(world_status(&w), "job", member, NULL));
}

static int64_t number(const char *object, const char *member)
{
    int64_t v = -1;
    (void)json_int(json_get_path(world_status(&w), object, member, NULL), &v);
    return v;
}

// ---- Flink --------------------------------------------------------------------------

/// Flink answers, knows all TaskManagers, and its job, of the run's id, is in STATE.
static void tell(enum flink_job_state state)
{
    flink.contact = FLINK_CONTACT_ANSWERS;
    flink.contact_ms = flink.contact_ms != 0 ? flink.contact_ms : w.now_ms;
    flink.seen_ms = w.now_ms;
    flink.pod = world_pod(&w, POD_JOB_MANAGER, 0)->name;
    flink.version = SV("1.20.1");
    flink.task_manager_count = 2;
    flink.slots = 4;
    flink.slots_free = 0;
    flink.job_presence = FLINK_PRESENCE_PRESENT;
    flink.job.id = job_text("id");
    flink.job.name = SV("fraud detection");
    flink.job.state = state;
    flink.job.started_ms = flink.job.started_ms != 0 ? flink.job.started_ms : w.now_ms;
    flink.job.tasks = (struct flink_tasks){.total = 8, .running = 0, .finished = 0, .scheduled = 0};
    flink.job.running = false;
    w.flink = &flink;
}

static void tell_running(void)
{
    tell(FLINK_JOB_RUNNING);
    flink.job.tasks.running = 8;
    flink.job.running = true;
}

static void tell_end(enum flink_job_state state)
{
    tell(state);
    flink.job.ended_ms = w.now_ms;
    flink.job.tasks.finished = 8;
}

static void breaks(const char *cause)
{
    flink.job.failure = sv_from(cause);
    flink.job.failed_ms = w.now_ms;
}

static void restart(const char *cause)
{
    breaks(cause);
    restart_ms[flink.job.n_restart_ms++] = w.now_ms;
    flink.job.restart_ms = restart_ms;
    flink.job.restarts = (int64_t)flink.job.n_restart_ms;
}

/// Pods are ready, nobody asked Flink yet.
static void start(const char *spec)
{
    flink = FLINK_OBSERVATION_NONE;
    world_init(&w, spec);
    world_converge(&w);
}

static void start_running(const char *spec)
{
    start(spec);
    tell_running();
    world_converge(&w);
}

// ---- the words ----------------------------------------------------------------------

START_TEST(job__each_state_of_flink_has_its_reason_and_phase)
{
    static const struct {
        enum flink_job_state state;
        const char *status, *reason, *phase, *ready;
    } ROWS[] = {
        {FLINK_JOB_INITIALIZING, "False", "Initializing", "Starting", "False"},
        {FLINK_JOB_CREATED, "False", "Created", "Starting", "False"},
        {FLINK_JOB_RUNNING, "False", "TasksStarting", "Starting", "False"},
        {FLINK_JOB_RESTARTING, "False", "Restarting", "Restarting", "False"},
        {FLINK_JOB_FAILING, "False", "Failing", "Restarting", "False"},
        {FLINK_JOB_CANCELLING, "False", "Cancelling", "Canceling", "False"},
        {FLINK_JOB_SUSPENDED, "False", "JobSuspended", "Restarting", "False"},
        {FLINK_JOB_RECONCILING, "False", "JobReconciling", "Restarting", "False"},
        {FLINK_JOB_STATE_UNKNOWN, "Unknown", "UnknownState", "Starting", "True"},
        {FLINK_JOB_FAILED, "False", "Failed", "Failed", "False"},
        {FLINK_JOB_CANCELED, "False", "Canceled", "Canceled", "False"},
        {FLINK_JOB_FINISHED, "False", "Finished", "Finished", "True"},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        start(PLAIN);
        tell(ROWS[i].state);
        breaks("java.io.IOException: disk");
        world_converge(&w);
        assert_sv(world_condition(&w, "JobRunning", "status"), ROWS[i].status);
        assert_sv(world_condition(&w, "JobRunning", "reason"), ROWS[i].reason);
        assert_sv(world_condition(&w, "Ready", "status"), ROWS[i].ready);
        assert_sv(world_phase(&w), ROWS[i].phase);
        bool cause = ROWS[i].state == FLINK_JOB_RESTARTING || ROWS[i].state == FLINK_JOB_FAILING ||
                     ROWS[i].state == FLINK_JOB_FAILED;
        ck_assert_int_eq(sv_find(world_condition(&w, "JobRunning", "message"),
                                 SV("IOException: disk")) != SIZE_MAX,
                         cause);
        if (i + 1 < ARRAY_LEN(ROWS)) {
            world_done(&w);
        }
    }
}
END_TEST

START_TEST(job__it_runs_when_every_task_does)
{
    start(PLAIN);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "NotObserved");
    assert_sv(world_phase(&w), "Starting");
    tell_running();
    world_step(&w);
    ck_assert(world_event(&w, "JobRunning"));
    assert_sv(world_condition(&w, "JobRunning", "status"), "True");
    assert_sv(world_phase(&w), "Running");
    assert_sv(job_text("state"), "RUNNING");
    assert_sv(job_text("name"), "fraud detection");
    assert_sv(json_string(json_get_path(world_status(&w), "flink", "version", NULL)), "1.20.1");
    ck_assert_int_eq(number("taskManager", "registered"), 2);
    ck_assert_int_eq(number("taskManager", "slotsTotal"), 4);
    ck_assert_int_eq(number("taskManager", "slotsFree"), 0);
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(job__a_batch_job_runs_while_later_stages_wait)
{
    start(PLAIN);
    tell(FLINK_JOB_RUNNING);
    flink.job.batch = true;
    flink.job.tasks.finished = 2;
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "status"), "True");
    // Stages come and go: no write for that.
    flink.job.tasks.running = 3;
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(job__nothing_is_submitted_before_main_is_through)
{
    start(PLAIN);
    tell_running();
    flink.job_presence = FLINK_PRESENCE_ABSENT;
    flink.job = FLINK_JOB_NONE;
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "NotSubmitted");
    assert_sv(world_phase(&w), "Starting");
}
END_TEST

START_TEST(job__one_miss_is_no_news_and_n_make_it_lost)
{
    start_running(PLAIN);
    flink.contact = FLINK_CONTACT_MISSED;
    flink.trouble = SV("timed out");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    flink.contact = FLINK_CONTACT_LOST;
    world_step(&w);
    ck_assert(world_event(&w, "JobLost"));
    assert_sv(world_condition(&w, "JobRunning", "status"), "Unknown");
    assert_sv(world_condition(&w, "JobRunning", "reason"), "Lost");
    assert_sv(world_phase(&w), "Lost");
    assert_sv(job_text("state"), "Lost");
    // Another try runs into something else: the same news.
    flink.trouble = SV("connection refused");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    // No pod goes for that.
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    tell_running();
    world_converge(&w);
    assert_sv(world_phase(&w), "Running");
}
END_TEST

START_TEST(job__a_restarted_controller_writes_nothing)
{
    start_running(PLAIN);
    w.flink = NULL;
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    struct flink_observation none = FLINK_OBSERVATION_NONE;
    none.pod = world_pod(&w, POD_JOB_MANAGER, 0)->name;
    w.flink = &none;
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    tell_running();
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(job__without_a_leader_nobody_knows)
{
    start_running(HA);
    flink.contact = FLINK_CONTACT_NONE;
    flink.contact_ms = w.now_ms;
    flink.pod = SV_NONE;
    world_step(&w);
    assert_sv(world_condition(&w, "JobRunning", "status"), "Unknown");
    assert_sv(world_condition(&w, "JobRunning", "reason"), "NoLeader");
    assert_sv(world_condition(&w, "Ready", "reason"), "NoLeader");
    assert_sv(world_phase(&w), "Restarting");
    // A takeover takes seconds: no alarm yet.
    assert_sv(job_text("state"), "RUNNING");
    ck_assert_int_eq(world_plan(&w)->requeue_after_ms, JOB_RECOVERY_MS);
    w.now_ms += JOB_RECOVERY_MS;
    // JobManagers that come and go don't begin that anew.
    flink.contact = FLINK_CONTACT_NO_LEADER;
    flink.contact_ms = w.now_ms;
    world_step(&w);
    assert_sv(job_text("state"), "Lost");
    // A job that ran before is not starting when it is taken up again.
    tell(FLINK_JOB_INITIALIZING);
    world_step(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "Initializing");
    assert_sv(world_phase(&w), "Restarting");
    assert_sv(json_string(json_get_path(world_status(&w), "revision", "good", NULL)), "fraud-r1");
}
END_TEST

START_TEST(job__a_new_leader_has_time_to_take_up_the_job)
{
    start_running(HA);
    flink.contact_ms = w.now_ms;
    flink.job_presence = FLINK_PRESENCE_ABSENT;
    flink.job = FLINK_JOB_NONE;
    world_step(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "Recovering");
    ck_assert_int_eq(world_plan(&w)->requeue_after_ms, JOB_RECOVERY_MS);
    w.now_ms += JOB_RECOVERY_MS;
    world_step(&w);
    ck_assert(world_event(&w, "JobLost"));
    assert_sv(world_condition(&w, "JobRunning", "reason"), "JobNotFound");
    assert_sv(world_condition(&w, "Degraded", "reason"), "JobNotFound");
    assert_sv(world_phase(&w), "Lost");
    // It is not called finished, and nothing goes.
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

START_TEST(job__a_leader_by_name_and_its_change)
{
    start(HA);
    w.leader = world_pod(&w, POD_JOB_MANAGER, 1)->name;
    tell_running();
    world_converge(&w);
    ck_assert(sv_eq(json_string(json_get_path(world_status(&w), "jobManager", "leader", NULL)),
                    w.leader));
    w.leader = world_pod(&w, POD_JOB_MANAGER, 0)->name;
    world_step(&w);
    ck_assert(world_event(&w, "LeaderChanged"));
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    // A standby's place is filled though the leader lives.
    struct world_object *standby = world_pod(&w, POD_JOB_MANAGER, 1);
    world_remove(&w, standby);
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 2);
}
END_TEST

// ---- what is wrong ------------------------------------------------------------------

START_TEST(job__waiting_for_slots_is_told_after_a_while_not_at_once)
{
    start(PLAIN);
    tell(FLINK_JOB_RUNNING);
    flink.job.tasks.running = 4;
    flink.job.tasks.scheduled = 4;
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "TasksStarting");
    ck_assert_int_gt(world_plan(&w)->requeue_after_ms, 0);
    ck_assert_int_le(world_plan(&w)->requeue_after_ms, JOB_SLOTS_MS);
    w.now_ms += JOB_SLOTS_MS;
    world_step(&w);
    ck_assert(world_event(&w, "InsufficientSlots"));
    assert_sv(world_condition(&w, "JobRunning", "reason"), "InsufficientSlots");
    assert_sv(world_condition(&w, "Degraded", "reason"), "InsufficientSlots");
    tell_running();
    world_converge(&w);
    assert_sv(world_condition(&w, "Degraded", "status"), "False");
}
END_TEST

START_TEST(job__restoring_state_long_is_no_lack_of_slots)
{
    start(PLAIN);
    tell(FLINK_JOB_RUNNING);
    world_converge(&w);
    w.now_ms += 60 * MINUTE_MS;
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "TasksStarting");
}
END_TEST

START_TEST(job__slots_are_not_missed_while_taskmanagers_are)
{
    start(PLAIN);
    tell(FLINK_JOB_CREATED);
    flink.task_manager_count = 1;
    world_converge(&w);
    w.now_ms += 60 * MINUTE_MS;
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "Created");
    assert_sv(world_condition(&w, "JobRunning", "message"),
              "the job has no slots yet: 1 of 2 TaskManagers are registered");
    flink.task_manager_count = 2;
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "InsufficientSlots");
}
END_TEST

START_TEST(job__flink_says_itself_that_slots_are_missing)
{
    start(PLAIN);
    tell(FLINK_JOB_RESTARTING);
    restart("o.a.f.r.j.s.NoResourceAvailableException: Could not acquire the minimum required "
            "resources.");
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "InsufficientSlots");
    assert_sv(world_phase(&w), "Restarting");
}
END_TEST

START_TEST(job__another_flink_than_the_spec_says_is_told)
{
    static const struct {
        const char *told;
        bool differs;
    } ROWS[] = {
        {"1.20.5", false}, {"1.20-SNAPSHOT", false}, {"1.20.1-amzn-0", false}, {"1.2.0", true},
        {"2.0.0", true},   {"1.21-rc1", true},       {"unknown", false},       {"", false},
        {"1.", false}};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        start(PLAIN);
        tell_running();
        flink.version = sv_from(ROWS[i].told);
        world_converge(&w);
        struct strview reason = world_condition(&w, "Degraded", "reason");
        assert_sv(reason, ROWS[i].differs ? "FlinkVersionMismatch" : "NoFailures");
        assert_sv(world_phase(&w), ROWS[i].differs ? "Degraded" : "Running");
        // A restart of the controller forgets it no more than it finds it anew.
        w.flink = NULL;
        ck_assert_uint_eq(world_plan(&w)->n, 0);
        if (i + 1 < ARRAY_LEN(ROWS)) {
            world_done(&w);
        }
    }
}
END_TEST

START_TEST(job__restarts_count_in_a_window_that_slides)
{
    start_running(PLAIN);
    for (int i = 0; i < 4; i++) {
        w.now_ms += MINUTE_MS;
        restart("java.lang.IllegalStateException: poison");
        tell_running();
        world_step(&w);
        ck_assert(world_event(&w, "JobRestarted"));
        ck_assert_int_eq(number("job", "restarts"), i + 1);
        assert_sv(world_condition(&w, "Degraded", "reason"),
                  i < JOB_RESTARTS_MAX ? "NoFailures" : "FrequentRestarts");
    }
    assert_sv(world_phase(&w), "Degraded");
    assert_sv(job_text("failure"), "java.lang.IllegalStateException: poison");
    w.flink = NULL;
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    w.flink = &flink;
    // The first of the four leaves the window.
    ck_assert_int_eq(world_plan(&w)->requeue_after_ms, JOB_RESTARTS_WINDOW_MS - 3 * MINUTE_MS);
    w.now_ms += JOB_RESTARTS_WINDOW_MS - 3 * MINUTE_MS;
    world_step(&w);
    assert_sv(world_condition(&w, "Degraded", "reason"), "NoFailures");
    assert_sv(world_phase(&w), "Running");
}
END_TEST

START_TEST(job__restarts_add_up_over_jobmanagers)
{
    start_running(HA);
    for (int i = 0; i < 3; i++) {
        w.now_ms += MINUTE_MS;
        restart("x");
        world_step(&w);
    }
    ck_assert_int_eq(number("job", "restarts"), 3);
    // Another JobManager leads, whose list is empty, and then has one.
    flink.job.n_restart_ms = 0;
    flink.job.restarts = 0;
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    w.now_ms += MINUTE_MS + 700;
    restart("y");
    world_step(&w);
    ck_assert_int_eq(number("job", "restarts"), 4);
    // Half a second is not counted twice because the status has none.
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

// ---- writes -------------------------------------------------------------------------

static void checkpoint(int64_t id)
{
    flink.seen_ms = w.now_ms;
    flink.job.checkpoints_known = true;
    flink.job.checkpoint = (struct flink_checkpoint){
        .id = id, .completed_ms = w.now_ms, .size = 1000 + id, .path = SV("s3://b/chk")};
}

START_TEST(job__checkpoints_are_written_once_a_minute_at_most)
{
    start_running(PLAIN);
    size_t before = w.writes;
    checkpoint(1);
    world_step(&w);
    ck_assert_uint_eq(w.writes, before + 1); // the first one is news
    for (int64_t i = 2; i <= 61; i++) {
        w.now_ms += 10000;
        checkpoint(i);
        world_step(&w);
    }
    ck_assert_uint_eq(w.writes, before + 11); // in ten minutes
    int64_t id = -1;
    ck_assert(json_int(json_get_path(world_status(&w), "job", "lastCheckpoint", "id", NULL), &id));
    ck_assert_int_eq(id, 61);
    // The last one before the silence is not left out.
    w.now_ms += 10000;
    checkpoint(62);
    ck_assert_uint_eq(world_step(&w), 0);
    ck_assert_int_eq(w.plan.requeue_after_ms, 50000);
    w.now_ms += 50000;
    ck_assert_uint_eq(world_step(&w), 1);
    // A clock that went back silences nobody for as long.
    w.now_ms -= 3600000;
    checkpoint(63);
    ck_assert_uint_eq(world_step(&w), 1);
}
END_TEST

START_TEST(job__answers_alone_write_nothing)
{
    start_running(PLAIN);
    for (int i = 0; i < 100; i++) {
        w.now_ms += 10000;
        flink.seen_ms = w.now_ms;
        ck_assert_uint_eq(world_plan(&w)->n, 0);
        ck_assert_int_eq(w.plan.requeue_after_ms, 0);
    }
}
END_TEST

START_TEST(job__a_checkpoint_is_kept_when_another_jobmanager_knows_none)
{
    start_running(HA);
    checkpoint(7);
    world_converge(&w);
    flink.job.checkpoint = FLINK_CHECKPOINT_UNKNOWN;
    flink.job.restored = (struct flink_checkpoint){.id = 7, .path = SV("s3://b/chk-7")};
    world_converge(&w);
    assert_sv(json_string(json_get_path(world_status(&w), "job", "lastCheckpoint", "path", NULL)),
              "s3://b/chk");
    assert_sv(job_text("restoredFrom"), "s3://b/chk-7");
}
END_TEST

START_TEST(job__what_another_run_s_job_did_counts_for_nothing)
{
    start_running(PLAIN);
    checkpoint(3);
    world_converge(&w);
    world_edit(&w, SPEC("", ",'upgradeMode':'Stateless','args':['x']"));
    // The old run's job ends while the new one is recorded.
    tell_end(FLINK_JOB_FINISHED);
    world_step(&w); // records
    world_converge(&w);
    ck_assert(!sv_eq(flink.job.id, job_text("id")));
    ck_assert_uint_eq(job_text("state").len, 0);
    ck_assert_ptr_null(json_get_path(world_status(&w), "job", "lastCheckpoint", NULL));
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "NotObserved");
}
END_TEST

START_TEST(job__a_suspended_one_has_no_state)
{
    start_running(PLAIN);
    world_edit(&w, SPEC("", ",'upgradeMode':'Stateless','state':'Suspended'"));
    world_converge(&w);
    assert_sv(world_phase(&w), "Suspended");
    ck_assert_uint_eq(job_text("state").len, 0);
    w.flink = NULL;
    world_converge(&w);
    ck_assert_ptr_null(json_get_path(world_status(&w), "taskManager", "slotsTotal", NULL));
    world_edit(&w, PLAIN);
    world_converge(&w);
    ck_assert_ptr_null(json_get_lit(world_status(&w), "flink"));
    assert_sv(world_phase(&w), "Starting");
}
END_TEST

START_TEST(job__hostile_statuses_are_read_as_nothing)
{
    static const char *const ROWS[] = {
        "\"x\"",
        "[]",
        "{\"job\":7}",
        "{\"job\":[{}]}",
        "{\"job\":{\"id\":[],\"state\":{},\"endTime\":{}},\"conditions\":{\"a\":1}}",
        "{\"job\":{\"id\":\"\",\"state\":\"FINISHED\"},\"conditions\":[1,null,{},[]]}",
        "{\"jobManager\":\"x\",\"taskManager\":[],\"flink\":null,\"revision\":3,\"phase\":{}}",
        "{\"conditions\":[{\"type\":\"JobRunning\",\"status\":4,\"lastTransitionTime\":\"x\"}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        start_running(PLAIN);
        w.status = sv_from(ROWS[i]);
        world_converge(&w);
        assert_sv(job_text("state"), "RUNNING");
        assert_sv(world_phase(&w), "Running");
        world_done(&w);
    }
    // Of this very job, but unreadable but for its end.
    start_running(PLAIN);
    w.status = arena_printf(&w.arena,
                            "{\"job\":{\"id\":\"%.*s\",\"state\":\"FINISHED\",\"endTime\":\"soon\","
                            "\"startTime\":-1,\"restarts\":\"many\",\"lastCheckpoint\":false}}",
                            SV_ARG(flink.job.id));
    world_converge(&w);
    assert_sv(world_phase(&w), "Finished");
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 0);
}
END_TEST

// ---- the end ------------------------------------------------------------------------

START_TEST(job__its_end_takes_the_taskmanagers_and_later_the_jobmanagers)
{
    start_running(HA);
    tell_end(FLINK_JOB_FINISHED);
    world_step(&w);
    ck_assert(world_event(&w, "JobFinished"));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 0);
    ck_assert_uint_eq(world_live(&w, POD_JOB_MANAGER), 2);
    assert_sv(world_phase(&w), "Finished");
    assert_sv(world_condition(&w, "Ready", "status"), "True");
    assert_sv(world_condition(&w, "Reconciling", "status"), "False");
    ck_assert_uint_gt(job_text("endTime").len, 0);
    ck_assert_int_eq(world_plan(&w)->requeue_after_ms, JOB_TTL_DEFAULT_S * 1000);
    w.now_ms += JOB_TTL_DEFAULT_S * 1000LL;
    world_step(&w);
    ck_assert(world_event(&w, "JobManagersLeave"));
    world_converge(&w);
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 0);
    assert_sv(world_phase(&w), "Finished");
    w.flink = NULL;
    world_converge(&w);
    assert_sv(job_text("state"), "FINISHED");
}
END_TEST

START_TEST(job__a_failed_job_needs_a_person)
{
    start_running(PLAIN);
    tell_end(FLINK_JOB_FAILED);
    breaks("java.lang.OutOfMemoryError: Java heap space");
    world_step(&w);
    ck_assert(world_event(&w, "JobFailed"));
    world_converge(&w);
    assert_sv(world_condition(&w, "Stalled", "status"), "True");
    assert_sv(world_condition(&w, "Stalled", "reason"), "Failed");
    assert_sv(world_condition(&w, "Degraded", "reason"), "Failed");
    ck_assert_uint_ne(sv_find(world_condition(&w, "Ready", "message"), SV("Java heap space")),
                      SIZE_MAX);
    ck_assert(!world_event(&w, "ChildRefused"));
    assert_sv(job_text("failure"), "java.lang.OutOfMemoryError: Java heap space");
}
END_TEST

START_TEST(job__a_ttl_of_zero_takes_all_at_once_but_not_the_end)
{
    start_running(SPEC("", ",'upgradeMode':'Stateless','ttlSecondsAfterFinished':0"));
    tell_end(FLINK_JOB_FINISHED);
    world_converge(&w);
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 0);
    assert_sv(job_text("state"), "FINISHED");
    assert_sv(world_phase(&w), "Finished");
}
END_TEST

START_TEST(job__a_clock_ahead_of_ours_ends_it_now)
{
    start_running(PLAIN);
    tell_end(FLINK_JOB_FINISHED);
    flink.job.ended_ms = w.now_ms + 365LL * 86400000;
    world_converge(&w);
    ck_assert_int_eq(world_plan(&w)->requeue_after_ms, JOB_TTL_DEFAULT_S * 1000);
}
END_TEST

START_TEST(job__an_end_is_never_taken_back)
{
    start_running(HA);
    tell_end(FLINK_JOB_FINISHED);
    world_converge(&w);
    tell_running();
    world_converge(&w);
    assert_sv(job_text("state"), "FINISHED");
    flink.job_presence = FLINK_PRESENCE_ABSENT;
    flink.job = FLINK_JOB_NONE;
    world_converge(&w);
    assert_sv(world_phase(&w), "Finished");
    flink.contact = FLINK_CONTACT_LOST;
    world_converge(&w);
    assert_sv(job_text("state"), "FINISHED");
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 0);
}
END_TEST

START_TEST(job__a_jobmanager_of_an_ended_job_is_not_replaced)
{
    static const char *const SPECS[] = {PLAIN, HA};
    for (size_t i = 0; i < ARRAY_LEN(SPECS); i++) {
        start_running(SPECS[i]);
        tell_end(FLINK_JOB_FAILED);
        world_converge(&w);
        size_t uids = w.uids;
        world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "OOMKilled");
        w.flink = NULL;
        w.now_ms += 10 * MINUTE_MS;
        world_converge(&w);
        ck_assert_uint_eq(w.uids, uids);
        assert_sv(world_phase(&w), "Failed");
        if (i + 1 < ARRAY_LEN(SPECS)) {
            world_done(&w);
        }
    }
}
END_TEST

START_TEST(job__no_jobmanager_is_made_when_what_it_would_go_on_from_is_gone)
{
    start_running(HA);
    struct ha_map *map = world_ha(&w, world_run(&w), job_text("id"), NULL);
    map->checkpoint = true;
    checkpoint(5);
    world_converge(&w);
    // As long as Flink's ConfigMap tells of the checkpoint, JobManagers are replaced.
    size_t uids = w.uids;
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_converge(&w);
    ck_assert_uint_eq(w.uids, uids + 2);
    // Gone while one lives: that one knows.
    map->checkpoint = false;
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 1), "Error");
    w.now_ms += 10 * MINUTE_MS;
    world_converge(&w);
    ck_assert_uint_eq(w.uids, uids + 3);
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    w.flink = NULL;
    world_step(&w);
    ck_assert(world_event(&w, "HAMetadataLost"));
    w.now_ms += 10 * MINUTE_MS;
    world_converge(&w);
    ck_assert_uint_eq(w.uids, uids + 3);
    assert_sv(world_condition(&w, "Degraded", "reason"), "HAMetadataLost");
    assert_sv(world_condition(&w, "Stalled", "reason"), "HAMetadataLost");
    assert_sv(world_phase(&w), "Failing");
    // Put back, it goes on.
    map->checkpoint = true;
    world_converge(&w);
    ck_assert_uint_eq(w.uids, uids + 5);
    assert_sv(world_condition(&w, "Stalled", "status"), "False");
}
END_TEST

/// A change of the spec after the end: a batch job runs once more, in a run of its own; a job whose
/// state is in checkpoints waits for a release that can start from them.
START_TEST(job__a_change_after_the_end_runs_it_once_more_unless_there_is_state)
{
    start_running(HA);
    tell_end(FLINK_JOB_FINISHED);
    world_converge(&w);
    struct strview first = job_text("id");
    world_edit(&w, SPEC("'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{"
                        "'replicas':2},'restartNonce':1,",
                        ""));
    world_converge(&w);
    ck_assert(!sv_eq(job_text("id"), first));
    ck_assert_uint_eq(job_text("state").len, 0);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    assert_sv(world_phase(&w), "Starting");
    world_done(&w);

    start_running(HA);
    checkpoint(1);
    tell_end(FLINK_JOB_FAILED);
    checkpoint(1);
    world_converge(&w);
    first = job_text("id");
    world_edit(&w, SPEC("'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{"
                        "'replicas':2},'restartNonce':1,",
                        ""));
    world_converge(&w);
    ck_assert(sv_eq(job_text("id"), first));
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 0);
    assert_sv(world_condition(&w, "Reconciling", "reason"), "WaitingForUpgradeSupport");
}
END_TEST

START_TEST(job__a_session_cluster_ends_with_nobody_s_job)
{
    start("{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,"
          "'taskManager':{'replicas':2,'slots':2}}");
    flink.contact = FLINK_CONTACT_ANSWERS;
    flink.seen_ms = w.now_ms;
    flink.pod = world_pod(&w, POD_JOB_MANAGER, 0)->name;
    flink.version = SV("1.20.1");
    flink.task_manager_count = 2;
    flink.slots = 4;
    flink.slots_free = 4;
    flink.jobs_finished = 3;
    w.flink = &flink;
    world_converge(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "SessionCluster");
    assert_sv(world_phase(&w), "Running");
    ck_assert_int_eq(number("taskManager", "slotsFree"), 4);
    ck_assert_ptr_null(json_get_lit(world_status(&w), "job"));
}
END_TEST

// ---- crash windows ------------------------------------------------------------------

/// What happens to the JobManagers after the controller died.
enum fate {
    FATE_NONE,
    FATE_FAILED,  // its process ends
    FATE_DELETED, // somebody deletes it, and it goes
    FATE_REMOVED, // gone at once, by force
    FATE_COUNT,
};

static void strike(enum fate fate)
{
    struct world_object *jm = world_pod(&w, POD_JOB_MANAGER, 0);
    if (jm == NULL || fate == FATE_NONE) {
        return;
    }
    if (fate == FATE_FAILED) {
        world_fail(&w, jm, "Error");
    } else if (fate == FATE_DELETED) {
        jm->deleted_ms = w.now_ms;
        jm->ready = false;
    } else {
        world_remove(&w, jm);
    }
}

static bool end_is_on_record(void)
{
    return sv_eq_lit(job_text("state"), "FINISHED");
}

/// No pod was made once the end was on record, and no TaskManager went before.
static void check_window(size_t uids, size_t cut, enum fate fate)
{
    ck_assert_msg(world_live(&w, POD_TASK_MANAGER) == 0, "cut %zu, fate %d", cut, (int)fate);
    ck_assert_msg(w.uids == uids, "cut %zu, fate %d: a pod was made", cut, (int)fate);
    assert_sv(world_phase(&w), "Finished");
}

/// The controller dies after each action of the plan that sees the end; then the JobManager does;
/// then another controller starts that knows nothing but the cluster.
START_TEST(job__wherever_the_controller_dies_nothing_runs_twice)
{
    static const char *const SPECS[] = {PLAIN, HA};
    for (size_t s = 0; s < ARRAY_LEN(SPECS); s++) {
        for (size_t cut = 0; cut < 6; cut++) {
            for (int fate = 0; fate < FATE_COUNT; fate++) {
                start_running(SPECS[s]);
                size_t uids = w.uids;
                tell_end(FLINK_JOB_FINISHED);
                world_step_cut(&w, cut);
                bool recorded = end_is_on_record();
                ck_assert(recorded || world_live(&w, POD_TASK_MANAGER) == 2);
                strike((enum fate)fate);
                w.flink = NULL;
                w.now_ms += MINUTE_MS;
                if (recorded) {
                    world_converge(&w);
                    check_window(uids, cut, (enum fate)fate);
                } else if (fate == FATE_NONE) {
                    // The JobManager still tells it to the next controller.
                    world_settle(&w, 10);
                    ck_assert_uint_eq(w.uids, uids);
                    w.flink = &flink;
                    world_converge(&w);
                    check_window(uids, cut, (enum fate)fate);
                }
                world_done(&w);
            }
        }
    }
    world_init(&w, PLAIN);
}
END_TEST

/// The one window that no record closes: the end was seen by nobody, and the JobManager is lost.
/// With HA the next one finds the result that Flink stored and runs nothing; Flink has no such job
/// then, and that is told, not guessed.
START_TEST(job__an_end_that_nobody_saw_is_not_made_up)
{
    start_running(HA);
    w.flink = NULL;
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_step(&w);
    assert_sv(world_condition(&w, "JobRunning", "reason"), "NoLeader");
    w.now_ms += MINUTE_MS;
    world_converge(&w);
    tell_running();
    flink.contact_ms = w.now_ms;
    flink.job_presence = FLINK_PRESENCE_ABSENT;
    flink.job = FLINK_JOB_NONE;
    w.now_ms += JOB_RECOVERY_MS;
    world_converge(&w);
    assert_sv(world_phase(&w), "Lost");
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

UNIT_MAIN(
    NULL, done, job__each_state_of_flink_has_its_reason_and_phase,
    job__it_runs_when_every_task_does, job__a_batch_job_runs_while_later_stages_wait,
    job__nothing_is_submitted_before_main_is_through, job__one_miss_is_no_news_and_n_make_it_lost,
    job__a_restarted_controller_writes_nothing, job__without_a_leader_nobody_knows,
    job__a_new_leader_has_time_to_take_up_the_job, job__a_leader_by_name_and_its_change,
    job__waiting_for_slots_is_told_after_a_while_not_at_once,
    job__restoring_state_long_is_no_lack_of_slots, job__slots_are_not_missed_while_taskmanagers_are,
    job__flink_says_itself_that_slots_are_missing, job__another_flink_than_the_spec_says_is_told,
    job__restarts_count_in_a_window_that_slides, job__restarts_add_up_over_jobmanagers,
    job__checkpoints_are_written_once_a_minute_at_most, job__answers_alone_write_nothing,
    job__a_checkpoint_is_kept_when_another_jobmanager_knows_none,
    job__what_another_run_s_job_did_counts_for_nothing, job__a_suspended_one_has_no_state,
    job__hostile_statuses_are_read_as_nothing,
    job__its_end_takes_the_taskmanagers_and_later_the_jobmanagers, job__a_failed_job_needs_a_person,
    job__a_ttl_of_zero_takes_all_at_once_but_not_the_end, job__a_clock_ahead_of_ours_ends_it_now,
    job__an_end_is_never_taken_back, job__a_jobmanager_of_an_ended_job_is_not_replaced,
    job__no_jobmanager_is_made_when_what_it_would_go_on_from_is_gone,
    job__a_change_after_the_end_runs_it_once_more_unless_there_is_state,
    job__a_session_cluster_ends_with_nobody_s_job,
    job__wherever_the_controller_dies_nothing_runs_twice,
    job__an_end_that_nobody_saw_is_not_made_up)
