// SPDX-License-Identifier: Apache-2.0
// What a review is judged in, from one JSON text: policies, namespaces, stored FlinkClusters. For
// tests and the fuzzer; whatever has a fault in it is taken as far as it goes.
#ifndef SLUICE_FAKES_REVIEW_WORLD_H
#define SLUICE_FAKES_REVIEW_WORLD_H

#include "common/base/arena.h"
#include "common/json/view.h"
#include "common/policy/set.h"
#include "common/policy/world.h"
#include "webhook/review.h"

struct review_world {
    struct review_context context; // what a review is given
    struct policy_set set;
    struct policy_world world;
    struct arena *arena;
    const struct json *json;
    struct strview *texts; // of its clusters, in their order
    // Of its namespaces, in their order; read at the start, since asking must not allocate.
    struct labels *labels;
    bool *known;
    bool last_chance; // no review may wait
};

/// Reads {"policies": [FlinkPolicy…], "namespaces": {NAME: {labels}}, "clusters": [what is known of
/// FlinkClusters…], "nowMs": N, "lastChance": true}. A namespace and a FlinkCluster that stand
/// there are known, others are not. Without "namespaces" or "clusters", or with JSON NULL, nothing
/// is ever known of them. *RET must stay where it is. Memory is ARENA's.
void review_world_read(const struct json *json, struct arena *arena, struct review_world *ret);

#endif
