// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watch_core.h"

#include "common/base/mem.h"
#include "common/json/view.h"
#include "common/kube/lines.h"
#include "tests/unit/kube_record.h"
#include "tests/unit/unit.h"

static struct watch_core w;
static struct watch_request rq;
static struct record rec;
static struct err err;
static int64_t now;

static void setup(void)
{
    struct kube_ref ref = {.resource = &KUBE_PODS, .ns = SV("a")};
    watch_core_init(&w, &ref, SV("app=x"), SV_NONE, 1);
    rec = RECORD;
    now = 1000000;
}

static void teardown(void)
{
    watch_core_done(&w);
    strbuf_done(&rec.text);
}

static int give(enum watch_in kind, const char *text)
{
    err = (struct err){0};
    struct watch_input in = {.kind = kind, .text = sv_from(text)};
    return watch_core_step(&w, &in, now, record_event, &rec, &err);
}

static void next(void)
{
    ck_assert_int_eq(watch_core_next(&w, &rq, &err), 0);
}

/// The head of the answer to a new request.
static void answer(int status, uint32_t retry_after_ms)
{
    next();
    struct watch_input in = {
        .kind = WATCH_IN_STATUS, .status = status, .retry_after_ms = retry_after_ms};
    ck_assert_int_eq(watch_core_step(&w, &in, now, record_event, &rec, &err), 0);
}

static int end(enum errc code)
{
    struct watch_input in = {.kind = WATCH_IN_END, .code = code};
    return watch_core_step(&w, &in, now, record_event, &rec, &err);
}

static bool target_has(const char *part)
{
    return sv_find(rq.target, sv_from(part)) != SIZE_MAX;
}

#define PAGE1                                                                                      \
    "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"10\",\"continue\":\"tok/1\"},"      \
    "\"items\":[{\"metadata\":{\"name\":\"p1\"}}]}\n"
#define PAGE2                                                                                      \
    "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"12\"},"                             \
    "\"items\":[{\"metadata\":{\"name\":\"p2\"}}]}"
#define EVENT(type, name, rv)                                                                      \
    "{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"" name                            \
    "\",\"resourceVersion\":\"" rv "\"}}}"
#define GONE                                                                                       \
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\","     \
    "\"message\":\"too old resource version\"}}"

/// Up to an answered stream.
static void to_watching(void)
{
    answer(200, 0);
    ck_assert_int_eq(give(WATCH_IN_PAGE, PAGE2), 0);
    answer(200, 0);
    ck_assert_int_eq(rq.want, WATCH_WANT_STREAM);
    strbuf_reset(&rec.text);
}

START_TEST(watch__it_lists_in_pages_and_then_streams_from_there)
{
    answer(200, 0);
    ck_assert_int_eq(rq.want, WATCH_WANT_PAGE);
    ck_assert(sv_eq_lit(rq.target, "/api/v1/namespaces/a/pods?labelSelector=app%3Dx&limit=500"));
    ck_assert_int_eq(give(WATCH_IN_PAGE, PAGE1), 0);
    answer(200, 0);
    ck_assert(target_has("continue=tok%2F1"));
    ck_assert(!w.synced);
    ck_assert_int_eq(give(WATCH_IN_PAGE, PAGE2), 0);
    ck_assert(w.synced);
    ck_assert_str_eq(rec.text.ptr, "begin item:p1 item:p2 end");
    next();
    ck_assert_int_eq(rq.want, WATCH_WANT_STREAM);
    ck_assert(target_has("resourceVersion=12&"));
    ck_assert(target_has("allowWatchBookmarks=true"));
    ck_assert_int_le(rq.not_before_ms, now);
}
END_TEST

START_TEST(watch__events_are_told_and_move_the_resource_version)
{
    to_watching();
    ck_assert_int_eq(give(WATCH_IN_LINE, EVENT("ADDED", "x", "13")), 0);
    ck_assert_int_eq(give(WATCH_IN_LINE, EVENT("MODIFIED", "x", "14")), 0);
    ck_assert_int_eq(give(WATCH_IN_LINE, EVENT("DELETED", "x", "15")), 0);
    ck_assert_int_eq(give(WATCH_IN_LINE, EVENT("BOOKMARK", "", "opaque-77")), 0);
    ck_assert_str_eq(rec.text.ptr, "add:x mod:x del:x");
    now += 250000;
    ck_assert_int_eq(end(E_OK), 0);
    next();
    ck_assert(target_has("resourceVersion=opaque-77&"));
    ck_assert_int_le(rq.not_before_ms, now);
}
END_TEST

START_TEST(watch__gone_in_the_stream_lists_again)
{
    to_watching();
    ck_assert_int_eq(give(WATCH_IN_LINE, GONE), -1);
    ck_assert_int_eq(err.code, E_GONE);
    ck_assert(w.stop_request);
    next();
    ck_assert_int_eq(rq.want, WATCH_WANT_PAGE);
    ck_assert(!target_has("continue"));
    ck_assert_int_gt(rq.not_before_ms, now);
}
END_TEST

START_TEST(watch__gone_as_a_status_lists_again)
{
    answer(200, 0);
    ck_assert_int_eq(give(WATCH_IN_PAGE, PAGE2), 0);
    answer(410, 0);
    ck_assert_int_eq(give(WATCH_IN_REFUSE, "{\"kind\":\"Status\",\"code\":410}"), -1);
    ck_assert_int_eq(err.code, E_GONE);
    next();
    ck_assert_int_eq(rq.want, WATCH_WANT_PAGE);
}
END_TEST

START_TEST(watch__an_expired_continue_token_begins_the_list_anew)
{
    answer(200, 0);
    ck_assert_int_eq(give(WATCH_IN_PAGE, PAGE1), 0);
    answer(410, 0);
    ck_assert_int_eq(give(WATCH_IN_REFUSE, "gone"), -1);
    answer(200, 0);
    ck_assert(!target_has("continue"));
    ck_assert_int_eq(give(WATCH_IN_PAGE, PAGE2), 0);
    ck_assert_str_eq(rec.text.ptr, "begin item:p1 begin item:p2 end");
}
END_TEST

START_TEST(watch__other_errors_resume_from_the_last_version)
{
    to_watching();
    ck_assert_int_eq(give(WATCH_IN_LINE, EVENT("ADDED", "x", "13")), 0);
    ck_assert_int_eq(end(E_TRANSPORT), -1);
    answer(500, 0);
    ck_assert(target_has("resourceVersion=13&"));
    ck_assert_int_eq(give(WATCH_IN_REFUSE, "oops"), -1);
    answer(200, 0);
    ck_assert_int_eq(
        give(WATCH_IN_LINE, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500}}"),
        -1);
    next();
    ck_assert(target_has("resourceVersion=13&"));
}
END_TEST

START_TEST(watch__many_failures_in_a_row_end_in_a_new_list)
{
    to_watching();
    for (int i = 0; i < WATCH_MAX_RESUMES; i++) {
        ck_assert_int_eq(rq.want, WATCH_WANT_STREAM);
        ck_assert_int_eq(end(E_TRANSPORT), -1);
        next();
    }
    ck_assert_int_eq(rq.want, WATCH_WANT_PAGE);
}
END_TEST

START_TEST(watch__back_off_doubles_up_to_its_bound)
{
    int64_t least = WATCH_BACKOFF_MIN_MS / 2;
    for (int i = 0; i < 12; i++) {
        next();
        ck_assert_int_eq(end(E_TRANSPORT), -1);
        next();
        int64_t wait = rq.not_before_ms - now;
        ck_assert_int_ge(wait, least);
        ck_assert_int_le(wait, 2 * least);
        least = 2 * least < WATCH_BACKOFF_MAX_MS / 2 ? 2 * least : WATCH_BACKOFF_MAX_MS / 2;
        now += wait;
    }
}
END_TEST

START_TEST(watch__two_healthy_minutes_forget_the_failures)
{
    for (int i = 0; i < 8; i++) {
        next();
        ck_assert_int_eq(end(E_TRANSPORT), -1);
    }
    to_watching();
    now += WATCH_HEALTHY_MS;
    ck_assert_int_eq(end(E_TRANSPORT), -1);
    next();
    ck_assert_int_le(rq.not_before_ms - now, WATCH_BACKOFF_MIN_MS);
}
END_TEST

START_TEST(watch__the_server_may_ask_for_patience)
{
    answer(429, 0);
    ck_assert_int_eq(give(WATCH_IN_REFUSE, "{\"kind\":\"Status\",\"code\":429,\"details\":{"
                                           "\"retryAfterSeconds\":40}}"),
                     -1);
    ck_assert_int_eq(err.code, E_THROTTLED);
    next();
    ck_assert_int_eq(rq.not_before_ms - now, 40000);
    answer(503, 50000);
    ck_assert_int_eq(give(WATCH_IN_REFUSE, ""), -1);
    next();
    ck_assert_int_eq(rq.not_before_ms - now, 50000);
}
END_TEST

START_TEST(watch__an_empty_stream_that_ends_at_once_is_a_failure)
{
    to_watching();
    ck_assert_int_eq(end(E_OK), -1);
    next();
    ck_assert_int_gt(rq.not_before_ms, now);
}
END_TEST

START_TEST(watch__what_the_receiver_cannot_keep_is_listed_again)
{
    to_watching();
    rec.fail_at = rec.seen + 1;
    ck_assert_int_eq(give(WATCH_IN_LINE, EVENT("ADDED", "x", "13")), -1);
    ck_assert_int_eq(err.code, E_NOMEM);
    next();
    ck_assert_int_eq(rq.want, WATCH_WANT_PAGE);
}
END_TEST

START_TEST(watch__garbage_never_moves_it_on)
{
    static const char *const lines[] = {
        "",
        "x",
        "{}",
        "[]",
        "{\"type\":\"ADDED\"}",
        "{\"type\":\"ADDED\",\"object\":{}}",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"x\",\"resourceVersion\":7}}}",
        "{\"type\":\"WHAT\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}",
        "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"\"}}}",
    };
    to_watching();
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        w.state = WATCH_WATCHING;
        ck_assert_msg(give(WATCH_IN_LINE, lines[i]) == -1, "%s", lines[i]);
        ck_assert_str_eq(w.rv.ptr, "12");
    }
    static const char *const pages[] = {
        "",
        "{}",
        "<html>",
        "{\"metadata\":{\"resourceVersion\":\"1\"}}",
        "{\"metadata\":{},\"items\":[]}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{}",
        "{\"metadata\":{\"resourceVersion\":\"1\",\"continue\":7},\"items\":[]}"};
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        w.state = WATCH_EMPTY;
        ck_assert_msg(give(WATCH_IN_PAGE, pages[i]) == -1, "%s", pages[i]);
        ck_assert_int_eq(w.state, WATCH_EMPTY);
    }
}
END_TEST

START_TEST(watch__an_empty_list_is_whole)
{
    answer(200, 0);
    ck_assert_int_eq(
        give(WATCH_IN_PAGE, "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":null}"), 0);
    ck_assert_str_eq(rec.text.ptr, "begin end");
}
END_TEST

START_TEST(watch__pages_that_are_too_large_are_made_smaller)
{
    next();
    ck_assert_int_eq(end(E_TOO_LARGE), -1);
    next();
    ck_assert(target_has("limit=250"));
    answer(200, 0);
    ck_assert_int_eq(give(WATCH_IN_PAGE, PAGE2), 0);
    ck_assert_uint_eq(w.page_limit, WATCH_PAGE);
}
END_TEST

START_TEST(watch__a_line_that_is_too_long_lists_again)
{
    to_watching();
    ck_assert_int_eq(end(E_TOO_LARGE), -1);
    next();
    ck_assert_int_eq(rq.want, WATCH_WANT_PAGE);
}
END_TEST

START_TEST(watch__time_outs_are_spread)
{
    to_watching();
    unsigned least = 1000, most = 0;
    for (int i = 0; i < 500; i++) {
        next();
        ck_assert_int_eq(rq.idle_ms, (int64_t)(w.timeout_s + WATCH_IDLE_SLACK_S) * 1000);
        least = w.timeout_s < least ? w.timeout_s : least;
        most = w.timeout_s > most ? w.timeout_s : most;
    }
    ck_assert_uint_eq(least, WATCH_TIMEOUT_MIN_S);
    ck_assert_uint_eq(most, WATCH_TIMEOUT_MAX_S);
}
END_TEST

START_TEST(watch__a_failed_allocation_loses_no_event)
{
    for (size_t n = 1; n < 60; n++) {
        teardown();
        setup();
        to_watching();
        mem_fail_after(n);
        int rc = give(WATCH_IN_LINE, EVENT("ADDED", "x", "13"));
        mem_fail_after(0);
        // Either it was taken, or it will be asked for again.
        ck_assert_str_eq(w.rv.ptr, rc == 0 ? "13" : "12");
        ck_assert(rc == 0 || w.stop_request);
        next();
        ck_assert(rc == 0 || rq.not_before_ms > now);
    }
}
END_TEST

static int on_line(void *ctx, struct strview line)
{
    struct watch_input in = {.kind = WATCH_IN_LINE, .text = line};
    int rc = watch_core_step(&w, &in, now, record_event, ctx, NULL);
    ck_assert_int_eq(rc, w.stop_request ? -1 : 0);
    return -rc;
}

START_TEST(watch__a_stream_reads_the_same_however_it_is_cut)
{
    static const char stream[] =
        EVENT("ADDED", "x", "13") "\n" EVENT("BOOKMARK", "", "14") "\n" EVENT(
            "DELETED", "\\u00e9\xc3\xa9", "15") "\n" GONE "\n" EVENT("ADDED", "late", "16") "\n";
    struct strview all = sv_make(stream, sizeof(stream) - 1);
    for (size_t at = 0; at <= all.len; at++) {
        teardown();
        setup();
        to_watching();
        struct lines lines = LINES(4096);
        int rc = lines_feed(&lines, sv_sub(all, 0, at), on_line, &rec, &err);
        if (rc == 0) {
            rc = lines_feed(&lines, sv_from_pos(all, at), on_line, &rec, &err);
        }
        lines_done(&lines);
        ck_assert_int_eq(rc, 1);
        ck_assert_str_eq(rec.text.ptr, "add:x del:\\u00e9\xc3\xa9");
        ck_assert_int_eq(w.state, WATCH_EMPTY);
        ck_assert_str_eq(w.rv.ptr, "15");
    }
}
END_TEST

UNIT_MAIN(setup, teardown, watch__it_lists_in_pages_and_then_streams_from_there,
          watch__events_are_told_and_move_the_resource_version,
          watch__gone_in_the_stream_lists_again, watch__gone_as_a_status_lists_again,
          watch__an_expired_continue_token_begins_the_list_anew,
          watch__other_errors_resume_from_the_last_version,
          watch__many_failures_in_a_row_end_in_a_new_list, watch__back_off_doubles_up_to_its_bound,
          watch__two_healthy_minutes_forget_the_failures, watch__the_server_may_ask_for_patience,
          watch__an_empty_stream_that_ends_at_once_is_a_failure,
          watch__what_the_receiver_cannot_keep_is_listed_again, watch__garbage_never_moves_it_on,
          watch__an_empty_list_is_whole, watch__pages_that_are_too_large_are_made_smaller,
          watch__a_line_that_is_too_long_lists_again, watch__time_outs_are_spread,
          watch__a_failed_allocation_loses_no_event,
          watch__a_stream_reads_the_same_however_it_is_cut)
