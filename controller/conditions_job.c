// SPDX-License-Identifier: Apache-2.0
#include "controller/conditions_job.h"

#include "common/base/parse_num.h"
#include "common/k8s/timestamp.h"

static struct strview failure_of(const struct job_view *job)
{
    if (job->told != NULL && sv_present(job->told->failure)) {
        return job->told->failure;
    }
    return json_get_string(job->stored, SV("failure"));
}

/// TEXT, and after a colon the root cause when there is one.
static struct strview with_cause(struct steps *s, const struct job_view *job, const char *text)
{
    struct strview cause = failure_of(job);
    return sv_present(cause) ? arena_printf(s->rc->arena, "%s: %.*s", text, SV_ARG(cause))
                             : sv_from(text);
}

// ---- the end ------------------------------------------------------------------------

static struct condition ended_condition(struct steps *s, const struct situation *now)
{
    const struct job_view *job = &now->job;
    if (job->state == FLINK_JOB_FINISHED) {
        return condition_make(CONDITION_FALSE, REASON_FINISHED, SV("the job finished"));
    }
    if (job->state == FLINK_JOB_CANCELED) {
        return condition_make(CONDITION_FALSE, REASON_CANCELED,
                              SV("the job was cancelled in Flink"));
    }
    return condition_make(CONDITION_FALSE, REASON_FAILED, with_cause(s, job, "the job failed"));
}

// ---- nobody knows -------------------------------------------------------------------

/// What the status said of this job, as long as nothing new is known: a restart of this process, or
/// one miss, is no news. FALLBACK when it said nothing.
static struct condition keep_or(struct steps *s, const struct situation *now,
                                struct condition fallback)
{
    const struct json *stored = condition_stored(s->rc, CONDITION_JOB_RUNNING);
    struct strview reason = json_get_string(stored, SV("reason"));
    if (now->job.stored == NULL || reason.len == 0) {
        return fallback;
    }
    struct strview status = json_get_string(stored, SV("status"));
    return (struct condition){
        .value = sv_eq_lit(status, "True")    ? CONDITION_TRUE
                 : sv_eq_lit(status, "False") ? CONDITION_FALSE
                                              : CONDITION_UNKNOWN,
        .reason = reason,
        .message = json_get_string(stored, SV("message")),
    };
}

/// C, in the words that the status has while its reason stays the same: what a try ran into may be
/// put in other words by the next one.
static struct condition in_old_words(struct steps *s, struct condition c)
{
    const struct json *stored = condition_stored(s->rc, CONDITION_JOB_RUNNING);
    if (sv_eq(json_get_string(stored, SV("reason")), c.reason)) {
        c.message = json_get_string(stored, SV("message"));
    }
    return c;
}

static struct condition not_observed(void)
{
    return condition_make(CONDITION_UNKNOWN, REASON_NOT_OBSERVED,
                          SV("no JobManager of this run has answered yet"));
}

/// When it has been so for so long that the job counts as lost. Not by `contact_ms`: JobManagers
/// that come and go begin that anew.
static int64_t leaderless_until(const struct reconcile *rc)
{
    const struct json *stored = condition_stored(rc, CONDITION_JOB_RUNNING);
    int64_t since;
    if (!sv_eq(json_get_string(stored, SV("reason")), reason_name(REASON_NO_LEADER)) ||
        !timestamp_parse(json_get_string(stored, SV("lastTransitionTime")), &since)) {
        since = rc->observed->now_ms;
    }
    return since + JOB_RECOVERY_MS;
}

static struct condition no_leader(struct steps *s, const struct job_view *job)
{
    if (!job->seen) {
        return not_observed();
    }
    if (leaderless_until(s->rc) > s->rc->observed->now_ms) {
        steps_look_again(s, leaderless_until(s->rc));
    }
    return condition_make(CONDITION_UNKNOWN, REASON_NO_LEADER,
                          SV("no JobManager leads at the moment"));
}

static struct condition lost(struct steps *s, const struct flink_observation *o)
{
    struct strview why = sv_present(o->trouble) ? o->trouble : SV("no answer");
    return in_old_words(
        s, condition_make(CONDITION_UNKNOWN, REASON_LOST,
                          arena_printf(s->rc->arena,
                                       "Flink's REST API on pod %.*s does not answer (%.*s); what "
                                       "the job does is not known",
                                       SV_ARG(o->pod), SV_ARG(why))));
}

static struct condition absent(struct steps *s, const struct job_view *job)
{
    const struct flink_observation *o = job->flink;
    int64_t grace_ends = o->contact_ms + JOB_RECOVERY_MS;
    if (!job->seen) {
        return condition_make(CONDITION_FALSE, REASON_NOT_SUBMITTED,
                              SV("Flink has no job yet: its main() is still at work"));
    }
    if (grace_ends > s->rc->observed->now_ms) {
        steps_look_again(s, grace_ends);
        return condition_make(CONDITION_FALSE, REASON_RECOVERING,
                              SV("the JobManager has not taken up the job yet"));
    }
    return condition_make(
        CONDITION_FALSE, REASON_NOT_FOUND,
        arena_printf(s->rc->arena,
                     "Flink no longer knows job %.*s: it may have ended while nobody could look",
                     SV_ARG(job->id)));
}

// ---- slots --------------------------------------------------------------------------

/// Since when the job has not been running, as far as it is told.
static int64_t not_running_since(const struct reconcile *rc, const struct job_view *job)
{
    const struct json *stored = condition_stored(rc, CONDITION_JOB_RUNNING);
    int64_t since;
    if (job->stored == NULL || sv_eq_lit(json_get_string(stored, SV("status")), "True") ||
        !timestamp_parse(json_get_string(stored, SV("lastTransitionTime")), &since)) {
        since = rc->observed->now_ms;
    }
    return since > job->told->started_ms ? since : job->told->started_ms;
}

static bool names_slots(struct strview failure)
{
    return sv_find(failure, SV("NoResourceAvailable")) != SIZE_MAX ||
           sv_find(failure, SV("Could not acquire the minimum required resources")) != SIZE_MAX;
}

/// Flink gives a job slots within seconds, so one that still waits with all TaskManagers there
/// wants more. Restoring state takes long, too: but then the tasks have their slots.
static bool lacks_slots(struct steps *s, const struct situation *now)
{
    const struct job_view *job = &now->job;
    const struct flink_observation *o = job->flink;
    const struct flink_job *told = job->told;
    bool waits =
        told->state == FLINK_JOB_CREATED ||
        (told->state == FLINK_JOB_RUNNING && told->tasks.scheduled > 0 && o->slots_free == 0);
    if (told->state != FLINK_JOB_INITIALIZING && names_slots(told->failure)) {
        return true;
    }
    if (!waits || o->task_manager_count < now->desired.pods[POD_TASK_MANAGER]) {
        return false;
    }
    int64_t due = not_running_since(s->rc, job) + JOB_SLOTS_MS;
    if (due > s->rc->observed->now_ms) {
        steps_look_again(s, due);
        return false;
    }
    return true;
}

static struct condition slots_condition(struct steps *s, const struct situation *now)
{
    const struct flink_effective *e = &now->acceptance->last.effective;
    struct strview text = arena_printf(
        s->rc->arena,
        "the job waits for slots: parallelism %lld, %lld TaskManagers with %lld slots each; it "
        "needs more of them when its slot sharing groups or operators ask for more",
        (long long)e->numbers.parallelism, (long long)e->numbers.replicas, (long long)e->slots);
    return condition_make(CONDITION_FALSE, REASON_SLOTS, text);
}

// ---- what Flink tells ---------------------------------------------------------------

static bool is_running(const struct flink_job *told)
{
    bool moves = told->tasks.running > 0 || told->tasks.finished > 0;
    return told->running || (told->batch && told->state == FLINK_JOB_RUNNING && moves);
}

/// Of a job that doesn't run, by Flink's state.
static const struct state_words {
    enum condition_reason reason;
    const char *text;
    bool cause; // a failure led to it
    bool slots; // it may wait for TaskManagers
} NOT_RUNNING[FLINK_JOB_STATE_COUNT] = {
    [FLINK_JOB_INITIALIZING] = {REASON_INITIALIZING, "the job is being initialised", false, false},
    [FLINK_JOB_CREATED] = {REASON_CREATED, "the job has no slots yet", false, true},
    [FLINK_JOB_RUNNING] = {REASON_TASKS_STARTING, "not every task runs yet", false, true},
    [FLINK_JOB_RESTARTING] = {REASON_RESTARTING, "Flink restarts the job", true, false},
    [FLINK_JOB_FAILING] = {REASON_FAILING, "the job is failing", true, false},
    [FLINK_JOB_CANCELLING] = {REASON_CANCELLING, "the job is being cancelled in Flink", false,
                              false},
    [FLINK_JOB_SUSPENDED] = {REASON_JOB_SUSPENDED, "its JobManager let go of the job", false,
                             false},
    [FLINK_JOB_RECONCILING] = {REASON_JOB_RECONCILING, "the job is being reconciled", false, false},
};

static struct condition told_condition(struct steps *s, const struct situation *now)
{
    const struct job_view *job = &now->job;
    if (is_running(job->told)) {
        return condition_make(CONDITION_TRUE, REASON_RUNNING,
                              job->told->batch ? SV("the batch job runs") : SV("all tasks run"));
    }
    if (lacks_slots(s, now)) {
        return slots_condition(s, now);
    }
    const struct state_words *w = &NOT_RUNNING[job->told->state];
    if (w->text == NULL) {
        return condition_make(CONDITION_UNKNOWN, REASON_UNKNOWN_STATE,
                              SV("Flink told a state of the job that Sluice doesn't know"));
    }
    int64_t wanted = now->desired.pods[POD_TASK_MANAGER];
    struct strview text = w->cause ? with_cause(s, job, w->text) : sv_from(w->text);
    if (w->slots && job->flink->task_manager_count >= 0 &&
        job->flink->task_manager_count < wanted) {
        text = arena_printf(s->rc->arena, "%s: %lld of %lld TaskManagers are registered", w->text,
                            (long long)job->flink->task_manager_count, (long long)wanted);
    }
    return condition_make(CONDITION_FALSE, w->reason, text);
}

struct condition job_condition(struct steps *s, const struct situation *now)
{
    const struct job_view *job = &now->job;
    const struct flink_observation *o = job->flink;
    if (job->ended) {
        return ended_condition(s, now);
    }
    bool nobody = o == NULL ? now->census.ready[POD_JOB_MANAGER] == 0
                            : o->contact == FLINK_CONTACT_NONE && !sv_present(o->pod);
    if (nobody || (o != NULL && o->contact == FLINK_CONTACT_NO_LEADER)) {
        return no_leader(s, job);
    }
    if (o != NULL && o->contact == FLINK_CONTACT_LOST) {
        return lost(s, o);
    }
    bool fresh = o != NULL && o->contact != FLINK_CONTACT_NONE;
    if (!fresh || o->job_presence == FLINK_PRESENCE_UNKNOWN) {
        return keep_or(s, now, not_observed());
    }
    return o->job_presence == FLINK_PRESENCE_ABSENT ? absent(s, job) : told_condition(s, now);
}

// ---- what else is wrong -------------------------------------------------------------

/// Whether the job restarted too often of late.
static bool restarts_often(struct steps *s, const struct job_view *job)
{
    const struct flink_job *told = job->told;
    if (told == NULL || told->n_restart_ms <= JOB_RESTARTS_MAX) {
        return false;
    }
    // Oldest first: while the one before the last three is in the window, there are too many.
    int64_t until =
        told->restart_ms[told->n_restart_ms - JOB_RESTARTS_MAX - 1] + JOB_RESTARTS_WINDOW_MS;
    if (until <= s->rc->observed->now_ms) {
        return false;
    }
    steps_look_again(s, until);
    return true;
}

/// "1.20.1", "1.20-SNAPSHOT", "1.20.1-amzn-0": the numbers at its start.
static bool read_version(struct strview text, struct flink_version *ret)
{
    uint64_t major, minor;
    size_t dot = sv_find_char(text, '.');
    if (dot == SIZE_MAX) {
        return false;
    }
    struct strview rest = sv_from_pos(text, dot + 1);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] >= '0' && rest.ptr[end] <= '9') {
        end++;
    }
    if (!parse_u64(sv_sub(text, 0, dot), &major) || !parse_u64(sv_sub(rest, 0, end), &minor) ||
        major > 9999 || minor > 9999) {
        return false;
    }
    *ret = (struct flink_version){.major = (int)major, .minor = (int)minor};
    return true;
}

/// Whether Flink tells another MAJOR.MINOR than R's; *RET_TOLD: which.
static bool version_differs(const struct job_view *job, const struct record *r,
                            struct strview *ret_told)
{
    struct flink_version told;
    if (job->flink == NULL || !r->effective.version_known ||
        !read_version(job->flink->version, &told)) {
        return false;
    }
    *ret_told = job->flink->version;
    return flink_version_cmp(told, r->effective.version) != 0;
}

void job_faults_add(struct steps *s, const struct situation *now, const struct condition *running,
                    struct condition *c)
{
    static const enum condition_reason SAME[] = {REASON_FAILED, REASON_CANCELED, REASON_NOT_FOUND,
                                                 REASON_SLOTS};
    const struct reconcile *rc = s->rc;
    const struct job_view *job = &now->job;
    const struct record *r = &now->acceptance->last;
    struct strview told;
    for (size_t i = 0; i < ARRAY_LEN(SAME); i++) {
        if (condition_has(running, SAME[i])) {
            condition_add_fault(rc, c, SAME[i], running->message);
        }
    }
    if (version_differs(job, r, &told)) {
        struct strview wanted = flink_version_text(rc->arena, r->effective.version);
        condition_add_fault(rc, c, REASON_VERSION,
                            arena_printf(rc->arena,
                                         "the image holds Flink %.*s, spec.flinkVersion says %.*s",
                                         SV_ARG(told), SV_ARG(wanted)));
    }
    if (!job->ended && restarts_often(s, job)) {
        condition_add_fault(rc, c, REASON_RESTARTS,
                            arena_printf(rc->arena,
                                         "Flink restarted the job more than %d times within %d "
                                         "minutes: %.*s",
                                         JOB_RESTARTS_MAX, JOB_RESTARTS_WINDOW_MS / 60000,
                                         SV_ARG(job->told->failure)));
    }
}

struct strview job_state_text(const struct reconcile *rc, const struct situation *now,
                              const struct condition *running)
{
    const struct job_view *job = &now->job;
    const struct flink_observation *o = job->flink;
    if (job->ended) {
        return sv_from(flink_job_state_name(job->state));
    }
    if (condition_has(running, REASON_LOST) || condition_has(running, REASON_NOT_FOUND) ||
        (condition_has(running, REASON_NO_LEADER) &&
         leaderless_until(rc) <= rc->observed->now_ms)) {
        return SV("Lost");
    }
    bool fresh = job->told != NULL && job->told->state != FLINK_JOB_STATE_UNKNOWN &&
                 (o->contact == FLINK_CONTACT_ANSWERS || o->contact == FLINK_CONTACT_MISSED);
    return fresh ? sv_from(flink_job_state_name(job->told->state)) : SV_NONE;
}
