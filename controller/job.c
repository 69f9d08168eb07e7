// SPDX-License-Identifier: Apache-2.0
#include "controller/job.h"

#include "common/k8s/timestamp.h"

static const struct json *stored_job(const struct reconcile *rc, struct strview id)
{
    const struct json *job = json_get_lit(rc->observed->cluster.status, "job");
    struct strview stored = json_get_string(job, SV("id"));
    return sv_present(id) && sv_eq(stored, id) ? job : NULL;
}

/// What Flink told, unless it is another run's: the job's id tells, else the pod that was asked.
static const struct flink_observation *of_this_run(const struct reconcile *rc,
                                                   const struct record *r)
{
    const struct flink_observation *o = rc->observed->flink;
    struct pod_name name;
    if (o == NULL || !sv_present(r->run)) {
        return NULL;
    }
    if (o->job_presence == FLINK_PRESENCE_PRESENT && sv_present(r->job_id)) {
        return sv_eq(o->job.id, r->job_id) ? o : NULL;
    }
    bool same = pod_name_parse(rc->observed->cluster.name, o->pod, &name) &&
                sv_eq(name.revision, r->revision);
    return same ? o : NULL;
}

int64_t job_stored_time(const struct job_view *job, const char *key)
{
    return timestamp_or_zero(json_get_string(job->stored, sv_from(key)));
}

static bool was_checkpointed(const struct reconcile *rc, const struct job_view *job)
{
    const struct ha_map *map = rc->observed->ha.job;
    return json_get_lit(job->stored, "lastCheckpoint") != NULL ||
           (job->told != NULL && job->told->checkpoint.id >= 0) || (map != NULL && map->checkpoint);
}

static void read_end(const struct reconcile *rc, const struct record *r, struct job_view *ret)
{
    const struct field_int *ttl = &r->cluster.spec.job.ttl_seconds_after_finished;
    int64_t now = rc->observed->now_ms;
    int64_t end = job_stored_time(ret, "endTime");
    if (end == 0 && ret->told != NULL) {
        end = ret->told->ended_ms;
    }
    ret->ended_ms = end > 0 && end < now ? end : now;
    ret->leaves_ms = ret->ended_ms + (ttl->set ? ttl->v : JOB_TTL_DEFAULT_S) * 1000;
}

void job_read(const struct reconcile *rc, const struct record *r, struct job_view *ret)
{
    *ret = (struct job_view){.id = r->job_id, .flink = of_this_run(rc, r)};
    if (!sv_present(ret->id)) {
        return;
    }
    ret->stored = stored_job(rc, ret->id);
    if (ret->flink != NULL && ret->flink->job_presence == FLINK_PRESENCE_PRESENT) {
        ret->told = &ret->flink->job;
    }
    ret->seen = ret->told != NULL || json_get_lit(ret->stored, "startTime") != NULL;
    ret->checkpointed = was_checkpointed(rc, ret);
    ret->state = flink_job_state_parse(json_get_string(ret->stored, SV("state")));
    ret->ended = flink_job_state_terminal(ret->state);
    if (!ret->ended && ret->told != NULL) {
        ret->state = ret->told->state;
        ret->ended = flink_job_state_terminal(ret->state);
    }
    if (ret->ended) {
        read_end(rc, r, ret);
    }
}

bool job_may_be_left(const struct job_view *job, const struct record *r)
{
    return r->effective.session || sv_eq_lit(r->effective.upgrade_mode, "Stateless") ||
           (job->ended && !job->checkpointed);
}

static bool has_job_manager(const struct pod_list *pods, const struct record *r)
{
    for (size_t i = 0; i < pods->n; i++) {
        const struct pod_view *p = &pods->items[i];
        if (p->id.role == POD_JOB_MANAGER && !p->ended && sv_eq(p->id.revision, r->revision)) {
            return true;
        }
    }
    return false;
}

/// The status tells of a checkpoint, and where Flink keeps what it knows of checkpoints is nothing.
static bool is_metadata_lost(const struct reconcile *rc, const struct job_view *job)
{
    const struct ha_map *map = rc->observed->ha.job;
    return json_get_lit(job->stored, "lastCheckpoint") != NULL && (map == NULL || !map->checkpoint);
}

void job_limit(const struct reconcile *rc, const struct pod_list *pods, struct job_view *job,
               struct desired *d)
{
    if (job->ended) {
        d->closed = true;
        d->pods[POD_TASK_MANAGER] = 0;
        if (rc->observed->now_ms >= job->leaves_ms) {
            d->pods[POD_JOB_MANAGER] = 0;
        }
    } else if (d->ha && record_runs(d->record) && !has_job_manager(pods, d->record) &&
               is_metadata_lost(rc, job)) {
        job->metadata_lost = true;
        d->closed = true;
    }
}
