// SPDX-License-Identifier: Apache-2.0
// What metrics.c keeps, for metrics_text.c to write.
#ifndef SLUICE_BASE_METRICS_STATE_H
#define SLUICE_BASE_METRICS_STATE_H

#include <stdatomic.h>

#include "common/base/metrics_free.h"

// The cells of a series: counter {value, -}, gauge {bits of the double, touched},
// histogram {one a bucket, +Inf, sum}. Each bucket holds its own observations, not those below it.
struct metrics {
    const struct metric_row *rows;
    size_t count;
    size_t *first; // of each row: its first cell
    // Each lane (see lane.h) has all cells; what a cell says is the sum over the lanes.
    _Atomic uint64_t *cells;
    size_t lane_cells;         // from lane to lane
    struct metric_free **free; // of each row, or NULL
    struct {
        metrics_collect_fn *fn;
        void *arg;
    } collect[METRICS_MAX_COLLECT];
    size_t collect_count;
};

/// Cells of one series; series of a row.
size_t metric_row_cells(const struct metric_row *r);
size_t metric_row_series(const struct metric_row *r);

/// What cell CELL says: a count, or the sum of doubles in a gauge's first cell.
uint64_t metric_cell(const struct metrics *m, size_t cell);
double metric_cell_gauge(const struct metrics *m, size_t cell);
/// Observations of the histogram whose cells begin at CELL.
uint64_t metric_histogram_count(const struct metrics *m, const struct metric_buckets *b,
                                size_t cell);

#endif
