// SPDX-License-Identifier: Apache-2.0
#include "common/flink/duration.h"

#include <stddef.h>

#include "common/base/macros.h"
#include "common/flink/amount.h"

#define NS_PER_MS 1000000

static const struct amount_unit UNITS[] = {
    {"d", INT64_C(86400000000000)},
    {"day", INT64_C(86400000000000)},
    {"days", INT64_C(86400000000000)},
    {"h", INT64_C(3600000000000)},
    {"hour", INT64_C(3600000000000)},
    {"hours", INT64_C(3600000000000)},
    {"min", INT64_C(60000000000)},
    {"m", INT64_C(60000000000)},
    {"minute", INT64_C(60000000000)},
    {"minutes", INT64_C(60000000000)},
    {"s", INT64_C(1000000000)},
    {"sec", INT64_C(1000000000)},
    {"secs", INT64_C(1000000000)},
    {"second", INT64_C(1000000000)},
    {"seconds", INT64_C(1000000000)},
    {"ms", NS_PER_MS},
    {"milli", NS_PER_MS},
    {"millis", NS_PER_MS},
    {"millisecond", NS_PER_MS},
    {"milliseconds", NS_PER_MS},
    {"\xc2\xb5s", 1000},
    {"micro", 1000},
    {"micros", 1000},
    {"microsecond", 1000},
    {"microseconds", 1000},
    {"ns", 1},
    {"nano", 1},
    {"nanos", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
    {"", NS_PER_MS},
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
