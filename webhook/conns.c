// SPDX-License-Identifier: Apache-2.0
#include "webhook/conns.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "webhook/metrics.h"
#include "webhook/tcp.h"

/// So many closed connections leave enough free memory behind to be worth giving back.
#define TRIM_AFTER_CLOSED 8
/// Limits of a connection are up to a quarter below the set ones, so that connections that began
/// together don't end together.
#define JITTER_PART 4
/// The kernel tells the time of a byte by its ticks, of 10 ms at most.
#define KERNEL_TICK_MS 10
#define TICK_MS        50

struct conns {
    struct conns_limits limits;
    struct metrics *metrics;
    pthread_mutex_t lock; // guards what follows: an fd is shut down only while it stands here
    struct conn **by_fd;
    size_t fd_count;
    unsigned count;
    unsigned closed;   // since memory was last given back
    uint32_t sequence; // of the jitter
    atomic_bool crowded;
};

struct conns *conns_new(const struct conns_limits *limits, struct metrics *metrics, struct err *err)
{
    struct conns *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        err_set(err, E_NOMEM, "no memory for the connection table");
        return NULL;
    }
    c->limits = *limits;
    c->metrics = metrics;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void conns_free(struct conns *c)
{
    if (c != NULL) {
        pthread_mutex_destroy(&c->lock);
        free(c->by_fd);
        free(c);
    }
}

static void set_state_at(struct conn *conn, enum conn_state state, int64_t now_ms)
{
    atomic_store_explicit(&conn->since_ms, now_ms, memory_order_relaxed);
    atomic_store_explicit(&conn->state, state, memory_order_release);
}

static void set_state(struct conn *conn, enum conn_state state)
{
    set_state_at(conn, state, clock_mono_ms());
}

static void handshake_done(struct tls_watch *w)
{
    // The watch is the connection's first member.
    struct conn *conn = (void *)w;
    set_state(conn, CONN_IDLE);
}

/// LIMIT or up to a quarter less, by multiples of the golden section: each n in a row are spread
/// evenly.
static int64_t jittered(int64_t limit, uint32_t sequence)
{
    uint32_t turn = sequence * UINT32_C(2654435769);
    return limit - (int64_t)((uint64_t)(limit / JITTER_PART) * turn >> 32);
}

/// Room for FD, under the lock.
static bool reserve(struct conns *c, size_t fd)
{
    if (fd < c->fd_count) {
        return true;
    }
    size_t count = (fd + 1) * 2;
    struct conn **grown = reallocarray(c->by_fd, count, sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    memset(grown + c->fd_count, 0, (count - c->fd_count) * sizeof(*grown));
    c->by_fd = grown;
    c->fd_count = count;
    return true;
}

int conns_open(struct conns *c, int fd)
{
    struct conn *conn = mem_alloc_aligned(_Alignof(struct conn), sizeof(*conn));
    if (conn == NULL) {
        return -1;
    }
    *conn = (struct conn){.watch.handshake_done = handshake_done, .fd = fd};
    set_state(conn, CONN_HANDSHAKE);
    conn->opened_ms = clock_mono_ms();
    pthread_mutex_lock(&c->lock);
    if (!reserve(c, (size_t)fd)) {
        pthread_mutex_unlock(&c->lock);
        mem_free(conn);
        return -1;
    }
    uint32_t sequence = c->sequence++;
    conn->max_requests = (unsigned)jittered(c->limits.max_requests, sequence);
    conn->expires_ms = conn->opened_ms + jittered(c->limits.max_age_ms, sequence);
    // Who already stands there is one that the server dropped before it served it.
    struct conn *stale = c->by_fd[fd];
    c->by_fd[fd] = conn;
    c->count += stale == NULL;
    pthread_mutex_unlock(&c->lock);
    mem_free(stale);
    return 0;
}

struct conn *conns_find(struct conns *c, int fd)
{
    pthread_mutex_lock(&c->lock);
    struct conn *conn = fd >= 0 && (size_t)fd < c->fd_count ? c->by_fd[fd] : NULL;
    pthread_mutex_unlock(&c->lock);
    return conn;
}

void conns_close(struct conns *c, struct conn *conn)
{
    if (conn == NULL) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->by_fd[conn->fd] = NULL;
    c->count--;
    c->closed++;
    pthread_mutex_unlock(&c->lock);
    tls_unpin(conn->credentials);
    mem_free(conn);
}

unsigned conns_count(struct conns *c)
{
    pthread_mutex_lock(&c->lock);
    unsigned n = c->count;
    pthread_mutex_unlock(&c->lock);
    return n;
}

bool conns_full(struct conns *c)
{
    return conns_count(c) >= c->limits.max;
}

bool conns_shaking(struct conns *c)
{
    unsigned n = 0;
    pthread_mutex_lock(&c->lock);
    for (size_t fd = 0; fd < c->fd_count && n < CONNS_HANDSHAKES_MAX; fd++) {
        const struct conn *conn = c->by_fd[fd];
        n += conn != NULL &&
             atomic_load_explicit(&conn->state, memory_order_relaxed) == CONN_HANDSHAKE &&
             tcp_has_bytes(conn->fd);
    }
    pthread_mutex_unlock(&c->lock);
    return n == CONNS_HANDSHAKES_MAX;
}

// ---- requests ---------------------------------------------------------------------------------

void conn_request_begins(struct conn *conn)
{
    int64_t now = clock_mono_ms();
    struct tcp_peer peer = {.quiet_ms = 0};
    // Who asks again before he has his last answer waits by his own will. So behind an
    // answer of this very moment there is nothing that the kernel could tell. (An answer that was
    // taken long ago may be known here to be over only now: a quota can stop us in between.)
    if (conn->answered_ms == 0 || now - conn->answered_ms >= KERNEL_TICK_MS) {
        peer = tcp_look(conn->fd);
    }
    conn->waited_ms = peer.quiet_ms;
    conn->gone = peer.gone;
    conn->asked_ms = now - conn->waited_ms;
    conn->requests++;
    set_state_at(conn, CONN_REQUEST, now);
}

void conn_request_ends(struct conn *conn)
{
    set_state(conn, CONN_IDLE);
}

static void count_end(struct conns *c, enum conn_end end)
{
    metrics_add(c->metrics, M_connection_ends, METRIC_AT(end), 1);
}

bool conns_crowded(struct conns *c)
{
    return atomic_load_explicit(&c->crowded, memory_order_relaxed);
}

bool conn_gives_way(struct conns *c, struct conn *conn)
{
    int64_t now = clock_mono_ms();
    conn->answered_ms = now;
    int64_t age = now - conn->opened_ms;
    enum conn_end end = CONN_END_COUNT;
    if (c->limits.max_requests != 0 && conn->requests >= conn->max_requests) {
        end = CONN_END_REQUESTS;
    } else if (c->limits.max_age_ms != 0 && now >= conn->expires_ms) {
        end = CONN_END_AGE;
    } else if (conns_crowded(c) &&
               (age >= CONNS_CROWD_AGE_MAX_MS ||
                (age >= CONNS_CROWD_AGE_MS && conn->requests >= CONNS_CROWD_REQUESTS))) {
        end = CONN_END_CROWD;
    }
    if (end == CONN_END_COUNT) {
        return false;
    }
    count_end(c, end);
    return true;
}

void conns_set_crowded(struct conns *c, bool crowded)
{
    atomic_store_explicit(&c->crowded, crowded, memory_order_relaxed);
}

// ---- shutting down ----------------------------------------------------------------------------

struct stay {
    enum conn_state state;
    int64_t ms;
};

/// What it is doing, for how long. By what the kernel tells, an idle connection from which bytes
/// have come is in a request, though its first line may still be on its way or in a thread's hands.
static struct stay stay_of(struct conn *conn)
{
    int64_t now = clock_mono_ms();
    enum conn_state state = atomic_load_explicit(&conn->state, memory_order_acquire);
    int64_t since = atomic_load_explicit(&conn->since_ms, memory_order_relaxed);
    if (state != CONN_IDLE) {
        return (struct stay){state, now - since};
    }
    int64_t last_byte = now - tcp_look(conn->fd).quiet_ms;
    if (last_byte <= since + TICK_MS && !tcp_has_bytes(conn->fd)) {
        return (struct stay){CONN_IDLE, now - since};
    }
    if (conn->line_ms < since) {
        conn->line_ms = last_byte;
    }
    return (struct stay){CONN_REQUEST, now - conn->line_ms};
}

/// The server's thread sees the end of the stream and closes it.
static void shut(struct conns *c, struct conn *conn, enum conn_end end)
{
    conn->is_shut = true;
    shutdown(conn->fd, SHUT_RDWR);
    count_end(c, end);
}

void conns_reap(struct conns *c)
{
    static const struct {
        int64_t ms;
        enum conn_end end;
    } DEADLINES[] = {
        [CONN_HANDSHAKE] = {CONNS_HANDSHAKE_MS, CONN_END_HANDSHAKE},
        [CONN_IDLE] = {CONNS_IDLE_MS, CONN_END_IDLE},
        [CONN_REQUEST] = {CONNS_REQUEST_MS, CONN_END_REQUEST},
    };
    pthread_mutex_lock(&c->lock);
    for (size_t fd = 0; fd < c->fd_count; fd++) {
        struct conn *conn = c->by_fd[fd];
        if (conn != NULL && !conn->is_shut) {
            struct stay stay = stay_of(conn);
            if (stay.ms > DEADLINES[stay.state].ms) {
                shut(c, conn, DEADLINES[stay.state].end);
            }
        }
    }
    bool trim = c->closed >= TRIM_AFTER_CLOSED;
    c->closed = trim ? 0 : c->closed;
    pthread_mutex_unlock(&c->lock);
    if (trim) {
        // TLS sessions and buffers of a burst are freed in the midst of the heap.
        malloc_trim(0);
    }
}

/// The one that has overstayed longest, under the lock. NULL: none has.
static struct conn *longest(struct conns *c)
{
    static const int64_t STAYS[] = {[CONN_HANDSHAKE] = CONNS_CROWD_HANDSHAKE_MS,
                                    [CONN_IDLE] = CONNS_CROWD_IDLE_MS,
                                    [CONN_REQUEST] = CONNS_CROWD_REQUEST_MS};
    struct conn *found = NULL;
    int64_t most = 0;
    for (size_t fd = 0; fd < c->fd_count; fd++) {
        struct conn *conn = c->by_fd[fd];
        if (conn == NULL || conn->is_shut) {
            continue;
        }
        struct stay stay = stay_of(conn);
        int64_t over = stay.ms - STAYS[stay.state];
        // Bytes that wait are ours to read: the peer isn't the one who is slow.
        if (over > most && !tcp_has_bytes(conn->fd)) {
            most = over;
            found = conn;
        }
    }
    return found;
}

void conns_make_room(struct conns *c, unsigned n)
{
    pthread_mutex_lock(&c->lock);
    struct conn *conn;
    while (n-- != 0 && (conn = longest(c)) != NULL) {
        shut(c, conn, CONN_END_PLACE);
    }
    pthread_mutex_unlock(&c->lock);
}

void conns_end_idle(struct conns *c)
{
    pthread_mutex_lock(&c->lock);
    for (size_t fd = 0; fd < c->fd_count; fd++) {
        struct conn *conn = c->by_fd[fd];
        if (conn == NULL || conn->is_shut) {
            continue;
        }
        struct stay stay = stay_of(conn);
        if ((stay.state == CONN_IDLE && stay.ms >= CONNS_END_IDLE_MS) ||
            (stay.state == CONN_HANDSHAKE && stay.ms >= CONNS_CROWD_HANDSHAKE_MS)) {
            shut(c, conn, CONN_END_STOP);
        }
    }
    pthread_mutex_unlock(&c->lock);
}
