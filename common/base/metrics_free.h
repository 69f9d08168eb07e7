// SPDX-License-Identifier: Apache-2.0
// The series of a metric whose label values come as they come (names of policies): at most so many,
// further ones are counted together. Of metrics.c alone. Thread-safe.
#ifndef SLUICE_BASE_METRICS_FREE_H
#define SLUICE_BASE_METRICS_FREE_H

#include "common/base/metrics.h"

struct metric_free;

/// For ROW, which must outlive it. NULL: out of memory.
MUST_USE struct metric_free *metric_free_new(const struct metric_row *row);
void metric_free_free(struct metric_free *f); // NULL is fine

/// As metrics_add_free(), metrics_replace_free() and metrics_read_free(). Any thread.
void metric_free_add(struct metric_free *f, const struct strview *values, double n);
void metric_free_replace(struct metric_free *f, const struct metric_sample *samples, size_t n);
double metric_free_read(struct metric_free *f, const struct strview *values);

/// Calls PUT with the values (each ends in a NUL, one after the other) of each series.
typedef void metric_free_put_fn(struct strbuf *out, const struct metric_row *row,
                                const char *values, double value);
void metric_free_write(struct metric_free *f, metric_free_put_fn *put, struct strbuf *out);

#endif
