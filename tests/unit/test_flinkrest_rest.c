// SPDX-License-Identifier: Apache-2.0
// The answers under tests/fixtures/flink-rest were recorded from Flink 1.17.2 and 2.3.0: a job of
// one source, parallelism 2, whose TaskManager was killed once ("restarted"), and one that failed
// four times, the last one for good ("failed").
#include "controller/flink/rest.h"

#include <stdio.h>
#include <string.h>

#include "common/base/os_file.h"
#include "controller/flink/root_cause.h"
#include "tests/unit/unit.h"

#define JOB "0000000000000000000000000000abcd"

static struct arena arena;
static struct strbuf text;
static struct err err;

static void setup(void)
{
    arena = ARENA(REST_ARENA);
    text = STRBUF(REST_MAX_BODY * 2);
    err = (struct err){.code = E_OK};
}

static void teardown(void)
{
    arena_done(&arena);
    strbuf_done(&text);
}

static const char *const VERSIONS[] = {"1.17.2", "2.3.0"};

static struct strview recorded(const char *version, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/tests/fixtures/flink-rest/%s/%s.json", SLUICE_SOURCE_DIR,
             version, name);
    strbuf_reset(&text);
    int rc = os_file_read(path, REST_MAX_BODY, &text, &err);
    ck_assert_msg(rc == 0, "%s: %s", path, err.msg);
    return strbuf_view(&text);
}

#define each_version(v) for (size_t v##_i = 0; v##_i < ARRAY_LEN(VERSIONS); v##_i++)
#define VERSION(v)      VERSIONS[v##_i]

START_TEST(overview__both_versions_tell_the_same_facts)
{
    each_version(v)
    {
        struct rest_overview o;
        ck_assert_int_eq(
            rest_decode_overview(recorded(VERSION(v), "restarted/overview"), &arena, &o, &err), 0);
        ck_assert(sv_eq_lit(o.version, VERSION(v)));
        ck_assert_uint_eq(o.commit.len, 7);
        ck_assert_int_eq(o.task_managers, 1);
        ck_assert_int_eq(o.slots, 2);
        ck_assert_int_eq(o.slots_free, 0);
        ck_assert_int_eq(o.running, 1);
        ck_assert_int_eq(o.failed, 0);
    }
}
END_TEST

START_TEST(config__both_versions_tell_the_cache_of_job_details)
{
    each_version(v)
    {
        struct rest_config c;
        ck_assert_int_eq(
            rest_decode_config(recorded(VERSION(v), "restarted/config"), &arena, &c, &err), 0);
        ck_assert(sv_eq_lit(c.version, VERSION(v)));
        ck_assert_int_eq(c.refresh_ms, 3000);
    }
}
END_TEST

START_TEST(jobs__the_job_is_found_by_its_id)
{
    each_version(v)
    {
        struct rest_job j;
        struct strview body = recorded(VERSION(v), "restarted/jobs");
        ck_assert_int_eq(rest_decode_jobs(body, SV(JOB), &arena, &j, &err), 0);
        ck_assert(j.found);
        ck_assert(sv_eq_lit(j.name, "state-proof"));
        ck_assert_int_eq(j.state, FLINK_JOB_RUNNING);
        ck_assert_int_gt(j.started_ms, 0);
        ck_assert_int_eq(j.ended_ms, 0);
        ck_assert_int_gt(j.modified_ms, j.started_ms);
        ck_assert_int_eq(j.tasks.total, 3);
        ck_assert_int_eq(j.tasks.running, 3);
        ck_assert_int_eq(j.tasks.scheduled, 0);
        ck_assert(!j.batch);
        ck_assert_int_eq(
            rest_decode_jobs(body, SV("ffffffffffffffffffffffffffffffff"), &arena, &j, &err), 0);
        ck_assert(!j.found);
    }
}
END_TEST

START_TEST(jobs__a_failed_one_has_an_end)
{
    each_version(v)
    {
        struct rest_job j;
        ck_assert_int_eq(
            rest_decode_jobs(recorded(VERSION(v), "failed/jobs"), SV(JOB), &arena, &j, &err), 0);
        ck_assert_int_eq(j.state, FLINK_JOB_FAILED);
        ck_assert_int_gt(j.ended_ms, j.started_ms);
    }
}
END_TEST

START_TEST(job__details_tell_tasks_and_the_max_parallelism)
{
    each_version(v)
    {
        struct rest_job j;
        ck_assert_int_eq(rest_decode_job(recorded(VERSION(v), "restarted/job"), &arena, &j, &err),
                         0);
        ck_assert(sv_eq_lit(j.id, JOB));
        ck_assert_int_eq(j.state, FLINK_JOB_RUNNING);
        ck_assert_int_eq(j.tasks.total, 3);
        ck_assert_int_eq(j.tasks.running, 3);
        ck_assert_int_eq(j.tasks.finished, 0);
        ck_assert_int_eq(j.max_parallelism, 128);
        ck_assert(j.typed && !j.batch);
    }
}
END_TEST

START_TEST(checkpoints__the_last_one_and_the_restored_one_are_told)
{
    each_version(v)
    {
        struct rest_checkpoints c;
        ck_assert_int_eq(rest_decode_checkpoints(recorded(VERSION(v), "restarted/checkpoints"),
                                                 &arena, &c, &err),
                         0);
        ck_assert_int_gt(c.last.id, c.restored.id);
        ck_assert_int_gt(c.restored.id, 0);
        ck_assert_int_gt(c.completed, 0);
        ck_assert_int_gt(c.last.size, 0);
        ck_assert_int_ge(c.last.completed_ms, c.last.triggered_ms);
        ck_assert(!c.last.savepoint);
        ck_assert(sv_starts(c.last.path, SV("file:/flink-data/checkpoints/" JOB "/chk-")));
        ck_assert(sv_starts(c.restored.path, SV("file:/flink-data/checkpoints/" JOB "/chk-")));
    }
}
END_TEST

START_TEST(checkpoints__a_newer_savepoint_is_the_last_one)
{
    struct rest_checkpoints c;
    struct strview body =
        SV("{\"latest\":{\"completed\":{\"id\":3,\"external_path\":\"s3://b/chk-3\"},"
           "\"savepoint\":{\"id\":4,\"external_path\":\"s3://b/savepoint-1\","
           "\"is_savepoint\":true},\"restored\":null}}");
    ck_assert_int_eq(rest_decode_checkpoints(body, &arena, &c, &err), 0);
    ck_assert_int_eq(c.last.id, 4);
    ck_assert(c.last.savepoint);
    ck_assert(sv_eq_lit(c.last.path, "s3://b/savepoint-1"));
    ck_assert_int_eq(c.restored.id, FLINK_UNKNOWN);
    ck_assert_int_eq(c.completed, FLINK_UNKNOWN);
}
END_TEST

START_TEST(exceptions__the_loss_of_a_task_manager_is_one_failure)
{
    each_version(v)
    {
        struct rest_exceptions e;
        struct strbuf cause = STRBUF(1024);
        ck_assert_int_eq(
            rest_decode_exceptions(recorded(VERSION(v), "restarted/exceptions"), &arena, &e, &err),
            0);
        ck_assert_uint_eq(e.n, 1);
        ck_assert_int_gt(e.items[0].time_ms, 0);
        root_cause_put(&cause, e.items[0].trace, FLINK_REST_TEXT_MAX);
        ck_assert(
            sv_ends(strbuf_view(&cause), SV("TaskManager with id tm-1 is no longer reachable.")));
        strbuf_done(&cause);
    }
}
END_TEST

START_TEST(exceptions__the_newest_comes_first_and_tells_the_root_cause)
{
    each_version(v)
    {
        struct rest_exceptions e;
        struct strbuf cause = STRBUF(1024);
        ck_assert_int_eq(
            rest_decode_exceptions(recorded(VERSION(v), "failed/exceptions"), &arena, &e, &err), 0);
        ck_assert_uint_eq(e.n, 4);
        ck_assert_int_gt(e.items[0].time_ms, e.items[3].time_ms);
        root_cause_put(&cause, e.items[0].trace, FLINK_REST_TEXT_MAX);
        ck_assert_str_eq(cause.ptr, "java.lang.IllegalStateException: number 100 was told to fail");
        strbuf_done(&cause);
    }
}
END_TEST

START_TEST(task_managers__ids_are_the_resource_ids)
{
    each_version(v)
    {
        struct rest_task_managers t;
        ck_assert_int_eq(rest_decode_task_managers(recorded(VERSION(v), "restarted/taskmanagers"),
                                                   &arena, &t, &err),
                         0);
        ck_assert_uint_eq(t.n, 1);
        ck_assert(sv_eq_lit(t.items[0].id, "tm-2"));
        ck_assert_int_eq(t.items[0].slots, 2);
        ck_assert_int_eq(t.items[0].slots_free, 0);
        ck_assert_int_gt(t.items[0].heartbeat_ms, 1000000000000);
    }
}
END_TEST

START_TEST(task_managers__are_sorted_and_cut)
{
    struct rest_task_managers t;
    strbuf_put_str(&text, "{\"taskmanagers\":[{\"id\":null},{}");
    for (int i = FLINK_REST_TASK_MANAGERS_MAX + 10; i > 0; i--) {
        strbuf_printf(&text, ",{\"id\":\"tm-%05d\",\"freeSlots\":-1}", i);
    }
    strbuf_put_str(&text, "]}");
    ck_assert_int_eq(rest_decode_task_managers(strbuf_view(&text), &arena, &t, &err), 0);
    ck_assert(t.cut);
    ck_assert_uint_le(t.n, FLINK_REST_TASK_MANAGERS_MAX);
    for (size_t i = 1; i < t.n; i++) {
        ck_assert_int_lt(sv_cmp(t.items[i - 1].id, t.items[i].id), 0);
        ck_assert_int_eq(t.items[i].slots, FLINK_UNKNOWN);
        ck_assert_int_eq(t.items[i].slots_free, FLINK_UNKNOWN);
    }
}
END_TEST

START_TEST(errors__are_told_in_one_line)
{
    each_version(v)
    {
        struct strbuf out = STRBUF(1024);
        rest_put_errors(&out, recorded(VERSION(v), "restarted/absent"), &arena);
        ck_assert_str_eq(out.ptr, "org.apache.flink.runtime.messages.FlinkJobNotFoundException: "
                                  "Could not find Flink job (00000000000000000000000000000000)");
        strbuf_reset(&out);
        rest_put_errors(&out, recorded(VERSION(v), "restarted/nowhere"), &arena);
        ck_assert_str_eq(out.ptr, "Unable to load requested file /v1/overviewx.");
        strbuf_done(&out);
    }
    struct strbuf none = STRBUF(64);
    rest_put_errors(&none, SV("<html>"), &arena);
    rest_put_errors(&none, SV("{\"errors\":7}"), &arena);
    rest_put_errors(&none, SV("[]"), &arena);
    ck_assert_uint_eq(none.len, 0);
}
END_TEST

static int decode(enum rest_endpoint endpoint, struct strview body)
{
    union {
        struct rest_overview overview;
        struct rest_config config;
        struct rest_job job;
        struct rest_task_managers task_managers;
        struct rest_checkpoints checkpoints;
        struct rest_exceptions exceptions;
    } u;
    err = (struct err){.code = E_OK};
    switch (endpoint) {
    case REST_OVERVIEW:
        return rest_decode_overview(body, &arena, &u.overview, &err);
    case REST_CONFIG:
        return rest_decode_config(body, &arena, &u.config, &err);
    case REST_JOBS:
        return rest_decode_jobs(body, SV(JOB), &arena, &u.job, &err);
    case REST_TASK_MANAGERS:
        return rest_decode_task_managers(body, &arena, &u.task_managers, &err);
    case REST_JOB:
        return rest_decode_job(body, &arena, &u.job, &err);
    case REST_CHECKPOINTS:
        return rest_decode_checkpoints(body, &arena, &u.checkpoints, &err);
    case REST_EXCEPTIONS:
        return rest_decode_exceptions(body, &arena, &u.exceptions, &err);
    case REST_ENDPOINT_COUNT:
        break;
    }
    return 1;
}

START_TEST(decoders__refuse_what_is_no_answer_of_flinks)
{
    static const char *const BODIES[] = {
        "", "{", "null", "7", "[]", "{}", "{\"errors\":[\"x\"]}", "<html></html>", "{\"jobs\":{}}",
    };
    for (int e = 0; e < REST_ENDPOINT_COUNT; e++) {
        for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
            ck_assert_msg(decode((enum rest_endpoint)e, sv_from(BODIES[i])) == -1, "%s: %s",
                          rest_endpoint_label((enum rest_endpoint)e), BODIES[i]);
            ck_assert_int_eq(err.code, E_PARSE);
        }
    }
}
END_TEST

START_TEST(decoders__name_the_member_of_a_wrong_type)
{
    static const struct {
        enum rest_endpoint endpoint;
        const char *body, *message;
    } CASES[] = {
        {REST_OVERVIEW, "{\"flink-version\":7}", "flink-version: a string expected, not integer"},
        {REST_OVERVIEW, "{\"flink-version\":\"1.20.1\",\"slots-total\":\"4\"}",
         "slots-total: a number expected, not string"},
        {REST_JOBS, "{\"jobs\":[7]}", "jobs: objects expected, not integer"},
        {REST_JOBS, "{\"jobs\":[{\"jid\":\"" JOB "\",\"tasks\":[]}]}",
         "tasks: an object expected, not array"},
        {REST_JOB, "{\"jid\":\"" JOB "\",\"vertices\":{}}",
         "vertices: an array expected, not object"},
        {REST_TASK_MANAGERS, "{\"taskmanagers\":[{\"id\":[]}]}",
         "id: a string expected, not array"},
        {REST_CHECKPOINTS, "{\"latest\":{\"completed\":{\"id\":1,\"is_savepoint\":\"no\"}}}",
         "is_savepoint: a boolean expected, not string"},
        {REST_EXCEPTIONS, "{\"exceptionHistory\":{\"entries\":[{\"timestamp\":{}}]}}",
         "timestamp: a number expected, not object"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        ck_assert_int_eq(decode(CASES[i].endpoint, sv_from(CASES[i].body)), -1);
        ck_assert_str_eq(err.msg, CASES[i].message);
    }
}
END_TEST

START_TEST(decoders__take_what_is_missing_for_unknown)
{
    struct rest_overview o;
    struct strview body = SV("{\"flink-version\":\"9.9\",\"slots-total\":null,\"new\":{\"a\":[]},"
                             "\"taskmanagers\":-1,\"jobs-running\":1.5,\"jobs-failed\":1e300}");
    ck_assert_int_eq(rest_decode_overview(body, &arena, &o, &err), 0);
    ck_assert(!sv_present(o.commit));
    ck_assert_int_eq(o.slots, FLINK_UNKNOWN);
    ck_assert_int_eq(o.slots_free, FLINK_UNKNOWN);
    ck_assert_int_eq(o.task_managers, FLINK_UNKNOWN);
    ck_assert_int_eq(o.running, FLINK_UNKNOWN);
    ck_assert_int_eq(o.failed, FLINK_UNKNOWN);
    struct rest_job j;
    body = SV("{\"jobs\":[{\"jid\":\"" JOB "\",\"state\":\"LEVITATING\"}]}");
    ck_assert_int_eq(rest_decode_jobs(body, SV(JOB), &arena, &j, &err), 0);
    ck_assert(j.found);
    ck_assert_int_eq(j.state, FLINK_JOB_STATE_UNKNOWN);
    ck_assert_int_eq(j.tasks.total, FLINK_UNKNOWN);
    ck_assert_int_eq(j.started_ms, 0);
}
END_TEST

START_TEST(decoders__take_a_number_beyond_all_reason_for_unknown)
{
#define HUGE "9223372036854775807"
    struct rest_overview o;
    struct strview body = SV("{\"flink-version\":\"9.9\",\"slots-total\":" HUGE
                             ",\"taskmanagers\":2251799813685249,\"slots-available\":7}");
    ck_assert_int_eq(rest_decode_overview(body, &arena, &o, &err), 0);
    ck_assert_int_eq(o.slots, FLINK_UNKNOWN);
    ck_assert_int_eq(o.task_managers, FLINK_UNKNOWN);
    ck_assert_int_eq(o.slots_free, 7);
    struct rest_job j;
    body = SV("{\"jobs\":[{\"jid\":\"" JOB "\",\"start-time\":" HUGE ",\"end-time\":"
              "253402300799999,\"tasks\":{\"running\":" HUGE ",\"finished\":1}}]}");
    ck_assert_int_eq(rest_decode_jobs(body, SV(JOB), &arena, &j, &err), 0);
    ck_assert_int_eq(j.started_ms, 0);
    ck_assert_int_eq(j.ended_ms, INT64_C(253402300799999));
    ck_assert_int_eq(j.tasks.running, FLINK_UNKNOWN);
#undef HUGE
}
END_TEST

START_TEST(decoders__what_people_are_shown_is_one_harmless_line)
{
    struct rest_overview o;
    struct strview body = SV("{\"flink-version\":\"1.20\\u001b[2J\\n\",\"flink-commit\":\"\"}");
    ck_assert_int_eq(rest_decode_overview(body, &arena, &o, &err), 0);
    ck_assert(sv_eq_lit(o.version, "1.20 [2J"));
    ck_assert(sv_present(o.commit));
    ck_assert_uint_eq(o.commit.len, 0);
    struct rest_job j;
    body = SV("{\"jobs\":[{\"jid\":\"" JOB "\",\"name\":\"a\\tb\\u202ec \"}]}");
    ck_assert_int_eq(rest_decode_jobs(body, SV(JOB), &arena, &j, &err), 0);
    ck_assert(sv_eq_lit(j.name, "a b c"));
    struct rest_checkpoints c;
    body = SV("{\"latest\":{\"completed\":{\"id\":1,\"external_path\":\"s3://b/\\u001b[2J\"},"
              "\"restored\":{\"id\":1,\"external_path\":\"s3://b/my job/\xc3\xa4\"}}}");
    ck_assert_int_eq(rest_decode_checkpoints(body, &arena, &c, &err), 0);
    ck_assert_int_eq(c.last.id, 1);
    ck_assert(!sv_present(c.last.path));
    ck_assert(sv_eq_lit(c.restored.path, "s3://b/my job/\xc3\xa4"));
}
END_TEST

START_TEST(job__sums_of_tasks_are_unknown_when_a_part_is)
{
    struct rest_job j;
    struct strview body =
        SV("{\"jid\":\"" JOB "\",\"vertices\":[{\"parallelism\":9007199254740991,\"tasks\":"
           "{\"RUNNING\":1}},{\"parallelism\":9007199254740991,\"tasks\":{\"FINISHED\":1}}]}");
    ck_assert_int_eq(rest_decode_job(body, &arena, &j, &err), 0);
    ck_assert_int_eq(j.tasks.total, FLINK_UNKNOWN);
    ck_assert_int_eq(j.tasks.running, FLINK_UNKNOWN);
    ck_assert_int_eq(j.max_parallelism, FLINK_UNKNOWN);
    ck_assert(!j.typed);
}
END_TEST

START_TEST(decoders__refuse_more_than_their_limits)
{
    strbuf_put_str(&text, "{\"taskmanagers\":[0");
    for (size_t i = 0; i < REST_JSON_LIMITS.max_values; i++) {
        strbuf_put_str(&text, ",0");
    }
    strbuf_put_str(&text, "]}");
    ck_assert_int_eq(decode(REST_TASK_MANAGERS, strbuf_view(&text)), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    strbuf_reset(&text);
    strbuf_put_str(&text, "{\"jobs\":[");
    while (text.len <= REST_MAX_BODY) {
        strbuf_put_str(&text, "                                ");
    }
    strbuf_put_str(&text, "]}");
    ck_assert_int_eq(decode(REST_JOBS, strbuf_view(&text)), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
}
END_TEST

START_TEST(paths__name_the_job_where_it_belongs)
{
    struct strbuf out = STRBUF(256);
    rest_path_put(&out, REST_OVERVIEW, SV(JOB));
    ck_assert_str_eq(out.ptr, "/v1/overview");
    strbuf_reset(&out);
    rest_path_put(&out, REST_JOB, SV(JOB));
    ck_assert_str_eq(out.ptr, "/v1/jobs/" JOB);
    strbuf_reset(&out);
    rest_path_put(&out, REST_EXCEPTIONS, SV(JOB));
    ck_assert_str_eq(out.ptr, "/v1/jobs/" JOB "/exceptions?maxExceptions=16");
    strbuf_done(&out);
}
END_TEST

START_TEST(job_states__names_go_both_ways)
{
    int terminal = 0;
    for (int i = 1; i < FLINK_JOB_STATE_COUNT; i++) {
        enum flink_job_state state = (enum flink_job_state)i;
        ck_assert_int_eq(flink_job_state_parse(sv_from(flink_job_state_name(state))), state);
        terminal += flink_job_state_terminal(state);
    }
    ck_assert_int_eq(terminal, 3);
    ck_assert(!flink_job_state_terminal(FLINK_JOB_SUSPENDED));
    ck_assert_int_eq(flink_job_state_parse(SV("running")), FLINK_JOB_STATE_UNKNOWN);
    ck_assert_int_eq(flink_job_state_parse(SV_NONE), FLINK_JOB_STATE_UNKNOWN);
}
END_TEST

UNIT_MAIN(setup, teardown, overview__both_versions_tell_the_same_facts,
          config__both_versions_tell_the_cache_of_job_details, jobs__the_job_is_found_by_its_id,
          jobs__a_failed_one_has_an_end, job__details_tell_tasks_and_the_max_parallelism,
          checkpoints__the_last_one_and_the_restored_one_are_told,
          checkpoints__a_newer_savepoint_is_the_last_one,
          exceptions__the_loss_of_a_task_manager_is_one_failure,
          exceptions__the_newest_comes_first_and_tells_the_root_cause,
          task_managers__ids_are_the_resource_ids, task_managers__are_sorted_and_cut,
          errors__are_told_in_one_line, decoders__refuse_what_is_no_answer_of_flinks,
          decoders__name_the_member_of_a_wrong_type, decoders__take_what_is_missing_for_unknown,
          decoders__take_a_number_beyond_all_reason_for_unknown,
          decoders__what_people_are_shown_is_one_harmless_line,
          job__sums_of_tasks_are_unknown_when_a_part_is, decoders__refuse_more_than_their_limits,
          paths__name_the_job_where_it_belongs, job_states__names_go_both_ways)
