// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/labels.h"

#include "tests/unit/k8s.h"

static const struct path ROOT = {.kind = PATH_FIELD, .key = SV_INIT("labels")};

static struct labels labels_of(const char *json)
{
    struct labels l;
    ck_assert(labels_read(json_of(sv_from(json)), &arena, &l));
    return l;
}

static struct label_selector selector_of(const char *json)
{
    struct violations v = VIOLATIONS(&arena, 100);
    struct label_selector s;
    ck_assert(label_selector_read(json_of(sv_from(json)), &ROOT, "test", &v, &arena, &s));
    ck_assert_msg(v.denials == 0, "%s", violations_text(&v));
    return s;
}

static void put_term(struct strbuf *b, const struct selector_term *t)
{
    bool set = t->op == SELECTOR_IN || t->op == SELECTOR_NOT_IN;
    if (t->op == SELECTOR_DOES_NOT_EXIST) {
        strbuf_put_char(b, '!');
    }
    strbuf_put(b, t->key);
    if (set && t->count == 1) {
        strbuf_put_str(b, t->op == SELECTOR_IN ? "=" : "!=");
        strbuf_put(b, t->values[0]);
    } else if (set) {
        strbuf_put_str(b, t->op == SELECTOR_IN ? " in (" : " notin (");
        for (size_t i = 0; i < t->count; i++) {
            if (i != 0) {
                strbuf_put_char(b, ',');
            }
            strbuf_put(b, t->values[i]);
        }
        strbuf_put_char(b, ')');
    }
}

/// As list calls have it: `app=flink,tier in (a,b),!old`.
static const char *selector_text(const struct label_selector *s)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4096);
    for (size_t i = 0; i < s->count; i++) {
        strbuf_put_str(&b, i != 0 ? "," : "");
        put_term(&b, &s->terms[i]);
    }
    return arena_copy(&arena, strbuf_view(&b)).ptr;
}

START_TEST(labels__only_strings_are_read)
{
    struct labels l = labels_of("{\"a\":\"1\",\"b\":2,\"c\":null,\"d\":\"\",\"e\":{}}");
    ck_assert_uint_eq(l.count, 2);
    ck_assert(sv_eq(labels_get(&l, SV("a")), SV("1")));
    ck_assert(sv_present(labels_get(&l, SV("d"))));
    ck_assert(!sv_present(labels_get(&l, SV("b"))));
    l = labels_of("[1]");
    ck_assert_uint_eq(l.count, 0);
}
END_TEST

START_TEST(labels__good_maps_pass)
{
    static const char *const rows[] = {"null", "{}", "{\"a\":\"\"}", "{\"x.y/a\":\"A_b.c-1\"}"};
    struct violations v = VIOLATIONS(&arena, 100);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        labels_check(json_of(sv_from(rows[i])), &ROOT, "test", &v);
        annotations_check(json_of(sv_from(rows[i])), &ROOT, "test", &v);
    }
    labels_check(NULL, &ROOT, "test", &v);
    annotations_check(json_of(SV("{\"A.b/c\":\"any {text}\\n\"}")), &ROOT, "test", &v);
    ck_assert_uint_eq(v.denials, 0);
}
END_TEST

START_TEST(labels__each_fault_is_told)
{
    static const struct {
        const char *json;
        size_t denials;
    } rows[] = {
        {"[]", 1},
        {"\"a\"", 1},
        {"{\"a\":1}", 1},
        {"{\"a\":null}", 1},
        {"{\"-a\":\"b\"}", 1},
        {"{\"a\":\"b/c\"}", 1},
        {"{\"-a\":\"b/c\",\"b\":{}}", 3},
        {"{\"\":\"\"}", 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct violations v = VIOLATIONS(&arena, 100);
        labels_check(json_of(sv_from(rows[i].json)), &ROOT, "test", &v);
        ck_assert_msg(v.denials == rows[i].denials, "%s: %s", rows[i].json, violations_text(&v));
    }
}
END_TEST

START_TEST(labels__faults_read_as_the_api_servers)
{
    struct violations v = VIOLATIONS(&arena, 100);
    labels_check(json_of(SV("{\"a\":1,\"b/c/d\":\"x\"}")), &ROOT, "test", &v);
    ck_assert_str_eq(
        violations_text(&v),
        "labels[a]: Invalid value: 1: must be a string\n"
        "labels: Invalid value: \"b/c/d\": a valid label key must consist of alphanumeric "
        "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
        "'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' "
        "(e.g. 'example.com/MyName')\n");
}
END_TEST

START_TEST(labels__annotations_have_256_kib_together)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    strbuf_put_str(&b, "{\"a\":\"");
    for (size_t i = 0; i < ANNOTATIONS_MAX_BYTES - 1; i++) {
        strbuf_put_char(&b, 'x');
    }
    strbuf_put_str(&b, "\"}");
    struct violations v = VIOLATIONS(&arena, 100);
    annotations_check(json_of(strbuf_view(&b)), &ROOT, "test", &v);
    ck_assert_uint_eq(v.denials, 0);
    strbuf_truncate(&b, b.len - 2);
    strbuf_put_str(&b, "x\"}");
    annotations_check(json_of(strbuf_view(&b)), &ROOT, "test", &v);
    ck_assert_str_eq(violations_text(&v), "labels: Too long: may not be more than 262144 bytes\n");
}
END_TEST

START_TEST(label_selector__matches_as_kubernetes_does)
{
    static const struct {
        const char *selector, *labels;
        bool match;
    } rows[] = {
        {"null", "{}", true},
        {"{}", "{\"a\":\"1\"}", true},
        {"{\"matchLabels\":{\"a\":\"1\"}}", "{\"a\":\"1\",\"b\":\"2\"}", true},
        {"{\"matchLabels\":{\"a\":\"1\"}}", "{\"a\":\"2\"}", false},
        {"{\"matchLabels\":{\"a\":\"\"}}", "{}", false},
        {"{\"matchLabels\":{\"a\":\"1\",\"b\":\"2\"}}", "{\"a\":\"1\"}", false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"1\",\"2\"]}]}",
         "{\"a\":\"2\"}", true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"1\"]}]}", "{}",
         false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"1\"]}]}", "{}",
         true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"1\"]}]}",
         "{\"a\":\"1\"}", false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}", "{\"a\":\"\"}", true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}", "{}", false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}", "{}", true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}", "{\"a\":\"\"}",
         false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct label_selector s = selector_of(rows[i].selector);
        struct labels l = labels_of(rows[i].labels);
        ck_assert_msg(label_selector_matches(&s, &l) == rows[i].match, "%s of %s", rows[i].selector,
                      rows[i].labels);
    }
}
END_TEST

START_TEST(label_selector__labels_and_expressions_are_its_terms)
{
    struct label_selector s = selector_of(
        "{\"matchLabels\":{\"a\":\"1\"},\"matchExpressions\":["
        "{\"key\":\"b\",\"operator\":\"In\",\"values\":[\"x\",\"y\"]},"
        "{\"key\":\"c\",\"operator\":\"NotIn\",\"values\":[\"x\",\"\"]},"
        "{\"key\":\"d\",\"operator\":\"NotIn\",\"values\":[\"x\"]},"
        "{\"key\":\"e\",\"operator\":\"Exists\"},{\"key\":\"f\",\"operator\":\"DoesNotExist\"}]}");
    ck_assert_str_eq(selector_text(&s), "a=1,b in (x,y),c notin (x,),d!=x,e,!f");
}
END_TEST

START_TEST(label_selector__each_fault_is_told_and_the_good_terms_stay)
{
    struct violations v = VIOLATIONS(&arena, 100);
    struct label_selector s;
    const struct json *json =
        json_of(SV("{\"matchLabels\":{\"a\":\"1\",\"b\":2},\"matchExpressions\":["
                   "{\"key\":\"c\",\"operator\":\"in\",\"values\":[\"x\"]},7,"
                   "{\"key\":\"d\",\"operator\":\"In\"},{\"key\":\"e\",\"operator\":\"Exists\","
                   "\"values\":[\"x\"]},"
                   "{\"key\":\"f\"},{\"key\":1,\"operator\":3,\"values\":{}},"
                   "{\"key\":\"h\",\"operator\":\"In\",\"values\":[\"a/b\",1]},"
                   "{\"key\":\"i\",\"operator\":\"Exists\"}]}"));
    ck_assert(label_selector_read(json, &ROOT, "test", &v, &arena, &s));
    ck_assert_msg(v.denials == 11, "%s", violations_text(&v));
    ck_assert_str_eq(selector_text(&s), "a=1,i");
    ck_assert(label_selector_read(json_of(SV("[]")), &ROOT, "test", &v, &arena, &s));
    ck_assert_uint_eq(v.denials, 12);
}
END_TEST

START_TEST(labels__a_full_arena_is_told)
{
    CLEANUP(arena_done) struct arena small = ARENA(1);
    struct violations v = VIOLATIONS(&arena, 100);
    struct labels l;
    struct label_selector s;
    const struct json *map = json_of(SV("{\"a\":\"1\"}"));
    ck_assert(!labels_read(map, &small, &l));
    ck_assert_uint_eq(l.count, 0);
    ck_assert(!label_selector_read(map, &ROOT, "test", &v, &small, &s));
    ck_assert_uint_eq(s.count, 0);
}
END_TEST

UNIT_MAIN(setup, teardown, labels__only_strings_are_read, labels__good_maps_pass,
          labels__each_fault_is_told, labels__faults_read_as_the_api_servers,
          labels__annotations_have_256_kib_together, label_selector__matches_as_kubernetes_does,
          label_selector__labels_and_expressions_are_its_terms,
          label_selector__each_fault_is_told_and_the_good_terms_stay, labels__a_full_arena_is_told)
