// SPDX-License-Identifier: Apache-2.0
#include "webhook/door.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "webhook/tcp.h"

#define REAP_EVERY_MS 1000
/// How often a full house is looked at, or one that is to become empty.
#define LOOK_EVERY_MS 50
/// How often it is looked whether handshakes are done, for which others wait.
#define SHAKE_EVERY_MS 1
/// Of the room; who comes then waits in the kernel's queue.
#define GUESTS_MAX 2048
/// Longer than the 10 s in which Go's clients give a handshake up: nobody is sent away who waits.
#define GUEST_STAY_MS 12000
/// How often a full room is looked through for those who have left.
#define SWEEP_EVERY_MS 250

enum mode { OPEN, SHUT, ENDED };

struct guest {
    int fd;
    int64_t came_ms;
    socklen_t len;
    struct sockaddr_in6 addr;
};

struct door {
    _Atomic int listen_fd; // -1 when shut
    int wake_fd;
    struct conns *conns;
    door_serve_fn *serve;
    void *arg;
    _Atomic(enum mode) mode;
    pthread_t thread;
    _Atomic unsigned guest_count; // written by the door's thread alone
    struct guest guests[GUESTS_MAX];
    struct pollfd polled[GUESTS_MAX];
};

// ---- the room ---------------------------------------------------------------------------------

/// Sends those away who have hung up or stayed too long. By one poll(), since there may be many.
static void sweep_room(struct door *d)
{
    unsigned count = d->guest_count, kept = 0;
    for (unsigned i = 0; i < count; i++) {
        d->polled[i] = (struct pollfd){.fd = d->guests[i].fd, .events = POLLRDHUP};
    }
    int64_t oldest_ms = clock_mono_ms() - GUEST_STAY_MS;
    bool known = count != 0 && poll(d->polled, count, 0) >= 0;
    for (unsigned i = 0; known && i < count; i++) {
        if (d->polled[i].revents != 0 || d->guests[i].came_ms < oldest_ms) {
            close(d->guests[i].fd);
        } else {
            d->guests[kept++] = d->guests[i];
        }
    }
    d->guest_count = known ? kept : count;
}

/// Whether the kernel's queue is empty.
static bool accept_all(struct door *d)
{
    while (d->listen_fd >= 0 && d->guest_count < GUESTS_MAX) {
        struct guest *g = &d->guests[d->guest_count];
        g->len = sizeof(g->addr);
        g->fd = accept4(d->listen_fd, (struct sockaddr *)&g->addr, &g->len,
                        SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (g->fd >= 0) {
            g->came_ms = clock_mono_ms();
            d->guest_count++;
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            return false;
        }
        // Any other error is one of the connection that was to come in (accept(2)).
    }
    return d->listen_fd < 0;
}

static void let_in(struct door *d, const struct guest *g)
{
    if (tcp_look(g->fd).gone || conns_open(d->conns, g->fd) != 0) {
        close(g->fd);
        return;
    }
    if (d->serve(d->arg, g->fd, (const struct sockaddr *)&g->addr, g->len) != 0) {
        conns_close(d->conns, conns_find(d->conns, g->fd));
    }
}

static bool look_after(struct door *d)
{
    bool all = accept_all(d);
    bool is_full = false;
    while (d->guest_count != 0 && !(is_full = conns_full(d->conns)) && !conns_shaking(d->conns)) {
        let_in(d, &d->guests[--d->guest_count]);
    }
    conns_set_crowded(d->conns, is_full);
    if (is_full) {
        conns_make_room(d->conns, d->guest_count);
    }
    return all;
}

// ---- the thread -------------------------------------------------------------------------------

static void close_listener(struct door *d)
{
    // Those who have connected until now are served still.
    int64_t until = clock_mono_ms() + REAP_EVERY_MS;
    while (!look_after(d) && clock_mono_ms() < until) {
        clock_sleep_ms(LOOK_EVERY_MS);
    }
    close(d->listen_fd);
    d->listen_fd = -1;
}

static void wait(struct door *d, enum mode mode)
{
    // A full room would wake it without end.
    int listen_fd = d->guest_count < GUESTS_MAX ? d->listen_fd : -1;
    struct pollfd p[2] = {{.fd = d->wake_fd, .events = POLLIN},
                          {.fd = listen_fd, .events = POLLIN}};
    bool crowded = conns_crowded(d->conns);
    poll(p, ARRAY_LEN(p),
         d->guest_count != 0 && !crowded ? SHAKE_EVERY_MS
         : crowded || mode == SHUT       ? LOOK_EVERY_MS
                                         : REAP_EVERY_MS);
    uint64_t n;
    // It only wakes; what it says stands in the mode.
    (void)!read(d->wake_fd, &n, sizeof(n));
}

static void *run(void *arg)
{
    struct door *d = arg;
    int64_t reap_at = clock_mono_ms() + REAP_EVERY_MS, sweep_at = 0;
    enum mode mode;
    while ((mode = atomic_load(&d->mode)) != ENDED) {
        if (mode == SHUT && d->listen_fd >= 0) {
            close_listener(d);
        }
        wait(d, mode);
        look_after(d);
        if (mode == SHUT) {
            conns_end_idle(d->conns);
        }
        int64_t now = clock_mono_ms();
        if (d->guest_count == GUESTS_MAX && now >= sweep_at) {
            sweep_room(d);
            sweep_at = now + SWEEP_EVERY_MS;
        }
        if (now >= reap_at) {
            sweep_room(d);
            conns_reap(d->conns);
            reap_at = now + REAP_EVERY_MS;
        }
    }
    return NULL;
}

/// Places, the room and what else there is need more than the 1024 descriptors that many systems
/// begin with.
static void raise_fd_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
        l.rlim_cur = l.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &l);
    }
}

struct door *door_open(int listen_fd, struct conns *conns, door_serve_fn *serve, void *arg,
                       struct err *err)
{
    raise_fd_limit();
    struct door *d = calloc(1, sizeof(*d));
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d == NULL || wake_fd < 0) {
        err_set(err, E_NOMEM, "cannot open the door");
        goto fail;
    }
    d->listen_fd = listen_fd;
    d->wake_fd = wake_fd;
    d->conns = conns;
    d->serve = serve;
    d->arg = arg;
    if (pthread_create(&d->thread, NULL, run, d) != 0) {
        err_set(err, E_IO, "cannot start the thread that lets connections in");
        goto fail;
    }
    return d;
fail:
    if (wake_fd >= 0) {
        close(wake_fd);
    }
    close(listen_fd);
    free(d);
    return NULL;
}

unsigned door_waiting(const struct door *d)
{
    return d->guest_count + tcp_waiting(d->listen_fd);
}

static void set_mode(struct door *d, enum mode mode)
{
    atomic_store(&d->mode, mode);
    uint64_t one = 1;
    // It can't fail: the counter never comes near its end.
    (void)!write(d->wake_fd, &one, sizeof(one));
}

void door_shut(struct door *d)
{
    set_mode(d, SHUT);
}

void door_free(struct door *d)
{
    if (d == NULL) {
        return;
    }
    set_mode(d, ENDED);
    pthread_join(d->thread, NULL);
    while (d->guest_count != 0) {
        close(d->guests[--d->guest_count].fd);
    }
    if (d->listen_fd >= 0) {
        close(d->listen_fd);
    }
    close(d->wake_fd);
    free(d);
}
