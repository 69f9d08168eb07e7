// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/yaml.h"

#include <check.h>
#include <stdlib.h>

#include "common/base/strbuf.h"
#include "common/json/view.h"

static struct arena arena;
static struct yaml_document *docs;
static size_t count;
static struct err err;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
    err = (struct err){0};
}

static void teardown(void)
{
    arena_done(&arena);
}

static int convert(const char *text)
{
    return yaml_to_json(sv_from(text), NULL, &arena, &docs, &count, &err);
}

static void expect(const char *text, const char *json)
{
    if (convert(text) != 0) {
        ck_abort_msg("%s: %s", text, err.msg);
    }
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(docs[0].json.ptr, json);
    const struct json *v;
    ck_assert_int_eq(json_parse(docs[0].json, &JSON_LIMITS_DEFAULT, &arena, &v, &err), 0);
}

static void refused(const char *text, enum errc code)
{
    if (convert(text) != -1) {
        ck_abort_msg("accepted: %.80s", text);
    }
    ck_assert_msg(err.code == code, "%s", err.msg);
}

// What sigs.k8s.io/yaml 1.6 prints for the same text, one scalar a row.
static const struct {
    const char *yaml, *json;
} SCALARS[] = {
    {"yes", "true"},
    {"No", "false"},
    {"on", "true"},
    {"OFF", "false"},
    {"y", "true"},
    {"N", "false"},
    {"True", "true"},
    {"tRue", "\"tRue\""},
    {"~x", "\"~x\""},
    {"'yes'", "\"yes\""},
    {"\"1\"", "\"1\""},
    {"0", "0"},
    {"-0", "0"},
    {"+12", "12"},
    {"017", "15"},
    {"0o17", "15"},
    {"0x1F", "31"},
    {"-0x10", "-16"},
    {"0b101", "5"},
    {"1_000", "1000"},
    {"08", "8"},
    {"1.20", "1.2"},
    {".5", "0.5"},
    {".25_5", "0.255"},
    {"._5", "\"._5\""},
    {"5.", "5"},
    {"1e3", "1000"},
    {"1.5e-3", "0.0015"},
    {"9007199254740993", "9007199254740993"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"18446744073709551615", "18446744073709551615"},
    {"1e999", "\"1e999\""},
    {"12:30:45", "\"12:30:45\""},
    {"2001-12-14", "\"2001-12-14\""},
    {"2001-12-14T21:59:43Z", "\"2001-12-14T21:59:43Z\""},
    {"1.2.3", "\"1.2.3\""},
    {"1Gi", "\"1Gi\""},
    {"-", "[null]"},
    {"-a", "\"-a\""},
    {"0x", "\"0x\""},
    {"!!str 12", "\"12\""},
    {"!!int '12'", "12"},
    {"!!float 12", "12"},
    {"!custom 12", "\"12\""},
    {"'a\n\n  b'", "\"a\\nb\""},
    {"\"\\u00e9\"", "\"\xc3\xa9\""},
};

START_TEST(yaml__scalars_read_as_kubernetes_reads_them)
{
    expect(SCALARS[_i].yaml, SCALARS[_i].json);
}
END_TEST

START_TEST(yaml__block_and_flow_keep_their_order)
{
    expect("b: {x: [1, two, ~]}\na:\n- k: v\n  l: |\n    one\n    two\n",
           "{\"b\":{\"x\":[1,\"two\",null]},\"a\":[{\"k\":\"v\",\"l\":\"one\\ntwo\\n\"}]}");
}
END_TEST

START_TEST(yaml__json_is_yaml)
{
    expect("{\"a\":[true,null,\"x\\/y\",1.5],\"b\":{}}",
           "{\"a\":[true,null,\"x/y\",1.5],\"b\":{}}");
}
END_TEST

START_TEST(yaml__keys_become_strings)
{
    expect("{1: a, yes: b, 1.5: c, 0x10: d}",
           "{\"1\":\"a\",\"true\":\"b\",\"1.5\":\"c\",\"16\":\"d\"}");
    refused("{~: a}", E_PARSE);
    refused("? [a]\n: b\n", E_PARSE);
}
END_TEST

START_TEST(yaml__a_key_written_twice_is_an_error_with_both_lines)
{
    refused("a: 1\nb: 2\na: 3\n", E_PARSE);
    ck_assert_str_eq(err.msg, "line 3: key \"a\" stands already in line 1");
    refused("{1: a, '1': b}", E_PARSE);
}
END_TEST

START_TEST(yaml__aliases_are_expanded)
{
    expect("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n",
           "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":[{\"k\":1},{\"k\":1}]}");
    refused("a: *nowhere", E_PARSE);
    refused("a: &x [*x]", E_PARSE);
}
END_TEST

START_TEST(yaml__merge_keys_are_applied_in_order)
{
    expect("base: &b {x: 1, z: 2}\nc:\n  <<: *b\n  z: 3\n",
           "{\"base\":{\"x\":1,\"z\":2},\"c\":{\"x\":1,\"z\":3}}");
    expect("- &a {x: 1}\n- &b {x: 2, z: 0}\n- {<<: [*a, *b]}\n",
           "[{\"x\":1},{\"x\":2,\"z\":0},{\"z\":0,\"x\":1}]");
    expect("'<<': 1", "{\"<<\":1}");
    refused("<<: 1", E_PARSE);
    refused("<<: [1]", E_PARSE);
    refused("a: &a {<<: *a}", E_PARSE);
}
END_TEST

START_TEST(yaml__a_bomb_of_aliases_hits_the_limit)
{
    refused("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
            "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
            "g: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
            E_TOO_LARGE);
}
END_TEST

START_TEST(yaml__a_bomb_of_merges_hits_the_limit)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    strbuf_put_str(&b, "- &m0 {}\n");
    for (int i = 1; i < 60; i++) {
        strbuf_printf(&b, "- &m%d {<<: [*m%d, *m%d]}\n", i, i - 1, i - 1);
    }
    refused(b.ptr, E_TOO_LARGE);
}
END_TEST

START_TEST(yaml__depth_is_bounded)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    for (int i = 0; i < 64; i++) {
        strbuf_put_char(&b, '[');
    }
    size_t at = b.len;
    for (int i = 0; i < 64; i++) {
        strbuf_put_char(&b, ']');
    }
    ck_assert_int_eq(convert(b.ptr), 0);
    strbuf_truncate(&b, at);
    strbuf_put_str(&b, "[");
    refused(b.ptr, E_TOO_LARGE);
}
END_TEST

START_TEST(yaml__a_stream_gives_each_document_and_leaves_out_empty_ones)
{
    ck_assert_int_eq(convert("---\na: 1\n---\n# nothing\n---\n~\n---\nb: 2\n..."), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(docs[0].json.ptr, "{\"a\":1}");
    ck_assert_uint_eq(docs[0].line, 2);
    ck_assert_uint_eq(docs[1].line, 8);
    ck_assert_int_eq(convert(""), 0);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(yaml__documents_before_a_fault_are_given)
{
    refused("a: 1\n---\nb: [\n", E_PARSE);
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(yaml__faults_carry_a_line)
{
    refused("a: 1\n\tb: 2\n", E_PARSE);
    ck_assert_ptr_eq(strstr(err.msg, "line 2"), err.msg);
    refused("a: \"\\0\"", E_PARSE);
    refused("a: .inf", E_PARSE);
    refused("a: !!int x", E_PARSE);
    refused("a: \xff\xfe", E_PARSE);
    refused("a: !!binary aGk=", E_PARSE);
}
END_TEST

START_TEST(yaml__lines_are_found_by_field_path)
{
    const char *text =
        "metadata:\n  annotations:\n    a.b/c: x\nspec:\n  list:\n  - one\n  - name: n\n"
        "    deep: {x: 1,\n      z: 2}\n";
    ck_assert_int_eq(convert(text), 0);
    ck_assert_uint_eq(yaml_line(docs, sv_from("metadata.annotations[a.b/c]")), 3);
    ck_assert_uint_eq(yaml_line(docs, sv_from("spec.list[0]")), 6);
    ck_assert_uint_eq(yaml_line(docs, sv_from("spec.list[1].name")), 7);
    ck_assert_uint_eq(yaml_line(docs, sv_from("spec.list[1].deep.z")), 9);
    ck_assert_uint_eq(yaml_line(docs, sv_from("spec.list[1].absent.y")), 7);
    ck_assert_uint_eq(yaml_line(docs, sv_from("spec.absent")), 4);
    ck_assert_uint_eq(yaml_line(docs, sv_from("")), 1);
    ck_assert_uint_eq(yaml_line(docs, sv_from("[[].")), 1);
}
END_TEST

START_TEST(yaml__lines_follow_aliases_and_merges)
{
    ck_assert_int_eq(convert("a: &x\n  k: 1\nb: *x\nc:\n  <<: *x\n  l: 2\n"), 0);
    ck_assert_uint_eq(yaml_line(docs, sv_from("b")), 3);
    ck_assert_uint_eq(yaml_line(docs, sv_from("b.k")), 2);
    ck_assert_uint_eq(yaml_line(docs, sv_from("c.k")), 2);
    ck_assert_uint_eq(yaml_line(docs, sv_from("c.l")), 6);
}
END_TEST

START_TEST(yaml__every_failed_allocation_is_an_error)
{
    for (size_t max = 1; max < 40000; max += 97) {
        struct arena small = ARENA(max);
        struct yaml_document *d;
        size_t n;
        int rc =
            yaml_to_json(SV("a: &x {k: 1, 2: [3]}\nb: {<<: *x}\n"), NULL, &small, &d, &n, &err);
        ck_assert(rc == 0 || err.code == E_NOMEM);
        arena_done(&small);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("yaml");
    TCase *t = tcase_create("yaml");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, yaml__scalars_read_as_kubernetes_reads_them, 0, ARRAY_LEN(SCALARS));
    tcase_add_test(t, yaml__block_and_flow_keep_their_order);
    tcase_add_test(t, yaml__json_is_yaml);
    tcase_add_test(t, yaml__keys_become_strings);
    tcase_add_test(t, yaml__a_key_written_twice_is_an_error_with_both_lines);
    tcase_add_test(t, yaml__aliases_are_expanded);
    tcase_add_test(t, yaml__merge_keys_are_applied_in_order);
    tcase_add_test(t, yaml__a_bomb_of_aliases_hits_the_limit);
    tcase_add_test(t, yaml__a_bomb_of_merges_hits_the_limit);
    tcase_add_test(t, yaml__depth_is_bounded);
    tcase_add_test(t, yaml__a_stream_gives_each_document_and_leaves_out_empty_ones);
    tcase_add_test(t, yaml__documents_before_a_fault_are_given);
    tcase_add_test(t, yaml__faults_carry_a_line);
    tcase_add_test(t, yaml__lines_are_found_by_field_path);
    tcase_add_test(t, yaml__lines_follow_aliases_and_merges);
    tcase_add_test(t, yaml__every_failed_allocation_is_an_error);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
