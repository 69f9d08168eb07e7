// SPDX-License-Identifier: Apache-2.0
#include "webhook/patience.h"

#include <stddef.h>

#include "common/base/options_duration.h"
#include "common/base/strview.h"

int64_t patience_of(const char *timeout, bool crowded)
{
    int64_t ms;
    if (timeout == NULL || !options_parse_duration(sv_from(timeout), &ms) || ms <= 0) {
        ms = PATIENCE_DEFAULT_MS;
    }
    ms = ms < PATIENCE_MAX_MS ? ms : PATIENCE_MAX_MS;
    return crowded ? ms / 2 : ms;
}

bool patience_ends_at_head(int64_t patience_ms, int64_t waited_ms)
{
    return waited_ms > patience_ms / 4;
}

bool patience_ends_at_body(int64_t patience_ms, int64_t elapsed_ms)
{
    return elapsed_ms > patience_ms / 2;
}
