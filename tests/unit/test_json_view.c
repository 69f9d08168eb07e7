// SPDX-License-Identifier: Apache-2.0
#include "common/json/view.h"

#include <pthread.h>

#include "common/base/strbuf.h"
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

static const struct json *parse(const char *text)
{
    const struct json *tree = NULL;
    struct err err = {.code = E_OK};
    int result = json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &tree, &err);
    ck_assert_msg(result == 0, "%s: %s", text, err.msg);
    return tree;
}

START_TEST(view__each_value_has_its_type)
{
    static const struct {
        const char *text;
        enum json_type type;
        const char *name;
    } rows[] = {
        {"null", JSON_NULL, "null"},      {"true", JSON_BOOL, "boolean"},
        {"false", JSON_BOOL, "boolean"},  {"1", JSON_NUMBER, "integer"},
        {"1.0", JSON_NUMBER, "integer"},  {"1.5", JSON_NUMBER, "number"},
        {"1e300", JSON_NUMBER, "number"}, {"\"\"", JSON_STRING, "string"},
        {"[]", JSON_ARRAY, "array"},      {"{}", JSON_OBJECT, "object"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json *v = parse(rows[i].text);
        ck_assert_int_eq(json_type(v), rows[i].type);
        ck_assert_str_eq(json_type_name(v), rows[i].name);
    }
    ck_assert_int_eq(json_type(NULL), JSON_ABSENT);
}
END_TEST

START_TEST(view__keys_are_found_by_their_exact_bytes)
{
    const struct json *o =
        parse("{\"Replicas\":1,\"replicas\":2,\"replica\":3,\"replicasX\":4,\"\":5}");
    int64_t v = 0;
    ck_assert(json_int(json_get_lit(o, "replicas"), &v) && v == 2);
    ck_assert(json_int(json_get_lit(o, "Replicas"), &v) && v == 1);
    ck_assert(json_int(json_get_lit(o, "replica"), &v) && v == 3);
    ck_assert(json_int(json_get_lit(o, ""), &v) && v == 5);
    ck_assert_ptr_null(json_get_lit(o, "REPLICAS"));
    ck_assert_ptr_null(json_get_lit(o, "replic"));
    ck_assert_ptr_null(json_get(o, sv_make("replica\0", 8)));
    // A key is a view: what stands behind it does not count.
    ck_assert(json_int(json_get(o, sv_make("replicasX", 8)), &v) && v == 2);
}
END_TEST

START_TEST(view__keys_that_begin_alike_are_told_apart)
{
    // Also an escaped one, and some that another one begins with.
    static const char *const KEYS[] = {"",
                                       "n",
                                       "name",
                                       "namespac",
                                       "namespacd",
                                       "namespace",
                                       "namespaced",
                                       "namespace.of.a.longer.key",
                                       "namespace.of.a.longer.kex",
                                       "namespac\\u0065s"};
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(4096);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        strbuf_printf(&text, "%c\"%s\":%zu", i == 0 ? '{' : ',', KEYS[i], i);
    }
    strbuf_put_char(&text, '}');
    const struct json *o = parse(text.ptr);
    int64_t v = -1;
    for (size_t i = 0; i + 1 < ARRAY_LEN(KEYS); i++) {
        ck_assert(json_int(json_get(o, sv_from(KEYS[i])), &v) && v == (int64_t)i);
    }
    ck_assert(json_int(json_get_lit(o, "namespaces"), &v) && v == (int64_t)ARRAY_LEN(KEYS) - 1);
    ck_assert_ptr_null(json_get_lit(o, "namespa"));
    ck_assert_ptr_null(json_get(o, sv_make("n\0", 2)));
    ck_assert_ptr_null(json_get_lit(o, "namespace.of.a.longer.kez"));
}
END_TEST

START_TEST(view__many_keys_are_found_at_once_as_each_alone)
{
    static const struct strview KEYS[] = {SV_INIT("uid"),         SV_INIT("kind"),
                                          SV_INIT("kindred"),     SV_INIT("requestKind"),
                                          SV_INIT("requestKeep"), SV_INIT("")};
    static const char *const TEXTS[] = {
        "{}",
        "{\"uid\":1,\"kind\":2,\"kindred\":3,\"requestKind\":4,\"requestKeep\":5,\"\":6}",
        "{\"\":1,\"requestKeep\":2,\"requestKind\":3,\"kindred\":4,\"kind\":5,\"uid\":6}",
        "{\"kind\":1,\"others\":2,\"uid\":3,\"requestkind\":4,\"requestKind\":null}",
        "{\"kin\":1,\"kindr\":{\"uid\":2},\"ui\":3,\"requestKindX\":4}",
        "[1,2]",
        "\"uid\"",
    };
    const struct json *found[ARRAY_LEN(KEYS)];
    for (size_t t = 0; t < ARRAY_LEN(TEXTS); t++) {
        const struct json *v = parse(TEXTS[t]);
        json_get_all(v, KEYS, ARRAY_LEN(KEYS), found);
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
            ck_assert_msg(found[i] == json_get(v, KEYS[i]), "%s: %s", TEXTS[t], KEYS[i].ptr);
        }
    }
    found[0] = parse("1");
    json_get_all(NULL, KEYS, 1, found);
    ck_assert_ptr_null(found[0]);
}
END_TEST

START_TEST(view__what_is_absent_reads_as_absent_everywhere)
{
    int64_t i;
    double d;
    bool b;
    ck_assert_ptr_null(json_get_lit(NULL, "a"));
    ck_assert_ptr_null(json_get_path(NULL, "a", "b", NULL));
    ck_assert_ptr_null(json_first(NULL));
    ck_assert_uint_eq(json_count(NULL), 0);
    ck_assert(!sv_present(json_key(NULL)) && !sv_present(json_string(NULL)));
    ck_assert(!sv_present(json_get_string(NULL, SV("a"))));
    ck_assert(!json_int(NULL, &i) && !json_double(NULL, &d) && !json_bool(NULL, &b));
    ck_assert_str_eq(json_type_name(NULL), "null");
    ck_assert(json_equal(NULL, NULL) && !json_equal(NULL, parse("null")));
}
END_TEST

START_TEST(view__scalars_and_arrays_have_no_members)
{
    static const char *const texts[] = {"null", "true", "1", "\"a\"", "[\"a\"]"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        ck_assert_ptr_null(json_get_lit(parse(texts[i]), "a"));
        ck_assert_ptr_null(json_get_path(parse(texts[i]), "a", "b", NULL));
    }
    ck_assert_ptr_null(json_first(parse("\"a\"")));
    ck_assert(!sv_present(json_key(json_first(parse("[1]")))));
    ck_assert(!sv_present(json_key(parse("{\"a\":1}"))));
}
END_TEST

START_TEST(view__a_path_is_followed_down)
{
    const struct json *o = parse("{\"metadata\":{\"name\":\"n\",\"labels\":null}}");
    ck_assert(sv_eq(json_string(json_get_path(o, "metadata", "name", NULL)), SV("n")));
    ck_assert_ptr_null(json_get_path(o, "metadata", "name", "x", NULL));
    ck_assert_ptr_null(json_get_path(o, "metadata", "labels", "x", NULL));
    ck_assert_ptr_null(json_get_path(o, "spec", "x", NULL));
    ck_assert_ptr_eq(json_get_path(o, NULL), o);
}
END_TEST

START_TEST(view__children_come_in_order)
{
    static const char *const keys[] = {"b", "a", "c"};
    size_t n = 0;
    json_each(child, parse("{\"b\":0,\"a\":1,\"c\":2}")) {
        int64_t v = -1;
        ck_assert(sv_eq_lit(json_key(child), keys[n]));
        ck_assert(json_int(child, &v) && v == (int64_t)n);
        n++;
    }
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(json_count(parse("[1,[2,3],{}]")), 3);
    ck_assert_uint_eq(json_count(parse("[]")), 0);
}
END_TEST

START_TEST(view__integers_are_exact_or_refused)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"7", true, 7},
        {"-7", true, -7},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"1.5e1", true, 15},
        {"2147483648", true, 2147483648},
        {"9007199254740991", true, 9007199254740991},
        {"-9007199254740991", true, -9007199254740991},
        {"9007199254740992", false, 0},
        {"9007199254740993", false, 0},
        {"-9007199254740992", false, 0},
        {"1e300", false, 0},
        {"1.5", false, 0},
        {"0.1", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
        {"null", false, 0},
        {"[1]", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t v = 0;
        ck_assert_msg(json_int(parse(rows[i].text), &v) == rows[i].ok, "%s", rows[i].text);
        ck_assert_int_eq(v, rows[i].value);
    }
}
END_TEST

START_TEST(view__booleans_and_doubles_are_read)
{
    bool b = false;
    double d = 0;
    ck_assert(json_bool(parse("true"), &b) && b);
    ck_assert(json_bool(parse("false"), &b) && !b);
    ck_assert(!json_bool(parse("1"), &b) && !json_bool(parse("\"true\""), &b));
    ck_assert(json_double(parse("-1.25e2"), &d) && d == -125.0);
    ck_assert(!json_double(parse("\"1\""), &d));
}
END_TEST

START_TEST(view__strings_are_unescaped)
{
    const struct json *o = parse("{\"a\\/\\u00e9\":\"x\\n\\u20ac\\ud83d\\ude00\\\"\",\"n\":1}");
    ck_assert(sv_eq_lit(json_key(json_first(o)), "a/\xc3\xa9"));
    ck_assert(sv_eq_lit(json_get_string(o, SV("a/\xc3\xa9")), "x\n\xe2\x82\xac\xf0\x9f\x98\x80\""));
    ck_assert(!sv_present(json_get_string(o, SV("n"))));
    ck_assert(sv_present(json_string(parse("\"\""))));
    ck_assert_uint_eq(json_string(parse("\"\"")).len, 0);
}
END_TEST

START_TEST(view__the_text_need_not_outlive_the_parse)
{
    char text[] = "{\"key\":\"value\"}";
    const struct json *o = parse(text);
    memset(text, 'x', sizeof(text));
    ck_assert(sv_eq_lit(json_get_string(o, SV("key")), "value"));
}
END_TEST

START_TEST(view__a_malformed_text_leaves_the_result_alone)
{
    const struct json *tree = NULL;
    struct err err = {.code = E_OK};
    ck_assert_int_eq(json_parse(SV("{\"a\":1,}"), &JSON_LIMITS_DEFAULT, &arena, &tree, &err), -1);
    ck_assert_int_eq(err.code, E_PARSE);
    ck_assert_ptr_null(tree);
    ck_assert_int_eq(json_parse(SV("["), &JSON_LIMITS_DEFAULT, &arena, &tree, NULL), -1);
}
END_TEST

static void *parse_in_a_thread(void *result)
{
    struct arena own = ARENA((size_t)1 << 20);
    *(size_t *)result = 0;
    for (int i = 0; i < 200; i++) {
        const struct json *tree = NULL;
        if (json_parse(SV("{\"a\":[1,2,{\"b\":\"text\"}]}"), &JSON_LIMITS_DEFAULT, &own, &tree,
                       NULL) == 0) {
            *(size_t *)result += json_count(json_get_lit(tree, "a"));
        }
        arena_reset(&own, 4096);
    }
    arena_done(&own);
    return NULL;
}

START_TEST(view__threads_parse_into_arenas_of_their_own)
{
    pthread_t threads[4];
    size_t results[ARRAY_LEN(threads)];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, parse_in_a_thread, &results[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_uint_eq(results[i], 600);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, view__each_value_has_its_type, view__keys_are_found_by_their_exact_bytes,
          view__keys_that_begin_alike_are_told_apart,
          view__many_keys_are_found_at_once_as_each_alone,
          view__what_is_absent_reads_as_absent_everywhere, view__scalars_and_arrays_have_no_members,
          view__a_path_is_followed_down, view__children_come_in_order,
          view__integers_are_exact_or_refused, view__booleans_and_doubles_are_read,
          view__strings_are_unescaped, view__the_text_need_not_outlive_the_parse,
          view__a_malformed_text_leaves_the_result_alone,
          view__threads_parse_into_arenas_of_their_own)
