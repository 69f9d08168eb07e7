// SPDX-License-Identifier: Apache-2.0
// Durations as Flink reads them: the one parser for flinkConfiguration and for the duration fields
// of a FlinkCluster. Source: org.apache.flink.util.TimeUtils.parseDuration. Pure.
#ifndef SLUICE_FLINK_DURATION_H
#define SLUICE_FLINK_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strview.h"

/// Digits, white space, a unit (d h m min s ms µs ns and their long forms, any case; none is
/// milliseconds): "30s", "10 min", "500". White space around is skipped. Never negative.
/// *RET is in nanoseconds and stops at INT64_MAX (292 years). At most 64 bytes are read. False when
/// Flink would refuse it (ISO 8601 "PT10S", "1h30m", "1.5s", "" among them).
bool flink_duration_parse(struct strview text, int64_t *ret_ns);

/// The same in milliseconds, rounded up, so that a positive duration never becomes 0.
bool flink_duration_parse_ms(struct strview text, int64_t *ret_ms);

#endif
