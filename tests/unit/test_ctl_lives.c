// SPDX-License-Identifier: Apache-2.0
// Whatever Flink tells, whenever pods die, and wherever the controller does: an end is never taken
// back, no pod is made for a job that ended, and a plan is empty on its own result.
#include "controller/flink/observation.h"
#include "ctl_world_run.h"
#include "unit.h"

#define LIVES 80
#define TURNS 40

static struct world w;
static struct flink_observation flink;
static int64_t restarts[FLINK_REST_RESTARTS_MAX];
static uint64_t state;

static void done(void)
{
    world_done(&w);
}

/// xorshift64: the same lives in every run.
static unsigned draw(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % n);
}

static void edit(bool ha)
{
    struct strview storage =
        ha ? SV("'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{'replicas':2},")
           : SV("");
    struct strview spec = arena_printf(
        &w.arena,
        "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,%.*s'restartNonce':%u,"
        "'taskManager':{'replicas':2},'job':{'entryClass':'a.B','upgradeMode':'%s',"
        "'ttlSecondsAfterFinished':%u,'state':'%s'}}",
        SV_ARG(storage), draw(2), draw(3) == 0 && ha ? "Savepoint" : "Stateless", draw(3) * 1000,
        draw(6) == 0 ? "Suspended" : "Running");
    world_edit(&w, spec.ptr);
}

static struct strview job_text(const char *member)
{
    return json_string(json_get_path(world_status(&w), "job", member, NULL));
}

static void tell_job(void)
{
    struct flink_job *job = &flink.job;
    job->id = draw(12) == 0 ? SV("00000000000000000000000000000000") : job_text("id");
    job->state = (enum flink_job_state)draw(FLINK_JOB_STATE_COUNT);
    job->started_ms = w.now_ms - 1000 * draw(100);
    job->ended_ms = flink_job_state_terminal(job->state) ? w.now_ms + 5000 - 1000 * draw(10) : 0;
    job->tasks = (struct flink_tasks){4, draw(5), draw(3), draw(3)};
    job->running = job->state == FLINK_JOB_RUNNING && draw(2) == 0;
    job->batch = draw(4) == 0;
    job->checkpoint.id = (int64_t)draw(9) - 1;
    job->checkpoint.completed_ms = w.now_ms;
    job->checkpoint.savepoint = draw(4) == 0;
    job->failure = draw(2) == 0 ? SV("java.lang.Error: NoResourceAvailable") : SV_NONE;
    job->n_restart_ms = draw(6);
    job->restarts = draw(7);
    for (size_t i = 0; i < job->n_restart_ms; i++) {
        restarts[i] = w.now_ms - 1000 * (int64_t)(job->n_restart_ms - i) * draw(300);
    }
    job->restart_ms = restarts;
}

/// Flink tells anything at all.
static void tell(void)
{
    const struct world_object *pod = world_pod(&w, POD_JOB_MANAGER, draw(2));
    flink = FLINK_OBSERVATION_NONE;
    flink.contact = (enum flink_contact)draw(FLINK_CONTACT_LOST + 1);
    flink.contact_ms = w.now_ms - 1000 * draw(60);
    flink.seen_ms = draw(5) == 0 ? 0 : w.now_ms;
    flink.pod = pod != NULL && draw(4) != 0 ? pod->name : SV_NONE;
    flink.trouble = draw(2) == 0 ? SV("timed out") : SV("refused");
    flink.version = draw(4) == 0 ? SV("2.0.0") : SV("1.20.1");
    flink.task_manager_count = (int64_t)draw(4) - 1;
    flink.slots = draw(4);
    flink.slots_free = draw(3);
    flink.job_presence = (enum flink_job_presence)draw(FLINK_PRESENCE_PRESENT + 1);
    if (flink.job_presence == FLINK_PRESENCE_PRESENT) {
        tell_job();
    }
    w.flink = draw(8) == 0 ? NULL : &flink;
}

static void happen_to_pods(void)
{
    struct world_object *pod = &w.objects[draw((unsigned)w.n)];
    if (pod->kind != CHILD_POD) {
        world_kubelet(&w);
    } else if (draw(2) == 0) {
        world_fail(&w, pod, "Error");
    } else if (pod->deleted_ms == 0) {
        pod->deleted_ms = w.now_ms;
        pod->ready = false;
    }
}

static void happen(bool ha)
{
    w.now_ms += 1000 * draw(200);
    switch (draw(8)) {
    case 0:
        edit(ha);
        break;
    case 1:
    case 2:
        if (w.n > 0) {
            happen_to_pods();
        }
        break;
    case 3:
        world_kubelet(&w);
        break;
    default:
        tell();
        break;
    }
}

static bool is_over(void)
{
    return flink_job_state_terminal(flink_job_state_parse(job_text("state")));
}

START_TEST(lives__an_end_is_final_and_nothing_is_made_for_it)
{
    state = 0xD1B54A32D192ED03U + (uint64_t)_i * 0x1000193U;
    bool ha = draw(2) == 0;
    world_init(&w, "{}");
    w.generation = 0;
    edit(ha);
    world_converge(&w);
    for (int turn = 0; turn < TURNS; turn++) {
        happen(ha);
        struct strview id = job_text("id");
        struct strview end = job_text("state");
        bool over = is_over();
        size_t uids = w.uids;
        size_t records = world_count(&w, CHILD_REVISION);
        world_step_cut(&w, draw(3) == 0 ? draw(4) : SIZE_MAX);
        if (over && sv_eq(job_text("id"), id)) {
            ck_assert(sv_eq(job_text("state"), end));
            // A record of another generation may have been made, and shared children; no pod.
            ck_assert_uint_le(w.uids - uids, world_count(&w, CHILD_REVISION) - records);
        }
        if (draw(4) == 0) {
            world_settle(&w, 12);
            ck_assert_uint_eq(world_plan(&w)->n, 0);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lives");
    TCase *tcase = tcase_create("lives");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, done);
    tcase_add_loop_test(tcase, lives__an_end_is_final_and_nothing_is_made_for_it, 0, LIVES);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
