// SPDX-License-Identifier: Apache-2.0
#include "common/json/patch.h"

#include "common/base/mem.h"
#include "tests/fakes/json_patch_apply.h"
#include "tests/unit/unit.h"

#define MAX_KEYS 4

static struct arena arena;
static struct json_patch patch;
static struct err err;

static void setup(void)
{
    arena = ARENA((size_t)16 << 20);
    patch = JSON_PATCH((size_t)1 << 16);
    err = (struct err){.code = E_OK};
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    json_patch_done(&patch);
    arena_done(&arena);
}

static const struct json *parse(const char *text)
{
    const struct json *tree = NULL;
    ck_assert_int_eq(json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &tree, &err), 0);
    return tree;
}

/// WAY has its keys apart by dots.
static int set(const char *object, const char *way, const char *value)
{
    struct strview keys[MAX_KEYS], rest = sv_from(way);
    size_t n = 0;
    while (n < MAX_KEYS && sv_split(&rest, '.', &keys[n])) {
        n++;
    }
    return json_patch_set(&patch, parse(object), keys, n, sv_from(value), &err);
}

/// The engine that shares no code with ours says what the patch makes of OBJECT.
static void expect_applied(const char *object, const char *after)
{
    char *got = fake_patch_apply(sv_from(object), json_patch_end(&patch), &err);
    ck_assert_msg(got != NULL, "%s: %s", patch.text.ptr, err.msg);
    ck_assert_str_eq(got, after);
    free(got);
}

START_TEST(patch__each_set_is_one_operation_that_applies)
{
    static const struct {
        const char *object, *way, *value, *text, *after;
    } rows[] = {
        {"{\"a\":1}", "a", "2", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":2}]", "{\"a\":2}"},
        {"{\"a\":null}", "a", "{}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":{}}]",
         "{\"a\":{}}"},
        {"{}", "a", "2", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":2}]", "{\"a\":2}"},
        {"{\"a\":{\"b\":1}}", "a.c", "2", "[{\"op\":\"add\",\"path\":\"/a/c\",\"value\":2}]",
         "{\"a\":{\"b\":1,\"c\":2}}"},
        {"{\"a\":{\"b\":1}}", "a.b", "[]", "[{\"op\":\"replace\",\"path\":\"/a/b\",\"value\":[]}]",
         "{\"a\":{\"b\":[]}}"},
        {"{\"a\":{}}", "a.b.c.d", "1",
         "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":{\"c\":{\"d\":1}}}]",
         "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}"},
        {"{}", "a.b.c.d", "1",
         "[{\"op\":\"add\",\"path\":\"/a\",\"value\":{\"b\":{\"c\":{\"d\":1}}}}]",
         "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}"},
        {"{}", "x/y.~", "1", "[{\"op\":\"add\",\"path\":\"/x~1y\",\"value\":{\"~\":1}}]",
         "{\"x/y\":{\"~\":1}}"},
        {"{\"x/y\":{\"~1\":0}}", "x/y.~1", "1",
         "[{\"op\":\"replace\",\"path\":\"/x~1y/~01\",\"value\":1}]", "{\"x/y\":{\"~1\":1}}"},
        {"{\"\":{\"\":0}}", ".", "1", "[{\"op\":\"replace\",\"path\":\"//\",\"value\":1}]",
         "{\"\":{\"\":1}}"},
        {"{}", "a\"\n.\xc3\xa9", "1",
         "[{\"op\":\"add\",\"path\":\"/a\\\"\\n\",\"value\":{\"\xc3\xa9\":1}}]",
         "{\"a\\\"\\u000a\":{\"\xc3\xa9\":1}}"},
        {"{\"a\":[1]}", "b", "9007199254740993",
         "[{\"op\":\"add\",\"path\":\"/b\",\"value\":9007199254740993}]",
         "{\"a\":[1],\"b\":9007199254740993}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_patch_done(&patch);
        ck_assert_int_eq(set(rows[i].object, rows[i].way, rows[i].value), 0);
        ck_assert_uint_eq(patch.count, 1);
        expect_applied(rows[i].object, rows[i].after);
        ck_assert_str_eq(patch.text.ptr, rows[i].text);
    }
}
END_TEST

START_TEST(patch__several_sets_apply_one_after_the_other)
{
    const char *object = "{\"spec\":{\"a\":1,\"n\":12345678901234567890},\"metadata\":{}}";
    ck_assert_int_eq(set(object, "spec.a", "2"), 0);
    ck_assert_int_eq(set(object, "spec.b", "\"x\""), 0);
    ck_assert_int_eq(set(object, "metadata.labels.k", "\"v\""), 0);
    ck_assert_uint_eq(patch.count, 3);
    // A number that no double holds goes through untouched: the object is never written again.
    expect_applied(object, "{\"metadata\":{\"labels\":{\"k\":\"v\"}},"
                           "\"spec\":{\"a\":2,\"b\":\"x\",\"n\":12345678901234567890}}");
}
END_TEST

START_TEST(patch__without_operations_is_an_empty_array)
{
    ck_assert(sv_eq(json_patch_end(&patch), SV("[]")));
}
END_TEST

START_TEST(patch__a_parent_of_another_type_is_refused)
{
    static const struct {
        const char *object, *way;
    } rows[] = {
        {"{\"a\":1}", "a.b"},
        {"{\"a\":null}", "a.b"},
        {"{\"a\":[{\"b\":1}]}", "a.0.b"},
        {"{\"a\":\"x\"}", "a.b.c"},
        {"[]", "a"},
        {"null", "a"},
        {"{\"a\":{\"b\":true}}", "a.b.c"},
    };
    ck_assert_int_eq(set("{}", "ok", "1"), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        err = (struct err){.code = E_OK};
        ck_assert_int_eq(set(rows[i].object, rows[i].way, "1"), -1);
        ck_assert_int_eq(err.code, E_INVALID);
        ck_assert_uint_eq(patch.count, 1);
    }
    ck_assert_int_eq(json_patch_set(&patch, NULL, &SV("a"), 1, SV("1"), &err), -1);
    expect_applied("{}", "{\"ok\":1}");
}
END_TEST

START_TEST(patch__what_does_not_fit_is_refused)
{
    const char *one = "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1}]";
    for (size_t max = 0; max <= strlen(one); max++) {
        json_patch_done(&patch);
        patch = JSON_PATCH(max);
        err = (struct err){.code = E_OK};
        bool fits = max == strlen(one);
        ck_assert_int_eq(set("{}", "a", "1"), fits ? 0 : -1);
        ck_assert_int_eq(err.code, fits ? E_OK : E_TOO_LARGE);
        ck_assert_uint_eq(patch.count, fits ? 1 : 0);
        ck_assert(sv_present(json_patch_end(&patch)) == fits);
    }
}
END_TEST

START_TEST(patch__any_allocation_may_fail)
{
    const struct json *object = parse("{\"a\":{}}");
    const struct strview keys[] = {SV_INIT("a"), SV_INIT("b"), SV_INIT("c")};
    for (size_t n = 1;; n++) {
        json_patch_done(&patch);
        (void)mem_fail_after(n);
        int result = json_patch_set(&patch, object, keys, ARRAY_LEN(keys), SV("1"), &err);
        (void)mem_fail_after(0);
        if (result == 0) {
            ck_assert_uint_gt(n, 1);
            expect_applied("{\"a\":{}}", "{\"a\":{\"b\":{\"c\":1}}}");
            return;
        }
        ck_assert_int_eq(err.code, E_NOMEM);
        ck_assert(!sv_present(json_patch_end(&patch)));
    }
}
END_TEST

START_TEST(patch__pointer_tokens_are_escaped)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
    json_pointer_put(&b, SV("~/a~1/~0"));
    ck_assert_str_eq(b.ptr, "~0~1a~01~1~00");
}
END_TEST

UNIT_MAIN(setup, teardown, patch__each_set_is_one_operation_that_applies,
          patch__several_sets_apply_one_after_the_other,
          patch__without_operations_is_an_empty_array, patch__a_parent_of_another_type_is_refused,
          patch__what_does_not_fit_is_refused, patch__any_allocation_may_fail,
          patch__pointer_tokens_are_escaped)
