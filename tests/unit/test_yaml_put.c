// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/put.h"

#include <check.h>

#include "common/json/view.h"
#include "common/yaml/yaml.h"
#include "tests/unit/unit.h"

static struct arena arena;

static void setup(void)
{
    arena = ARENA((size_t)1 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

static const struct json *parse(struct strview text)
{
    const struct json *v = NULL;
    struct err err;
    ck_assert_msg(json_parse(text, &JSON_LIMITS_DEFAULT, &arena, &v, &err) == 0, "%s", err.msg);
    return v;
}

static const char *TEXTS[] = {
    "{\"a\":1,\"b\":{\"c\":[1,2,{\"d\":\"x\",\"e\":[]}],\"f\":{}},\"g\":null,\"h\":true}",
    "{\"yes\":\"no\",\"1\":\"1.20\",\"k\":\"\",\"m\":\"a: b\",\"n\":\"- "
    "x\",\"o\":\"line\\nline\\n\"}",
    "[[\"a\",[\"b\"]],{\"x\":[{\"y\":[{\"z\":\"~\"}]}]}]",
    "{\"q\":\"\\u00e4\\u2028 # no "
    "comment\",\"r\":\"0x1F\",\"s\":\"2026-01-01\",\"t\":\"Null\",\"u\":\"n\"}",
    "{\"l\":\"a: 1\\n  b\\n# c\\n\",\"m\":\"\\n\",\"n\":\"a\\n\\nb\\n\",\"o\":\" "
    "a\\nb\\n\",\"p\":[\"x\\ny\\n\",\"x\\ny\"]}",
    "{\"v\":-0.5,\"w\":1e21,\"x\":\"\\\"quoted\\\"\",\"y/z.io\":\"@at\",\"z\":\"<<\"}",
};

START_TEST(yaml_put__what_is_written_reads_back_as_the_same_value)
{
    const struct json *v = parse(sv_from(TEXTS[_i]));
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(65536);
    yaml_put(&b, v);
    ck_assert(strbuf_ok(&b));
    struct yaml_document *docs = NULL;
    size_t n = 0;
    struct err err;
    ck_assert_msg(yaml_to_json(strbuf_view(&b), NULL, &arena, &docs, &n, &err) == 0, "%s\n%s",
                  err.msg, b.ptr);
    ck_assert_uint_eq(n, 1);
    ck_assert_msg(json_equal(v, parse(docs[0].json)), "%s", b.ptr);
}
END_TEST

START_TEST(yaml_put__it_looks_as_kubectl_prints_it)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(65536);
    yaml_put(
        &b,
        parse(SV(
            "{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"a\",\"args\":[\"x\"]}]}}")));
    ck_assert_str_eq(b.ptr, "kind: Pod\nspec:\n  containers:\n  - name: a\n    args:\n    - x\n");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("yaml_put");
    TCase *t = tcase_create("yaml_put");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, yaml_put__what_is_written_reads_back_as_the_same_value, 0,
                        (int)ARRAY_LEN(TEXTS));
    tcase_add_test(t, yaml_put__it_looks_as_kubectl_prints_it);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
