// SPDX-License-Identifier: Apache-2.0
// Answers of Flink's REST API, 1.17 to 2.3, read with tolerance: members that nobody knows are
// skipped, absent or null ones are unknown as observation.h has it, one of a wrong type fails the
// answer with its name. Texts of the results are borrowed from the parsed tree, so they live as
// long as ARENA. Pure; a hostile answer costs its size.
// Every decoder: 0, or -1 with E_PARSE (no JSON, not an object, a wrong type), E_TOO_LARGE (over
// REST_JSON_LIMITS), E_NOMEM (ARENA is full).
#ifndef SLUICE_CONTROLLER_FLINK_REST_H
#define SLUICE_CONTROLLER_FLINK_REST_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/json/strict.h"
#include "controller/flink/observation.h"

#define REST_MAX_BODY       ((size_t)1 << 20)
#define REST_ARENA          ((size_t)16 << 20) // what the largest answer's tree may take
#define REST_MAX_EXCEPTIONS 16 // as many entries of the exception history are asked for

extern const struct json_limits REST_JSON_LIMITS;

/// What is asked. X(id, label, path before the job's id, path after it or NULL: no job in it)
#define REST_ENDPOINTS(X)                                                                          \
    X(OVERVIEW, "overview", "/v1/overview", NULL)                                                  \
    X(CONFIG, "config", "/v1/config", NULL)                                                        \
    X(JOBS, "jobs", "/v1/jobs/overview", NULL)                                                     \
    X(TASK_MANAGERS, "taskmanagers", "/v1/taskmanagers", NULL)                                     \
    X(JOB, "job", "/v1/jobs/", "")                                                                 \
    X(CHECKPOINTS, "checkpoints", "/v1/jobs/", "/checkpoints")                                     \
    X(EXCEPTIONS, "exceptions", "/v1/jobs/", "/exceptions?maxExceptions=16")

enum rest_endpoint {
#define X(id, label, before, after) REST_##id,
    REST_ENDPOINTS(X)
#undef X
        REST_ENDPOINT_COUNT
};

/// Its short name, for metrics and messages.
const char *rest_endpoint_label(enum rest_endpoint endpoint);

/// Its path (and query); JOB_ID as 32 hexadecimal digits where the path has one.
void rest_path_put(struct strbuf *out, enum rest_endpoint endpoint, struct strview job_id);

struct rest_overview {
    struct strview version, commit;
    int64_t task_managers, slots, slots_free;
    int64_t running, finished, canceled, failed; // jobs
};
MUST_USE int rest_decode_overview(struct strview body, struct arena *arena,
                                  struct rest_overview *ret, struct err *err);

struct rest_config {
    struct strview version, commit;
    int64_t refresh_ms; // job details are cached for so long; FLINK_UNKNOWN
};
MUST_USE int rest_decode_config(struct strview body, struct arena *arena, struct rest_config *ret,
                                struct err *err);

/// A job, as /jobs/overview and /jobs/:id tell it.
struct rest_job {
    bool found;
    struct strview id, name;
    enum flink_job_state state;
    int64_t started_ms, ended_ms; // 0: unknown
    int64_t modified_ms;          // the last change of a task; 0: unknown
    struct flink_tasks tasks;
    int64_t max_parallelism; // /jobs/:id alone; FLINK_UNKNOWN
    bool typed, batch;       // whether its type is told; it is BATCH
};
/// The one with JOB_ID, of which `found` tells whether it is there; others are not read.
MUST_USE int rest_decode_jobs(struct strview body, struct strview job_id, struct arena *arena,
                              struct rest_job *ret, struct err *err);
MUST_USE int rest_decode_job(struct strview body, struct arena *arena, struct rest_job *ret,
                             struct err *err);

struct rest_checkpoints {
    int64_t completed, failed;    // counts
    struct flink_checkpoint last; // the newest of `latest.completed` and `latest.savepoint`
    struct flink_checkpoint restored;
};
MUST_USE int rest_decode_checkpoints(struct strview body, struct arena *arena,
                                     struct rest_checkpoints *ret, struct err *err);

struct rest_failure {
    int64_t time_ms;      // 0: unknown
    struct strview trace; // the stack trace as Java prints it
};
struct rest_exceptions {
    struct rest_failure items[REST_MAX_EXCEPTIONS]; // newest first
    size_t n;
};
MUST_USE int rest_decode_exceptions(struct strview body, struct arena *arena,
                                    struct rest_exceptions *ret, struct err *err);

struct rest_task_managers {
    struct flink_task_manager *items; // in ARENA, sorted by id; those without an id are left out
    size_t n;
    bool cut; // there were more than FLINK_REST_TASK_MANAGERS_MAX
};
MUST_USE int rest_decode_task_managers(struct strview body, struct arena *arena,
                                       struct rest_task_managers *ret, struct err *err);

/// What Flink says in {"errors": […]} of an answer that is no 200, in one line; "" when it says
/// nothing that can be read.
void rest_put_errors(struct strbuf *out, struct strview body, struct arena *arena);

#endif
