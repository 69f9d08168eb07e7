// SPDX-License-Identifier: Apache-2.0
// sluice-controller: wires the parts, supervises them, and is the one place that knows the order in
// which they start and stop.
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/os_file.h"
#include "common/base/signals.h"
#include "common/http/health.h"
#include "common/json/view.h"
#include "common/kube/events.h"
#include "common/kube/lease.h"
#include "common/world/snapshots.h"
#include "common/world/watches.h"
#include "controller/auditor.h"
#include "controller/cache.h"
#include "controller/claims.h"
#include "controller/flink/prober.h"
#include "controller/metrics.h"
#include "controller/plan_settings.h"
#include "controller/strays_find.h"
#include "controller/queue.h"
#include "controller/settings.h"
#include "controller/workers.h"

#define TICK_MS        200
#define START_TICK_MS  10 // until the workers run: all wait for them
#define EVENTS_WAIT_MS 2000
// So long the workers wait for the policies before they keep what was accepted without them.
#define POLICIES_WAIT_MS 3000
// An API server that can't answer right after it told who leads is asked again.
#define STRAYS_TRIES    10
#define STRAYS_PAUSE_MS 1000

struct controller {
    struct controller_settings settings;
    struct kube_config *config;
    struct metrics *metrics;
    struct health *health;
    struct queue *queue;
    struct claims *claims;
    struct cache *cache;
    struct snapshots *snapshots; // the policies, and the labels of namespaces
    struct watches *watches;
    struct kube_events *events;
    struct kube_lease *lease;
    _Atomic(struct prober *) prober; // the health thread looks at it
    struct workers *workers;
    _Atomic(struct auditor *) auditor; // the thread that watches policies looks at it
    unsigned strays_failures;
    int64_t work_at;   // no sooner do the workers start
    int64_t synced_at; // since when all but the policies is known, 0: it is not
    atomic_bool leads;
};

// ---- leadership ---------------------------------------------------------------------------------

static void on_leading(void *ctx)
{
    struct controller *c = ctx;
    atomic_store(&c->leads, true);
    metrics_set(c->metrics, M_leader, METRIC_AT(0), 1);
    log_info("this process leads");
}

NORETURN static void on_lost(void *ctx, const struct err *why)
{
    (void)ctx;
    log_error("the lease is lost: exiting", KV_ERR(why));
    // Not one more write, no flush, no clean-up: another process may lead already.
    _exit(EXIT_FAILURE);
}

static void on_told(void *ctx, const struct err *err, struct strview holder)
{
    (void)ctx;
    if (err != NULL && err->code != E_OK) {
        log_warn("lease", KV_ERR(err));
    } else {
        log_debug("another process leads", KV_S("holder", holder));
    }
}

static int start_lease(struct controller *c, struct err *err)
{
    char host[65] = "", identity[128];
    uint64_t random;
    if (os_random(&random, sizeof(random), err) != 0) {
        return -1;
    }
    gethostname(host, sizeof(host) - 1);
    snprintf(identity, sizeof(identity), "%s_%016llx", host, (unsigned long long)random);
    struct kube_lease_options opt = {.ns = c->settings.leader_election_namespace,
                                     .name = c->settings.leader_election_name,
                                     .identity = identity,
                                     .duration_ms = c->settings.lease_duration,
                                     .renew_deadline_ms = c->settings.renew_deadline,
                                     .retry_ms = c->settings.retry_period,
                                     .release = true,
                                     .started = on_leading,
                                     .lost = on_lost,
                                     .told = on_told,
                                     .ctx = c,
                                     .observe = controller_metrics_rest,
                                     .observe_ctx = c->metrics};
    return kube_lease_start(c->config, &opt, &c->lease, err);
}

// ---- start and stop -----------------------------------------------------------------------------

static bool check_synced(void *arg, struct strbuf *why)
{
    const struct controller *c = arg;
    if (!cache_synced(c->cache)) {
        strbuf_put_str(why, "the first lists are not complete");
        return false;
    }
    return true;
}

static bool knows_policies(struct controller *c)
{
    struct snapshot *snap = snapshots_take(c->snapshots);
    snapshot_unref(snap);
    return snap != NULL;
}

static bool check_policies(void *arg, struct strbuf *why)
{
    if (!knows_policies(arg)) {
        strbuf_put_str(why, "the policies are not known: nothing new is accepted");
        return false;
    }
    return true;
}

/// In the thread of their watches: what was refused, or waits for them, may be accepted now.
static void on_policies(void *ctx, bool policies)
{
    struct controller *c = ctx;
    struct snapshot *snap = snapshots_take(c->snapshots);
    if (policies || (snap != NULL && snapshot_policies(snap)->needs_labels)) {
        struct auditor *auditor = atomic_load(&c->auditor);
        claims_look_again(c->claims);
        if (auditor != NULL) {
            auditor_hurry(auditor, policies ? AUDITOR_GATHER_MS : AUDITOR_LABELS_MS);
        }
    }
    snapshot_unref(snap);
}

static void collect(struct metrics *m, void *arg)
{
    struct controller *c = arg;
    struct queue_stats q;
    queue_read_stats(c->queue, &q);
    metrics_set(m, M_queue_depth, METRIC_AT(0), (double)q.depth);
    metrics_count_to(m, M_queue_adds, METRIC_AT(0), q.adds);
    metrics_count_to(m, M_queue_retries, METRIC_AT(0), q.retries);
    metrics_set(m, M_clusters, METRIC_AT(0), (double)cache_cluster_count(c->cache));
    struct claims_stats claims;
    claims_read_stats(c->claims, &claims);
    metrics_set(m, M_refused, METRIC_AT(0), (double)claims.refused);
    metrics_set(m, M_events_lost, METRIC_AT(0), (double)kube_events_lost(c->events));
    metrics_count_to(m, M_log_lost, METRIC_AT(0), log_lost());
    struct prober *prober = atomic_load(&c->prober);
    if (prober != NULL) {
        struct prober_stats stats;
        prober_read_stats(prober, &stats);
        controller_metrics_contact(m, &stats);
    }
}

static int load_config(struct controller *c, struct err *err)
{
    struct kube_config_source source = {
        .kubeconfig = c->settings.kubeconfig[0] != '\0' ? c->settings.kubeconfig : NULL,
        .context = c->settings.context[0] != '\0' ? c->settings.context : NULL,
        .user_agent = "sluice-controller"};
    if (kube_global_init(err) != 0 || kube_config_load(&source, &c->config, err) != 0) {
        return -1;
    }
    const char *warning = kube_config_warning(c->config);
    if (warning != NULL) {
        log_warn("kubeconfig", KV_STR("warning", warning));
    }
    return 0;
}

static struct kube_options write_options(struct controller *c)
{
    return (struct kube_options){.field_manager = "sluice-controller",
                                 .fence = kube_lease_remaining_ms,
                                 .fence_ctx = c->lease,
                                 .observe = controller_metrics_rest,
                                 .observe_ctx = c->metrics};
}

/// Policies are watched beside all else: while they can't be read, what was accepted is kept.
static int start_policies(struct controller *c, struct err *err)
{
    const struct watches_options o = {.config = c->config,
                                      .snapshots = c->snapshots,
                                      .namespaces = c->settings.namespaces.items,
                                      .namespace_count = c->settings.namespaces.count,
                                      .without_clusters = true,
                                      .observe = controller_metrics_rest,
                                      .observe_ctx = c->metrics};
    snapshots_on_change(c->snapshots, on_policies, c);
    return watches_new(&o, &c->watches, err) != 0 || snapshots_start(c->snapshots, err) != 0
               ? -1
               : watches_start(c->watches, err);
}

static int start(struct controller *c, struct err *err)
{
    if (load_config(c, err) != 0) {
        return -1;
    }
    c->metrics = metrics_new(CONTROLLER_METRICS, M_COUNT, err);
    c->queue = queue_new();
    c->health = c->metrics != NULL ? health_new(c->metrics) : NULL;
    if (c->metrics == NULL || c->queue == NULL || c->health == NULL) {
        return err_set(err, E_NOMEM, "no memory to start");
    }
    if (claims_new(c->queue, &c->claims, err) != 0 || snapshots_new(&c->snapshots, err) != 0) {
        return -1;
    }
    struct cache_settings cache = {.config = c->config,
                                   .namespaces = c->settings.namespaces.items,
                                   .namespace_count = c->settings.namespaces.count,
                                   .queue = c->queue,
                                   .claims = c->claims,
                                   .observe = controller_metrics_rest,
                                   .observe_ctx = c->metrics};
    if (cache_new(&cache, &c->cache, err) != 0 || cache_start(c->cache, err) != 0 ||
        start_policies(c, err) != 0 || start_lease(c, err) != 0) {
        return -1;
    }
    struct kube_options opt = write_options(c);
    if (kube_events_start(c->config, &opt, "sluice-controller", &c->events, err) != 0) {
        return -1;
    }
    metrics_on_collect(c->metrics, collect, c);
    health_add_check(c->health, HEALTH_READY, "synced", check_synced, c);
    health_add_check(c->health, HEALTH_READY, "policies", check_policies, c);
    return health_start(c->health, c->settings.health_listen, err);
}

/// What lost our label while nobody watched.
static int find_strays(struct controller *c, struct err *err)
{
    struct kube *kube = NULL;
    struct kube_options opt = write_options(c);
    if (kube_open(c->config, &opt, &kube, err) != 0) {
        return -1;
    }
    int rc = strays_find(cache_strays(c->cache), kube, c->settings.namespaces.items,
                         c->settings.namespaces.count, err);
    kube_close(kube);
    return rc;
}

static void on_told_by_flink(void *ctx, struct strview key)
{
    queue_add(ctx, key, QUEUE_CHANGE);
}

static int start_prober(struct controller *c, struct err *err)
{
    const struct controller_settings *o = &c->settings;
    int64_t fast = o->flink_rest_fast_interval;
    struct prober_settings s = {
        .probe = {.fast_ms = fast < o->flink_rest_interval ? fast : o->flink_rest_interval,
                  .slow_ms = o->flink_rest_interval,
                  .misses_lost = (unsigned)o->flink_rest_misses},
        .timeout_ms = o->flink_rest_timeout,
        .requests = (unsigned)o->flink_rest_requests,
        .ca_file = o->flink_rest_ca_file,
        .cert_file = o->flink_rest_cert_file,
        .key_file = o->flink_rest_key_file,
        .changed = on_told_by_flink,
        .changed_ctx = c->queue,
        .observe = controller_metrics_flink,
        .observe_ctx = c->metrics};
    struct prober *prober;
    if (prober_start(&s, &prober, err) != 0) {
        return -1;
    }
    atomic_store(&c->prober, prober);
    return 0;
}

static int start_auditor(struct controller *c, struct err *err)
{
    const struct auditor_settings s = {.config = c->config,
                                       .kube = write_options(c),
                                       .cache = c->cache,
                                       .snapshots = c->snapshots,
                                       .queue = c->queue,
                                       .events = c->events,
                                       .metrics = c->metrics,
                                       .interval_ms = c->settings.audit_interval};
    struct auditor *auditor;
    if (auditor_start(&s, &auditor, err) != 0) {
        return -1;
    }
    atomic_store(&c->auditor, auditor);
    auditor_hurry(auditor, 0);
    return 0;
}

static int start_workers(struct controller *c, struct err *err)
{
    if (start_prober(c, err) != 0) {
        return -1;
    }
    struct workers_settings s = {.count = (unsigned)c->settings.workers,
                                 .config = c->config,
                                 .kube = write_options(c),
                                 .cache = c->cache,
                                 .queue = c->queue,
                                 .events = c->events,
                                 .prober = atomic_load(&c->prober),
                                 .snapshots = c->snapshots,
                                 .claims = c->claims,
                                 .metrics = c->metrics,
                                 .plan = plan_settings_make(c->settings.ha_cluster_role)};
    s.plan.kube2iam = strcmp(c->settings.aws_identity, "kube2iam") == 0;
    s.plan.deletion_timeout_ms = c->settings.deletion_timeout;
    if (workers_start(&s, &c->workers, err) != 0) {
        return -1;
    }
    log_info("workers started", KV_U("clusters", cache_cluster_count(c->cache)));
    return start_auditor(c, err);
}

/// Starts the workers, or has itself called again after a pause.
static int begin_work(struct controller *c, struct err *err)
{
    if (find_strays(c, err) == 0) {
        return start_workers(c, err);
    }
    if (!err_retryable(err->code) || ++c->strays_failures == STRAYS_TRIES) {
        return -1;
    }
    log_warn("the workers wait", KV_ERR(err));
    *err = (struct err){.code = E_OK};
    c->work_at = clock_mono_ms() + STRAYS_PAUSE_MS;
    return 0;
}

/// First what looks at all others, then those that write, then the lease, then what they read from.
static void stop(struct controller *c)
{
    health_stop(c->health); // a scrape asks the events and the cache
    workers_stop(c->workers);
    watches_free(c->watches); // which tell the auditor
    auditor_stop(atomic_load(&c->auditor));
    prober_stop(atomic_load(&c->prober));
    if (c->events != NULL) {
        kube_events_stop(c->events, EVENTS_WAIT_MS);
    }
    kube_lease_stop(c->lease);
    if (c->cache != NULL) {
        cache_stop(c->cache);
    }
    cache_free(c->cache);
    claims_free(c->claims);
    snapshots_free(c->snapshots);
    queue_free(c->queue);
    metrics_free(c->metrics);
    if (c->config != NULL) {
        kube_config_free(c->config);
    }
}

/// Whether enough is known to begin: all, or after a while all but the policies.
static bool may_work(struct controller *c)
{
    int64_t now = clock_mono_ms();
    if (!atomic_load(&c->leads) || !cache_synced(c->cache) || now < c->work_at) {
        return false;
    }
    c->synced_at = c->synced_at != 0 ? c->synced_at : now;
    if (!knows_policies(c)) {
        if (now < c->synced_at + POLICIES_WAIT_MS) {
            return false;
        }
        log_warn("the policies can't be read yet: nothing new is accepted until they can");
    }
    return true;
}

static int supervise(struct controller *c, struct err *err)
{
    int64_t resync_at = clock_mono_ms() + c->settings.resync;
    while (signals_wait(c->workers != NULL ? TICK_MS : START_TICK_MS) == 0) {
        if (c->workers == NULL && may_work(c) && begin_work(c, err) != 0) {
            return -1;
        }
        if (clock_mono_ms() >= resync_at) {
            resync_at = clock_mono_ms() + c->settings.resync;
            cache_resync(c->cache);
        }
    }
    log_info("stopping");
    return 0;
}

int main(int argc, char **argv)
{
    static struct controller c;
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)256 << 10);
    struct options_result res;
    int code = options_main(&CONTROLLER_PROGRAM, argc, argv, &c.settings, &res, &arena);
    if (code >= 0) {
        return code;
    }
    enum log_level level = LOG_LEVEL_INFO;
    (void)log_level_parse(sv_from(c.settings.log_level), &level);
    log_init("controller", level, STDERR_FILENO);
    signals_block();
    // Large pieces are the lists' and the workers' passing ones; they go back when they are freed,
    // and the objects' many small ones lie together.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_ARENA_MAX, 1);
    struct err err = {.code = E_OK};
    int rc = start(&c, &err);
    if (rc == 0) {
        log_info("started", KV_STR("version", SLUICE_VERSION),
                 KV_S("server", kube_config_server(c.config)));
        rc = supervise(&c, &err);
    }
    if (rc != 0) {
        log_error("cannot go on", KV_ERR(&err));
    }
    stop(&c);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
