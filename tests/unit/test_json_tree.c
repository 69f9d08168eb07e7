// SPDX-License-Identifier: Apache-2.0
#include "common/json/tree.h"

#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/os_file.h"
#include "tests/unit/unit.h"

static struct arena arena;

static void setup(void)
{
    arena = ARENA((size_t)16 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

START_TEST(tree__numbers_are_what_strtod_reads)
{
    static const char *const NUMBERS[] = {"0",
                                          "-0",
                                          "7",
                                          "-12",
                                          "999999999999999",
                                          "-99999999999999",
                                          "1234567890123456789",
                                          "9007199254740993",
                                          "0.1",
                                          "-2.5e-3",
                                          "1E5",
                                          "4.9e-324",
                                          "0.30000000000000004"};
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
        double want = strtod(NUMBERS[i], NULL);
        double got = json_tree_number(sv_from(NUMBERS[i]));
        ck_assert_msg(memcmp(&want, &got, sizeof(got)) == 0, "%s: %.17g", NUMBERS[i], got);
    }
}
END_TEST

START_TEST(tree__strings_and_keys_end_with_a_nul)
{
    const char *text = "{\"plain\":\"value\",\"e\\u0073c\":\"a\\n\\ud83d\\ude00b\",\"\":\"\"}";
    const struct json *o = NULL;
    ck_assert_int_eq(json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &o, NULL), 0);
    json_each(v, o) {
        ck_assert_uint_eq(strlen(json_key(v).ptr), json_key(v).len);
        ck_assert_uint_eq(strlen(json_string(v).ptr), json_string(v).len);
    }
    ck_assert(sv_eq(json_get_string(o, SV("plain")), SV("value")));
    ck_assert(sv_eq(json_get_string(o, SV("esc")), SV("a\n\xf0\x9f\x98\x80"
                                                      "b")));
    ck_assert(sv_present(json_get_string(o, SV(""))));
}
END_TEST

START_TEST(tree__each_level_keeps_its_order)
{
    const char *text = "[{\"a\":[1,[2,[]],{}],\"b\":{\"c\":{}}},3,[],\"x\"]";
    const struct json *root = NULL;
    ck_assert_int_eq(json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &root, NULL), 0);
    ck_assert_uint_eq(json_count(root), 4);
    const struct json *first = json_first(root);
    ck_assert_uint_eq(json_count(first), 2);
    const struct json *a = json_get_lit(first, "a");
    ck_assert_uint_eq(json_count(a), 3);
    ck_assert_uint_eq(json_count(json_next(json_first(a))), 2);
    ck_assert(!sv_present(json_key(json_first(a))));
    ck_assert_int_eq(json_type(json_get_path(first, "b", "c", NULL)), JSON_OBJECT);
    ck_assert_int_eq(json_type(json_next(first)), JSON_NUMBER);
}
END_TEST

START_TEST(tree__a_full_arena_is_told_wherever_it_ends)
{
    static const char TEXT[] = "{\"a\":[1,2,{\"\\u0062\":\"\\n\",\"c\":\"d\"}],\"e\":null}";
    const struct json *tree = NULL;
    bool done = false;
    for (size_t max = 0; max < 16384 && !done; max += 7) {
        struct arena small = ARENA(max);
        struct err err = {.code = E_OK};
        done = json_parse(sv_from(TEXT), &JSON_LIMITS_DEFAULT, &small, &tree, &err) == 0;
        ck_assert(done || err.code == E_NOMEM);
        arena_done(&small);
    }
    ck_assert(done);
}
END_TEST

/// Our tree against the one that cJSON's own parser makes of the same text, by cJSON's own
/// comparison.
static void assert_as_cjson_reads(struct strview text)
{
    const struct json *ours = NULL;
    struct err err;
    ck_assert_msg(json_parse(text, &JSON_LIMITS_DEFAULT, &arena, &ours, &err) == 0, "%s", err.msg);
    cJSON *theirs = cJSON_ParseWithLength(text.ptr, text.len);
    ck_assert_ptr_nonnull(theirs);
    ck_assert(cJSON_Compare(&ours->node, theirs, true));
    cJSON_Delete(theirs);
}

START_TEST(tree__it_is_what_cjson_itself_reads)
{
    static const char *const TEXTS[] = {
        "0",
        "-1.5e3",
        "\"\\u00e4\\ud83d\\ude00 \\/\\b\"",
        "[]",
        "{}",
        "[null,true,false]",
        "{\"a\":{\"b\":[1,2.5,\"x\",{\"\\u0063\":[[]]}]},\"\":{}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        assert_as_cjson_reads(sv_from(TEXTS[i]));
    }
    static const char *const BODIES[] = {"create-small", "update-small", "create-large",
                                         "update-large"};
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        CLEANUP(strbuf_done) struct strbuf path = STRBUF(4096);
        CLEANUP(strbuf_done) struct strbuf text = STRBUF(65536);
        struct err err;
        strbuf_printf(&path, "%s/dev/bench/bodies/%s.json", SLUICE_SOURCE_DIR, BODIES[i]);
        ck_assert_msg(os_file_read(path.ptr, 65536, &text, &err) == 0, "%s", err.msg);
        assert_as_cjson_reads(strbuf_view(&text));
    }
}
END_TEST

UNIT_MAIN(setup, teardown, tree__numbers_are_what_strtod_reads,
          tree__strings_and_keys_end_with_a_nul, tree__each_level_keeps_its_order,
          tree__a_full_arena_is_told_wherever_it_ends, tree__it_is_what_cjson_itself_reads)
