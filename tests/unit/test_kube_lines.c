// SPDX-License-Identifier: Apache-2.0
#include "common/kube/lines.h"

#include "tests/unit/unit.h"

static struct strbuf got = {.max = 4096};
static struct lines lines;
static struct err err;

static void setup(void)
{
    lines = LINES(8);
}

static void teardown(void)
{
    lines_done(&lines);
    strbuf_done(&got);
}

static int keep(void *ctx, struct strview line)
{
    const char *stop_at = ctx;
    strbuf_put_char(&got, '<');
    strbuf_put(&got, line);
    strbuf_put_char(&got, '>');
    return stop_at != NULL && sv_eq_lit(line, stop_at) ? 7 : 0;
}

START_TEST(lines__any_chunking_gives_the_same_lines)
{
    static const char text[] = "one\ntwo\r\n\n12345678\nlast";
    for (size_t chunk = 1; chunk <= sizeof(text); chunk++) {
        strbuf_reset(&got);
        lines_done(&lines);
        for (struct strview rest = SV("one\ntwo\r\n\n12345678\nlast"); rest.len != 0;
             rest = sv_from_pos(rest, chunk)) {
            ck_assert_int_eq(lines_feed(&lines, sv_sub(rest, 0, chunk), keep, NULL, &err), 0);
        }
        ck_assert_str_eq(got.ptr, "<one><two><12345678>");
    }
}
END_TEST

START_TEST(lines__a_line_over_the_limit_is_an_error_in_any_chunking)
{
    for (size_t chunk = 1; chunk <= 12; chunk++) {
        int rc = 0;
        lines_done(&lines);
        for (struct strview rest = SV("ok\n123456789\n"); rest.len != 0 && rc == 0;
             rest = sv_from_pos(rest, chunk)) {
            rc = lines_feed(&lines, sv_sub(rest, 0, chunk), keep, NULL, &err);
        }
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(err.code, E_TOO_LARGE);
    }
}
END_TEST

START_TEST(lines__the_receiver_can_end_it)
{
    ck_assert_int_eq(lines_feed(&lines, SV("a\nb\nc\n"), keep, (void *)(uintptr_t) "b", &err), 7);
    ck_assert_str_eq(got.ptr, "<a><b>");
}
END_TEST

UNIT_MAIN(setup, teardown, lines__any_chunking_gives_the_same_lines,
          lines__a_line_over_the_limit_is_an_error_in_any_chunking, lines__the_receiver_can_end_it)
