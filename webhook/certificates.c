// SPDX-License-Identifier: Apache-2.0
#include "webhook/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "certs/dir_store.h"
#include "certs/names.h"
#include "certs/replica_leases.h"
#include "certs/secret_store.h"
#include "certs/webhook_publisher.h"
#include "certs/x509.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/os_file.h"
#include "common/kube/lease.h"
#include "webhook/metrics.h"

/// So many polls without a sign of life, and a replica counts as dead.
#define DEAD_AFTER_POLLS 4
#define DEAD_AFTER_MIN   4000
/// Of a request about our own place: it is also made at the end of the program.
#define OWN_TIMEOUT_MS 2000
#define WARN_EVERY_MS  60000
/// A CA lives for so many pauses at least: its change has three of them in its last third.
#define PAUSES_OF_CA 18

struct certificates {
    struct certificates_options o;
    char identity[128];
    struct kube_lease *lease; // NULL: nobody to agree with
    int64_t warned_ms;        // of its thread
    // Of the thread of certificates: what only the leader may write, and what is each one's own.
    struct kube *kube;
    struct kube *own_kube;
    struct dir_store dir;
    struct secret_store secret;
    struct webhook_publisher publisher;
    struct replica_leases replicas;
    struct certs_serving *serving;
};

static bool publishes(const struct webhook_settings *s)
{
    return s->mutating_configuration[0] != '\0' || s->validating_configuration[0] != '\0';
}

bool certificates_need_cluster(const struct webhook_settings *s)
{
    bool mounted = s->tls_cert_file[0] != '\0';
    bool folder = s->cert_dir[0] != '\0';
    // With a folder the API server is only needed when there is something to publish, and a way.
    return !mounted && (!folder || (publishes(s) && s->kubeconfig[0] != '\0'));
}

static bool on_pair(void *arg, struct certs_pair *pair, struct strview client_ca)
{
    struct certificates *c = arg;
    struct err err;
    if (tls_set(c->o.tls, pair->cert_pem, pair->key_pem, client_ca, &err) != 0) {
        log_error("certificate refused", KV_ERR(&err));
        return false;
    }
    return true;
}

// ---- the API server -----------------------------------------------------------------------------

static bool leads(void *arg)
{
    const struct certificates *c = arg;
    return c->lease == NULL || kube_lease_valid(c->lease);
}

static void on_told(void *ctx, const struct err *err, struct strview holder)
{
    struct certificates *c = ctx;
    if (err != NULL && err->code != E_OK) {
        // It is tried each two seconds, for as long as the API server is away.
        if (c->warned_ms == 0 || clock_mono_ms() >= c->warned_ms + WARN_EVERY_MS) {
            c->warned_ms = clock_mono_ms();
            log_warn("the lease of the certificates", KV_ERR(err));
        }
    } else {
        log_info("the CA is looked after", KV_S("by", holder));
    }
}

static int start_lease(struct certificates *c, struct err *err)
{
    const struct webhook_settings *s = c->o.settings;
    char host[65] = "";
    uint64_t random;
    if (os_random(&random, sizeof(random), err) != 0) {
        return -1;
    }
    gethostname(host, sizeof(host) - 1);
    snprintf(c->identity, sizeof(c->identity), "%s_%016llx", host, (unsigned long long)random);
    const struct kube_lease_options opt = {.ns = s->service_namespace,
                                           .name = s->cert_lease,
                                           .identity = c->identity,
                                           .release = true,
                                           .again = true,
                                           .told = on_told,
                                           .ctx = c};
    return kube_lease_start(c->o.config, &opt, &c->lease, err);
}

static int open_cluster(struct certificates *c, struct err *err)
{
    const struct webhook_settings *s = c->o.settings;
    struct kube_options opt = {.cancel = c->o.cancel, .cancel_ctx = c->o.cancel_ctx};
    const struct kube_options own = {.timeout_ms = OWN_TIMEOUT_MS};
    struct strview ns = sv_from(s->service_namespace);
    if (kube_open(c->o.config, &own, &c->own_kube, err) != 0) {
        return -1;
    }
    // A folder is this process's own: there is nobody to agree with.
    if (s->cert_dir[0] == '\0') {
        if (start_lease(c, err) != 0) {
            return -1;
        }
        opt.fence = kube_lease_remaining_ms;
        opt.fence_ctx = c->lease;
    }
    if (kube_open(c->o.config, &opt, &c->kube, err) != 0) {
        return -1;
    }
    int64_t dead_ms = s->cert_poll * DEAD_AFTER_POLLS;
    secret_store_init(&c->secret, c->kube, ns, sv_from(s->cert_secret));
    webhook_publisher_init(&c->publisher, c->kube, sv_from(s->mutating_configuration),
                           sv_from(s->validating_configuration));
    replica_leases_init(&c->replicas, c->own_kube, ns, sv_from(s->cert_lease), c->identity,
                        dead_ms > DEAD_AFTER_MIN ? dead_ms : DEAD_AFTER_MIN);
    return 0;
}

// ---- open and close -----------------------------------------------------------------------------

static int check_settings(const struct webhook_settings *s, struct err *err)
{
    if ((s->tls_cert_file[0] != '\0') != (s->tls_key_file[0] != '\0')) {
        return err_set(err, E_INVALID, "--tls-cert-file and --tls-key-file go together");
    }
    if (s->client_names.count > 0 && s->client_ca_file[0] == '\0') {
        return err_set(err, E_INVALID, "--client-names needs --client-ca-file");
    }
    return s->ca_life >= s->ca_pause * PAUSES_OF_CA
               ? 0
               : err_set(err, E_INVALID, "--ca-life must be %d times --ca-pause or more",
                         PAUSES_OF_CA);
}

/// A wrong path is told at the start; what becomes of the file later is a matter of reloading.
static int check_client_ca(const struct webhook_settings *s, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(CERTS_PEM_MAX);
    struct x509_info info;
    size_t n;
    if (s->client_ca_file[0] == '\0') {
        return 0;
    }
    return os_file_read(s->client_ca_file, CERTS_PEM_MAX, &text, err) < 0 ||
                   x509_read(strbuf_view(&text), &info, 1, &n, err) < 0
               ? err_wrap(err, "--client-ca-file %.100s", s->client_ca_file)
               : 0;
}

static int fill(struct certificates *c, struct arena *arena, struct err *err)
{
    const struct webhook_settings *s = c->o.settings;
    bool mounted = s->tls_cert_file[0] != '\0';
    bool folder = s->cert_dir[0] != '\0';
    bool in_cluster = c->o.config != NULL && certificates_need_cluster(s);
    if (check_settings(s, err) != 0 || check_client_ca(s, err) != 0 ||
        (in_cluster && open_cluster(c, err) != 0) ||
        (folder && dir_store_init(&c->dir, s->cert_dir, err) != 0)) {
        return -1;
    }
    tls_allow_names(c->o.tls, s->client_names.items, s->client_names.count);
    struct certs_serving_options o = {
        .cert_file = s->tls_cert_file,
        .key_file = s->tls_key_file,
        .ca_file = s->tls_ca_file,
        .client_ca_file = s->client_ca_file,
        .store = folder ? &c->dir.store : &c->secret.store,
        .publisher = in_cluster && publishes(s) ? &c->publisher.publisher : NULL,
        .replicas = c->lease != NULL ? &c->replicas.replicas : NULL,
        .leads = leads,
        .leads_arg = c,
        .ca_life_ms = s->ca_life,
        .leaf_life_ms = s->cert_life,
        .pause_ms = s->ca_pause,
        .poll_ms = s->cert_poll,
        .on_pair = on_pair,
        .arg = c,
    };
    if (!mounted &&
        certs_names_make(s->service_name, s->service_namespace, s->extra_names.items,
                         s->extra_names.count, arena, &o.names, &o.name_count, err) != 0) {
        return -1;
    }
    c->serving = certs_serving_new(&o);
    return c->serving != NULL ? 0 : err_set(err, E_NOMEM, "no memory for the certificates");
}

int certificates_open(const struct certificates_options *o, struct arena *arena,
                      struct certificates **ret, struct err *err)
{
    struct certificates *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return err_set(err, E_NOMEM, "no memory for the certificates");
    }
    c->o = *o;
    if (fill(c, arena, err) != 0) {
        certificates_close(c);
        return -1;
    }
    *ret = c;
    return 0;
}

struct certs_serving *certificates_serving(struct certificates *c)
{
    return c->serving;
}

void certificates_collect(struct certificates *c, struct metrics *m)
{
    struct certs_serving_stats s;
    certs_serving_stats(c->serving, &s);
    metrics_count_to(m, M_certificate_reads, METRIC_AT(0), s.reads);
    metrics_count_to(m, M_certificate_errors, METRIC_AT(0), s.read_errors);
    metrics_count_to(m, M_bundle_writes, METRIC_AT(0), s.publishes);
    metrics_count_to(m, M_bundle_errors, METRIC_AT(0), s.publish_errors);
    metrics_set(m, M_certificate_expiry, METRIC_AT(0), (double)s.not_after_ms / 1000);
    metrics_set(m, M_ca_expiry, METRIC_AT(0), (double)s.ca_not_after_ms / 1000);
    metrics_set(m, M_leader, METRIC_AT(0), c->lease != NULL && leads(c) ? 1 : 0);
    for (unsigned i = 0; i < CERTS_PHASE_COUNT; i++) {
        metrics_set(m, M_ca_phase, METRIC_AT(i), s.ca_not_after_ms != 0 && i == s.phase ? 1 : 0);
    }
    for (unsigned i = 0; i < TLS_REFUSAL_COUNT; i++) {
        metrics_count_to(m, M_clients_refused, METRIC_AT(i),
                         tls_refused(c->o.tls, (enum tls_refusal)i));
    }
}

void certificates_close(struct certificates *c)
{
    if (c == NULL) {
        return;
    }
    certs_serving_stop(c->serving);
    replica_leases_release(&c->replicas);
    kube_close(c->kube);
    kube_close(c->own_kube);
    kube_lease_stop(c->lease);
    free(c);
}
