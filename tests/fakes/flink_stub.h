// SPDX-License-Identifier: Apache-2.0
// A JobManager's REST server on loopback that says what a test tells it to, with every fault that a
// network or a stranger may have. Without being told anything it has one running job,
// FLINK_STUB_JOB, on one TaskManager. Thread-safe.
#ifndef SLUICE_FAKES_FLINK_STUB_H
#define SLUICE_FAKES_FLINK_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLINK_STUB_JOB   "0123456789abcdef0123456789abcdef"
#define FLINK_STUB_PATHS 16

enum flink_stub_fault {
    FLINK_STUB_FINE,
    FLINK_STUB_SILENT,   // reads the request, says nothing
    FLINK_STUB_DRIP,     // a byte each 50 ms
    FLINK_STUB_HALF,     // half of the body, then the end
    FLINK_STUB_RESET,    // half of the body, then a reset
    FLINK_STUB_GARBAGE,  // no HTTP
    FLINK_STUB_ENDLESS,  // a body without an end
    FLINK_STUB_REDIRECT, // to /elsewhere of the same server
};

struct flink_stub_answer {
    int status;       // 0: 200
    const char *type; // NULL: application/json; charset=UTF-8
    const char *body; // NULL: as it is without being told; borrowed
    enum flink_stub_fault fault;
    int delay_ms;
};

struct flink_stub;

struct flink_stub *flink_stub_start(void);

/// Stops listening and closes every connection: what comes next is refused.
void flink_stub_free(struct flink_stub *s);

uint16_t flink_stub_port(const struct flink_stub *s);

/// What is said to PATH (without query) from now on; NULL: to every path. At most
/// FLINK_STUB_PATHS.
void flink_stub_say(struct flink_stub *s, const char *path, const struct flink_stub_answer *a);

/// How many requests came for PATH (NULL: for any), connections were made, and how many requests
/// were under way at the same time at most.
size_t flink_stub_requests(struct flink_stub *s, const char *path);
size_t flink_stub_connections(struct flink_stub *s);
size_t flink_stub_most_at_once(struct flink_stub *s);

#endif
