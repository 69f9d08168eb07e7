// SPDX-License-Identifier: Apache-2.0
// The objects that a FlinkCluster becomes, without a cluster to put them into: `sluice render`. The
// same code renders them for the controller. Pure.
#ifndef SLUICE_CONTROLLER_RENDER_H
#define SLUICE_CONTROLLER_RENDER_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"
#include "controller/plan.h"

/// What stands for the API server's UID, and for a namespace that wasn't given.
#define RENDER_UID       "00000000-0000-0000-0000-000000000000"
#define RENDER_NAMESPACE "default"

/// Appends to OUT a JSON array: the ControllerRevision, the other children, and every pod of the
/// first run of CLUSTER. CLUSTER is not judged (do that first, flink/rules.h) and needs a name;
/// defaults that stand nowhere are worked out. Names of revision, run and job hang on the UID, so
/// they are not those that a cluster will have. 0, or -1 with E_INVALID (no FlinkCluster with a
/// name), E_TOO_LARGE (OUT is full), E_NOMEM.
MUST_USE int controller_render(const struct json *cluster, const struct plan_settings *settings,
                               struct arena *arena, struct strbuf *out, struct err *err);

#endif
