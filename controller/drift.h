// SPDX-License-Identifier: Apache-2.0
// Is a child still as we want it? Only what we write is compared; what the API server fills in and
// others add is left alone. Pure.
#ifndef SLUICE_CONTROLLER_DRIFT_H
#define SLUICE_CONTROLLER_DRIFT_H

#include <stdbool.h>

#include "controller/reconcile.h"

enum drift {
    DRIFT_NONE,
    DRIFT_APPLY,    // a server-side apply sets it right
    DRIFT_RECREATE, // the API server won't let that field change
};

/// Compares a child of KIND. The data of a ConfigMap are immutable, and of a ControllerRevision
/// too: only their labels are compared, and that a ConfigMap says it is immutable. Pods: labels
/// alone.
enum drift drift_of(enum child_kind kind, const struct json *desired, const struct json *observed);

/// Whether each label of WANTED stands in OBSERVED's metadata.
bool drift_labels_hold(const struct json *wanted, const struct json *observed);

/// DESIRED with `metadata.uid` in it, which a server-side apply needs so as not to make or touch
/// another's object; for immutable kinds and pods the metadata alone.
struct strview drift_apply_text(const struct reconcile *rc, enum child_kind kind,
                                const struct json *desired, struct strview uid);

#endif
