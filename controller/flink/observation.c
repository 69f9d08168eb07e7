// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/observation.h"

const struct flink_task_manager *flink_observation_task_manager(const struct flink_observation *o,
                                                                struct strview pod)
{
    for (size_t i = 0; i < o->n_task_managers; i++) {
        if (sv_eq(o->task_managers[i].id, pod)) {
            return &o->task_managers[i];
        }
    }
    return NULL;
}

static bool same_contact(const struct flink_observation *a, const struct flink_observation *b)
{
    return a->contact == b->contact && sv_eq(a->pod, b->pod) && sv_eq(a->trouble, b->trouble) &&
           (a->seen_ms == 0) == (b->seen_ms == 0);
}

static bool same_cluster(const struct flink_observation *a, const struct flink_observation *b)
{
    if (!sv_eq(a->version, b->version) || !sv_eq(a->commit, b->commit) ||
        a->task_manager_count != b->task_manager_count || a->slots != b->slots ||
        a->slots_free != b->slots_free || a->jobs_running != b->jobs_running ||
        a->jobs_finished != b->jobs_finished || a->jobs_canceled != b->jobs_canceled ||
        a->jobs_failed != b->jobs_failed || a->task_managers_known != b->task_managers_known ||
        a->n_task_managers != b->n_task_managers || a->task_managers_cut != b->task_managers_cut) {
        return false;
    }
    for (size_t i = 0; i < a->n_task_managers; i++) {
        const struct flink_task_manager *x = &a->task_managers[i], *y = &b->task_managers[i];
        if (!sv_eq(x->id, y->id) || x->slots != y->slots || x->slots_free != y->slots_free) {
            return false;
        }
    }
    return true;
}

static bool same_checkpoint(const struct flink_checkpoint *a, const struct flink_checkpoint *b)
{
    return a->id == b->id && sv_eq(a->path, b->path) && a->savepoint == b->savepoint;
}

static bool same_job(const struct flink_job *a, const struct flink_job *b)
{
    return sv_eq(a->id, b->id) && sv_eq(a->name, b->name) && a->state == b->state &&
           a->started_ms == b->started_ms && a->ended_ms == b->ended_ms &&
           a->tasks.total == b->tasks.total && a->tasks.running == b->tasks.running &&
           a->tasks.finished == b->tasks.finished && a->tasks.scheduled == b->tasks.scheduled &&
           a->batch == b->batch && a->running == b->running &&
           a->max_parallelism == b->max_parallelism &&
           a->checkpoints_known == b->checkpoints_known &&
           (a->checkpoint.id >= 0) == (b->checkpoint.id >= 0) &&
           same_checkpoint(&a->restored, &b->restored) && a->restarts == b->restarts &&
           sv_eq(a->failure, b->failure) && a->failed_ms == b->failed_ms;
}

bool flink_observation_differs(const struct flink_observation *a, const struct flink_observation *b,
                               bool checkpoints)
{
    return !same_contact(a, b) || !same_cluster(a, b) || a->job_presence != b->job_presence ||
           !same_job(&a->job, &b->job) ||
           (checkpoints && !same_checkpoint(&a->job.checkpoint, &b->job.checkpoint));
}
