// SPDX-License-Identifier: Apache-2.0
// Open connections and their absolute deadlines. libmicrohttpd's own time-out starts again with
// every byte, so a peer that drips would hold a connection for ever; a reaper thread shuts those
// down: a TLS handshake that takes too long, a request that doesn't end, a connection that is idle
// (or drips its next request line) past its age. Any thread.
#ifndef SLUICE_WEBHOOK_CONNS_H
#define SLUICE_WEBHOOK_CONNS_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "webhook/tls.h"

/// Deadlines in ms. IDLE is above the 90 s after which the API server closes its idle connections,
/// so that it never sends a request into a closing one.
#define CONNS_HANDSHAKE_MS 10000
#define CONNS_REQUEST_MS   15000
#define CONNS_IDLE_MS      180000

struct conns;

/// One connection; lives from conns_open() to conns_close().
struct conn {
    struct tls_watch watch; // first: the handshake's end
    struct conn *prev, *next;
    struct tls_credentials *credentials;
    int fd;
    _Atomic int64_t deadline_ms; // monotonic
};

/// Starts the reaper. NULL on failure.
MUST_USE struct conns *conns_new(struct err *err);
/// Ends the reaper; every connection must be closed.
void conns_free(struct conns *c);

/// A connection has come in on FD. NULL: out of memory. It is given CONNS_HANDSHAKE_MS.
struct conn *conns_open(struct conns *c, int fd);
void conns_close(struct conns *c, struct conn *conn);

/// The deadline starts anew: a request begins, has been answered.
void conn_request_begins(struct conn *conn);
void conn_request_ends(struct conn *conn);

unsigned conns_count(struct conns *c);

#endif
