// SPDX-License-Identifier: Apache-2.0
#include "controller/audit.h"

#include <stdio.h>
#include <string.h>

#include "common/base/strbuf.h"
#include "common/json/out.h"
#include "controller/audit_status.h"
#include "policy_case.h"
#include "unit.h"

#define NOON 1767268800000 // 2026-01-01T12:00:00Z

static struct arena arena, scratch;
static struct audit audit;
static bool begun;
static struct err err;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
    scratch = ARENA((size_t)64 << 20);
    begun = false;
}

static void teardown(void)
{
    if (begun) {
        audit_done(&audit);
    }
    arena_done(&arena);
    arena_done(&scratch);
}

/// TEXT has ' for ".
static const struct json *json_of(const char *text)
{
    const struct json *ret = NULL;
    size_t n = strlen(text);
    char *copy = arena_alloc(&arena, n + 1);
    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i <= n; i++) {
        copy[i] = text[i] == '\'' ? '"' : text[i];
    }
    ck_assert_int_eq(json_parse(sv_make(copy, n), &JSON_LIMITS_DEFAULT, &arena, &ret, &err), 0);
    return ret;
}

static void begin(const char *policies, const char *labels)
{
    const struct policy_world *w =
        labels != NULL ? policy_case_world(&arena, json_of(labels)) : NULL;
    ck_assert_int_eq(audit_begin(&audit, policy_case_set(&arena, json_of(policies)), w, &err), 0);
    begun = true;
}

#define POLICY(name, spec)                                                                         \
    "{'apiVersion':'sluice.dev/v1beta1','kind':'FlinkPolicy','metadata':{'name':'" name            \
    "','generation':3},'spec':" spec "}"

static const struct json *cluster(const char *ns, const char *name, const char *spec)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "{'apiVersion':'sluice.dev/v1beta1','kind':'FlinkCluster',"
             "'metadata':{'name':'%s','namespace':'%s'},'spec':%s}",
             name, ns, spec);
    return json_of(text);
}

static void judge(const char *ns, const char *name, const char *spec)
{
    arena_reset(&scratch, 0);
    ck_assert_int_eq(audit_judge(&audit, cluster(ns, name, spec), NOON, &scratch, &err), 0);
}

static void learn(const char *ns, const char *name, const char *spec)
{
    arena_reset(&scratch, 0);
    ck_assert_int_eq(audit_learn(&audit, cluster(ns, name, spec), &scratch, &err), 0);
}

#define SPEC(image, more) "{'image':'" image "','parallelism':2" more "}"
#define IMAGES            "'images':{'allowed':['good/**']}"

START_TEST(audit__counts_clusters_and_findings_by_what_admission_does)
{
    begin("[" POLICY("p", "{" IMAGES ",'iamRoles':{'enforcement':'Warn','required':true},"
                          "'parallelism':{'enforcement':'Audit','max':1}}") "]",
          NULL);
    judge("a", "x", SPEC("evil/flink:1.20.1", ""));
    judge("a", "y", SPEC("docker.io/good/flink:1.20.1", ""));
    judge("b", "z",
          "{'image':'docker.io/good/flink:1.20.1','parallelism':1,"
          "'iamRole':'arn:aws:iam::123456789012:role/x'}");
    const struct audit_policy *p = &audit.policies[0];
    ck_assert_int_eq(p->audited, 3);
    ck_assert_int_eq(p->findings[SEVERITY_WARN], 2);
    ck_assert_int_eq(p->findings[SEVERITY_AUDIT], 2);
    ck_assert_int_eq(audit_violations(p), p->findings[SEVERITY_DENY] + 4);
    ck_assert_int_eq(p->exempted, 0);
}
END_TEST

START_TEST(audit__only_policies_that_are_for_a_cluster_count_it)
{
    begin(
        "[" POLICY("p", "{'match':{'namespaces':['a']},'iamRoles':{'required':true}}") "," POLICY(
            "q",
            "{'match':{'namespaceSelector':{'matchLabels':{'tier':'prod'}}}}") "," POLICY("r",
                                                                                          "{'match'"
                                                                                          ":{'"
                                                                                          "namespac"
                                                                                          "eSelecto"
                                                                                          "r':{'"
                                                                                          "matchLab"
                                                                                          "els':{'"
                                                                                          "tier':'"
                                                                                          "test'}}}"
                                                                                          "}") "]",
        "{'labels':{'tier':'test'}}");
    judge("a", "x", SPEC("flink:1.20.1", ""));
    judge("b", "x", SPEC("flink:1.20.1", ""));
    for (size_t i = 0; i < 3; i++) {
        const struct audit_policy *p = &audit.policies[i];
        bool is_p = sv_eq_lit(p->policy->name, "p"), is_q = sv_eq_lit(p->policy->name, "q");
        ck_assert_int_eq(p->audited, is_p ? 1 : is_q ? 0 : 2);
        ck_assert_int_eq(p->violating, is_p);
    }
}
END_TEST

START_TEST(audit__what_is_exempted_is_counted_apart)
{
    begin("[" POLICY("p", "{'iamRoles':{'required':true},'pods':{'hostPath':'Deny'},"
                          "'exempt':[{'namespace':'a','name':'x','rules':['iamRoles.required'],"
                          "'until':'2026-01-01T13:00:00Z','reason':'r'}]}") "]",
          NULL);
    judge("a", "x", SPEC("flink:1.20.1", ""));
    judge("a", "y", SPEC("flink:1.20.1", ""));
    ck_assert_int_eq(audit.policies[0].exempted, 1);
    ck_assert_int_eq(audit.policies[0].violating, 1);
    ck_assert_int_eq(audit_violations(&audit.policies[0]), 1);
}
END_TEST

START_TEST(audit__others_are_those_that_are_stored)
{
    begin("[" POLICY("p", "{'iamRoles':{'unique':true},'parallelism':{'namespaceTotal':5}}") "]",
          NULL);
    ck_assert(audit_must_learn(&audit));
    static const char *const ROLES[] = {"one", "one", "two"};
    char spec[256], name[8];
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof(name), "c%d", i);
            snprintf(spec, sizeof(spec),
                     "{'image':'flink:1.20.1','parallelism':2,"
                     "'iamRole':'arn:aws:iam::123456789012:role/%s'}",
                     ROLES[i]);
            (pass == 0 ? learn : judge)("a", name, spec);
        }
    }
    const struct audit_policy *p = &audit.policies[0];
    ck_assert_int_eq(p->violating, 3);
    ck_assert_int_eq(audit_violations(p), 5); // two share a role, three pass the sum
    struct strbuf text = STRBUF(1 << 16);
    strbuf_put(&text, audit_sentence(p, &arena));
    ck_assert_ptr_nonnull(strstr(text.ptr, "3 of 3 FlinkClusters break rules: "));
    ck_assert_ptr_nonnull(strstr(text.ptr, "iamRoles.unique (2)"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "parallelism.namespaceTotal (3)"));
    strbuf_done(&text);
}
END_TEST

START_TEST(audit__without_rules_about_others_one_look_is_enough)
{
    begin("[" POLICY("p", "{" IMAGES "}") "]", NULL);
    ck_assert(!audit_must_learn(&audit));
    ck_assert_int_eq(audit.policies[0].audited, 0);
}
END_TEST

START_TEST(audit__examples_are_few_and_the_gravest_first)
{
    begin("[" POLICY("p", "{'enforcement':'Warn','iamRoles':{'required':true},"
                          "'images':{'enforcement':'Deny','allowed':['good/**']}}") "]",
          NULL);
    char name[8];
    for (int i = 99; i >= 0; i--) { // in the worst order
        snprintf(name, sizeof(name), "c%02d", i);
        judge(i % 2 != 0 ? "b" : "a", name,
              i >= 90 ? SPEC("evil.io/x/flink:1.20.1", "")
                      : "{'image':'registry.io/good/flink:1.20.1','parallelism':2}");
    }
    const struct audit_policy *p = &audit.policies[0];
    ck_assert_uint_eq(p->n_examples, POLICY_EXAMPLES_MAX);
    ck_assert_int_eq(p->findings[SEVERITY_WARN], 100);
    for (size_t i = 1; i < p->n_examples; i++) {
        const struct audit_example *x = &p->examples[i - 1], *y = &p->examples[i];
        ck_assert_int_le(x->severity, y->severity);
        if (x->severity == y->severity) {
            int c = sv_cmp(x->ns, y->ns);
            ck_assert(c < 0 || (c == 0 && sv_cmp(x->name, y->name) < 0));
        }
    }
    ck_assert_int_eq(p->examples[0].severity, SEVERITY_DENY);
    ck_assert(sv_eq_lit(p->examples[0].ns, "a"));
}
END_TEST

START_TEST(audit__a_rule_of_sluice_itself_is_no_policys)
{
    begin("[" POLICY("p", "{}") "]", NULL);
    judge("a", "x", "{'serviceAccountName':'y-flink'}");
    ck_assert_int_eq(audit.policies[0].audited, 1);
    ck_assert_int_eq(audit_violations(&audit.policies[0]), 0);
}
END_TEST

START_TEST(audit__any_object_can_be_stored)
{
    static const char *const ANY[] = {"{}",
                                      "null",
                                      "[]",
                                      "7",
                                      "{'image':7,'parallelism':'x'}",
                                      "{'podTemplate':{'spec':{'containers':{}}}}"};
    begin("[" POLICY("p", "{" IMAGES ",'iamRoles':{'required':true,'unique':true}}") "]", NULL);
    for (size_t i = 0; i < ARRAY_LEN(ANY); i++) {
        learn("a", "x", ANY[i]);
        judge("a", "x", ANY[i]);
    }
    ck_assert_int_eq(audit_judge(&audit, json_of("[]"), NOON, &scratch, &err), 0);
    ck_assert_int_eq(audit.policies[0].audited, (int)ARRAY_LEN(ANY) + 1);
}
END_TEST

// ---- the status ---------------------------------------------------------------------------------

static const struct json *status_of(const char *live, size_t faults, int64_t now_ms, bool *changed)
{
    const struct audit_told told = {.found = &audit.policies[0],
                                    .faults = faults,
                                    .faults_text = SV("spec.images.allowed[0]: bad"),
                                    .now_ms = now_ms};
    struct strview body;
    const struct json *ret;
    ck_assert_int_eq(audit_status(&told, json_of(live), &arena, &body, changed, &err), 0);
    ck_assert_int_eq(json_parse(body, &JSON_LIMITS_DEFAULT, &arena, &ret, &err), 0);
    return ret;
}

/// What the API server would hold after BODY.
static const char *stored(const struct json *body)
{
    struct strbuf b = STRBUF(1 << 20);
    struct json_out o = JSON_OUT(&b);
    json_out_value(&o, body);
    struct strview text = arena_copy(&arena, strbuf_view(&b));
    strbuf_done(&b);
    char *ret = arena_alloc(&arena, text.len + 1);
    memcpy(ret, text.ptr, text.len);
    ret[text.len] = '\0';
    return ret;
}

START_TEST(audit__a_status_that_says_the_same_is_no_change)
{
    bool changed;
    begin("[" POLICY("p", "{'iamRoles':{'required':true}}") "]", NULL);
    judge("a", "x", SPEC("flink:1.20.1", ""));
    const struct json *first = status_of("{'metadata':{'resourceVersion':'5'}}", 0, NOON, &changed);
    ck_assert(changed);
    ck_assert(
        sv_eq_lit(json_string(json_get_path(first, "metadata", "resourceVersion", NULL)), "5"));
    ck_assert_int_eq(audit_status_time(first), NOON);
    const struct json *second = status_of(stored(first), 0, NOON + 60000, &changed);
    ck_assert(!changed);
    ck_assert_int_eq(audit_status_time(second), NOON + 60000);
    judge("a", "y", SPEC("flink:1.20.1", ""));
    (void)status_of(stored(first), 0, NOON + 60000, &changed);
    ck_assert(changed);
}
END_TEST

START_TEST(audit__ready_changes_its_time_only_with_its_value)
{
    bool changed;
    begin("[" POLICY("p", "{}") "]", NULL);
    const struct json *good = status_of("{'metadata':{'resourceVersion':'5'}}", 0, NOON, &changed);
    const struct json *same = status_of(stored(good), 0, NOON + 5000, &changed);
    const struct json *bad = status_of(stored(same), 2, NOON + 9000, &changed);
    const struct json *c = json_first(json_get_path(same, "status", "conditions", NULL));
    ck_assert(sv_eq_lit(json_get_string(c, SV("lastTransitionTime")), "2026-01-01T12:00:00Z"));
    ck_assert(sv_eq_lit(json_get_string(c, SV("status")), "True"));
    c = json_first(json_get_path(bad, "status", "conditions", NULL));
    ck_assert(changed);
    ck_assert(sv_eq_lit(json_get_string(c, SV("lastTransitionTime")), "2026-01-01T12:00:09Z"));
    ck_assert(sv_eq_lit(json_get_string(c, SV("status")), "False"));
    ck_assert(sv_eq_lit(json_get_string(c, SV("message")), "spec.images.allowed[0]: bad"));
}
END_TEST

START_TEST(audit__a_status_holds_what_its_schema_knows_and_no_more)
{
    bool changed;
    begin("[" POLICY("p", "{'iamRoles':{'required':true}}") "]", NULL);
    judge("a", "x", SPEC("flink:1.20.1", ""));
    const struct json *status =
        json_get_lit(status_of("{'status':'nonsense','metadata':[]}", 0, NOON, &changed), "status");
    const struct object_type *type = &policy_status_type;
    size_t n = 0;
    json_each(member, status) {
        bool known = false;
        for (size_t i = 0; i < type->n_fields; i++) {
            known = known || sv_eq(json_key(member), sv_from(type->fields[i].name));
        }
        ck_assert_msg(known, "%.*s", SV_ARG(json_key(member)));
        n++;
    }
    ck_assert_uint_eq(n, type->n_fields);
}
END_TEST

START_TEST(audit__long_words_are_cut_between_characters)
{
    bool changed;
    char role[2000] = "";
    begin("[" POLICY("p", "{'iamRoles':{'allowed':['arn:aws:iam::123456789012:role/x']}}") "]",
          NULL);
    for (size_t i = 0; i + 2 < sizeof(role) - 1; i += 2) {
        memcpy(role + i, "\u00e9", 2);
    }
    char spec[2200];
    snprintf(spec, sizeof(spec), "{'image':'flink:1.20.1','iamRole':'%s'}", role);
    judge("a", "x", spec);
    const struct json *body = status_of("{}", 0, NOON, &changed);
    ck_assert_ptr_nonnull(body); // valid UTF-8, or it would not be read
    for (size_t i = 0; i < audit.policies[0].n_examples; i++) {
        ck_assert_uint_le(audit.policies[0].examples[i].message.len, AUDIT_MESSAGE_MAX);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, audit__counts_clusters_and_findings_by_what_admission_does,
          audit__only_policies_that_are_for_a_cluster_count_it,
          audit__what_is_exempted_is_counted_apart, audit__others_are_those_that_are_stored,
          audit__without_rules_about_others_one_look_is_enough,
          audit__examples_are_few_and_the_gravest_first,
          audit__a_rule_of_sluice_itself_is_no_policys, audit__any_object_can_be_stored,
          audit__a_status_that_says_the_same_is_no_change,
          audit__ready_changes_its_time_only_with_its_value,
          audit__a_status_holds_what_its_schema_knows_and_no_more,
          audit__long_words_are_cut_between_characters)
