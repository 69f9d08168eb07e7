// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/flink_stub.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/macros.h"

#define MAX_CONNECTIONS 1024
#define DRIP_MS         50

struct rule {
    char path[128]; // "": any
    struct flink_stub_answer answer;
    size_t seen;
};

struct flink_stub {
    int fd;
    uint16_t port;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct rule rules[FLINK_STUB_PATHS];
    size_t n_rules, requests, connections, at_once, most_at_once;
    int open[MAX_CONNECTIONS];
    size_t n_open;
    atomic_bool stop;
};

struct connection {
    struct flink_stub *stub;
    int fd;
};

static const struct {
    const char *path, *body;
} USUAL[] = {
    {"/v1/overview",
     "{\"taskmanagers\":1,\"slots-total\":2,\"slots-available\":0,\"jobs-running\":1,"
     "\"flink-version\":\"1.20.1\",\"flink-commit\":\"abcdef0\"}"},
    {"/v1/config", "{\"refresh-interval\":3000,\"flink-version\":\"1.20.1\"}"},
    {"/v1/jobs/overview",
     "{\"jobs\":[{\"jid\":\"" FLINK_STUB_JOB "\",\"name\":\"fraud\",\"state\":\"RUNNING\","
     "\"start-time\":1,\"end-time\":-1,\"last-modification\":2,"
     "\"tasks\":{\"total\":2,\"running\":2,\"finished\":0,\"scheduled\":0}}]}"},
    {"/v1/taskmanagers",
     "{\"taskmanagers\":[{\"id\":\"tm-0\",\"slotsNumber\":2,\"freeSlots\":0}]}"},
    {"/v1/jobs/" FLINK_STUB_JOB, "{\"jid\":\"" FLINK_STUB_JOB "\",\"vertices\":[]}"},
    {"/v1/jobs/" FLINK_STUB_JOB "/checkpoints",
     "{\"counts\":{\"completed\":1},\"latest\":{\"completed\":{\"id\":1,\"external_path\":\"s3://b/"
     "1\"}}}"},
    {"/v1/jobs/" FLINK_STUB_JOB "/exceptions", "{\"exceptionHistory\":{\"entries\":[]}}"},
};

static const char *usual(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(USUAL); i++) {
        if (strcmp(USUAL[i].path, path) == 0) {
            return USUAL[i].body;
        }
    }
    return NULL;
}

static bool put(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool drip(const struct connection *c, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && !atomic_load(&c->stub->stop); i++) {
        clock_sleep_ms(DRIP_MS);
        if (!put(c->fd, bytes + i, 1)) {
            return false;
        }
    }
    return true;
}

static bool endless(const struct connection *c)
{
    char blanks[16384];
    memset(blanks, ' ', sizeof(blanks));
    while (!atomic_load(&c->stub->stop) && put(c->fd, blanks, sizeof(blanks))) {
    }
    return false;
}

static bool half(const struct connection *c, const char *body, bool reset)
{
    (void)put(c->fd, body, strlen(body) / 2);
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    return false;
}

/// Whether the connection goes on.
static bool say(const struct connection *c, const struct flink_stub_answer *a, const char *path)
{
    const char *body = a->body != NULL ? a->body : usual(path);
    int status = body == NULL ? 404 : a->status != 0 ? a->status : 200;
    body = body != NULL ? body : "{\"errors\":[\"Not found\"]}";
    char head[512];
    for (int left = a->delay_ms; left > 0 && !atomic_load(&c->stub->stop); left -= 20) {
        clock_sleep_ms(20);
    }
    if (a->fault == FLINK_STUB_SILENT) {
        char byte;
        return recv(c->fd, &byte, 1, 0) > 0; // until the other side has had enough
    }
    if (a->fault == FLINK_STUB_GARBAGE) {
        return put(c->fd, "SSH-2.0-nobody\r\n\r\n", 18) && false;
    }
    snprintf(head, sizeof(head),
             "HTTP/1.1 %d X\r\ncontent-type: %s\r\ncontent-length: %zu\r\n%s\r\n",
             a->fault == FLINK_STUB_REDIRECT ? 302 : status,
             a->type != NULL ? a->type : "application/json; charset=UTF-8",
             a->fault == FLINK_STUB_ENDLESS ? (size_t)1 << 40 : strlen(body),
             a->fault == FLINK_STUB_REDIRECT ? "location: /elsewhere\r\n" : "");
    if (a->fault == FLINK_STUB_DRIP) {
        return drip(c, head, strlen(head)) && drip(c, body, strlen(body));
    }
    if (!put(c->fd, head, strlen(head))) {
        return false;
    }
    if (a->fault == FLINK_STUB_ENDLESS) {
        return endless(c);
    }
    if (a->fault == FLINK_STUB_HALF || a->fault == FLINK_STUB_RESET) {
        return half(c, body, a->fault == FLINK_STUB_RESET);
    }
    return put(c->fd, body, strlen(body));
}

/// Counts the request, and copies what is to be said to it.
static void look_up(struct flink_stub *s, const char *path, struct flink_stub_answer *ret)
{
    *ret = (struct flink_stub_answer){.status = 0};
    pthread_mutex_lock(&s->lock);
    s->requests++;
    s->at_once++;
    s->most_at_once = s->at_once > s->most_at_once ? s->at_once : s->most_at_once;
    struct rule *found = NULL;
    for (size_t i = 0; i < s->n_rules; i++) {
        struct rule *r = &s->rules[i];
        if (strcmp(r->path, path) == 0) {
            r->seen++;
            found = r;
        } else if (r->path[0] == '\0' && found == NULL) {
            found = r;
        }
    }
    if (found != NULL) {
        *ret = found->answer;
    }
    pthread_mutex_unlock(&s->lock);
}

/// Reads the head of one request (without a body), its path without the query.
static bool read_request(int fd, char *path, size_t size)
{
    char head[4096];
    size_t n = 0;
    while (n < sizeof(head) - 1) {
        ssize_t got = recv(fd, head + n, sizeof(head) - 1 - n, 0);
        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        head[n] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL) {
            break;
        }
    }
    const char *at = strncmp(head, "GET ", 4) == 0 ? head + 4 : "/not-a-get";
    size_t len = strcspn(at, " ?\r\n");
    len = len < size ? len : size - 1;
    memcpy(path, at, len);
    path[len] = '\0';
    return true;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    struct flink_stub *s = c->stub;
    char path[128];
    bool on = true;
    while (on && read_request(c->fd, path, sizeof(path))) {
        struct flink_stub_answer a;
        look_up(s, path, &a);
        on = say(c, &a, path);
        pthread_mutex_lock(&s->lock);
        s->at_once--;
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_open; i++) {
        if (s->open[i] == c->fd) {
            s->open[i] = s->open[--s->n_open];
            break;
        }
    }
    close(c->fd);
    pthread_cond_signal(&s->idle);
    pthread_mutex_unlock(&s->lock);
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct flink_stub *s = arg;
    for (int fd; (fd = accept(s->fd, NULL, NULL)) >= 0;) {
        struct connection *c = malloc(sizeof(*c));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); // as Flink does
        *c = (struct connection){.stub = s, .fd = fd};
        pthread_mutex_lock(&s->lock);
        bool full = s->n_open == MAX_CONNECTIONS;
        if (!full) {
            s->open[s->n_open++] = fd;
            s->connections++;
        }
        pthread_mutex_unlock(&s->lock);
        pthread_t thread;
        if (full || pthread_create(&thread, NULL, serve, c) != 0) {
            close(fd);
            free(c);
        } else {
            pthread_detach(thread);
        }
    }
    return NULL;
}

struct flink_stub *flink_stub_start(void)
{
    struct flink_stub *s = calloc(1, sizeof(*s));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->idle, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(s->fd >= 0 && bind(s->fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
           listen(s->fd, 1024) == 0 && getsockname(s->fd, (struct sockaddr *)&at, &len) == 0);
    s->port = ntohs(at.sin_port);
    ASSERT(pthread_create(&s->acceptor, NULL, accept_all, s) == 0);
    return s;
}

void flink_stub_free(struct flink_stub *s)
{
    atomic_store(&s->stop, true);
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->acceptor, NULL);
    close(s->fd);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_open; i++) {
        shutdown(s->open[i], SHUT_RDWR);
    }
    while (s->n_open > 0) {
        pthread_cond_wait(&s->idle, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->idle);
    free(s);
}

uint16_t flink_stub_port(const struct flink_stub *s)
{
    return s->port;
}

void flink_stub_say(struct flink_stub *s, const char *path, const struct flink_stub_answer *a)
{
    path = path != NULL ? path : "";
    pthread_mutex_lock(&s->lock);
    size_t i = 0;
    while (i < s->n_rules && strcmp(s->rules[i].path, path) != 0) {
        i++;
    }
    ASSERT(i < FLINK_STUB_PATHS);
    s->n_rules = i == s->n_rules ? i + 1 : s->n_rules;
    snprintf(s->rules[i].path, sizeof(s->rules[i].path), "%s", path);
    s->rules[i].answer = *a;
    pthread_mutex_unlock(&s->lock);
}

size_t flink_stub_requests(struct flink_stub *s, const char *path)
{
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; path != NULL && i < s->n_rules; i++) {
        n += strcmp(s->rules[i].path, path) == 0 ? s->rules[i].seen : 0;
    }
    n = path == NULL ? s->requests : n;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static size_t read_count(struct flink_stub *s, const size_t *count)
{
    pthread_mutex_lock(&s->lock);
    size_t n = *count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

size_t flink_stub_connections(struct flink_stub *s)
{
    return read_count(s, &s->connections);
}

size_t flink_stub_most_at_once(struct flink_stub *s)
{
    return read_count(s, &s->most_at_once);
}
