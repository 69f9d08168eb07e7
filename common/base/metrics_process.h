// SPDX-License-Identifier: Apache-2.0
// The process_* metrics that every Prometheus client has: CPU seconds, resident and virtual memory,
// open and allowed file descriptors, start time, from /proc/self. Thread-safe.
#ifndef SLUICE_BASE_METRICS_PROCESS_H
#define SLUICE_BASE_METRICS_PROCESS_H

#include "common/base/strbuf.h"

/// Appends them as exposition text; what /proc does not tell is left out.
void metrics_write_process(struct strbuf *out);

#endif
