// SPDX-License-Identifier: Apache-2.0
// Flink's HA ConfigMaps as a watch shows them, by the FlinkCluster that their names tell. Only what
// matters of them is kept, and told: the leader writes its ConfigMap every second or two, which is
// no news (ha.h). Thread-safe.
#ifndef SLUICE_CONTROLLER_HA_STORE_H
#define SLUICE_CONTROLLER_HA_STORE_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"
#include "common/kube/watch_core.h"
#include "controller/ha.h"

struct ha_store;

/// There is news of the ConfigMaps of CLUSTER in NS; in the watch thread, no lock held.
typedef void ha_changed_fn(void *ctx, struct strview ns, struct strview cluster);

/// Holds at most MAX ConfigMaps; further ones fail their event with E_TOO_LARGE, so that the watch
/// is listed again later and never silently incomplete. CHANGED may be NULL.
MUST_USE int ha_store_new(size_t max, ha_changed_fn *changed, void *ctx, struct ha_store **ret,
                          struct err *err);
/// NULL is fine.
void ha_store_free(struct ha_store *s);

/// A kube_event_fn: give it to one watch with the store as its context.
int ha_store_event(void *store, enum kube_event event, struct strview object, struct err *err);

/// The ConfigMaps of CLUSTER in NS, by name; array and texts in ARENA. 0, or -1 with E_NOMEM.
MUST_USE int ha_store_read(struct ha_store *s, struct strview ns, struct strview cluster,
                           struct arena *arena, struct ha_map **ret, size_t *ret_n,
                           struct err *err);

#endif
