// SPDX-License-Identifier: Apache-2.0
#include "certs/serving.h"

#include <pthread.h>
#include <stdlib.h>

#include "certs/file_watch.h"
#include "certs/managed.h"
#include "certs/mounted.h"
#include "certs/x509.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/os_file.h"

#define POLL_MS        10000
#define RETRY_FIRST_MS 1000
#define SETTLE_MS      100 // of files that change one after the other
#define PAUSE_MIN_MS   20

struct certs_serving {
    struct certs_serving_options o;
    struct file_watch *watch;
    struct strbuf client_ca; // in use
    char leaves[40];         // leaves_wanted when the pair was issued
    int64_t due_ms;          // by the wall clock; 0: not known
    bool running;            // the thread is there; the owner's alone
    pthread_t thread;
    pthread_mutex_t lock; // for all below, and for nothing slow
    struct certs_pair *pair;
    bool published; // the published bundle verifies the pair; mounted: always
    struct certs_serving_stats stats;
};

struct certs_serving *certs_serving_new(const struct certs_serving_options *o)
{
    struct certs_serving *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    const char *const files[] = {o->cert_file, o->key_file, o->ca_file, o->client_ca_file};
    s->o = *o;
    s->o.poll_ms = o->poll_ms > 0 ? o->poll_ms : POLL_MS;
    s->client_ca = STRBUF(CERTS_PEM_MAX);
    s->watch = file_watch_new(files, ARRAY_LEN(files));
    if (s->watch == NULL) {
        free(s);
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

struct certs_pair *certs_serving_current(struct certs_serving *s)
{
    pthread_mutex_lock(&s->lock);
    struct certs_pair *p = s->pair != NULL ? certs_pair_ref(s->pair) : NULL;
    pthread_mutex_unlock(&s->lock);
    return p;
}

static bool asks_clients(const struct certs_serving *s)
{
    return s->o.client_ca_file != NULL && s->o.client_ca_file[0] != '\0';
}

/// Offers pair (a reference, taken) and CA of clients to the server; when it takes them, they are
/// the current ones.
static int take(struct certs_serving *s, struct certs_pair *fresh, struct strview client_ca,
                struct err *err)
{
    struct strview asked = asks_clients(s) ? client_ca : SV_NONE;
    if (s->o.on_pair != NULL && !s->o.on_pair(s->o.arg, fresh, asked)) {
        certs_pair_unref(fresh);
        return err_set(err, E_INVALID, "the server could not load the new certificate");
    }
    pthread_mutex_lock(&s->lock);
    struct certs_pair *old = s->pair;
    s->pair = fresh;
    s->stats.not_after_ms = fresh->not_after_ms;
    pthread_mutex_unlock(&s->lock);
    certs_pair_unref(old);
    return 0;
}

static void count(struct certs_serving *s, bool read, bool failed)
{
    pthread_mutex_lock(&s->lock);
    s->stats.reads += read;
    s->stats.read_errors += failed;
    pthread_mutex_unlock(&s->lock);
}

// ---- the CA of clients --------------------------------------------------------------------------

static int read_client_ca(struct certs_serving *s, struct strbuf *text, struct err *err)
{
    struct x509_info info;
    size_t n;
    if (os_file_read(s->o.client_ca_file, CERTS_PEM_MAX, text, err) < 0 ||
        x509_read(strbuf_view(text), &info, 1, &n, err) < 0) {
        return err_wrap(err, "the CA of clients, %.100s", s->o.client_ca_file);
    }
    return 0;
}

/// Looks at the file; a new content is offered with the current pair, if there is one.
static int step_client_ca(struct certs_serving *s, struct err *err)
{
    struct strbuf text = STRBUF(CERTS_PEM_MAX);
    struct certs_pair *current = certs_serving_current(s);
    int rc = read_client_ca(s, &text, err);
    bool changed = rc == 0 && !sv_eq(strbuf_view(&text), strbuf_view(&s->client_ca));
    if (changed && current != NULL) {
        rc = take(s, certs_pair_ref(current), strbuf_view(&text), err);
        if (rc == 0) {
            log_info("clients are checked against another CA", KV_STR("file", s->o.client_ca_file));
        }
    }
    if (changed && rc == 0) {
        strbuf_done(&s->client_ca);
        s->client_ca = text;
    } else {
        strbuf_done(&text);
    }
    count(s, changed, rc < 0);
    certs_pair_unref(current);
    return rc;
}

// ---- the pair -----------------------------------------------------------------------------------

static int step_mounted(struct certs_serving *s, const struct certs_pair *current, int64_t now_ms,
                        struct err *err)
{
    bool read;
    struct certs_pair *fresh;
    int rc = mounted_read(s->o.cert_file, s->o.key_file, s->o.ca_file, current, now_ms, &fresh,
                          &read, err);
    if (rc == 0 && fresh != NULL) {
        rc = take(s, fresh, strbuf_view(&s->client_ca), err);
        if (rc == 0) {
            pthread_mutex_lock(&s->lock);
            s->published = true;
            pthread_mutex_unlock(&s->lock);
            log_info("serving a certificate from files", KV_STR("file", s->o.cert_file));
        }
    }
    count(s, read, rc < 0);
    return rc;
}

static void note(struct certs_serving *s, const struct managed_outcome *r)
{
    static const char *const DONE[] = {
        [CERTS_MAKE_CA] = "made a CA",
        [CERTS_ANNOUNCE] = "made the next CA, which is announced before it signs",
        [CERTS_SWITCH] = "the new CA signs",
        [CERTS_RETIRE] = "retired the old CA",
    };
    for (size_t i = 0; i < ARRAY_LEN(DONE); i++) {
        if (DONE[i] != NULL && (r->steps & 1U << i) != 0) {
            log_info(DONE[i]);
        }
    }
    if (r->publish_changed) {
        log_info("published the CA bundle in the webhook configurations");
    }
    s->due_ms = r->due_ms;
    pthread_mutex_lock(&s->lock);
    s->stats.publishes += r->publish_changed;
    s->stats.publish_errors += r->publish_failed;
    s->stats.phase = r->phase;
    s->stats.ca_not_after_ms = r->ca_not_after_ms;
    // What can't be read tells nothing new: the last look goes on to count.
    s->published = r->looked ? r->published : s->published;
    pthread_mutex_unlock(&s->lock);
}

/// Tells the others what we serve.
static int record(struct certs_serving *s, struct err *err)
{
    struct certs_pair *pair = certs_serving_current(s);
    int rc = 0;
    if (pair != NULL && s->o.replicas != NULL) {
        struct certs_record r = {.not_after_ms = pair->not_after_ms};
        x509_issuer(pair->cert_pem, pair->ca_pem, r.issuer);
        memcpy(r.leaf, pair->fingerprint, sizeof(r.leaf));
        rc = s->o.replicas->record(s->o.replicas->ctx, &r, err);
    }
    certs_pair_unref(pair);
    return rc < 0 ? err_wrap(err, "recording what is served") : 0;
}

static int step_managed(struct certs_serving *s, const struct certs_pair *current, int64_t now_ms,
                        struct err *err)
{
    struct managed_outcome r;
    struct err take_err = {0};
    const struct managed_options o = {.store = s->o.store,
                                      .publisher = s->o.publisher,
                                      .replicas = s->o.replicas,
                                      .leads = s->o.leads == NULL || s->o.leads(s->o.leads_arg),
                                      .names = s->o.names,
                                      .name_count = s->o.name_count,
                                      .ca_life_ms = s->o.ca_life_ms,
                                      .leaf_life_ms = s->o.leaf_life_ms,
                                      .pause_ms = s->o.pause_ms,
                                      .leaves = s->leaves};
    int rc = managed_step(&o, current, now_ms, &r, err);
    bool fresh = r.pair != NULL;
    note(s, &r);
    if (fresh && take(s, r.pair, strbuf_view(&s->client_ca), &take_err) < 0) {
        if (err != NULL) {
            *err = take_err;
        }
        rc = -1;
    } else if (fresh) {
        memcpy(s->leaves, r.leaves, sizeof(s->leaves));
        log_info("serving a new certificate", KV_STR("why", r.why));
    }
    // What can't be published is counted for itself, and who waits for the leader has no fault.
    count(s, fresh, rc < 0 && !r.publish_failed);
    if (rc == 0 && !fresh && current == NULL) {
        rc = err_set(err, E_NOT_FOUND, "there is no CA yet; the replica that leads makes it");
    }
    // Also when all else fails: who serves is not dead, and a CA that it needs must stay.
    int recorded = record(s, rc < 0 ? NULL : err);
    return rc < 0 ? rc : recorded;
}

int certs_serving_step(struct certs_serving *s, int64_t now_ms, struct err *err)
{
    struct err client_err = {0};
    int clients = asks_clients(s) ? step_client_ca(s, &client_err) : 0;
    int rc = 0;
    if (!asks_clients(s) || s->client_ca.len > 0) {
        struct certs_pair *current = certs_serving_current(s);
        bool mounted = s->o.cert_file != NULL && s->o.cert_file[0] != '\0';
        rc =
            mounted ? step_mounted(s, current, now_ms, err) : step_managed(s, current, now_ms, err);
        certs_pair_unref(current);
    }
    if (clients < 0 && rc == 0 && err != NULL) {
        *err = client_err;
    }
    return clients < 0 ? -1 : rc;
}

/// How long until the next step.
static int64_t pause_of(const struct certs_serving *s)
{
    int64_t due = s->due_ms != 0 ? s->due_ms - clock_wall_ms() : s->o.poll_ms;
    due = due < s->o.poll_ms ? due : s->o.poll_ms;
    return due > PAUSE_MIN_MS || due == s->o.poll_ms ? due : PAUSE_MIN_MS;
}

static void *run(void *arg)
{
    struct certs_serving *s = arg;
    int64_t first_ms = RETRY_FIRST_MS < s->o.poll_ms ? RETRY_FIRST_MS : s->o.poll_ms;
    int64_t settle_ms = SETTLE_MS < s->o.poll_ms ? SETTLE_MS : s->o.poll_ms;
    int64_t retry_ms = first_ms;
    int64_t pause_ms = first_ms;
    while (file_watch_wait(s->watch, pause_ms, settle_ms) != FILE_WATCH_STOPPED) {
        struct err err = {0};
        if (certs_serving_step(s, clock_wall_ms(), &err) == 0) {
            retry_ms = first_ms;
            pause_ms = pause_of(s);
            continue;
        }
        log_warn("the certificate could not be kept up", KV_ERR(&err));
        pause_ms = retry_ms;
        retry_ms = retry_ms * 2 < s->o.poll_ms ? retry_ms * 2 : s->o.poll_ms;
    }
    return NULL;
}

int certs_serving_start(struct certs_serving *s, struct err *err)
{
    int rc = pthread_create(&s->thread, NULL, run, s);
    if (rc != 0) {
        return err_set(err, E_IO, "no thread for the certificates (error %d)", rc);
    }
    s->running = true;
    return 0;
}

bool certs_serving_ready(struct certs_serving *s, int64_t now_ms, struct strbuf *why)
{
    pthread_mutex_lock(&s->lock);
    const char *reason = s->pair == NULL                   ? "there is no certificate yet"
                         : now_ms >= s->pair->not_after_ms ? "the certificate has expired"
                         : now_ms < s->pair->not_before_ms ? "the certificate is not valid yet"
                         : !s->published ? "the published CA bundle does not verify the certificate"
                                         : NULL;
    pthread_mutex_unlock(&s->lock);
    if (reason != NULL) {
        strbuf_put_str(why, reason);
    }
    return reason == NULL;
}

void certs_serving_stats(struct certs_serving *s, struct certs_serving_stats *ret)
{
    pthread_mutex_lock(&s->lock);
    *ret = s->stats;
    pthread_mutex_unlock(&s->lock);
}

void certs_serving_stop(struct certs_serving *s)
{
    if (s == NULL) {
        return;
    }
    file_watch_stop(s->watch);
    if (s->running) {
        pthread_join(s->thread, NULL);
    }
    certs_pair_unref(s->pair);
    pthread_mutex_destroy(&s->lock);
    file_watch_free(s->watch);
    strbuf_done(&s->client_ca);
    free(s);
}
