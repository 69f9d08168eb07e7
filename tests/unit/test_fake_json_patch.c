// SPDX-License-Identifier: Apache-2.0
// The judge is judged by the examples of RFC 6902, appendix A, and RFC 6901, section 5.
#include "tests/fakes/json_patch_apply.h"
#include "tests/unit/unit.h"

static const struct {
    const char *doc, *patch, *after; // NULL: must not apply
} rows[] = {
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]",
     "{\"baz\":\"qux\",\"foo\":\"bar\"}"},
    {"{\"foo\":[\"bar\",\"baz\"]}", "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
     "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
    {"{\"baz\":\"qux\",\"foo\":\"bar\"}", "[{\"op\":\"remove\",\"path\":\"/baz\"}]",
     "{\"foo\":\"bar\"}"},
    {"{\"foo\":[\"bar\",\"qux\",\"baz\"]}", "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]",
     "{\"foo\":[\"bar\",\"baz\"]}"},
    {"{\"baz\":\"qux\",\"foo\":\"bar\"}",
     "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]",
     "{\"baz\":\"boo\",\"foo\":\"bar\"}"},
    {"{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}",
     "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
     "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}"},
    {"{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}",
     "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]",
     "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}"},
    {"{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}",
     "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"},{\"op\":\"test\",\"path\":\"/foo/1\","
     "\"value\":2}]",
     "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}"},
    {"{\"baz\":\"qux\"}", "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"bar\"}]", NULL},
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/child\",\"value\":{\"grandchild\":{}}}]",
     "{\"child\":{\"grandchild\":{}},\"foo\":\"bar\"}"},
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}]",
     "{\"baz\":\"qux\",\"foo\":\"bar\"}"},
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":\"qux\"}]", NULL},
    {"{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}]",
     "{\"/\":9,\"~1\":10}"},
    {"{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":\"10\"}]", NULL},
    {"{\"foo\":[\"bar\"]}", "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}]",
     "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}"},
    {"{\"a\":{\"b\":1}}",
     "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"},"
     "{\"op\":\"replace\",\"path\":\"/c/b\",\"value\":2}]",
     "{\"a\":{\"b\":1},\"c\":{\"b\":2}}"},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"\",\"value\":[]}]", "[]"},
    {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":1}]", NULL},
    {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/b\"}]", NULL},
    {"{\"a\":{\"b\":1}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL},
    {"[1]", "[{\"op\":\"add\",\"path\":\"/2\",\"value\":1}]", NULL},
    {"[1]", "[{\"op\":\"add\",\"path\":\"/01\",\"value\":1}]", NULL},
    {"[1]", "[{\"op\":\"replace\",\"path\":\"/-\",\"value\":1}]", NULL},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"b\",\"value\":1}]", NULL},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\"}]", NULL},
    {"{\"a\":1}", "[{\"op\":\"grow\",\"path\":\"/a\",\"value\":1}]", NULL},
    {"{\"a\":1}", "{}", NULL},
    {"{\"a\":", "[]", NULL},
    {"{ \"b\" : 9007199254740993 , \"a\":\"\\u00e9\\n\\ud83d\\ude00\" }", "[]",
     "{\"a\":\"\xc3\xa9\\u000a\xf0\x9f\x98\x80\",\"b\":9007199254740993}"},
};

START_TEST(fake_patch__applies_as_the_rfc_has_it)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {.code = E_OK};
        char *after = fake_patch_apply(sv_from(rows[i].doc), sv_from(rows[i].patch), &err);
        if (rows[i].after == NULL) {
            ck_assert_msg(after == NULL, "%s gives %s", rows[i].patch, after);
            ck_assert(err.msg[0] != '\0');
        } else {
            ck_assert_msg(after != NULL, "%s: %s", rows[i].patch, err.msg);
            ck_assert_str_eq(after, rows[i].after);
        }
        free(after);
    }
}
END_TEST

START_TEST(fake_patch__canonical_texts_compare)
{
    char *a = fake_json_canonical(SV("{\"b\":[1, 2],\"a\":{}}"));
    char *b = fake_json_canonical(SV(" {\"\\u0061\" : {}, \"b\":[1,2]}"));
    ck_assert_str_eq(a, b);
    ck_assert_ptr_null(fake_json_canonical(SV("{")));
    free(a);
    free(b);
}
END_TEST

UNIT_MAIN(NULL, NULL, fake_patch__applies_as_the_rfc_has_it, fake_patch__canonical_texts_compare)
