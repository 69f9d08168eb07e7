// SPDX-License-Identifier: Apache-2.0
#include "common/base/log.h"
#include "common/base/log_batch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/json/view.h"
#include "tests/unit/unit.h"

static int pipe_fds[2];
static char text[1 << 16];
static struct arena arena;

static void setup(void)
{
    ck_assert_int_eq(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
    log_init("test", LOG_LEVEL_INFO, pipe_fds[1]);
    arena = ARENA((size_t)16 << 20);
}

static void teardown(void)
{
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    arena_done(&arena);
}

/// What was logged since the last call.
static size_t read_log(void)
{
    size_t len = 0;
    ssize_t n;
    while ((n = read(pipe_fds[0], text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)n;
    }
    text[len] = '\0';
    return len;
}

static size_t count_lines(void)
{
    size_t n = 0;
    read_log();
    for (const char *c = text; *c != '\0'; c++) {
        n += *c == '\n';
    }
    return n;
}

/// The one line that was logged, parsed.
static const struct json *parse_line(void)
{
    const struct json *v;
    struct err err = {0};
    size_t len = read_log();
    ck_assert_uint_gt(len, 0);
    ck_assert_int_eq(text[len - 1], '\n');
    ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
    if (json_parse(sv_make(text, len - 1), &JSON_LIMITS_DEFAULT, &arena, &v, &err) < 0) {
        ck_abort_msg("%s: %s", err.msg, text);
    }
    return v;
}

static void assert_string(const struct json *line, const char *key, const char *value)
{
    struct strview s = json_get_string(line, sv_from(key));
    ck_assert_msg(sv_eq_lit(s, value), "%s is %.*s, not %s", key, SV_ARG(s), value);
}

START_TEST(log__a_line_is_json_with_its_pairs)
{
    log_info("reconciled", KV_STR("ns", "payments"), KV_I("gen", -7), KV_U("big", UINT64_MAX),
             KV_MS("took", 12), KV_US("cpu", 1042), KV_B("dry", true));
    const struct json *v = parse_line();
    assert_string(v, "level", "info");
    assert_string(v, "msg", "reconciled");
    assert_string(v, "component", "test");
    assert_string(v, "ns", "payments");
    ck_assert_ptr_nonnull(strstr(text, "\"gen\":-7,\"big\":18446744073709551615,\"took\":12,"
                                       "\"cpu\":1.042,\"dry\":true}"));
    struct strview ts = json_get_string(v, SV("ts"));
    ck_assert_uint_eq(ts.len, strlen("2026-11-22T11:36:19.042Z"));
    ck_assert_int_eq(ts.ptr[10], 'T');
    ck_assert_int_eq(ts.ptr[23], 'Z');
}
END_TEST

START_TEST(log__extreme_integers_are_written_exactly)
{
    log_info("x", KV_I("min", INT64_MIN), KV_US("us", INT64_MIN), KV_I("zero", 0));
    parse_line();
    ck_assert_ptr_nonnull(strstr(text, "\"min\":-9223372036854775808,"
                                       "\"us\":-9223372036854775.808,\"zero\":0"));
}
END_TEST

START_TEST(log__absent_strings_are_left_out_and_empty_ones_are_not)
{
    log_info("x", KV_STR("absent", NULL), KV_S("none", SV_NONE), KV_S("empty", SV("")));
    const struct json *v = parse_line();
    ck_assert_ptr_null(json_get_lit(v, "absent"));
    ck_assert_ptr_null(json_get_lit(v, "none"));
    assert_string(v, "empty", "");
}
END_TEST

START_TEST(log__values_are_escaped)
{
    log_info("x", KV_S("v", SV("a\"b\\c\nd\x01\x7f\te")));
    const struct json *v = parse_line();
    assert_string(v, "v", "a\"b\\c\nd\x01\x7f\te");
}
END_TEST

START_TEST(log__every_byte_pair_gives_valid_json)
{
    for (int a = 0; a < 256; a++) {
        for (int b = 1; b < 256; b += 5) {
            const char bytes[] = {'x', (char)a, (char)b, (char)(b ^ 0x40), 'y'};
            log_info("x", KV_S("v", sv_make(bytes, a == 0 ? 1 : sizeof(bytes))));
            parse_line();
            arena_reset(&arena, 65536);
        }
    }
}
END_TEST

START_TEST(log__bytes_that_are_no_utf8_become_the_replacement_character)
{
    log_info("x", KV_S("v", SV("\xff|\xc0\x80|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82|\xc3\xa9")));
    const struct json *v = parse_line();
    struct strview s = json_get_string(v, SV("v"));
    ck_assert(sv_starts(s, SV("\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|")));
    ck_assert(sv_ends(s, SV("|\xc3\xa9")));
}
END_TEST

START_TEST(log__a_long_value_is_cut_to_one_valid_line)
{
    static char big[9000];
    memset(big, 'a', sizeof(big));
    for (size_t len = LOG_LINE_MAX - 200; len < LOG_LINE_MAX + 10; len++) {
        log_info("x", KV_S("v", sv_make(big, len)), KV_I("after", 1));
        const struct json *v = parse_line();
        ck_assert_uint_le(strlen(text), LOG_LINE_MAX);
        bool cut;
        ck_assert(json_bool(json_get_lit(v, "truncated"), &cut) != (strstr(text, "after") != NULL));
        arena_reset(&arena, 65536);
    }
}
END_TEST

START_TEST(log__a_cut_never_splits_an_escape_or_a_character)
{
    static char big[9000];
    for (size_t i = 0; i + 3 < sizeof(big); i += 3) {
        memcpy(big + i, i % 2 == 0 ? "\xe2\x82\xac" : "\x01\"\n", 3);
    }
    for (size_t shift = 0; shift < 12; shift++) {
        log_info("x", KV_S("pad", sv_make("aaaaaaaaaaaa", shift)), KV_S("v", sv_make(big, 8000)));
        parse_line();
        ck_assert_uint_le(strlen(text), LOG_LINE_MAX);
    }
}
END_TEST

START_TEST(log__many_pairs_end_in_a_valid_line)
{
    struct log_kv pairs[400];
    for (size_t i = 0; i + 1 < ARRAY_LEN(pairs); i++) {
        pairs[i] = KV_U("number", UINT64_MAX - i);
    }
    pairs[ARRAY_LEN(pairs) - 1] = KV_END;
    log_write(LOG_LEVEL_INFO, NULL, "x", pairs);
    size_t len = read_log();
    ck_assert_uint_le(len, LOG_LINE_MAX);
    ck_assert_str_eq(text + len - strlen(",\"truncated\":true}\n"), ",\"truncated\":true}\n");
}
END_TEST

START_TEST(log__lines_below_the_level_are_not_written)
{
    log_debug("no");
    ck_assert_uint_eq(read_log(), 0);
    log_init("test", LOG_LEVEL_DEBUG, pipe_fds[1]);
    log_debug("yes");
    ck_assert_uint_gt(read_log(), 0);
    log_init("test", LOG_LEVEL_ERROR, pipe_fds[1]);
    log_warn("no");
    ck_assert_uint_eq(read_log(), 0);
}
END_TEST

START_TEST(log__level_names_are_read_exactly)
{
    enum log_level level;
    ck_assert(log_level_parse(SV("warn"), &level));
    ck_assert_int_eq(level, LOG_LEVEL_WARN);
    ck_assert(!log_level_parse(SV("WARN"), &level));
    ck_assert(!log_level_parse(SV_NONE, &level));
}
END_TEST

START_TEST(log__a_site_that_repeats_is_silenced)
{
    for (int i = 0; i < 100; i++) {
        log_error("the same again");
    }
    ck_assert_uint_eq(count_lines(), LOG_BURST);
    log_error("another site speaks");
    ck_assert_uint_eq(count_lines(), 1);
}
END_TEST

START_TEST(log__the_first_line_after_silence_tells_how_many_were_left_out)
{
    struct log_site site = {0};
    const struct log_kv none[] = {KV_END};
    for (int i = 0; i < LOG_BURST + 5; i++) {
        log_write(LOG_LEVEL_ERROR, &site, "x", none);
    }
    read_log();
    site.window_start_ms -= LOG_WINDOW_MS;
    log_write(LOG_LEVEL_ERROR, &site, "x", none);
    parse_line();
    ck_assert_ptr_nonnull(strstr(text, "\"suppressed\":5"));
}
END_TEST

START_TEST(log__context_of_the_thread_stands_on_its_lines)
{
    const struct log_kv context[] = {KV_STR("reconcileID", "42"), KV_END};
    log_context(context);
    log_info("x", KV_STR("a", "b"));
    assert_string(parse_line(), "reconcileID", "42");
    log_context(NULL);
    log_info("x");
    ck_assert_ptr_null(json_get_lit(parse_line(), "reconcileID"));
}
END_TEST

START_TEST(log__a_full_pipe_loses_lines_and_does_not_block)
{
    uint64_t before = log_lost();
    for (int i = 0; i < 3000; i++) {
        log_info("a line that is long enough to fill a pipe of 64 KiB some time");
    }
    ck_assert_uint_gt(log_lost(), before);
    size_t len = read_log();
    ck_assert_int_eq(text[len - 1], '\n');
}
END_TEST

START_TEST(log__a_batch_keeps_the_order_and_holds_no_warning_back)
{
    struct err err;
    ck_assert_int_eq(log_batch_start(&err), 0);
    for (int i = 0; i < 100; i++) {
        log_info("one of many", KV_I("i", i));
    }
    log_warn("the last");
    read_log(); // the warning is out, and so is what came before it
    struct strview rest = sv_from(text), line;
    for (int i = 0; i < 100; i++) {
        char pair[16];
        snprintf(pair, sizeof(pair), "\"i\":%d}", i);
        ck_assert(sv_split(&rest, '\n', &line) && sv_ends(line, sv_from(pair)));
    }
    ck_assert(sv_split(&rest, '\n', &line) && sv_find(line, SV("the last")) != SIZE_MAX);
    log_info("left for the end");
    log_batch_stop();
    read_log();
    ck_assert_ptr_nonnull(strstr(text, "left for the end"));
    log_info("one by one again");
    read_log();
    ck_assert_ptr_nonnull(strstr(text, "one by one again"));
}
END_TEST

START_TEST(log__a_batch_goes_out_by_itself)
{
    struct err err;
    ck_assert_int_eq(log_batch_start(&err), 0);
    log_info("nobody asks for this");
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    ck_assert_int_eq(poll(&p, 1, 10000), 1);
    log_batch_stop();
}
END_TEST

static void *log_much(void *arg)
{
    (void)arg;
    for (int i = 0; i < 50; i++) {
        log_info("from a thread", KV_I("i", i));
        log_warn("limited", KV_I("i", i));
    }
    return NULL;
}

static void let_threads_log(void)
{
    pthread_t threads[4];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, log_much, NULL), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
    }
}

static void expect_whole_lines(void)
{
    read_log();
    struct strview rest = sv_from(text);
    struct strview line;
    size_t lines = 0;
    while (rest.len > 0 && sv_split(&rest, '\n', &line)) {
        ck_assert(sv_starts(line, SV("{\"ts\":")) && sv_ends(line, SV("}")));
        lines++;
    }
    ck_assert_uint_ge(lines, 200); // and the warnings, unless a test just before made as many
}

START_TEST(log__threads_do_not_mix_their_lines)
{
    let_threads_log();
    expect_whole_lines();
}
END_TEST

START_TEST(log__threads_do_not_mix_their_lines_in_a_batch)
{
    struct err err;
    ck_assert_int_eq(log_batch_start(&err), 0);
    let_threads_log();
    log_batch_stop();
    expect_whole_lines();
}
END_TEST

UNIT_MAIN(setup, teardown, log__a_line_is_json_with_its_pairs,
          log__extreme_integers_are_written_exactly,
          log__absent_strings_are_left_out_and_empty_ones_are_not, log__values_are_escaped,
          log__every_byte_pair_gives_valid_json,
          log__bytes_that_are_no_utf8_become_the_replacement_character,
          log__a_long_value_is_cut_to_one_valid_line,
          log__a_cut_never_splits_an_escape_or_a_character, log__many_pairs_end_in_a_valid_line,
          log__lines_below_the_level_are_not_written, log__level_names_are_read_exactly,
          log__a_site_that_repeats_is_silenced,
          log__the_first_line_after_silence_tells_how_many_were_left_out,
          log__context_of_the_thread_stands_on_its_lines,
          log__a_full_pipe_loses_lines_and_does_not_block, log__threads_do_not_mix_their_lines,
          log__threads_do_not_mix_their_lines_in_a_batch,
          log__a_batch_keeps_the_order_and_holds_no_warning_back, log__a_batch_goes_out_by_itself)
