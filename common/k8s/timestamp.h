// SPDX-License-Identifier: Apache-2.0
// RFC 3339 as Kubernetes writes it: metav1.Time in seconds, metav1.MicroTime with six digits, both
// in UTC. Years 1 to 9999. Pure.
#ifndef SLUICE_K8S_TIMESTAMP_H
#define SLUICE_K8S_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// Reads any RFC 3339 time (an offset, a fraction of any length, cut at microseconds; a leap second
/// 60 reads as the next second). The result is microseconds / milliseconds since 1970, rounded
/// down.
bool timestamp_parse_us(struct strview s, int64_t *ret_us);
bool timestamp_parse(struct strview s, int64_t *ret_ms);

/// Milliseconds since 1970; 0 for what is absent or no time, as in an object where it isn't told.
int64_t timestamp_or_zero(struct strview s);

/// "2026-01-02T03:04:05Z": metav1.Time. The fraction is dropped. Times out of range fail B.
void timestamp_put(struct strbuf *b, int64_t unix_ms);

/// "2026-01-02T03:04:05.000006Z": metav1.MicroTime.
void timestamp_put_us(struct strbuf *b, int64_t unix_us);

#endif
