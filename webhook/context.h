// SPDX-License-Identifier: Apache-2.0
// What a review is told of the rest of the cluster, out of a snapshot.
#ifndef SLUICE_WEBHOOK_CONTEXT_H
#define SLUICE_WEBHOOK_CONTEXT_H

#include "common/world/snapshot.h"
#include "webhook/review.h"

/// Sets what of a review's context comes from SNAP: policies, world, stored clusters. They are
/// borrowed from it.
void context_put(const struct snapshot *snap, struct review_context *ret);

#endif
