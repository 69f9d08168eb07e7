// SPDX-License-Identifier: Apache-2.0
// Observations that several threads hold: immutable, counted, one allocation each. Pure (the count
// is atomic). Only for what flink_observation_share() made, never for a literal.
#ifndef SLUICE_CONTROLLER_FLINK_SHARED_H
#define SLUICE_CONTROLLER_FLINK_SHARED_H

#include "common/base/macros.h"
#include "controller/flink/observation.h"

/// A copy of FROM and all that it points to, cut to the bounds of observation.h, with one
/// reference; NULL: out of memory.
MUST_USE const struct flink_observation *
flink_observation_share(const struct flink_observation *from);

const struct flink_observation *flink_observation_ref(const struct flink_observation *o);

/// NULL is fine.
void flink_observation_unref(const struct flink_observation *o);

#endif
