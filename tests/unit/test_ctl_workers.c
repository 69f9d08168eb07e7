// SPDX-License-Identifier: Apache-2.0
// The controller's shell in one piece: watches, queue and workers against a scripted API server.
#include "controller/workers.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "controller/metrics.h"
#include "controller/plan_settings.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

#define CLUSTERS  "/apis/sluice.dev/v1beta1/flinkclusters"
#define CLUSTER   "/apis/sluice.dev/v1beta1/namespaces/a/flinkclusters/c"
#define REVISIONS "/apis/apps/v1/namespaces/a/controllerrevisions"
#define POD       "/api/v1/namespaces/a/pods/p"

#define LIST(items)              "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" items "]}"
#define FLINK_CLUSTER(uid, more) BARE_CLUSTER(uid, ",\"finalizers\":[\"sluice.dev/cleanup\"]" more)
#define BARE_CLUSTER(uid, more)                                                                    \
    "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkCluster\",\"metadata\":{"              \
    "\"name\":\"c\",\"namespace\":\"a\",\"uid\":\"" uid "\",\"generation\":1,"                     \
    "\"resourceVersion\":\"3\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\"" more "},"           \
    "\"spec\":{\"image\":\"flink:1.20.1\",\"flinkVersion\":\"1.20\",\"parallelism\":4,"            \
    "\"taskManager\":{\"replicas\":2,\"slots\":2}}}"
#define OWNED_POD(name, owner)                                                                     \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"a\",\"uid\":\"" name                     \
    "-uid\",\"resourceVersion\":\"4\",\"ownerReferences\":[{\"kind\":\"FlinkCluster\","            \
    "\"name\":\"c\",\"uid\":\"" owner "\",\"controller\":true}]},"                                 \
    "\"status\":{\"phase\":\"Running\"}}"
#define STATUS(code, reason, message)                                                              \
    "{\"kind\":\"Status\",\"code\":" code ",\"reason\":\"" reason "\",\"message\":\"" message "\"" \
    "}"

#define WAIT_MS 8000

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct queue *queue;
static struct cache *cache;
static struct workers *workers;
static struct metrics *metrics;
static struct arena arena;
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
    cache = NULL;
    workers = NULL;
    arena = ARENA((size_t)4 << 20);
}

static void teardown(void)
{
    workers_stop(workers);
    if (cache != NULL) {
        cache_stop(cache);
    }
    cache_free(cache);
    queue_free(queue);
    metrics_free(metrics);
    kube_config_free(config);
    stub_free(stub);
    stub_remove(dir);
    arena_done(&arena);
}

/// What the list of PATH has; afterwards EVENTS come on its watch, which stays open.
static void serve(const char *path, const char *list, const char *events)
{
    stub_add(stub, &(struct stub_answer){
                       .method = "GET", .path = path, .query = "limit=", .body = sv_from(list)});
    stub_add(stub, &(struct stub_answer){.method = "GET",
                                         .path = path,
                                         .query = "watch=true",
                                         .body = sv_from(events),
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

static bool is_synced(void)
{
    return cache_synced(cache);
}

static void wait_until(bool (*holds)(void), const char *what)
{
    int64_t until = clock_mono_ms() + WAIT_MS;
    while (!holds() && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    ck_assert_msg(holds(), "%s", what);
}

/// What nobody has served yet is empty and stays so.
static void start_cache(void)
{
    serve(NULL, LIST(""), "");
    struct cache_settings s = {.config = config, .queue = queue};
    ck_assert_int_eq(cache_new(&s, &cache, &err), 0);
    ck_assert_int_eq(cache_start(cache, &err), 0);
    wait_until(is_synced, "never synced");
}

static int64_t closed(void *ctx)
{
    (void)ctx;
    return 0;
}

static void start_workers(kube_fence_fn *fence)
{
    struct workers_settings s = {.count = 2,
                                 .config = config,
                                 .kube = {.field_manager = "sluice-controller", .fence = fence},
                                 .cache = cache,
                                 .queue = queue,
                                 .metrics = metrics,
                                 .plan = plan_settings_make("sluice-flink-ha")};
    ck_assert_int_eq(workers_start(&s, &workers, &err), 0);
}

/// The number of the first request with METHOD (and PATH, when not NULL); SIZE_MAX: none so far.
static size_t find(const char *method, const char *path)
{
    for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
        if (strcmp(seen.method, method) == 0 && (path == NULL || strcmp(seen.path, path) == 0)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/// The same, and waits for it; it is in `seen`.
static size_t asked(const char *method, const char *path)
{
    int64_t until = clock_mono_ms() + WAIT_MS;
    size_t at;
    while ((at = find(method, path)) == SIZE_MAX && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    ck_assert_msg(at != SIZE_MAX, "no %s %s", method, path);
    return at;
}

static void nothing_written(void)
{
    static const char *const WRITES[] = {"POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < ARRAY_LEN(WRITES); i++) {
        ck_assert_msg(find(WRITES[i], NULL) == SIZE_MAX, "%s %s", seen.method, seen.path);
    }
}

static bool has_succeeded(void)
{
    return metrics_read(metrics, M_reconciles, METRIC_AT(0, RECONCILE_SUCCESS)) >= 1;
}

static bool has_failed(void)
{
    return metrics_read(metrics, M_reconcile_errors, METRIC_AT(0)) >= 1;
}

static bool has_failed_often(void)
{
    return metrics_read(metrics, M_reconcile_errors, METRIC_AT(0)) >= 3;
}

// ---- workers ------------------------------------------------------------------------------------

START_TEST(workers__a_new_cluster_is_recorded_first)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    answer("POST", REVISIONS, 0, 201, "{}");
    start_cache();
    start_workers(NULL);
    asked("POST", REVISIONS);
    ck_assert_str_eq(seen.query, "fieldManager=sluice-controller");
    ck_assert_ptr_nonnull(strstr(seen.body, "\"uid\":\"u1\""));
    wait_until(has_succeeded, "no success");
    // Until the record is seen, there is nothing that stands on it.
    ck_assert_uint_eq(find("PATCH", NULL), SIZE_MAX);
    ck_assert(metrics_read(metrics, M_writes, METRIC_AT(0)) >= 1);
}
END_TEST

/// A controller that starts when c is recorded already.
static void serve_recorded(void)
{
    static char record[sizeof(seen.body)];
    static char list[sizeof(record) + 64];
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    answer("POST", REVISIONS, 0, 201, "{}");
    start_cache();
    start_workers(NULL);
    asked("POST", REVISIONS);
    memcpy(record, seen.body, sizeof(record));
    teardown();
    setup();
    snprintf(list, sizeof(list), "{\"metadata\":{\"resourceVersion\":\"6\"},\"items\":[%s]}",
             record);
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    serve("/apis/apps/v1/controllerrevisions", list, "");
}

START_TEST(workers__a_restarted_controller_goes_on_from_the_record)
{
    serve_recorded();
    answer("PATCH", CLUSTER "/status", 0, 200, "{}");
    answer("POST", NULL, 0, 201, "{}");
    start_cache();
    start_workers(NULL);
    size_t told = asked("PATCH", CLUSTER "/status");
    size_t config_map = asked("POST", "/api/v1/namespaces/a/configmaps");
    size_t service = asked("POST", "/api/v1/namespaces/a/services");
    size_t pod = asked("POST", "/api/v1/namespaces/a/pods");
    ck_assert_uint_lt(told, config_map);
    ck_assert_uint_lt(config_map, service);
    ck_assert_uint_lt(service, pod);
    ck_assert_uint_eq(find("POST", REVISIONS), SIZE_MAX);
    ck_assert_uint_eq(find("DELETE", NULL), SIZE_MAX);
}
END_TEST

/// How many requests with METHOD came so far.
static size_t count(const char *method)
{
    size_t n = 0;
    for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
        n += strcmp(seen.method, method) == 0 ? 1 : 0;
    }
    return n;
}

START_TEST(workers__a_view_that_lacks_our_own_write_is_not_planned_from)
{
    serve_recorded();
    answer("PATCH", CLUSTER "/status", 0, 200, "{\"metadata\":{\"resourceVersion\":\"9\"}}");
    answer("POST", NULL, 0, 201, "{}");
    start_cache();
    start_workers(NULL);
    asked("PATCH", CLUSTER "/status");
    wait_until(has_succeeded, "no success");
    queue_add(queue, SV("a/c"), QUEUE_CHANGE);
    wait_until(has_failed, "no conflict");
    ck_assert_uint_eq(count("PATCH"), 1);
}
END_TEST

START_TEST(workers__refused_children_do_not_take_turns)
{
    serve_recorded();
    answer("PATCH", CLUSTER "/status", 0, 200, "{}");
    answer("POST", "/api/v1/namespaces/a/services", 0, 403,
           STATUS("403", "Forbidden", "exceeded quota: services"));
    answer("POST", NULL, 0, 201, "{}");
    start_cache();
    start_workers(NULL);
    wait_until(has_failed_often, "not tried again");
    asked("POST", "/api/v1/namespaces/a/pods");
    // From the second look on, the status tells of the same one.
    char told[2][sizeof(seen.body)] = {"", ""};
    for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
        if (strcmp(seen.path, CLUSTER "/status") == 0 && strstr(seen.body, "ChildRefused")) {
            const char *at = strstr(seen.body, "Service c-");
            ck_assert_ptr_nonnull(at);
            memcpy(told[told[0][0] != '\0'], at, strlen(at) + 1);
            ck_assert(told[1][0] == '\0' || strncmp(told[0], told[1], 12) == 0);
        }
    }
    ck_assert(told[1][0] != '\0');
}
END_TEST

START_TEST(workers__behind_a_closed_fence_they_try_and_nothing_is_sent)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    start_cache();
    start_workers(closed);
    wait_until(has_failed_often, "not tried again");
    nothing_written();
    ck_assert(metrics_read(metrics, M_writes, METRIC_AT(0)) < 1);
    ck_assert(metrics_read(metrics, M_terminal_errors, METRIC_AT(0)) < 1);
}
END_TEST

START_TEST(workers__a_server_with_too_much_to_do_is_left_alone_for_as_long_as_it_asks)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    stub_add(stub,
             &(struct stub_answer){
                 .method = "POST", .times = 1, .status = 429, .header = {"Retry-After", "1"}});
    answer("POST", REVISIONS, 0, 201, "{}");
    start_cache();
    start_workers(NULL);
    asked("POST", REVISIONS);
    int64_t start = clock_mono_ms();
    wait_until(has_failed, "no failure");
    // Not even what is changed meanwhile.
    queue_add(queue, SV("a/c"), QUEUE_EDIT);
    while (count("POST") < 2 && clock_mono_ms() - start < WAIT_MS) {
        clock_sleep_ms(5);
    }
    ck_assert_int_ge(clock_mono_ms() - start, 900);
    wait_until(has_succeeded, "no success");
    ck_assert_uint_eq(count("POST"), 2);
}
END_TEST

START_TEST(workers__what_was_refused_is_told_in_the_status)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    answer("POST", REVISIONS, 0, 403, STATUS("403", "Forbidden", "exceeded quota: few"));
    answer("PATCH", CLUSTER "/status", 0, 200, "{}");
    start_cache();
    start_workers(NULL);
    size_t told = asked("PATCH", CLUSTER "/status");
    ck_assert_ptr_nonnull(strstr(seen.body, "exceeded quota: few"));
    ck_assert_uint_lt(asked("POST", REVISIONS), told);
    wait_until(has_failed_often, "not tried again");
}
END_TEST

START_TEST(workers__the_finalizer_is_put_on_before_the_record)
{
    serve(CLUSTERS, LIST(BARE_CLUSTER("u1", ",\"finalizers\":[\"x.dev/y\"]")), "");
    answer("PATCH", CLUSTER, 1, 409, STATUS("409", "Conflict", "modified"));
    answer("PATCH", CLUSTER, 0, 200, "{}");
    answer("POST", REVISIONS, 0, 201, "{}");
    start_cache();
    start_workers(NULL);
    size_t patch = asked("PATCH", CLUSTER);
    ck_assert_str_eq(seen.body, "{\"metadata\":{\"resourceVersion\":\"3\",\"finalizers\":["
                                "\"x.dev/y\",\"sluice.dev/cleanup\"]}}");
    ck_assert_uint_lt(patch + 1, asked("POST", REVISIONS)); // not after the 409
}
END_TEST

START_TEST(workers__a_deleted_cluster_with_nothing_left_loses_its_finalizer)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", ",\"deletionTimestamp\":\"2026-01-02T00:00:00Z\"")),
          "");
    answer("PATCH", CLUSTER, 0, 200, "{}");
    start_cache();
    start_workers(NULL);
    asked("PATCH", CLUSTER);
    ck_assert_str_eq(seen.body, "{\"metadata\":{\"resourceVersion\":\"3\",\"finalizers\":[]}}");
    wait_until(has_succeeded, "no success");
}
END_TEST

START_TEST(workers__a_deleted_cluster_is_left_to_its_owner_references)
{
    serve(CLUSTERS, LIST(BARE_CLUSTER("u1", ",\"deletionTimestamp\":\"2026-01-02T00:00:00Z\"")),
          "");
    start_cache();
    start_workers(NULL);
    wait_until(has_succeeded, "no success");
    nothing_written();
}
END_TEST

START_TEST(workers__a_cluster_in_a_namespace_that_ends_is_dropped)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    answer("POST", REVISIONS, 0, 403,
           "{\"kind\":\"Status\",\"code\":403,\"reason\":\"Forbidden\",\"message\":\"a ends\","
           "\"details\":{\"causes\":[{\"reason\":\"NamespaceTerminating\"}]}}");
    start_cache();
    start_workers(NULL);
    asked("POST", REVISIONS);
    wait_until(has_succeeded, "no success");
    ck_assert(metrics_read(metrics, M_reconcile_errors, METRIC_AT(0)) < 1);
}
END_TEST

static bool has_stray(void)
{
    struct stray *items;
    size_t n = 0;
    ck_assert_int_eq(strays_of(cache_strays(cache), SV("a/c"), &arena, &items, &n, &err), 0);
    return n == 1;
}

START_TEST(workers__a_pod_that_left_the_watch_is_looked_for_before_anything_else)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    serve("/api/v1/pods", LIST(OWNED_POD("p", "u1")),
          "{\"type\":\"DELETED\",\"object\":" OWNED_POD("p", "u1") "}\n");
    answer("GET", POD, 1, 200, OWNED_POD("p", "u1"));
    answer("GET", POD, 0, 404, STATUS("404", "NotFound", "no such pod"));
    answer("PATCH", POD, 0, 200, "{}");
    answer("POST", REVISIONS, 0, 201, "{}");
    start_cache();
    wait_until(has_stray, "no stray");
    start_workers(NULL);
    // It ran without its label, was made visible, and was gone at the second look.
    size_t created = asked("POST", REVISIONS);
    size_t looked = asked("GET", POD);
    size_t labelled = asked("PATCH", POD);
    ck_assert_uint_lt(looked, labelled);
    ck_assert_uint_lt(labelled, created);
    ck_assert(!has_stray());
}
END_TEST

START_TEST(workers__a_stop_does_not_wait_for_a_slow_server)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    stub_add(stub, &(struct stub_answer){.method = "POST", .before_ms = 60000, .status = 201});
    start_cache();
    start_workers(NULL);
    asked("POST", REVISIONS);
    int64_t from = clock_mono_ms();
    workers_stop(workers);
    workers = NULL;
    ck_assert_int_lt(clock_mono_ms() - from, 5000);
}
END_TEST

// ---- cache --------------------------------------------------------------------------------------

static struct strview take(void)
{
    static char key[QUEUE_KEY_MAX];
    size_t len;
    int64_t waited;
    ck_assert(queue_take(queue, key, &len, &waited));
    queue_done(queue, sv_make(key, len));
    return sv_make(key, len);
}

START_TEST(cache__a_view_has_only_what_the_cluster_owns)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    serve("/api/v1/pods", LIST(OWNED_POD("p", "u1") "," OWNED_POD("q", "u0")), "");
    start_cache();
    struct cache_view view;
    ck_assert_int_eq(cache_view(cache, SV("a/c"), &arena, &view, &err), 0);
    ck_assert_ptr_nonnull(view.cluster);
    ck_assert(sv_eq_lit(view.cluster->uid, "u1"));
    ck_assert_uint_eq(view.n_children[CHILD_POD], 1);
    ck_assert_uint_eq(view.trees[CHILD_POD].n, 1);
    ck_assert(sv_eq_lit(view.children[CHILD_POD][0]->name, "p"));
    ck_assert_uint_eq(view.n_children[CHILD_SERVICE], 0);
    cache_view_release(&view);
    ck_assert_uint_eq(cache_cluster_count(cache), 1);
    find("GET", "/api/v1/pods");
    ck_assert_ptr_nonnull(strstr(seen.query, "labelSelector=app.kubernetes.io/managed-by=sluice"));
}
END_TEST

START_TEST(cache__what_is_not_there_has_an_empty_view)
{
    static const char *const keys[] = {"a/d", "b/c", "c", "/c", "a/", "/", "", "a/c/"};
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    start_cache();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct cache_view view;
        ck_assert_int_eq(cache_view(cache, sv_from(keys[i]), &arena, &view, &err), 0);
        ck_assert_msg(view.cluster == NULL, "%s", keys[i]);
        cache_view_release(&view);
    }
}
END_TEST

START_TEST(cache__a_change_of_a_child_queues_its_cluster)
{
    serve("/api/v1/pods", LIST(""), "{\"type\":\"ADDED\",\"object\":" OWNED_POD("p", "u1") "}\n");
    start_cache();
    ck_assert(sv_eq_lit(take(), "a/c"));
}
END_TEST

START_TEST(cache__a_resync_queues_every_cluster)
{
    serve(CLUSTERS, LIST(FLINK_CLUSTER("u1", "")), "");
    start_cache();
    ck_assert(sv_eq_lit(take(), "a/c"));
    cache_resync(cache);
    ck_assert(sv_eq_lit(take(), "a/c"));
}
END_TEST

UNIT_MAIN(setup, teardown, workers__a_view_that_lacks_our_own_write_is_not_planned_from,
          workers__refused_children_do_not_take_turns,
          workers__a_restarted_controller_goes_on_from_the_record,
          workers__a_new_cluster_is_recorded_first,
          workers__behind_a_closed_fence_they_try_and_nothing_is_sent,
          workers__a_server_with_too_much_to_do_is_left_alone_for_as_long_as_it_asks,
          workers__what_was_refused_is_told_in_the_status,
          workers__the_finalizer_is_put_on_before_the_record,
          workers__a_deleted_cluster_with_nothing_left_loses_its_finalizer,
          workers__a_deleted_cluster_is_left_to_its_owner_references,
          workers__a_cluster_in_a_namespace_that_ends_is_dropped,
          workers__a_pod_that_left_the_watch_is_looked_for_before_anything_else,
          workers__a_stop_does_not_wait_for_a_slow_server,
          cache__a_view_has_only_what_the_cluster_owns, cache__what_is_not_there_has_an_empty_view,
          cache__a_change_of_a_child_queues_its_cluster, cache__a_resync_queues_every_cluster)
