// SPDX-License-Identifier: Apache-2.0
#include "common/json/out.h"

#include <math.h>
#include <stdio.h>

#include "common/base/mem.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct strbuf buf;
static struct json_out out;

static void setup(void)
{
    arena = ARENA((size_t)16 << 20);
    buf = STRBUF((size_t)1 << 20);
    out = JSON_OUT(&buf);
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    arena_done(&arena);
    strbuf_done(&buf);
}

static void restart(void)
{
    strbuf_reset(&buf);
    arena_reset(&arena, SIZE_MAX);
    out = JSON_OUT(&buf);
}

START_TEST(out__commas_stand_between_values_only)
{
    json_out_begin_object(&out);
    json_out_kv_int(&out, "a", 1);
    json_out_key_array(&out, "b");
    json_out_int(&out, 1);
    json_out_begin_object(&out);
    json_out_end_object(&out);
    json_out_begin_array(&out);
    json_out_end_array(&out);
    json_out_string(&out, SV("x"));
    json_out_end_array(&out);
    json_out_key_object(&out, "c");
    json_out_kv_bool(&out, "d", true);
    json_out_key(&out, SV("e"));
    json_out_null(&out);
    json_out_end_object(&out);
    json_out_key(&out, SV("f"));
    json_out_raw(&out, SV("{\"g\":0}"));
    json_out_kv_str(&out, "h", "i");
    json_out_end_object(&out);
    ck_assert_str_eq(buf.ptr, "{\"a\":1,\"b\":[1,{},[],\"x\"],\"c\":{\"d\":true,\"e\":null},"
                              "\"f\":{\"g\":0},\"h\":\"i\"}");
    ck_assert_uint_eq(out.depth, 0);
}
END_TEST

START_TEST(out__absent_strings_write_no_member)
{
    json_out_begin_object(&out);
    json_out_kv_string(&out, "a", SV_NONE);
    json_out_kv_str(&out, "b", NULL);
    json_out_kv_string(&out, "c", SV(""));
    json_out_end_object(&out);
    ck_assert_str_eq(buf.ptr, "{\"c\":\"\"}");
}
END_TEST

START_TEST(out__strings_are_escaped_where_they_must_be)
{
    static const struct {
        struct strview s;
        const char *text;
    } rows[] = {
        {SV_INIT(""), "\"\""},
        {SV_INIT("plain, longer than eight bytes"), "\"plain, longer than eight bytes\""},
        {SV_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {SV_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {SV_INIT("\x01\x1f\x7f"), "\"\\u0001\\u001f\x7f\""},
        {SV_INIT("\xc3\xa9\xe2\x80\xa8\xe2\x80\xa9\xf0\x9f\x98\x80"),
         "\"\xc3\xa9\xe2\x80\xa8\xe2\x80\xa9\xf0\x9f\x98\x80\""},
        {SV_INIT("a\xff"
                 "b"),
         "\"a\xef\xbf\xbd"
         "b\""},
        {SV_INIT("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {SV_INIT("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {SV_INIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {SV_INIT("12345678\"12345678"), "\"12345678\\\"12345678\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        restart();
        json_out_string(&out, rows[i].s);
        ck_assert_str_eq(buf.ptr, rows[i].text);
        ck_assert_int_eq(json_strict(strbuf_view(&buf), &JSON_LIMITS_DEFAULT, &arena, NULL, NULL),
                         0);
    }
    restart();
    json_out_string(&out, sv_make("a\0b", 3));
    ck_assert_str_eq(buf.ptr, "\"a\\u0000b\"");
    restart();
    json_out_string(&out, SV_NONE);
    ck_assert_str_eq(buf.ptr, "\"\"");
}
END_TEST

START_TEST(out__keys_are_escaped_too)
{
    json_out_begin_object(&out);
    json_out_key(&out, SV("a\"\n"));
    json_out_int(&out, 0);
    json_out_end_object(&out);
    ck_assert_str_eq(buf.ptr, "{\"a\\\"\\n\":0}");
}
END_TEST

START_TEST(out__integers_are_whole)
{
    json_out_begin_array(&out);
    json_out_int(&out, 0);
    json_out_int(&out, INT64_MAX);
    json_out_int(&out, INT64_MIN);
    json_out_end_array(&out);
    ck_assert_str_eq(buf.ptr, "[0,9223372036854775807,-9223372036854775808]");
}
END_TEST

START_TEST(out__doubles_are_short)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-7, "-7"},
        {1e3, "1000"},
        {0.1, "0.1"},
        {1.5, "1.5"},
        {-2.25, "-2.25"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e-7, "1e-07"},
        {9007199254740992, "9007199254740992"},
        {1e15, "1000000000000000"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        restart();
        json_out_double(&out, rows[i].value);
        ck_assert_str_eq(buf.ptr, rows[i].text);
    }
}
END_TEST

START_TEST(out__doubles_read_back_as_they_were)
{
    uint64_t bits = 88172645463325252u; // xorshift, so that each run sees the same
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double v;
        memcpy(&v, &bits, sizeof(v));
        if (!isfinite(v)) {
            continue;
        }
        restart();
        json_out_double(&out, v);
        ck_assert(strtod(buf.ptr, NULL) == v);
        ck_assert_int_eq(json_strict(strbuf_view(&buf), &JSON_LIMITS_DEFAULT, &arena, NULL, NULL),
                         0);
    }
}
END_TEST

START_TEST(out__a_parsed_value_is_written_again)
{
    const char *text =
        "{\"a\":[null,true,false,0,-1.5,\"x\\n\\u0001\xc3\xa9\",[],{}],\"b\":{\"c\":{\"\":[[1]]}}}";
    const struct json *tree = NULL;
    ck_assert_int_eq(json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &tree, NULL), 0);
    json_out_value(&out, tree);
    ck_assert_str_eq(buf.ptr, text);
    restart();
    json_out_value(&out, NULL);
    ck_assert_str_eq(buf.ptr, "null");
}
END_TEST

static void write_something(void)
{
    json_out_begin_object(&out);
    for (int i = 0; i < 100; i++) {
        json_out_kv_str(&out, "key", "a value of some bytes \"quoted\" \xff");
        json_out_kv_int(&out, "n", i);
    }
    json_out_key(&out, SV("d"));
    json_out_double(&out, 0.1);
    json_out_end_object(&out);
}

START_TEST(out__an_overflow_is_told_once_at_the_end)
{
    for (size_t max = 0; max < 200; max++) {
        strbuf_done(&buf);
        buf = STRBUF(max);
        out = JSON_OUT(&buf);
        write_something();
        ck_assert(!strbuf_ok(&buf) && !buf.no_memory && buf.len <= max);
        ck_assert_uint_eq(out.depth, 0);
    }
}
END_TEST

START_TEST(out__any_allocation_may_fail)
{
    for (size_t n = 1;; n++) {
        strbuf_done(&buf);
        restart();
        (void)mem_fail_after(n);
        write_something();
        (void)mem_fail_after(0);
        if (strbuf_ok(&buf)) {
            ck_assert_uint_gt(n, 2);
            return;
        }
        ck_assert(buf.no_memory);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, out__commas_stand_between_values_only,
          out__absent_strings_write_no_member, out__strings_are_escaped_where_they_must_be,
          out__keys_are_escaped_too, out__integers_are_whole, out__doubles_are_short,
          out__doubles_read_back_as_they_were, out__a_parsed_value_is_written_again,
          out__an_overflow_is_told_once_at_the_end, out__any_allocation_may_fail)
