// SPDX-License-Identifier: Apache-2.0
#include "controller/phase.h"

static const char *const PHASES[PHASE_COUNT] = {
#define P(id, name, when) [PHASE_##id] = name,
    STATUS_PHASES(P)
#undef P
};

const char *phase_name(enum status_phase phase)
{
    return PHASES[phase];
}

static enum status_phase end_phase(enum flink_job_state end)
{
    return end == FLINK_JOB_FINISHED ? PHASE_FINISHED
           : end == FLINK_JOB_FAILED ? PHASE_FAILED
                                     : PHASE_CANCELED;
}

/// Whether this run's job ran at some time.
static bool ran_before(const struct reconcile *rc, const struct situation *now)
{
    const struct job_view *job = &now->job;
    const struct json *revision = json_get_lit(rc->observed->cluster.status, "revision");
    struct strview good = json_get_string(revision, SV("good"));
    int64_t restarts = 0;
    (void)json_int(json_get_lit(job->stored, "restarts"), &restarts);
    bool same = job->stored != NULL && good.len > 0 &&
                sv_eq(good, json_get_string(revision, SV("current")));
    return same || restarts > 0 || job->checkpointed ||
           (job->told != NULL && job->told->restored.id >= 0);
}

/// Of a job that does not run, or of which nobody knows.
static enum status_phase job_phase(const struct reconcile *rc, const struct situation *now,
                                   const struct condition *job)
{
    if (condition_has(job, REASON_LOST) || condition_has(job, REASON_NOT_FOUND)) {
        return PHASE_LOST;
    }
    if (condition_has(job, REASON_CANCELLING)) {
        return PHASE_CANCELING;
    }
    bool again = condition_has(job, REASON_RESTARTING) || condition_has(job, REASON_FAILING) ||
                 condition_has(job, REASON_NO_LEADER) || condition_has(job, REASON_RECOVERING) ||
                 condition_has(job, REASON_JOB_SUSPENDED) ||
                 condition_has(job, REASON_JOB_RECONCILING);
    return again || ran_before(rc, now) ? PHASE_RESTARTING : PHASE_STARTING;
}

/// Of a run that is wanted, when no pod of an older revision is left.
static enum status_phase run_phase(const struct reconcile *rc, const struct situation *now,
                                   const struct condition *all)
{
    const struct condition *job = &all[CONDITION_JOB_RUNNING];
    bool session = now->acceptance->last.effective.session;
    bool available = all[CONDITION_AVAILABLE].value == CONDITION_TRUE;
    bool degraded = all[CONDITION_DEGRADED].value == CONDITION_TRUE;
    bool runs = session ? available : job->value == CONDITION_TRUE;
    if (degraded && !available && !runs) {
        return PHASE_FAILING;
    }
    if (!runs) {
        return session ? PHASE_STARTING : job_phase(rc, now, job);
    }
    if (degraded) {
        return PHASE_DEGRADED;
    }
    const struct pod_census *c = &now->census;
    bool scales =
        c->surplus > 0 || c->ready[POD_TASK_MANAGER] < now->desired.pods[POD_TASK_MANAGER];
    return scales ? PHASE_SCALING : PHASE_RUNNING;
}

enum status_phase phase_derive(const struct reconcile *rc, const struct situation *now,
                               const struct condition *conditions)
{
    const struct acceptance *a = now->acceptance;
    const struct standing st = standing_of(rc, now);
    if (rc->observed->deleting) {
        return PHASE_DELETING;
    }
    if (!a->has_last) {
        return a->verdict == ACCEPT_REJECTED ? PHASE_REJECTED : PHASE_WAITING;
    }
    if (!st.runs) {
        return st.stopped ? PHASE_SUSPENDED : PHASE_SUSPENDING;
    }
    if (st.ended) {
        return end_phase(now->job.state);
    }
    return now->census.old > 0 ? PHASE_UPDATING : run_phase(rc, now, conditions);
}
