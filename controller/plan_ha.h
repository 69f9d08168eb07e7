// SPDX-License-Identifier: Apache-2.0
// Flink's HA ConfigMaps in the plan: those of the cluster's runs get our owner reference, those of
// runs that are over go, and no run starts upon those of another. See docs/decisions/0016. Pure.
#ifndef SLUICE_CONTROLLER_PLAN_HA_H
#define SLUICE_CONTROLLER_PLAN_HA_H

#include "controller/desired.h"
#include "controller/pods.h"
#include "controller/steps.h"

/// Whether M belongs to a run of the cluster: owned by it, or nobody's, not foreign, and its run is
/// one that the cluster's records had.
bool ha_map_is_ours(const struct reconcile *rc, const struct ha_map *m);

/// Whether a foreign one has a name of RUN's.
bool ha_run_is_foreign(const struct observed *o, struct strview run);

/// Whether pods of D's run must not be made: a foreign one has a name of the run's, and no pod of
/// the run is there. Says so by an Event.
bool plan_ha_blocks(struct steps *s, const struct desired *d, const struct pod_list *pods);

/// Adds the steps: adoptions, and the deletion of what runs that are over left; each of those only
/// when no pod of its run is seen, and none is found by a live list.
void plan_ha(struct steps *s, const struct desired *d, const struct pod_list *pods);

/// Adds the deletion of all of the cluster's; how many are still there (nothing is added for those
/// that are being deleted).
size_t plan_ha_delete_all(struct steps *s);

#endif
