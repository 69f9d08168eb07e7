// SPDX-License-Identifier: Apache-2.0
// json_parse_with(): whatever is spared, what is refused and what is read stay the same.
#include "common/json/view.h"

#include <stdio.h>
#include <string.h>

#include "common/base/os_file.h"
#include "common/json/out.h"
#include "tests/unit/unit.h"

static const struct json_shortcuts SHORTCUTS = {
    .later = SV_INIT("later"), .model = SV_INIT("model"), .like = SV_INIT("like")};
static const struct json_shortcuts OF_A_REVIEW = {
    .later = SV_INIT("managedFields"), .model = SV_INIT("object"), .like = SV_INIT("oldObject")};

static struct arena arena;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % n;
}

/// The same text read both ways: one error with the same words, or trees that are written alike.
static bool assert_same(struct strview text, const struct json_shortcuts *shortcuts,
                        const struct json_limits *limits)
{
    struct err plain_err = {.code = E_OK}, err = {.code = E_OK};
    const struct json *plain = NULL, *tree = NULL;
    int want = json_parse(text, limits, &arena, &plain, &plain_err);
    int rc = json_parse_with(shortcuts, text, limits, &arena, &tree, &err);
    ck_assert_msg(want == rc, "%.*s", SV_ARG(text));
    if (want != 0) {
        ck_assert_int_eq(plain_err.code, err.code);
        ck_assert_str_eq(plain_err.msg, err.msg);
        return false;
    }
    CLEANUP(strbuf_done) struct strbuf a = STRBUF((size_t)1 << 20), b = STRBUF((size_t)1 << 20);
    struct json_out out_a = JSON_OUT(&a), out_b = JSON_OUT(&b);
    bool equal_first = random_below(2) == 0; // whoever looks into it first
    ck_assert(!equal_first || json_equal(plain, tree));
    json_out_value(&out_a, plain);
    json_out_value(&out_b, tree);
    ck_assert_str_eq(a.ptr, b.ptr);
    ck_assert(json_equal(tree, plain));
    return true;
}

static struct strview generated(struct strbuf *b, unsigned depth, int *change_at);

static void put_members(struct strbuf *b, unsigned depth, int *change_at)
{
    static const char *const KEYS[] = {"a",     "b",           "c",           "like",
                                       "later", "long-key-01", "long-key-02", "model"};
    bool sorted = random_below(4) != 0, first = true;
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        if (random_below(2) == 0) {
            strbuf_printf(b, "%s\"%s\"%s:", first ? "" : ",",
                          KEYS[sorted ? i : ARRAY_LEN(KEYS) - 1 - i],
                          random_below(8) == 0 ? " " : "");
            (void)generated(b, depth + 1, change_at);
            first = false;
        }
    }
}

/// A value; the one that comes when *CHANGE_AT counts down to nought is another one than else.
static struct strview generated(struct strbuf *b, unsigned depth, int *change_at)
{
    static const char *const SCALARS[] = {"1",
                                          "-2.5e3",
                                          "true",
                                          "null",
                                          "\"s\"",
                                          "\"\\u00e4\\n\"",
                                          "\"\xc3\xa4 and more than sixteen bytes\"",
                                          "[]",
                                          "{}"};
    size_t at = b->len;
    bool changed = --*change_at == 0;
    unsigned kind = depth > 4 ? 0 : random_below(3);
    if (kind == 0) {
        strbuf_put_str(b, SCALARS[random_below(ARRAY_LEN(SCALARS))]);
    } else if (kind == 1) {
        strbuf_put_char(b, '{');
        put_members(b, depth, change_at);
        strbuf_put_char(b, '}');
    } else {
        strbuf_put_char(b, '[');
        for (unsigned n = random_below(4), i = 0; i < n; i++) {
            strbuf_put_str(b, i == 0 ? "" : ",");
            (void)generated(b, depth + 1, change_at);
        }
        strbuf_put_char(b, ']');
    }
    if (changed) {
        strbuf_truncate(b, at);
        strbuf_put_str(b, random_below(2) == 0 ? "{\"x\":[7]}" : "\"changed\"");
    }
    return strbuf_view(b);
}

/// Two versions of an object, as in an update.
static void put_pair(struct strbuf *b, uint64_t seed, int change_at)
{
    int never = 0;
    strbuf_put_str(b, "{\"request\":{\"model\":");
    random_state = seed;
    (void)generated(b, 0, &never);
    strbuf_put_str(b, ",\"like\":");
    random_state = seed;
    (void)generated(b, 0, &change_at);
    strbuf_put_str(b, "}}");
}

START_TEST(shortcuts__generated_pairs_are_read_the_same)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF((size_t)1 << 20);
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        strbuf_reset(&text);
        put_pair(&text, seed * 0x9e3779b97f4a7c15u, (int)(seed % 12));
        ck_assert(assert_same(strbuf_view(&text), &SHORTCUTS, &JSON_LIMITS_DEFAULT));
        arena_reset(&arena, (size_t)1 << 20);
    }
}
END_TEST

START_TEST(shortcuts__a_byte_that_is_wrong_is_refused_in_the_same_words)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF((size_t)1 << 20);
    static const char BYTES[] = "\"\\{}[],:0x \x01\x80";
    unsigned refused = 0;
    for (uint64_t seed = 1; seed <= 12000; seed++) {
        strbuf_reset(&text);
        put_pair(&text, seed * 0x9e3779b97f4a7c15u, (int)(seed % 12));
        text.ptr[random_below((unsigned)text.len)] = BYTES[random_below(sizeof(BYTES))];
        refused += assert_same(strbuf_view(&text), &SHORTCUTS, &JSON_LIMITS_DEFAULT) ? 0 : 1;
        arena_reset(&arena, (size_t)1 << 20);
    }
    ck_assert_uint_gt(refused, 6000);
}
END_TEST

START_TEST(shortcuts__every_truncation_is_refused_in_the_same_words)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF((size_t)1 << 20);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        strbuf_reset(&text);
        put_pair(&text, seed * 0x9e3779b97f4a7c15u, (int)(seed % 12));
        for (size_t len = 0; len < text.len; len++) {
            ck_assert(!assert_same(sv_make(text.ptr, len), &SHORTCUTS, &JSON_LIMITS_DEFAULT));
            arena_reset(&arena, (size_t)1 << 20);
        }
    }
}
END_TEST

START_TEST(shortcuts__limits_hold_for_what_is_spared)
{
    static const char TEXT[] = "{\"model\":{\"a\":[1,2,{\"b\":[[3]]}],\"later\":{\"c\":[4,5]}},"
                               "\"like\":{\"a\":[1,2,{\"b\":[[3]]}],\"later\":{\"c\":[4,5]}}}";
    struct json_limits limits = JSON_LIMITS_DEFAULT;
    unsigned passed = 0;
    for (limits.max_values = 0; limits.max_values < 32; limits.max_values++) {
        passed += assert_same(sv_from(TEXT), &SHORTCUTS, &limits) ? 1 : 0;
    }
    ck_assert_uint_eq(passed, 32 - 25);
    passed = 0;
    for (limits.max_depth = 0; limits.max_depth < 10; limits.max_depth++) {
        passed += assert_same(sv_from(TEXT), &SHORTCUTS, &limits) ? 1 : 0;
    }
    ck_assert_uint_eq(passed, 10 - 6);
}
END_TEST

START_TEST(shortcuts__faults_of_what_is_read_later_are_found_at_once)
{
    static const char *const BAD[] = {
        "{\"later\":{\"a\":1,\"b\":{},\"a\":2}}",
        "{\"later\":{\"a\":\"\\u0000\"}}",
        "{\"later\":[1e999]}",
        "{\"later\":[\"\xff\"]}",
        "{\"later\":{\"a\":01}}",
        "{\"later\":{\"\\u0061\":1,\"a\":2}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        ck_assert(!assert_same(sv_from(BAD[i]), &SHORTCUTS, &JSON_LIMITS_DEFAULT));
    }
}
END_TEST

START_TEST(shortcuts__what_nobody_looks_into_is_not_built)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF((size_t)1 << 20);
    strbuf_put_str(&text, "{\"model\":1,\"later\":[");
    for (int i = 0; i < 10000; i++) {
        strbuf_printf(&text, "%s{\"a\":%d}", i == 0 ? "" : ",", i);
    }
    strbuf_put_str(&text, "]}");
    const struct json *tree = NULL;
    ck_assert_int_eq(
        json_parse_with(&SHORTCUTS, strbuf_view(&text), &JSON_LIMITS_DEFAULT, &arena, &tree, NULL),
        0);
    ck_assert_uint_lt(arena.used, text.len + 16384);
    ck_assert_uint_eq(json_count(json_get_lit(tree, "later")), 10000);
    ck_assert_uint_gt(arena.used, 10000 * sizeof(void *));
}
END_TEST

START_TEST(shortcuts__without_memory_a_part_seems_empty_and_the_arena_has_failed)
{
    static const char TEXT[] = "{\"later\":[1,[2,3],{\"a\":\"b\"}]}";
    const struct json *tree = NULL;
    ck_assert_int_eq(
        json_parse_with(&SHORTCUTS, sv_from(TEXT), &JSON_LIMITS_DEFAULT, &arena, &tree, NULL), 0);
    size_t max = arena.max;
    arena.max = arena.used;
    ck_assert_uint_eq(json_count(json_get_lit(tree, "later")), 0);
    ck_assert(!arena_ok(&arena));
    arena.max = max;
}
END_TEST

START_TEST(shortcuts__the_bodies_of_the_benchmark_are_read_the_same)
{
    static const char *const BODIES[] = {"create-small", "update-small", "create-large",
                                         "update-large"};
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        CLEANUP(strbuf_done) struct strbuf path = STRBUF(4096), text = STRBUF(65536);
        struct err err;
        strbuf_printf(&path, "%s/dev/bench/bodies/%s.json", SLUICE_SOURCE_DIR, BODIES[i]);
        ck_assert_msg(os_file_read(path.ptr, 65536, &text, &err) == 0, "%s", err.msg);
        ck_assert(assert_same(strbuf_view(&text), &OF_A_REVIEW, &JSON_LIMITS_DEFAULT));
    }
}
END_TEST

UNIT_MAIN(setup, teardown, shortcuts__generated_pairs_are_read_the_same,
          shortcuts__a_byte_that_is_wrong_is_refused_in_the_same_words,
          shortcuts__every_truncation_is_refused_in_the_same_words,
          shortcuts__limits_hold_for_what_is_spared,
          shortcuts__faults_of_what_is_read_later_are_found_at_once,
          shortcuts__what_nobody_looks_into_is_not_built,
          shortcuts__without_memory_a_part_seems_empty_and_the_arena_has_failed,
          shortcuts__the_bodies_of_the_benchmark_are_read_the_same)
