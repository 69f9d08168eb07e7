// SPDX-License-Identifier: Apache-2.0
#include "common/json/strict.h"

#include "common/json/view.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct err err;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
    err = (struct err){.code = E_OK};
}

static void teardown(void)
{
    arena_done(&arena);
}

/// Judges a copy of the exact size, so that a read beyond the end is seen.
static int judge(struct strview text)
{
    char *copy = malloc(text.len != 0 ? text.len : 1);
    memcpy(copy, text.len != 0 ? text.ptr : "", text.len);
    const struct json *tree = NULL;
    struct strview exact = sv_make(copy, text.len);
    int result = json_strict(exact, &JSON_LIMITS_DEFAULT, &arena, NULL, &err);
    if (result == 0) {
        // What the scan takes, the parser behind takes too.
        ck_assert_msg(json_parse(exact, &JSON_LIMITS_DEFAULT, &arena, &tree, &err) == 0, "%.*s: %s",
                      SV_ARG(text), err.msg);
    }
    free(copy);
    return result;
}

static const struct strview good[] = {
    // Values at the top, white space
    SV_INIT("null"),
    SV_INIT("true"),
    SV_INIT("false"),
    SV_INIT("0"),
    SV_INIT("\"\""),
    SV_INIT("[]"),
    SV_INIT("{}"),
    SV_INIT(" \t\r\n[\n]\r "),
    SV_INIT("{ }"),
    SV_INIT(" { \"a\" : [ 1 , 2 ] , \"b\" : { } } "),
    SV_INIT("[[],[[]],{},{\"a\":{}}]"),
    // Numbers
    SV_INIT("-0"),
    SV_INIT("-1"),
    SV_INIT("10"),
    SV_INIT("1.0"),
    SV_INIT("0.1"),
    SV_INIT("-0.01"),
    SV_INIT("1e1"),
    SV_INIT("1E1"),
    SV_INIT("1e+1"),
    SV_INIT("1e-1"),
    SV_INIT("0e0"),
    SV_INIT("0e+1"),
    SV_INIT("1.5e308"),
    SV_INIT("1e-400"),
    SV_INIT("5e-324"),
    SV_INIT("1e00001"),
    SV_INIT("9007199254740993"),
    SV_INIT("123456789012345678901234567890"),
    SV_INIT("[1,-1,1.5]"),
    SV_INIT("[0 ,1]"),
    SV_INIT("{\"a\":-1}"),
    SV_INIT("123456789012345678901234567890123456789012345678901234567890123"),
    // Strings
    SV_INIT("\"a\""),
    SV_INIT("\" \""),
    SV_INIT("\"/\""),
    SV_INIT("\"\\/\""),
    SV_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    SV_INIT("\"\\u0001\""),
    SV_INIT("\"\\u0020\""),
    SV_INIT("\"\\u00e9\\u00E9\""),
    SV_INIT("\"\\uD83D\\uDE00\""),
    SV_INIT("\"\\udbff\\udfff\""),
    SV_INIT("\"\\uffff\""),
    SV_INIT("\"\\ufeff\""),
    SV_INIT("\"\\\\u0000\""),
    SV_INIT("\"\x7f\""),
    SV_INIT("\"\xc2\x80\""),
    SV_INIT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""),
    SV_INIT("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    SV_INIT("\"\xef\xbb\xbf\""),
    SV_INIT("\"\xf4\x8f\xbf\xbf\""),
    SV_INIT("\"\xed\x9f\xbf\xee\x80\x80\""),
    SV_INIT("\"null // [1,2] {\""),
    SV_INIT("\"12345678\""),
    SV_INIT("\"1234567\\n12345678\""),
    // Keys
    SV_INIT("{\"\":0}"),
    SV_INIT("{\"a\":1,\"A\":2}"),
    SV_INIT("{\"a\":{\"a\":{\"a\":1}}}"),
    SV_INIT("[{\"a\":1},{\"a\":1}]"),
    SV_INIT("{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1}]}"),
    SV_INIT("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"),
    SV_INIT("{\"a\":1,\"a \":2,\"\\u0001a\":3}"),
};

static const struct strview bad[] = {
    // Nothing, halves, too much
    SV_INIT(""),
    SV_INIT(" "),
    SV_INIT("["),
    SV_INIT("{"),
    SV_INIT("]"),
    SV_INIT("}"),
    SV_INIT("[1"),
    SV_INIT("[1,"),
    SV_INIT("{\"a\""),
    SV_INIT("{\"a\":"),
    SV_INIT("{\"a\":1"),
    SV_INIT("{\"a\":1,"),
    SV_INIT("\""),
    SV_INIT("\"a"),
    SV_INIT("\"\\"),
    SV_INIT("\"\\\""),
    SV_INIT("1 2"),
    SV_INIT("{}{}"),
    SV_INIT("[] x"),
    SV_INIT("[]]"),
    SV_INIT("{}}"),
    SV_INIT("null,"),
    SV_INIT("\"a\"\"b\""),
    SV_INIT("[}"),
    SV_INIT("{]"),
    SV_INIT("[1}"),
    SV_INIT("{\"a\":1]"),
    SV_INIT("[[1]"),
    // Commas, colons, keys
    SV_INIT("[,]"),
    SV_INIT("[1,]"),
    SV_INIT("[,1]"),
    SV_INIT("[1,,2]"),
    SV_INIT("[1 2]"),
    SV_INIT("[1:2]"),
    SV_INIT("{,}"),
    SV_INIT("{\"a\":1,}"),
    SV_INIT("{,\"a\":1}"),
    SV_INIT("{\"a\"}"),
    SV_INIT("{\"a\",1}"),
    SV_INIT("{\"a\" 1}"),
    SV_INIT("{\"a\"::1}"),
    SV_INIT("{:1}"),
    SV_INIT("{1:1}"),
    SV_INIT("{a:1}"),
    SV_INIT("{'a':1}"),
    SV_INIT("{null:1}"),
    SV_INIT("{\"a\":1 \"b\":2}"),
    SV_INIT("{\"a\":}"),
    SV_INIT("{[]:1}"),
    SV_INIT(":"),
    SV_INIT(","),
    // Words
    SV_INIT("nul"),
    SV_INIT("nulll"),
    SV_INIT("True"),
    SV_INIT("TRUE"),
    SV_INIT("tru"),
    SV_INIT("fals"),
    SV_INIT("truefalse"),
    SV_INIT("undefined"),
    SV_INIT("NaN"),
    SV_INIT("Infinity"),
    SV_INIT("-Infinity"),
    SV_INIT("inf"),
    SV_INIT("nan"),
    SV_INIT("[nul]"),
    // Numbers
    SV_INIT("-"),
    SV_INIT("+1"),
    SV_INIT("01"),
    SV_INIT("-01"),
    SV_INIT("00"),
    SV_INIT("1."),
    SV_INIT(".5"),
    SV_INIT("-.5"),
    SV_INIT("1.e1"),
    SV_INIT("1e"),
    SV_INIT("1e+"),
    SV_INIT("1E-"),
    SV_INIT("1e1.5"),
    SV_INIT("1.5.5"),
    SV_INIT("0x10"),
    SV_INIT("1_000"),
    SV_INIT("--1"),
    SV_INIT("1-1"),
    SV_INIT("- 1"),
    SV_INIT("1 .5"),
    SV_INIT("1a"),
    SV_INIT("1e400"),
    SV_INIT("-1e400"),
    SV_INIT("1.8e308"),
    SV_INIT("0.1e999999999"),
    SV_INIT("1f"),
    SV_INIT("1L"),
    SV_INIT("[-]"),
    SV_INIT("[1e]"),
    SV_INIT("\xd9\xa1"),
    SV_INIT("1234567890123456789012345678901234567890123456789012345678901234"),
    // Strings
    SV_INIT("'a'"),
    SV_INIT("\"\n\""),
    SV_INIT("\"\t\""),
    SV_INIT("\"\x1f\""),
    SV_INIT("\"\x01 12345678\""),
    SV_INIT("\"a\0b\""),
    SV_INIT("\"\\u0000\""),
    SV_INIT("\"a\\u0000b\""),
    SV_INIT("\"\\x41\""),
    SV_INIT("\"\\'\""),
    SV_INIT("\"\\a\""),
    SV_INIT("\"\\0\""),
    SV_INIT("\"\\U0041\""),
    SV_INIT("\"\\u\""),
    SV_INIT("\"\\u004\""),
    SV_INIT("\"\\u00g1\""),
    SV_INIT("\"\\u 041\""),
    SV_INIT("\"\\u+041\""),
    SV_INIT("\"\\ud83d\""),
    SV_INIT("\"\\ude00\""),
    SV_INIT("\"\\ud83d\\ud83d\""),
    SV_INIT("\"\\ud83dx\""),
    SV_INIT("\"\\ud83d\\n\""),
    SV_INIT("\"\\ud83d\\u0041\""),
    SV_INIT("\"\\ude00\\ud83d\""),
    SV_INIT("\"\\ud83d\\u\""),
    SV_INIT("\"\\ud83d\\ude0\""),
    SV_INIT("\"\\\n\""),
    SV_INIT("\"\\\xc3\xa9\""),
    // UTF-8
    SV_INIT("\"\x80\""),
    SV_INIT("\"\xbf\""),
    SV_INIT("\"\xc0\xaf\""),
    SV_INIT("\"\xc1\xbf\""),
    SV_INIT("\"\xc3\""),
    SV_INIT("\"\xe0\x80\x80\""),
    SV_INIT("\"\xe2\x82\""),
    SV_INIT("\"\xed\xa0\x80\""),
    SV_INIT("\"\xed\xbf\xbf\""),
    SV_INIT("\"\xf0\x80\x80\x80\""),
    SV_INIT("\"\xf4\x90\x80\x80\""),
    SV_INIT("\"\xf5\x80\x80\x80\""),
    SV_INIT("\"\xfe\""),
    SV_INIT("\"\xff\""),
    SV_INIT("\"\xf8\x88\x80\x80\x80\""),
    SV_INIT("{\"\xff\":1}"),
    SV_INIT("\xe9"),
    SV_INIT("\"\xe9\""),
    SV_INIT("\"\xf0\x9f\x98"),
    SV_INIT("[\xa0]"),
    // White space and marks that RFC 8259 does not know
    SV_INIT("\xef\xbb\xbf{}"),
    SV_INIT("\xfe\xff"),
    SV_INIT("[\f]"),
    SV_INIT("[\v]"),
    SV_INIT("\xc2\xa0[]"),
    SV_INIT("[]\0"),
    SV_INIT("\0"),
    SV_INIT("[1]\x1a"),
    SV_INIT("[\xe2\x81\xa0]"),
    SV_INIT("{}\xef\xbb\xbf"),
    SV_INIT("[\0]"),
    SV_INIT("{\"a\0\":1}"),
    SV_INIT("{\"a\\u0000\":1}"),
    // Comments and other dialects
    SV_INIT("/**/[]"),
    SV_INIT("[]//x"),
    SV_INIT("[1/**/]"),
    SV_INIT("#\n[]"),
    SV_INIT("(1)"),
    SV_INIT("[1;2]"),
    SV_INIT("{\"a\"=1}"),
    SV_INIT("<a/>"),
    SV_INIT("a: 1"),
    SV_INIT("`a`"),
    // Keys twice
    SV_INIT("{\"a\":1,\"a\":1}"),
    SV_INIT("{\"a\":1,\"b\":2,\"a\":3}"),
    SV_INIT("{\"\":1,\"\":1}"),
    SV_INIT("{\"a\":1,\"\\u0061\":2}"),
    SV_INIT("{\"\\u00e9\":1,\"\xc3\xa9\":2}"),
    SV_INIT("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"),
    SV_INIT("{\"/\":1,\"\\/\":2}"),
    SV_INIT("{\"\\n\":1,\"\\u000A\":2}"),
    SV_INIT("[{\"x\":{\"a\":1,\"a\":2}}]"),
    SV_INIT("{\"a\":{\"b\":1},\"a\":{\"b\":1}}"),
};

START_TEST(strict__takes_what_the_rfc_takes)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ck_assert_msg(judge(good[i]) == 0, "%.*s: %s", SV_ARG(good[i]), err.msg);
    }
}
END_TEST

START_TEST(strict__refuses_everything_else)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err = (struct err){.code = E_OK};
        ck_assert_msg(judge(bad[i]) == -1, "row %zu is taken: %.*s", i, SV_ARG(bad[i]));
        ck_assert_msg(err.code == E_PARSE, "%.*s: %s", SV_ARG(bad[i]), err.msg);
    }
}
END_TEST

START_TEST(strict__says_where_and_what)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"{\"a\":1,\"a\":2}", "at byte 7: duplicate key \"a\""},
        {"{\n \"a\": 1,\n  \"a\": 2\n}", "line 3, column 3: duplicate key \"a\""},
        {"{\"\xc3\xa9\xc3\xa9\": tru}\n", "at byte 9: unknown word where a value must stand"},
        {"{\n\"\xc3\xa9\xc3\xa9\": tru}",
         "line 2, column 7: unknown word where a value must stand"},
        {"[1,]", "at byte 3: ']' where a value must stand"},
        {"[1 2]", "at byte 3: '2' where a comma or ']' must stand"},
        {"{\"a\":1;", "at byte 6: ';' where a comma or '}' must stand"},
        {"{\"a\" 1}", "at byte 5: '1' where a colon must stand"},
        {"{a:1}", "at byte 1: 'a' where a key must stand"},
        {"[1.]", "at byte 3: ']' where a digit must stand"},
        {"[01]", "at byte 1: number with a leading zero"},
        {"[1e999]", "at byte 1: number out of range"},
        {"{} x", "at byte 3: 'x' where the end of the text must stand"},
        {"[\"abc", "at byte 5: the text ends within a string"},
        {"[", "at byte 1: the text ends where a value must stand"},
        {"[\"a\tb\"]", "at byte 3: control character 0x09 in a string"},
        {"[\"a\\qb\"]", "at byte 3: unknown escape in a string"},
        {"[\"a\\u0000\"]", "at byte 3: \\u0000 in a string"},
        {"[\"\\uD83D\"]", "at byte 2: \\uD83D is half of a surrogate pair"},
        {"[\"\xff\"]", "at byte 2: invalid UTF-8"},
        {"\xef\xbb\xbf{}", "at byte 0: byte order mark where a value must stand"},
        {"[\x01]", "at byte 1: byte 0x01 where a value must stand"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_int_eq(judge(sv_from(rows[i].text)), -1);
        ck_assert_str_eq(err.msg, rows[i].message);
    }
}
END_TEST

START_TEST(strict__shows_a_long_key_cut_between_characters)
{
    // 63 letters and a character of two bytes, which would be cut in half at 64.
    const char *key = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk";
    struct strview text = arena_printf(&arena, "{\"%s\xc3\xa9z\":1,\"%s\xc3\xa9z\":2}", key, key);
    struct strview message =
        arena_printf(&arena, "at byte 72: duplicate key \"%s\xe2\x80\xa6\"", key);
    ck_assert_int_eq(judge(text), -1);
    ck_assert_str_eq(err.msg, message.ptr);
}
END_TEST

static const char sample[] = "{\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"705ab4f5\","
                             "\"n\":[0,-1.5e+3,true,false,null],"
                             "\"\\u00e9\\ud83d\\ude00\":\"\xc3\xa9\xf0\x9f\x98\x80 "
                             "\\\"\\\\\\n\",\n \"empty\":[{},[],\"\"]}}";

START_TEST(strict__refuses_a_text_cut_at_any_byte)
{
    ck_assert_int_eq(judge(sv_from(sample)), 0);
    for (size_t len = 0; len < sizeof(sample) - 1; len++) {
        ck_assert_int_eq(judge(sv_make(sample, len)), -1);
        ck_assert_int_eq(err.code, E_PARSE);
    }
}
END_TEST

START_TEST(strict__survives_any_byte_in_any_place)
{
    char text[sizeof(sample)];
    for (size_t at = 0; at < sizeof(sample) - 1; at++) {
        for (int c = 0; c < 256; c++) {
            memcpy(text, sample, sizeof(sample));
            text[at] = (char)c;
            (void)judge(sv_make(text, sizeof(sample) - 1));
        }
        arena_done(&arena);
    }
}
END_TEST

START_TEST(strict__counts_values_but_not_keys)
{
    size_t values = 0;
    ck_assert_int_eq(json_strict(SV("{\"a\":[1,{},\"x\"],\"b\":null}"), &JSON_LIMITS_DEFAULT,
                                 &arena, &values, NULL),
                     0);
    ck_assert_uint_eq(values, 6);
    ck_assert_int_eq(json_strict(SV("true"), &JSON_LIMITS_DEFAULT, &arena, &values, NULL), 0);
    ck_assert_uint_eq(values, 1);
    ck_assert_int_eq(json_strict(SV_NONE, &JSON_LIMITS_DEFAULT, &arena, &values, NULL), -1);
}
END_TEST

UNIT_MAIN(setup, teardown, strict__takes_what_the_rfc_takes, strict__refuses_everything_else,
          strict__says_where_and_what, strict__shows_a_long_key_cut_between_characters,
          strict__refuses_a_text_cut_at_any_byte, strict__survives_any_byte_in_any_place,
          strict__counts_values_but_not_keys)
