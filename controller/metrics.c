// SPDX-License-Identifier: Apache-2.0
#include "controller/metrics.h"

#include <string.h>

static const char *const CONTROLLERS[] = {"flinkcluster"};
static const char *const LEASES[] = {"sluice-controller"};
static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
static const char *const RESULTS[] = {
#define X(id, label) [RECONCILE_##id] = label,
    RECONCILE_RESULTS(X)
#undef X
};

static const char *const ENDPOINTS[] = {
#define X(id, label, before, after) [REST_##id] = label,
    REST_ENDPOINTS(X)
#undef X
};
static const char *const ANSWERS[] = {
#define X(id, label) [PROBE_##id] = label,
    PROBE_RESULTS(X)
#undef X
};
static const char *const CONTACTS[] = {[FLINK_CONTACT_NONE] = "none",
                                       [FLINK_CONTACT_ANSWERS] = "answers",
                                       [FLINK_CONTACT_NO_LEADER] = "no_leader",
                                       [FLINK_CONTACT_MISSED] = "missed",
                                       [FLINK_CONTACT_LOST] = "lost"};

static const struct metric_label LABEL_CONTROLLER = {"controller", CONTROLLERS,
                                                     ARRAY_LEN(CONTROLLERS)};
static const struct metric_label LABEL_NAME = {"name", CONTROLLERS, ARRAY_LEN(CONTROLLERS)};
static const struct metric_label LABEL_LEASE = {"name", LEASES, ARRAY_LEN(LEASES)};
static const struct metric_label LABEL_METHOD = {"method", METHODS, ARRAY_LEN(METHODS)};
static const struct metric_label LABEL_ENDPOINT = {"endpoint", ENDPOINTS, ARRAY_LEN(ENDPOINTS)};
static const struct metric_label LABEL_ANSWER = {"result", ANSWERS, ARRAY_LEN(ANSWERS)};
static const struct metric_label LABEL_CONTACT = {"contact", CONTACTS, ARRAY_LEN(CONTACTS)};
static const struct metric_label LABEL_RESULT = {"result", RESULTS, ARRAY_LEN(RESULTS)};

static const struct metric_label LABEL_POLICY = {.name = "policy"}; // as they come
static const struct metric_label LABEL_RULE = {.name = "rule"};
static const struct metric_label LABEL_ENFORCEMENT = {.name = "enforcement"};

const struct metric_row CONTROLLER_METRICS[M_COUNT] = {
#define METRIC METRIC_ROW
#include "controller/metrics.def"
#undef METRIC
};

void controller_metrics_rest(void *metrics, const char *method, int code, int64_t took_ns)
{
    unsigned m = 0;
    while (m + 1 < ARRAY_LEN(METHODS) && strcmp(METHODS[m], method) != 0) {
        m++;
    }
    metrics_add(metrics, M_rest_requests, METRIC_AT(metric_code_index(code), m), 1);
    metrics_observe(metrics, M_rest_time, METRIC_AT(m), (uint64_t)(took_ns > 0 ? took_ns : 0));
}

void controller_metrics_flink(void *metrics, enum rest_endpoint endpoint, enum probe_result result,
                              int64_t took_ns)
{
    metrics_add(metrics, M_flink_requests, METRIC_AT(endpoint, result), 1);
    metrics_observe(metrics, M_flink_time, METRIC_AT(endpoint),
                    (uint64_t)(took_ns > 0 ? took_ns : 0));
}

void controller_metrics_contact(struct metrics *metrics, const struct prober_stats *stats)
{
    for (unsigned i = 0; i < ARRAY_LEN(CONTACTS); i++) {
        metrics_set(metrics, M_flink_contact, METRIC_AT(i), (double)stats->in_contact[i]);
    }
}
