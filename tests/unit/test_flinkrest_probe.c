// SPDX-License-Identifier: Apache-2.0
// The probe against a Flink that is written down here: what it is asked, and what follows.
#include "controller/flink/probe.h"

#include <string.h>

#include "tests/unit/unit.h"

#define JOB    "0123456789abcdef0123456789abcdef"
#define BIT(e) (1U << REST_##e)

/// What the other side says now.
static struct {
    int task_managers, slots_free; // of two slots each
    const char *state;             // NULL: there is no such job
    int tasks, running, scheduled;
    int64_t modified;
    int checkpoint, restored; // -1: none
    int64_t failures[40];     // times, newest first
    int n_failures;
    const char *trace;
    int status[REST_ENDPOINT_COUNT];       // 0: 200
    enum errc broken[REST_ENDPOINT_COUNT]; // not E_OK: no answer
    bool large[REST_ENDPOINT_COUNT];
    const char *body[REST_ENDPOINT_COUNT]; // in place of the one that is made
    bool html;
} flink;

static struct probe p;
static struct strbuf body;
static struct arena scratch;
static int64_t now, wall;
static unsigned asked; // bits of what the last round asked

static void target(const char *pod, const char *job, int64_t task_managers, uint64_t process)
{
    struct probe_address at;
    bool drop;
    ck_assert_int_eq(
        probe_address_make(&at,
                           &(struct probe_target){.pod = sv_from(pod),
                                                  .ip = pod != NULL ? SV("10.0.0.1") : SV_NONE,
                                                  .port = 8081,
                                                  .job_id = sv_from(job),
                                                  .task_managers = task_managers,
                                                  .process = process},
                           false, NULL),
        0);
    probe_set_address(&p, &at, now, wall, &drop);
}

static void setup(void)
{
    static const struct probe_settings SETTINGS = {
        .fast_ms = 1000, .slow_ms = 10000, .misses_lost = 3};
    memset(&flink, 0, sizeof(flink));
    flink.task_managers = 2;
    flink.state = "RUNNING";
    flink.tasks = flink.running = 4;
    flink.modified = 500;
    flink.checkpoint = 7;
    flink.restored = -1;
    flink.trace = "a.B: boom";
    now = 1000000;
    wall = 1795358000000;
    body = STRBUF(REST_MAX_BODY);
    scratch = ARENA(REST_ARENA);
    ck_assert_int_eq(probe_init(&p, &SETTINGS, 42, NULL), 0);
    target("jm-0", JOB, 2, 1);
}

static void teardown(void)
{
    probe_done(&p);
    strbuf_done(&body);
    arena_done(&scratch);
}

static void say_jobs(void)
{
    strbuf_put_str(&body, "{\"jobs\":[");
    if (flink.state != NULL) {
        strbuf_printf(&body,
                      "{\"jid\":\"" JOB "\",\"name\":\"fraud\",\"state\":\"%s\",\"start-time\":100,"
                      "\"end-time\":-1,\"last-modification\":%lld,\"tasks\":{\"total\":%d,"
                      "\"running\":%d,\"finished\":0,\"scheduled\":%d}}",
                      flink.state, (long long)flink.modified, flink.tasks, flink.running,
                      flink.scheduled);
    }
    strbuf_put_str(&body, "]}");
}

static void say_checkpoint(const char *name, int id, const char *more)
{
    strbuf_printf(&body, "\"%s\":", name);
    if (id < 0) {
        strbuf_put_str(&body, "null");
    } else {
        strbuf_printf(&body, "{\"id\":%d,\"external_path\":\"s3://b/chk-%d\"}", id, id);
    }
    strbuf_put_str(&body, more);
}

static void say_exceptions(void)
{
    strbuf_put_str(&body, "{\"exceptionHistory\":{\"entries\":[");
    for (int i = 0; i < flink.n_failures && i < REST_MAX_EXCEPTIONS; i++) {
        strbuf_printf(&body, "%s{\"timestamp\":%lld,\"stacktrace\":\"%s\"}", i > 0 ? "," : "",
                      (long long)flink.failures[i], flink.trace);
    }
    strbuf_put_str(&body, "]}}");
}

static void say(enum rest_endpoint e)
{
    strbuf_reset(&body);
    if (flink.body[e] != NULL) {
        strbuf_put_str(&body, flink.body[e]);
    } else if (e == REST_OVERVIEW) {
        strbuf_printf(&body,
                      "{\"flink-version\":\"1.20.1\",\"taskmanagers\":%d,\"slots-total\":%d,"
                      "\"slots-available\":%d}",
                      flink.task_managers, 2 * flink.task_managers, flink.slots_free);
    } else if (e == REST_CONFIG) {
        strbuf_put_str(&body, "{\"flink-version\":\"1.20.1\",\"refresh-interval\":3000}");
    } else if (e == REST_JOBS) {
        say_jobs();
    } else if (e == REST_TASK_MANAGERS) {
        strbuf_put_str(&body, "{\"taskmanagers\":[");
        for (int i = 0; i < flink.task_managers; i++) {
            strbuf_printf(&body, "%s{\"id\":\"tm-%d\",\"slotsNumber\":2,\"freeSlots\":%d}",
                          i > 0 ? "," : "", i, i == 0 ? flink.slots_free : 0);
        }
        strbuf_put_str(&body, "]}");
    } else if (e == REST_JOB) {
        strbuf_printf(&body,
                      "{\"jid\":\"" JOB "\",\"name\":\"fraud\",\"state\":\"%s\",\"vertices\":["
                      "{\"parallelism\":%d,\"maxParallelism\":128,\"tasks\":{\"RUNNING\":%d,"
                      "\"FINISHED\":0}}]}",
                      flink.state, flink.tasks, flink.running);
    } else if (e == REST_CHECKPOINTS) {
        strbuf_put_str(&body, "{\"counts\":{\"completed\":1,\"failed\":0},\"latest\":{");
        say_checkpoint("completed", flink.checkpoint, ",");
        say_checkpoint("restored", flink.restored, "}}");
    } else {
        say_exceptions();
    }
}

static enum probe_result answer(enum rest_endpoint e, bool *ended)
{
    struct err err = {.code = E_OK};
    struct probe_reply reply = {.status = flink.status[e] != 0 ? flink.status[e] : 200,
                                .json = !flink.html,
                                .too_large = flink.large[e],
                                .err = &err};
    say(e);
    reply.body = strbuf_view(&body);
    if (flink.broken[e] != E_OK) {
        err_set(&err, flink.broken[e], "Connection refused");
        reply.status = 0;
    }
    enum probe_result r = probe_take(&p, e, &reply, now, wall, &scratch, ended);
    arena_reset(&scratch, 0);
    return r;
}

/// One round, when it is due; how long until the next.
static int64_t round_now(void)
{
    enum rest_endpoint e;
    int64_t at;
    bool ended = false;
    asked = 0;
    ck_assert(probe_next(&p, now, &e, &at));
    while (!ended) {
        ck_assert_uint_eq(asked & (1U << e), 0);
        asked |= 1U << e;
        (void)answer(e, &ended);
        ck_assert(ended || probe_next(&p, now, &e, &at));
    }
    ck_assert(!probe_next(&p, now, &e, &at));
    return at - now;
}

/// The next round, at its time.
static int64_t next_round(void)
{
    enum rest_endpoint e;
    int64_t at;
    if (!probe_next(&p, now, &e, &at)) {
        wall += at - now;
        now = at;
    }
    return round_now();
}

static void settle(void)
{
    for (int i = 0; i < 6; i++) {
        (void)next_round();
    }
}

static const struct flink_observation *seen(void)
{
    return probe_observation(&p);
}

START_TEST(probe__a_first_round_asks_all_and_knows_all)
{
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_NONE);
    ck_assert_int_eq(seen()->seen_ms, 0);
    ck_assert(sv_eq_lit(seen()->pod, "jm-0"));
    ck_assert(probe_suspect(&p));
    flink.slots_free = 1;
    (void)round_now();
    ck_assert_uint_eq(asked, (1U << REST_ENDPOINT_COUNT) - 1);
    const struct flink_observation *o = seen();
    ck_assert_int_eq(o->contact, FLINK_CONTACT_ANSWERS);
    ck_assert_int_eq(o->seen_ms, wall);
    ck_assert_int_eq(o->contact_ms, wall);
    ck_assert(!sv_present(o->trouble));
    ck_assert(sv_eq_lit(o->version, "1.20.1"));
    ck_assert_int_eq(o->task_manager_count, 2);
    ck_assert_int_eq(flink_observation_task_manager(o, SV("tm-0"))->slots_free, 1);
    ck_assert_int_eq(o->job_presence, FLINK_PRESENCE_PRESENT);
    ck_assert(sv_eq_lit(o->job.name, "fraud"));
    ck_assert_int_eq(o->job.state, FLINK_JOB_RUNNING);
    ck_assert(o->job.running);
    ck_assert_int_eq(o->job.max_parallelism, 128);
    ck_assert(o->job.checkpoints_known);
    ck_assert_int_eq(o->job.checkpoint.id, 7);
    ck_assert_int_eq(o->job.restarts, 0);
    ck_assert(!sv_present(o->job.failure));
    ck_assert(probe_settled(&p));
    ck_assert(!probe_suspect(&p));
}
END_TEST

START_TEST(probe__a_settled_cluster_is_asked_little_and_rarely)
{
    settle();
    int64_t pause = next_round();
    ck_assert_int_ge(pause, 9000);
    ck_assert_int_le(pause, 11000);
    int lists = 0;
    for (int i = 0; i < 12; i++) {
        (void)next_round();
        lists += (asked & BIT(TASK_MANAGERS)) != 0;
        ck_assert_uint_eq(asked & ~BIT(TASK_MANAGERS),
                          BIT(OVERVIEW) | BIT(JOBS) | BIT(CHECKPOINTS));
    }
    ck_assert_int_eq(lists, 2);
}
END_TEST

START_TEST(probe__an_unsettled_cluster_is_asked_each_second_then_more_and_more_rarely)
{
    flink.running = 2;
    int64_t first = round_now();
    ck_assert_int_le(first, 1100);
    int rounds = 1;
    for (int64_t start = now; now - start < 16000; rounds++) {
        (void)next_round();
        ck_assert(!probe_settled(&p));
    }
    ck_assert_int_ge(rounds, 15);
    for (int64_t start = now; now - start < 300000;) {
        ck_assert_int_le(next_round(), 11000);
    }
    ck_assert_int_ge(next_round(), 9000);
    flink.running = 3; // something moves
    ck_assert_int_le(next_round(), 1100);
}
END_TEST

START_TEST(probe__missing_task_managers_make_it_unsettled)
{
    settle();
    ck_assert(probe_settled(&p));
    target("jm-0", JOB, 3, 1);
    ck_assert(!probe_settled(&p));
    ck_assert_int_le(next_round(), 1100);
    flink.task_managers = 3;
    (void)next_round();
    ck_assert_uint_ne(asked & BIT(TASK_MANAGERS), 0);
    ck_assert(probe_settled(&p));
    ck_assert_uint_eq(seen()->n_task_managers, 3);
}
END_TEST

START_TEST(probe__a_hint_from_outside_makes_it_ask_soon_and_for_a_while)
{
    settle();
    (void)next_round();
    struct probe_address at = p.at;
    bool drop;
    at.hint++; // a pod went
    probe_set_address(&p, &at, now, wall, &drop);
    ck_assert(!drop);
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    int64_t start = now;
    ck_assert_int_le(next_round(), 1100);
    ck_assert_int_le(now - start, 1000);
    while (now - start < PROBE_HINT_MS) {
        ck_assert_int_le(next_round(), 1100 + 10000 * (now - start >= PROBE_HINT_MS));
    }
    ck_assert_int_ge(next_round(), 9000);
    at.hint++;
    at.ip[0] = '\0';
    probe_set_address(&p, &at, now, wall, &drop); // nobody leads: nobody is asked
    enum rest_endpoint e;
    int64_t when;
    ck_assert(!probe_next(&p, now + 100000, &e, &when));
}
END_TEST

START_TEST(probe__one_miss_loses_nothing_and_n_do)
{
    settle();
    flink.broken[REST_OVERVIEW] = E_TRANSPORT;
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_MISSED);
    ck_assert_uint_eq(seen()->misses, 1);
    ck_assert(sv_eq_lit(seen()->trouble, "overview: Connection refused"));
    ck_assert(seen()->job.running); // as before
    flink.broken[REST_OVERVIEW] = E_OK;
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    ck_assert_uint_eq(seen()->misses, 0);
    ck_assert(!sv_present(seen()->trouble));
    flink.broken[REST_OVERVIEW] = E_TIMEOUT;
    int64_t start = wall;
    (void)next_round();
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_MISSED);
    ck_assert(probe_suspect(&p));
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_LOST);
    ck_assert_int_eq(seen()->contact_ms, wall);
    ck_assert_int_eq(seen()->seen_ms, start);
    ck_assert(sv_eq_lit(seen()->job.id, JOB)); // the facts stay, and their age is told
    ck_assert_int_lt(wall - start, 30000);
    flink.broken[REST_OVERVIEW] = E_OK;
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
}
END_TEST

START_TEST(probe__a_lost_one_is_asked_ever_more_rarely)
{
    settle();
    flink.broken[REST_OVERVIEW] = E_TRANSPORT;
    int64_t pause = 0;
    for (int i = 0; i < 12; i++) {
        pause = next_round();
        ck_assert_int_le(pause, PROBE_LOST_MS + PROBE_LOST_MS / 10);
    }
    ck_assert_int_ge(pause, PROBE_LOST_MS - PROBE_LOST_MS / 10);
}
END_TEST

START_TEST(probe__a_process_that_starts_is_not_lost)
{
    flink.broken[REST_OVERVIEW] = E_TRANSPORT;
    int64_t start = now;
    while (now - start < PROBE_START_MS - 3000) {
        ck_assert_int_le(next_round(), 2500);
        ck_assert_int_eq(seen()->contact, FLINK_CONTACT_NONE);
    }
    while (now - start < PROBE_START_MS) {
        (void)next_round();
    }
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_LOST);
    ck_assert_int_eq(seen()->seen_ms, 0);
}
END_TEST

START_TEST(probe__another_process_is_asked_at_once_and_keeps_the_facts_until_it_answers)
{
    settle();
    flink.broken[REST_OVERVIEW] = E_TRANSPORT;
    for (int i = 0; i < 3; i++) {
        (void)next_round();
    }
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_LOST);
    target("jm-1", JOB, 2, 1);
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_NONE);
    ck_assert(sv_eq_lit(seen()->pod, "jm-1"));
    ck_assert(seen()->job.running);
    (void)round_now(); // at once
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_NONE);
    flink.broken[REST_OVERVIEW] = E_OK;
    (void)next_round();
    ck_assert_uint_ne(asked & BIT(CONFIG), 0);
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    target("jm-1", JOB, 2, 2); // its container was restarted
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_NONE);
    (void)round_now();
}
END_TEST

START_TEST(probe__no_target_asks_nobody_and_forgets_nothing)
{
    settle();
    target(NULL, JOB, 2, 0);
    enum rest_endpoint e;
    int64_t at;
    ck_assert(!probe_next(&p, now + 1000000, &e, &at));
    ck_assert_int_eq(at, INT64_MAX);
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_NONE);
    ck_assert(!sv_present(seen()->pod));
    ck_assert(seen()->job.running);
}
END_TEST

START_TEST(probe__a_request_to_the_old_pod_is_to_be_dropped)
{
    enum rest_endpoint e;
    int64_t at;
    bool drop;
    struct probe_address other;
    ck_assert(probe_next(&p, now, &e, &at));
    ck_assert_int_eq(probe_address_make(&other,
                                        &(struct probe_target){.pod = SV("jm-1"),
                                                               .ip = SV("10.0.0.2"),
                                                               .port = 8081,
                                                               .job_id = SV(JOB),
                                                               .task_managers = 2},
                                        false, NULL),
                     0);
    probe_set_address(&p, &other, now, wall, &drop);
    ck_assert(drop);
    probe_set_address(&p, &other, now, wall, &drop);
    ck_assert(!drop);
    ck_assert(probe_next(&p, now, &e, &at));
    ck_assert_int_eq(e, REST_OVERVIEW);
}
END_TEST

START_TEST(probe__503_is_no_miss_but_no_leader)
{
    settle();
    flink.status[REST_OVERVIEW] = 503;
    flink.body[REST_OVERVIEW] = "{\"errors\":[\"Service temporarily unavailable due to an ongoing "
                                "leader election. Please refresh.\"]}";
    for (int i = 0; i < 5; i++) {
        ck_assert_int_le(next_round(), 1100);
        ck_assert_int_eq(seen()->contact, FLINK_CONTACT_NO_LEADER);
        ck_assert_uint_eq(seen()->misses, 0);
    }
    ck_assert(sv_starts(seen()->trouble, SV("overview: answered 503 Service temporarily")));
    ck_assert_int_eq(seen()->job.state, FLINK_JOB_RUNNING);
}
END_TEST

START_TEST(probe__a_job_that_is_not_there_is_absent)
{
    settle();
    flink.state = NULL;
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_ABSENT);
    ck_assert(!sv_present(seen()->job.id));
    ck_assert_int_eq(seen()->job.checkpoint.id, FLINK_UNKNOWN);
    ck_assert(!probe_settled(&p));
    flink.state = "RUNNING";
    (void)next_round();
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_PRESENT);
    ck_assert_int_eq(seen()->job.checkpoint.id, 7);
}
END_TEST

START_TEST(probe__what_is_not_flink_is_a_miss)
{
    static const char *const BODIES[] = {"", "{}", "null", "{\"flink-version\":1}", "<html>"};
    settle();
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        flink.body[REST_OVERVIEW] = BODIES[i];
        (void)next_round();
        ck_assert_uint_eq(seen()->misses, i + 1);
        ck_assert(sv_starts(seen()->trouble, SV("overview: ")));
    }
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_LOST);
    flink.body[REST_OVERVIEW] = NULL;
    flink.html = true;
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_LOST);
    ck_assert(sv_eq_lit(seen()->trouble, "overview: the answer is not JSON by its content type"));
    flink.html = false;
    static const int STATUSES[] = {302, 400, 401, 404, 500, 504};
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        flink.status[REST_OVERVIEW] = STATUSES[i];
        (void)next_round();
        ck_assert_int_eq(seen()->contact, FLINK_CONTACT_LOST);
    }
    flink.status[REST_OVERVIEW] = 0;
    flink.body[REST_JOBS] = "{}"; // must not read as: there is no job
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_LOST);
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_PRESENT);
}
END_TEST

START_TEST(probe__a_part_that_fails_is_told_and_is_no_miss)
{
    settle();
    flink.broken[REST_CHECKPOINTS] = E_TIMEOUT;
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    ck_assert(sv_eq_lit(seen()->trouble, "checkpoints: Connection refused"));
    ck_assert_int_eq(seen()->job.checkpoint.id, 7);
    flink.broken[REST_CHECKPOINTS] = E_OK;
    flink.body[REST_CHECKPOINTS] = "{\"latest\":[]}";
    (void)next_round();
    ck_assert(sv_eq_lit(seen()->trouble, "checkpoints: latest: an object expected, not array"));
    flink.body[REST_CHECKPOINTS] = NULL;
    flink.large[REST_EXCEPTIONS] = true;
    flink.modified++;
    (void)next_round();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    ck_assert(sv_eq_lit(seen()->trouble, "exceptions: the answer has more than 1 MiB"));
    ck_assert_int_eq(seen()->job.restarts, 0);
}
END_TEST

START_TEST(probe__without_checkpointing_there_is_nothing_known_of_it)
{
    flink.status[REST_CHECKPOINTS] = 404;
    flink.body[REST_CHECKPOINTS] = "{\"errors\":[\"Checkpointing has not been enabled.\"]}";
    (void)round_now();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    ck_assert(!seen()->job.checkpoints_known);
    ck_assert(!sv_present(seen()->trouble));
}
END_TEST

START_TEST(probe__a_list_of_jobs_that_is_too_large_is_replaced_by_the_job)
{
    flink.large[REST_JOBS] = true;
    (void)round_now();
    ck_assert_int_eq(seen()->contact, FLINK_CONTACT_ANSWERS);
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_PRESENT);
    ck_assert(seen()->job.running);
    ck_assert(sv_eq_lit(seen()->trouble, "jobs: the answer has more than 1 MiB"));
    flink.status[REST_JOB] = 404;
    (void)next_round();
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_ABSENT);
    flink.status[REST_JOB] = 500;
    (void)next_round();
    ck_assert_uint_eq(seen()->misses, 1);
}
END_TEST

START_TEST(probe__a_restart_is_counted_once_however_often_it_is_told)
{
    settle();
    flink.failures[0] = 700;
    flink.n_failures = 1;
    flink.trace = "a.B: outer\\n\\tat x\\nCaused by: c.D: tm-1 is gone\\n\\tat y";
    flink.state = "RESTARTING";
    flink.modified = 701;
    (void)next_round();
    ck_assert_int_eq(seen()->job.restarts, 1);
    ck_assert(sv_eq_lit(seen()->job.failure, "c.D: tm-1 is gone"));
    ck_assert_int_eq(seen()->job.failed_ms, 700);
    flink.state = "RUNNING";
    flink.modified = 702;
    settle();
    ck_assert_int_eq(seen()->job.restarts, 1);
    ck_assert_uint_eq(seen()->job.n_restart_ms, 1);
    ck_assert_int_eq(seen()->job.restart_ms[0], 700);
}
END_TEST

START_TEST(probe__a_restart_that_flinks_cache_hides_is_seen_after_it)
{
    settle();
    flink.state = "RESTARTING";
    flink.modified = 701;
    (void)next_round(); // the exceptions are still those of before
    ck_assert_uint_ne(asked & BIT(EXCEPTIONS), 0);
    flink.state = "RUNNING";
    flink.modified = 702;
    (void)next_round();
    int64_t moved = now;
    ck_assert_int_eq(seen()->job.restarts, 0);
    flink.failures[0] = 700;
    flink.n_failures = 1;
    while (now - moved < 3000 + 500) {
        (void)next_round();
    }
    (void)next_round();
    ck_assert_int_eq(seen()->job.restarts, 1);
    (void)next_round();
    ck_assert_uint_eq(asked & (BIT(EXCEPTIONS) | BIT(JOB)), 0); // and no more
}
END_TEST

START_TEST(probe__the_end_of_a_failed_job_is_no_restart)
{
    flink.state = "FAILED";
    flink.running = 0;
    flink.n_failures = 4;
    for (int i = 0; i < 4; i++) {
        flink.failures[i] = 900 - 100 * i;
    }
    (void)round_now();
    settle();
    ck_assert_int_eq(seen()->job.restarts, 3);
    ck_assert_int_eq(seen()->job.restart_ms[0], 600);
    ck_assert_int_eq(seen()->job.failed_ms, 900);
    ck_assert(probe_settled(&p));
}
END_TEST

START_TEST(probe__restarts_add_up_over_takeovers_and_the_newest_times_stay)
{
    int64_t time = 1000;
    for (int i = 0; i < 50; i++) {
        flink.n_failures = i % 10 == 0 ? 1 : flink.n_failures + 1; // another JobManager's history
        memmove(flink.failures + 1, flink.failures, sizeof(flink.failures) - sizeof(int64_t));
        flink.failures[0] = time += 10;
        flink.modified++;
        (void)next_round();
    }
    ck_assert_int_eq(seen()->job.restarts, 50);
    ck_assert_uint_eq(seen()->job.n_restart_ms, FLINK_REST_RESTARTS_MAX);
    ck_assert_int_eq(seen()->job.restart_ms[FLINK_REST_RESTARTS_MAX - 1], time);
    ck_assert_int_eq(seen()->job.restart_ms[0], time - 10 * (FLINK_REST_RESTARTS_MAX - 1));
}
END_TEST

START_TEST(probe__the_last_checkpoint_outlives_a_takeover)
{
    settle();
    flink.checkpoint = -1;
    flink.restored = 7;
    target("jm-1", JOB, 2, 1);
    (void)round_now();
    ck_assert_int_eq(seen()->job.checkpoint.id, 7);
    ck_assert_int_eq(seen()->job.restored.id, 7);
    ck_assert(sv_eq_lit(seen()->job.checkpoint.path, "s3://b/chk-7"));
}
END_TEST

START_TEST(probe__another_job_forgets_the_old_one)
{
    flink.n_failures = 1;
    flink.failures[0] = 5;
    settle();
    target("jm-0", "ffffffffffffffffffffffffffffffff", 2, 1);
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_UNKNOWN);
    ck_assert_int_eq(seen()->job.restarts, FLINK_UNKNOWN);
    (void)round_now();
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_ABSENT);
}
END_TEST

START_TEST(probe__a_session_cluster_is_asked_for_no_job)
{
    target("jm-0", NULL, 2, 1);
    (void)round_now();
    ck_assert_uint_eq(asked, BIT(OVERVIEW) | BIT(CONFIG) | BIT(TASK_MANAGERS));
    ck_assert_int_eq(seen()->job_presence, FLINK_PRESENCE_UNKNOWN);
    ck_assert(probe_settled(&p));
}
END_TEST

START_TEST(probe__urls_have_the_address_or_the_name_of_the_certificate)
{
    static const struct {
        struct probe_target t;
        const char *url;
    } CASES[] = {
        {{.ip = SV_INIT("10.0.0.1"), .port = 8081}, "http://10.0.0.1:8081/v1/overview"},
        {{.ip = SV_INIT("fd00::1"), .port = 80}, "http://[fd00::1]:80/v1/overview"},
        {{.ip = SV_INIT("10.0.0.1"), .port = 8081, .https = true},
         "https://10.0.0.1:8081/v1/overview"},
        {{.ip = SV_INIT("10.0.0.1"), .port = 8081, .https = true, .tls_name = SV_INIT("c-rest.n")},
         "https://c-rest.n:8081/v1/overview"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct probe_address at;
        bool drop;
        ck_assert_int_eq(probe_address_make(&at, &CASES[i].t, false, NULL), 0);
        probe_set_address(&p, &at, now, wall, &drop);
        strbuf_reset(&body);
        probe_url_put(&p, REST_OVERVIEW, &body);
        ck_assert_str_eq(body.ptr, CASES[i].url);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, probe__a_first_round_asks_all_and_knows_all,
          probe__a_settled_cluster_is_asked_little_and_rarely,
          probe__an_unsettled_cluster_is_asked_each_second_then_more_and_more_rarely,
          probe__missing_task_managers_make_it_unsettled,
          probe__a_hint_from_outside_makes_it_ask_soon_and_for_a_while,
          probe__one_miss_loses_nothing_and_n_do, probe__a_lost_one_is_asked_ever_more_rarely,
          probe__a_process_that_starts_is_not_lost,
          probe__another_process_is_asked_at_once_and_keeps_the_facts_until_it_answers,
          probe__no_target_asks_nobody_and_forgets_nothing,
          probe__a_request_to_the_old_pod_is_to_be_dropped, probe__503_is_no_miss_but_no_leader,
          probe__a_job_that_is_not_there_is_absent, probe__what_is_not_flink_is_a_miss,
          probe__a_part_that_fails_is_told_and_is_no_miss,
          probe__without_checkpointing_there_is_nothing_known_of_it,
          probe__a_list_of_jobs_that_is_too_large_is_replaced_by_the_job,
          probe__a_restart_is_counted_once_however_often_it_is_told,
          probe__a_restart_that_flinks_cache_hides_is_seen_after_it,
          probe__the_end_of_a_failed_job_is_no_restart,
          probe__restarts_add_up_over_takeovers_and_the_newest_times_stay,
          probe__the_last_checkpoint_outlives_a_takeover, probe__another_job_forgets_the_old_one,
          probe__a_session_cluster_is_asked_for_no_job,
          probe__urls_have_the_address_or_the_name_of_the_certificate)
