// SPDX-License-Identifier: Apache-2.0
#include "common/json/patch_apply.h"

#include "tests/fakes/json_patch_apply.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct strbuf out;
static struct err err;

static void setup(void)
{
    arena = ARENA((size_t)1 << 20);
    out = STRBUF((size_t)1 << 16);
    err = (struct err){.code = E_OK};
}

static void teardown(void)
{
    strbuf_done(&out);
    arena_done(&arena);
}

static const struct json *parse(const char *text)
{
    const struct json *tree = NULL;
    ck_assert_int_eq(json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &tree, &err), 0);
    return tree;
}

static const char *const DOC =
    "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1,\"b\":{\"c\":[1,{\"d\":2}]}}}";

/// Patches that fit DOC: held against the tests' own engine, which shares no line with ours.
START_TEST(apply__does_what_another_engine_does)
{
    static const char *const PATCHES[] = {
        "[]",
        "[{\"op\":\"add\",\"path\":\"/spec/y\",\"value\":{\"z\":[true,null]}}]",
        "[{\"op\":\"replace\",\"path\":\"/spec/x\",\"value\":\"t\"}]",
        "[{\"op\":\"add\",\"path\":\"/spec/x\",\"value\":2}]",
        ("[{\"op\":\"add\",\"path\":\"/spec/b/e\",\"value\":1},"
         "{\"op\":\"add\",\"path\":\"/metadata/annotations\",\"value\":{\"a/b\":\"c\"}}]"),
        "[{\"op\":\"add\",\"path\":\"/metadata/sluice.dev~1x~0y\",\"value\":\"z\"}]",
    };
    for (size_t i = 0; i < ARRAY_LEN(PATCHES); i++) {
        char *want = fake_patch_apply(sv_from(DOC), sv_from(PATCHES[i]), &err);
        ck_assert_ptr_nonnull(want);
        strbuf_reset(&out);
        ck_assert_int_eq(json_patch_apply(parse(DOC), parse(PATCHES[i]), &out, &err), 0);
        char *got = fake_json_canonical(strbuf_view(&out));
        ck_assert_str_eq(got, want);
        free(want);
        free(got);
    }
}
END_TEST

START_TEST(apply__refuses_what_it_does_not_know_or_what_does_not_fit)
{
    static const char *const PATCHES[] = {
        "[{\"op\":\"remove\",\"path\":\"/spec/x\"}]",
        "[{\"op\":\"add\",\"path\":\"/spec/y\"}]",
        "[{\"op\":\"add\",\"path\":\"\",\"value\":1}]",
        "[{\"op\":\"replace\",\"path\":\"/spec/absent\",\"value\":1}]",
        "[{\"op\":\"add\",\"path\":\"/absent/y\",\"value\":1}]",
        "[{\"op\":\"add\",\"path\":\"/spec/b/c/0\",\"value\":1}]",
        ("[{\"op\":\"add\",\"path\":\"/spec/y\",\"value\":1},{\"op\":\"add\",\"path\":\"/spec/y/"
         "z\","
         "\"value\":1}]"),
        "[{\"op\":\"add\",\"path\":\"/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a\",\"value\":1}]",
        "[7]",
    };
    for (size_t i = 0; i < ARRAY_LEN(PATCHES); i++) {
        ck_assert_int_eq(json_patch_apply(parse(DOC), parse(PATCHES[i]), &out, &err), -1);
        ck_assert_int_eq(err.code, E_INVALID);
    }
}
END_TEST

START_TEST(apply__takes_64_operations_and_no_more)
{
    CLEANUP(strbuf_done) struct strbuf patch = STRBUF((size_t)1 << 16);
    for (int i = 0; i < JSON_PATCH_APPLY_MAX; i++) {
        strbuf_printf(&patch, "%c{\"op\":\"add\",\"path\":\"/spec/n%d\",\"value\":%d}",
                      i == 0 ? '[' : ',', i, i);
    }
    strbuf_put_char(&patch, ']');
    ck_assert_int_eq(json_patch_apply(parse(DOC), parse(patch.ptr), &out, &err), 0);
    strbuf_truncate(&patch, patch.len - 1);
    strbuf_put_str(&patch, ",{\"op\":\"add\",\"path\":\"/more\",\"value\":1}]");
    strbuf_reset(&out);
    ck_assert_int_eq(json_patch_apply(parse(DOC), parse(patch.ptr), &out, &err), -1);
}
END_TEST

START_TEST(apply__says_when_the_document_does_not_fit)
{
    strbuf_done(&out);
    out = STRBUF(16);
    ck_assert_int_eq(json_patch_apply(parse(DOC), parse("[]"), &out, &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
}
END_TEST

UNIT_MAIN(setup, teardown, apply__does_what_another_engine_does,
          apply__refuses_what_it_does_not_know_or_what_does_not_fit,
          apply__takes_64_operations_and_no_more, apply__says_when_the_document_does_not_fit)
