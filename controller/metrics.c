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

static const struct metric_label LABEL_CONTROLLER = {"controller", CONTROLLERS,
                                                     ARRAY_LEN(CONTROLLERS)};
static const struct metric_label LABEL_NAME = {"name", CONTROLLERS, ARRAY_LEN(CONTROLLERS)};
static const struct metric_label LABEL_LEASE = {"name", LEASES, ARRAY_LEN(LEASES)};
static const struct metric_label LABEL_METHOD = {"method", METHODS, ARRAY_LEN(METHODS)};
static const struct metric_label LABEL_RESULT = {"result", RESULTS, ARRAY_LEN(RESULTS)};

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
