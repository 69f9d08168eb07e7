// SPDX-License-Identifier: Apache-2.0
// What the API server would not let us make, by cluster: remembered from one reconcile to the next,
// so that the status can tell it and the rest of the plan goes on. In memory alone: after a restart
// the next try tells it again. Thread-safe.
#ifndef SLUICE_CONTROLLER_REFUSALS_H
#define SLUICE_CONTROLLER_REFUSALS_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "controller/observed.h"

/// Clusters that are remembered; the oldest gives way.
#define REFUSALS_MAX 256

struct refusals;

MUST_USE int refusals_new(struct refusals **ret, struct err *err);
/// NULL is fine.
void refusals_free(struct refusals *r);

/// Notes CHILD for the cluster KEY ("namespace/name"), in the place of what was noted for it
/// before. Texts are copied, cut where too long. Whether that is news.
bool refusals_note(struct refusals *r, struct strview key, const struct refused_child *child);

/// Forgets what is noted for KEY. Whether there was something.
bool refusals_forget(struct refusals *r, struct strview key);

/// What is noted for KEY, texts in ARENA. False: nothing (or ARENA is full).
bool refusals_get(struct refusals *r, struct strview key, struct arena *arena,
                  struct refused_child *ret);

#endif
