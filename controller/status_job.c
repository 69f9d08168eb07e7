// SPDX-License-Identifier: Apache-2.0
#include "controller/status_job.h"

#include "common/k8s/timestamp.h"
#include "controller/conditions_job.h"

void status_time_put(const char *key, int64_t unix_ms, struct json_out *o)
{
    struct strbuf b = STRBUF(64);
    timestamp_put(&b, unix_ms);
    json_out_kv_string(o, key, strbuf_view(&b));
    strbuf_done(&b);
}

static void put_null(const char *key, struct json_out *o)
{
    json_out_key(o, sv_from(key));
    json_out_null(o);
}

/// An absent TEXT leaves what is stored of this job, and clears what is stored of another.
static void put_text(const struct job_view *job, const char *key, struct strview text,
                     struct json_out *o)
{
    if (sv_present(text)) {
        json_out_kv_string(o, key, text);
    } else if (job->stored == NULL) {
        put_null(key, o);
    }
}

/// The same for a time, 0: absent.
static void put_time(const struct job_view *job, const char *key, int64_t ms, struct json_out *o)
{
    if (ms > 0) {
        status_time_put(key, ms, o);
    } else if (job->stored == NULL) {
        put_null(key, o);
    }
}

struct job_restarts status_restarts(const struct job_view *job)
{
    const struct flink_job *told = job->told;
    int64_t stored = 0;
    bool has_stored = json_int(json_get_lit(job->stored, "restarts"), &stored);
    struct job_restarts ret = {.n = has_stored ? stored : FLINK_UNKNOWN,
                               .last_ms = job_stored_time(job, "restartTime")};
    if (told == NULL || told->restarts < 0) {
        return ret;
    }
    // The stored time has no fraction of a second.
    int64_t last = ret.last_ms / 1000;
    for (size_t i = 0; i < told->n_restart_ms; i++) {
        int64_t ms = told->restart_ms[i];
        stored += ms / 1000 > last ? 1 : 0;
        ret.last_ms = ms > ret.last_ms ? ms : ret.last_ms;
    }
    ret.n = stored > told->restarts ? stored : told->restarts;
    return ret;
}

static void put_restarts(const struct job_view *job, struct json_out *o)
{
    struct job_restarts r = status_restarts(job);
    if (r.n >= 0) {
        json_out_kv_int(o, "restarts", r.n);
    } else if (job->stored == NULL) {
        put_null("restarts", o);
    }
    put_time(job, "restartTime", r.last_ms, o);
}

/// Flink forgets its list when another JobManager takes over; the status doesn't. A savepoint is
/// not among what a lost JobManager's successor goes on from.
static void put_checkpoint(const struct job_view *job, struct json_out *o)
{
    const struct flink_checkpoint *c = job->told != NULL ? &job->told->checkpoint : NULL;
    if (c == NULL || c->id < 0 || c->savepoint) {
        if (job->stored == NULL) {
            put_null("lastCheckpoint", o);
        }
        return;
    }
    json_out_key_object(o, "lastCheckpoint");
    json_out_kv_int(o, "id", c->id);
    json_out_key(o, SV("path"));
    if (sv_present(c->path)) {
        json_out_string(o, c->path);
    } else {
        json_out_null(o);
    }
    if (c->completed_ms > 0) {
        status_time_put("time", c->completed_ms, o);
    } else {
        put_null("time", o);
    }
    if (c->size >= 0) {
        json_out_kv_int(o, "size", c->size);
    } else {
        put_null("size", o);
    }
    json_out_end_object(o);
}

void status_job_put(const struct reconcile *rc, const struct situation *now,
                    const struct condition *running, struct json_out *o)
{
    const struct job_view *job = &now->job;
    const struct flink_job *told = job->told;
    int64_t started = job_stored_time(job, "startTime");
    json_out_key_object(o, "job");
    json_out_kv_string(o, "id", job->id);
    put_text(job, "name", told != NULL ? told->name : SV_NONE, o);
    if (!record_runs(&now->acceptance->last) && !job->ended) {
        put_null("state", o);
    } else {
        put_text(job, "state", job_state_text(rc, now, running), o);
    }
    // Flink's own start begins anew with each JobManager; the first one is the job's.
    put_time(job, "startTime", started == 0 && told != NULL ? told->started_ms : started, o);
    put_time(job, "endTime", job->ended ? job->ended_ms : 0, o);
    put_restarts(job, o);
    put_checkpoint(job, o);
    put_text(job, "restoredFrom", told != NULL ? told->restored.path : SV_NONE, o);
    put_text(job, "failure", told != NULL ? told->failure : SV_NONE, o);
    put_time(job, "failureTime", told != NULL ? told->failed_ms : 0, o);
    json_out_end_object(o);
}
