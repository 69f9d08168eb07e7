// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known name that a mistyped one is nearest to. Pure.
#ifndef SLUICE_KIND_NEAREST_H
#define SLUICE_KIND_NEAREST_H

#include <stddef.h>

#include "common/base/strview.h"

/// A search that is fed one candidate after the other.
struct nearest {
    struct strview wanted;
    struct strview best; // absent: none is near enough
    size_t distance;
};

#define NEAREST_OF(name) ((struct nearest){.wanted = (name)})

/// CANDIDATE counts when it is near enough (base/edit_distance.h), case aside; of equals the first
/// wins. CANDIDATE is borrowed. Longer names than EDIT_DISTANCE_MAX_LEN are never near.
void nearest_try(struct nearest *n, struct strview candidate);

#endif
