// SPDX-License-Identifier: Apache-2.0
// Every rule of a policy is judged by files: tests/fixtures/policy/rules/<rule id>/{accept,reject,
// warn,audit}-*.json, each with the policy, the object, the stored object of an update, and what
// else there is in the world. What is accepted has no finding at all; what is rejected has denials
// of this rule alone; what is warned of or audited has a finding of the rule, and no graver one.
#include "common/policy/check.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/mem.h"
#include "common/flink/decode.h"
#include "tests/unit/flink_case.h"
#include "tests/unit/policy_case.h"

#define FOLDER    "tests/fixtures/policy/rules"
#define CASES_MAX 1024

struct rule_case {
    const char *rule;
    const char *file; // from the source folder
    const char *name; // its last part
};

static struct rule_case cases[CASES_MAX];
static size_t case_count;

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static struct violations judge_file(struct arena *a, const struct json *file)
{
    return policy_case_judge(a, policy_case_set(a, json_get_lit(file, "policy")),
                             policy_case_world(a, json_get_lit(file, "world")),
                             json_get_lit(file, "object"), json_get_lit(file, "old"));
}

START_TEST(policy_rules__each_fixture_gets_its_verdict)
{
    const struct rule_case *c = &cases[_i];
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct json *file = case_read(&a, c->file);
    struct violations faults = VIOLATIONS(&a, 16);
    struct flink_cluster cluster;
    flink_decode(json_get_lit(file, "object"), &cluster, &faults);
    ck_assert_msg(faults.count == 0, "%s:%s", c->file, policy_case_said(&a, &faults));
    struct violations v = judge_file(&a, file);
    const char *said = policy_case_said(&a, &v);
    size_t denied = policy_case_count(&v, c->rule, SEVERITY_DENY);
    size_t warned = policy_case_count(&v, c->rule, SEVERITY_WARN);
    size_t audited = policy_case_count(&v, c->rule, SEVERITY_AUDIT);
    if (starts(c->name, "accept-")) {
        ck_assert_msg(v.count == 0, "%s:%s", c->file, said);
    } else if (starts(c->name, "reject-")) {
        ck_assert_msg(denied != 0 && v.denials == denied, "%s:%s", c->file, said);
    } else if (starts(c->name, "warn-")) {
        ck_assert_msg(warned != 0 && v.count == warned, "%s:%s", c->file, said);
    } else {
        ck_assert_msg(starts(c->name, "audit-"), "%s", c->file);
        ck_assert_msg(audited != 0 && v.count == audited && v.audits == audited, "%s:%s", c->file,
                      said);
    }
    struct strview tail = arena_printf(&a, " (policy production, %s)", c->rule);
    bool built_in = strcmp(c->rule, POLICY_RULE_ACCOUNT) == 0;
    for (size_t i = 0; i < v.count; i++) {
        ck_assert_uint_gt(v.items[i].path.len, 0);
        ck_assert_msg(sv_ends(v.items[i].message, tail) != built_in, "%s:%s", c->file, said);
        ck_assert(sv_eq_lit(v.items[i].policy, built_in ? "" : "production"));
    }
}
END_TEST

/// Whether RULE has a fixture of that kind.
static bool has_case(const char *rule, const char *kind)
{
    for (size_t i = 0; i < case_count; i++) {
        if (strcmp(cases[i].rule, rule) == 0 && starts(cases[i].name, kind)) {
            return true;
        }
    }
    return false;
}

START_TEST(policy_rules__each_rule_has_fixtures_of_each_verdict)
{
    size_t n = 0;
    const struct policy_rule_info *infos = policy_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        const char *id = infos[i].id;
        if (!infos[i].exempts && strcmp(id, POLICY_RULE_ACCOUNT) != 0) {
            continue; // of a default: judged where that is filled in
        }
        ck_assert_msg(has_case(id, "accept-"), "%s needs a fixture that it accepts", id);
        ck_assert_msg(has_case(id, "reject-"), "%s needs a fixture that it rejects", id);
        ck_assert_msg(has_case(id, "warn-"), "%s needs a fixture that it warns of", id);
        ck_assert_msg(has_case(id, "audit-") || strcmp(id, POLICY_RULE_ACCOUNT) == 0,
                      "%s needs a fixture that is audited", id);
        ck_assert(strlen(infos[i].summary) > 10 && strlen(infos[i].why) > 10);
    }
    for (size_t k = 0; k < case_count; k++) {
        bool known = false;
        for (size_t i = 0; i < n; i++) {
            known = known || strcmp(cases[k].rule, infos[i].id) == 0;
        }
        ck_assert_msg(known, "fixtures of a rule that is none: %s", cases[k].rule);
    }
}
END_TEST

// ---- several policies ---------------------------------------------------------------------------

#define CLUSTER(spec)                                                                              \
    "{\"metadata\":{\"name\":\"fraud\",\"namespace\":\"payments\"},\"spec\":{" spec "}}"
#define POLICY(name, spec) "{\"metadata\":{\"name\":\"" name "\"},\"spec\":{" spec "}}"
#define NO_LATEST          "\"images\":{\"tags\":{\"denied\":[\"latest\"]}}"

static struct violations judge_texts(struct arena *a, const char *policies, const char *now,
                                     const char *old)
{
    return policy_case_judge(a, policy_case_set(a, case_parse(a, sv_from(policies))), NULL,
                             case_parse(a, sv_from(now)),
                             old != NULL ? case_parse(a, sv_from(old)) : NULL);
}

START_TEST(policies__two_that_say_the_same_give_two_causes)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct violations v = judge_texts(&a, "[" POLICY("b", NO_LATEST) "," POLICY("a", NO_LATEST) "]",
                                      CLUSTER("\"image\":\"flink:latest\""), NULL);
    ck_assert_uint_eq(v.denials, 2);
    ck_assert_str_eq(v.items[0].message.ptr, "Invalid value: \"flink:latest\": the tag latest is "
                                             "denied: give another (policy a, images.tags.denied)");
    ck_assert_str_eq(v.items[1].policy.ptr, "b");
}
END_TEST

START_TEST(policies__only_those_that_match_the_namespace_are_asked)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct violations v =
        judge_texts(&a, POLICY("a", NO_LATEST ",\"match\":{\"namespaces\":[\"risk\"]}"),
                    CLUSTER("\"image\":\"flink:latest\""), NULL);
    ck_assert_uint_eq(v.count, 0);
}
END_TEST

START_TEST(policies__a_block_of_its_own_enforcement_does_not_soften_the_others)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct violations v = judge_texts(
        &a,
        POLICY("a", "\"enforcement\":\"Warn\",\"images\":{\"enforcement\":\"Deny\",\"digest\":{"
                    "\"required\":true}},\"iamRoles\":{\"required\":true}"),
        CLUSTER("\"image\":\"flink:1.20.1\""), NULL);
    ck_assert_uint_eq(policy_case_count(&v, "images.digest.required", SEVERITY_DENY), 1);
    ck_assert_uint_eq(policy_case_count(&v, "iamRoles.required", SEVERITY_WARN), 1);
}
END_TEST

/// What the policy "production" says of FILE's object, a line each, beside the policies of SET.
static const char *said_by_production(struct arena *a, const struct policy_set *set,
                                      const struct json *file)
{
    struct violations all =
        policy_case_judge(a, set, policy_case_world(a, json_get_lit(file, "world")),
                          json_get_lit(file, "object"), json_get_lit(file, "old"));
    struct violations own = VIOLATIONS(a, 256);
    for (size_t i = 0; i < all.count; i++) {
        if (sv_eq_lit(all.items[i].policy, "production")) {
            violation_add(&own, &all.items[i]);
        }
    }
    return policy_case_said(a, &own);
}

START_TEST(policies__what_another_asked_before_changes_no_finding)
{
    const struct rule_case *c = &cases[_i];
    for (size_t k = 0; k < case_count; k++) {
        if (strcmp(cases[k].rule, c->rule) != 0) {
            continue;
        }
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        const struct json *file = case_read(&a, c->file);
        const struct json *own = json_get_lit(file, "policy");
        const struct json *other = json_get_lit(case_read(&a, cases[k].file), "policy");
        struct strview both =
            arena_printf(&a, "[{\"metadata\":{\"name\":\"before\"},\"spec\":%s},%s]",
                         case_text(&a, json_get_lit(other, "spec")).ptr, case_text(&a, own).ptr);
        if (json_type(own) == JSON_OBJECT && json_type(other) == JSON_OBJECT) {
            ck_assert_str_eq(
                said_by_production(&a, policy_case_set(&a, case_parse(&a, both)), file),
                said_by_production(&a, policy_case_set(&a, own), file));
        }
    }
}
END_TEST

START_TEST(policies__an_account_that_one_vouches_for_is_judged_by_the_next)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
#define ROLES "\"iamRoles\":{\"allowed\":[\"arn:aws:iam::123456789012:role/*\"]}"
    struct violations v =
        judge_texts(&a,
                    "[" POLICY("a", ROLES ",\"pods\":{\"serviceAccounts\":[\"batch\"]}") "," POLICY(
                        "b", ROLES) "," POLICY("c", ROLES) "]",
                    CLUSTER("\"serviceAccountName\":\"batch\""), NULL);
    ck_assert_uint_eq(v.denials, 2);
    ck_assert_uint_eq(policy_case_count(&v, "iamRoles.allowed", SEVERITY_DENY), 2);
    ck_assert_str_eq(v.items[0].policy.ptr, "b");
#undef ROLES
}
END_TEST

START_TEST(policies__an_endpoint_that_one_requires_is_told_by_the_next)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
#define STORE "\"storage\":{\"allowed\":[\"s3://state/**\"]}"
#define CONF  "\"flinkConfiguration\":{\"s3.endpoint\":\"minio\"}"
    struct violations v =
        judge_texts(&a,
                    "[" POLICY("a", STORE ",\"flinkConfiguration\":{\"required\":{\"s3.endpoint\":"
                                          "\"minio\"}}") "," POLICY("b", STORE) "]",
                    CLUSTER("\"storage\":{\"root\":\"s3://state/a\"}," CONF), NULL);
    ck_assert_uint_eq(v.count, 1);
    ck_assert_uint_eq(policy_case_count(&v, "storage.allowed", SEVERITY_WARN), 1);
    ck_assert_str_eq(v.items[0].policy.ptr, "b");
#undef STORE
#undef CONF
}
END_TEST

START_TEST(policies__lists_too_long_to_be_compared_are_judged_one_by_one)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    for (int p = 0; p < 2; p++) {
        strbuf_printf(&b,
                      "%s{\"metadata\":{\"name\":\"p%d\"},\"spec\":{\"images\":{\"tags\":{"
                      "\"denied\":[",
                      p == 0 ? "[" : ",", p);
        for (int i = 0; i < 255; i++) {
            strbuf_printf(&b, "\"a-tag-that-nobody-has-%0200d\",", i);
        }
        strbuf_printf(&b, "\"%s\"]}}}}", p == 0 ? "old" : "dev");
    }
    strbuf_put_str(&b, "]");
    struct violations v =
        policy_case_judge(&a, policy_case_set(&a, case_parse(&a, strbuf_view(&b))), NULL,
                          case_parse(&a, SV(CLUSTER("\"image\":\"flink:dev\""))), NULL);
    ck_assert_uint_eq(v.denials, 1);
    ck_assert_str_eq(v.items[0].policy.ptr, "p1");
}
END_TEST

// ---- the ratchet --------------------------------------------------------------------------------

#define LONG_HOST "registry.example.com/a-rather-long-path/of-a-team/with-many-parts/and-more"

START_TEST(ratchet__another_value_beyond_what_is_shown_is_denied)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const char *policy = POLICY("a", "\"images\":{\"tags\":{\"denied\":[\"dev*\"]}}");
    struct violations v = judge_texts(&a, policy, CLUSTER("\"image\":\"" LONG_HOST ":dev2\""),
                                      CLUSTER("\"image\":\"" LONG_HOST ":dev1\""));
    ck_assert_uint_eq(v.denials, 1);
    v = judge_texts(&a, policy, CLUSTER("\"image\":\"" LONG_HOST ":dev1\",\"restartNonce\":1"),
                    CLUSTER("\"image\":\"" LONG_HOST ":dev1\""));
    ck_assert_uint_eq(v.denials, 0);
    ck_assert_uint_eq(v.count, 1);
}
END_TEST

START_TEST(ratchet__another_secret_is_denied_and_none_is_shown)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const char *policy = POLICY("a", "\"iamRoles\":{\"allowed\":[\"arn:aws:iam::*:role/**\"]}");
    struct violations v =
        judge_texts(&a, policy, CLUSTER("\"flinkConfiguration\":{\"s3.secret-key\":\"HUSH2\"}"),
                    CLUSTER("\"flinkConfiguration\":{\"s3.secret-key\":\"HUSH1\"}"));
    ck_assert_uint_eq(v.denials, 1);
    ck_assert(sv_find(v.items[0].message, SV("HUSH")) == SIZE_MAX);
    ck_assert_str_eq(v.items[0].path.ptr, "spec.flinkConfiguration[s3.secret-key]");
}
END_TEST

START_TEST(ratchet__the_same_fault_under_another_policy_is_denied)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    // Both judge today; what OLD has under each of them is a warning of each.
    struct violations v = judge_texts(&a, "[" POLICY("a", NO_LATEST) "," POLICY("b", NO_LATEST) "]",
                                      CLUSTER("\"image\":\"flink:latest\",\"restartNonce\":1"),
                                      CLUSTER("\"image\":\"flink:latest\""));
    ck_assert_uint_eq(v.denials, 0);
    ck_assert_uint_eq(v.count, 2);
}
END_TEST

// ---- scale --------------------------------------------------------------------------------------

START_TEST(scale__only_sizes_are_asked_and_they_name_its_field)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct policy_set *set = policy_case_set(
        &a, case_parse(&a, SV(POLICY("a", NO_LATEST ",\"taskManager\":{\"replicas\":{\"max\":4}},"
                                                    "\"parallelism\":{\"max\":4}"))));
    const struct json *now =
        case_parse(&a, SV(CLUSTER("\"image\":\"flink:latest\",\"taskManager\":{\"replicas\":5}")));
    const struct json *old =
        case_parse(&a, SV(CLUSTER("\"image\":\"flink:latest\",\"taskManager\":{\"replicas\":2}")));
    struct violations v = VIOLATIONS(&a, 8);
    struct policy_input in = {.now = case_decode(&a, now),
                              .old = case_decode(&a, old),
                              .ns = SV("payments"),
                              .set = set,
                              .scale = true};
    policy_check(&in, &v);
    ck_assert_msg(v.denials == 2 && v.count == 2, "%s", policy_case_said(&a, &v));
    ck_assert_str_eq(v.items[0].path.ptr, "spec.replicas");
    ck_assert_str_eq(v.items[1].message.ptr, "Invalid value: 5: must be at most 4 (policy a, "
                                             "taskManager.replicas.max)");
}
END_TEST

// ---- the engine ---------------------------------------------------------------------------------

START_TEST(policies__before_defaults_what_they_fill_is_not_missed)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct policy_set *set = policy_case_set(
        &a,
        case_parse(&a, SV(POLICY("a", "\"iamRoles\":{\"required\":true},\"storage\":{\"required\":"
                                      "true},\"jobManager\":{\"replicas\":{\"min\":2}},"
                                      "\"parallelism\":{\"min\":2},\"images\":{\"tags\":{"
                                      "\"required\":true,\"denied\":[\"latest\"]}},"
                                      "\"flinkConfiguration\":{\"required\":{\"a\":\"b\"}}"))));
    const struct json *now = case_parse(&a, SV(CLUSTER("\"image\":\"flink\"")));
    struct violations v = VIOLATIONS(&a, 8);
    struct policy_input in = {
        .now = case_decode(&a, now), .ns = SV("payments"), .set = set, .before_defaults = true};
    policy_check(&in, &v);
    ck_assert_msg(v.count == 0, "%s", policy_case_said(&a, &v));
    in.before_defaults = false;
    policy_check(&in, &v);
    ck_assert_uint_eq(v.denials, 7);
}
END_TEST

START_TEST(policies__badly_typed_members_are_left_to_the_schema)
{
    static const char *const SPECS[] = {
        "null",
        "[]",
        "{}",
        "{\"image\":5,\"iamRole\":[],\"parallelism\":\"4\",\"taskManager\":[],\"job\":5}",
        "{\"podTemplate\":{\"spec\":5,\"metadata\":[]},\"jobManager\":{\"podTemplate\":{\"spec\":{"
        "\"containers\":{\"a\":1},\"volumes\":[1,null,[],{\"projected\":{\"sources\":[1,{"
        "\"serviceAccountToken\":{\"audience\":5}}]}},{\"hostPath\":1,\"image\":{\"reference\":5}}]"
        ",\"securityContext\":1,\"hostNetwork\":\"yes\",\"serviceAccountName\":{}}}}}",
        "{\"podTemplate\":{\"metadata\":{\"annotations\":{\"iam.amazonaws.com/role\":5}},\"spec\":{"
        "\"containers\":[1,null,{\"name\":5,\"image\":[],\"env\":{},\"ports\":[5,{\"hostPort\":"
        "\"x\"}],\"resources\":[],\"securityContext\":{\"capabilities\":{\"add\":[1,null]}}},{"
        "\"env\":[1,{\"name\":\"AWS_ROLE_ARN\",\"value\":5}],\"envFrom\":[1,null]}]}}}",
        "{\"flinkConfiguration\":[],\"storage\":1}",
        "{\"taskManager\":{\"resources\":{\"requests\":{\"cpu\":\"x\",\"memory\":[]}}}}",
    };
    static const char EVERYTHING[] = POLICY(
        "a",
        "\"images\":{\"allowed\":[\"a.io/**\"],\"digest\":{\"required\":true},\"tags\":{"
        "\"required\":true,\"pattern\":\"x\"},\"flinkVersions\":[\"2.x\"]},\"iamRoles\":{"
        "\"required\":true,\"allowed\":[\"arn:aws:iam::*:role/"
        "**\"],\"unique\":true},\"parallelism\":{\"min\":2,\"max\":"
        "3,\"namespaceTotal\":2},\"resources\":{\"taskManager\":{\"max\":{\"cpu\":\"1\"}}},"
        "\"flinkConfiguration\":{\"denied\":[\"*\"]},\"storage\":{\"required\":true,\"allowed\":["
        "]},\"pods\":{\"hostPath\":\"Deny\",\"privileged\":\"Deny\",\"hostNetwork\":\"Deny\","
        "\"serviceAccounts\":[]},\"job\":{\"jarSchemes\":[],\"requiredLabels\":[\"a\"]}");
    for (size_t i = 0; i < ARRAY_LEN(SPECS); i++) {
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        const char *now =
            arena_printf(&a, "{\"metadata\":{\"name\":\"c\",\"labels\":[]},\"spec\":%s}", SPECS[i])
                .ptr;
        (void)judge_texts(&a, EVERYTHING, now, NULL);
        (void)judge_texts(&a, EVERYTHING, now, now);
    }
}
END_TEST

START_TEST(policies__more_findings_than_fit_are_counted)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct policy_set *set = policy_case_set(
        &a, case_parse(&a, SV("[" POLICY("a", NO_LATEST) "," POLICY("b", NO_LATEST) "," POLICY(
                               "c", "\"enforcement\":\"Audit\"," NO_LATEST) "]")));
    struct violations v = VIOLATIONS(&a, 1);
    struct policy_input in = {
        .now = case_decode(&a, case_parse(&a, SV(CLUSTER("\"image\":\"flink:latest\"")))),
        .ns = SV("payments"),
        .set = set};
    policy_check(&in, &v);
    ck_assert_uint_eq(v.count, 1);
    ck_assert_uint_eq(v.denials, 2);
    ck_assert_uint_eq(v.audits, 1);
    ck_assert_uint_eq(v.dropped, 2);
}
END_TEST

START_TEST(policies__faults_without_number_are_told_by_one_that_no_ratchet_excuses)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 22);
    strbuf_put_str(&b, "{\"metadata\":{\"name\":\"c\"},\"spec\":{\"image\":\"flink:1.20.1\","
                       "\"podTemplate\":{\"spec\":{\"containers\":[{}");
    for (int i = 0; i < 15000; i++) {
        strbuf_printf(&b,
                      ",{\"name\":\"c%d\",\"image\":\"a:latest\",\"resources\":{\"requests\":{"
                      "\"cpu\":1}}}",
                      i);
    }
    strbuf_put_str(&b, "]}}}}");
    const struct json *object = case_parse(&a, strbuf_view(&b));
    const struct policy_set *set = policy_case_set(
        &a, case_parse(&a, SV(POLICY("a", NO_LATEST ",\"resources\":{\"taskManager\":{\"max\":{"
                                                    "\"cpu\":\"1\",\"memory\":\"1Gi\"}}}"))));
    clock_t start = clock();
    struct violations v = policy_case_judge(&a, set, NULL, object, object);
    ck_assert_int_lt((clock() - start) / (CLOCKS_PER_SEC / 1000), 2000); // ms; about 30 are needed
    ck_assert_uint_eq(policy_case_count(&v, "images.tags.denied", SEVERITY_WARN), 64);
    ck_assert_uint_eq(v.denials, 1);
    ck_assert_str_eq(v.items[64].message.ptr,
                     "Too many: more than 64: faults of one rule; the others are not told (policy "
                     "a, images.tags.denied)");
}
END_TEST

/// N policies of many rules, of which the first three are for the namespace.
static const struct policy_set *many_policies(struct arena *a, int n)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    for (int i = 0; i < n; i++) {
        strbuf_printf(
            &b,
            "%s{\"metadata\":{\"name\":\"p%d\"},\"spec\":{\"match\":{\"namespaces\":[\"%s\"]},"
            "\"images\":{\"allowed\":[\"registry.example.com/flink/**\"],\"tags\":{\"denied\":"
            "[\"latest\"]}},\"iamRoles\":{\"allowed\":[\"arn:aws:iam::123456789012:role/{name}\"]},"
            "\"flinkConfiguration\":{\"denied\":[\"security.*\"]},\"pods\":{\"hostPath\":"
            "\"Deny\"}}}",
            i == 0 ? "[" : ",", i, i < 3 ? "pay*" : "risk-*");
    }
    strbuf_put_str(&b, "]");
    return policy_case_set(a, case_parse(a, strbuf_view(&b)));
}

/// CPU time of a number of judgements, the least of some tries.
static clock_t cost_of(const struct policy_set *set, const struct flink_cluster *c)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    clock_t least = 0;
    for (int try = 0; try < 5; try++) {
        clock_t start = clock();
        for (int i = 0; i < 2000; i++) {
            arena_reset(&a, 1 << 20);
            struct violations v = VIOLATIONS(&a, 8);
            const struct policy_input in = {.now = c, .ns = SV("payments"), .set = set};
            policy_check(&in, &v);
            ck_assert_uint_eq(v.count, 0);
        }
        clock_t took = clock() - start;
        least = try == 0 || took < least ? took : least;
    }
    return least;
}

START_TEST(policies__those_of_other_namespaces_cost_next_to_nothing)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct flink_cluster *c = case_decode(
        &a, case_parse(&a, SV(CLUSTER("\"image\":\"registry.example.com/flink/fraud:1.20.1\","
                                      "\"flinkConfiguration\":{\"rest.timeout\":\"1s\"}"))));
    clock_t few = cost_of(many_policies(&a, 3), c);
    clock_t many = cost_of(many_policies(&a, 100), c);
    ck_assert_msg(many < 2 * few, "%ld beside %ld", (long)many, (long)few); // about 1.1
}
END_TEST

/// Judging with allocation N failing: true when there was no such allocation.
static bool run_with_failure(const struct json *file, const struct policy_set *set, size_t n)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_cluster now, old;
    struct violations v = VIOLATIONS(&a, 128);
    const struct json *had = json_get_lit(file, "old");
    const struct policy_world *world = policy_case_world(&a, json_get_lit(file, "world"));
    (void)mem_fail_after(n);
    flink_decode(json_get_lit(file, "object"), &now, &v);
    if (had != NULL) {
        flink_decode(had, &old, &v);
    }
    struct policy_input in = {.now = &now,
                              .old = had != NULL ? &old : NULL,
                              .ns = SV("payments"),
                              .set = set,
                              .world = world};
    policy_check(&in, &v);
    return mem_fail_after(0) < n;
}

START_TEST(policies__a_failed_allocation_anywhere_harms_nothing)
{
    const struct rule_case *c = &cases[_i];
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct json *file = case_read(&a, c->file);
    const struct policy_set *set = policy_case_set(&a, json_get_lit(file, "policy"));
    for (size_t n = 1; !run_with_failure(file, set, n); n++) {
        ck_assert_uint_lt(n, 10000);
    }
}
END_TEST

// ---- set-up -------------------------------------------------------------------------------------

static void find_cases(struct arena *a)
{
    size_t n_rules = 0;
    const char *const *rules = case_list(a, FOLDER, &n_rules);
    for (size_t i = 0; i < n_rules; i++) {
        size_t n = 0;
        const char *const *names = case_list(a, arena_printf(a, FOLDER "/%s", rules[i]).ptr, &n);
        for (size_t k = 0; k < n; k++) {
            ASSERT(case_count < CASES_MAX);
            cases[case_count++] = (struct rule_case){
                rules[i], arena_printf(a, FOLDER "/%s/%s", rules[i], names[k]).ptr, names[k]};
        }
    }
}

int main(void)
{
    struct arena a = ARENA(CASE_ARENA_MAX);
    find_cases(&a);
    Suite *s = suite_create("policy_rules");
    TCase *tc = tcase_create("rules");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, policy_rules__each_fixture_gets_its_verdict, 0, (int)case_count);
    tcase_add_loop_test(tc, policies__a_failed_allocation_anywhere_harms_nothing, 0,
                        (int)case_count);
    tcase_add_loop_test(tc, policies__what_another_asked_before_changes_no_finding, 0,
                        (int)case_count);
    tcase_add_test(tc, policies__an_account_that_one_vouches_for_is_judged_by_the_next);
    tcase_add_test(tc, policies__an_endpoint_that_one_requires_is_told_by_the_next);
    tcase_add_test(tc, policies__lists_too_long_to_be_compared_are_judged_one_by_one);
    tcase_add_test(tc, policy_rules__each_rule_has_fixtures_of_each_verdict);
    tcase_add_test(tc, policies__two_that_say_the_same_give_two_causes);
    tcase_add_test(tc, policies__only_those_that_match_the_namespace_are_asked);
    tcase_add_test(tc, policies__a_block_of_its_own_enforcement_does_not_soften_the_others);
    tcase_add_test(tc, policies__before_defaults_what_they_fill_is_not_missed);
    tcase_add_test(tc, policies__badly_typed_members_are_left_to_the_schema);
    tcase_add_test(tc, policies__more_findings_than_fit_are_counted);
    tcase_add_test(tc, policies__those_of_other_namespaces_cost_next_to_nothing);
    tcase_add_test(tc, policies__faults_without_number_are_told_by_one_that_no_ratchet_excuses);
    tcase_add_test(tc, ratchet__another_value_beyond_what_is_shown_is_denied);
    tcase_add_test(tc, ratchet__another_secret_is_denied_and_none_is_shown);
    tcase_add_test(tc, ratchet__the_same_fault_under_another_policy_is_denied);
    tcase_add_test(tc, scale__only_sizes_are_asked_and_they_name_its_field);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    arena_done(&a);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
