// SPDX-License-Identifier: Apache-2.0
#include "certs/serving.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "certs/managed.h"
#include "certs/mounted.h"
#include "common/base/clock.h"
#include "common/base/log.h"

#define POLL_MS        10000
#define RETRY_FIRST_MS 1000

struct certs_serving {
    struct certs_serving_options o;
    pthread_mutex_t lock; // for all below, and for nothing slow
    pthread_cond_t wake;
    bool stopping;
    bool running; // the thread is there; the owner's alone
    pthread_t thread;
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
    pthread_condattr_t attr;
    s->o = *o;
    s->o.poll_ms = o->poll_ms > 0 ? o->poll_ms : POLL_MS;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

struct certs_pair *certs_serving_current(struct certs_serving *s)
{
    pthread_mutex_lock(&s->lock);
    struct certs_pair *p = s->pair != NULL ? certs_pair_ref(s->pair) : NULL;
    pthread_mutex_unlock(&s->lock);
    return p;
}

/// Offers the pair (a reference, taken) to the server; when it takes it, it is the current one.
static int take_pair(struct certs_serving *s, struct certs_pair *fresh, bool published,
                     struct err *err)
{
    if (s->o.on_pair != NULL && !s->o.on_pair(s->o.arg, fresh)) {
        certs_pair_unref(fresh);
        return err_set(err, E_INVALID, "the server could not load the new certificate");
    }
    pthread_mutex_lock(&s->lock);
    struct certs_pair *old = s->pair;
    s->pair = fresh;
    s->published = published;
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

static int step_mounted(struct certs_serving *s, const struct certs_pair *current, struct err *err)
{
    bool read;
    struct certs_pair *fresh;
    int rc = mounted_read(s->o.cert_file, s->o.key_file, s->o.ca_file, current, &fresh, &read, err);
    if (rc == 0 && fresh != NULL) {
        rc = take_pair(s, fresh, true, err);
        if (rc == 0) {
            log_info("serving a certificate from files", KV_STR("file", s->o.cert_file));
        }
    }
    count(s, read, rc < 0);
    return rc;
}

static void note_publish(struct certs_serving *s, const struct managed_outcome *r)
{
    pthread_mutex_lock(&s->lock);
    s->stats.publishes += r->publish_changed;
    s->stats.publish_errors += r->publish_failed;
    // A failure tells nothing new about what is published: an earlier success goes on to count.
    s->published = s->published || r->published;
    pthread_mutex_unlock(&s->lock);
    if (r->made_ca) {
        log_info("made a new CA");
    }
    if (r->publish_changed) {
        log_info("published the CA bundle in the webhook configurations");
    }
}

static int step_managed(struct certs_serving *s, const struct certs_pair *current, int64_t now_ms,
                        struct err *err)
{
    struct managed_outcome r;
    const struct managed_options o = {.store = s->o.store,
                                      .publisher = s->o.publisher,
                                      .names = s->o.names,
                                      .name_count = s->o.name_count,
                                      .leaf_life_ms = s->o.leaf_life_ms};
    int rc = managed_step(&o, current, now_ms, &r, err);
    note_publish(s, &r);
    if (rc == 0 && r.pair != NULL) {
        rc = take_pair(s, r.pair, r.published, err);
        if (rc == 0) {
            log_info("serving a new certificate", KV_STR("why", r.why));
        }
    }
    count(s, r.pair != NULL, rc < 0);
    if (rc == 0 && r.publish_failed) {
        if (err != NULL) {
            *err = r.publish_err;
        }
        return err_wrap(err, "publishing the CA bundle");
    }
    return rc;
}

int certs_serving_step(struct certs_serving *s, int64_t now_ms, struct err *err)
{
    struct certs_pair *current = certs_serving_current(s);
    bool mounted = s->o.cert_file != NULL && s->o.cert_file[0] != '\0';
    int rc = mounted ? step_mounted(s, current, err) : step_managed(s, current, now_ms, err);
    certs_pair_unref(current);
    return rc;
}

/// Waits MS or until stopped; false: stopped.
static bool wait_ms(struct certs_serving *s, int64_t ms)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t ns = end.tv_nsec + ms % 1000 * 1000000;
    end.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    end.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && pthread_cond_timedwait(&s->wake, &s->lock, &end) != ETIMEDOUT) {
    }
    bool go_on = !s->stopping;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct certs_serving *s = arg;
    int64_t first_ms = RETRY_FIRST_MS < s->o.poll_ms ? RETRY_FIRST_MS : s->o.poll_ms;
    int64_t retry_ms = first_ms;
    int64_t pause_ms = first_ms;
    while (wait_ms(s, pause_ms)) {
        struct err err = {0};
        if (certs_serving_step(s, clock_wall_ms(), &err) == 0) {
            retry_ms = first_ms;
            pause_ms = s->o.poll_ms;
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
                         : !s->published                   ? "the CA bundle is not published yet"
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
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    if (s->running) {
        pthread_join(s->thread, NULL);
    }
    certs_pair_unref(s->pair);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
