// SPDX-License-Identifier: Apache-2.0
// Durations as options have them: digits with d, h, m, s, ms, each unit once and the larger first.
// Pure.
#ifndef SLUICE_BASE_OPTIONS_DURATION_H
#define SLUICE_BASE_OPTIONS_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// 1m30s → 90000; a bare 0 is allowed, another number without a unit is not.
bool options_parse_duration(struct strview s, int64_t *ret_ms);

/// 90000 → 1m30s.
void options_write_duration(int64_t ms, struct strbuf *out);

#endif
