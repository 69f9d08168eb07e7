// SPDX-License-Identifier: Apache-2.0
// What `sluice status` shows of the objects in tests/fixtures/cli/status/NAME.json, held against
// NAME.txt beside it; SLUICE_WRITE_GOLDEN=1 writes those anew.
#include "cli/status_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "common/base/os_file.h"
#include "common/json/out.h"
#include "common/k8s/timestamp.h"
#include "tests/unit/unit.h"

#define FIXTURES SLUICE_SOURCE_DIR "/tests/fixtures/cli/status/"

static struct arena arena;
static struct strbuf out;
static struct status_style style;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
    out = STRBUF(1 << 22);
    style = (struct status_style){.now_ms = 0};
    ck_assert(timestamp_parse(SV("2026-03-01T12:00:00Z"), &style.now_ms));
}

static void teardown(void)
{
    arena_done(&arena);
    strbuf_done(&out);
}

static const struct json *fixture(const char *name)
{
    const struct json *doc;
    struct err err;
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(1 << 20);
    char path[512];
    snprintf(path, sizeof(path), FIXTURES "%s.json", name);
    ck_assert_int_eq(os_file_read(path, 1 << 20, &text, &err), 0);
    ck_assert_int_eq(json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, &arena, &doc, &err), 0);
    return doc;
}

static struct status_objects objects(const struct json *doc, const char *key)
{
    struct status_objects ret = {.n = 0};
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(1 << 20);
    struct json_out o = JSON_OUT(&text);
    const struct json *page;
    struct err err;
    json_out_begin_object(&o);
    json_out_key(&o, SV("items"));
    json_out_value(&o, json_get(doc, sv_from(key)));
    json_out_end_object(&o);
    ck_assert_int_eq(json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, &arena, &page, &err), 0);
    status_view_add(&ret, page, &arena);
    return ret;
}

static struct status_cluster view(const char *name)
{
    const struct json *doc = fixture(name);
    const struct json *object = json_get_lit(doc, "object");
    struct status_objects pods = objects(doc, "pods"), events = objects(doc, "events");
    struct status_cluster c;
    status_view(object, &arena, &c);
    status_view_pods(object, &pods, &arena, &c);
    status_view_events(object, &events, &arena, &c);
    ck_assert(arena_ok(&arena));
    return c;
}

static void assert_golden(const char *name)
{
    CLEANUP(strbuf_done) struct strbuf want = STRBUF(1 << 20);
    struct err err;
    char path[512];
    ck_assert(strbuf_ok(&out));
    snprintf(path, sizeof(path), FIXTURES "%s", name);
    if (getenv("SLUICE_WRITE_GOLDEN") != NULL) {
        ck_assert_int_eq(os_file_write_atomic(path, strbuf_view(&out), 0644, &err), 0);
    }
    ck_assert_int_eq(os_file_read(path, 1 << 20, &want, &err), 0);
    ck_assert_str_eq(out.ptr, want.ptr);
}

static void assert_shown(const char *name)
{
    char file[64];
    struct status_cluster c = view(name);
    status_put_text(&c, &style, &arena, &out);
    snprintf(file, sizeof(file), "%s.txt", name);
    assert_golden(file);
}

START_TEST(status__a_cluster_that_is_well_tells_what_runs)
{
    assert_shown("running");
}
END_TEST

START_TEST(status__a_failing_cluster_tells_each_pods_reason_and_the_warnings_first)
{
    assert_shown("failing");
}
END_TEST

START_TEST(status__verbose_shows_all_conditions)
{
    struct status_cluster c = view("failing");
    style.verbose = true;
    status_put_text(&c, &style, &arena, &out);
    assert_golden("failing-verbose.txt");
}
END_TEST

START_TEST(status__colours_are_on_top_of_the_same_text)
{
    struct status_cluster c = view("failing");
    style.colours = true;
    status_put_text(&c, &style, &arena, &out);
    assert_golden("failing-colours.txt");
}
END_TEST

START_TEST(status__a_cluster_that_nobody_looked_at_waits_for_a_controller)
{
    assert_shown("unseen");
}
END_TEST

START_TEST(status__a_newer_generation_waits_for_the_controller)
{
    assert_shown("stale");
    ck_assert(!view("stale").ready);
}
END_TEST

START_TEST(status__a_deleted_cluster_tells_what_holds_it)
{
    assert_shown("deleting");
    ck_assert(!view("deleting").ready);
}
END_TEST

START_TEST(status__a_session_cluster_is_not_blamed_for_having_no_job)
{
    assert_shown("session");
}
END_TEST

START_TEST(status__what_others_wrote_reaches_no_terminal_as_control_characters)
{
    assert_shown("hostile");
    for (size_t i = 0; i < out.len; i++) {
        unsigned char c = (unsigned char)out.ptr[i];
        ck_assert(c == '\n' || (c >= 0x20 && c != 0x7f));
    }
    ck_assert_ptr_null(strstr(out.ptr, "\u202e"));
    ck_assert_ptr_null(strstr(out.ptr, "\xc2\x9b"));
}
END_TEST

START_TEST(status__clusters_are_told_in_one_line_each)
{
    static const char *const NAMES[] = {"running", "failing",  "unseen",
                                        "stale",   "deleting", "session"};
    struct status_cluster all[ARRAY_LEN(NAMES)];
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        all[i] = view(NAMES[i]);
    }
    status_put_table(all, ARRAY_LEN(NAMES), &style, &arena, &out);
    style.namespaces = true;
    strbuf_put_char(&out, '\n');
    status_put_table(all, 2, &style, &arena, &out);
    assert_golden("table.txt");
}
END_TEST

START_TEST(status__json_has_the_same_facts)
{
    static const char *const NAMES[] = {"running", "failing", "hostile", "unseen"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        struct status_cluster c = view(NAMES[i]);
        const struct json *doc;
        struct err err;
        strbuf_reset(&out);
        status_put_json(&c, &out);
        ck_assert(strbuf_ok(&out));
        ck_assert_int_eq(json_parse(strbuf_view(&out), &JSON_LIMITS_DEFAULT, &arena, &doc, &err),
                         0);
        ck_assert_uint_eq(json_count(json_get_lit(doc, "pods")), c.n_pods);
        ck_assert_uint_eq(json_count(json_get_lit(doc, "events")), c.n_events);
        ck_assert_int_eq(json_get_lit(doc, "waitsFor") != NULL, sv_present(c.wait.reason));
    }
    struct status_cluster all[] = {view("failing")};
    strbuf_reset(&out);
    status_put_json(all, &out);
    strbuf_put_char(&out, '\n');
    status_put_json_list(all, 1, &out);
    assert_golden("failing-out.json");
}
END_TEST

/// A cluster with N ready TaskManagers and one that isn't, and N warnings.
static struct status_cluster crowd(size_t n)
{
    struct status_cluster c = view("running");
    struct status_pod *pods = ARENA_NEW_N(&arena, struct status_pod, n + 1);
    struct status_event *events = ARENA_NEW_N(&arena, struct status_event, n);
    for (size_t i = 0; i <= n; i++) {
        pods[i] = (struct status_pod){.name = arena_printf(&arena, "fraud-tm-3130c12f-%zu-0", i),
                                      .role = SV("taskmanager"),
                                      .index = (int64_t)i,
                                      .state = SV("Running"),
                                      .ready = i > 0};
    }
    for (size_t i = 0; i < n; i++) {
        events[i] = (struct status_event){
            .reason = arena_printf(&arena, "Reason%zu", i), .warning = true, .count = 1};
    }
    c.pods = pods;
    c.n_pods = n + 1;
    c.events = events;
    c.n_events = n;
    return c;
}

START_TEST(status__a_thousand_pods_leave_one_screen)
{
    struct status_cluster c = crowd(1000);
    status_put_text(&c, &style, &arena, &out);
    size_t lines = 0;
    for (size_t i = 0; i < out.len; i++) {
        lines += out.ptr[i] == '\n' ? 1 : 0;
    }
    ck_assert_uint_lt(lines, 60);
    ck_assert_ptr_nonnull(strstr(out.ptr, "… and 971 more, of which all are ready (--verbose)\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "… and 992 older ones (--verbose)\n"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "Reason999"));
    ck_assert_ptr_null(strstr(out.ptr, "Reason9 "));
}
END_TEST

START_TEST(text__ages_read_as_kubectls)
{
    // Pairs of seconds and words, from k8s.io/apimachinery/pkg/util/duration's test.
    static const struct {
        int64_t seconds;
        const char *text;
    } CASES[] = {
        {-5, "0s"},       {0, "0s"},          {119, "119s"},     {120, "2m"},
        {130, "2m10s"},   {599, "9m59s"},     {600, "10m"},      {10799, "179m"},
        {10800, "3h"},    {11100, "3h5m"},    {28799, "7h59m"},  {28800, "8h"},
        {172799, "47h"},  {172800, "2d"},     {176400, "2d1h"},  {691200, "8d"},
        {63072000, "2y"}, {63158400, "2y1d"}, {252288000, "8y"}, {252374400, "8y"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        strbuf_reset(&out);
        text_put_age(&out, CASES[i].seconds * 1000);
        ck_assert_str_eq(out.ptr, CASES[i].text);
    }
}
END_TEST

START_TEST(text__a_cut_leaves_whole_characters)
{
    text_put_cut(&out, SV("aä漢b"), 3);
    strbuf_put_char(&out, '|');
    text_put_cut(&out, SV("aä漢b"), 4);
    strbuf_put_char(&out, '|');
    text_put_cut(&out, SV("aä漢b"), 7);
    strbuf_put_char(&out, '|');
    text_put_cut(&out, SV("aä漢b"), 0);
    ck_assert_str_eq(out.ptr, "aä…|aä…|aä漢b|aä漢b");
}
END_TEST

UNIT_MAIN(setup, teardown, status__a_cluster_that_is_well_tells_what_runs,
          status__a_failing_cluster_tells_each_pods_reason_and_the_warnings_first,
          status__verbose_shows_all_conditions, status__colours_are_on_top_of_the_same_text,
          status__a_cluster_that_nobody_looked_at_waits_for_a_controller,
          status__a_newer_generation_waits_for_the_controller,
          status__a_deleted_cluster_tells_what_holds_it,
          status__a_session_cluster_is_not_blamed_for_having_no_job,
          status__what_others_wrote_reaches_no_terminal_as_control_characters,
          status__clusters_are_told_in_one_line_each, status__json_has_the_same_facts,
          status__a_thousand_pods_leave_one_screen, text__ages_read_as_kubectls,
          text__a_cut_leaves_whole_characters)
