// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms from a table, with label values that are fixed at the start, so
// the number of series is bounded. Updates are atomic adds in the thread's own lane (lane.h), from
// any thread, without locks. (Some rows have free label values, and a limit; those take a lock.) A
// program keeps its rows in a .def file:
//     METRIC(HISTOGRAM, latency, "controller_runtime_webhook_latency_seconds", "Time of a review.",
//            .labels = {&LABEL_WEBHOOK}, .buckets = &METRIC_BUCKETS_FAST)
// from which METRIC_ID and METRIC_ROW make the enum and the table:
//     enum { #define METRIC METRIC_ID … #include "x.def" M_COUNT };
//     static const struct metric_row rows[] = { #define METRIC METRIC_ROW … #include "x.def" };
#ifndef SLUICE_BASE_METRICS_H
#define SLUICE_BASE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

#define METRIC_MAX_LABELS 3
#define METRIC_MAX_SERIES 4096 // of one row

/// A label and all its values. Static, or filled before metrics_new() and never changed after.
struct metric_label {
    const char *name;
    const char *const *values;
    size_t count;
};

/// Upper bounds in ascending order, in the unit that metrics_observe() is given; a shown value is
/// that divided by SCALE (nanoseconds shown as seconds: 1e9; bytes: 1). +Inf is added.
struct metric_buckets {
    const uint64_t *bounds;
    size_t count;
    uint64_t scale;
};
extern const struct metric_buckets METRIC_BUCKETS_FAST; // ns: dense 20 µs–10 ms, then to 10 s
extern const struct metric_buckets METRIC_BUCKETS_RECONCILE; // ns: controller-runtime's, 5 ms–60 s
extern const struct metric_buckets METRIC_BUCKETS_QUEUE; // ns: client-go's workqueue, 10 ns–10 s
extern const struct metric_buckets METRIC_BUCKETS_REST;  // ns: 1 ms–60 s
extern const struct metric_buckets METRIC_BUCKETS_BYTES; // 256 B–8 MiB

/// HTTP status codes as label values; metric_code_index() is the place of CODE ("other" when rare).
extern const struct metric_label METRIC_LABEL_CODE;
unsigned metric_code_index(int code);

struct metric_row {
    enum metric_kind kind;
    const char *name;
    const char *help;
    const struct metric_label *labels[METRIC_MAX_LABELS]; // NULL: no more
    const struct metric_buckets *buckets;                 // of a histogram
    bool sparse; // series that were never touched are left out (else shown as 0)
    // Not 0: a counter or gauge whose labels have names and no values. So many series are told
    // apart; further ones are counted in one whose values are all METRIC_OTHER.
    size_t free_series;
};
#define METRIC_OTHER "other"

#define METRIC_ID(kind_, id, ...) M_##id,
#define METRIC_ROW(kind_, id, name_, ...)                                                          \
    [M_##id] = {.kind = METRIC_##kind_, .name = name_, .help = __VA_ARGS__},

struct metrics;

/// ROWS must outlive it. NULL on failure (E_NOMEM, E_INVALID: a row that cannot be).
MUST_USE struct metrics *metrics_new(const struct metric_row *rows, size_t count, struct err *err);
void metrics_free(struct metrics *m);

/// Which series of a row: the index of the value of each label. METRIC_AT(0) where there is no
/// label.
struct metric_at {
    unsigned i[METRIC_MAX_LABELS];
};
#define METRIC_AT(...) ((struct metric_at){{__VA_ARGS__}})

/// NULL is accepted for M everywhere: nothing is counted.
void metrics_add(struct metrics *m, unsigned id, struct metric_at at, uint64_t n);
/// For a counter that is kept elsewhere: this is its value now. While others add to the same
/// series, what they add may be lost; so with metrics_set().
void metrics_count_to(struct metrics *m, unsigned id, struct metric_at at, uint64_t total);
void metrics_set(struct metrics *m, unsigned id, struct metric_at at, double value);
void metrics_gauge_add(struct metrics *m, unsigned id, struct metric_at at, double delta);
void metrics_observe(struct metrics *m, unsigned id, struct metric_at at, uint64_t value);

/// For a row with free label values: one value for each label.
void metrics_add_free(struct metrics *m, unsigned id, const struct strview *values, uint64_t n);
struct metric_sample {
    struct strview values[METRIC_MAX_LABELS];
    double value;
};
/// Likewise: these are all the series from now on; those of the same values are added up.
void metrics_replace_free(struct metrics *m, unsigned id, const struct metric_sample *samples,
                          size_t n);
double metrics_read_free(const struct metrics *m, unsigned id, const struct strview *values);

/// The counter's or gauge's value, or the number of observations (for tests).
double metrics_read(const struct metrics *m, unsigned id, struct metric_at at);

/// FN is called before each exposition, in its thread, to set gauges that are looked up rather than
/// kept. At most METRICS_MAX_COLLECT; before the first exposition.
#define METRICS_MAX_COLLECT 8
typedef void metrics_collect_fn(struct metrics *m, void *arg);
void metrics_on_collect(struct metrics *m, metrics_collect_fn *fn, void *arg);

/// Prometheus text exposition 0.0.4.
void metrics_write(struct metrics *m, struct strbuf *out);

/// The rows as a markdown table: name, kind, labels, help.
void metrics_write_markdown(const struct metric_row *rows, size_t count, struct strbuf *out);

#endif
