// SPDX-License-Identifier: Apache-2.0
#include "webhook/conns.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "common/base/clock.h"

#define REAP_EVERY_MS 1000
/// So many closed connections leave enough free memory behind to be worth giving back.
#define TRIM_AFTER_CLOSED 8

struct conns {
    pthread_mutex_t lock; // guards the list and count: an fd is shut down only while it is listed
    pthread_cond_t stop_cond;
    struct conn *first;
    unsigned count;
    unsigned closed; // since the last trim
    bool stop;
    pthread_t reaper;
};

static void set_deadline(struct conn *conn, int64_t ms)
{
    atomic_store_explicit(&conn->deadline_ms, clock_mono_ms() + ms, memory_order_relaxed);
}

static void reap(struct conns *c)
{
    int64_t now = clock_mono_ms();
    for (struct conn *conn = c->first; conn != NULL; conn = conn->next) {
        if (atomic_load_explicit(&conn->deadline_ms, memory_order_relaxed) < now) {
            // The server's thread sees the end of the stream and closes it.
            shutdown(conn->fd, SHUT_RDWR);
        }
    }
}

static void *reaper_run(void *arg)
{
    struct conns *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        int64_t until = clock_mono_ms() + REAP_EVERY_MS;
        struct timespec at = {.tv_sec = until / 1000, .tv_nsec = (until % 1000) * 1000000};
        pthread_cond_timedwait(&c->stop_cond, &c->lock, &at);
        reap(c);
        if (c->closed >= TRIM_AFTER_CLOSED) {
            c->closed = 0;
            pthread_mutex_unlock(&c->lock);
            // TLS sessions and buffers of a burst are freed in the midst of the heap.
            malloc_trim(0);
            pthread_mutex_lock(&c->lock);
        }
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct conns *conns_new(struct err *err)
{
    struct conns *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        err_set(err, E_NOMEM, "no memory for the connection table");
        return NULL;
    }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->stop_cond, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&c->lock, NULL);
    int rc = pthread_create(&c->reaper, NULL, reaper_run, c);
    if (rc != 0) {
        err_set(err, E_IO, "cannot start the connection reaper");
        free(c);
        return NULL;
    }
    return c;
}

void conns_free(struct conns *c)
{
    if (c == NULL) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->stop_cond);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->reaper, NULL);
    pthread_cond_destroy(&c->stop_cond);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void handshake_done(struct tls_watch *w)
{
    // The watch is the connection's first member.
    struct conn *conn = (struct conn *)w;
    set_deadline(conn, CONNS_IDLE_MS);
}

struct conn *conns_open(struct conns *c, int fd)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return NULL;
    }
    conn->watch.handshake_done = handshake_done;
    conn->fd = fd;
    set_deadline(conn, CONNS_HANDSHAKE_MS);
    pthread_mutex_lock(&c->lock);
    conn->next = c->first;
    if (c->first != NULL) {
        c->first->prev = conn;
    }
    c->first = conn;
    c->count++;
    pthread_mutex_unlock(&c->lock);
    return conn;
}

void conns_close(struct conns *c, struct conn *conn)
{
    pthread_mutex_lock(&c->lock);
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        c->first = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    c->count--;
    c->closed++;
    pthread_mutex_unlock(&c->lock);
    tls_unpin(conn->credentials);
    free(conn);
}

void conn_request_begins(struct conn *conn)
{
    set_deadline(conn, CONNS_REQUEST_MS);
}

void conn_request_ends(struct conn *conn)
{
    set_deadline(conn, CONNS_IDLE_MS);
}

unsigned conns_count(struct conns *c)
{
    pthread_mutex_lock(&c->lock);
    unsigned n = c->count;
    pthread_mutex_unlock(&c->lock);
    return n;
}
