// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/status.h"

#include "tests/unit/k8s.h"

static struct status status_of(const char *json)
{
    struct status st;
    ck_assert_int_eq(status_read(json_of(sv_from(json)), &arena, &st, NULL), 0);
    return st;
}

START_TEST(status__every_member_is_read)
{
    struct status st = status_of(
        "{\"kind\":\"Status\",\"code\":422,\"reason\":\"Invalid\",\"message\":\"no\",\"details\":{"
        "\"group\":\"g\",\"kind\":\"K\",\"name\":\"n\",\"retryAfterSeconds\":3,\"causes\":["
        "{\"reason\":\"FieldValueInvalid\",\"message\":\"m\",\"field\":\"spec.a\"},1]}}");
    ck_assert(st.is_status && st.code == 422 && st.retry_after_seconds == 3);
    ck_assert(sv_eq(st.reason, SV("Invalid")) && sv_eq(st.message, SV("no")));
    ck_assert(sv_eq(st.group, SV("g")) && sv_eq(st.kind, SV("K")) && sv_eq(st.name, SV("n")));
    ck_assert_uint_eq(st.cause_count, 2);
    ck_assert(sv_eq(st.causes[0].field, SV("spec.a")) && !sv_present(st.causes[1].field));
}
END_TEST

START_TEST(status__anything_else_reads_as_empty)
{
    static const char *const rows[] = {"null", "[]", "{}", "{\"kind\":\"Pod\",\"code\":200}",
                                       "{\"kind\":1}"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct status st = status_of(rows[i]);
        ck_assert(!st.is_status && st.code == 0 && st.cause_count == 0);
    }
    struct status st = status_of("{\"kind\":\"Status\",\"code\":\"x\",\"reason\":null,\"details\":"
                                 "{\"retryAfterSeconds\":-1,\"causes\":{}}}");
    ck_assert(st.is_status && st.code == 0 && st.retry_after_seconds == 0);
    ck_assert_int_eq(status_read(NULL, &arena, &st, NULL), 0);
    ck_assert(!st.is_status);
}
END_TEST

START_TEST(status__retry_after_ends_at_an_hour)
{
    struct status st =
        status_of("{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":99999999999}}");
    ck_assert_uint_eq(st.retry_after_seconds, 3600);
}
END_TEST

START_TEST(status__each_http_code_has_its_error)
{
    static const struct {
        int http;
        enum errc code;
    } rows[] = {
        {400, E_INVALID},   {401, E_DENIED},   {403, E_DENIED},    {404, E_NOT_FOUND},
        {408, E_TIMEOUT},   {409, E_CONFLICT}, {410, E_GONE},      {413, E_INVALID},
        {415, E_INVALID},   {422, E_INVALID},  {429, E_THROTTLED}, {500, E_TRANSPORT},
        {503, E_TRANSPORT}, {504, E_TIMEOUT},  {302, E_TRANSPORT}, {0, E_TRANSPORT},
    };
    const struct status empty = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        ck_assert_int_eq(status_to_err(&empty, rows[i].http, &err), -1);
        ck_assert_msg(err.code == rows[i].code, "%d: %s", rows[i].http, err_name(err.code));
        ck_assert_int_eq(err.detail, rows[i].http);
    }
    ck_assert_int_eq(status_to_err(&empty, 201, NULL), 0);
    ck_assert_int_eq(status_to_err(&empty, 500, NULL), -1);
}
END_TEST

START_TEST(status__the_servers_words_reach_the_error)
{
    struct status st = status_of("{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"message\":"
                                 "\"pods \\\"a\\\" already exists\"}");
    struct err err = {0};
    ck_assert_int_eq(status_to_err(&st, 409, &err), -1);
    ck_assert_str_eq(err.msg, "409 AlreadyExists: pods \"a\" already exists");
}
END_TEST

START_TEST(status__a_server_error_with_a_delay_is_throttling)
{
    const struct status st = {.is_status = true, .retry_after_seconds = 2};
    struct err err = {0};
    ck_assert_int_eq(status_to_err(&st, 500, &err), -1);
    ck_assert(err.code == E_THROTTLED && err.retry_after_ms == 2000);
}
END_TEST

static const char *invalid_text(const struct violations *v)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    struct json_out o = JSON_OUT(&b);
    status_put_invalid(&o, SV("sluice.dev"), SV("FlinkCluster"), SV("fraud"), v);
    ck_assert(strbuf_ok(&b));
    return arena_copy(&arena, strbuf_view(&b)).ptr;
}

START_TEST(status__one_cause_stands_without_brackets)
{
    struct violations v = VIOLATIONS(&arena, 10);
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path image = PATH_FIELD_OF(&spec, SV("image"));
    violation_warn(&v, "w", &spec, "only a warning");
    violation_deny(&v, "r", CAUSE_INVALID, &image, SV("\"Bad Image\""), "not an image reference");
    ck_assert_str_eq(
        invalid_text(&v),
        "{\"status\":\"Failure\",\"code\":422,\"reason\":\"Invalid\",\"message\":"
        "\"FlinkCluster.sluice.dev \\\"fraud\\\" is invalid: spec.image: Invalid value: "
        "\\\"Bad Image\\\": not an image reference\",\"details\":{\"group\":\"sluice.dev\","
        "\"kind\":\"FlinkCluster\",\"name\":\"fraud\",\"causes\":[{\"reason\":"
        "\"FieldValueInvalid\","
        "\"message\":\"Invalid value: \\\"Bad Image\\\": not an image reference\","
        "\"field\":\"spec.image\"}]}}");
}
END_TEST

START_TEST(status__several_causes_stand_in_brackets)
{
    struct violations v = VIOLATIONS(&arena, 10);
    const struct path a = PATH_FIELD_OF(NULL, SV("a"));
    const struct path b = PATH_FIELD_OF(NULL, SV("b"));
    violation_deny(&v, "r", CAUSE_REQUIRED, &a, SV_NONE, "one");
    violation_deny(&v, "r", CAUSE_REQUIRED, &b, SV_NONE, "two");
    const struct json *st = json_of(sv_from(invalid_text(&v)));
    ck_assert(sv_eq(json_get_string(st, SV("message")),
                    SV("FlinkCluster.sluice.dev \"fraud\" is invalid: [a: Required value: one, "
                       "b: Required value: two]")));
}
END_TEST

START_TEST(status__a_long_message_ends_in_how_many_more)
{
    struct violations v = VIOLATIONS(&arena, 200);
    char long_text[101];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    const struct path a = PATH_FIELD_OF(NULL, SV("a"));
    for (size_t i = 0; i < 300; i++) {
        violation_deny(&v, "r", CAUSE_REQUIRED, &a, SV_NONE, "%s", long_text);
    }
    const struct json *st = json_of(sv_from(invalid_text(&v)));
    struct strview message = json_get_string(st, SV("message"));
    // "a: Required value: " and 100 characters, two between each.
    size_t listed = (STATUS_MESSAGE_MAX + 1) / 121;
    struct strview want = arena_printf(&arena, ", and %zu more]", 300 - listed);
    ck_assert_msg(sv_ends(message, want), "%.*s", SV_ARG(message));
    ck_assert_uint_le(message.len, STATUS_MESSAGE_MAX + 100);
    ck_assert_uint_eq(json_count(json_get_path(st, "details", "causes", NULL)), 200);
}
END_TEST

START_TEST(status__a_plain_failure_has_code_reason_and_message)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1024);
    struct json_out o = JSON_OUT(&b);
    status_put_failure(&o, 400, "BadRequest", SV("bad\n"));
    ck_assert_str_eq(b.ptr, "{\"status\":\"Failure\",\"code\":400,\"reason\":\"BadRequest\","
                            "\"message\":\"bad\\n\"}");
}
END_TEST

UNIT_MAIN(setup, teardown, status__every_member_is_read, status__anything_else_reads_as_empty,
          status__retry_after_ends_at_an_hour, status__each_http_code_has_its_error,
          status__the_servers_words_reach_the_error,
          status__a_server_error_with_a_delay_is_throttling,
          status__one_cause_stands_without_brackets, status__several_causes_stand_in_brackets,
          status__a_long_message_ends_in_how_many_more,
          status__a_plain_failure_has_code_reason_and_message)
