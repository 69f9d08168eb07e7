// SPDX-License-Identifier: Apache-2.0
#include "controller/auditor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/world/row_policy.h"
#include "controller/audit.h"
#include "controller/audit_status.h"
#include "controller/metrics.h"

#define LIST_ARENA_MAX    ((size_t)64 << 20)
#define SCRATCH_ARENA_MAX ((size_t)64 << 20)
#define SCRATCH_KEEP      ((size_t)256 << 10)
#define NICENESS          10
#define TRIES             3     // of one status that others write at the same moment
#define AGAIN_MS          10000 // after an audit that failed

static const char *const ENFORCEMENTS[] = {
    [SEVERITY_DENY] = "Deny", [SEVERITY_WARN] = "Warn", [SEVERITY_AUDIT] = "Audit"};

static const struct {
    const char *reason, *type;
} EVENTS[] = {
#define E(id, reason, type, when) {reason, type},
    AUDIT_EVENTS(E)
#undef E
};
enum {
#define E(id, reason, type, when) EVENT_##id,
    AUDIT_EVENTS(E)
#undef E
};

struct auditor {
    struct auditor_settings s;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int64_t due_ms; // under the lock: monotonic; INT64_MAX: nothing is due
    atomic_bool stopping;
    // The thread's own:
    struct kube *kube;
    struct arena scratch;
};

// ---- when ---------------------------------------------------------------------------------------

void auditor_hurry(struct auditor *a, int64_t after_ms)
{
    int64_t at = clock_mono_ms() + after_ms;
    pthread_mutex_lock(&a->lock);
    if (at < a->due_ms) {
        a->due_ms = at;
        pthread_cond_signal(&a->wake);
    }
    pthread_mutex_unlock(&a->lock);
}

/// Waits until an audit is due, and takes it on. False: it is time to stop.
static bool wait_due(struct auditor *a)
{
    pthread_mutex_lock(&a->lock);
    while (!atomic_load(&a->stopping) && a->due_ms > clock_mono_ms()) {
        struct timespec at = {.tv_sec = (time_t)(a->due_ms / 1000),
                              .tv_nsec = (long)(a->due_ms % 1000) * 1000000};
        if (a->due_ms == INT64_MAX) {
            pthread_cond_wait(&a->wake, &a->lock);
        } else {
            pthread_cond_timedwait(&a->wake, &a->lock, &at);
        }
    }
    a->due_ms = INT64_MAX;
    pthread_mutex_unlock(&a->lock);
    return !atomic_load(&a->stopping);
}

/// Whether the policies have changed since the audit began.
static bool is_outdated(struct auditor *a)
{
    pthread_mutex_lock(&a->lock);
    bool due = a->due_ms <= clock_mono_ms();
    pthread_mutex_unlock(&a->lock);
    return due;
}

// ---- slices -------------------------------------------------------------------------------------

static bool live_work_waits(struct auditor *a)
{
    struct queue_stats q;
    queue_read_stats(a->s.queue, &q);
    return q.depth != 0;
}

/// Sleeps between two slices.
static void give_way(struct auditor *a)
{
    int64_t end = clock_mono_ms() + AUDITOR_PAUSE_MS;
    do {
        clock_sleep_ms(AUDITOR_SLEEP_MS);
    } while (!atomic_load(&a->stopping) && live_work_waits(a) && clock_mono_ms() < end);
}

struct walk {
    struct kube_object **items;
    size_t n;
    bool may_end; // when the policies have changed
};

typedef int audit_step_fn(struct audit *audit, const struct json *cluster, int64_t now_ms,
                          struct arena *scratch, struct err *err);

static int learn(struct audit *audit, const struct json *cluster, int64_t now_ms,
                 struct arena *scratch, struct err *err)
{
    (void)now_ms;
    return audit_learn(audit, cluster, scratch, err);
}

/// Takes STEP with every FlinkCluster. E_CONFLICT: it was cut short.
static int walk_all(struct auditor *a, struct audit *audit, const struct walk *w,
                    audit_step_fn *step, struct err *err)
{
    int64_t begun = clock_mono_ms(), now_ms = clock_wall_ms();
    for (size_t i = 0; i < w->n; i++) {
        const struct json *tree;
        arena_reset(&a->scratch, SCRATCH_KEEP);
        if (kube_object_tree(w->items[i], &a->scratch, &tree, err) != 0 ||
            step(audit, tree, now_ms, &a->scratch, err) != 0) {
            return -1;
        }
        if (clock_mono_ms() - begun >= AUDITOR_SLICE_MS) {
            give_way(a);
            if (atomic_load(&a->stopping) || (w->may_end && is_outdated(a))) {
                return err_set(err, E_CONFLICT, "the policies changed");
            }
            begun = clock_mono_ms();
        }
    }
    return 0;
}

// ---- telling ------------------------------------------------------------------------------------

static int64_t told_violating(const struct json *live)
{
    int64_t n = 0;
    (void)json_int(json_get_path(live, "status", "violating", NULL), &n);
    return n;
}

static void emit(struct auditor *a, const struct audit_policy *p, const struct json *live)
{
    if (p->violating == 0 && told_violating(live) == 0) {
        return;
    }
    int id = p->violating != 0 ? EVENT_BROKEN : EVENT_KEPT;
    struct kube_event_object object = {
        .resource = &KUBE_FLINKPOLICIES,
        .name = p->policy->name,
        .uid = json_string(json_get_path(live, "metadata", "uid", NULL))};
    struct strview text = id == EVENT_BROKEN ? audit_sentence(p, &a->scratch)
                                             : SV("every FlinkCluster keeps its rules");
    kube_events_emit(a->s.events, &object, strcmp(EVENTS[id].type, "Warning") == 0,
                     EVENTS[id].reason, "%.*s", SV_ARG(text));
}

/// Whether LIVE is the very object, in the very generation, that was judged by.
static bool is_judged(const struct json *live, const struct audit_policy *p, const struct row *row)
{
    int64_t generation = 0;
    (void)json_int(json_get_path(live, "metadata", "generation", NULL), &generation);
    return generation == p->policy->generation &&
           sv_eq(json_string(json_get_path(live, "metadata", "uid", NULL)), row_policy_uid(row));
}

/// Writes one status if it is worth it: something in it is other, or it is an interval old.
static int write_status(struct auditor *a, const struct audit_policy *p, const struct row *row,
                        struct err *err)
{
    const struct kube_ref object = {.resource = &KUBE_FLINKPOLICIES, .name = p->policy->name};
    const struct kube_ref status = {
        .resource = &KUBE_FLINKPOLICIES, .name = p->policy->name, .sub = SV("status")};
    const struct json *live = NULL;
    const struct audit_told told = {.found = p,
                                    .faults = row_policy_faults(row),
                                    .faults_text = row_policy_all_faults(row),
                                    .now_ms = clock_wall_ms()};
    struct strview body;
    bool changed;
    arena_reset(&a->scratch, SCRATCH_KEEP);
    if (kube_get(a->kube, &object, &a->scratch, &live, err) != 0) {
        return err->code == E_NOT_FOUND ? 0 : -1;
    }
    if (!is_judged(live, p, row)) {
        return 0; // its own audit is on its way
    }
    if (audit_status(&told, live, &a->scratch, &body, &changed, err) != 0) {
        return -1;
    }
    int64_t age = told.now_ms - audit_status_time(live);
    if (!changed && age >= 0 && age < a->s.interval_ms) {
        return 0;
    }
    if (kube_patch(a->kube, &status, KUBE_PATCH_MERGE, body, NULL, NULL, err) != 0) {
        return err->code == E_NOT_FOUND ? 0 : -1;
    }
    if (changed) {
        emit(a, p, live);
    }
    return 0;
}

static int write_statuses(struct auditor *a, const struct audit *audit, const struct snapshot *snap,
                          struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < audit->set->n && !atomic_load(&a->stopping); i++) {
        const struct audit_policy *p = &audit->policies[i];
        const struct row *row = snapshot_policy_row(snap, p->policy->name);
        struct err why = {.code = E_CONFLICT};
        int one = row != NULL ? -1 : 0;
        for (int t = 0; t < TRIES && one != 0 && why.code == E_CONFLICT; t++) {
            why = (struct err){.code = E_OK};
            one = write_status(a, p, row, &why);
        }
        if (one != 0) {
            log_warn("a policy's status can't be written", KV_S("policy", p->policy->name),
                     KV_ERR(&why));
            rc = err_set(err, E_IO, "%s", why.msg);
        }
    }
    return rc;
}

static void set_metrics(struct auditor *a, struct audit *audit)
{
    size_t n = 0;
    for (size_t i = 0; i < audit->set->n; i++) {
        n += audit->policies[i].n_counts;
    }
    struct metric_sample *samples = ARENA_NEW_N(&audit->arena, struct metric_sample, n + 1);
    if (samples == NULL) {
        log_error("no memory for the metrics of an audit");
        return;
    }
    n = 0;
    for (size_t i = 0; i < audit->set->n; i++) {
        const struct audit_policy *p = &audit->policies[i];
        for (size_t k = 0; k < p->n_counts; k++) {
            const struct audit_count *c = &p->counts[k];
            samples[n++] = (struct metric_sample){
                .values = {p->policy->name, sv_from(c->rule), sv_from(ENFORCEMENTS[c->severity])},
                .value = (double)c->findings};
        }
    }
    metrics_replace_free(a->s.metrics, M_policy_violations, samples, n);
    metrics_set(a->s.metrics, M_last_audit, METRIC_AT(0), (double)clock_wall_ms() / 1000);
}

// ---- one audit ----------------------------------------------------------------------------------

static int judge_all(struct auditor *a, struct audit *audit, bool may_end, size_t *ret_clusters,
                     struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(LIST_ARENA_MAX);
    struct walk w = {.may_end = may_end};
    if (cache_clusters(a->s.cache, &arena, &w.items, &w.n, err) != 0) {
        return -1;
    }
    int rc = audit_must_learn(audit) ? walk_all(a, audit, &w, learn, err) : 0;
    rc = rc == 0 ? walk_all(a, audit, &w, audit_judge, err) : rc;
    kube_objects_unref(w.items, w.n);
    *ret_clusters = w.n;
    return rc;
}

static int run_audit(struct auditor *a, struct snapshot *snap, bool may_end, struct err *err)
{
    struct audit audit;
    size_t clusters = 0;
    int64_t begun = clock_mono_ms();
    if (audit_begin(&audit, snapshot_policies(snap), snapshot_world(snap), err) != 0) {
        return -1;
    }
    int rc = judge_all(a, &audit, may_end, &clusters, err);
    if (rc == 0) {
        set_metrics(a, &audit);
        log_info("audited", KV_U("clusters", clusters), KV_U("policies", audit.set->n),
                 KV_U("took_ms", (uint64_t)(clock_mono_ms() - begun)));
        rc = write_statuses(a, &audit, snap, err);
    }
    audit_done(&audit);
    arena_reset(&a->scratch, SCRATCH_KEEP);
    return rc;
}

/// One that the policies overtake begins anew, but not twice in a row.
static void *auditor_run(void *arg)
{
    struct auditor *a = arg;
    bool may_end = true;
    setpriority(PRIO_PROCESS, 0, NICENESS); // of this thread alone
    while (wait_due(a)) {
        struct err err = {.code = E_OK};
        struct snapshot *snap = snapshots_take(a->s.snapshots);
        int rc = snap != NULL ? run_audit(a, snap, may_end, &err) : 0;
        snapshot_unref(snap);
        bool is_cut = rc != 0 && err.code == E_CONFLICT;
        may_end = !is_cut;
        if (rc != 0 && !is_cut) {
            log_error("the audit failed", KV_ERR(&err));
        }
        auditor_hurry(a, is_cut ? 0 : rc != 0 ? AGAIN_MS : a->s.interval_ms);
    }
    return NULL;
}

// ---- life ---------------------------------------------------------------------------------------

static bool is_stopping(void *ctx)
{
    struct auditor *a = ctx;
    return atomic_load(&a->stopping);
}

int auditor_start(const struct auditor_settings *settings, struct auditor **ret, struct err *err)
{
    struct auditor *a = calloc(1, sizeof(*a));
    if (a == NULL) {
        return err_set(err, E_NOMEM, "no memory for the auditor");
    }
    a->s = *settings;
    a->due_ms = INT64_MAX;
    a->s.kube.cancel = is_stopping;
    a->s.kube.cancel_ctx = a;
    a->scratch = ARENA(SCRATCH_ARENA_MAX);
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (kube_open(a->s.config, &a->s.kube, &a->kube, err) != 0) {
        auditor_stop(a);
        return -1;
    }
    if (pthread_create(&a->thread, NULL, auditor_run, a) != 0) {
        auditor_stop(a);
        return err_set(err, E_IO, "cannot start the auditor");
    }
    a->started = true;
    *ret = a;
    return 0;
}

void auditor_stop(struct auditor *a)
{
    if (a == NULL) {
        return;
    }
    atomic_store(&a->stopping, true);
    pthread_mutex_lock(&a->lock);
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
    if (a->started) {
        pthread_join(a->thread, NULL);
    }
    if (a->kube != NULL) {
        kube_close(a->kube);
    }
    arena_done(&a->scratch);
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
