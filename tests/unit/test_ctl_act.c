// SPDX-License-Identifier: Apache-2.0
#include "controller/act.h"

#include <string.h>

#include "tests/unit/ctl_act.h"

static const struct action CREATE_SERVICE = {.verb = ACTION_CREATE,
                                             .kind = CHILD_SERVICE,
                                             .name = SV_INIT("c-rest"),
                                             .body = SV_INIT("{\"kind\":\"Service\"}")};
static const struct action APPLY_SERVICE = {.verb = ACTION_APPLY,
                                            .kind = CHILD_SERVICE,
                                            .name = SV_INIT("c-rest"),
                                            .uid = SV_INIT("s1"),
                                            .body = SV_INIT("{\"metadata\":{\"uid\":\"s1\"}}")};
static const struct action DELETE_POD = {
    .verb = ACTION_DELETE, .kind = CHILD_POD, .name = SV_INIT("p"), .uid = SV_INIT("p1")};
static const struct action WRITE_STATUS = {.verb = ACTION_STATUS,
                                           .body = SV_INIT("{\"status\":{\"phase\":\"Running\"}}")};
static const struct action EMIT = {
    .verb = ACTION_EVENT,
    .event = {.type = "Warning", .reason = "PodFailed", .message = SV_INIT("pod p failed: 50 %")}};

// ---- the plan -----------------------------------------------------------------------------------

START_TEST(act__steps_are_taken_in_their_order)
{
    answer(NULL, NULL, 200, "{}");
    struct action steps[] = {WRITE_STATUS, CREATE_SERVICE, APPLY_SERVICE, EMIT, DELETE_POD};
    ck_assert_int_eq(run(steps, ARRAY_LEN(steps)), 0);
    ck_assert_uint_eq(done, 4);
    ck_assert_uint_eq(stub_count(stub), 4);
    asked(0, "PATCH", CLUSTER "/status");
    asked(1, "POST", SERVICES);
    asked(2, "PATCH", SERVICES "/c-rest");
    asked(3, "DELETE", PODS "/p");
}
END_TEST

START_TEST(act__the_first_error_stops_the_rest)
{
    answer("POST", SERVICES, 500, STATUS("500", "InternalError", "etcd"));
    answer(NULL, NULL, 200, "{}");
    struct action steps[] = {WRITE_STATUS, CREATE_SERVICE, DELETE_POD};
    ck_assert_int_eq(run(steps, ARRAY_LEN(steps)), -1);
    ck_assert_int_eq(err.code, E_TRANSPORT);
    ck_assert_uint_eq(done, 1);
    ck_assert_uint_eq(stub_count(stub), 2);
    ck_assert(!is_refused);
}
END_TEST

START_TEST(act__an_empty_plan_asks_for_nothing)
{
    ck_assert_int_eq(run(NULL, 0), 0);
    ck_assert_uint_eq(stub_count(stub), 0);
}
END_TEST

START_TEST(act__behind_a_closed_fence_nothing_is_sent)
{
    close_fence();
    const struct action writes[] = {CREATE_SERVICE, APPLY_SERVICE, DELETE_POD, WRITE_STATUS};
    for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
        ck_assert_int_eq(run_one(writes[i]), -1);
        ck_assert_int_eq(err.code, E_DENIED);
        ck_assert_uint_eq(done, 0);
    }
    // Not the API server's word: nothing to remember.
    ck_assert(!is_refused);
    ck_assert_uint_eq(stub_count(stub), 0);
}
END_TEST

// ---- create -------------------------------------------------------------------------------------

START_TEST(act__a_child_is_posted_as_the_plan_has_it)
{
    answer("POST", SERVICES, 201, "{}");
    ck_assert_int_eq(run_one(CREATE_SERVICE), 0);
    asked(0, "POST", SERVICES);
    ck_assert_str_eq(seen.content_type, "application/json");
    ck_assert_str_eq(seen.body, "{\"kind\":\"Service\"}");
    ck_assert(!is_refused);
}
END_TEST

START_TEST(act__what_an_earlier_try_made_is_fine)
{
    answer("POST", SERVICES, 409, TAKEN);
    answer("GET", SERVICES "/c-rest", 200,
           "{\"metadata\":{\"uid\":\"s1\"," VISIBLE "," OWNED_BY("u1") "}}");
    ck_assert_int_eq(run_one(CREATE_SERVICE), 0);
    ck_assert_uint_eq(stub_count(stub), 2);
    ck_assert(!is_refused);
}
END_TEST

START_TEST(act__a_child_of_ours_that_lost_its_label_gets_it_back)
{
    answer("POST", SERVICES, 409, TAKEN);
    answer("GET", SERVICES "/c-rest", 200, "{\"metadata\":{\"uid\":\"s1\"," OWNED_BY("u1") "}}");
    answer("PATCH", SERVICES "/c-rest", 200, "{}");
    ck_assert_int_eq(run_one(CREATE_SERVICE), 0);
    asked(2, "PATCH", SERVICES "/c-rest");
    ck_assert_str_eq(seen.content_type, "application/merge-patch+json");
    ck_assert_str_eq(seen.body, LABEL_PATCH("s1"));
}
END_TEST

START_TEST(act__another_object_of_that_name_is_told_and_not_touched)
{
    static const char *const foreign[] = {
        "{\"metadata\":{\"uid\":\"s1\"}}",
        "{\"metadata\":{\"uid\":\"s1\"," VISIBLE "," OWNED_BY("u0") "}}",
        // An owner that is no controller.
        "{\"metadata\":{\"uid\":\"s1\",\"ownerReferences\":[{\"uid\":\"u1\"}]}}",
        "{\"metadata\":{\"uid\":\"s1\",\"ownerReferences\":[7,null,{\"controller\":true}]}}",
        "{\"metadata\":[]}",
        "[]",
    };
    answer("POST", SERVICES, 409, TAKEN);
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
        stub_add(stub,
                 &(struct stub_answer){.method = "GET", .times = 1, .body = sv_from(foreign[i])});
        is_refused = false;
        ck_assert_msg(run_one(CREATE_SERVICE) == -1, "%s", foreign[i]);
        ck_assert_int_eq(err.code, E_CONFLICT);
        ck_assert(is_refused && refused.foreign);
        ck_assert_int_eq(refused.kind, CHILD_SERVICE);
        ck_assert(sv_eq_lit(refused.name, "c-rest"));
        ck_assert_uint_eq(stub_count(stub), 2 * (i + 1));
    }
}
END_TEST

START_TEST(act__pods_wait_for_an_account_that_is_another_s)
{
    static const struct action ACCOUNT = {.verb = ACTION_CREATE,
                                          .kind = CHILD_SERVICE_ACCOUNT,
                                          .name = SV_INIT("c-flink"),
                                          .body = SV_INIT("{\"kind\":\"ServiceAccount\"}")};
    static const struct action POD = {.verb = ACTION_CREATE,
                                      .kind = CHILD_POD,
                                      .name = SV_INIT("c-jm"),
                                      .body = SV_INIT("{\"kind\":\"Pod\"}")};
    answer("POST", NULL, 409, TAKEN);
    answer("GET", NULL, 200, "{\"metadata\":{\"uid\":\"s1\"}}");
    struct action steps[] = {ACCOUNT, POD};
    ck_assert_int_eq(run(steps, ARRAY_LEN(steps)), -1);
    ck_assert(is_refused && refused.foreign);
    ck_assert_int_eq(refused.kind, CHILD_SERVICE_ACCOUNT);
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(act__a_name_that_was_free_again_is_tried_again)
{
    answer("POST", SERVICES, 409, TAKEN);
    ck_assert_int_eq(run_one(CREATE_SERVICE), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert(!is_refused);
}
END_TEST

START_TEST(act__a_refused_object_is_noted_with_the_reason)
{
    static const struct {
        int status;
        const char *body;
        enum errc code;
    } CASES[] = {
        {422, STATUS("422", "Invalid", "spec.ports: Required value"), E_INVALID},
        {403, STATUS("403", "Forbidden", "exceeded quota: pods"), E_DENIED},
        {413, STATUS("413", "RequestEntityTooLarge", "limit is 3145728"), E_INVALID},
        {422, "no JSON", E_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        stub_add(stub, &(struct stub_answer){
                           .times = 1, .status = CASES[i].status, .body = sv_from(CASES[i].body)});
        is_refused = false;
        ck_assert_int_eq(run_one(CREATE_SERVICE), -1);
        ck_assert_int_eq(err.code, CASES[i].code);
        ck_assert_int_eq(err.detail, CASES[i].status);
        ck_assert(is_refused && !refused.foreign);
        ck_assert_int_eq(refused.kind, CHILD_SERVICE);
        ck_assert(sv_eq_lit(refused.name, "c-rest"));
        ck_assert_ptr_nonnull(strstr(err.msg, "create Service c-rest"));
    }
    ck_assert_uint_ne(refused.message.len, 0);
}
END_TEST

START_TEST(act__a_refused_child_does_not_keep_back_the_rest)
{
    answer("POST", SERVICES, 422, STATUS("422", "Invalid", "spec.ports: Required value"));
    answer("POST", PODS, 403, STATUS("403", "Forbidden", "exceeded quota: pods"));
    answer("PATCH", NULL, 200, "{}");
    struct action other = CREATE_SERVICE;
    other.name = SV("c-jobmanager");
    struct action pod = CREATE_SERVICE;
    pod.kind = CHILD_POD;
    // Deleting what is gone must not hide why the rest failed.
    struct action steps[] = {CREATE_SERVICE, other, WRITE_STATUS, DELETE_POD};
    ck_assert_int_eq(run(steps, ARRAY_LEN(steps)), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_uint_eq(done, 2);
    ck_assert_uint_eq(stub_count(stub), 4);
    ck_assert(is_refused && sv_eq_lit(refused.name, "c-jobmanager"));
    // One refused pod stands for all pods.
    struct action pods[] = {CREATE_SERVICE, pod, WRITE_STATUS};
    ck_assert_int_eq(run(pods, ARRAY_LEN(pods)), -1);
    ck_assert_int_eq(err.code, E_DENIED);
    ck_assert_uint_eq(stub_count(stub), 6);
    ck_assert_int_eq(refused.kind, CHILD_POD);
}
END_TEST

START_TEST(act__a_refusal_that_nobody_notes_is_an_error_all_the_same)
{
    answer("POST", SERVICES, 422, STATUS("422", "Invalid", "no"));
    act.refused = NULL;
    act.is_refused = NULL;
    ck_assert_int_eq(run_one(CREATE_SERVICE), -1);
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

START_TEST(act__in_a_namespace_that_ends_the_cluster_is_dropped)
{
    answer("POST", SERVICES, 403,
           "{\"kind\":\"Status\",\"code\":403,\"reason\":\"Forbidden\",\"message\":\"a ends\","
           "\"details\":{\"causes\":[{\"reason\":\"NamespaceTerminating\","
           "\"message\":\"namespace a is being terminated\",\"field\":\"metadata.namespace\"}]}}");
    ck_assert_int_eq(run_one(CREATE_SERVICE), -1);
    ck_assert_int_eq(err.code, E_GONE);
    ck_assert(!is_refused);
}
END_TEST

START_TEST(act__patience_is_passed_on)
{
    stub_add(stub, &(struct stub_answer){.status = 429, .header = {"Retry-After", "7"}});
    const struct action writes[] = {CREATE_SERVICE, APPLY_SERVICE, DELETE_POD, WRITE_STATUS};
    for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
        err = (struct err){.code = E_OK};
        ck_assert_int_eq(run_one(writes[i]), -1);
        ck_assert_int_eq(err.code, E_THROTTLED);
        ck_assert_uint_eq(err.retry_after_ms, 7000);
    }
    ck_assert(!is_refused);
}
END_TEST

// ---- the other verbs ----------------------------------------------------------------------------

START_TEST(act__an_apply_is_forced_and_names_the_object_that_was_seen)
{
    answer("PATCH", NULL, 200, "{}");
    ck_assert_int_eq(run_one(APPLY_SERVICE), 0);
    asked(0, "PATCH", SERVICES "/c-rest");
    ck_assert_str_eq(seen.content_type, "application/apply-patch+yaml");
    ck_assert_str_eq(seen.query, "fieldManager=sluice-test&force=true");
    ck_assert_str_eq(seen.body, "{\"metadata\":{\"uid\":\"s1\"}}");
}
END_TEST

START_TEST(act__an_apply_on_another_object_is_a_conflict)
{
    answer("PATCH", NULL, 409, STATUS("409", "Conflict", "uid mismatch"));
    ck_assert_int_eq(run_one(APPLY_SERVICE), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_uint_eq(stub_count(stub), 1);
}
END_TEST

START_TEST(act__a_delete_names_the_object_that_was_seen)
{
    answer("DELETE", NULL, 200, "{}");
    ck_assert_int_eq(run_one(DELETE_POD), 0);
    asked(0, "DELETE", PODS "/p");
    ck_assert_str_eq(seen.body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
                     "\"preconditions\":{\"uid\":\"p1\"},\"propagationPolicy\":\"Background\"}");
}
END_TEST

START_TEST(act__what_is_gone_already_need_not_be_deleted)
{
    ck_assert_int_eq(run_one(DELETE_POD), 0);
    ck_assert_uint_eq(stub_count(stub), 1);
    answer("DELETE", NULL, 409, STATUS("409", "Conflict", "the UID in the precondition"));
    ck_assert_int_eq(run_one(DELETE_POD), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
}
END_TEST

START_TEST(act__the_status_is_merged_into_its_subresource)
{
    answer("PATCH", CLUSTER "/status", 200, "{}");
    ck_assert_int_eq(run_one(WRITE_STATUS), 0);
    asked(0, "PATCH", CLUSTER "/status");
    ck_assert_str_eq(seen.content_type, "application/merge-patch+json");
    // Of another one of that name, or of one that changed, nothing is written.
    ck_assert_str_eq(seen.body, "{\"metadata\":{\"resourceVersion\":\"7\"},\"status\":{\"phase\":"
                                "\"Running\"}}");
}
END_TEST

START_TEST(act__a_cluster_that_is_gone_is_dropped)
{
    struct action steps[] = {WRITE_STATUS, CREATE_SERVICE};
    ck_assert_int_eq(run(steps, ARRAY_LEN(steps)), -1);
    ck_assert_int_eq(err.code, E_GONE);
    ck_assert_uint_eq(stub_count(stub), 1);
}
END_TEST

START_TEST(act__an_event_needs_no_answer)
{
    ck_assert_int_eq(run_one(EMIT), 0);
    ck_assert_uint_eq(done, 0);
    ck_assert_uint_eq(stub_count(stub), 0);
    ck_assert_int_eq(kube_events_start(config, NULL, "sluice-controller", &act.events, &err), 0);
    ck_assert_int_eq(run_one(EMIT), 0);
    kube_events_stop(act.events, 3000);
    ck_assert_uint_eq(done, 0);
    asked(0, "POST", API "events");
    ck_assert_ptr_nonnull(strstr(seen.body, "\"message\":\"pod p failed: 50 %\""));
    ck_assert_ptr_nonnull(strstr(seen.body, "\"type\":\"Warning\""));
    ck_assert_ptr_nonnull(strstr(seen.body, "\"uid\":\"u1\""));
}
END_TEST

UNIT_MAIN(setup, teardown, act__a_refused_child_does_not_keep_back_the_rest,
          act__steps_are_taken_in_their_order, act__the_first_error_stops_the_rest,
          act__an_empty_plan_asks_for_nothing, act__behind_a_closed_fence_nothing_is_sent,
          act__a_child_is_posted_as_the_plan_has_it, act__what_an_earlier_try_made_is_fine,
          act__a_child_of_ours_that_lost_its_label_gets_it_back,
          act__another_object_of_that_name_is_told_and_not_touched,
          act__pods_wait_for_an_account_that_is_another_s,
          act__a_name_that_was_free_again_is_tried_again,
          act__a_refused_object_is_noted_with_the_reason,
          act__a_refusal_that_nobody_notes_is_an_error_all_the_same,
          act__in_a_namespace_that_ends_the_cluster_is_dropped, act__patience_is_passed_on,
          act__an_apply_is_forced_and_names_the_object_that_was_seen,
          act__an_apply_on_another_object_is_a_conflict,
          act__a_delete_names_the_object_that_was_seen,
          act__what_is_gone_already_need_not_be_deleted,
          act__the_status_is_merged_into_its_subresource, act__a_cluster_that_is_gone_is_dropped,
          act__an_event_needs_no_answer)
