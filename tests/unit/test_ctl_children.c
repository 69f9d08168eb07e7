// SPDX-License-Identifier: Apache-2.0
// Children that somebody changed, deleted or had before us.
#include "common/json/out.h"
#include "controller/reconcile.h"
#include "ctl_world_run.h"
#include "unit.h"

#define HA                                                                                         \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"                               \
    "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{'replicas':2},"             \
    "'iamRole':'arn:aws:iam::123456789012:role/a','taskManager':{'replicas':2}}"

static struct world w;

static void start(void)
{
    world_init(&w, HA);
    world_converge(&w);
}

static void done(void)
{
    world_done(&w);
}

static void assert_sv(struct strview got, const char *want)
{
    ck_assert_msg(sv_eq_lit(got, want), "\"%.*s\" is not \"%s\"", SV_ARG(got), want);
}

/// Replaces the first WAS in X's body by NOW.
static void tamper(struct world_object *x, const char *was, const char *now)
{
    ck_assert_ptr_nonnull(x);
    size_t at = sv_find(x->body, sv_from(was));
    ck_assert_msg(at != SIZE_MAX, "no %s in %.*s", was, SV_ARG(x->body));
    struct strview head = sv_sub(x->body, 0, at);
    struct strview tail = sv_from_pos(x->body, at + strlen(was));
    x->body = arena_printf(&w.arena, "%.*s%s%.*s", SV_ARG(head), now, SV_ARG(tail));
}

/// One plan mends it, and only it; the next has nothing to do.
static void assert_mended(enum action_verb verb)
{
    world_step(&w);
    ck_assert_uint_eq(world_actions(&w, verb), 1);
    world_converge(&w);
}

START_TEST(children__a_changed_selector_is_set_right)
{
    tamper(world_find(&w, CHILD_SERVICE, "fraud-rest"), "\"selector\":{",
           "\"selector\":{\"x\":\"y\",");
    world_step(&w);
    ck_assert_uint_eq(world_actions(&w, ACTION_APPLY), 1);
    ck_assert(sv_find(w.plan.items[0].body, SV("\"uid\":\"uid-")) != SIZE_MAX);
}
END_TEST

START_TEST(children__a_changed_port_is_set_right)
{
    tamper(world_find(&w, CHILD_SERVICE, "fraud-rest"), "\"targetPort\":8081",
           "\"targetPort\":9999");
    assert_mended(ACTION_APPLY);
}
END_TEST

START_TEST(children__a_port_that_was_taken_away_comes_back)
{
    tamper(world_find(&w, CHILD_SERVICE, "fraud-jobmanager"),
           ",{\"name\":\"rest\",\"protocol\":\"TCP\",\"port\":8081,\"targetPort\":8081}", "");
    assert_mended(ACTION_APPLY);
}
END_TEST

START_TEST(children__a_label_that_was_taken_away_comes_back)
{
    tamper(world_find(&w, CHILD_CONFIG_MAP, w.objects[1].name.ptr),
           "\"sluice.dev/cluster\":\"fraud\",", "");
    assert_mended(ACTION_APPLY);
}
END_TEST

START_TEST(children__a_label_that_was_taken_off_the_record_comes_back)
{
    tamper(world_find(&w, CHILD_REVISION, "fraud-r1"), "\"sluice.dev/cluster\":\"fraud\",", "");
    world_plan(&w);
    ck_assert_uint_eq(w.plan.n, 1);
    ck_assert_uint_eq(sv_find(w.plan.items[0].body, SV("\"data\"")), SIZE_MAX);
    assert_mended(ACTION_APPLY);
}
END_TEST

START_TEST(children__a_config_map_that_can_be_changed_is_another_one)
{
    tamper(world_find(&w, CHILD_CONFIG_MAP, w.objects[1].name.ptr), "\"immutable\":true",
           "\"immutable\":false");
    assert_mended(ACTION_DELETE);
}
END_TEST

START_TEST(children__a_pod_s_label_is_mended_and_nothing_else_of_it_applied)
{
    tamper(world_pod(&w, POD_TASK_MANAGER, 0), "\"sluice.dev/run\":\"", "\"sluice.dev/run\":\"x");
    world_plan(&w);
    ck_assert_uint_eq(w.plan.n, 1);
    ck_assert_int_eq(w.plan.items[0].verb, ACTION_APPLY);
    ck_assert_uint_eq(sv_find(w.plan.items[0].body, SV("\"spec\"")), SIZE_MAX);
    world_converge(&w);
}
END_TEST

START_TEST(children__a_pod_whose_image_was_changed_is_replaced)
{
    struct world_object *pod = world_pod(&w, POD_TASK_MANAGER, 0);
    tamper(pod, "\"image\":\"flink:1.20.1\"", "\"image\":\"mine:1\"");
    // As an admission webhook leaves it: the first generation.
    ck_assert_uint_eq(world_plan(&w)->n, 0);
    tamper(pod, "\"metadata\":{", "\"metadata\":{\"generation\":2,");
    world_step(&w);
    ck_assert(world_event(&w, "PodChanged"));
    ck_assert_uint_eq(world_actions(&w, ACTION_DELETE), 1);
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

START_TEST(children__another_s_label_or_annotation_is_left_alone)
{
    tamper(world_find(&w, CHILD_SERVICE, "fraud-rest"), "\"labels\":{",
           "\"annotations\":{\"their\":\"note\"},\"labels\":{\"their\":\"label\",");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(children__what_the_api_server_fills_in_is_no_change)
{
    tamper(world_find(&w, CHILD_SERVICE, "fraud-rest"), "\"spec\":{",
           "\"spec\":{\"clusterIP\":\"10.0.0.7\",\"ipFamilies\":[\"IPv4\"],");
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(children__a_stranger_in_the_binding_is_put_out)
{
    tamper(world_find(&w, CHILD_ROLE_BINDING, "fraud-flink"), "\"subjects\":[",
           "\"subjects\":[{\"kind\":\"User\",\"name\":\"mallory\"},");
    assert_mended(ACTION_APPLY);
}
END_TEST

START_TEST(children__a_binding_to_another_role_is_made_anew)
{
    tamper(world_find(&w, CHILD_ROLE_BINDING, "fraud-flink"), "sluice-flink-ha", "cluster-admin");
    assert_mended(ACTION_DELETE);
    ck_assert(sv_find(world_find(&w, CHILD_ROLE_BINDING, "fraud-flink")->body,
                      SV("sluice-flink-ha")) != SIZE_MAX);
}
END_TEST

START_TEST(children__a_changed_budget_is_set_right)
{
    tamper(world_find(&w, CHILD_PDB, "fraud-jobmanager"), "\"minAvailable\":1",
           "\"minAvailable\":0");
    assert_mended(ACTION_APPLY);
}
END_TEST

START_TEST(children__a_deleted_child_is_made_again)
{
    world_remove(&w, world_find(&w, CHILD_SERVICE, "fraud-jobmanager"));
    assert_mended(ACTION_CREATE);
    world_remove(&w, world_find(&w, CHILD_SERVICE_ACCOUNT, "fraud-flink"));
    assert_mended(ACTION_CREATE);
}
END_TEST

START_TEST(children__the_role_goes_from_the_account_when_the_spec_drops_it)
{
    ck_assert(sv_find(world_find(&w, CHILD_SERVICE_ACCOUNT, "fraud-flink")->body,
                      SV("eks.amazonaws.com/role-arn")) != SIZE_MAX);
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"
                   "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],"
                   "'taskManager':{'replicas':2}}");
    world_converge(&w);
    ck_assert_uint_eq(sv_find(world_find(&w, CHILD_SERVICE_ACCOUNT, "fraud-flink")->body,
                              SV("eks.amazonaws.com/role-arn")),
                      SIZE_MAX);
    // One JobManager is left, and so no budget.
    ck_assert_uint_eq(world_count(&w, CHILD_PDB), 0);
}
END_TEST

START_TEST(children__an_account_of_the_user_s_is_bound_and_not_made)
{
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,"
                   "'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],"
                   "'serviceAccountName':'theirs','taskManager':{'replicas':2}}");
    world_converge(&w);
    ck_assert_uint_eq(world_count(&w, CHILD_SERVICE_ACCOUNT), 0);
    const struct json *binding =
        world_object_json(&w, world_find(&w, CHILD_ROLE_BINDING, "fraud-flink"));
    assert_sv(json_get_string(json_first(json_get_lit(binding, "subjects")), SV("name")), "theirs");
    const struct json *pod = world_object_json(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    assert_sv(json_string(json_get_path(pod, "spec", "serviceAccountName", NULL)), "theirs");
}
END_TEST

START_TEST(children__another_s_object_under_our_name_is_reported_and_left)
{
    world_remove(&w, world_find(&w, CHILD_SERVICE, "fraud-rest"));
    w.objects[w.n++] = (struct world_object){
        .kind = CHILD_SERVICE, .name = SV("fraud-rest"), .uid = SV("theirs"), .foreign = true};
    const struct refused_child refused = {.kind = CHILD_SERVICE,
                                          .name = SV("fraud-rest"),
                                          .foreign = true,
                                          .message = SV("already exists")};
    w.refused = &refused;
    w.n_refused = 1;
    world_step(&w);
    ck_assert(world_event(&w, "ChildRefused"));
    assert_sv(world_condition(&w, "Stalled", "reason"), "ForeignObject");
    assert_sv(world_condition(&w, "Ready", "status"), "False");
    ck_assert(sv_eq_lit(world_find(&w, CHILD_SERVICE, "fraud-rest")->uid, "theirs"));
    // It holds nothing else back, although each plan ends at it.
    world_remove(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    world_step(&w);
    ck_assert(!world_event(&w, "ChildRefused"));
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
}
END_TEST

/// Whether no pod is made while KIND's NAME is another's.
static bool holds_pods(enum child_kind kind, struct strview name)
{
    const struct refused_child refused = {
        .kind = kind, .name = name, .foreign = true, .message = SV("already exists")};
    world_remove(&w, world_find(&w, kind, name.ptr));
    world_remove(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    w.refused = &refused;
    w.n_refused = 1;
    const struct actions *plan = world_plan(&w);
    bool pod = false;
    for (size_t i = 0; i < plan->n; i++) {
        pod = pod || (plan->items[i].verb == ACTION_CREATE && plan->items[i].kind == CHILD_POD);
    }
    w.n_refused = 0;
    return !pod;
}

START_TEST(children__no_pod_runs_with_what_another_put_under_our_name)
{
    // An account `fraud-flink` that was there before has any rights and any role.
    ck_assert(holds_pods(CHILD_SERVICE_ACCOUNT, SV("fraud-flink")));
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    struct strview config = SV_NONE;
    for (size_t i = 0; i < w.n; i++) {
        config = w.objects[i].kind == CHILD_CONFIG_MAP ? w.objects[i].name : config;
    }
    ck_assert(holds_pods(CHILD_CONFIG_MAP, arena_copy(&w.arena, config)));
}
END_TEST

START_TEST(children__a_refused_record_is_told_and_holds_nothing_back)
{
    const struct refused_child refused = {
        .kind = CHILD_REVISION, .name = SV("fraud-2"), .message = SV("exceeded quota")};
    w.refused = &refused;
    w.n_refused = 1;
    world_edit(&w, "{'image':'flink:1.20.2','flinkVersion':'1.20','parallelism':2,"
                   "'taskManager':{'replicas':2},"
                   "'job':{'entryClass':'a.B','upgradeMode':'Stateless'}}");
    world_remove(&w, world_pod(&w, POD_TASK_MANAGER, 0));
    const struct actions *plan = world_plan(&w);
    bool pod = false, told = false;
    for (size_t i = 0; i < plan->n; i++) {
        const struct action *a = &plan->items[i];
        pod = pod || (a->verb == ACTION_CREATE && a->kind == CHILD_POD);
        told = told || a->verb == ACTION_STATUS;
    }
    ck_assert(pod && told);
    ck_assert(world_event(&w, "ChildRefused"));
    // It is tried again, and last: a plan ends where it is refused.
    ck_assert_int_eq(plan->items[plan->n - 1].kind, CHILD_REVISION);
    ck_assert_int_eq(plan->items[plan->n - 1].verb, ACTION_CREATE);
}
END_TEST

START_TEST(children__a_refused_first_record_is_told)
{
    static struct world fresh;
    const struct refused_child refused = {
        .kind = CHILD_REVISION, .name = SV("fraud-1"), .message = SV("exceeded quota")};
    world_init(&fresh, HA);
    fresh.refused = &refused;
    fresh.n_refused = 1;
    (void)world_plan(&fresh);
    ck_assert_uint_eq(world_actions(&fresh, ACTION_STATUS), 1);
    ck_assert(world_event(&fresh, "ChildRefused"));
    world_done(&fresh);
}
END_TEST

START_TEST(children__what_a_webhook_says_is_told_in_one_harmless_line)
{
    const struct refused_child refused = {.kind = CHILD_SERVICE,
                                          .name = SV("fraud-rest"),
                                          .message = SV("denied:\n  \x1b[2Jlook\xe2\x80\xae")};
    world_remove(&w, world_find(&w, CHILD_SERVICE, "fraud-rest"));
    w.refused = &refused;
    w.n_refused = 1;
    const struct actions *plan = world_plan(&w);
    bool told = false;
    for (size_t i = 0; i < plan->n; i++) {
        const struct action *a = &plan->items[i];
        if (a->verb == ACTION_EVENT && sv_eq_lit(sv_from(a->event.reason), "ChildRefused")) {
            assert_sv(a->event.message, "Service fraud-rest: denied: [2Jlook");
            told = true;
        }
    }
    ck_assert(told);
    world_step(&w);
    assert_sv(world_condition(&w, "Stalled", "message"), "Service fraud-rest: denied: [2Jlook");
    // And that is no news the next time.
    ck_assert_uint_eq(world_actions(&w, ACTION_STATUS), 1);
    (void)world_plan(&w);
    ck_assert_uint_eq(world_actions(&w, ACTION_STATUS), 0);
}
END_TEST

START_TEST(children__another_way_to_a_role_waits_for_another_run)
{
    struct observed observed;
    struct actions plan;
    struct err err = {0};
    struct plan_settings settings = WORLD_SETTINGS;
    world_done(&w);
    world_init(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,'iamRole':"
                   "'arn:aws:iam::123456789012:role/r','taskManager':{'replicas':1}}");
    world_converge(&w);
    settings.kube2iam = true;
    world_observe(&w, &observed);
    ck_assert_int_eq(plan_make(&observed, &settings, &w.arena, &plan, &err), 0);
    ck_assert_uint_eq(plan.n, 0);
}
END_TEST

UNIT_MAIN(start, done, children__another_way_to_a_role_waits_for_another_run,
          children__a_changed_selector_is_set_right,
          children__a_port_that_was_taken_away_comes_back, children__a_changed_port_is_set_right,
          children__a_label_that_was_taken_away_comes_back,
          children__a_label_that_was_taken_off_the_record_comes_back,
          children__a_config_map_that_can_be_changed_is_another_one,
          children__a_pod_s_label_is_mended_and_nothing_else_of_it_applied,
          children__a_pod_whose_image_was_changed_is_replaced,
          children__another_s_label_or_annotation_is_left_alone,
          children__what_the_api_server_fills_in_is_no_change,
          children__a_stranger_in_the_binding_is_put_out,
          children__a_binding_to_another_role_is_made_anew, children__a_changed_budget_is_set_right,
          children__a_deleted_child_is_made_again,
          children__the_role_goes_from_the_account_when_the_spec_drops_it,
          children__an_account_of_the_user_s_is_bound_and_not_made,
          children__another_s_object_under_our_name_is_reported_and_left,
          children__no_pod_runs_with_what_another_put_under_our_name,
          children__a_refused_record_is_told_and_holds_nothing_back,
          children__a_refused_first_record_is_told,
          children__what_a_webhook_says_is_told_in_one_harmless_line)
