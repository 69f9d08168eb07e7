// SPDX-License-Identifier: Apache-2.0
#include "common/flink/memory_size.h"

#include <stddef.h>

#include "common/base/macros.h"
#include "common/flink/amount.h"

#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define TIB (INT64_C(1) << 40)

static const struct amount_unit UNITS[] = {
    {SV_INIT(""), 1},    {SV_INIT("b"), 1},    {SV_INIT("bytes"), 1},
    {SV_INIT("k"), KIB}, {SV_INIT("kb"), KIB}, {SV_INIT("kibibytes"), KIB},
    {SV_INIT("m"), MIB}, {SV_INIT("mb"), MIB}, {SV_INIT("mebibytes"), MIB},
    {SV_INIT("g"), GIB}, {SV_INIT("gb"), GIB}, {SV_INIT("gibibytes"), GIB},
    {SV_INIT("t"), TIB}, {SV_INIT("tb"), TIB}, {SV_INIT("tebibytes"), TIB},
};

bool flink_memory_size_parse(struct strview text, int64_t *ret_bytes)
{
    int64_t number, factor;
    return amount_parse(text, UNITS, ARRAY_LEN(UNITS), &number, &factor) &&
           !__builtin_mul_overflow(number, factor, ret_bytes);
}

struct strview flink_memory_size_text(struct arena *arena, int64_t bytes)
{
    static const struct {
        int64_t bytes;
        char unit;
    } STEPS[] = {{TIB, 't'}, {GIB, 'g'}, {MIB, 'm'}, {KIB, 'k'}};
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        if (bytes != 0 && bytes % STEPS[i].bytes == 0) {
            return arena_printf(arena, "%lld%c", (long long)(bytes / STEPS[i].bytes),
                                STEPS[i].unit);
        }
    }
    return arena_printf(arena, "%lldb", (long long)bytes);
}

struct strview flink_memory_size_mib(struct arena *arena, int64_t bytes)
{
    if (bytes % MIB == 0) {
        return arena_printf(arena, "%lld MiB", (long long)(bytes / MIB));
    }
    return arena_printf(arena, "%.1f MiB", (double)bytes / (double)MIB);
}
