// SPDX-License-Identifier: Apache-2.0
#include "common/kube/client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/strbuf.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct kube *kube;
static struct arena arena = {.max = 32 << 20};
static const struct json *got;
static struct err err;
static char dir[64];
static struct stub_seen seen;

static const struct kube_ref POD = {
    .resource = &KUBE_PODS, .ns = SV_INIT("a"), .name = SV_INIT("p")};
static const struct kube_ref PODS = {.resource = &KUBE_PODS, .ns = SV_INIT("a")};

#define PATH "/api/v1/namespaces/a/pods"

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, "first");
    ck_assert_int_eq(kube_open(config, NULL, &kube, &err), 0);
    err = (struct err){0};
}

static void teardown(void)
{
    kube_close(kube);
    kube_config_free(config);
    stub_free(stub);
    stub_remove(dir);
    arena_done(&arena);
}

static void answer(int status, const char *body)
{
    stub_add(stub, &(struct stub_answer){.status = status, .body = sv_from(body)});
}

static void asked(size_t n, const char *method, const char *path, const char *query)
{
    ck_assert(stub_seen(stub, n, &seen));
    ck_assert_str_eq(seen.method, method);
    ck_assert_str_eq(seen.path, path);
    ck_assert_str_eq(seen.query, query);
}

START_TEST(client__a_page_of_a_list_is_asked_for_by_selectors)
{
    struct kube_selection first = {.label_selector = SV("a=b,c"), .limit = 5};
    struct kube_selection next = {.field_selector = SV("x.y=z"), .next_page = SV("t/o+k")};
    answer(200, "{\"items\":[{}]}");
    answer(200, "{\"items\":[]}");
    ck_assert_int_eq(kube_list(kube, &PODS, &first, &arena, &got, &err), 0);
    ck_assert_uint_eq(json_count(json_get_lit(got, "items")), 1);
    ck_assert_int_eq(kube_list(kube, &PODS, &next, &arena, &got, &err), 0);
    asked(0, "GET", PATH, "labelSelector=a=b,c&limit=5");
    asked(1, "GET", PATH, "fieldSelector=x.y=z&continue=t/o+k");
}
END_TEST

START_TEST(client__an_object_is_read)
{
    answer(200, "{\"metadata\":{\"name\":\"p\"}}");
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), 0);
    ck_assert(sv_eq_lit(json_string(json_get_path(got, "metadata", "name", NULL)), "p"));
    asked(0, "GET", PATH "/p", "");
    ck_assert_str_eq(seen.token, "first");
}
END_TEST

START_TEST(client__each_verb_has_its_type_and_names_its_manager)
{
    answer(200, "{}");
    ck_assert_int_eq(kube_create(kube, &PODS, SV("{\"a\":1}"), NULL, NULL, &err), 0);
    asked(0, "POST", PATH, "fieldManager=sluice-test");
    ck_assert_str_eq(seen.content_type, "application/json");
    ck_assert_str_eq(seen.body, "{\"a\":1}");
    ck_assert_int_eq(kube_apply(kube, &POD, SV("{}"), true, NULL, NULL, &err), 0);
    asked(1, "PATCH", PATH "/p", "fieldManager=sluice-test&force=true");
    ck_assert_str_eq(seen.content_type, "application/apply-patch+yaml");
    ck_assert_int_eq(kube_patch(kube, &POD, KUBE_PATCH_MERGE, SV("{}"), NULL, NULL, &err), 0);
    asked(2, "PATCH", PATH "/p", "fieldManager=sluice-test");
    ck_assert_str_eq(seen.content_type, "application/merge-patch+json");
    ck_assert_int_eq(kube_replace(kube, &POD, SV("{}"), NULL, NULL, &err), 0);
    asked(3, "PUT", PATH "/p", "fieldManager=sluice-test");
    int64_t grace = 0;
    struct kube_delete_options opt = {
        .uid = SV("u1"), .propagation = "Background", .grace_seconds = &grace};
    ck_assert_int_eq(kube_delete(kube, &POD, &opt, &err), 0);
    asked(4, "DELETE", PATH "/p", "");
    ck_assert_str_eq(seen.body, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
                                "\"preconditions\":{\"uid\":\"u1\"},"
                                "\"propagationPolicy\":\"Background\",\"gracePeriodSeconds\":0}");
    ck_assert_int_eq(kube_delete(kube, &PODS, NULL, &err), -1);
    ck_assert_uint_eq(stub_count(stub), 5);
}
END_TEST

START_TEST(client__a_refusal_tells_its_code_and_its_status)
{
    answer(409,
           "{\"kind\":\"Status\",\"code\":409,\"reason\":\"AlreadyExists\",\"message\":\"x\"}");
    ck_assert_int_eq(kube_create(kube, &PODS, SV("{}"), &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_int_eq(err.detail, 409);
    ck_assert(sv_eq_lit(json_get_string(got, SV("reason")), "AlreadyExists"));
}
END_TEST

START_TEST(client__a_refusal_that_is_no_status_is_one_too)
{
    answer(502, "<html>bad gateway");
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_TRANSPORT);
    ck_assert_int_eq(err.detail, 502);
    ck_assert_ptr_null(got);
}
END_TEST

START_TEST(client__patience_is_passed_on)
{
    stub_add(stub, &(struct stub_answer){.status = 429, .header = {"Retry-After", "7"}});
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_THROTTLED);
    ck_assert_uint_eq(err.retry_after_ms, 7000);
}
END_TEST

START_TEST(client__a_redirect_is_not_followed)
{
    stub_add(stub,
             &(struct stub_answer){.status = 302, .header = {"Location", "http://127.0.0.1/"}});
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.detail, 302);
    ck_assert_uint_eq(stub_count(stub), 1);
}
END_TEST

START_TEST(client__a_rotated_token_is_read_again_after_401)
{
    stub_add(stub, &(struct stub_answer){.token = "second", .body = SV_INIT("{}")});
    stub_add(stub, &(struct stub_answer){.status = 401});
    stub_set_token(dir, "second\n");
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), 0);
    ck_assert_uint_eq(stub_count(stub), 2);
    ck_assert(stub_seen(stub, 0, &seen));
    ck_assert_str_eq(seen.token, "first");
}
END_TEST

START_TEST(client__401_is_tried_again_once_only)
{
    answer(401, "");
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_DENIED);
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(client__a_token_that_would_break_its_header_is_not_taken)
{
    answer(401, "");
    stub_set_token(dir, "a\r\nX-Evil: 1");
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert(stub_seen(stub, 1, &seen));
    ck_assert_str_eq(seen.token, "first");
}
END_TEST

START_TEST(client__a_deadline_holds)
{
    stub_add(stub, &(struct stub_answer){.before_ms = 3000, .body = SV_INIT("{}")});
    kube_close(kube);
    ck_assert_int_eq(kube_open(config, &(struct kube_options){.timeout_ms = 100}, &kube, &err), 0);
    int64_t start = clock_mono_ms();
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_TIMEOUT);
    ck_assert_int_lt(clock_mono_ms() - start, 2000);
}
END_TEST

START_TEST(client__an_answer_that_is_too_large_is_cut_off)
{
    kube_close(kube);
    struct kube_options opt = {.max_body = 1000};
    ck_assert_int_eq(kube_open(config, &opt, &kube, &err), 0);
    static char big[5000];
    memset(big, ' ', sizeof(big));
    stub_add(stub, &(struct stub_answer){.body = sv_make(big, sizeof(big)), .chunk = 100});
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
}
END_TEST

START_TEST(client__a_broken_answer_is_an_error)
{
    stub_add(stub, &(struct stub_answer){
                       .body = SV_INIT("{\"a\":"), .chunk = 3, .cut = true, .times = 1});
    answer(200, "{\"a\":");
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_TRANSPORT);
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_PARSE);
}
END_TEST

static _Atomic int64_t remaining;

static int64_t fence(void *ctx)
{
    (void)ctx;
    return atomic_load(&remaining);
}

static void reopen_with_fence(void)
{
    kube_close(kube);
    struct kube_options opt = {.fence = fence};
    ck_assert_int_eq(kube_open(config, &opt, &kube, &err), 0);
}

START_TEST(client__behind_a_closed_fence_nothing_is_written)
{
    reopen_with_fence();
    answer(200, "{}");
    ck_assert_int_eq(kube_create(kube, &PODS, SV("{}"), NULL, NULL, &err), -1);
    ck_assert_int_eq(err.code, E_DENIED);
    ck_assert_int_eq(err.detail, 0);
    ck_assert_int_eq(kube_delete(kube, &POD, NULL, &err), -1);
    ck_assert_int_eq(kube_apply(kube, &POD, SV("{}"), true, NULL, NULL, &err), -1);
    ck_assert_uint_eq(stub_count(stub), 0);
    // Reading is always allowed.
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), 0);
    atomic_store(&remaining, 1000);
    ck_assert_int_eq(kube_create(kube, &PODS, SV("{}"), NULL, NULL, &err), 0);
}
END_TEST

static int64_t fence_that_shuts(void *ctx)
{
    (void)ctx;
    static int asked_times;
    return asked_times++ == 0 ? 1000 : 0;
}

START_TEST(client__a_fence_that_shuts_while_connecting_stops_the_write)
{
    kube_close(kube);
    struct kube_options opt = {.fence = fence_that_shuts};
    ck_assert_int_eq(kube_open(config, &opt, &kube, &err), 0);
    answer(200, "{}");
    ck_assert_int_eq(kube_create(kube, &PODS, SV("{}"), NULL, NULL, &err), -1);
    ck_assert_int_eq(err.code, E_DENIED);
    ck_assert_uint_eq(stub_count(stub), 0);
}
END_TEST

START_TEST(client__no_write_outlives_the_lease)
{
    reopen_with_fence();
    stub_add(stub, &(struct stub_answer){.before_ms = 3000, .body = SV_INIT("{}")});
    atomic_store(&remaining, 150);
    int64_t start = clock_mono_ms();
    ck_assert_int_eq(kube_create(kube, &PODS, SV("{}"), NULL, NULL, &err), -1);
    ck_assert_int_eq(err.code, E_TIMEOUT);
    ck_assert_int_lt(clock_mono_ms() - start, 2000);
}
END_TEST

static int observed_code;

static void observe(void *ctx, const char *method, int code, int64_t took_ns)
{
    (void)ctx;
    ck_assert_str_eq(method, "GET");
    ck_assert_int_gt(took_ns, 0);
    observed_code = code;
}

START_TEST(client__each_request_is_observed)
{
    kube_close(kube);
    struct kube_options opt = {.observe = observe};
    ck_assert_int_eq(kube_open(config, &opt, &kube, &err), 0);
    answer(403, "{}");
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(observed_code, 403);
}
END_TEST

START_TEST(client__a_name_that_cannot_be_addressed_is_never_sent)
{
    struct kube_ref bad = POD;
    bad.name = SV("..");
    ck_assert_int_eq(kube_get(kube, &bad, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_uint_eq(stub_count(stub), 0);
}
END_TEST

START_TEST(client__no_server_is_a_transport_error)
{
    stub_free(stub);
    ck_assert_int_eq(kube_get(kube, &POD, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_TRANSPORT);
    stub = stub_start();
}
END_TEST

UNIT_MAIN(setup, teardown, client__a_page_of_a_list_is_asked_for_by_selectors,
          client__an_object_is_read, client__each_verb_has_its_type_and_names_its_manager,
          client__a_refusal_tells_its_code_and_its_status,
          client__a_refusal_that_is_no_status_is_one_too, client__patience_is_passed_on,
          client__a_redirect_is_not_followed, client__a_rotated_token_is_read_again_after_401,
          client__401_is_tried_again_once_only,
          client__a_token_that_would_break_its_header_is_not_taken, client__a_deadline_holds,
          client__an_answer_that_is_too_large_is_cut_off, client__a_broken_answer_is_an_error,
          client__behind_a_closed_fence_nothing_is_written,
          client__a_fence_that_shuts_while_connecting_stops_the_write,
          client__no_write_outlives_the_lease, client__each_request_is_observed,
          client__a_name_that_cannot_be_addressed_is_never_sent,
          client__no_server_is_a_transport_error)
