// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/prober.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/strbuf.h"
#include "common/kube/client.h"
#include "tests/fakes/flink_stub.h"
#include "tests/unit/unit.h"

#define WAIT_MS 10000

static struct flink_stub *flink;
static struct prober *prober;
static atomic_uint changes;
static atomic_uint results[PROBE_RESULT_COUNT];
static struct prober_settings settings;

static void on_changed(void *ctx, struct strview key)
{
    ck_assert_ptr_eq(ctx, &changes);
    ck_assert(sv_starts(key, SV("ns/")));
    atomic_fetch_add(&changes, 1);
}

static void on_result(void *ctx, enum rest_endpoint endpoint, enum probe_result result,
                      int64_t took_ns)
{
    (void)ctx;
    ck_assert_int_lt(endpoint, REST_ENDPOINT_COUNT);
    ck_assert_int_ge(took_ns, 0);
    atomic_fetch_add(&results[result], 1);
}

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(NULL), 0);
    settings = (struct prober_settings){
        .probe = {.fast_ms = 20, .slow_ms = 100, .misses_lost = 3},
        .timeout_ms = 800,
        .requests = 8,
        .allow_loopback = true,
        .changed = on_changed,
        .changed_ctx = &changes,
        .observe = on_result,
    };
    atomic_store(&changes, 0);
    for (size_t i = 0; i < PROBE_RESULT_COUNT; i++) {
        atomic_store(&results[i], 0);
    }
    flink = flink_stub_start();
    ck_assert_int_eq(prober_start(&settings, &prober, NULL), 0);
}

static void teardown(void)
{
    prober_stop(prober);
    if (flink != NULL) {
        flink_stub_free(flink);
    }
}

static int ask_port(const char *uid, uint16_t port, const char *pod)
{
    return prober_set(prober, sv_from(uid), SV("1"),
                      &(struct probe_target){.pod = sv_from(pod),
                                             .ip = SV("127.0.0.1"),
                                             .port = port,
                                             .job_id = SV(FLINK_STUB_JOB),
                                             .task_managers = 1},
                      NULL);
}

static void ask(const char *uid)
{
    ck_assert_int_eq(ask_port(uid, flink_stub_port(flink), "jm-0"), 0);
}

static bool has_contact(const struct flink_observation *o, int contact)
{
    return (int)o->contact == contact;
}

static bool has_trouble(const struct flink_observation *o, int unused)
{
    (void)unused;
    return sv_present(o->trouble);
}

/// Waits until what is known of UID is so; to be given back.
static const struct flink_observation *
wait_for(const char *uid, bool (*fits)(const struct flink_observation *, int), int arg)
{
    const struct flink_observation *o = NULL;
    for (int64_t end = clock_mono_ms() + WAIT_MS; clock_mono_ms() < end; clock_sleep_ms(5)) {
        o = prober_get(prober, sv_from(uid), SV("1"));
        if (o != NULL && fits(o, arg)) {
            return o;
        }
        flink_observation_unref(o);
    }
    o = prober_get(prober, sv_from(uid), SV("1"));
    ck_abort_msg("%s: not in %d ms, but contact %d, %.*s", uid, WAIT_MS,
                 o != NULL ? (int)o->contact : -1, SV_ARG(o != NULL ? o->trouble : SV_NONE));
    return NULL;
}

static void wait_contact(const char *uid, enum flink_contact contact)
{
    flink_observation_unref(wait_for(uid, has_contact, (int)contact));
}

START_TEST(prober__what_a_jobmanager_tells_is_published_and_told)
{
    ck_assert_ptr_null(prober_get(prober, SV("ns/u1"), SV("1")));
    ask("ns/u1");
    const struct flink_observation *o = wait_for("ns/u1", has_contact, FLINK_CONTACT_ANSWERS);
    ck_assert(sv_eq_lit(o->version, "1.20.1"));
    ck_assert(sv_eq_lit(o->pod, "jm-0"));
    ck_assert(o->job.running);
    ck_assert_int_eq(o->job.checkpoint.id, 1);
    ck_assert_uint_eq(o->n_task_managers, 1);
    flink_observation_unref(o);
    clock_sleep_ms(50);
    ck_assert_uint_eq(atomic_load(&changes), 1);
    size_t before = flink_stub_requests(flink, NULL);
    clock_sleep_ms(500);
    ck_assert_uint_gt(flink_stub_requests(flink, NULL), before); // it is asked on
    ck_assert_uint_eq(atomic_load(&changes), 1);                 // and nothing is new
    ck_assert_uint_le(flink_stub_connections(flink), 2);         // over one connection
}
END_TEST

START_TEST(prober__set_again_without_a_change_asks_nothing_more)
{
    ask("ns/u1");
    wait_contact("ns/u1", FLINK_CONTACT_ANSWERS);
    clock_sleep_ms(200);
    size_t before = flink_stub_requests(flink, NULL);
    for (int i = 0; i < 1000; i++) {
        ask("ns/u1");
    }
    ck_assert_uint_le(flink_stub_requests(flink, NULL) - before, 20);
}
END_TEST

START_TEST(prober__faults_of_all_kinds_make_it_lost_and_a_good_answer_mends_it)
{
    static const struct {
        struct flink_stub_answer a;
        const char *trouble;
    } FAULTS[] = {
        {{.fault = FLINK_STUB_SILENT}, "overview: no answer within 800 ms"},
        {{.fault = FLINK_STUB_DRIP}, "overview: no answer within 800 ms"},
        {{.delay_ms = 1200}, "overview: no answer within 800 ms"},
        {{.fault = FLINK_STUB_HALF}, "overview: "},
        {{.fault = FLINK_STUB_RESET}, "overview: "},
        {{.fault = FLINK_STUB_GARBAGE}, "overview: "},
        {{.fault = FLINK_STUB_ENDLESS}, "overview: the answer has more than 1 MiB"},
        {{.fault = FLINK_STUB_REDIRECT}, "overview: answered 302"},
        {{.status = 404}, "overview: answered 404"},
        {{.status = 500, .body = "{\"errors\":[\"Internal server error.\"]}"},
         "overview: answered 500 Internal server error."},
        {{.status = 401, .body = "{}"}, "overview: answered 401"},
        {{.type = "text/html", .body = "<html>"}, "overview: the answer is not JSON"},
        {{.type = "text/html"}, "overview: the answer is not JSON"},
        {{.body = "{"}, "overview: "},
        {{.body = "{\"flink-version\":7}"}, "overview: flink-version: a string expected"},
        {{.body = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["},
         "overview: "},
    };
    ask("ns/u1");
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        wait_contact("ns/u1", FLINK_CONTACT_ANSWERS);
        flink_stub_say(flink, "/v1/overview", &FAULTS[i].a);
        const struct flink_observation *o = wait_for("ns/u1", has_contact, FLINK_CONTACT_LOST);
        ck_assert_msg(sv_starts(o->trouble, sv_from(FAULTS[i].trouble)), "%zu: %.*s", i,
                      SV_ARG(o->trouble));
        ck_assert(o->job.running); // as it was seen last
        flink_observation_unref(o);
        flink_stub_say(flink, "/v1/overview", &(struct flink_stub_answer){.status = 200});
    }
    ck_assert_uint_eq(flink_stub_requests(flink, "/elsewhere"), 0);
    ck_assert_uint_gt(atomic_load(&results[PROBE_TIMEOUT]), 0);
    ck_assert_uint_gt(atomic_load(&results[PROBE_TRANSPORT]), 0);
    ck_assert_uint_gt(atomic_load(&results[PROBE_UNUSABLE]), 0);
}
END_TEST

START_TEST(prober__a_port_that_nobody_listens_on_is_told_and_found_again)
{
    ask("ns/u1");
    wait_contact("ns/u1", FLINK_CONTACT_ANSWERS);
    flink_stub_free(flink);
    flink = NULL;
    const struct flink_observation *o = wait_for("ns/u1", has_contact, FLINK_CONTACT_LOST);
    ck_assert_msg(sv_eq_lit(o->trouble, "overview: Connection refused"), "%.*s",
                  SV_ARG(o->trouble));
    flink_observation_unref(o);
    flink = flink_stub_start();
    ck_assert_int_eq(ask_port("ns/u1", flink_stub_port(flink), "jm-1"), 0);
    o = wait_for("ns/u1", has_contact, FLINK_CONTACT_ANSWERS);
    ck_assert(sv_eq_lit(o->pod, "jm-1"));
    flink_observation_unref(o);
}
END_TEST

START_TEST(prober__no_leader_is_told_as_such)
{
    flink_stub_say(
        flink, NULL,
        &(struct flink_stub_answer){.status = 503,
                                    .body = "{\"errors\":[\"Service temporarily unavailable\"]}"});
    ask("ns/u1");
    wait_contact("ns/u1", FLINK_CONTACT_NO_LEADER);
    flink_stub_say(flink, NULL, &(struct flink_stub_answer){.status = 200});
    wait_contact("ns/u1", FLINK_CONTACT_ANSWERS);
}
END_TEST

START_TEST(prober__huge_parts_are_left_out_and_told)
{
    flink_stub_say(flink, "/v1/jobs/" FLINK_STUB_JOB "/exceptions",
                   &(struct flink_stub_answer){.fault = FLINK_STUB_ENDLESS});
    flink_stub_say(flink, "/v1/jobs/overview",
                   &(struct flink_stub_answer){.fault = FLINK_STUB_ENDLESS});
    flink_stub_say(flink, "/v1/jobs/" FLINK_STUB_JOB,
                   &(struct flink_stub_answer){
                       .body = "{\"jid\":\"" FLINK_STUB_JOB "\",\"state\":\"RUNNING\",\"vertices\":"
                               "[{\"parallelism\":2,\"tasks\":{\"RUNNING\":2,\"FINISHED\":0}}]}"});
    ask("ns/u1");
    const struct flink_observation *o = wait_for("ns/u1", has_contact, FLINK_CONTACT_ANSWERS);
    ck_assert(o->job.running);
    ck_assert(sv_eq_lit(o->trouble, "jobs: the answer has more than 1 MiB"));
    flink_observation_unref(o);
}
END_TEST

static bool pod_told(const struct flink_observation *o, int version)
{
    char text[16];
    snprintf(text, sizeof(text), "1.%d", version);
    return sv_eq_lit(o->version, text);
}

START_TEST(prober__of_two_leaders_the_one_that_is_named_is_believed)
{
    struct flink_stub *other = flink_stub_start();
    flink_stub_say(flink, "/v1/overview",
                   &(struct flink_stub_answer){.body = "{\"flink-version\":\"1.1\"}"});
    flink_stub_say(
        other, "/v1/overview",
        &(struct flink_stub_answer){.body = "{\"flink-version\":\"1.2\"}", .delay_ms = 100});
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(ask_port("ns/u1", flink_stub_port(flink), "jm-0"), 0);
        flink_observation_unref(wait_for("ns/u1", pod_told, 1));
        ck_assert_int_eq(ask_port("ns/u1", flink_stub_port(other), "jm-1"), 0);
        clock_sleep_ms(i * 30); // and back in the midst of a request
        if (i % 2 == 0) {
            flink_observation_unref(wait_for("ns/u1", pod_told, 2));
        }
    }
    flink_stub_free(other);
}
END_TEST

START_TEST(prober__what_no_pod_can_have_is_not_asked)
{
    struct err err = {.code = E_OK};
    struct probe_target t = {.pod = SV("p"), .ip = SV("169.254.169.254"), .port = 80};
    ck_assert_int_eq(prober_set(prober, SV("ns/u1"), SV("1"), &t, &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ask("ns/u1");
    wait_contact("ns/u1", FLINK_CONTACT_ANSWERS);
    ck_assert_int_eq(prober_set(prober, SV("ns/u1"), SV("1"), &t, &err), -1);
    wait_contact("ns/u1", FLINK_CONTACT_NONE);
    clock_sleep_ms(150);
    size_t before = flink_stub_requests(flink, NULL);
    clock_sleep_ms(300);
    ck_assert_uint_eq(flink_stub_requests(flink, NULL), before);
    t.ip = SV("127.0.0.1");
    ck_assert_int_eq(prober_set(prober, SV("ns/u1"), SV(""), &t, &err), -1);
}
END_TEST

START_TEST(prober__a_removed_cluster_is_asked_no_more_and_its_observation_stays_valid)
{
    ask("ns/u1");
    const struct flink_observation *o = wait_for("ns/u1", has_contact, FLINK_CONTACT_ANSWERS);
    prober_remove(prober, SV("ns/u1"));
    prober_remove(prober, SV("ns/u1"));
    ck_assert_ptr_null(prober_get(prober, SV("ns/u1"), SV("1")));
    clock_sleep_ms(150);
    size_t before = flink_stub_requests(flink, NULL);
    clock_sleep_ms(300);
    ck_assert_uint_eq(flink_stub_requests(flink, NULL), before);
    ck_assert(sv_eq_lit(o->version, "1.20.1"));
    flink_observation_unref(o);
    ask("ns/u1"); // again, as a new one
    wait_contact("ns/u1", FLINK_CONTACT_ANSWERS);
}
END_TEST

START_TEST(prober__another_cluster_of_the_same_name_inherits_nothing)
{
    ask("ns/u1");
    wait_contact("ns/u1", FLINK_CONTACT_ANSWERS);
    struct probe_target nobody = {.task_managers = FLINK_UNKNOWN};
    ck_assert_int_eq(prober_set(prober, SV("ns/u1"), SV("2"), &nobody, NULL), 0);
    ck_assert_ptr_null(prober_get(prober, SV("ns/u1"), SV("1")));
    const struct flink_observation *o = NULL;
    while (o == NULL) {
        clock_sleep_ms(5);
        o = prober_get(prober, SV("ns/u1"), SV("2"));
    }
    ck_assert_int_eq(o->seen_ms, 0);
    flink_observation_unref(o);
}
END_TEST

START_TEST(prober__dead_ones_keep_no_healthy_one_waiting)
{
    struct flink_stub *dead = flink_stub_start();
    char uid[16];
    flink_stub_say(dead, NULL, &(struct flink_stub_answer){.fault = FLINK_STUB_SILENT});
    prober_stop(prober);
    settings.requests = 32;
    ck_assert_int_eq(prober_start(&settings, &prober, NULL), 0);
    ask("ns/well");
    wait_contact("ns/well", FLINK_CONTACT_ANSWERS);
    for (int i = 0; i < 100; i++) {
        snprintf(uid, sizeof(uid), "ns/dead-%d", i);
        ck_assert_int_eq(ask_port(uid, flink_stub_port(dead), "jm-0"), 0);
    }
    clock_sleep_ms(500);
    flink_stub_say(flink, "/v1/overview",
                   &(struct flink_stub_answer){.body = "{\"flink-version\":\"1.7\"}"});
    int64_t start = clock_mono_ms();
    flink_observation_unref(wait_for("ns/well", pod_told, 7));
    ck_assert_int_lt(clock_mono_ms() - start, 2000);
    // Half of them, and what the other side has not yet seen given up.
    ck_assert_uint_le(flink_stub_most_at_once(dead), settings.requests * 3 / 4);
    struct prober_stats stats;
    prober_read_stats(prober, &stats);
    ck_assert_uint_eq(stats.targets, 101);
    ck_assert_uint_eq(stats.in_contact[FLINK_CONTACT_ANSWERS], 1);
    ck_assert_uint_eq(stats.in_contact[FLINK_CONTACT_NONE], 100);
    flink_stub_free(dead);
}
END_TEST

static void *churn(void *arg)
{
    const char *uid = arg;
    for (int i = 0; i < 200; i++) {
        ask(uid);
        flink_observation_unref(prober_get(prober, sv_from(uid), SV("1")));
        if (i % 7 == 0) {
            prober_remove(prober, sv_from(uid));
        }
        if (i % 11 == 0) {
            clock_sleep_ms(1);
        }
    }
    return NULL;
}

START_TEST(prober__threads_may_set_get_and_remove_at_once)
{
    static char uids[4][8] = {"ns/a", "ns/b", "ns/c", "ns/a"};
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, uids[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    ask("ns/a");
    wait_contact("ns/a", FLINK_CONTACT_ANSWERS);
}
END_TEST

START_TEST(prober__many_are_asked_within_the_bounds)
{
    char uid[16];
    prober_stop(prober);
    settings.probe.slow_ms = 2000;
    ck_assert_int_eq(prober_start(&settings, &prober, NULL), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(uid, sizeof(uid), "ns/u-%d", i);
        ask(uid);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(uid, sizeof(uid), "ns/u-%d", i);
        wait_contact(uid, FLINK_CONTACT_ANSWERS);
    }
    ck_assert_uint_le(flink_stub_most_at_once(flink), settings.requests + 1);
    ck_assert_uint_le(flink_stub_connections(flink), 4 * settings.requests);
}
END_TEST

START_TEST(prober__stops_in_the_midst_of_requests)
{
    flink_stub_say(flink, NULL, &(struct flink_stub_answer){.fault = FLINK_STUB_SILENT});
    ask("ns/u1");
    ask("ns/u2");
    prober_remove(prober, SV("ns/u2"));
    clock_sleep_ms(50);
    int64_t start = clock_mono_ms();
    prober_stop(prober);
    ck_assert_int_lt(clock_mono_ms() - start, 300);
    prober_stop(NULL);
    ck_assert_int_eq(prober_start(&settings, &prober, NULL), 0);
}
END_TEST

START_TEST(prober__trouble_with_a_part_is_told)
{
    flink_stub_say(flink, "/v1/taskmanagers", &(struct flink_stub_answer){.status = 500});
    ask("ns/u1");
    const struct flink_observation *o = wait_for("ns/u1", has_trouble, 0);
    ck_assert_int_eq(o->contact, FLINK_CONTACT_ANSWERS);
    ck_assert(!o->task_managers_known);
    flink_observation_unref(o);
}
END_TEST

UNIT_MAIN(setup, teardown, prober__what_a_jobmanager_tells_is_published_and_told,
          prober__set_again_without_a_change_asks_nothing_more,
          prober__faults_of_all_kinds_make_it_lost_and_a_good_answer_mends_it,
          prober__a_port_that_nobody_listens_on_is_told_and_found_again,
          prober__no_leader_is_told_as_such, prober__huge_parts_are_left_out_and_told,
          prober__of_two_leaders_the_one_that_is_named_is_believed,
          prober__what_no_pod_can_have_is_not_asked,
          prober__a_removed_cluster_is_asked_no_more_and_its_observation_stays_valid,
          prober__another_cluster_of_the_same_name_inherits_nothing,
          prober__dead_ones_keep_no_healthy_one_waiting,
          prober__threads_may_set_get_and_remove_at_once, prober__many_are_asked_within_the_bounds,
          prober__stops_in_the_midst_of_requests, prober__trouble_with_a_part_is_told)
