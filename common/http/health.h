// SPDX-License-Identifier: Apache-2.0
// A plain HTTP server on its own port and thread, so that the real server's TLS or full connection
// table cannot fail the probes: GET /healthz, /readyz (both: /NAME for one check, ?verbose,
// ?exclude=NAME) and /metrics. Answers as Kubernetes' own components do: "ok", or 500 and the names
// of the checks that fail (their reasons only in the log). Other paths 404, other methods 405. At
// most HEALTH_MAX_CONNECTIONS at once, each cut after 10 s of silence; from half of them on each
// new one cuts the oldest, so that peers who hold connections, however they drip, keep no probe
// out.
#ifndef SLUICE_HTTP_HEALTH_H
#define SLUICE_HTTP_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/metrics.h"
#include "common/base/strbuf.h"

#define HEALTH_MAX_CONNECTIONS 64
#define HEALTH_MAX_CHECKS      16

struct health;

enum health_probe { HEALTH_LIVE, HEALTH_READY };

/// True when all is well; else the reason may be appended to WHY (it is logged when it changes the
/// probe's answer). Called in the server's thread: quick, never blocking.
typedef bool health_check_fn(void *arg, struct strbuf *why);

/// METRICS (borrowed; NULL: /metrics has process_* alone). NULL: out of memory.
MUST_USE struct health *health_new(struct metrics *metrics);

/// NAME is a literal. Before health_start(). More than HEALTH_MAX_CHECKS is a programmer's error.
void health_add_check(struct health *h, enum health_probe probe, const char *name,
                      health_check_fn *fn, void *arg);

/// Listens on ADDR: "HOST:PORT", "[V6]:PORT" or ":PORT" (all interfaces); port 0 takes a free one.
MUST_USE int health_start(struct health *h, const char *addr, struct err *err);

/// The port that it listens on.
uint16_t health_port(const struct health *h);

/// Stops the server, which waits for answers under way, and frees it. NULL is accepted.
void health_stop(struct health *h);

#endif
