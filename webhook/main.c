// SPDX-License-Identifier: Apache-2.0
// sluice-webhook: wires certificates, server and health, and is the one place that knows the order
// in which they start and stop.
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "certs/serving.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/log_batch.h"
#include "common/base/signals.h"
#include "common/http/health.h"
#include "common/kube/client.h"
#include "common/world/snapshots.h"
#include "common/world/watches.h"
#include "webhook/certificates.h"
#include "webhook/metrics.h"
#include "webhook/policy_files.h"
#include "webhook/server.h"
#include "webhook/settings.h"
#include "webhook/tls.h"

#define STOP_WAIT_MS 10000
#define RETRY_MS     1000

struct webhook {
    struct webhook_settings settings;
    struct metrics *metrics;
    struct health *health;
    struct tls *tls;
    struct kube_config *config; // NULL: no API server is needed
    struct certificates *certificates;
    struct certs_serving *serving;
    struct snapshots *snapshots;
    struct watches *watches;         // NULL: nothing is watched
    _Atomic(struct server *) server; // NULL until there is a certificate
    atomic_bool stopping;            // no longer ready
    atomic_bool ending;              // requests to the API server are given up
};

// ---- what the health port tells ---------------------------------------------------------------

static bool check_certificate(void *arg, struct strbuf *why)
{
    struct webhook *w = arg;
    return certs_serving_ready(w->serving, clock_wall_ms(), why);
}

/// Once it is so, it stays so: while the API server is away reviews go on with what is known.
static bool check_policies(void *arg, struct strbuf *why)
{
    struct webhook *w = arg;
    struct snapshot *snap = snapshots_take(w->snapshots);
    if (snap == NULL) {
        strbuf_put_str(why, "the policies, namespaces or clusters were not listed yet");
    }
    snapshot_unref(snap);
    return snap != NULL;
}

static bool check_stopping(void *arg, struct strbuf *why)
{
    struct webhook *w = arg;
    if (atomic_load(&w->stopping)) {
        strbuf_put_str(why, "shutting down");
        return false;
    }
    return true;
}

static void collect_snapshot(const struct webhook *w, struct metrics *m)
{
    struct snapshot *snap = snapshots_take(w->snapshots);
    int64_t silence_ms = w->watches != NULL ? watches_silence_ms(w->watches) : -1;
    if (silence_ms >= 0) {
        metrics_set(m, M_snapshot_age, METRIC_AT(0), (double)silence_ms / 1000);
    }
    if (snap != NULL) {
        struct snapshot_counts n;
        snapshot_count(snap, &n);
        metrics_set(m, M_snapshot_objects, METRIC_AT(SNAPSHOT_RESOURCE_POLICIES),
                    (double)n.policies);
        metrics_set(m, M_snapshot_objects, METRIC_AT(SNAPSHOT_RESOURCE_NAMESPACES),
                    (double)n.namespaces);
        metrics_set(m, M_snapshot_objects, METRIC_AT(SNAPSHOT_RESOURCE_CLUSTERS),
                    (double)n.clusters);
        metrics_set(m, M_faulty_policies, METRIC_AT(0), (double)n.faulty_policies);
    }
    snapshot_unref(snap);
}

static void collect(struct metrics *m, void *arg)
{
    struct webhook *w = arg;
    collect_snapshot(w, m);
    certificates_collect(w->certificates, m);
    metrics_count_to(m, M_log_lost, METRIC_AT(0), log_lost());
    struct server *server = atomic_load(&w->server);
    if (server != NULL) {
        metrics_set(m, M_connections, METRIC_AT(0), server_connections(server));
        metrics_set(m, M_connections_waiting, METRIC_AT(0), server_connections_waiting(server));
        metrics_set(m, M_body_bytes, METRIC_AT(0), (double)server_body_bytes(server));
    }
}

// ---- the API server ---------------------------------------------------------------------------

/// A kube_cancel_fn: the end of the program need not wait for a slow API server.
static bool is_ending(void *arg)
{
    struct webhook *w = arg;
    return atomic_load(&w->ending);
}

static int open_cluster(struct webhook *w, struct err *err)
{
    const struct webhook_settings *s = &w->settings;
    struct kube_config_source source = {.kubeconfig =
                                            s->kubeconfig[0] != '\0' ? s->kubeconfig : NULL,
                                        .context = s->context[0] != '\0' ? s->context : NULL,
                                        .user_agent = "sluice-webhook"};
    if (kube_global_init(err) != 0 || kube_config_load(&source, &w->config, err) != 0) {
        return err_wrap(err, "the API server can't be reached (--watch=false needs none)");
    }
    return 0;
}

static int open_world(struct webhook *w, struct err *err)
{
    const struct webhook_settings *s = &w->settings;
    if (snapshots_new(&w->snapshots, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < s->policy.count; i++) {
        if (policy_file_add(s->policy.items[i], w->snapshots, err) != 0) {
            return -1;
        }
    }
    const struct watches_options o = {.config = w->config,
                                      .snapshots = w->snapshots,
                                      .namespaces = s->namespaces.items,
                                      .namespace_count = s->namespaces.count};
    return s->watch && watches_new(&o, &w->watches, err) != 0 ? -1
                                                              : snapshots_start(w->snapshots, err);
}

static int open_certificates(struct webhook *w, struct arena *arena, struct err *err)
{
    const struct certificates_options o = {.settings = &w->settings,
                                           .tls = w->tls,
                                           .config = w->config,
                                           .cancel = is_ending,
                                           .cancel_ctx = w};
    if (certificates_open(&o, arena, &w->certificates, err) != 0) {
        return -1;
    }
    w->serving = certificates_serving(w->certificates);
    return 0;
}

/// Waits until there is a pair to serve: the CA's Secret or the API server may come later than we
/// do.
static struct certs_pair *wait_for_pair(struct webhook *w)
{
    // The first pause is about what an election takes.
    for (int64_t pause_ms = RETRY_MS / 8;;
         pause_ms = pause_ms < RETRY_MS ? pause_ms * 2 : RETRY_MS) {
        struct err err = {.code = E_OK};
        if (certs_serving_step(w->serving, clock_wall_ms(), &err) != 0) {
            log_warn("certificates", KV_ERR(&err));
        }
        struct certs_pair *pair = certs_serving_current(w->serving);
        if (pair != NULL || signals_wait(pause_ms) != 0) {
            return pair;
        }
    }
}

// ---- start and stop ---------------------------------------------------------------------------

static int start_server(struct webhook *w, const struct certs_pair *pair, struct err *err)
{
    struct server_settings s = {
        .addr = w->settings.listen,
        .threads = (unsigned)w->settings.threads,
        .connections = {.max = (unsigned)w->settings.max_connections,
                        .max_requests = (unsigned)w->settings.max_requests_per_connection,
                        .max_age_ms = w->settings.max_connection_age},
        .max_body_bytes = (size_t)w->settings.max_body_bytes,
        .tls = w->tls,
        .cert = pair->cert_pem,
        .key = pair->key_pem,
        .metrics = w->metrics,
        .snapshots = w->snapshots,
        .scope = {.namespaces = w->settings.namespaces.items,
                  .count = w->settings.namespaces.count}};
    struct server *server = NULL;
    if (server_start(&s, &server, err) != 0) {
        return -1;
    }
    atomic_store(&w->server, server);
    return 0;
}

/// What ARENA is given lives as long as W.
static int prepare(struct webhook *w, struct arena *arena, struct err *err)
{
    w->metrics = metrics_new(WEBHOOK_METRICS, M_COUNT, err);
    w->tls = tls_new();
    w->health = w->metrics != NULL ? health_new(w->metrics) : NULL;
    if (w->tls == NULL || w->health == NULL) {
        return err_set(err, E_NOMEM, "no memory to start");
    }
    bool needs_cluster = w->settings.watch || certificates_need_cluster(&w->settings);
    if ((needs_cluster && open_cluster(w, err) != 0) || open_world(w, err) != 0 ||
        open_certificates(w, arena, err) != 0) {
        return -1;
    }
    health_add_check(w->health, HEALTH_READY, "certificate", check_certificate, w);
    health_add_check(w->health, HEALTH_READY, "policies", check_policies, w);
    health_add_check(w->health, HEALTH_READY, "stopping", check_stopping, w);
    metrics_on_collect(w->metrics, collect, w);
    // Before there is a certificate: a replica that waits for the API server is alive, not ready.
    if (health_start(w->health, w->settings.health_listen, err) != 0) {
        return -1;
    }
    return w->watches != NULL ? watches_start(w->watches, err) : 0;
}

static int run(struct webhook *w, struct err *err)
{
    struct certs_pair *pair = wait_for_pair(w);
    if (pair == NULL) {
        return 0; // told to stop before there was one
    }
    int rc = start_server(w, pair, err);
    certs_pair_unref(pair);
    if (rc != 0 || certs_serving_start(w->serving, err) != 0) {
        return -1;
    }
    log_info("started", KV_STR("version", SLUICE_VERSION), KV_U("port", server_port(w->server)),
             KV_U("health_port", health_port(w->health)));
    signals_wait(-1);
    // Unready first, and go on serving: the Service's endpoints change later than we do.
    atomic_store(&w->stopping, true);
    server_drain(w->server);
    log_info("stopping", KV_MS("drain_ms", w->settings.drain_delay));
    signals_wait(w->settings.drain_delay);
    return 0;
}

static void stop(struct webhook *w)
{
    // Health first: it asks the server, and a probe that fails now is right.
    health_stop(w->health);
    server_stop(w->server, STOP_WAIT_MS);
    atomic_store(&w->ending, true);
    certificates_close(w->certificates);
    watches_free(w->watches);
    snapshots_free(w->snapshots);
    if (w->config != NULL) {
        kube_config_free(w->config);
    }
    tls_free(w->tls);
    metrics_free(w->metrics);
}

int main(int argc, char **argv)
{
    static struct webhook w;
    CLEANUP(arena_done) struct arena arena = ARENA((size_t)256 << 10);
    struct options_result res;
    int code = options_main(&WEBHOOK_PROGRAM, argc, argv, &w.settings, &res, &arena);
    if (code >= 0) {
        return code;
    }
    // Large bodies go back to the system at once, and threads share few heaps: memory stays small.
    // What ordinary bodies take is kept between them (the reaper gives it back when it is quiet):
    // to shrink the heap behind each cost four page faults a review.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
    mallopt(M_ARENA_MAX, 2);
    enum log_level level = LOG_LEVEL_INFO;
    (void)log_level_parse(sv_from(w.settings.log_level), &level);
    log_init("webhook", level, STDERR_FILENO);
    signals_block();
    struct err err = {.code = E_OK};
    int rc = log_batch_start(&err);
    rc = rc == 0 ? prepare(&w, &arena, &err) : rc;
    rc = rc == 0 ? run(&w, &err) : rc;
    if (rc != 0) {
        log_error("cannot go on", KV_ERR(&err));
    }
    stop(&w);
    log_batch_stop();
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
