// SPDX-License-Identifier: Apache-2.0
// The end of a FlinkCluster, in order: its pods end, then Flink's HA ConfigMaps of all its runs go,
// then our finalizer is taken off; all else goes by owner references. It can't hang: the time-out
// (counted from metadata.deletionTimestamp, so that no restart prolongs it) or the annotation
// sluice.dev/force-delete takes the finalizer off at once, and an Event tells what is left. Files
// in storage are never touched. See docs/decisions/0015. Pure.
#ifndef SLUICE_CONTROLLER_PLAN_DELETE_H
#define SLUICE_CONTROLLER_PLAN_DELETE_H

#include "controller/steps.h"

/// Adds the step that puts our finalizer on, where it is missing.
void plan_finalizer(struct steps *s);

/// The plan of a cluster that is being deleted. 0, or -1 with E_NOMEM, E_BUG.
MUST_USE int plan_delete(struct steps *s, struct err *err);

#endif
