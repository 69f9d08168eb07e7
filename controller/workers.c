// SPDX-License-Identifier: Apache-2.0
#include "controller/workers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "controller/act.h"
#include "controller/echoes.h"
#include "controller/judging.h"
#include "controller/metrics.h"
#include "controller/names.h"
#include "controller/observed.h"
#include "controller/record.h"
#include "controller/refusals.h"

#define ARENA_KEEP   ((size_t)1 << 20)
#define PAUSE_MAX_MS 30000

struct worker {
    pthread_t thread;
    bool started;
    struct workers *all;
    struct kube *kube;
    struct arena arena;
};

struct workers {
    struct workers_settings s;
    struct refusals *refusals;
    struct echoes *echoes;
    struct worker *items;
    atomic_bool stopping;
};

/// Carries PLAN out, and remembers what was refused: the next look tells it in the status.
static int carry_out(struct worker *w, struct strview key, const struct observed *observed,
                     const struct actions *plan, size_t *ret_writes, struct err *err)
{
    struct refused_child refused;
    bool is_refused = false;
    struct act act = {.kube = w->kube,
                      .events = w->all->s.events,
                      .arena = &w->arena,
                      .observed = observed,
                      .strays = cache_strays(w->all->s.cache),
                      .echoes = w->all->echoes,
                      .key = key,
                      .refusals = w->all->refusals,
                      .refused = &refused,
                      .is_refused = &is_refused};
    int rc = act_run(&act, plan, ret_writes, err);
    if (rc == 0 && refusals_forget(w->all->refusals, key)) {
        queue_add(w->all->s.queue, key, QUEUE_CHANGE);
    }
    return rc;
}

static bool in_view(const struct cache_view *view, const struct stray *stray)
{
    for (size_t i = 0; i < view->n_children[stray->kind]; i++) {
        if (sv_eq(view->children[stray->kind][i]->uid, stray->uid)) {
            return true;
        }
    }
    return false;
}

/// Before anything is planned from VIEW: E_CONFLICT while it lacks our last write of the cluster,
/// or a child that is there, one that was just made, or that left the watch.
static int check_view(struct worker *w, struct strview key, const struct observed *observed,
                      const struct cache_view *view, struct err *err)
{
    struct strays *strays = cache_strays(w->all->s.cache);
    struct act act = {.kube = w->kube, .arena = &w->arena, .observed = observed};
    struct stray *items;
    size_t n;
    if (echoes_is_behind(w->all->echoes, key, observed->resource_version)) {
        return err_set(err, E_CONFLICT, "our last write is not in sight yet");
    }
    if (strays_of(strays, key, &w->arena, &items, &n, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        bool back = in_view(view, &items[i]);
        if (!back && act_recall(&act, &items[i], &back, err) != 0) {
            return -1;
        }
        if (!back) {
            return err_set(err, E_CONFLICT, "%s %.*s is out of sight",
                           CHILD_KIND_INFO[items[i].kind].kind, SV_ARG(items[i].name));
        }
        strays_forget(strays, items[i].uid);
    }
    return 0;
}

/// What Flink told of the cluster, to be given back.
static const struct flink_observation *told(const struct worker *w, struct strview key,
                                            const struct observed *observed)
{
    struct prober *p = w->all->s.prober;
    return p != NULL ? prober_get(p, key, observed->uid) : NULL;
}

static void ask(const struct worker *w, struct strview key, const struct observed *observed,
                const struct probe_target *target)
{
    struct err err = {.code = E_OK};
    struct prober *p = w->all->s.prober;
    if (p != NULL && prober_set(p, key, observed->uid, target, &err) != 0) {
        log_warn("the JobManager is not asked", KV_ERR(&err));
    }
}

/// Plans what is seen; whatever it decides is noted before anything is written.
static int make_plan(struct worker *w, const struct observed *observed, struct actions *plan,
                     int64_t *ret_pending, struct err *err)
{
    const struct workers_settings *s = &w->all->s;
    struct plan_settings settings = s->plan;
    struct judging judging = {.snapshots = s->snapshots, .claims = s->claims, .cache = s->cache};
    struct record last;
    bool decides = !observed->deleting &&
                   (!record_peek_last(observed, &last) || last.generation < observed->generation);
    judging_begin(&judging, decides, &settings);
    int rc = plan_make(observed, &settings, &w->arena, plan, err);
    struct err why = {.code = E_OK};
    int noted = judging_end(&judging, observed->cluster.ns, observed->cluster.name,
                            rc == 0 ? plan : NULL, &why);
    *ret_pending = judging.pending;
    return rc != 0 ? rc : noted == 0 ? 0 : err_set(err, why.code, "%s", why.msg);
}

/// Whether a write that failed with ERR may have been carried out all the same.
static bool is_uncertain(const struct err *err)
{
    return err->code == E_TRANSPORT || err->code == E_TIMEOUT;
}

/// The record that was decided on and is not in our view: when it was not written, what it claims
/// is free again.
static int ask_for_record(struct worker *w, const struct observed *observed, int64_t number,
                          struct err *err)
{
    struct strview name = record_name_make(&w->arena, observed->cluster.name, number);
    const struct kube_ref ref = {
        .resource = &KUBE_CONTROLLERREVISIONS, .ns = observed->cluster.ns, .name = name};
    struct err why = {.code = E_OK};
    if (kube_get(w->kube, &ref, &w->arena, NULL, &why) == 0) {
        return err_set(err, E_CONFLICT, "record %.*s is not in sight yet", SV_ARG(name));
    }
    if (why.code != E_NOT_FOUND) {
        return err_set(err, why.code, "%s", why.msg);
    }
    claims_failed(w->all->s.claims, observed->cluster.ns, observed->cluster.name);
    return err_set(err, E_CONFLICT, "record %.*s was not written", SV_ARG(name));
}

/// Plans, and carries the plan out.
static int keep(struct worker *w, struct strview key, const struct observed *observed,
                struct actions *plan, size_t *ret_writes, struct err *err)
{
    struct err why = {.code = E_OK};
    int64_t pending = 0;
    if (make_plan(w, observed, plan, &pending, &why) != 0) {
        return pending != 0 ? ask_for_record(w, observed, pending, err)
                            : err_set(err, why.code, "%s", why.msg);
    }
    ask(w, key, observed, &plan->ask);
    int rc = carry_out(w, key, observed, plan, ret_writes, err);
    if (rc != 0 && plan->decision == PLAN_RECORDS && w->all->s.claims != NULL &&
        !is_uncertain(err)) {
        claims_failed(w->all->s.claims, observed->cluster.ns, observed->cluster.name);
    }
    return rc;
}

/// One look and what follows from it. *RET_WRITES counts what was written, *RET_AFTER_MS is when to
/// look again (0: on the next change).
static int reconcile(struct worker *w, struct strview key, size_t *ret_writes,
                     int64_t *ret_after_ms, struct err *err)
{
    const struct workers_settings *s = &w->all->s;
    struct cache_view view;
    if (cache_view(s->cache, key, &w->arena, &view, err) != 0) {
        return -1;
    }
    if (view.cluster == NULL) {
        if (s->prober != NULL) {
            prober_remove(s->prober, key);
        }
        return 0; // its children go by their owner references
    }
    struct observed observed;
    struct actions plan = {.n = 0};
    int rc = observed_make(view.object, view.trees, clock_wall_ms(), &w->arena, &observed, err);
    rc = rc == 0 ? observed_add_ha(&observed, view.ha, view.n_ha, &w->arena, err) : rc;
    rc = rc == 0 && !observed.deleting ? check_view(w, key, &observed, &view, err) : rc;
    struct refused_child refused[REFUSALS_EACH_MAX];
    if (rc == 0) {
        observed.refused = refused;
        observed.n_refused = refusals_get(w->all->refusals, key, &w->arena, refused);
        observed.flink = told(w, key, &observed);
        rc = keep(w, key, &observed, &plan, ret_writes, err);
        *ret_after_ms = plan.requeue_after_ms;
    }
    flink_observation_unref(observed.flink);
    cache_view_release(&view);
    return rc;
}

/// What the API server said to one key holds for all: it has too much to do.
static void heed(struct queue *q, const struct err *err)
{
    if (err->code == E_THROTTLED && err->retry_after_ms != 0) {
        queue_pause(q, err->retry_after_ms < PAUSE_MAX_MS ? err->retry_after_ms : PAUSE_MAX_MS);
    }
}

/// Whether trying again doesn't mend it. The fence is no fault of the object's.
static bool is_terminal(const struct err *err)
{
    bool fenced = err->code == E_DENIED && err->detail == 0;
    return !fenced && !err_retryable(err->code);
}

static enum reconcile_result finish(struct worker *w, struct strview key, int rc, int64_t after_ms,
                                    const struct err *err)
{
    const struct workers_settings *s = &w->all->s;
    if (rc == 0) {
        queue_done(s->queue, key);
        if (after_ms > 0) {
            queue_add_after(s->queue, key, after_ms);
        }
        return after_ms > 0 ? RECONCILE_REQUEUE_AFTER : RECONCILE_SUCCESS;
    }
    if (err->code == E_GONE) {
        queue_done(s->queue, key);
        return RECONCILE_SUCCESS;
    }
    if (err->code == E_CONFLICT) {
        // Our view was older than the world: the watch brings the newer one, soon.
        log_debug("conflict", KV_ERR(err));
    } else {
        log_error("reconcile failed", KV_ERR(err));
    }
    metrics_add(s->metrics, M_reconcile_errors, METRIC_AT(0), 1);
    if (is_terminal(err)) {
        metrics_add(s->metrics, M_terminal_errors, METRIC_AT(0), 1);
    }
    heed(s->queue, err);
    queue_failed(s->queue, key, err->retry_after_ms);
    if (after_ms > 0) {
        queue_add_after(s->queue, key, after_ms); // a deadline holds for a failure, too
    }
    return RECONCILE_ERROR;
}

static void work_on(struct worker *w, struct strview key, uint64_t id)
{
    const struct workers_settings *s = &w->all->s;
    size_t slash = sv_find_char(key, '/');
    struct log_kv context[] = {KV_S("namespace", sv_sub(key, 0, slash)),
                               KV_S("name", sv_from_pos(key, slash + 1)), KV_U("reconcileID", id),
                               KV_END};
    log_context(context);
    metrics_gauge_add(s->metrics, M_active_workers, METRIC_AT(0), 1);
    int64_t start = clock_mono_ns();
    struct err err = {.code = E_OK};
    size_t writes = 0;
    int64_t after_ms = 0;
    int rc = reconcile(w, key, &writes, &after_ms, &err);
    int64_t took = clock_mono_ns() - start;
    enum reconcile_result result = finish(w, key, rc, after_ms, &err);
    metrics_add(s->metrics, M_reconciles, METRIC_AT(0, result), 1);
    metrics_add(s->metrics, M_writes, METRIC_AT(0), writes);
    metrics_observe(s->metrics, M_reconcile_time, METRIC_AT(0), (uint64_t)took);
    metrics_gauge_add(s->metrics, M_active_workers, METRIC_AT(0), -1);
    if (rc == 0 && writes != 0) {
        log_info("reconciled", KV_U("writes", writes), KV_US("took_ms", took / 1000));
    }
    log_context(NULL);
    arena_reset(&w->arena, ARENA_KEEP);
}

static void *worker_run(void *arg)
{
    static _Atomic uint64_t next_id;
    struct worker *w = arg;
    char key[QUEUE_KEY_MAX];
    size_t len;
    int64_t waited_ms;
    while (queue_take(w->all->s.queue, key, &len, &waited_ms)) {
        metrics_observe(w->all->s.metrics, M_queue_time, METRIC_AT(0),
                        (uint64_t)waited_ms * 1000000U);
        work_on(w, sv_make(key, len), ++next_id);
    }
    return NULL;
}

/// A stop need not wait for a slow API server.
static bool is_stopping(void *ctx)
{
    struct workers *all = ctx;
    return atomic_load(&all->stopping);
}

static int start_one(struct workers *all, struct worker *w, struct err *err)
{
    w->all = all;
    w->arena = ARENA(WORKER_ARENA_MAX);
    if (kube_open(all->s.config, &all->s.kube, &w->kube, err) != 0) {
        return -1;
    }
    if (pthread_create(&w->thread, NULL, worker_run, w) != 0) {
        return err_set(err, E_IO, "cannot start a worker");
    }
    w->started = true;
    return 0;
}

int workers_start(const struct workers_settings *settings, struct workers **ret, struct err *err)
{
    struct workers *all = calloc(1, sizeof(*all));
    struct worker *items = calloc(settings->count, sizeof(*items));
    if (all == NULL || items == NULL) {
        free(all);
        free(items);
        return err_set(err, E_NOMEM, "no memory for the workers");
    }
    if (refusals_new(&all->refusals, err) != 0 || echoes_new(&all->echoes, err) != 0) {
        refusals_free(all->refusals);
        free(all);
        free(items);
        return -1;
    }
    all->s = *settings;
    all->s.kube.cancel = is_stopping;
    all->s.kube.cancel_ctx = all;
    all->items = items;
    for (unsigned i = 0; i < settings->count; i++) {
        if (start_one(all, &items[i], err) != 0) {
            workers_stop(all);
            return -1;
        }
    }
    metrics_set(settings->metrics, M_max_workers, METRIC_AT(0), settings->count);
    *ret = all;
    return 0;
}

void workers_stop(struct workers *all)
{
    if (all == NULL) {
        return;
    }
    atomic_store(&all->stopping, true);
    queue_stop(all->s.queue);
    for (unsigned i = 0; i < all->s.count; i++) {
        struct worker *w = &all->items[i];
        if (w->started) {
            pthread_join(w->thread, NULL);
        }
        if (w->kube != NULL) {
            kube_close(w->kube);
        }
        if (w->all != NULL) {
            arena_done(&w->arena);
        }
    }
    refusals_free(all->refusals);
    echoes_free(all->echoes);
    free(all->items);
    free(all);
}
