// SPDX-License-Identifier: Apache-2.0
// Open connections: how many there may be, how long each may take for what, and when it is to give
// way to others. libmicrohttpd's own time-out starts again with every byte, so a peer that drips
// would hold a connection for ever; here deadlines are absolute. A connection ends in one of two
// ways: politely, by `Connection: close` on an answer, which no caller loses a request by; or it is
// shut down, which is for peers that overstay, and never while bytes of it wait to be read. Any
// thread, but where told.
#ifndef SLUICE_WEBHOOK_CONNS_H
#define SLUICE_WEBHOOK_CONNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/lane.h"
#include "common/base/macros.h"
#include "common/base/metrics.h"
#include "webhook/tls.h"

/// Deadlines in ms. IDLE is above the 90 s after which the API server closes its idle connections,
/// so that it never sends a request into a closing one.
#define CONNS_HANDSHAKE_MS 10000
#define CONNS_REQUEST_MS   15000
#define CONNS_IDLE_MS      180000

/// A handshake costs as much time as ten reviews: the next ones wait until these are done, and
/// reviews go on meanwhile, over the connections that stand.
#define CONNS_HANDSHAKES_MAX 2

/// When no place is free and somebody waits for one, these may be shut down for it, the longest in
/// their state first: a handshake after 2 s; a request that has not come in whole after 5 s; an
/// idle connection from which nothing came for 1 s.
#define CONNS_CROWD_HANDSHAKE_MS 2000
#define CONNS_CROWD_REQUEST_MS   5000
#define CONNS_CROWD_IDLE_MS      1000
/// And a connection gives its place up behind its next answer: one of 2 s that has had 32 requests,
/// so that the handshakes that follow take a small part of the time, or any one of 10 s.
#define CONNS_CROWD_AGE_MS     2000
#define CONNS_CROWD_REQUESTS   32
#define CONNS_CROWD_AGE_MAX_MS 10000
/// At the end of the program an idle connection is shut down after this time.
#define CONNS_END_IDLE_MS 500

struct conns_limits {
    unsigned max;          // open at once, at least 1
    unsigned max_requests; // of one connection; 0: any number
    int64_t max_age_ms;    // of one connection; 0: any
};

struct conns;

/// HANDSHAKE until TLS stands, IDLE between requests, REQUEST from its first line to its answer.
enum conn_state { CONN_HANDSHAKE, CONN_IDLE, CONN_REQUEST };

/// One connection; lives from conns_open() to conns_close().
struct conn {
    // First: the handshake's end. On cache lines of its own: its neighbour may be another thread's.
    _Alignas(LANE_ALIGN) struct tls_watch watch;
    struct tls_credentials *credentials;
    int fd;
    _Atomic(enum conn_state) state;
    _Atomic int64_t since_ms; // of the state; monotonic
    // The rest belongs to the thread that serves it.
    int64_t opened_ms;
    int64_t
        asked_ms; // when the last byte came that was there when the request's first line was read
    int64_t waited_ms;   // from then until it was read
    int64_t answered_ms; // when the last answer was about to go; 0: none was
    bool gone;           // the peer had hung up by then
    int64_t expires_ms;
    unsigned requests, max_requests;
    // And this to the one that shuts down.
    int64_t line_ms; // when the first byte of a request was seen whose first line isn't read
    bool is_shut;
};

MUST_USE struct conns *conns_new(const struct conns_limits *limits, struct metrics *metrics,
                                 struct err *err);
/// Every connection must be closed. NULL is accepted.
void conns_free(struct conns *c);

/// A connection on FD. It is known by its FD until conns_close(). -1: out of memory.
MUST_USE int conns_open(struct conns *c, int fd);
struct conn *conns_find(struct conns *c, int fd);
/// NULL is accepted. Before the fd is closed.
void conns_close(struct conns *c, struct conn *conn);

unsigned conns_count(struct conns *c);
bool conns_full(struct conns *c);
/// Whether CONNS_HANDSHAKES_MAX handshakes wait for this side, which is slower than its peers then.
bool conns_shaking(struct conns *c);

/// A request's first line was read: sets when it came and how long it has waited.
void conn_request_begins(struct conn *conn);
void conn_request_ends(struct conn *conn);

/// Whether the answer that is being made is to be the connection's last: it has had its number of
/// requests, its age, or others wait for its place. Counted as such. Once for each answer.
bool conn_gives_way(struct conns *c, struct conn *conn);

/// Whether peers wait for a place (see CONNS_CROWD_AGE_MS).
void conns_set_crowded(struct conns *c, bool crowded);
bool conns_crowded(struct conns *c);

/// Shuts down those whose deadline is over. This and the next two from one thread alone.
void conns_reap(struct conns *c);
/// Shuts down up to N, for whom others may come in.
void conns_make_room(struct conns *c, unsigned n);
/// At the end of the program: shuts down those that wait for no answer.
void conns_end_idle(struct conns *c);

#endif
