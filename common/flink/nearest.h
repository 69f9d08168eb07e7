// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known name that a mistyped one is nearest to. Pure.
#ifndef SLUICE_FLINK_NEAREST_H
#define SLUICE_FLINK_NEAREST_H

#include <stddef.h>

#include "common/base/strview.h"

/// A search that is fed one candidate after the other.
struct nearest {
    struct strview wanted;
    struct strview best; // absent: none is near enough
    size_t distance;
};

#define NEAREST_OF(name) ((struct nearest){.wanted = (name)})

/// Names longer than this are not compared.
#define NEAREST_MAX_LEN 96

/// CANDIDATE counts when at most a third of the shorter name's letters must be changed, added, left
/// out or swapped (case aside); the first of equals wins. CANDIDATE is borrowed.
void nearest_try(struct nearest *n, struct strview candidate);

#endif
