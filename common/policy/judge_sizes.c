// SPDX-License-Identifier: Apache-2.0
// Parallelism, of one cluster and of a namespace, and how many pods.
#include <inttypes.h>

#include "common/policy/judge_run.h"

/// A Scale has one field; a FlinkCluster is told the one that decides.
static const struct path *size_path(const struct judge_run *r, const struct path *path,
                                    const struct path *scale)
{
    return r->in->scale ? scale : path;
}

static int64_t parallelism(struct judge_facts *f)
{
    return judge_effective(f)->numbers.parallelism;
}

static int64_t task_managers(struct judge_facts *f)
{
    return judge_effective(f)->numbers.replicas;
}

/// The number that the user wrote: of a Scale the TaskManagers, from which the parallelism follows.
static struct shown written(const struct judge_run *r, int64_t value)
{
    return judge_number(r, r->in->scale ? task_managers(r->now) : value);
}

/// "makes parallelism 20: " for a Scale.
static struct strview consequence(const struct judge_run *r, int64_t value)
{
    return r->in->scale ? arena_printf(r->arena, "makes parallelism %" PRId64 ": ", value) : SV("");
}

/// Neither parallelism nor TaskManagers are given, and a policy may still give them.
static bool is_open(const struct judge_run *r)
{
    const struct cluster_spec *spec = &r->now->c->spec;
    return r->in->before_defaults && !spec->parallelism.set && !spec->task_manager.replicas.set;
}

/// Whether SIZE is beyond the bound; then r->nearer says whether the object had it no better
/// before: only then what it was has to be worked out.
static bool is_beyond(struct judge_run *r, int64_t (*size)(struct judge_facts *f), bool is_max,
                      int64_t bound)
{
    int64_t value = size(r->now);
    if (is_max ? value <= bound : value >= bound) {
        return false;
    }
    int64_t had = r->old != NULL ? size(r->old) : 0;
    r->nearer = r->old != NULL && (is_max ? value <= had : value >= had);
    return true;
}

static const char *bound_words(bool is_max)
{
    return is_max ? "must be at most" : "must be at least";
}

static void say_bound(struct judge_run *r, const struct path *path, int64_t value, bool is_max,
                      int64_t bound)
{
    judge_say(r, CAUSE_INVALID, path, judge_number(r, value), "%s %" PRId64, bound_words(is_max),
              bound);
}

static void judge_parallelism(struct judge_run *r, bool is_max, const struct field_int *bound)
{
    if (!bound->set || is_open(r) || !is_beyond(r, parallelism, is_max, bound->v)) {
        return;
    }
    const struct path *path = size_path(r, UNDER(SPEC, "parallelism"), UNDER(SPEC, "replicas"));
    int64_t value = parallelism(r->now);
    judge_say(r, CAUSE_INVALID, path, written(r, value), "%.*s%s %" PRId64,
              SV_ARG(consequence(r, value)), bound_words(is_max), bound->v);
}

void judge_parallelism_min(struct judge_run *r)
{
    judge_parallelism(r, false, &r->policy->spec.parallelism.min);
}

void judge_parallelism_max(struct judge_run *r)
{
    judge_parallelism(r, true, &r->policy->spec.parallelism.max);
}

void judge_parallelism_namespace_total(struct judge_run *r)
{
    const struct field_int *limit = &r->policy->spec.parallelism.namespace_total;
    const struct policy_world *w = r->in->world;
    if (!limit->set || is_open(r) || w == NULL || w->namespace_parallelism == NULL) {
        return;
    }
    int64_t own = parallelism(r->now);
    int64_t others = w->namespace_parallelism(w->ctx, r->now->ns, r->now->c->name);
    if (others + own <= limit->v) {
        return;
    }
    r->nearer = r->old != NULL && own <= parallelism(r->old);
    const struct path *path = size_path(r, UNDER(SPEC, "parallelism"), UNDER(SPEC, "replicas"));
    judge_say(r, CAUSE_INVALID, path, written(r, own),
              "%.*smakes %" PRId64 " for the namespace, with the others' %" PRId64 ", over %" PRId64
              ": at most %" PRId64 " would do",
              SV_ARG(consequence(r, own)), others + own, others, limit->v,
              others < limit->v ? limit->v - others : 0);
}

// ---- replicas -----------------------------------------------------------------------------------

static int64_t job_managers(struct judge_facts *f)
{
    return f->c->spec.job_manager.replicas.set ? f->c->spec.job_manager.replicas.v : 1;
}

static void judge_job_managers(struct judge_run *r, bool is_max, const struct field_int *bound)
{
    bool open = r->in->before_defaults && !r->now->c->spec.job_manager.replicas.set;
    if (bound->set && !open && is_beyond(r, job_managers, is_max, bound->v)) {
        say_bound(r, UNDER(UNDER(SPEC, "jobManager"), "replicas"), job_managers(r->now), is_max,
                  bound->v);
    }
}

void judge_job_manager_replicas_min(struct judge_run *r)
{
    judge_job_managers(r, false, &r->policy->spec.job_manager.replicas.min);
}

void judge_job_manager_replicas_max(struct judge_run *r)
{
    judge_job_managers(r, true, &r->policy->spec.job_manager.replicas.max);
}

static void judge_task_managers(struct judge_run *r, bool is_max, const struct field_int *bound)
{
    if (!bound->set || is_open(r) || !is_beyond(r, task_managers, is_max, bound->v)) {
        return;
    }
    const struct path *path =
        size_path(r, UNDER(UNDER(SPEC, "taskManager"), "replicas"), UNDER(SPEC, "replicas"));
    say_bound(r, path, task_managers(r->now), is_max, bound->v);
}

void judge_task_manager_replicas_min(struct judge_run *r)
{
    judge_task_managers(r, false, &r->policy->spec.task_manager.replicas.min);
}

void judge_task_manager_replicas_max(struct judge_run *r)
{
    judge_task_managers(r, true, &r->policy->spec.task_manager.replicas.max);
}
