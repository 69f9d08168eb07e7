// SPDX-License-Identifier: Apache-2.0
#include "common/flink/law.h"

struct law_result law_apply(struct law_input in)
{
    int64_t slots = in.slots > 0 ? in.slots : 1;
    int64_t p = in.parallelism;
    int64_t r = in.replicas;
    if (p <= 0) {
        p = r > 0 ? r * slots : in.fallback > 0 ? in.fallback : 1;
    }
    int64_t needed = (p - 1) / slots + 1;
    if (r <= 0) {
        r = needed;
    }
    struct law_result out = {
        .parallelism = p, .replicas = r, .capacity = r * slots, .needed = needed};
    out.fits = p <= out.capacity;
    out.idle = out.fits ? out.capacity - p : 0;
    return out;
}
