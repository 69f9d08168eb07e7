// SPDX-License-Identifier: Apache-2.0
// The Events that tell of what changed from the stored status to the new one. Pure.
#ifndef SLUICE_CONTROLLER_STATUS_EVENTS_H
#define SLUICE_CONTROLLER_STATUS_EVENTS_H

#include "controller/conditions.h"
#include "controller/steps.h"

/// LEADER is what the new status names. To be asked only when the status changes.
void status_events_add(struct steps *s, const struct situation *now, const struct condition *all,
                       struct strview leader);

#endif
