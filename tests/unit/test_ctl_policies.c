// SPDX-License-Identifier: Apache-2.0
// A generation is judged by policies once, when it is accepted.
#include <string.h>

#include "common/policy/world.h"
#include "ctl_world_run.h"
#include "policy_case.h"
#include "unit.h"

#define SPEC(image, more)                                                                          \
    "{'image':'" image "','flinkVersion':'1.20','parallelism':2,'taskManager':{'replicas':2}" more \
    "}"
#define ROLE(name) ",'iamRole':'arn:aws:iam::123456789012:role/" name "'"

static struct world w;
static struct arena arena;
static struct plan_policies policies;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
    policies = (struct plan_policies){.set = NULL};
}

static void teardown(void)
{
    world_done(&w);
    arena_done(&arena);
}

static const struct json *json_of(const char *text)
{
    const struct json *ret = NULL;
    struct strbuf b = STRBUF(1 << 20);
    for (const char *c = text; *c != '\0'; c++) {
        strbuf_put_char(&b, *c == '\'' ? '"' : *c);
    }
    struct strview copy = arena_copy(&arena, strbuf_view(&b));
    strbuf_done(&b);
    ck_assert_int_eq(json_parse(copy, &JSON_LIMITS_DEFAULT, &arena, &ret, NULL), 0);
    return ret;
}

/// From now on there is one policy, p, with SPEC.
static void with_policy(const char *spec)
{
    struct strbuf text = STRBUF(1 << 16);
    strbuf_printf(&text,
                  "{'apiVersion':'sluice.dev/v1beta1','kind':'FlinkPolicy',"
                  "'metadata':{'name':'p'},'spec':%s}",
                  spec);
    policies.set = policy_case_set(&arena, json_of(text.ptr));
    strbuf_done(&text);
    w.policies = &policies;
}

/// The labels of every namespace, and the other FlinkClusters.
static void beside(const char *text)
{
    policies.world = policy_case_world(&arena, json_of(text));
}

static void start(const char *spec)
{
    world_init(&w, spec);
    w.policies = policies.world != NULL || policies.set != NULL ? &policies : NULL;
    beside("{}");
}

static void assert_condition(const char *type, const char *status, const char *reason)
{
    struct strview is = world_condition(&w, type, "status");
    struct strview why = world_condition(&w, type, "reason");
    ck_assert_msg(sv_eq_lit(is, status) && sv_eq_lit(why, reason), "%s: %.*s, %.*s: %.*s", type,
                  SV_ARG(is), SV_ARG(why), SV_ARG(world_condition(&w, type, "message")));
}

static void assert_says(const char *type, const char *text)
{
    struct strview message = world_condition(&w, type, "message");
    ck_assert_msg(message.len != 0 && memmem(message.ptr, message.len, text, strlen(text)) != NULL,
                  "%.*s", SV_ARG(message));
}

START_TEST(policies__a_generation_that_one_denies_is_refused_with_its_cause)
{
    start(SPEC("evil/flink:1.20.1", ""));
    with_policy("{'images':{'allowed':['registry.io/**']}}");
    world_converge(&w);
    assert_condition("Accepted", "False", "Invalid");
    assert_says("Accepted", "spec.image: ");
    assert_says("Accepted", "(policy p, images.allowed)");
    ck_assert_uint_eq(world_count(&w, CHILD_REVISION), 0);
    ck_assert_uint_eq(world_count(&w, CHILD_POD), 0);
}
END_TEST

START_TEST(policies__the_refusal_is_an_event)
{
    start(SPEC("evil/flink:1.20.1", ""));
    with_policy("{'images':{'allowed':['registry.io/**']}}");
    world_plan(&w);
    ck_assert(world_event(&w, "NotAccepted"));
    ck_assert_int_eq(w.plan.decision, PLAN_REFUSES);
}
END_TEST

START_TEST(policies__what_they_only_warn_of_or_note_is_accepted)
{
    start(SPEC("evil/flink:1.20.1", ""));
    with_policy("{'enforcement':'Warn','images':{'allowed':['registry.io/**']},"
                "'iamRoles':{'enforcement':'Audit','required':true}}");
    world_converge(&w);
    assert_condition("Accepted", "True", "Accepted");
    ck_assert_uint_gt(world_count(&w, CHILD_POD), 0);
}
END_TEST

START_TEST(policies__what_was_accepted_is_never_judged_again)
{
    start(SPEC("evil/flink:1.20.1", ""));
    with_policy("{}");
    world_converge(&w);
    size_t writes = w.writes;
    with_policy("{'images':{'allowed':['registry.io/**']}}");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    ck_assert_int_eq(w.plan.decision, PLAN_DECIDES_NOTHING);
    ck_assert_uint_eq(w.writes, writes);
    assert_condition("Accepted", "True", "Accepted");
    // A pod of it that fails is replaced all the same.
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

START_TEST(policies__a_fault_that_the_last_accepted_generation_has_refuses_nothing)
{
    start(SPEC("evil/flink:1.20.1", ""));
    with_policy("{}");
    world_converge(&w);
    with_policy("{'images':{'allowed':['registry.io/**']}}");
    world_edit(&w, SPEC("evil/flink:1.20.1", ",'restartNonce':1"));
    world_converge(&w);
    assert_condition("Accepted", "True", "Accepted");
    world_edit(&w, SPEC("evil/flink:1.20.2", ",'restartNonce':1"));
    world_converge(&w);
    assert_condition("Accepted", "False", "Invalid");
    ck_assert_uint_gt(world_count(&w, CHILD_POD), 0);
}
END_TEST

START_TEST(policies__until_they_are_known_nothing_new_is_accepted_or_refused)
{
    start(SPEC("flink:1.20.1", ""));
    w.policies = &policies;
    world_converge(&w);
    assert_condition("Accepted", "Unknown", "PoliciesUnknown");
    ck_assert_uint_eq(world_count(&w, CHILD_REVISION), 0);
    ck_assert_int_eq(world_plan(&w)->decision, PLAN_POSTPONES);
    with_policy("{}");
    world_converge(&w);
    assert_condition("Accepted", "True", "Accepted");
    ck_assert_uint_gt(world_count(&w, CHILD_POD), 0);
}
END_TEST

START_TEST(policies__while_they_are_unknown_what_was_accepted_goes_on)
{
    start(SPEC("flink:1.20.1", ""));
    with_policy("{}");
    world_converge(&w);
    policies.set = NULL;
    world_edit(&w, SPEC("flink:1.20.2", ""));
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 1), "Error");
    world_converge(&w);
    assert_condition("Accepted", "Unknown", "PoliciesUnknown");
    assert_condition("Reconciling", "True", "PoliciesUnknown");
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    ck_assert_uint_eq(world_count(&w, CHILD_REVISION), 1);
}
END_TEST

static bool no_labels(const void *ctx, struct strview ns, struct labels *ret)
{
    (void)ctx;
    (void)ns;
    (void)ret;
    return false;
}

START_TEST(policies__labels_that_decide_and_are_not_known_are_waited_for)
{
    static const struct policy_world unknown = {.namespace_labels = no_labels};
    start(SPEC("flink:1.20.1", ""));
    with_policy("{'match':{'namespaceSelector':{'matchLabels':{'tier':'prod'}}},"
                "'images':{'allowed':['registry.io/**']}}");
    policies.world = &unknown;
    world_converge(&w);
    assert_condition("Accepted", "Unknown", "PoliciesUnknown");
    beside("{'labels':{'tier':'test'}}");
    world_converge(&w);
    assert_condition("Accepted", "True", "Accepted");
}
END_TEST

START_TEST(policies__a_role_that_another_has_is_refused_until_it_is_free)
{
    start(SPEC("flink:1.20.1", ROLE("one")));
    with_policy("{'iamRoles':{'unique':true}}");
    beside("{'clusters':[{'namespace':'other','name':'first',"
           "'iamRole':'arn:aws:iam::123456789012:role/one'}]}");
    world_converge(&w);
    assert_condition("Accepted", "False", "Invalid");
    assert_says("Accepted", "other/first");
    ck_assert(sv_eq_lit(world_plan(&w)->claim.role, "arn:aws:iam::123456789012:role/one"));
    beside("{}");
    world_converge(&w);
    assert_condition("Accepted", "True", "Accepted");
}
END_TEST

START_TEST(policies__a_sum_is_never_in_the_way_of_getting_smaller)
{
    start("{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':8,'taskManager':{'replicas':"
          "8}}");
    with_policy("{}");
    world_converge(&w);
    with_policy("{'parallelism':{'namespaceTotal':10}}");
    beside("{'clusters':[{'namespace':'payments','name':'x','parallelism':9}]}");
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':9,'taskManager':{'"
                   "replicas':9}}");
    world_converge(&w);
    assert_condition("Accepted", "False", "Invalid");
    assert_says("Accepted", "(policy p, parallelism.namespaceTotal)");
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,'taskManager':{'"
                   "replicas':4}}");
    world_converge(&w);
    assert_condition("Accepted", "True", "Accepted");
}
END_TEST

START_TEST(policies__all_faults_are_told_at_once)
{
    start("{'image':'Bad Image','taskManager':{'replicas':1}}");
    with_policy("{'iamRoles':{'required':true}}");
    world_converge(&w);
    assert_says("Accepted", "not an image reference");
    assert_says("Accepted", "(policy p, iamRoles.required)");
}
END_TEST

START_TEST(policies__an_account_made_for_another_cluster_is_refused_without_any_policy)
{
    start(SPEC("flink:1.20.1", ",'serviceAccountName':'first-flink'"));
    with_policy("{}");
    beside("{'clusters':[{'namespace':'payments','name':'first'}]}");
    world_converge(&w);
    assert_condition("Accepted", "False", "Invalid");
    assert_says("Accepted", "spec.serviceAccountName");
}
END_TEST

START_TEST(policies__what_is_claimed_is_what_is_recorded)
{
    start(SPEC("flink:1.20.1", ROLE("one")));
    with_policy("{}");
    world_plan(&w);
    ck_assert_int_eq(w.plan.decision, PLAN_RECORDS);
    struct claim told = w.plan.claim;
    ck_assert_int_eq(told.number, 1);
    ck_assert_int_eq(told.parallelism, 2);
    world_step(&w);
    struct claim read;
    for (size_t i = 0; i < w.n; i++) {
        if (w.objects[i].kind == CHILD_REVISION) {
            ck_assert(claim_of_record(world_object_json(&w, &w.objects[i]), &arena, &read));
        }
    }
    ck_assert_int_eq(read.number, told.number);
    ck_assert_int_eq(read.parallelism, told.parallelism);
    ck_assert(sv_eq(read.role, told.role));
}
END_TEST

START_TEST(policies__what_is_no_record_claims_nothing)
{
    static const char *const BAD[] = {"{}",
                                      "{'revision':1}",
                                      "{'revision':0,'data':{'sluice':{}}}",
                                      "{'revision':'1','data':{'sluice':{}}}",
                                      "{'revision':1,'data':[]}",
                                      "[]"};
    struct claim claim;
    world_init(&w, "{}");
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        ck_assert_msg(!claim_of_record(json_of(BAD[i]), &arena, &claim), "%s", BAD[i]);
    }
    // Of a damaged one what can be read counts.
    ck_assert(claim_of_record(json_of("{'revision':3,'data':{'spec':{'iamRole':7,"
                                      "'parallelism':'x'},'sluice':{}}}"),
                              &arena, &claim));
    ck_assert_int_eq(claim.number, 3);
    ck_assert(!sv_present(claim.role));
}
END_TEST

UNIT_MAIN(setup, teardown, policies__a_generation_that_one_denies_is_refused_with_its_cause,
          policies__the_refusal_is_an_event, policies__what_they_only_warn_of_or_note_is_accepted,
          policies__what_was_accepted_is_never_judged_again,
          policies__a_fault_that_the_last_accepted_generation_has_refuses_nothing,
          policies__until_they_are_known_nothing_new_is_accepted_or_refused,
          policies__while_they_are_unknown_what_was_accepted_goes_on,
          policies__labels_that_decide_and_are_not_known_are_waited_for,
          policies__a_role_that_another_has_is_refused_until_it_is_free,
          policies__a_sum_is_never_in_the_way_of_getting_smaller,
          policies__all_faults_are_told_at_once,
          policies__an_account_made_for_another_cluster_is_refused_without_any_policy,
          policies__what_is_claimed_is_what_is_recorded, policies__what_is_no_record_claims_nothing)
