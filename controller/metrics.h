// SPDX-License-Identifier: Apache-2.0
// The controller's metrics as an enum and a table, both from metrics.def.
#ifndef SLUICE_CONTROLLER_METRICS_H
#define SLUICE_CONTROLLER_METRICS_H

#include "common/base/metrics.h"
#include "controller/flink/prober.h"

/// X(id, label): how a reconcile ended.
#define RECONCILE_RESULTS(X)                                                                       \
    X(SUCCESS, "success")                                                                          \
    X(ERROR, "error")                                                                              \
    X(REQUEUE_AFTER, "requeue_after")

enum reconcile_result {
#define X(id, label) RECONCILE_##id,
    RECONCILE_RESULTS(X)
#undef X
        RECONCILE_RESULT_COUNT
};

enum {
#define METRIC METRIC_ID
#include "controller/metrics.def"
#undef METRIC
    M_COUNT
};

extern const struct metric_row CONTROLLER_METRICS[M_COUNT];

/// A kube_observe_fn: METRICS is a struct metrics *.
void controller_metrics_rest(void *metrics, const char *method, int code, int64_t took_ns);

/// A prober_observe_fn: likewise.
void controller_metrics_flink(void *metrics, enum rest_endpoint endpoint, enum probe_result result,
                              int64_t took_ns);

/// Sets the gauges of what the prober knows.
void controller_metrics_contact(struct metrics *metrics, const struct prober_stats *stats);

#endif
