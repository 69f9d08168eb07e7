// SPDX-License-Identifier: Apache-2.0
// The HTTPS server: libmicrohttpd's polling threads, routes, limits, deadlines. A handler is pure
// CPU and never blocks. Made, drained and stopped by main; the handlers run in the server's own
// threads.
#ifndef SLUICE_WEBHOOK_SERVER_H
#define SLUICE_WEBHOOK_SERVER_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/metrics.h"
#include "common/base/strview.h"
#include "common/world/snapshots.h"
#include "webhook/conns.h"
#include "webhook/review.h"
#include "webhook/tls.h"

/// Paths as controller-runtime names them: group with dashes, version, kind.
#define SERVER_PATH_MUTATE   "/mutate-sluice-dev-v1beta1-flinkcluster"
#define SERVER_PATH_VALIDATE "/validate-sluice-dev-v1beta1-flinkcluster"

struct server_settings {
    const char *addr; // "HOST:PORT", ":PORT"; port 0 takes a free one
    unsigned threads; // 1 to 64
    struct conns_limits connections;
    size_t max_body_bytes;       // in flight, over all connections; at least 8 MiB
    struct tls *tls;             // borrowed; has credentials already
    struct strview cert, key;    // PEM; what libmicrohttpd starts with, before the first pin
    struct metrics *metrics;     // borrowed, may be NULL
    struct review_scope scope;   // borrowed
    struct snapshots *snapshots; // borrowed: what a review is judged by
};

struct server;

MUST_USE int server_start(const struct server_settings *settings, struct server **ret,
                          struct err *err);

uint16_t server_port(const struct server *s);
unsigned server_connections(struct server *s);
/// Connections that wait for a place.
unsigned server_connections_waiting(struct server *s);
size_t server_body_bytes(struct server *s);

/// From now on every answer closes its connection, so that callers move to another replica.
void server_drain(struct server *s);

/// Serves who has connected until now, lets what is under way finish and ends the connections that
/// are idle; after WAIT_MS at most stops and frees.
void server_stop(struct server *s, int64_t wait_ms);

#endif
