// SPDX-License-Identifier: Apache-2.0
// FlinkPolicy's rows: each of them is read, checked and described, whatever stands there.
#include "common/policy/kind.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/kind/crd.h"
#include "common/kind/explain.h"
#include "common/kind/reference.h"
#include "common/policy/policy.h"
#include "common/policy/set.h"
#include "common/policy/status.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct violations faults;
static struct flink_policy policy;
static struct strbuf out;

static void setup(void)
{
    arena = ARENA((size_t)256 << 20);
    out = STRBUF((size_t)4 << 20);
}

static void teardown(void)
{
    strbuf_done(&out);
    arena_done(&arena);
}

static const struct json *parse(struct strview text)
{
    const struct json *v;
    struct err err = {0};
    if (json_parse(text, &JSON_LIMITS_DEFAULT, &arena, &v, &err) != 0) {
        ck_abort_msg("%.*s: %s", (int)(text.len < 1000 ? text.len : 1000), text.ptr, err.msg);
    }
    return v;
}

static const struct json *object(const char *spec)
{
    return parse(arena_printf(&arena, "{\"metadata\":{\"name\":\"p\"},\"spec\":%s}", spec));
}

static void decode(const char *spec)
{
    faults = VIOLATIONS(&arena, 1000);
    policy_decode(object(spec), &policy, &faults);
}

static bool has_fault(const char *rule, const char *path)
{
    for (size_t i = 0; i < faults.count; i++) {
        if (strcmp(faults.items[i].rule, rule) == 0 && sv_eq_lit(faults.items[i].path, path) &&
            faults.items[i].severity == SEVERITY_DENY) {
            return true;
        }
    }
    return false;
}

// ---- every field, whatever stands there ---------------------------------------------------------

/// Where a field is: `{"images":{"tags":{` and `}}}`, `spec.images.tags.`.
struct place {
    const char *before, *after, *path;
};

typedef void visit_fn(const struct place *at, const struct field *f);

static void visit(const struct object_type *type, const struct place *at, visit_fn *fn)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        fn(at, f);
        bool list = f->kind == FIELD_OBJECTS;
        if (f->sub != NULL) {
            const struct place deeper = {
                .before =
                    arena_printf(&arena, "%s\"%s\":%s{", at->before, f->name, list ? "[" : "").ptr,
                .after = arena_printf(&arena, "}%s%s", list ? "]" : "", at->after).ptr,
                .path = arena_printf(&arena, "%s%s%s.", at->path, f->name, list ? "[0]" : "").ptr,
            };
            visit(f->sub, &deeper, fn);
        }
    }
}

static void visit_all(visit_fn *fn)
{
    const struct place root = {.before = "{", .after = "}", .path = "spec."};
    visit(&policy_spec_type, &root, fn);
}

/// Decodes a policy with VALUE alone at F.
static const char *put(const struct place *at, const struct field *f, const char *value)
{
    decode(arena_printf(&arena, "%s\"%s\":%s%s", at->before, f->name, value, at->after).ptr);
    return arena_printf(&arena, "%s%s", at->path, f->name).ptr;
}

static bool is_of_type(enum field_kind kind, const char *value)
{
    const char *type = field_kind_schema(kind);
    switch (value[0]) {
    case '"':
        return strcmp(type, "string") == 0;
    case '{':
        return strcmp(type, "object") == 0;
    case '[':
        return strcmp(type, "array") == 0;
    case 't':
        return strcmp(type, "boolean") == 0;
    default:
        return strcmp(type, "integer") == 0 && strchr(value, '.') == NULL;
    }
}

static void with_each_type(const struct place *at, const struct field *f)
{
    static const char *const VALUES[] = {"\"\"", "{}", "[]", "true", "1", "1.5", "-9e99"};
    for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
        const char *path = put(at, f, VALUES[i]);
        bool right = is_of_type(f->kind, VALUES[i]);
        ck_assert_msg(has_fault("schema.type", path) != right || strcmp(VALUES[i], "-9e99") == 0,
                      "%s: %s", path, VALUES[i]);
    }
    const char *path = put(at, f, "null");
    ck_assert_msg(has_fault("schema.required", path) == f->required, "%s: null", path);
    ck_assert(!has_fault("schema.type", path));
}

START_TEST(decode__each_field_refuses_each_other_type)
{
    visit_all(with_each_type);
}
END_TEST

static const char *many(size_t n, const char *item, bool map)
{
    struct strbuf b = STRBUF((size_t)4 << 20);
    for (size_t i = 0; i < n; i++) {
        strbuf_put_str(&b, i == 0 ? "" : ",");
        if (map) {
            strbuf_printf(&b, "\"k%zu\":", i);
        }
        strbuf_put_str(&b, item);
    }
    const char *text = arena_printf(&arena, map ? "{%s}" : "[%s]", b.ptr != NULL ? b.ptr : "").ptr;
    strbuf_done(&b);
    return text;
}

static const char *string_of(size_t n)
{
    char *text = arena_alloc(&arena, n + 3);
    memset(text, 'x', n + 2);
    text[0] = text[n + 1] = '"';
    text[n + 2] = '\0';
    return text;
}

/// The bound itself is taken, one more is not.
static void with_too_much(const struct place *at, const struct field *f)
{
    const char *rule = "schema.count";
    const char *most = NULL, *over = NULL;
    const char *item = f->kind == FIELD_OBJECTS ? "{}" : "\"x\"";
    bool map =
        f->kind == FIELD_STRING_MAP || f->kind == FIELD_QUANTITY_MAP || f->kind == FIELD_ANY_MAP;
    if (f->kind == FIELD_INT) {
        rule = "schema.max";
        most = arena_printf(&arena, "%lld", (long long)f->max).ptr;
        over = arena_printf(&arena, "%lld", (long long)f->max + 1).ptr;
    } else if (f->kind == FIELD_STRING) {
        rule = "schema.length";
        most = string_of((size_t)f->max);
        over = string_of((size_t)f->max + 1);
    } else if (map || f->kind == FIELD_STRINGS || f->kind == FIELD_OBJECTS) {
        most = many((size_t)f->max, item, map);
        over = many((size_t)f->max + 1, item, map);
    } else {
        return;
    }
    ck_assert_msg(f->max > 0, "%s%s has no bound", at->path, f->name);
    const char *path = put(at, f, most);
    ck_assert_msg(!has_fault(rule, path), "%s", path);
    path = put(at, f, over);
    ck_assert_msg(has_fault(rule, path), "%s", path);
}

START_TEST(decode__everything_that_grows_has_a_bound)
{
    visit_all(with_too_much);
}
END_TEST

static void with_too_little(const struct place *at, const struct field *f)
{
    if (f->kind == FIELD_INT) {
        const char *path = put(at, f, arena_printf(&arena, "%lld", (long long)f->min - 1).ptr);
        ck_assert_msg(has_fault("schema.min", path), "%s", path);
        path = put(at, f, "-9223372036854775809");
        ck_assert_msg(has_fault("schema.min", path), "%s", path);
        path = put(at, f, "99999999999999999999999999");
        ck_assert_msg(has_fault("schema.max", path), "%s", path);
    } else if (f->kind == FIELD_ENUM) {
        ck_assert(has_fault("schema.enum", put(at, f, "\"deny\"")));
        ck_assert(has_fault("schema.enum", put(at, f, "\"\"")));
    } else if (f->kind == FIELD_STRINGS) {
        const char *path = put(at, f, "[null,\"a\",5,[]]");
        for (int i = 0; i < 4; i++) {
            const char *item = arena_printf(&arena, "%s[%d]", path, i).ptr;
            ck_assert_msg(has_fault("schema.type", item) == (i != 1), "%s", item);
        }
        ck_assert_int_gt(f->item_max, 0);
        path = put(at, f, arena_printf(&arena, "[%s]", string_of((size_t)f->item_max + 1)).ptr);
        ck_assert(has_fault("schema.length", arena_printf(&arena, "%s[0]", path).ptr));
    } else if (f->kind == FIELD_OBJECTS) {
        const char *path = put(at, f, "[null,5]");
        ck_assert(has_fault("schema.type", arena_printf(&arena, "%s[0]", path).ptr));
        ck_assert(has_fault("schema.type", arena_printf(&arena, "%s[1]", path).ptr));
    }
}

START_TEST(decode__what_is_too_little_or_no_item_is_refused)
{
    visit_all(with_too_little);
}
END_TEST

START_TEST(decode__no_object_is_a_fault_and_not_a_crash)
{
    static const char *const TEXTS[] = {
        "null",
        "5",
        "[]",
        "{}",
        "\"x\"",
        "{\"spec\":null}",
        "{\"spec\":[]}",
        "{\"spec\":5}",
        "{\"metadata\":5,\"spec\":{}}",
        "{\"metadata\":{\"name\":5,\"generateName\":[]},\"spec\":{}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        faults = VIOLATIONS(&arena, 10);
        policy_decode(parse(sv_from(TEXTS[i])), &policy, &faults);
        ck_assert_msg(faults.denials != 0, "%s", TEXTS[i]);
        ck_assert(!sv_present(policy.name));
    }
}
END_TEST

START_TEST(decode__an_unchanged_fault_is_only_warned_of)
{
    const struct json *old = object("{\"priority\":99999999,\"parallelism\":{\"min\":0}}");
    const struct json *now =
        object("{\"priority\":99999999,\"parallelism\":{\"min\":0,\"max\":0},\"job\":{}}");
    faults = VIOLATIONS(&arena, 10);
    policy_decode_update(now, old, &policy, &faults);
    ck_assert_uint_eq(faults.count, 3);
    ck_assert_uint_eq(faults.denials, 1);
    ck_assert(has_fault("schema.min", "spec.parallelism.max"));
    ck_assert(!policy.spec.priority.set);
}
END_TEST

START_TEST(decode__a_policy_is_read)
{
    decode("{\"enforcement\":\"Warn\",\"priority\":-5,\"images\":{\"allowed\":[],\"default\":\"a/"
           "b:1\"},"
           "\"pods\":{\"hostPath\":\"Deny\"},\"exempt\":[{\"namespace\":\"a\",\"name\":\"b\","
           "\"reason\":\"r\"}]}");
    ck_assert_uint_eq(faults.count, 0);
    ck_assert(sv_eq_lit(policy.name, "p"));
    ck_assert(sv_eq_lit(policy.spec.enforcement, "Warn"));
    ck_assert_int_eq(policy.spec.priority.v, -5);
    ck_assert(policy.spec.images.allowed.set && policy.spec.images.allowed.n == 0);
    ck_assert(!policy.spec.iam_roles.allowed.set);
    ck_assert(sv_eq_lit(policy.spec.images.dflt, "a/b:1"));
    ck_assert_uint_eq(json_count(policy.spec.exempt), 1);
}
END_TEST

// ---- what is made of the rows -------------------------------------------------------------------

START_TEST(rows__enforcements_are_those_of_the_evaluation)
{
    const char *const *names = field_find(&policy_spec_type, SV("enforcement"))->enums;
    for (unsigned e = 0; e < ENFORCE_ALLOW; e++) {
        ck_assert_str_eq(names[e], enforcement_name((enum enforcement)e));
    }
    ck_assert_ptr_null(names[ENFORCE_ALLOW]);
    ck_assert_str_eq(field_find(&policy_pods_type, SV("hostPath"))->enums[0],
                     enforcement_name(ENFORCE_ALLOW));
}
END_TEST

static bool has(const char *text)
{
    return strstr(out.ptr, text) != NULL;
}

static void is_in_crd(const struct place *at, const struct field *f)
{
    (void)at;
    ck_assert_msg(has(arena_printf(&arena, " %s:\n", f->name).ptr), "%s", f->name);
}

START_TEST(crd__is_cluster_scoped_with_every_field_and_no_default)
{
    kind_crd_write(&policy_kind, &out);
    ck_assert(strbuf_ok(&out));
    visit_all(is_in_crd);
    ck_assert(has("  scope: Cluster\n") && has("shortNames: [fp]") && has("status: {}"));
    // `kubectl get all` is about what runs; the schema has no rules that need the metadata.
    ck_assert(!has("categories") && !has("scale:") && !has("x-kubernetes-validations"));
    static const char *const COLUMNS[] = {"Enforcement", "Priority",   "Audited",
                                          "Violations",  "Last-Audit", "Age"};
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        ck_assert(has(arena_printf(&arena, "- name: %s\n", COLUMNS[i]).ptr));
    }
    char *dflt = strstr(out.ptr, " default:\n");
    for (; dflt != NULL; dflt = strstr(dflt + 1, " default:\n")) {
        // A field of that name, not a default of the schema.
        ck_assert_ptr_nonnull(strstr(dflt, "description"));
        ck_assert_int_lt(strstr(dflt, "description") - dflt, 40);
    }
}
END_TEST

static void is_explained(const struct place *at, const struct field *f)
{
    strbuf_reset(&out);
    struct strview path = arena_printf(&arena, "%s%s", at->path, f->name);
    ck_assert_msg(kind_explain_field(&policy_kind, path, &out), "%s", path.ptr);
    ck_assert(has(f->doc));
}

START_TEST(explain__knows_every_field)
{
    visit_all(is_explained);
    strbuf_reset(&out);
    ck_assert(kind_explain_field(&policy_kind, SV("status.examples[3].rule"), &out));
    strbuf_reset(&out);
    ck_assert(!kind_explain_field(&policy_kind, SV("spec.imges"), &out));
    ck_assert_str_eq(out.ptr, "spec.images");
}
END_TEST

START_TEST(reference__has_no_chapters_that_would_be_empty)
{
    kind_reference_write(&policy_kind, &out);
    ck_assert(strbuf_ok(&out));
    ck_assert(has("cluster-scoped, short name `fp`") && has("| `spec.exempt[].until` |"));
    ck_assert(!has("## Names that are refused") && !has("## What the API server holds"));
}
END_TEST

UNIT_MAIN(setup, teardown, decode__each_field_refuses_each_other_type,
          decode__everything_that_grows_has_a_bound,
          decode__what_is_too_little_or_no_item_is_refused,
          decode__no_object_is_a_fault_and_not_a_crash,
          decode__an_unchanged_fault_is_only_warned_of, decode__a_policy_is_read,
          rows__enforcements_are_those_of_the_evaluation,
          crd__is_cluster_scoped_with_every_field_and_no_default, explain__knows_every_field,
          reference__has_no_chapters_that_would_be_empty)
