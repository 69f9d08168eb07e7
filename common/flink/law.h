// SPDX-License-Identifier: Apache-2.0
// The parallelism law: P (parallelism), R (TaskManager replicas), S (slots of one). Pure
// arithmetic, the same for the webhook's defaults and rules, and for the controller after `scale`.
#ifndef SLUICE_FLINK_LAW_H
#define SLUICE_FLINK_LAW_H

#include <stdbool.h>
#include <stdint.h>

// The schema's bounds (cluster.def). A number that the law gives beyond them is not filled in.
#define LAW_PARALLELISM_MAX 32768
#define LAW_REPLICAS_MAX    10000

struct law_input {
    int64_t parallelism; // 0: not given
    int64_t replicas;    // 0: not given
    int64_t slots;       // ≥ 1
    int64_t fallback;    // P when neither is given: from policy, else 1
};

struct law_result {
    int64_t parallelism, replicas;
    bool fits;        // P ≤ R·S
    int64_t capacity; // R·S
    int64_t idle;     // slots that the parallelism leaves idle
    int64_t needed;   // ⌈P/S⌉
};

/// Both numbers as the law has them. Inputs within the schema's bounds; nothing overflows.
struct law_result law_apply(struct law_input in);

#endif
