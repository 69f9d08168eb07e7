// SPDX-License-Identifier: Apache-2.0
// sluice-webhook: wires certificates, server and health, and is the one place that knows the order
// in which they start and stop.
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "certs/dir_store.h"
#include "certs/names.h"
#include "certs/secret_store.h"
#include "certs/serving.h"
#include "certs/webhook_publisher.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/os_file.h"
#include "common/base/signals.h"
#include "common/http/health.h"
#include "common/json/view.h"
#include "common/kube/client.h"
#include "webhook/metrics.h"
#include "webhook/server.h"
#include "webhook/settings.h"
#include "webhook/tls.h"

#define STOP_WAIT_MS  10000
#define RETRY_MS      1000
#define CLIENT_CA_MAX ((size_t)1 << 20)

struct webhook {
    struct webhook_settings settings;
    struct metrics *metrics;
    struct health *health;
    struct tls *tls;
    struct strbuf client_ca;
    struct kube_config *config; // NULL: no API server is needed
    struct kube *kube;          // of the certificates' thread
    struct dir_store dir;
    struct secret_store secret;
    struct webhook_publisher publisher;
    struct certs_serving *serving;
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

static bool check_stopping(void *arg, struct strbuf *why)
{
    struct webhook *w = arg;
    if (atomic_load(&w->stopping)) {
        strbuf_put_str(why, "shutting down");
        return false;
    }
    return true;
}

static void collect(struct metrics *m, void *arg)
{
    struct webhook *w = arg;
    struct certs_serving_stats certs;
    certs_serving_stats(w->serving, &certs);
    double reads = metrics_read(m, M_certificate_reads, METRIC_AT(0));
    double errors = metrics_read(m, M_certificate_errors, METRIC_AT(0));
    metrics_add(m, M_certificate_reads, METRIC_AT(0), certs.reads - (uint64_t)reads);
    metrics_add(m, M_certificate_errors, METRIC_AT(0), certs.read_errors - (uint64_t)errors);
    metrics_set(m, M_certificate_expiry, METRIC_AT(0), (double)certs.not_after_ms / 1000);
    struct server *server = atomic_load(&w->server);
    if (server != NULL) {
        metrics_set(m, M_connections, METRIC_AT(0), server_connections(server));
        metrics_set(m, M_body_bytes, METRIC_AT(0), (double)server_body_bytes(server));
    }
}

// ---- certificates -----------------------------------------------------------------------------

static bool on_pair(void *arg, struct certs_pair *pair)
{
    struct webhook *w = arg;
    struct err err;
    struct strview client_ca =
        w->settings.client_ca_file[0] != '\0' ? strbuf_view(&w->client_ca) : SV_NONE;
    if (tls_set(w->tls, pair->cert_pem, pair->key_pem, client_ca, &err) != 0) {
        log_error("certificate refused", KV_ERR(&err));
        return false;
    }
    return true;
}

/// A kube_cancel_fn: the end of the program need not wait for a slow API server.
static bool is_ending(void *arg)
{
    struct webhook *w = arg;
    return atomic_load(&w->ending);
}

/// The API server: for a CA in a Secret, and for publishing its bundle.
static int open_cluster(struct webhook *w, struct err *err)
{
    const struct webhook_settings *s = &w->settings;
    struct kube_config_source source = {.kubeconfig =
                                            s->kubeconfig[0] != '\0' ? s->kubeconfig : NULL,
                                        .context = s->context[0] != '\0' ? s->context : NULL,
                                        .user_agent = "sluice-webhook"};
    const struct kube_options opt = {.cancel = is_ending, .cancel_ctx = w};
    if (kube_global_init(err) != 0 || kube_config_load(&source, &w->config, err) != 0 ||
        kube_open(w->config, &opt, &w->kube, err) != 0) {
        return -1;
    }
    secret_store_init(&w->secret, w->kube, sv_from(s->service_namespace), sv_from(s->cert_secret));
    webhook_publisher_init(&w->publisher, w->kube, sv_from(s->mutating_configuration),
                           sv_from(s->validating_configuration));
    return 0;
}

static int open_certificates(struct webhook *w, struct arena *arena, struct err *err)
{
    const struct webhook_settings *s = &w->settings;
    bool mounted = s->tls_cert_file[0] != '\0';
    bool folder = s->cert_dir[0] != '\0';
    bool publish = s->mutating_configuration[0] != '\0' || s->validating_configuration[0] != '\0';
    if (mounted != (s->tls_key_file[0] != '\0')) {
        return err_set(err, E_INVALID, "--tls-cert-file and --tls-key-file go together");
    }
    if (s->client_ca_file[0] != '\0' &&
        os_file_read(s->client_ca_file, CLIENT_CA_MAX, &w->client_ca, err) != 0) {
        return err_wrap(err, "--client-ca-file");
    }
    if (s->client_ca_file[0] != '\0' && w->client_ca.len == 0) {
        return err_set(err, E_INVALID, "--client-ca-file: %.150s is empty", s->client_ca_file);
    }
    // With a folder the API server is only needed when there is something to publish, and a way.
    bool in_cluster = !mounted && (!folder || (publish && s->kubeconfig[0] != '\0'));
    if (in_cluster && open_cluster(w, err) != 0) {
        return -1;
    }
    if (folder && dir_store_init(&w->dir, s->cert_dir, err) != 0) {
        return -1;
    }
    const char *const *names = NULL;
    size_t name_count = 0;
    if (!mounted && certs_names_make(s->service_name, s->service_namespace, s->extra_names.items,
                                     s->extra_names.count, arena, &names, &name_count, err) != 0) {
        return -1;
    }
    struct certs_serving_options o = {
        .cert_file = s->tls_cert_file,
        .key_file = s->tls_key_file,
        .ca_file = s->tls_ca_file,
        .store = folder ? &w->dir.store : &w->secret.store,
        .publisher = in_cluster && publish ? &w->publisher.publisher : NULL,
        .names = names,
        .name_count = name_count,
        .on_pair = on_pair,
        .arg = w,
    };
    w->serving = certs_serving_new(&o);
    return w->serving != NULL ? 0 : err_set(err, E_NOMEM, "no memory for the certificates");
}

/// Waits until there is a pair to serve: the CA's Secret or the API server may come later than we
/// do.
static struct certs_pair *wait_for_pair(struct webhook *w)
{
    for (;;) {
        struct err err = {.code = E_OK};
        if (certs_serving_step(w->serving, clock_wall_ms(), &err) != 0) {
            log_warn("certificates", KV_ERR(&err));
        }
        struct certs_pair *pair = certs_serving_current(w->serving);
        if (pair != NULL || signals_wait(RETRY_MS) != 0) {
            return pair;
        }
    }
}

// ---- start and stop ---------------------------------------------------------------------------

static int start_server(struct webhook *w, const struct certs_pair *pair, struct err *err)
{
    struct server_settings s = {.addr = w->settings.listen,
                                .threads = (unsigned)w->settings.threads,
                                .max_connections = (unsigned)w->settings.max_connections,
                                .max_body_bytes = (size_t)w->settings.max_body_bytes,
                                .tls = w->tls,
                                .cert = pair->cert_pem,
                                .key = pair->key_pem,
                                .metrics = w->metrics,
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
    w->client_ca = STRBUF(CLIENT_CA_MAX);
    w->metrics = metrics_new(WEBHOOK_METRICS, M_COUNT, err);
    w->tls = tls_new();
    w->health = w->metrics != NULL ? health_new(w->metrics) : NULL;
    if (w->tls == NULL || w->health == NULL) {
        return err_set(err, E_NOMEM, "no memory to start");
    }
    if (open_certificates(w, arena, err) != 0) {
        return -1;
    }
    health_add_check(w->health, HEALTH_READY, "certificate", check_certificate, w);
    health_add_check(w->health, HEALTH_READY, "stopping", check_stopping, w);
    metrics_on_collect(w->metrics, collect, w);
    // Before there is a certificate: a replica that waits for the API server is alive, not ready.
    return health_start(w->health, w->settings.health_listen, err);
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
    certs_serving_stop(w->serving);
    kube_close(w->kube);
    if (w->config != NULL) {
        kube_config_free(w->config);
    }
    tls_free(w->tls);
    metrics_free(w->metrics);
    strbuf_done(&w->client_ca);
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
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_ARENA_MAX, 2);
    enum log_level level = LOG_LEVEL_INFO;
    (void)log_level_parse(sv_from(w.settings.log_level), &level);
    log_init("webhook", level, STDERR_FILENO);
    signals_block();
    struct err err = {.code = E_OK};
    int rc = prepare(&w, &arena, &err);
    if (rc == 0) {
        rc = run(&w, &err);
    }
    if (rc != 0) {
        log_error("cannot go on", KV_ERR(&err));
    }
    stop(&w);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
