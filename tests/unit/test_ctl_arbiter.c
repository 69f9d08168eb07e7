// SPDX-License-Identifier: Apache-2.0
// The arbiter and the audit in one piece: watches, queue, workers, claims and the auditor against a
// scripted API server.
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "controller/auditor.h"
#include "controller/metrics.h"
#include "controller/plan_settings.h"
#include "controller/workers.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

#define CLUSTERS  "/apis/sluice.dev/v1beta1/flinkclusters"
#define REVISIONS "/apis/apps/v1/namespaces/a/controllerrevisions"
#define POLICY    "/apis/sluice.dev/v1beta1/flinkpolicies/p"

#define LIST(items) "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" items "]}"
#define CLUSTER(name)                                                                              \
    "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkCluster\",\"metadata\":{"              \
    "\"name\":\"" name "\",\"namespace\":\"a\",\"uid\":\"uid-" name "\",\"generation\":1,"         \
    "\"resourceVersion\":\"3\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\","                    \
    "\"finalizers\":[\"sluice.dev/cleanup\"]},"                                                    \
    "\"spec\":{\"image\":\"flink:1.20.1\",\"flinkVersion\":\"1.20\",\"parallelism\":4,"            \
    "\"iamRole\":\"arn:aws:iam::123456789012:role/one\","                                          \
    "\"taskManager\":{\"replicas\":2,\"slots\":2}}}"
#define POLICY_TEXT(spec)                                                                          \
    "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkPolicy\",\"metadata\":{"               \
    "\"name\":\"p\",\"uid\":\"u\",\"generation\":2,\"resourceVersion\":\"7\"},\"spec\":" spec "}"
#define UNIQUE "{\"iamRoles\":{\"unique\":true}}"

#define WAIT_MS 8000

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct queue *queue;
static struct claims *claims;
static struct snapshots *snapshots;
static struct cache *cache;
static struct workers *workers;
static struct auditor *auditor;
static struct kube_events *events;
static struct metrics *metrics;
static struct stub_seen seen;
static struct err err;
static char dir[64];

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, "token");
    queue = queue_new();
    ck_assert_ptr_nonnull(queue);
    metrics = metrics_new(CONTROLLER_METRICS, M_COUNT, &err);
    ck_assert_ptr_nonnull(metrics);
    ck_assert_int_eq(claims_new(queue, &claims, &err), 0);
    ck_assert_int_eq(snapshots_new(&snapshots, &err), 0);
    cache = NULL;
    workers = NULL;
    auditor = NULL;
    events = NULL;
}

static void teardown(void)
{
    workers_stop(workers);
    auditor_stop(auditor);
    kube_events_stop(events, 0);
    if (cache != NULL) {
        cache_stop(cache);
    }
    cache_free(cache);
    claims_free(claims);
    snapshots_free(snapshots);
    queue_free(queue);
    metrics_free(metrics);
    kube_config_free(config);
    stub_free(stub);
    stub_remove(dir);
}

static void serve(const char *path, const char *list)
{
    stub_add(stub, &(struct stub_answer){
                       .method = "GET", .path = path, .query = "limit=", .body = sv_from(list)});
    stub_add(stub, &(struct stub_answer){.method = "GET",
                                         .path = path,
                                         .query = "watch=true",
                                         .body = SV(""),
                                         .chunk = 4096,
                                         .stall_ms = 60000});
}

static void answer(const char *method, const char *path, unsigned times, int status,
                   const char *body)
{
    stub_add(stub, &(struct stub_answer){.method = method,
                                         .path = path,
                                         .times = times,
                                         .status = status,
                                         .body = sv_from(body)});
}

/// Waits until there are N requests with METHOD (and PATH); the last one is in `seen`.
static size_t wait_count(const char *method, const char *path, size_t n)
{
    int64_t until = clock_mono_ms() + WAIT_MS;
    size_t found;
    do {
        found = 0;
        struct stub_seen last = {.method = ""};
        for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
            if (strcmp(seen.method, method) == 0 && strcmp(seen.path, path) == 0) {
                found++;
                last = seen;
            }
        }
        seen = last;
        clock_sleep_ms(5);
    } while (found < n && clock_mono_ms() < until);
    ck_assert_msg(found >= n, "%zu %s %s", found, method, path);
    return found;
}

static void start_cache(void)
{
    serve(NULL, LIST(""));
    struct cache_settings s = {.config = config, .queue = queue, .claims = claims};
    ck_assert_int_eq(cache_new(&s, &cache, &err), 0);
    ck_assert_int_eq(cache_start(cache, &err), 0);
    int64_t until = clock_mono_ms() + WAIT_MS;
    while (!cache_synced(cache) && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    ck_assert(cache_synced(cache));
}

static void start_workers(void)
{
    struct workers_settings s = {.count = 4,
                                 .config = config,
                                 .kube = {.field_manager = "sluice-controller"},
                                 .cache = cache,
                                 .queue = queue,
                                 .snapshots = snapshots,
                                 .claims = claims,
                                 .metrics = metrics,
                                 .plan = plan_settings_make("sluice-flink-ha")};
    ck_assert_int_eq(workers_start(&s, &workers, &err), 0);
}

static void with_policy(const char *text)
{
    ck_assert_int_eq(snapshots_add_policy(snapshots, sv_from(text), &err), 0);
    ck_assert_int_eq(snapshots_start(snapshots, &err), 0);
}

static struct claims_stats stats(void)
{
    struct claims_stats s;
    claims_read_stats(claims, &s);
    return s;
}

START_TEST(arbiter__of_two_clusters_that_are_judged_at_once_one_is_recorded)
{
    serve(CLUSTERS, LIST(CLUSTER("c") "," CLUSTER("d")));
    answer("POST", REVISIONS, 0, 201, "{}");
    answer("PATCH", NULL, 0, 200, "{}");
    answer("POST", NULL, 0, 201, "{}");
    with_policy(POLICY_TEXT(UNIQUE));
    start_cache();
    start_workers();
    wait_count("POST", REVISIONS, 1);
    bool is_c = strstr(seen.body, "uid-c") != NULL;
    wait_count("PATCH",
               is_c ? "/apis/sluice.dev/v1beta1/namespaces/a/flinkclusters/d/status"
                    : "/apis/sluice.dev/v1beta1/namespaces/a/flinkclusters/c/status",
               1);
    ck_assert_ptr_nonnull(strstr(seen.body, "(policy p, iamRoles.unique)"));
    for (int i = 0; i < 20; i++) {
        queue_add(queue, SV("a/c"), QUEUE_EDIT);
        queue_add(queue, SV("a/d"), QUEUE_EDIT);
        clock_sleep_ms(5);
    }
    // Whoever was recorded is the one whose record is asked for again while it is not seen.
    for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
        if (strcmp(seen.method, "POST") == 0 && strcmp(seen.path, REVISIONS) == 0) {
            ck_assert((strstr(seen.body, "uid-c") != NULL) == is_c);
        }
    }
    ck_assert_uint_eq(stats().decided, 1);
    ck_assert_uint_eq(stats().refused, 1);
}
END_TEST

START_TEST(arbiter__a_record_that_the_server_refuses_gives_its_claim_back)
{
    serve(CLUSTERS, LIST(CLUSTER("c")));
    answer("POST", REVISIONS, 0, 403,
           "{\"kind\":\"Status\",\"code\":403,\"reason\":\"Forbidden\",\"message\":\"quota\"}");
    answer("PATCH", NULL, 0, 200, "{}");
    with_policy(POLICY_TEXT(UNIQUE));
    start_cache();
    start_workers();
    wait_count("POST", REVISIONS, 2);
    // Between two tries, nothing is claimed.
    int64_t until = clock_mono_ms() + WAIT_MS;
    while (stats().decided != 0 && clock_mono_ms() < until) {
        clock_sleep_ms(1);
    }
    ck_assert_uint_eq(stats().decided, 0);
}
END_TEST

START_TEST(arbiter__a_record_whose_answer_is_lost_keeps_its_claim)
{
    serve(CLUSTERS, LIST(CLUSTER("c")));
    answer("POST", REVISIONS, 0, 504, "");
    answer("PATCH", NULL, 0, 200, "{}");
    with_policy(POLICY_TEXT(UNIQUE));
    start_cache();
    start_workers();
    wait_count("POST", REVISIONS, 2);
    workers_stop(workers);
    workers = NULL;
    ck_assert_uint_eq(stats().decided, 1);
}
END_TEST

START_TEST(arbiter__another_decision_waits_until_it_is_known_whether_the_first_was_written)
{
    const struct claim other = {.number = 1, .role = SV("other"), .parallelism = 1};
    serve(CLUSTERS, LIST(CLUSTER("c")));
    answer("GET", REVISIONS "/c-r1", 1, 200, "{}");
    answer("GET", REVISIONS "/c-r1", 0, 404, "{}");
    answer("POST", REVISIONS, 0, 201, "{}");
    answer("PATCH", NULL, 0, 200, "{}");
    with_policy(POLICY_TEXT(UNIQUE));
    claims_begin(claims);
    ck_assert_int_eq(claims_decided(claims, SV("a"), SV("c"), PLAN_RECORDS, &other), CLAIMS_OK);
    claims_end(claims);
    start_cache();
    start_workers();
    wait_count("POST", REVISIONS, 1);
    wait_count("GET", REVISIONS "/c-r1", 2);
    size_t asked = 0;
    for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
        bool is_get = strcmp(seen.method, "GET") == 0 && strcmp(seen.path, REVISIONS "/c-r1") == 0;
        asked += is_get;
        // Nothing is written before it is known that nothing was.
        ck_assert(strcmp(seen.method, "POST") != 0 || asked == 2);
    }
}
END_TEST

static bool nobody_knows_policies(void)
{
    struct snapshot *s = snapshots_take(snapshots);
    snapshot_unref(s);
    return s == NULL;
}

START_TEST(arbiter__without_policies_nothing_is_recorded_until_they_come)
{
    serve(CLUSTERS, LIST(CLUSTER("c")));
    answer("POST", REVISIONS, 0, 201, "{}");
    answer("PATCH", NULL, 0, 200, "{}");
    start_cache();
    start_workers();
    ck_assert(nobody_knows_policies());
    wait_count("PATCH", "/apis/sluice.dev/v1beta1/namespaces/a/flinkclusters/c/status", 1);
    ck_assert_ptr_nonnull(strstr(seen.body, "PoliciesUnknown"));
    ck_assert_uint_eq(stats().refused, 1);
    with_policy(POLICY_TEXT(UNIQUE));
    claims_look_again(claims);
    wait_count("POST", REVISIONS, 1);
}
END_TEST

// ---- the auditor --------------------------------------------------------------------------------

static void start_auditor(int64_t interval_ms)
{
    ck_assert_int_eq(kube_events_start(config, NULL, "sluice-controller", &events, &err), 0);
    struct auditor_settings s = {.config = config,
                                 .kube = {.field_manager = "sluice-controller"},
                                 .cache = cache,
                                 .snapshots = snapshots,
                                 .queue = queue,
                                 .events = events,
                                 .metrics = metrics,
                                 .interval_ms = interval_ms};
    ck_assert_int_eq(auditor_start(&s, &auditor, &err), 0);
    auditor_hurry(auditor, 0);
}

START_TEST(auditor__what_is_found_is_written_into_the_status)
{
    const struct strview values[] = {SV("p"), SV("iamRoles.unique"), SV("Deny")};
    serve(CLUSTERS, LIST(CLUSTER("c") "," CLUSTER("d")));
    answer("GET", POLICY, 0, 200, POLICY_TEXT(UNIQUE));
    answer("PATCH", NULL, 0, 200, "{}");
    answer("POST", NULL, 0, 201, "{}");
    with_policy(POLICY_TEXT(UNIQUE));
    start_cache();
    start_auditor(3600000);
    wait_count("PATCH", POLICY "/status", 1);
    ck_assert_ptr_nonnull(strstr(seen.body, "\"resourceVersion\":\"7\""));
    ck_assert_ptr_nonnull(strstr(seen.body, "\"audited\":2,\"violating\":2,\"violations\":2"));
    ck_assert_double_eq(metrics_read_free(metrics, M_policy_violations, values), 2);
    ck_assert(metrics_read(metrics, M_last_audit, METRIC_AT(0)) > 1.7e9);
    wait_count("POST", "/api/v1/namespaces/default/events", 1);
    ck_assert_ptr_nonnull(strstr(seen.body, "2 of 2 FlinkClusters break rules"));
}
END_TEST

START_TEST(auditor__a_status_that_somebody_changed_meanwhile_is_read_again)
{
    serve(CLUSTERS, LIST(CLUSTER("c")));
    answer("GET", POLICY, 0, 200, POLICY_TEXT(UNIQUE));
    answer("PATCH", POLICY "/status", 1, 409, "{}");
    answer("PATCH", NULL, 0, 200, "{}");
    with_policy(POLICY_TEXT(UNIQUE));
    start_cache();
    start_auditor(3600000);
    wait_count("PATCH", POLICY "/status", 2);
    ck_assert_uint_eq(wait_count("GET", POLICY, 2), 2);
}
END_TEST

START_TEST(auditor__another_generation_or_object_is_left_to_its_own_audit)
{
    serve(CLUSTERS, LIST(CLUSTER("c")));
    answer("GET", POLICY, 1, 200,
           "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"generation\":3,"
           "\"resourceVersion\":\"8\"}}");
    answer("GET", POLICY, 1, 200,
           "{\"metadata\":{\"name\":\"p\",\"uid\":\"v\",\"generation\":2,"
           "\"resourceVersion\":\"9\"}}");
    answer("GET", POLICY, 0, 404, "{}");
    answer("PATCH", NULL, 0, 200, "{}");
    with_policy(POLICY_TEXT(UNIQUE));
    start_cache();
    start_auditor(100);
    wait_count("GET", POLICY, 3);
    for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
        ck_assert_str_ne(seen.method, "PATCH");
    }
}
END_TEST

START_TEST(auditor__it_ends_at_once_whatever_it_waits_for)
{
    serve(CLUSTERS, LIST(CLUSTER("c")));
    start_cache();
    start_auditor(3600000);
    int64_t begun = clock_mono_ms();
    auditor_stop(auditor);
    auditor = NULL;
    ck_assert_int_lt(clock_mono_ms() - begun, 2000);
}
END_TEST

UNIT_MAIN(setup, teardown, arbiter__of_two_clusters_that_are_judged_at_once_one_is_recorded,
          arbiter__a_record_that_the_server_refuses_gives_its_claim_back,
          arbiter__a_record_whose_answer_is_lost_keeps_its_claim,
          arbiter__another_decision_waits_until_it_is_known_whether_the_first_was_written,
          arbiter__without_policies_nothing_is_recorded_until_they_come,
          auditor__what_is_found_is_written_into_the_status,
          auditor__a_status_that_somebody_changed_meanwhile_is_read_again,
          auditor__another_generation_or_object_is_left_to_its_own_audit,
          auditor__it_ends_at_once_whatever_it_waits_for)
