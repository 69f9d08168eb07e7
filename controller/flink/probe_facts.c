// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/probe_facts.h"

#include <string.h>

#include "controller/flink/root_cause.h"

#define MARGIN_MS 500 // Flink's cache and our clock don't tick together

// ---- the cluster ------------------------------------------------------------------------

static int read_overview(struct strview body, struct arena *scratch, struct flink_observation *next,
                         struct err *err)
{
    struct rest_overview o;
    if (rest_decode_overview(body, scratch, &o, err) != 0) {
        return -1;
    }
    next->version = o.version;
    next->commit = o.commit;
    next->task_manager_count = o.task_managers;
    next->slots = o.slots;
    next->slots_free = o.slots_free;
    next->jobs_running = o.running;
    next->jobs_finished = o.finished;
    next->jobs_canceled = o.canceled;
    next->jobs_failed = o.failed;
    return 0;
}

static int read_config(struct probe *p, struct strview body, struct arena *scratch, struct err *err)
{
    struct rest_config c;
    if (rest_decode_config(body, scratch, &c, err) != 0) {
        return -1;
    }
    if (c.refresh_ms >= 0) {
        p->refresh_ms = c.refresh_ms < PROBE_REFRESH_MAX_MS ? c.refresh_ms : PROBE_REFRESH_MAX_MS;
    }
    return 0;
}

static int read_task_managers(struct strview body, struct arena *scratch,
                              struct flink_observation *next, struct err *err)
{
    struct rest_task_managers t;
    if (rest_decode_task_managers(body, scratch, &t, err) != 0) {
        return -1;
    }
    next->task_managers_known = true;
    next->task_managers = t.items;
    next->n_task_managers = t.n;
    next->task_managers_cut = t.cut;
    return 0;
}

bool probe_lists_all(const struct flink_observation *o)
{
    int64_t slots = 0, slots_free = 0;
    for (size_t i = 0; i < o->n_task_managers; i++) {
        slots += o->task_managers[i].slots;
        slots_free += o->task_managers[i].slots_free;
    }
    return o->task_managers_known &&
           (o->task_managers_cut || (o->task_manager_count == (int64_t)o->n_task_managers &&
                                     o->slots == slots && o->slots_free == slots_free));
}

// ---- the job ----------------------------------------------------------------------------

void probe_forget_job(struct probe *p, struct flink_observation *next)
{
    next->job_presence = FLINK_PRESENCE_UNKNOWN;
    next->job = FLINK_JOB_NONE;
    p->modified_ms = 0;
    p->restarts = FLINK_UNKNOWN;
    p->n_restart_ms = 0;
    p->newest_restart_ms = 0;
}

static void set_absent(struct flink_observation *next)
{
    next->job_presence = FLINK_PRESENCE_ABSENT;
    next->job = FLINK_JOB_NONE;
}

static bool runs(const struct flink_job *j)
{
    const struct flink_tasks *t = &j->tasks;
    return j->state == FLINK_JOB_RUNNING && t->total > 0 && t->running >= 0 && t->finished >= 0 &&
           t->running + t->finished == t->total;
}

static bool same_tasks(const struct flink_tasks *a, const struct flink_tasks *b)
{
    return a->total == b->total && a->running == b->running && a->finished == b->finished &&
           a->scheduled == b->scheduled;
}

/// What the list of jobs tells, or the job's details in its place. When the job has moved, its
/// details are asked for until Flink's cache of them is newer than that.
static void take_job(struct probe *p, const struct rest_job *told, int64_t now_ms,
                     struct flink_observation *next)
{
    if (!told->found) {
        set_absent(next);
        return;
    }
    struct flink_job *j = &next->job;
    bool moved = next->job_presence != FLINK_PRESENCE_PRESENT || told->state != j->state ||
                 told->modified_ms != p->modified_ms || !same_tasks(&told->tasks, &j->tasks);
    if (moved) {
        p->details_ms = now_ms + p->refresh_ms + MARGIN_MS;
    }
    p->modified_ms = told->modified_ms;
    next->job_presence = FLINK_PRESENCE_PRESENT;
    j->id = told->id;
    j->name = told->name;
    j->state = told->state;
    j->started_ms = told->started_ms;
    j->ended_ms = told->ended_ms;
    j->tasks = told->tasks;
    j->batch = told->typed ? told->batch : j->batch;
    j->running = runs(j);
    j->restarts = p->restarts;
    j->restart_ms = p->restart_ms;
    j->n_restart_ms = p->n_restart_ms;
}

static int read_jobs(struct probe *p, struct strview body, int64_t now_ms, struct arena *scratch,
                     struct flink_observation *next, struct err *err)
{
    struct rest_job told;
    if (rest_decode_jobs(body, sv_from(p->at.job_id), scratch, &told, err) != 0) {
        return -1;
    }
    take_job(p, &told, now_ms, next);
    return 0;
}

/// The state in it may be older than the list's, so it is left alone where there is a list.
static int read_job(struct probe *p, struct strview body, int64_t now_ms, struct arena *scratch,
                    struct flink_observation *next, struct err *err)
{
    struct rest_job told;
    if (rest_decode_job(body, scratch, &told, err) != 0) {
        return -1;
    }
    if (p->by_details) {
        take_job(p, &told, now_ms, next);
    }
    next->job.max_parallelism = told.max_parallelism;
    next->job.batch = told.typed ? told.batch : next->job.batch;
    return 0;
}

static int read_checkpoints(struct strview body, struct arena *scratch,
                            struct flink_observation *next, struct err *err)
{
    struct rest_checkpoints c;
    if (rest_decode_checkpoints(body, scratch, &c, err) != 0) {
        return -1;
    }
    struct flink_job *j = &next->job;
    j->checkpoints_known = true;
    j->checkpoints_completed = c.completed;
    j->checkpoints_failed = c.failed;
    // A JobManager that took over tells of none until the next one: the last one is still that.
    j->checkpoint = c.last.id >= 0 ? c.last : j->checkpoint;
    j->restored = c.restored.id >= 0 ? c.restored : j->restored;
    return 0;
}

static void note_restart(struct probe *p, int64_t time_ms)
{
    if (p->n_restart_ms == FLINK_REST_RESTARTS_MAX) {
        memmove(p->restart_ms, p->restart_ms + 1,
                (FLINK_REST_RESTARTS_MAX - 1) * sizeof(p->restart_ms[0]));
        p->n_restart_ms--;
    }
    p->restart_ms[p->n_restart_ms++] = time_ms;
    p->newest_restart_ms = time_ms;
    p->restarts++;
}

static int read_exceptions(struct probe *p, struct strview body, struct arena *scratch,
                           struct flink_observation *next, struct err *err)
{
    struct rest_exceptions e;
    if (rest_decode_exceptions(body, scratch, &e, err) != 0) {
        return -1;
    }
    struct flink_job *j = &next->job;
    bool ends = j->state == FLINK_JOB_FAILING || j->state == FLINK_JOB_FAILED;
    p->restarts = p->restarts < 0 ? 0 : p->restarts;
    for (size_t i = e.n; i-- > (ends ? 1 : 0);) { // the newest of a failed job is its end
        if (e.items[i].time_ms > p->newest_restart_ms) {
            note_restart(p, e.items[i].time_ms);
        }
    }
    j->restarts = p->restarts;
    j->restart_ms = p->restart_ms;
    j->n_restart_ms = p->n_restart_ms;
    if (e.n != 0) {
        CLEANUP(strbuf_done) struct strbuf cause = STRBUF(2 * FLINK_REST_TEXT_MAX);
        root_cause_put(&cause, e.items[0].trace, FLINK_REST_TEXT_MAX);
        j->failure = arena_copy(scratch, strbuf_view(&cause));
        j->failed_ms = e.items[0].time_ms;
    }
    return 0;
}

int probe_read(struct probe *p, enum rest_endpoint endpoint, struct strview body, int64_t now_ms,
               struct arena *scratch, struct flink_observation *next, struct err *err)
{
    switch (endpoint) {
    case REST_OVERVIEW:
        return read_overview(body, scratch, next, err);
    case REST_CONFIG:
        return read_config(p, body, scratch, err);
    case REST_JOBS:
        return read_jobs(p, body, now_ms, scratch, next, err);
    case REST_TASK_MANAGERS:
        return read_task_managers(body, scratch, next, err);
    case REST_JOB:
        return read_job(p, body, now_ms, scratch, next, err);
    case REST_CHECKPOINTS:
        return read_checkpoints(body, scratch, next, err);
    case REST_EXCEPTIONS:
        return read_exceptions(p, body, scratch, next, err);
    case REST_ENDPOINT_COUNT:
        break;
    }
    return err_set(err, E_BUG, "no such endpoint");
}

void probe_not_found(struct probe *p, enum rest_endpoint endpoint, struct flink_observation *next)
{
    if (endpoint == REST_CHECKPOINTS) {
        next->job.checkpoints_known = false; // checkpointing is off
    } else if (endpoint == REST_JOB && p->by_details) {
        set_absent(next);
    }
}
