// SPDX-License-Identifier: Apache-2.0
// The children that are no pods: made when missing, set right when changed, deleted when nothing
// needs them any more. Pure.
#ifndef SLUICE_CONTROLLER_PLAN_CHILDREN_H
#define SLUICE_CONTROLLER_PLAN_CHILDREN_H

#include "controller/desired.h"
#include "controller/pods.h"
#include "controller/steps.h"

/// Adds the steps that make and repair, of those children alone that were refused before (REFUSED),
/// or of all others: a plan ends at its first error, so what was refused is tried again last, and
/// holds nothing back. 0, or -1 with E_NOMEM, E_BUG.
MUST_USE int plan_children(struct steps *s, const struct desired *d, bool refused, struct err *err);

/// Whether a child that pods run with was refused: where its name is taken they would run with what
/// somebody else put there.
bool plan_children_hold_pods(const struct observed *o, const struct desired *d);

/// Adds the step that sets the labels of the newest record right; no one else of its fields can
/// change. 0, or -1 with E_NOMEM, E_BUG.
MUST_USE int plan_record_labels(struct steps *s, const struct record *r, struct err *err);

/// Adds the steps that delete: what D does not want, ConfigMaps whose revision has no pod, and
/// ControllerRevisions beyond the history.
void plan_cleanup(struct steps *s, const struct desired *d, const struct pod_list *pods);

#endif
