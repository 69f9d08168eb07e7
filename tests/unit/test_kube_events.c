// SPDX-License-Identifier: Apache-2.0
#include "common/kube/events.h"

#include <stdio.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct kube_events *events;
static struct arena arena = {.max = 1 << 20};
static struct err err;
static char dir[64];
static struct stub_seen seen;

static const struct kube_event_object CLUSTER = {.resource = &KUBE_FLINKCLUSTERS,
                                                 .ns = SV_INIT("ns"),
                                                 .name = SV_INIT("fraud"),
                                                 .uid = SV_INIT("u1")};

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, NULL);
    ck_assert_int_eq(kube_events_start(config, NULL, "sluice-controller", &events, &err), 0);
}

static void teardown(void)
{
    kube_events_stop(events, 0);
    kube_config_free(config);
    stub_free(stub);
    stub_remove(dir);
    arena_done(&arena);
}

static void answer(const char *method, unsigned times, int status)
{
    stub_add(stub, &(struct stub_answer){
                       .method = method, .times = times, .status = status, .body = SV_INIT("{}")});
}

static const struct json *body_of(size_t n)
{
    const struct json *v = NULL;
    ck_assert(stub_seen(stub, n, &seen));
    ck_assert_int_eq(json_parse(sv_from(seen.body), &JSON_LIMITS_DEFAULT, &arena, &v, &err), 0);
    return v;
}

static void is(const struct json *v, const char *want)
{
    ck_assert_msg(sv_eq_lit(json_string(v), want), "%.*s", SV_ARG(json_string(v)));
}

START_TEST(events__one_is_written_as_kubectl_reads_it)
{
    answer("POST", 0, 201);
    kube_events_emit(events, &CLUSTER, true, "PodFailed", "pod %s failed: \"%s\"", "p-1", "OOM");
    ck_assert(stub_wait(stub, 1));
    const struct json *v = body_of(0);
    ck_assert_str_eq(seen.path, "/api/v1/namespaces/ns/events");
    is(json_get_lit(v, "type"), "Warning");
    is(json_get_lit(v, "reason"), "PodFailed");
    is(json_get_lit(v, "message"), "pod p-1 failed: \"OOM\"");
    is(json_get_path(v, "involvedObject", "apiVersion", NULL), "sluice.dev/v1beta1");
    is(json_get_path(v, "involvedObject", "kind", NULL), "FlinkCluster");
    is(json_get_path(v, "involvedObject", "uid", NULL), "u1");
    is(json_get_path(v, "source", "component", NULL), "sluice-controller");
    ck_assert(sv_starts(json_string(json_get_path(v, "metadata", "name", NULL)), SV("fraud.")));
}
END_TEST

START_TEST(events__a_repeated_one_is_counted_by_a_patch)
{
    answer("POST", 0, 201);
    answer("PATCH", 0, 200);
    kube_events_emit(events, &CLUSTER, false, "Created", "pod made");
    kube_events_emit(events, &CLUSTER, false, "Created", "pod made");
    ck_assert(stub_wait(stub, 2));
    const struct json *first = body_of(0);
    const struct json *v = body_of(1);
    int64_t count = 0;
    ck_assert(json_int(json_get_lit(v, "count"), &count));
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(seen.method, "PATCH");
    struct strview name = json_string(json_get_path(first, "metadata", "name", NULL));
    ck_assert(sv_ends(sv_from(seen.path), name));
}
END_TEST

START_TEST(events__one_whose_first_has_expired_is_made_anew)
{
    answer("POST", 0, 201);
    answer("PATCH", 0, 404);
    kube_events_emit(events, &CLUSTER, false, "Created", "pod made");
    kube_events_emit(events, &CLUSTER, false, "Created", "pod made");
    ck_assert(stub_wait(stub, 3));
    body_of(2);
    ck_assert_str_eq(seen.method, "POST");
}
END_TEST

START_TEST(events__a_flood_is_stopped_at_the_budget)
{
    answer("POST", 0, 201);
    for (int i = 0; i < 60; i++) {
        kube_events_emit(events, &CLUSTER, false, "Loop", "round %d", i);
    }
    ck_assert(stub_wait(stub, 25));
    int64_t until = clock_mono_ms() + 5000;
    while (kube_events_lost(events) < 35 && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    ck_assert_uint_eq(kube_events_lost(events), 35);
    ck_assert_uint_eq(stub_count(stub), 25);
}
END_TEST

START_TEST(events__the_queue_is_bounded_and_nobody_waits)
{
    stub_add(stub, &(struct stub_answer){.before_ms = 60000, .status = 201});
    int64_t from = clock_mono_ms();
    for (int i = 0; i < 3000; i++) {
        kube_events_emit(events, &CLUSTER, false, "Loop", "round %d", i);
    }
    ck_assert_int_lt(clock_mono_ms() - from, 2000);
    ck_assert_uint_ge(kube_events_lost(events), 3000 - KUBE_EVENTS_QUEUE - 1);
}
END_TEST

START_TEST(events__a_stop_does_not_wait_for_a_slow_server)
{
    stub_add(stub, &(struct stub_answer){.before_ms = 60000, .status = 201});
    kube_events_emit(events, &CLUSTER, false, "Slow", "never");
    ck_assert(stub_wait(stub, 1));
    int64_t from = clock_mono_ms();
    kube_events_stop(events, 100);
    events = NULL;
    ck_assert_int_lt(clock_mono_ms() - from, 3000);
}
END_TEST

START_TEST(events__about_cluster_scoped_objects_live_in_default)
{
    answer("POST", 0, 201);
    struct kube_event_object policy = {.resource = &KUBE_FLINKPOLICIES, .name = SV("production")};
    kube_events_emit(events, &policy, false, "Audited", "done");
    ck_assert(stub_wait(stub, 1));
    ck_assert_ptr_null(json_get_path(body_of(0), "involvedObject", "namespace", NULL));
    ck_assert_str_eq(seen.path, "/api/v1/namespaces/default/events");
}
END_TEST

START_TEST(events__what_is_queued_goes_out_before_the_stop)
{
    answer("POST", 0, 201);
    for (int i = 0; i < 10; i++) {
        kube_events_emit(events, &CLUSTER, false, "Bye", "round %d", i);
    }
    kube_events_stop(events, 3000);
    events = NULL;
    ck_assert_uint_eq(stub_count(stub), 10);
}
END_TEST

UNIT_MAIN(setup, teardown, events__one_is_written_as_kubectl_reads_it,
          events__a_repeated_one_is_counted_by_a_patch,
          events__one_whose_first_has_expired_is_made_anew,
          events__a_flood_is_stopped_at_the_budget, events__the_queue_is_bounded_and_nobody_waits,
          events__a_stop_does_not_wait_for_a_slow_server,
          events__about_cluster_scoped_objects_live_in_default,
          events__what_is_queued_goes_out_before_the_stop)
