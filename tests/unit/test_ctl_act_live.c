// SPDX-License-Identifier: Apache-2.0
// What act.c asks after a pod before another one takes its place.
#include "controller/act.h"

#include "tests/unit/ctl_act.h"

static const struct action REPLACE_POD = {.verb = ACTION_CREATE,
                                          .kind = CHILD_POD,
                                          .name = SV_INIT("p2"),
                                          .body = SV_INIT("{\"kind\":\"Pod\"}"),
                                          .live_read = true,
                                          .reads = SV_INIT("p")};

// ---- the live read before a replacement ---------------------------------------------------------

START_TEST(act__a_pod_that_still_runs_is_not_replaced)
{
    static const char *const alive[] = {
        POD(VISIBLE "," OWNED_BY("u1"), "Running"), POD(VISIBLE "," OWNED_BY("u1"), "Pending"),
        POD(VISIBLE "," OWNED_BY("u1"), "Unknown"),
        "{\"metadata\":{\"uid\":\"p1\"," VISIBLE "," OWNED_BY("u1") "}}"};
    for (size_t i = 0; i < ARRAY_LEN(alive); i++) {
        stub_add(stub, &(struct stub_answer){.times = 1, .body = sv_from(alive[i])});
        ck_assert_int_eq(run_one(REPLACE_POD), -1);
        ck_assert_int_eq(err.code, E_CONFLICT);
        asked(i, "GET", PODS "/p");
        ck_assert_uint_eq(stub_count(stub), i + 1);
    }
    ck_assert(!is_refused);
}
END_TEST

START_TEST(act__a_pod_that_runs_without_its_label_is_made_visible)
{
    answer("GET", PODS "/p", 200, POD(OWNED_BY("u1"), "Running"));
    answer("PATCH", PODS "/p", 200, "{}");
    ck_assert_int_eq(run_one(REPLACE_POD), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    asked(1, "PATCH", PODS "/p");
    ck_assert_str_eq(seen.body, LABEL_PATCH("p1"));
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(act__a_pod_that_is_gone_is_replaced)
{
    answer("POST", PODS, 201, "{}");
    ck_assert_int_eq(run_one(REPLACE_POD), 0);
    asked(0, "GET", PODS "/p");
    asked(1, "POST", PODS);
}
END_TEST

START_TEST(act__a_pod_that_ended_or_is_anothers_is_replaced)
{
    static const char *const over[] = {
        POD(VISIBLE "," OWNED_BY("u1"), "Failed"), POD(VISIBLE "," OWNED_BY("u1"), "Succeeded"),
        POD(VISIBLE "," OWNED_BY("u0"), "Running"), POD(VISIBLE, "Running")};
    answer("POST", PODS, 201, "{}");
    for (size_t i = 0; i < ARRAY_LEN(over); i++) {
        stub_add(stub,
                 &(struct stub_answer){.method = "GET", .times = 1, .body = sv_from(over[i])});
        ck_assert_msg(run_one(REPLACE_POD) == 0, "%s", over[i]);
        ck_assert_uint_eq(stub_count(stub), 2 * (i + 1));
        asked(2 * i + 1, "POST", PODS);
    }
}
END_TEST

START_TEST(act__a_pod_that_nobody_can_tell_of_is_not_replaced)
{
    static const int codes[] = {500, 503, 403, 429, 401};
    answer("POST", PODS, 201, "{}");
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        // A 401 is asked twice.
        stub_add(stub, &(struct stub_answer){
                           .method = "GET", .times = codes[i] == 401 ? 2 : 1, .status = codes[i]});
        ck_assert_int_eq(run_one(REPLACE_POD), -1);
        asked(i, "GET", PODS "/p");
    }
    stub_add(stub, &(struct stub_answer){.method = "GET", .times = 1, .body = SV_INIT("{\"kin")});
    ck_assert_int_eq(run_one(REPLACE_POD), -1);
    ck_assert_uint_eq(stub_count(stub), ARRAY_LEN(codes) + 2);
    ck_assert(!is_refused);
}
END_TEST

START_TEST(act__behind_a_closed_fence_a_label_is_not_put_back)
{
    close_fence();
    answer("GET", PODS "/p", 200, POD(OWNED_BY("u1"), "Running"));
    ck_assert_int_eq(run_one(REPLACE_POD), -1);
    ck_assert_int_eq(err.code, E_DENIED);
    ck_assert_uint_eq(stub_count(stub), 1);
}
END_TEST

// ---- pods that left the watch -------------------------------------------------------------------

static int recall(bool *ret_gone)
{
    return act_recall(&act, &(struct stray){.kind = CHILD_POD, .name = SV("p"), .uid = SV("p1")},
                      ret_gone, &err);
}

START_TEST(act__a_stray_pod_is_gone_when_it_is_not_there_or_anothers)
{
    static const char *const over[] = {
        POD(OWNED_BY("u0"), "Running"),
        "{\"metadata\":{\"uid\":\"p9\"," OWNED_BY("u1") "},\"status\":{\"phase\":\"Running\"}}"};
    bool gone;
    for (size_t i = 0; i < ARRAY_LEN(over); i++) {
        gone = false;
        stub_add(stub, &(struct stub_answer){.times = 1, .body = sv_from(over[i])});
        ck_assert_msg(recall(&gone) == 0 && gone, "%s", over[i]);
    }
    gone = false;
    ck_assert(recall(&gone) == 0 && gone);
    ck_assert_uint_eq(stub_count(stub), ARRAY_LEN(over) + 1);
}
END_TEST

START_TEST(act__a_stray_pod_that_runs_gets_its_label_back)
{
    bool gone = true;
    answer("GET", PODS "/p", 200, POD(OWNED_BY("u1"), "Running"));
    answer("PATCH", PODS "/p", 200, "{}");
    ck_assert_int_eq(recall(&gone), 0);
    ck_assert(!gone);
    asked(1, "PATCH", PODS "/p");
    ck_assert_str_eq(seen.body, LABEL_PATCH("p1"));
}
END_TEST

START_TEST(act__a_stray_pod_that_nobody_can_tell_of_is_not_gone)
{
    bool gone = true;
    answer("GET", NULL, 503, "");
    ck_assert_int_eq(recall(&gone), -1);
    ck_assert(!gone);
}
END_TEST

// ---- what is told before, and what after --------------------------------------------------------

static struct action pod_named(const char *name)
{
    return (struct action){.verb = ACTION_CREATE,
                           .kind = CHILD_POD,
                           .name = sv_from(name),
                           .body = SV("{\"kind\":\"Pod\"}")};
}

static const struct action TELL = {.verb = ACTION_STATUS, .body = SV_INIT("{\"status\":{}}")};

START_TEST(act__new_task_managers_go_before_a_status)
{
    struct action items[] = {TELL, pod_named("c-tm-0ff48f55-3-0"), pod_named("c-tm-0ff48f55-4-0")};
    answer("POST", PODS, 201, "{}");
    answer("PATCH", CLUSTER "/status", 200, "{}");
    ck_assert_int_eq(run(items, 3), 0);
    ck_assert_uint_eq(done, 3);
    asked(0, "POST", PODS);
    asked(1, "POST", PODS);
    asked(2, "PATCH", CLUSTER "/status");
}
END_TEST

START_TEST(act__a_status_is_told_when_new_task_managers_are_refused)
{
    struct action items[] = {TELL, pod_named("c-tm-0ff48f55-3-0"), pod_named("c-tm-0ff48f55-4-0")};
    answer("POST", PODS, 403, STATUS("403", "Forbidden", "exceeded quota"));
    answer("PATCH", CLUSTER "/status", 200, "{}");
    ck_assert_int_eq(run(items, 3), -1);
    ck_assert_int_eq(err.code, E_DENIED);
    ck_assert(is_refused);
    asked(0, "POST", PODS);
    asked(1, "PATCH", CLUSTER "/status");
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(act__a_failure_is_told_before_it_is_mended)
{
    static const char *const names[] = {"c-tm-0ff48f55-3-1", "c-jm-0ff48f55-0-0", "another"};
    answer("POST", PODS, 201, "{}");
    answer("PATCH", CLUSTER "/status", 200, "{}");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct action items[] = {TELL, pod_named(names[i])};
        ck_assert_int_eq(run(items, 2), 0);
        asked(2 * i, "PATCH", CLUSTER "/status");
        asked(2 * i + 1, "POST", PODS);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, act__a_pod_that_still_runs_is_not_replaced,
          act__a_pod_that_runs_without_its_label_is_made_visible,
          act__a_pod_that_is_gone_is_replaced, act__a_pod_that_ended_or_is_anothers_is_replaced,
          act__a_pod_that_nobody_can_tell_of_is_not_replaced,
          act__behind_a_closed_fence_a_label_is_not_put_back,
          act__a_stray_pod_is_gone_when_it_is_not_there_or_anothers,
          act__a_stray_pod_that_runs_gets_its_label_back,
          act__a_stray_pod_that_nobody_can_tell_of_is_not_gone,
          act__new_task_managers_go_before_a_status,
          act__a_status_is_told_when_new_task_managers_are_refused,
          act__a_failure_is_told_before_it_is_mended)
