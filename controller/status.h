// SPDX-License-Identifier: Apache-2.0
// The whole status of a FlinkCluster, derived from what is seen and decided; written only when it
// differs from the stored one. Pure.
#ifndef SLUICE_CONTROLLER_STATUS_H
#define SLUICE_CONTROLLER_STATUS_H

#include "controller/conditions.h"
#include "controller/steps.h"

/// Adds the Events of what changed, and the patch when the status differs. 0, or -1 with E_NOMEM.
MUST_USE int status_plan(struct steps *s, const struct situation *now, struct err *err);

#endif
