// SPDX-License-Identifier: Apache-2.0
// How long a caller waits for its answer, and from when on working for it is in vain. The API
// server tells it as ?timeout=10s: what is left of its deadline, rounded up to whole seconds; a
// retry repeats the number of the first try. So of N seconds told, half is what is surely left,
// from N = 2 on. Pure.
#ifndef SLUICE_WEBHOOK_PATIENCE_H
#define SLUICE_WEBHOOK_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/// What a caller has who tells nothing: a webhook's default timeoutSeconds.
#define PATIENCE_DEFAULT_MS 10000
/// The largest timeoutSeconds.
#define PATIENCE_MAX_MS 30000

/// TIMEOUT: the value of ?timeout=, a Go duration ("10s", "1m0s"); NULL: not given. What can't be
/// read counts as not given. CROWDED: others wait for a place; then half, for a part of the callers
/// has waited for a connection before we saw anything of it. Result: at most PATIENCE_MAX_MS.
int64_t patience_of(const char *timeout, bool crowded);

/// Of a request that waited WAITED_MS before its first line was read: too late to begin? From a
/// quarter of the patience on: its body may take as long again, and a retry, one second after the
/// answer, should be in time too.
bool patience_ends_at_head(int64_t patience_ms, int64_t waited_ms);

/// Of a whole request that came in ELAPSED_MS ago: too late to review?
bool patience_ends_at_body(int64_t patience_ms, int64_t elapsed_ms);

#endif
