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

/// Refusals that are remembered, of all clusters and of one; the oldest gives way.
#define REFUSALS_MAX      512
#define REFUSALS_EACH_MAX 4

struct refusals;

MUST_USE int refusals_new(struct refusals **ret, struct err *err);
/// NULL is fine.
void refusals_free(struct refusals *r);

/// Notes CHILD for the cluster KEY ("namespace/name"), in the place of what was noted of that child
/// before. Texts are copied, cut where too long. Whether that is news.
bool refusals_note(struct refusals *r, struct strview key, const struct refused_child *child);

/// Forgets what is noted of one child of KEY: it was made.
void refusals_settle(struct refusals *r, struct strview key, enum child_kind kind,
                     struct strview name);

/// Forgets all that is noted for KEY. Whether there was something.
bool refusals_forget(struct refusals *r, struct strview key);

/// What is noted for KEY, the oldest first: at most REFUSALS_EACH_MAX into RET, texts in ARENA. How
/// many; 0 also when ARENA is full.
size_t refusals_get(struct refusals *r, struct strview key, struct arena *arena,
                    struct refused_child *ret);

#endif
