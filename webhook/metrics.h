// SPDX-License-Identifier: Apache-2.0
// The webhook's metrics as an enum and a table, both from metrics.def.
#ifndef SLUICE_WEBHOOK_METRICS_H
#define SLUICE_WEBHOOK_METRICS_H

#include "common/base/metrics.h"

/// Why a request was turned away before a review. X(id, label, HTTP status (0: cut without an
/// answer), text)
#define REJECTS(X)                                                                                 \
    X(METHOD, "method", 405, "Only POST is answered here.\n")                                      \
    X(PATH, "path", 404, "No such path.\n")                                                        \
    X(MEDIA_TYPE, "media_type", 415, "The content type must be application/json.\n")               \
    X(HEADERS, "headers", 400, "The body's length is given more than once.\n")                     \
    X(TOO_LARGE, "too_large", 413, "The body is larger than 7 MiB.\n")                             \
    X(BUSY, "busy", 429, "Too much is being reviewed right now; try again in a second.\n")         \
    X(LATE, "late", 429, "It waited here too long to be reviewed in time; try again.\n")           \
    X(UNREADY, "unready", 429, "The policies are not known yet; try again in a second.\n")         \
    X(CUT, "cut", 0, "")                                                                           \
    X(MEMORY, "memory", 500, "Out of memory.\n")

enum reject {
#define X(id, label, status, text) REJECT_##id,
    REJECTS(X)
#undef X
        REJECT_COUNT
};

/// Why a connection was ended by this side. X(id, label): the first four by `Connection: close` on
/// an answer, the others by shutting it down.
#define CONN_ENDS(X)                                                                               \
    X(REQUESTS, "requests") /* it had its number of requests */                                    \
    X(AGE, "age")                                                                                  \
    X(CROWD, "crowd")         /* others wait for its place */                                      \
    X(DRAIN, "drain")         /* the program ends */                                               \
    X(HANDSHAKE, "handshake") /* overdue */                                                        \
    X(REQUEST, "request")     /* overdue */                                                        \
    X(IDLE, "idle")           /* overdue */                                                        \
    X(PLACE, "place")         /* idle or slow, and others wait for its place */                    \
    X(STOP, "stop")           /* idle, and the program ends */

enum conn_end {
#define X(id, label) CONN_END_##id,
    CONN_ENDS(X)
#undef X
        CONN_END_COUNT
};

/// Label `resource` of sluice_webhook_snapshot_objects. X(id, label)
#define SNAPSHOT_RESOURCES(X)                                                                      \
    X(POLICIES, "flinkpolicies")                                                                   \
    X(NAMESPACES, "namespaces")                                                                    \
    X(CLUSTERS, "flinkclusters")

enum snapshot_resource {
#define X(id, label) SNAPSHOT_RESOURCE_##id,
    SNAPSHOT_RESOURCES(X)
#undef X
};

enum {
#define METRIC METRIC_ID
#include "webhook/metrics.def"
#undef METRIC
    M_COUNT
};

extern const struct metric_row WEBHOOK_METRICS[M_COUNT];

#endif
