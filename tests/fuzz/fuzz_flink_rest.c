// SPDX-License-Identifier: Apache-2.0
// Whatever a JobManager answers: every decoder ends, what it takes is within bounds, an answer that
// is refused changes nothing, and the probe always has a next time. The first byte chooses the
// endpoint and the status, the rest is the body; after it Flink answers well, and is believed.
#include "common/base/macros.h"
#include "controller/flink/probe.h"
#include "controller/flink/shared.h"
#include "tests/fuzz/fuzz.h"

#define JOB "0123456789abcdef0123456789abcdef"

static const int STATUSES[] = {200, 200, 200, 404, 503, 500};

static const char *const GOOD[REST_ENDPOINT_COUNT] = {
    [REST_OVERVIEW] = "{\"flink-version\":\"1.20.1\"}",
    [REST_CONFIG] = "{\"flink-version\":\"1.20.1\"}",
    [REST_JOBS] = "{\"jobs\":[{\"jid\":\"" JOB "\",\"state\":\"RUNNING\"}]}",
    [REST_TASK_MANAGERS] = "{\"taskmanagers\":[]}",
    [REST_JOB] = "{\"jid\":\"" JOB "\"}",
    [REST_CHECKPOINTS] = "{\"latest\":{}}",
    [REST_EXCEPTIONS] = "{\"exceptionHistory\":{\"entries\":[]}}",
};

static void check(const struct flink_observation *o)
{
    ASSERT(o->n_task_managers <= FLINK_REST_TASK_MANAGERS_MAX);
    ASSERT(o->trouble.len <= FLINK_REST_TEXT_MAX && o->job.failure.len <= FLINK_REST_TEXT_MAX);
    ASSERT(o->job.n_restart_ms <= FLINK_REST_RESTARTS_MAX);
    ASSERT(!o->job.running || o->job.state == FLINK_JOB_RUNNING);
    ASSERT((o->job_presence == FLINK_PRESENCE_PRESENT) == (o->job.id.len != 0));
    for (size_t i = 0; i < o->job.failure.len; i++) {
        ASSERT((unsigned char)o->job.failure.ptr[i] >= 0x20);
    }
}

/// Ends the round that runs or begins one, the answer to STRANGE being BODY.
static void run_round(struct probe *p, int64_t now, int strange, int status, struct strview body,
                      struct arena *scratch)
{
    enum rest_endpoint e;
    int64_t at;
    bool ended = false;
    for (int requests = 0; !ended && probe_next(p, now, &e, &at); requests++) {
        ASSERT(requests < REST_ENDPOINT_COUNT);
        bool is = (int)e == strange;
        struct probe_reply reply = {
            .status = is ? status : 200, .json = true, .body = is ? body : sv_from(GOOD[e])};
        const struct flink_observation *before = flink_observation_ref(probe_observation(p));
        enum probe_result r = probe_take(p, e, &reply, now, now, scratch, &ended);
        const struct flink_observation *after = probe_observation(p);
        check(after);
        ASSERT(r == PROBE_OK || sv_eq(before->version, after->version));
        flink_observation_unref(before);
        arena_reset(scratch, (size_t)1 << 20);
    }
    ASSERT(ended);
    ASSERT(!probe_next(p, now, &e, &at) && at > now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct probe_settings SETTINGS = {
        .fast_ms = 1000, .slow_ms = 10000, .misses_lost = 3};
    if (size == 0) {
        return 0;
    }
    struct strview body = sv_make((const char *)data + 1, size - 1);
    int strange = data[0] % REST_ENDPOINT_COUNT;
    int status = STATUSES[data[0] / REST_ENDPOINT_COUNT % ARRAY_LEN(STATUSES)];
    CLEANUP(arena_done) struct arena scratch = ARENA(REST_ARENA);
    struct probe p;
    struct probe_address at;
    bool drop;
    int rc = probe_address_make(
        &at,
        &(struct probe_target){
            .pod = SV("jm"), .ip = SV("10.0.0.1"), .port = 8081, .job_id = SV(JOB)},
        false, NULL);
    ASSERT(rc == 0);
    rc = probe_init(&p, &SETTINGS, 1, NULL);
    ASSERT(rc == 0);
    probe_set_address(&p, &at, 1, 1, &drop);
    run_round(&p, 1, strange, status, body, &scratch);
    run_round(&p, 100000, -1, 200, SV_NONE, &scratch);
    ASSERT(probe_observation(&p)->contact == FLINK_CONTACT_ANSWERS);
    probe_done(&p);
    return 0;
}
