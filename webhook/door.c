// SPDX-License-Identifier: Apache-2.0
#include "webhook/door.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "webhook/tcp.h"

#define REAP_EVERY_MS 1000
/// How often a full house is looked at, or one that is to become empty.
#define LOOK_EVERY_MS 20
/// So many are let in before the deadlines are looked at again.
#define LET_IN_MAX 64

enum mode { OPEN, SHUT, ENDED };

struct door {
    _Atomic int listen_fd; // -1 when shut
    int wake_fd;
    struct conns *conns;
    door_serve_fn *serve;
    void *arg;
    _Atomic(enum mode) mode;
    pthread_t thread;
};

static void let_in(struct door *d, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct tcp_peer peer = tcp_look(fd);
    // Who has gone meanwhile is spared the handshake.
    if (peer.gone || conns_open(d->conns, fd, peer.quiet_ms) != 0) {
        close(fd);
        return;
    }
    if (d->serve(d->arg, fd, addr, len) != 0) {
        conns_close(d->conns, conns_find(d->conns, fd));
    }
}

/// Whether nobody is left at the door.
static bool let_all_in(struct door *d)
{
    for (int i = 0; i < LET_IN_MAX && !conns_full(d->conns); i++) {
        struct sockaddr_in6 addr = {0};
        socklen_t len = sizeof(addr);
        int fd =
            accept4(d->listen_fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            let_in(d, fd, (const struct sockaddr *)&addr, len);
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            conns_make_room(d->conns, 1);
            clock_sleep_ms(LOOK_EVERY_MS);
            return false;
        }
        // Any other error is one of the connection that was to come in (accept(2)).
    }
    return false;
}

static void look_after(struct door *d)
{
    if (conns_full(d->conns)) {
        unsigned waiting = tcp_waiting(d->listen_fd);
        conns_set_crowded(d->conns, waiting != 0);
        conns_make_room(d->conns, waiting);
    } else if (let_all_in(d)) {
        conns_set_crowded(d->conns, false);
    }
}

static void close_listener(struct door *d)
{
    for (int64_t until = clock_mono_ms() + REAP_EVERY_MS; clock_mono_ms() < until;) {
        if (conns_full(d->conns) || let_all_in(d)) {
            break;
        }
    }
    close(d->listen_fd);
    d->listen_fd = -1;
    conns_set_crowded(d->conns, false);
}

static void *run(void *arg)
{
    struct door *d = arg;
    int64_t reap_at = clock_mono_ms() + REAP_EVERY_MS;
    enum mode mode;
    while ((mode = atomic_load(&d->mode)) != ENDED) {
        if (mode == SHUT && d->listen_fd >= 0) {
            close_listener(d);
        }
        bool is_full = conns_full(d->conns);
        struct pollfd p[2] = {{.fd = d->wake_fd, .events = POLLIN},
                              {.fd = is_full ? -1 : d->listen_fd, .events = POLLIN}};
        poll(p, ARRAY_LEN(p), is_full || mode == SHUT ? LOOK_EVERY_MS : REAP_EVERY_MS);
        uint64_t n;
        if (p[0].revents != 0 && read(d->wake_fd, &n, sizeof(n)) < 0) {
            continue;
        }
        if (mode == SHUT) {
            conns_end_idle(d->conns);
        } else if (is_full || p[1].revents != 0) {
            look_after(d);
        }
        if (clock_mono_ms() >= reap_at) {
            conns_reap(d->conns);
            reap_at = clock_mono_ms() + REAP_EVERY_MS;
        }
    }
    return NULL;
}

struct door *door_open(int listen_fd, struct conns *conns, door_serve_fn *serve, void *arg,
                       struct err *err)
{
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
    return tcp_waiting(d->listen_fd);
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
    if (d->listen_fd >= 0) {
        close(d->listen_fd);
    }
    close(d->wake_fd);
    free(d);
}
