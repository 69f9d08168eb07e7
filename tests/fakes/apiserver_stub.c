// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/apiserver_stub.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/macros.h"
#include "common/base/os_file.h"

#define MAX_ANSWERS 64
#define MAX_SEEN    1024
#define WAIT_MS     5000
#define TICK_MS     5

struct apiserver_stub {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    struct stub_answer answers[MAX_ANSWERS];
    unsigned used[MAX_ANSWERS];
    size_t answer_count;
    struct stub_seen *seen;
    size_t seen_count;
    atomic_bool stopping;
};

/// One answer under way.
struct stream {
    struct apiserver_stub *stub;
    struct stub_answer answer;
    bool stalled;
};

static void set(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from != NULL ? from : "");
}

static void nap(struct apiserver_stub *s, int ms)
{
    int64_t until = clock_mono_ms() + ms;
    while (!atomic_load(&s->stopping) && clock_mono_ms() < until) {
        clock_sleep_ms(TICK_MS);
    }
}

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct stream *t = cls;
    struct strview rest = sv_from_pos(t->answer.body, (size_t)pos);
    if (rest.len == 0) {
        if (t->answer.stall_ms != 0 && !t->stalled) {
            t->stalled = true;
            nap(t->stub, t->answer.stall_ms);
        }
        return t->answer.cut ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    }
    size_t n = rest.len < t->answer.chunk ? rest.len : t->answer.chunk;
    n = n < max ? n : max;
    memcpy(buf, rest.ptr, n);
    return (ssize_t)n;
}

static enum MHD_Result add_query(void *cls, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    (void)kind;
    struct stub_seen *seen = cls;
    size_t at = strlen(seen->query);
    snprintf(seen->query + at, sizeof(seen->query) - at, "%s%s=%s", at != 0 ? "&" : "", key,
             value != NULL ? value : "");
    return MHD_YES;
}

static bool fits(const struct stub_answer *a, const struct stub_seen *r)
{
    return (a->method == NULL || strcmp(a->method, r->method) == 0) &&
           (a->path == NULL || strcmp(a->path, r->path) == 0) &&
           (a->query == NULL || strstr(r->query, a->query) != NULL) &&
           (a->token == NULL || strcmp(a->token, r->token) == 0);
}

static struct stub_answer choose(struct apiserver_stub *s, const struct stub_seen *r)
{
    static const char NOT_FOUND[] =
        "{\"kind\":\"Status\",\"code\":404,\"reason\":\"NotFound\",\"message\":\"no such answer\"}";
    struct stub_answer a = {.status = 404, .body = {NOT_FOUND, sizeof(NOT_FOUND) - 1}};
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->answer_count; i++) {
        if ((s->answers[i].times == 0 || s->used[i] < s->answers[i].times) &&
            fits(&s->answers[i], r)) {
            s->used[i]++;
            a = s->answers[i];
            break;
        }
    }
    if (s->seen_count < MAX_SEEN) {
        s->seen[s->seen_count++] = *r;
    }
    pthread_mutex_unlock(&s->lock);
    return a;
}

static enum MHD_Result respond(struct apiserver_stub *s, struct MHD_Connection *c,
                               const struct stub_seen *r)
{
    struct stub_answer a = choose(s, r);
    nap(s, a.before_ms);
    struct MHD_Response *response;
    if (a.chunk == 0 && !a.cut && a.stall_ms == 0) {
        response = MHD_create_response_from_buffer(a.body.len, (void *)(uintptr_t)a.body.ptr,
                                                   MHD_RESPMEM_PERSISTENT);
    } else {
        struct stream *t = malloc(sizeof(*t));
        if (t == NULL) {
            return MHD_NO;
        }
        *t = (struct stream){.stub = s, .answer = a};
        t->answer.chunk = a.chunk != 0 ? a.chunk : SIZE_MAX;
        response =
            MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32 << 10, read_stream, t, free);
    }
    MHD_add_response_header(response, "Content-Type", "application/json");
    if (a.header[0] != NULL) {
        MHD_add_response_header(response, a.header[0], a.header[1]);
    }
    enum MHD_Result ok =
        MHD_queue_response(c, (unsigned)(a.status != 0 ? a.status : 200), response);
    MHD_destroy_response(response);
    return ok;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    (void)version;
    struct stub_seen *r = *state;
    if (r == NULL) {
        r = calloc(1, sizeof(*r));
        *state = r;
        return r != NULL ? MHD_YES : MHD_NO;
    }
    if (*size != 0) {
        size_t at = strlen(r->body);
        size_t room = sizeof(r->body) - 1 - at;
        memcpy(r->body + at, data, *size < room ? *size : room);
        *size = 0;
        return MHD_YES;
    }
    set(r->method, sizeof(r->method), method);
    set(r->path, sizeof(r->path), url);
    set(r->content_type, sizeof(r->content_type),
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type"));
    const char *auth = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    if (auth != NULL && strncmp(auth, "Bearer ", 7) == 0) {
        set(r->token, sizeof(r->token), auth + 7);
    }
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_query, r);
    return respond(cls, c, r);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)c;
    (void)why;
    free(*state);
    *state = NULL;
}

struct apiserver_stub *stub_start(void)
{
    struct apiserver_stub *s = calloc(1, sizeof(*s));
    ASSERT(s != NULL);
    s->seen = calloc(MAX_SEEN, sizeof(*s->seen));
    ASSERT(s->seen != NULL);
    pthread_mutex_init(&s->lock, NULL);
    // A thread each, so that an answer may sleep.
    s->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
                                 NULL, NULL, on_request, s, MHD_OPTION_NOTIFY_COMPLETED,
                                 on_completed, NULL, MHD_OPTION_END);
    ASSERT(s->daemon != NULL);
    return s;
}

void stub_free(struct apiserver_stub *s)
{
    atomic_store(&s->stopping, true);
    MHD_stop_daemon(s->daemon);
    pthread_mutex_destroy(&s->lock);
    free(s->seen);
    free(s);
}

void stub_add(struct apiserver_stub *s, const struct stub_answer *a)
{
    pthread_mutex_lock(&s->lock);
    ASSERT(s->answer_count < MAX_ANSWERS);
    s->answers[s->answer_count++] = *a;
    pthread_mutex_unlock(&s->lock);
}

size_t stub_count(struct apiserver_stub *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->seen_count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

bool stub_seen(struct apiserver_stub *s, size_t n, struct stub_seen *ret)
{
    pthread_mutex_lock(&s->lock);
    bool there = n < s->seen_count;
    if (there) {
        *ret = s->seen[n];
    }
    pthread_mutex_unlock(&s->lock);
    return there;
}

bool stub_wait(struct apiserver_stub *s, size_t count)
{
    int64_t until = clock_mono_ms() + WAIT_MS;
    while (stub_count(s) < count && clock_mono_ms() < until) {
        clock_sleep_ms(TICK_MS);
    }
    return stub_count(s) >= count;
}

void stub_set_token(const char *dir, const char *token)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/token", dir);
    int rc = os_file_write_atomic(path, sv_from(token), 0600, NULL);
    ASSERT(rc == 0);
}

void stub_remove(const char *dir)
{
    static const char *const FILES[] = {"token", "config"};
    char path[256];
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    rmdir(dir);
}

struct kube_config *stub_config(struct apiserver_stub *s, char *dir, const char *token)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    char path[256], text[1024];
    ASSERT(mkdtemp(dir) != NULL);
    if (token != NULL) {
        stub_set_token(dir, token);
    }
    int n = snprintf(text, sizeof(text),
                     "apiVersion: v1\nkind: Config\ncurrent-context: stub\n"
                     "clusters:\n- name: stub\n  cluster: {server: 'http://127.0.0.1:%u'}\n"
                     "contexts:\n- name: stub\n  context: {cluster: stub, user: me}\n"
                     "users:\n- name: me\n  user: {%s}\n",
                     (unsigned)info->port, token != NULL ? "tokenFile: token" : "");
    snprintf(path, sizeof(path), "%s/config", dir);
    int rc = os_file_write_atomic(path, sv_make(text, (size_t)n), 0600, NULL);
    ASSERT(rc == 0);
    struct kube_config_source source = {
        .kubeconfig = path, .user_agent = "sluice-test", .allow_http = true};
    struct kube_config *config = NULL;
    struct err err = {.msg = ""};
    rc = kube_config_load(&source, &config, &err);
    ASSERT(rc == 0);
    return config;
}
