// SPDX-License-Identifier: Apache-2.0
// Where finished log lines go: between log.c, which makes them, and log_batch.c. For these two.
#ifndef SLUICE_BASE_LOG_SINK_H
#define SLUICE_BASE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/// Takes a line of N bytes; URGENT: it must be written before the call returns.
typedef void log_sink_fn(const char *line, size_t n, bool urgent);

/// NULL: lines are written one by one. Any thread may log meanwhile.
void log_sink_set(log_sink_fn *sink);

/// Writes to the descriptor of log_init(); what can't be written is lost, and counted.
void log_sink_write(const char *text, size_t n);

#endif
