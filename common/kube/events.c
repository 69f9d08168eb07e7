// SPDX-License-Identifier: Apache-2.0
#include "common/kube/events.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/os_file.h"
#include "common/json/out.h"
#include "common/k8s/timestamp.h"
#include "common/kube/event_core.h"

#define MAX_BODY     16384
#define MAX_NAME     253
#define MAX_UID      64
#define MAX_REASON   128
#define MAX_TIMES    3 // that one event is tried
#define RETRY_MS     1000
#define MAX_RETRY_MS 10000
#define NAME_SUFFIX  17 // ".0123456789abcdef"

/// One event in the queue; texts are NUL-terminated.
struct pending {
    const struct kube_resource *resource;
    bool warning;
    char ns[MAX_NAME + 1], name[MAX_NAME + 1], uid[MAX_UID + 1];
    char reason[MAX_REASON + 1];
    char message[KUBE_EVENT_MESSAGE_MAX + 1];
};

struct kube_events {
    struct kube *kube;
    struct event_core *core;
    const char *component;
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t wake;
    struct pending *queue[KUBE_EVENTS_QUEUE]; // a ring
    size_t first, count;
    int64_t stop_at_ms; // monotonic; < 0: not stopping
    atomic_uint_fast64_t lost;
};

/// A kube_cancel_fn: the time for what is still queued is over.
static bool is_over(void *events)
{
    struct kube_events *e = events;
    pthread_mutex_lock(&e->lock);
    bool over = e->stop_at_ms >= 0 && clock_mono_ms() >= e->stop_at_ms;
    pthread_mutex_unlock(&e->lock);
    return over;
}

static void copy(char *to, size_t size, struct strview s)
{
    size_t n = s.len < size - 1 ? s.len : size - 1;
    if (n != 0) {
        memcpy(to, s.ptr, n);
    }
    to[n] = '\0';
}

void kube_events_emit(struct kube_events *e, const struct kube_event_object *object, bool warning,
                      const char *reason, const char *fmt, ...)
{
    struct pending *p = mem_alloc(sizeof(*p));
    if (p == NULL) {
        atomic_fetch_add(&e->lost, 1);
        return;
    }
    p->resource = object->resource;
    p->warning = warning;
    copy(p->ns, sizeof(p->ns), object->ns);
    copy(p->name, sizeof(p->name), object->name);
    copy(p->uid, sizeof(p->uid), object->uid);
    copy(p->reason, sizeof(p->reason), sv_from(reason));
    va_list args;
    va_start(args, fmt);
    vsnprintf(p->message, sizeof(p->message), fmt, args);
    va_end(args);
    pthread_mutex_lock(&e->lock);
    bool room = e->count < KUBE_EVENTS_QUEUE && e->stop_at_ms < 0;
    if (room) {
        e->queue[(e->first + e->count++) % KUBE_EVENTS_QUEUE] = p;
        pthread_cond_signal(&e->wake);
    }
    pthread_mutex_unlock(&e->lock);
    if (!room) {
        mem_free(p);
        atomic_fetch_add(&e->lost, 1);
    }
}

/// The next event, or NULL when the thread shall end.
static struct pending *take(struct kube_events *e)
{
    pthread_mutex_lock(&e->lock);
    while (e->count == 0 && e->stop_at_ms < 0) {
        pthread_cond_wait(&e->wake, &e->lock);
    }
    struct pending *p = NULL;
    if (e->count != 0 && (e->stop_at_ms < 0 || clock_mono_ms() < e->stop_at_ms)) {
        p = e->queue[e->first];
        e->first = (e->first + 1) % KUBE_EVENTS_QUEUE;
        e->count--;
    }
    pthread_mutex_unlock(&e->lock);
    return p;
}

/// Waits before the next try: false when the time to stop comes first.
static bool pause_ms(struct kube_events *e, int64_t ms)
{
    int64_t until = clock_mono_ms() + ms;
    struct timespec at = {.tv_sec = until / 1000, .tv_nsec = (until % 1000) * 1000000};
    pthread_mutex_lock(&e->lock);
    int rc = 0;
    while (rc == 0 && e->stop_at_ms < 0) {
        rc = pthread_cond_timedwait(&e->wake, &e->lock, &at);
    }
    bool go_on = e->stop_at_ms < 0;
    pthread_mutex_unlock(&e->lock);
    return go_on;
}

static void put_time(struct json_out *o, const char *key, int64_t wall_ms)
{
    CLEANUP(strbuf_done) struct strbuf t = STRBUF(64);
    timestamp_put(&t, wall_ms);
    json_out_kv_string(o, key, strbuf_view(&t));
}

static void put_event(struct strbuf *b, const struct kube_events *e, const struct pending *p,
                      const struct event_sent *s, struct strview ns, struct strview name)
{
    CLEANUP(strbuf_done) struct strbuf version = STRBUF(128);
    struct json_out o = JSON_OUT(b);
    kube_api_version_put(&version, p->resource);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "apiVersion", "v1");
    json_out_kv_str(&o, "kind", "Event");
    json_out_key_object(&o, "metadata");
    json_out_kv_string(&o, "namespace", ns);
    json_out_kv_string(&o, "name", name);
    json_out_end_object(&o);
    json_out_key_object(&o, "involvedObject");
    json_out_kv_string(&o, "apiVersion", strbuf_view(&version));
    json_out_kv_str(&o, "kind", p->resource->kind);
    if (p->ns[0] != '\0') {
        json_out_kv_str(&o, "namespace", p->ns);
    }
    json_out_kv_str(&o, "name", p->name);
    json_out_kv_str(&o, "uid", p->uid);
    json_out_end_object(&o);
    json_out_kv_str(&o, "type", p->warning ? "Warning" : "Normal");
    json_out_kv_str(&o, "reason", p->reason);
    json_out_kv_str(&o, "message", p->message);
    json_out_kv_int(&o, "count", s->count);
    put_time(&o, "firstTimestamp", s->first_ms);
    put_time(&o, "lastTimestamp", clock_wall_ms());
    json_out_key_object(&o, "source");
    json_out_kv_str(&o, "component", e->component);
    json_out_end_object(&o);
    json_out_kv_str(&o, "reportingComponent", e->component);
    json_out_end_object(&o);
}

static int send_event(struct kube_events *e, const struct pending *p, const struct event_sent *s,
                      bool create, struct err *err)
{
    char name[MAX_NAME + 1];
    snprintf(name, sizeof(name), "%.*s.%016" PRIx64, MAX_NAME - NAME_SUFFIX, p->name, s->name);
    // Events about cluster-scoped objects live in the default namespace.
    struct strview ns = p->ns[0] != '\0' ? sv_from(p->ns) : SV("default");
    struct kube_ref ref = {.resource = &KUBE_EVENTS, .ns = ns};
    CLEANUP(strbuf_done) struct strbuf body = STRBUF(MAX_BODY);
    if (create) {
        put_event(&body, e, p, s, ns, sv_from(name));
        return kube_create(e->kube, &ref, strbuf_view(&body), NULL, NULL, err);
    }
    struct json_out o = JSON_OUT(&body);
    json_out_begin_object(&o);
    json_out_kv_int(&o, "count", s->count);
    put_time(&o, "lastTimestamp", clock_wall_ms());
    json_out_end_object(&o);
    ref.name = sv_from(name);
    return kube_patch(e->kube, &ref, KUBE_PATCH_MERGE, strbuf_view(&body), NULL, NULL, err);
}

static void deliver(struct kube_events *e, const struct pending *p)
{
    struct event_facts f = {.ns = sv_from(p->ns),
                            .name = sv_from(p->name),
                            .uid = sv_from(p->uid),
                            .warning = p->warning,
                            .reason = sv_from(p->reason),
                            .message = sv_from(p->message)};
    struct event_sent *s = NULL;
    enum event_verdict v = event_decide(e->core, &f, clock_mono_ms(), clock_wall_ms(), &s);
    bool create = v == EVENT_CREATE;
    for (int i = 0; v != EVENT_DROP && i < MAX_TIMES; i++) {
        struct err err = {0};
        if (send_event(e, p, s, create, &err) == 0 || (create && err.code == E_CONFLICT)) {
            return;
        }
        if (err.code == E_NOT_FOUND && !create) {
            create = true; // the one that was to be counted has expired
            continue;
        }
        int64_t wait = err.retry_after_ms != 0 ? err.retry_after_ms : RETRY_MS;
        if (!err_retryable(err.code) || i + 1 == MAX_TIMES ||
            !pause_ms(e, wait < MAX_RETRY_MS ? wait : MAX_RETRY_MS)) {
            break;
        }
    }
    atomic_fetch_add(&e->lost, 1);
}

static void *run(void *arg)
{
    struct kube_events *e = arg;
    for (struct pending *p; (p = take(e)) != NULL;) {
        deliver(e, p);
        mem_free(p);
    }
    return NULL;
}

static void free_events(struct kube_events *e)
{
    for (; e->count != 0; e->count--) {
        mem_free(e->queue[e->first]);
        e->first = (e->first + 1) % KUBE_EVENTS_QUEUE;
    }
    kube_close(e->kube);
    pthread_cond_destroy(&e->wake);
    pthread_mutex_destroy(&e->lock);
    mem_free(e->core);
    mem_free(e);
}

int kube_events_start(struct kube_config *config, const struct kube_options *opt,
                      const char *component, struct kube_events **ret, struct err *err)
{
    struct kube_events *e = mem_alloc(sizeof(*e));
    if (e == NULL) {
        return err_set(err, E_NOMEM, "no memory for events");
    }
    *e = (struct kube_events){.component = component, .stop_at_ms = -1};
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->wake, &attr);
    pthread_condattr_destroy(&attr);
    e->core = mem_alloc(sizeof(*e->core));
    int rc = -1;
    if (e->core == NULL) {
        err_set(err, E_NOMEM, "no memory for events");
    } else {
        memset(e->core, 0, sizeof(*e->core));
        rc = os_random(&e->core->seed, sizeof(e->core->seed), err);
    }
    struct kube_options own = opt != NULL ? *opt : (struct kube_options){.timeout_ms = 0};
    own.cancel = is_over;
    own.cancel_ctx = e;
    if (rc == 0) {
        rc = kube_open(config, &own, &e->kube, err);
    }
    if (rc == 0 && pthread_create(&e->thread, NULL, run, e) != 0) {
        rc = err_set(err, E_NOMEM, "no thread for events");
    }
    if (rc != 0) {
        free_events(e);
        return -1;
    }
    *ret = e;
    return 0;
}

uint64_t kube_events_lost(const struct kube_events *e)
{
    return atomic_load(&e->lost);
}

void kube_events_stop(struct kube_events *e, int64_t wait_ms)
{
    if (e == NULL) {
        return;
    }
    pthread_mutex_lock(&e->lock);
    e->stop_at_ms = clock_mono_ms() + (wait_ms > 0 ? wait_ms : 0);
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    free_events(e);
}
