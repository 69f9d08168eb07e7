// SPDX-License-Identifier: Apache-2.0
#include "webhook/certificates.h"

#include <stdlib.h>

#include "certs/dir_store.h"
#include "certs/names.h"
#include "certs/secret_store.h"
#include "certs/webhook_publisher.h"
#include "common/base/log.h"
#include "common/base/os_file.h"
#include "webhook/metrics.h"

#define CLIENT_CA_MAX ((size_t)1 << 20)

struct certificates {
    struct certificates_options o;
    struct strbuf client_ca;
    struct kube *kube; // of the thread of certificates
    struct dir_store dir;
    struct secret_store secret;
    struct webhook_publisher publisher;
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

static bool on_pair(void *arg, struct certs_pair *pair)
{
    struct certificates *c = arg;
    struct err err;
    struct strview client_ca =
        c->o.settings->client_ca_file[0] != '\0' ? strbuf_view(&c->client_ca) : SV_NONE;
    if (tls_set(c->o.tls, pair->cert_pem, pair->key_pem, client_ca, &err) != 0) {
        log_error("certificate refused", KV_ERR(&err));
        return false;
    }
    return true;
}

static int open_cluster(struct certificates *c, struct err *err)
{
    const struct webhook_settings *s = c->o.settings;
    const struct kube_options opt = {.cancel = c->o.cancel, .cancel_ctx = c->o.cancel_ctx};
    if (kube_open(c->o.config, &opt, &c->kube, err) != 0) {
        return -1;
    }
    secret_store_init(&c->secret, c->kube, sv_from(s->service_namespace), sv_from(s->cert_secret));
    webhook_publisher_init(&c->publisher, c->kube, sv_from(s->mutating_configuration),
                           sv_from(s->validating_configuration));
    return 0;
}

static int read_client_ca(struct certificates *c, struct err *err)
{
    const char *file = c->o.settings->client_ca_file;
    if (file[0] == '\0') {
        return 0;
    }
    if (os_file_read(file, CLIENT_CA_MAX, &c->client_ca, err) != 0) {
        return err_wrap(err, "--client-ca-file");
    }
    return c->client_ca.len > 0
               ? 0
               : err_set(err, E_INVALID, "--client-ca-file: %.150s is empty", file);
}

static int fill(struct certificates *c, struct arena *arena, struct err *err)
{
    const struct webhook_settings *s = c->o.settings;
    bool mounted = s->tls_cert_file[0] != '\0';
    bool folder = s->cert_dir[0] != '\0';
    bool in_cluster = c->o.config != NULL && certificates_need_cluster(s);
    if (mounted != (s->tls_key_file[0] != '\0')) {
        return err_set(err, E_INVALID, "--tls-cert-file and --tls-key-file go together");
    }
    if (read_client_ca(c, err) != 0 || (in_cluster && open_cluster(c, err) != 0) ||
        (folder && dir_store_init(&c->dir, s->cert_dir, err) != 0)) {
        return -1;
    }
    struct certs_serving_options o = {
        .cert_file = s->tls_cert_file,
        .key_file = s->tls_key_file,
        .ca_file = s->tls_ca_file,
        .store = folder ? &c->dir.store : &c->secret.store,
        .publisher = in_cluster && publishes(s) ? &c->publisher.publisher : NULL,
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
    c->client_ca = STRBUF(CLIENT_CA_MAX);
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
    struct certs_serving_stats certs;
    certs_serving_stats(c->serving, &certs);
    double reads = metrics_read(m, M_certificate_reads, METRIC_AT(0));
    double errors = metrics_read(m, M_certificate_errors, METRIC_AT(0));
    metrics_add(m, M_certificate_reads, METRIC_AT(0), certs.reads - (uint64_t)reads);
    metrics_add(m, M_certificate_errors, METRIC_AT(0), certs.read_errors - (uint64_t)errors);
    metrics_set(m, M_certificate_expiry, METRIC_AT(0), (double)certs.not_after_ms / 1000);
}

void certificates_close(struct certificates *c)
{
    if (c == NULL) {
        return;
    }
    certs_serving_stop(c->serving);
    kube_close(c->kube);
    strbuf_done(&c->client_ca);
    free(c);
}
