// SPDX-License-Identifier: Apache-2.0
// The probe of one cluster as a state machine: whom to ask what and when, what an answer means, and
// what is known after it. No clock, no I/O: the prober (prober.h) carries the wishes out, a test
// replays them.
//
// A round is /overview, then /jobs/overview when the cluster has a job of its own, then what these
// show to have changed: TaskManagers, job details, checkpoints, exceptions. The first two are the
// sign of life: a failure of one of them is a miss. A failure of another leaves its facts as they
// are and is told in `trouble`. 503 is no miss: the process is there and has no leader. A 404 for a
// part of a job is an answer, too. An answer that is no JSON of Flink's is a miss as well: whoever
// gave it is not the JobManager.
//
// When: PROBE_… and the settings below. Settled is: it answers, the job runs or is over, and the
// TaskManagers that are wanted have registered.
#ifndef SLUICE_CONTROLLER_FLINK_PROBE_H
#define SLUICE_CONTROLLER_FLINK_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "controller/flink/observation.h"
#include "controller/flink/probe_address.h"
#include "controller/flink/rest.h"

/// After a change that nothing has followed for T, an unsettled cluster is asked again after T / 16
/// (at least fast_ms, at most slow_ms): each second for 16 s, each 4 s after a minute.
#define PROBE_EASE 16
/// So long after a hint from outside even a settled cluster counts as unsettled: Flink may learn of
/// it later than Kubernetes (a TaskManager's heartbeats).
#define PROBE_HINT_MS 15000
/// The Nth miss in a row waits fast_ms · 2^N, at most slow_ms; when lost, at most PROBE_LOST_MS.
#define PROBE_LOST_MS 30000
/// A process that has not answered yet is lost by misses only after this: a JVM takes its time.
#define PROBE_START_MS 30000
/// TaskManagers are listed anew each so many rounds, even when their sums are the same.
#define PROBE_FULL_EVERY 6
/// A newer checkpoint alone is told to others only so often.
#define PROBE_TELL_CHECKPOINT_MS 60000

/// Flink's cache of job details (web.refresh-interval), until /config tells it.
#define PROBE_REFRESH_MS     3000
#define PROBE_REFRESH_MAX_MS 60000

struct probe_settings {
    int64_t fast_ms, slow_ms;
    unsigned misses_lost; // so many in a row make it lost; at least 2: one never does
};

/// How a request ended. X(id, label)
#define PROBE_RESULTS(X)                                                                           \
    X(OK, "ok")                                                                                    \
    X(NO_LEADER, "no_leader") /* 503 */                                                            \
    X(NOT_FOUND, "not_found") /* 404 */                                                            \
    X(REFUSED, "refused")     /* any other status but 200 */                                       \
    X(UNUSABLE, "unusable")   /* too large, no JSON, wrong types */                                \
    X(TIMEOUT, "timeout")                                                                          \
    X(TRANSPORT, "transport")

enum probe_result {
#define X(id, label) PROBE_##id,
    PROBE_RESULTS(X)
#undef X
        PROBE_RESULT_COUNT
};

/// What came of a request.
struct probe_reply {
    int status;          // 0: there was no (whole) answer; `err` tells why
    bool json;           // the content type is application/json
    bool too_large;      // the body was cut at REST_MAX_BODY
    struct strview body; // of a status that is not 0
    const struct err *err;
};

struct probe {
    struct probe_settings settings;
    uint64_t random;
    struct probe_address at;
    // What is known: replaced by each answer.
    const struct flink_observation *seen;
    struct strview trouble; // of the running round; in trouble_text
    char trouble_text[FLINK_REST_TEXT_MAX];
    int64_t restart_ms[FLINK_REST_RESTARTS_MAX]; // oldest first, of the job
    size_t n_restart_ms;
    int64_t restarts, newest_restart_ms;
    // The round.
    unsigned todo; // bits of enum rest_endpoint
    bool in_round;
    bool by_details; // the list of jobs is too large: the job's details tell its state
    int64_t next_ms; // monotonic, as all that follows
    unsigned rounds;
    int64_t target_ms;   // since when this process is asked
    bool answered;       // this process did at least once
    int64_t hinted_ms;   // the last hint from outside
    int64_t changed_ms;  // when something last changed
    int64_t details_ms;  // job details are fresh from here on: the job changed, and Flink's cache
                         // of it has run out
    int64_t refresh_ms;  // of that cache
    int64_t modified_ms; // of the job, by Flink's clock
    int64_t asked_ms[REST_ENDPOINT_COUNT];
};

/// SEED spreads the probes over time. -1 with E_NOMEM.
MUST_USE int probe_init(struct probe *p, const struct probe_settings *settings, uint64_t seed,
                        struct err *err);
void probe_done(struct probe *p);

/// Another pod or process is asked at once, and a request that is under way to the old one must be
/// dropped (*RET_DROP); another job id forgets the job; another number of TaskManagers or hint asks
/// within fast_ms, and goes on like that for a while.
void probe_set_address(struct probe *p, const struct probe_address *at, int64_t now_ms,
                       int64_t wall_ms, bool *ret_drop);

/// What to ask now: true, and *RET_ENDPOINT; its URL by probe_url_put(). False: nothing before
/// *RET_AT_MS (INT64_MAX: nobody is asked). One request at a time: none is named again before its
/// reply.
bool probe_next(struct probe *p, int64_t now_ms, enum rest_endpoint *ret_endpoint,
                int64_t *ret_at_ms);

/// Scheme, host and path of ENDPOINT at the target.
void probe_url_put(const struct probe *p, enum rest_endpoint endpoint, struct strbuf *out);

/// Takes the answer to ENDPOINT; SCRATCH is used for the call. When the round ended with it,
/// *RET_ENDED is set, and probe_observation() is whole.
enum probe_result probe_take(struct probe *p, enum rest_endpoint endpoint,
                             const struct probe_reply *reply, int64_t now_ms, int64_t wall_ms,
                             struct arena *scratch, bool *ret_ended);

/// What is known; borrowed until the next call, never NULL.
const struct flink_observation *probe_observation(const struct probe *p);

/// Whether nothing is expected to change soon.
bool probe_settled(const struct probe *p);

/// Whether the last tries failed, or none was answered yet: such a one must not keep others
/// waiting.
bool probe_suspect(const struct probe *p);

#endif
