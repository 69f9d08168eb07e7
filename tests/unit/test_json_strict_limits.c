// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <time.h>

#include "common/base/mem.h"
#include "common/base/strbuf.h"
#include "common/json/keyset.h"
#include "common/json/tree.h"
#include "common/json/view.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct strbuf text;
static struct err err;

static void setup(void)
{
    arena = ARENA((size_t)128 << 20);
    text = STRBUF((size_t)64 << 20);
    err = (struct err){.code = E_OK};
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    arena_done(&arena);
    strbuf_done(&text);
}

static int judge(const struct json_limits *limits)
{
    return json_strict(strbuf_view(&text), limits, &arena, NULL, &err);
}

static void put_times(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strbuf_put_str(&text, s);
    }
}

START_TEST(limits__depth_64_is_taken_and_65_is_not)
{
    static const struct {
        const char *open, *close;
    } forms[] = {{"[", "]"}, {"{\"a\":", "}"}};
    for (size_t form = 0; form < ARRAY_LEN(forms); form++) {
        for (size_t depth = 64; depth <= 65; depth++) {
            strbuf_reset(&text);
            put_times(forms[form].open, depth);
            strbuf_put_str(&text, "1");
            put_times(forms[form].close, depth);
            ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), depth == 64 ? 0 : -1);
        }
        ck_assert_int_eq(err.code, E_PARSE);
    }
    strbuf_reset(&text);
    put_times("[", 1000000);
    ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), -1);
    ck_assert_str_eq(err.msg, "at byte 64: nested deeper than 64");
}
END_TEST

START_TEST(limits__100000_values_are_taken_and_one_more_is_not)
{
    strbuf_put_str(&text, "[{}");
    put_times(",{}", 99998);
    strbuf_put_str(&text, "]");
    ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), 0);
    strbuf_truncate(&text, text.len - 1);
    strbuf_put_str(&text, ",0]");
    ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    ck_assert_str_eq(err.msg, "more than 100000 JSON values");
}
END_TEST

START_TEST(limits__a_string_of_1_mib_is_taken_and_one_byte_more_is_not)
{
    static const char *const before[] = {"\"", "{\""};
    static const char *const after[] = {"\"", "\":1}"};
    for (size_t form = 0; form < ARRAY_LEN(before); form++) {
        for (size_t more = 0; more < 2; more++) {
            strbuf_reset(&text);
            strbuf_put_str(&text, before[form]);
            put_times("a", ((size_t)1 << 20) + more);
            strbuf_put_str(&text, after[form]);
            ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), more == 0 ? 0 : -1);
        }
        ck_assert_int_eq(err.code, E_TOO_LARGE);
        ck_assert_str_eq(err.msg, "a string of 1048577 bytes; at most 1048576 are allowed");
    }
}
END_TEST

START_TEST(limits__a_text_of_7_mib_is_taken_and_one_byte_more_is_not)
{
    put_times("[] ", 1);
    put_times("       ", (size_t)1 << 20);
    strbuf_truncate(&text, (size_t)7 << 20);
    ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), 0);
    strbuf_put_str(&text, " ");
    ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    ck_assert_str_eq(err.msg, "a text of 7340033 bytes; at most 7340032 are allowed");
}
END_TEST

START_TEST(limits__are_the_callers)
{
    const struct json_limits small = {
        .max_bytes = 20, .max_values = 3, .max_string = 4, .max_depth = 1};
    static const struct {
        const char *text;
        enum errc code;
    } rows[] = {
        {"[1,2]", E_OK},
        {"[1,2,3]", E_TOO_LARGE},
        {"[[]]", E_PARSE},
        {"\"abcd\"", E_OK},
        {"\"abcde\"", E_TOO_LARGE},
        {"{\"abcde\":1}", E_TOO_LARGE},
        {"\"\\u0041\"", E_TOO_LARGE},
        {"                   1", E_OK},
        {"                    1", E_TOO_LARGE},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        err.code = E_OK;
        int result = json_strict(sv_from(rows[i].text), &small, &arena, NULL, &err);
        ck_assert_int_eq(result, rows[i].code == E_OK ? 0 : -1);
        ck_assert_msg(err.code == rows[i].code, "%s: %s", rows[i].text, err.msg);
    }
}
END_TEST

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

START_TEST(limits__an_object_of_99999_keys_takes_linear_time)
{
    strbuf_put_str(&text, "{\"first\":0");
    for (unsigned i = 0; i < 99998; i++) {
        strbuf_printf(&text, ",\"some-longer-key-%u\":%u", i, i % 10);
    }
    strbuf_put_str(&text, "}");
    double from = cpu_seconds();
    ck_assert_msg(judge(&JSON_LIMITS_DEFAULT) == 0, "%s", err.msg);
    // Comparing each with each would take minutes.
    ck_assert(cpu_seconds() - from < 5);
    strbuf_truncate(&text, text.len - 1);
    strbuf_put_str(&text, ",\"first\":1}");
    ck_assert_int_eq(judge(&(struct json_limits){(size_t)7 << 20, 200000, 100, 64}), -1);
    ck_assert_msg(strstr(err.msg, "duplicate key \"first\"") != NULL, "%s", err.msg);
}
END_TEST

START_TEST(limits__many_objects_of_many_keys_take_linear_time)
{
    strbuf_put_str(&text, "[0");
    for (unsigned i = 0; i < 4000; i++) {
        strbuf_put_str(&text, ",{\"k\":0");
        for (unsigned key = 0; key < 20; key++) {
            strbuf_printf(&text, ",\"%u\":%u", key, i);
        }
        strbuf_put_str(&text, "}");
    }
    strbuf_put_str(&text, "]");
    double from = cpu_seconds();
    ck_assert_msg(judge(&JSON_LIMITS_DEFAULT) == 0, "%s", err.msg);
    ck_assert(cpu_seconds() - from < 5);
    // The text, nodes (in blocks of at most 1024) and one key table for all objects.
    const size_t nodes = 2 + 4000 * 22 + 1024;
    ck_assert_uint_lt(arena.used, text.len + nodes * sizeof(struct json) + 8192);
}
END_TEST

START_TEST(limits__keys_made_to_collide_are_refused)
{
    strbuf_put_str(&text, "{\"\":0");
    for (unsigned i = 0, n = 0; n < 400; i++) {
        char key[16];
        int len = snprintf(key, sizeof(key), "%u", i);
        if ((keyset_hash(sv_make(key, (size_t)len)) & 0xfff) == 0) {
            strbuf_printf(&text, ",\"%s\":0", key);
            n++;
        }
    }
    strbuf_put_str(&text, "}");
    ck_assert_int_eq(judge(&JSON_LIMITS_DEFAULT), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    ck_assert_str_eq(err.msg, "an object whose keys are too costly to compare");
}
END_TEST

/// An object with keys enough for a table, keys with escapes, and a tree of several chunks.
static void put_rich_text(void)
{
    strbuf_put_str(&text, "{\"\\u0061\\n\":[1,\"x\\u00e9\"]");
    for (unsigned i = 0; i < 600; i++) {
        strbuf_printf(&text, ",\"key\\t%u\":{\"a\":[\"some text of some length\",%u]}", i, i);
    }
    strbuf_put_str(&text, "}");
}

START_TEST(limits__any_allocation_may_fail)
{
    put_rich_text();
    for (size_t n = 1;; n++) {
        const struct json *tree = NULL;
        arena_done(&arena);
        (void)mem_fail_after(n);
        int result = json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, &arena, &tree, &err);
        (void)mem_fail_after(0);
        if (result == 0) {
            ck_assert_uint_eq(json_count(tree), 601);
            ck_assert_uint_gt(n, 2);
            return;
        }
        ck_assert_int_eq(err.code, E_NOMEM);
        ck_assert_ptr_null(tree);
    }
}
END_TEST

START_TEST(limits__an_arena_of_any_size_may_be_too_small)
{
    put_rich_text();
    for (size_t max = 0;; max += 509) {
        const struct json *tree = NULL;
        arena_done(&arena);
        arena = ARENA(max);
        if (json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, &arena, &tree, &err) == 0) {
            ck_assert_uint_eq(json_count(tree), 601);
            return;
        }
        ck_assert_int_eq(err.code, E_NOMEM);
        ck_assert_ptr_null(tree);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, limits__depth_64_is_taken_and_65_is_not,
          limits__100000_values_are_taken_and_one_more_is_not,
          limits__a_string_of_1_mib_is_taken_and_one_byte_more_is_not,
          limits__a_text_of_7_mib_is_taken_and_one_byte_more_is_not, limits__are_the_callers,
          limits__an_object_of_99999_keys_takes_linear_time,
          limits__many_objects_of_many_keys_take_linear_time,
          limits__keys_made_to_collide_are_refused, limits__any_allocation_may_fail,
          limits__an_arena_of_any_size_may_be_too_small)
