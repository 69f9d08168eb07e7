// SPDX-License-Identifier: Apache-2.0
// Time passes in the world of ctl_world.h: plans are carried out, pods start and go. For tests
// only.
#ifndef SLUICE_UNIT_CTL_WORLD_RUN_H
#define SLUICE_UNIT_CTL_WORLD_RUN_H

#include "ctl_world.h"

/// Makes a plan and carries it out, checking the promises at every write. How many writes.
size_t world_step(struct world *w);

/// The same, but the controller dies after N actions of the plan.
size_t world_step_cut(struct world *w, size_t n);

/// Steps until a plan is empty, at most LIMIT times; the test fails when it isn't by then.
void world_settle(struct world *w, int limit);

/// The kubelet: pending pods run and are ready; deleted ones are gone. Whether anything moved.
bool world_kubelet(struct world *w);

/// settle, kubelet, settle, … until both have nothing to do.
void world_converge(struct world *w);

#endif
