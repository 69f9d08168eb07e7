// SPDX-License-Identifier: Apache-2.0
#include "controller/status_events.h"

#include "controller/conditions_job.h"
#include "controller/status_job.h"

static const struct json *stored_status(const struct reconcile *rc)
{
    return rc->observed->cluster.status;
}

/// Whether a condition became VALUE, or is it in other words than before.
static bool is_news(const struct reconcile *rc, enum condition_type type, const struct condition *c,
                    enum condition_value value)
{
    const struct json *stored = condition_stored(rc, type);
    if (c->value != value) {
        return false;
    }
    return !sv_eq_lit(json_get_string(stored, SV("status")), condition_value_name(value)) ||
           !sv_eq(json_get_string(stored, SV("reason")), c->reason) ||
           !sv_eq(json_get_string(stored, SV("message")), c->message);
}

static bool had_reason(const struct reconcile *rc, enum condition_type type,
                       enum condition_reason reason)
{
    return sv_eq(json_get_string(condition_stored(rc, type), SV("reason")), reason_name(reason));
}

static void add_acceptance(struct steps *s, const struct situation *now,
                           const struct condition *all)
{
    const struct reconcile *rc = s->rc;
    const struct acceptance *a = now->acceptance;
    const struct condition *stalled = &all[CONDITION_STALLED];
    if (is_news(rc, CONDITION_ACCEPTED, &all[CONDITION_ACCEPTED], CONDITION_FALSE)) {
        steps_event(s, EVENT_NOT_ACCEPTED, all[CONDITION_ACCEPTED].message);
    } else if (is_news(rc, CONDITION_ACCEPTED, &all[CONDITION_ACCEPTED], CONDITION_TRUE)) {
        steps_event(s, EVENT_ACCEPTED, all[CONDITION_ACCEPTED].message);
    }
    if (a->verdict == ACCEPT_WAITS &&
        is_news(rc, CONDITION_RECONCILING, &all[CONDITION_RECONCILING], CONDITION_TRUE)) {
        steps_event(s, EVENT_CHANGE_WAITS, a->waits);
    }
    if ((condition_has(stalled, REASON_CHILD_REFUSED) ||
         condition_has(stalled, REASON_FOREIGN_OBJECT)) &&
        is_news(rc, CONDITION_STALLED, stalled, CONDITION_TRUE)) {
        steps_event(s, EVENT_REFUSED, stalled->message);
    }
}

static void add_run(struct steps *s, const struct situation *now)
{
    const struct reconcile *rc = s->rc;
    const struct record *r = &now->acceptance->last;
    bool runs = record_runs(r);
    struct strview told = json_string(json_get_path(stored_status(rc), "job", "id", NULL));
    if (runs && sv_present(r->job_id) && !sv_eq(told, r->job_id)) {
        steps_event(
            s, EVENT_RUN_STARTS,
            arena_printf(rc->arena, "run %.*s, job id %.*s", SV_ARG(r->run), SV_ARG(r->job_id)));
    }
    struct strview phase = json_get_string(stored_status(rc), SV("phase"));
    if (!runs && !sv_starts(phase, SV("Suspend"))) {
        steps_event(s, EVENT_SUSPENDED, SV("suspended: no pods are wanted"));
    }
}

static void add_job(struct steps *s, const struct situation *now, const struct condition *job)
{
    const struct job_view *view = &now->job;
    struct strview was = json_get_string(view->stored, SV("state"));
    struct strview is = job_state_text(s->rc, now, job);
    int64_t restarts = 0;
    if (view->ended && !flink_job_state_terminal(flink_job_state_parse(was))) {
        enum controller_event end = view->state == FLINK_JOB_FINISHED ? EVENT_JOB_FINISHED
                                    : view->state == FLINK_JOB_FAILED ? EVENT_JOB_FAILED
                                                                      : EVENT_JOB_CANCELED;
        steps_event(s, end, job->message);
        return;
    }
    (void)json_int(json_get_lit(view->stored, "restarts"), &restarts);
    if (status_restarts(view).n > restarts) {
        struct strview cause = view->told->failure;
        steps_event(s, EVENT_JOB_RESTARTED,
                    arena_printf(s->rc->arena, "Flink restarted the job: %.*s",
                                 SV_ARG(sv_present(cause) ? cause : SV("no cause is told"))));
    }
    bool ran = sv_eq_lit(
        json_get_string(condition_stored(s->rc, CONDITION_JOB_RUNNING), SV("status")), "True");
    if (job->value == CONDITION_TRUE && (!ran || view->stored == NULL)) {
        steps_event(s, EVENT_JOB_RUNNING, job->message);
    }
    if (sv_eq_lit(is, "Lost") && !sv_eq_lit(was, "Lost")) {
        steps_event(s, EVENT_JOB_LOST, job->message);
    }
}

/// What Flink told that is wrong; pods have Events of their own.
static void add_degraded(struct steps *s, const struct condition *degraded)
{
    static const struct {
        enum condition_reason reason;
        enum controller_event event;
    } ROWS[] = {{REASON_METADATA_LOST, EVENT_METADATA_LOST},
                {REASON_VERSION, EVENT_VERSION_DIFFERS},
                {REASON_SLOTS, EVENT_SLOTS_LACK},
                {REASON_RESTARTS, EVENT_RESTARTS_OFTEN}};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (condition_has(degraded, ROWS[i].reason) &&
            !had_reason(s->rc, CONDITION_DEGRADED, ROWS[i].reason)) {
            steps_event(s, ROWS[i].event, degraded->message);
        }
    }
}

static void add_leader(struct steps *s, const struct situation *now, struct strview leader)
{
    const struct json *stored = json_get_lit(stored_status(s->rc), "jobManager");
    struct strview was = json_get_string(stored, SV("leader"));
    int64_t had = 0;
    if (now->desired.ha && was.len > 0 && sv_present(leader) && !sv_eq(was, leader)) {
        steps_event(
            s, EVENT_LEADER_CHANGED,
            arena_printf(s->rc->arena, "%.*s leads, no longer %.*s", SV_ARG(leader), SV_ARG(was)));
    }
    (void)json_int(json_get_lit(stored, "replicas"), &had);
    if (now->job.ended && had > 0 && now->desired.pods[POD_JOB_MANAGER] == 0) {
        steps_event(s, EVENT_JOB_MANAGERS_LEAVE,
                    SV("the job ended job.ttlSecondsAfterFinished ago: its JobManagers go"));
    }
}

/// What the conditions tell of a pod for the first time.
static void add_troubles(struct steps *s, const struct pod_census *census,
                         const struct condition *all)
{
    for (size_t i = 0; i < census->n_troubles; i++) {
        const struct pod_trouble *t = &census->troubles[i];
        bool told = false;
        bool known = false;
        for (int c = 0; c < CONDITION_COUNT; c++) {
            const struct json *stored = condition_stored(s->rc, (enum condition_type)c);
            told = told || trouble_is_told(t, all[c].message);
            known = known || trouble_is_told(t, json_get_string(stored, SV("message")));
        }
        if (told && !known) {
            struct strbuf b = STRBUF(4096);
            trouble_put(&b, t);
            steps_event(s, EVENT_POD_TROUBLE, text_take(s->rc->arena, &b));
        }
    }
}

void status_events_add(struct steps *s, const struct situation *now, const struct condition *all,
                       struct strview leader)
{
    add_acceptance(s, now, all);
    if (!now->acceptance->has_last) {
        return;
    }
    add_run(s, now);
    add_troubles(s, &now->census, all);
    if (record_runs(&now->acceptance->last)) {
        add_leader(s, now, leader);
        add_degraded(s, &all[CONDITION_DEGRADED]);
        if (sv_present(now->job.id)) {
            add_job(s, now, &all[CONDITION_JOB_RUNNING]);
        }
    }
}
