// SPDX-License-Identifier: Apache-2.0
#include "common/flink/duration.h"

#include <stddef.h>

#include "common/base/macros.h"
#include "common/flink/amount.h"

#define NS_PER_MS 1000000

// Those that nearly all use first.
static const struct amount_unit UNITS[] = {
    {SV_INIT("s"), INT64_C(1000000000)},
    {SV_INIT("min"), INT64_C(60000000000)},
    {SV_INIT("ms"), NS_PER_MS},
    {SV_INIT("h"), INT64_C(3600000000000)},
    {SV_INIT("m"), INT64_C(60000000000)},
    {SV_INIT("d"), INT64_C(86400000000000)},
    {SV_INIT(""), NS_PER_MS},
    {SV_INIT("day"), INT64_C(86400000000000)},
    {SV_INIT("days"), INT64_C(86400000000000)},
    {SV_INIT("hour"), INT64_C(3600000000000)},
    {SV_INIT("hours"), INT64_C(3600000000000)},
    {SV_INIT("minute"), INT64_C(60000000000)},
    {SV_INIT("minutes"), INT64_C(60000000000)},
    {SV_INIT("sec"), INT64_C(1000000000)},
    {SV_INIT("secs"), INT64_C(1000000000)},
    {SV_INIT("second"), INT64_C(1000000000)},
    {SV_INIT("seconds"), INT64_C(1000000000)},
    {SV_INIT("milli"), NS_PER_MS},
    {SV_INIT("millis"), NS_PER_MS},
    {SV_INIT("millisecond"), NS_PER_MS},
    {SV_INIT("milliseconds"), NS_PER_MS},
    {SV_INIT("\xc2\xb5s"), 1000},
    {SV_INIT("micro"), 1000},
    {SV_INIT("micros"), 1000},
    {SV_INIT("microsecond"), 1000},
    {SV_INIT("microseconds"), 1000},
    {SV_INIT("ns"), 1},
    {SV_INIT("nano"), 1},
    {SV_INIT("nanos"), 1},
    {SV_INIT("nanosecond"), 1},
    {SV_INIT("nanoseconds"), 1},
};

bool flink_duration_parse(struct strview text, int64_t *ret_ns)
{
    int64_t number, factor;
    if (!amount_parse(text, UNITS, ARRAY_LEN(UNITS), &number, &factor)) {
        return false;
    }
    if (__builtin_mul_overflow(number, factor, ret_ns)) {
        *ret_ns = INT64_MAX;
    }
    return true;
}

bool flink_duration_parse_ms(struct strview text, int64_t *ret_ms)
{
    int64_t ns;
    if (!flink_duration_parse(text, &ns)) {
        return false;
    }
    *ret_ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0 ? 1 : 0);
    return true;
}
