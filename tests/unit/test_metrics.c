// SPDX-License-Identifier: Apache-2.0
#include "common/base/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/metrics_process.h"
#include "tests/unit/unit.h"

static const char *const HOOKS[] = {"mutate", "vali\"date\\"};
static const struct metric_label HOOK = {"webhook", HOOKS, ARRAY_LEN(HOOKS)};
static const uint64_t SMALL_BOUNDS[] = {1000, 2000000};
static const struct metric_buckets SMALL = {SMALL_BOUNDS, ARRAY_LEN(SMALL_BOUNDS), 1000000000};

#define ROWS(METRIC)                                                                               \
    METRIC(COUNTER, plain, "plain_total", "A plain\ncounter.")                                     \
    METRIC(COUNTER, requests, "requests_total", "By hook.", .labels = {&HOOK, &METRIC_LABEL_CODE}, \
           .sparse = true)                                                                         \
    METRIC(GAUGE, in_flight, "in_flight", "Now.", .labels = {&HOOK})                               \
    METRIC(HISTOGRAM, latency, "latency_seconds", "Time.", .buckets = &SMALL)
enum { ROWS(METRIC_ID) M_COUNT };
static const struct metric_row rows[] = {ROWS(METRIC_ROW)};

static const struct metric_label POLICY = {.name = "policy"};
static const struct metric_label RULE = {.name = "rule"};

#define FREE_ROWS(METRIC)                                                                          \
    METRIC(COUNTER, found, "found_total", "Found.", .labels = {&POLICY, &RULE}, .free_series = 3)  \
    METRIC(GAUGE, stands, "stands", "Stands.", .labels = {&POLICY, &RULE}, .free_series = 2)
enum { FREE_ROWS(METRIC_ID) M_FREE_COUNT };
static const struct metric_row free_rows[] = {FREE_ROWS(METRIC_ROW)};

static struct metrics *m;
static struct strbuf out;
static struct err err;

static void setup(void)
{
    m = metrics_new(rows, ARRAY_LEN(rows), &err);
    ck_assert_ptr_nonnull(m);
    out = STRBUF(1 << 20);
}

static void teardown(void)
{
    metrics_free(m);
    strbuf_done(&out);
}

START_TEST(metrics__exposition_is_prometheus_text)
{
    metrics_add(m, M_plain, METRIC_AT(0), 3);
    metrics_add(m, M_requests, METRIC_AT(1, metric_code_index(422)), 2);
    metrics_set(m, M_in_flight, METRIC_AT(0), 2.5);
    metrics_gauge_add(m, M_in_flight, METRIC_AT(0), -1);
    metrics_observe(m, M_latency, METRIC_AT(0), 1000);
    metrics_observe(m, M_latency, METRIC_AT(0), 1001);
    metrics_observe(m, M_latency, METRIC_AT(0), UINT64_C(3000000000));
    metrics_write(m, &out);
    ck_assert_str_eq(out.ptr, "# HELP plain_total A plain\\ncounter.\n"
                              "# TYPE plain_total counter\n"
                              "plain_total 3\n"
                              "# HELP requests_total By hook.\n"
                              "# TYPE requests_total counter\n"
                              "requests_total{webhook=\"vali\\\"date\\\\\",code=\"422\"} 2\n"
                              "# HELP in_flight Now.\n"
                              "# TYPE in_flight gauge\n"
                              "in_flight{webhook=\"mutate\"} 1.5\n"
                              "in_flight{webhook=\"vali\\\"date\\\\\"} 0\n"
                              "# HELP latency_seconds Time.\n"
                              "# TYPE latency_seconds histogram\n"
                              "latency_seconds_bucket{le=\"1e-06\"} 1\n"
                              "latency_seconds_bucket{le=\"0.002\"} 2\n"
                              "latency_seconds_bucket{le=\"+Inf\"} 3\n"
                              "latency_seconds_sum 3.000002001\n"
                              "latency_seconds_count 3\n");
    ck_assert_double_eq(metrics_read(m, M_plain, METRIC_AT(0)), 3);
    ck_assert_double_eq(metrics_read(m, M_latency, METRIC_AT(0)), 3);
    ck_assert_double_eq(metrics_read(m, M_in_flight, METRIC_AT(0)), 1.5);
}
END_TEST

/// In a registry of the rows with free labels.
static void with_free_rows(void)
{
    metrics_free(m);
    m = metrics_new(free_rows, ARRAY_LEN(free_rows), &err);
    ck_assert_ptr_nonnull(m);
}

#define VALUES(policy, rule) ((const struct strview[]){SV(policy), SV(rule)})

START_TEST(metrics__free_label_values_come_as_they_come)
{
    with_free_rows();
    metrics_add_free(m, M_found, VALUES("p", "images.allowed"), 2);
    metrics_add_free(m, M_found, VALUES("a\"b\\", ""), 1);
    metrics_add_free(m, M_found, VALUES("p", "images.allowed"), 3);
    metrics_write(m, &out);
    ck_assert_str_eq(out.ptr, "# HELP found_total Found.\n"
                              "# TYPE found_total counter\n"
                              "found_total{policy=\"p\",rule=\"images.allowed\"} 5\n"
                              "found_total{policy=\"a\\\"b\\\\\",rule=\"\"} 1\n"
                              "# HELP stands Stands.\n"
                              "# TYPE stands gauge\n");
    ck_assert_double_eq(metrics_read_free(m, M_found, VALUES("p", "images.allowed")), 5);
}
END_TEST

START_TEST(metrics__beyond_the_limit_all_further_values_are_one_series)
{
    with_free_rows();
    char name[2048];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        metrics_add_free(m, M_found, (const struct strview[]){sv_from(name), SV("r")}, 1);
    }
    ck_assert_double_eq(metrics_read_free(m, M_found, VALUES("p2", "r")), 1);
    ck_assert_double_eq(metrics_read_free(m, M_found, VALUES("p3", "r")), 0);
    ck_assert_double_eq(metrics_read_free(m, M_found, VALUES("other", "other")), 97);
    // What is too long to be told apart is there, too.
    memset(name, 'x', sizeof(name));
    metrics_add_free(m, M_found, (const struct strview[]){sv_make(name, sizeof(name)), SV("r")}, 1);
    ck_assert_double_eq(metrics_read_free(m, M_found, VALUES("other", "other")), 98);
}
END_TEST

START_TEST(metrics__a_replaced_gauge_has_no_old_series)
{
    with_free_rows();
    const struct metric_sample first[] = {{{SV("p"), SV("r")}, 1}, {{SV("p"), SV("s")}, 2}};
    const struct metric_sample second[] = {{{SV("q"), SV("r")}, 4},
                                           {{SV("q"), SV("r")}, 1},
                                           {{SV("p"), SV("s")}, 7},
                                           {{SV("x"), SV("r")}, 8},
                                           {{SV("y"), SV("r")}, 9}};
    metrics_replace_free(m, M_stands, first, ARRAY_LEN(first));
    ck_assert_double_eq(metrics_read_free(m, M_stands, VALUES("p", "r")), 1);
    metrics_replace_free(m, M_stands, second, ARRAY_LEN(second));
    ck_assert_double_eq(metrics_read_free(m, M_stands, VALUES("p", "r")), 0);
    ck_assert_double_eq(metrics_read_free(m, M_stands, VALUES("q", "r")), 5);
    ck_assert_double_eq(metrics_read_free(m, M_stands, VALUES("other", "other")), 17);
    metrics_replace_free(m, M_stands, NULL, 0);
    metrics_write(m, &out);
    ck_assert_ptr_null(strstr(out.ptr, "stands{"));
}
END_TEST

START_TEST(metrics__free_labels_have_no_values_and_no_histogram)
{
    const struct metric_row bad[] = {
        {METRIC_COUNTER, "a", "A.", .labels = {&HOOK}, .free_series = 3},
        {METRIC_COUNTER, "a", "A.", .labels = {&POLICY}},
        {METRIC_COUNTER, "a", "A.", .labels = {&POLICY}, .free_series = METRIC_MAX_SERIES + 1},
        {METRIC_HISTOGRAM, "a", "A.", .labels = {&POLICY}, .free_series = 3, .buckets = &SMALL}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_ptr_null(metrics_new(&bad[i], 1, &err));
        ck_assert_int_eq(err.code, E_INVALID);
    }
}
END_TEST

START_TEST(metrics__every_bucket_bound_is_inclusive)
{
    const struct metric_buckets *all[] = {&METRIC_BUCKETS_FAST, &METRIC_BUCKETS_RECONCILE,
                                          &METRIC_BUCKETS_QUEUE, &METRIC_BUCKETS_REST,
                                          &METRIC_BUCKETS_BYTES};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const struct metric_row row[] = {
            {.kind = METRIC_HISTOGRAM, .name = "h", .help = "h", .buckets = all[i]}};
        struct metrics *h = metrics_new(row, 1, &err);
        ck_assert_ptr_nonnull(h);
        for (size_t b = 0; b < all[i]->count; b++) {
            metrics_observe(h, 0, METRIC_AT(0), all[i]->bounds[b]);
        }
        metrics_observe(h, 0, METRIC_AT(0), UINT64_MAX / 4);
        strbuf_reset(&out);
        metrics_write(h, &out);
        struct strview rest = strbuf_view(&out);
        struct strview line;
        uint64_t n = 0;
        while (sv_split(&rest, '\n', &line)) {
            if (sv_starts(line, SV("h_bucket"))) {
                char want[32];
                snprintf(want, sizeof(want), "} %llu", (unsigned long long)++n);
                ck_assert_msg(sv_ends(line, sv_from(want)), "%.*s", SV_ARG(line));
            }
        }
        ck_assert_uint_eq(n, all[i]->count + 1);
        metrics_free(h);
    }
}
END_TEST

START_TEST(metrics__latency_buckets_are_dense_from_20_us_to_10_ms)
{
    size_t dense = 0;
    ck_assert_uint_eq(METRIC_BUCKETS_FAST.bounds[0], 20000);
    for (size_t i = 1; i < METRIC_BUCKETS_FAST.count; i++) {
        uint64_t low = METRIC_BUCKETS_FAST.bounds[i - 1];
        uint64_t high = METRIC_BUCKETS_FAST.bounds[i];
        if (high <= 10000000) {
            dense++;
            ck_assert_uint_le(high, low * 3 / 2 + low / 2);
        }
    }
    ck_assert_uint_ge(dense, 20);
}
END_TEST

START_TEST(metrics__codes_that_are_rare_share_one_series)
{
    ck_assert_uint_eq(metric_code_index(200), 0);
    ck_assert_str_eq(METRIC_LABEL_CODE.values[metric_code_index(429)], "429");
    ck_assert_str_eq(METRIC_LABEL_CODE.values[metric_code_index(418)], "other");
    ck_assert_str_eq(METRIC_LABEL_CODE.values[metric_code_index(-1)], "other");
}
END_TEST

START_TEST(metrics__rows_that_cannot_be_are_refused)
{
    static const uint64_t falling[] = {2, 1};
    static const struct metric_buckets bad_buckets = {falling, 2, 1};
    static const struct metric_label huge = {"l", HOOKS, METRIC_MAX_SERIES + 1};
    static const struct metric_label empty = {"l", HOOKS, 0};
    const struct metric_row bad[] = {
        {.kind = METRIC_COUNTER, .name = "1x", .help = "h"},
        {.kind = METRIC_COUNTER, .name = "x-y", .help = "h"},
        {.kind = METRIC_COUNTER, .name = "x"},
        {.kind = METRIC_COUNTER, .name = "x", .help = "h", .buckets = &SMALL},
        {.kind = METRIC_HISTOGRAM, .name = "x", .help = "h"},
        {.kind = METRIC_HISTOGRAM, .name = "x", .help = "h", .buckets = &bad_buckets},
        {.kind = METRIC_COUNTER, .name = "x", .help = "h", .labels = {&huge}},
        {.kind = METRIC_COUNTER, .name = "x", .help = "h", .labels = {&empty}},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err = (struct err){0};
        ck_assert_ptr_null(metrics_new(&bad[i], 1, &err));
        ck_assert_int_eq(err.code, E_INVALID);
    }
}
END_TEST

START_TEST(metrics__without_a_registry_nothing_is_counted)
{
    metrics_add(NULL, M_plain, METRIC_AT(0), 1);
    metrics_set(NULL, M_in_flight, METRIC_AT(0), 1);
    metrics_gauge_add(NULL, M_in_flight, METRIC_AT(0), 1);
    metrics_observe(NULL, M_latency, METRIC_AT(0), 1);
    metrics_free(NULL);
}
END_TEST

START_TEST(metrics__a_counter_may_be_kept_elsewhere)
{
    metrics_add(m, M_plain, METRIC_AT(0), 2);
    metrics_count_to(m, M_plain, METRIC_AT(0), 7);
    ck_assert_double_eq(metrics_read(m, M_plain, METRIC_AT(0)), 7);
    metrics_count_to(NULL, M_plain, METRIC_AT(0), 7);
}
END_TEST

static void collect(struct metrics *registry, void *arg)
{
    metrics_set(registry, M_in_flight, METRIC_AT(1), *(const double *)arg);
}

START_TEST(metrics__collectors_run_before_each_exposition)
{
    double depth = 7;
    metrics_on_collect(m, collect, &depth);
    metrics_write(m, &out);
    ck_assert_ptr_nonnull(strstr(out.ptr, "in_flight{webhook=\"vali\\\"date\\\\\"} 7\n"));
}
END_TEST

static void *count_much(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10000; i++) {
        metrics_add(m, M_plain, METRIC_AT(0), 1);
        metrics_gauge_add(m, M_in_flight, METRIC_AT(0), 1);
        metrics_observe(m, M_latency, METRIC_AT(0), (uint64_t)i);
    }
    return NULL;
}

START_TEST(metrics__threads_lose_no_count)
{
    pthread_t threads[4];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_much, NULL), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_double_eq(metrics_read(m, M_plain, METRIC_AT(0)), 40000);
    ck_assert_double_eq(metrics_read(m, M_in_flight, METRIC_AT(0)), 40000);
    ck_assert_double_eq(metrics_read(m, M_latency, METRIC_AT(0)), 40000);
}
END_TEST

START_TEST(metrics__what_is_set_stands_for_all_that_was_added_before)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, count_much, NULL), 0);
    pthread_join(thread, NULL);
    metrics_add(m, M_plain, METRIC_AT(0), 1);
    metrics_count_to(m, M_plain, METRIC_AT(0), 7);
    metrics_set(m, M_in_flight, METRIC_AT(0), 2);
    ck_assert_double_eq(metrics_read(m, M_plain, METRIC_AT(0)), 7);
    ck_assert_double_eq(metrics_read(m, M_in_flight, METRIC_AT(0)), 2);
}
END_TEST

START_TEST(metrics__the_table_is_printed_as_markdown)
{
    metrics_write_markdown(rows, ARRAY_LEN(rows), &out);
    ck_assert_ptr_nonnull(
        strstr(out.ptr, "| `requests_total` | counter | `webhook`, `code` | By hook. |\n"));
}
END_TEST

START_TEST(metrics__the_process_tells_its_own)
{
    metrics_write_process(&out);
    static const char *const names[] = {"process_cpu_seconds_total",
                                        "process_resident_memory_bytes",
                                        "process_virtual_memory_bytes",
                                        "process_start_time_seconds",
                                        "process_open_fds",
                                        "process_max_fds"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char want[64];
        snprintf(want, sizeof(want), "\n%s ", names[i]);
        const char *at = strstr(out.ptr, want);
        ck_assert_msg(at != NULL, "%s", names[i]);
        if (i > 0) {
            ck_assert_double_gt(strtod(at + strlen(want), NULL), 0);
        }
    }
}
END_TEST

UNIT_MAIN(setup, teardown, metrics__exposition_is_prometheus_text,
          metrics__free_label_values_come_as_they_come,
          metrics__beyond_the_limit_all_further_values_are_one_series,
          metrics__a_replaced_gauge_has_no_old_series,
          metrics__free_labels_have_no_values_and_no_histogram,
          metrics__every_bucket_bound_is_inclusive,
          metrics__latency_buckets_are_dense_from_20_us_to_10_ms,
          metrics__codes_that_are_rare_share_one_series, metrics__rows_that_cannot_be_are_refused,
          metrics__without_a_registry_nothing_is_counted, metrics__a_counter_may_be_kept_elsewhere,
          metrics__collectors_run_before_each_exposition, metrics__threads_lose_no_count,
          metrics__what_is_set_stands_for_all_that_was_added_before,
          metrics__the_table_is_printed_as_markdown, metrics__the_process_tells_its_own)
