// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/root_cause.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct strbuf out;

static void setup(void)
{
    out = STRBUF(8192);
}

static void teardown(void)
{
    strbuf_done(&out);
}

static const char *cause(const char *trace, size_t max)
{
    strbuf_reset(&out);
    root_cause_put(&out, sv_from(trace), max);
    return strbuf_view(&out).ptr;
}

static const char *line(const char *text, size_t max)
{
    strbuf_reset(&out);
    one_line_put(&out, sv_from(text), max);
    return strbuf_view(&out).ptr;
}

START_TEST(cause__is_the_deepest_one)
{
    ck_assert_str_eq(
        cause("a.B: outer\n\tat x.Y(Z.java:1)\n\t... 3 more\nCaused by: c.D: middle\n"
              "\tat x.Y(Z.java:2)\nCaused by: e.F: inner: it is so\n\tat x.Y(Z.java:3)\n",
              512),
        "e.F: inner: it is so");
}
END_TEST

START_TEST(cause__is_the_first_line_when_there_is_none)
{
    ck_assert_str_eq(cause("a.B: only\n\tat x.Y(Z.java:1)\n", 512), "a.B: only");
    ck_assert_str_eq(cause("a.B", 512), "a.B");
    ck_assert_str_eq(cause("", 512), "");
    ck_assert_str_eq(cause("\n\n", 512), "");
}
END_TEST

START_TEST(cause__without_a_message_has_the_line_above_before_it)
{
    ck_assert_str_eq(cause("a.B: outer\n\tat x\nCaused by: c.D: no answer from tm-1\n\tat x\n"
                           "Caused by: java.util.concurrent.TimeoutException\n\tat x\n",
                           512),
                     "c.D: no answer from tm-1: java.util.concurrent.TimeoutException");
}
END_TEST

START_TEST(cause__a_message_of_several_lines_becomes_one)
{
    ck_assert_str_eq(
        cause("a.B: outer\n\tat x\nCaused by: c.D: first\nsecond\r\n  third\n\tat x\n", 512),
        "c.D: first second third");
}
END_TEST

START_TEST(cause__what_was_suppressed_is_none)
{
    ck_assert_str_eq(cause("a.B: outer\n\tat x\n\tSuppressed: s.T: no\n\t\tat x\n"
                           "\tCaused by: s.U: neither\nCaused by: c.D: yes\n\tat x\n"
                           "\tSuppressed: s.V: no\n",
                           512),
                     "c.D: yes");
}
END_TEST

START_TEST(cause__is_cut_to_its_limit)
{
    static char trace[20000];
    memset(trace, 'x', sizeof(trace) - 1);
    memcpy(trace, "a.B: ", 5);
    ck_assert_uint_le(strlen(cause(trace, 512)), 512);
    ck_assert(sv_ends(strbuf_view(&out), SV("…")));
    memcpy(trace + 9000, "\nCaused by: ", 12);
    ck_assert_uint_le(strlen(cause(trace, 512)), 512);
    ck_assert_uint_gt(out.len, 500);
}
END_TEST

START_TEST(line__controls_and_runs_of_space_become_one_space)
{
    ck_assert_str_eq(line("  a\t\tb\x1b[31mc\x7f\x01"
                          "d  ",
                          512),
                     "a b [31mc d");
    ck_assert_str_eq(line("a\xc2\x85"
                          "b\xe2\x80\xae"
                          "c\xe2\x80\xa8"
                          "d\xe2\x81\xa6"
                          "e",
                          512),
                     "a b c d e");
    ck_assert_str_eq(line("naïve — “fine” ‰", 512), "naïve — “fine” ‰");
}
END_TEST

START_TEST(line__is_cut_between_characters)
{
    for (size_t max = 0; max < 40; max++) {
        const char *s = line("äöüßäöüßäöüß€€€€😀😀", max);
        ck_assert_uint_le(out.len, max);
        for (const char *c = s; c != NULL && *c != '\0'; c++) {
            ck_assert_int_ne((unsigned char)*c, 0xff);
        }
    }
    ck_assert_str_eq(line("äöü", 6), "äöü");
    ck_assert_str_eq(line("äöüß", 7), "äö…");
}
END_TEST

UNIT_MAIN(setup, teardown, cause__is_the_deepest_one, cause__is_the_first_line_when_there_is_none,
          cause__without_a_message_has_the_line_above_before_it,
          cause__a_message_of_several_lines_becomes_one, cause__what_was_suppressed_is_none,
          cause__is_cut_to_its_limit, line__controls_and_runs_of_space_become_one_space,
          line__is_cut_between_characters)
