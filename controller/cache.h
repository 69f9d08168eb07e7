// SPDX-License-Identifier: Apache-2.0
// What the controller sees: one store and one watch for each kind and namespace scope, filled by
// the watch thread. A change queues the key of the FlinkCluster that it belongs to.
#ifndef SLUICE_CONTROLLER_CACHE_H
#define SLUICE_CONTROLLER_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/kube/client.h"
#include "common/kube/config.h"
#include "common/kube/store.h"
#include "controller/claims.h"
#include "controller/observed.h"
#include "controller/queue.h"
#include "controller/strays.h"

/// Objects kept of one kind and scope at most.
#define CACHE_MAX_OBJECTS 200000
/// Scopes at most: each has a watch for each kind.
#define CACHE_MAX_NAMESPACES 32

struct cache;

struct cache_settings {
    struct kube_config *config;    // borrowed
    const char *const *namespaces; // only these, at most CACHE_MAX_NAMESPACES; none: all
    size_t namespace_count;
    struct queue *queue;   // borrowed: gets the keys
    struct claims *claims; // borrowed: follows the records; may be NULL
    kube_observe_fn *observe;
    void *observe_ctx;
};

MUST_USE int cache_new(const struct cache_settings *settings, struct cache **ret, struct err *err);
void cache_free(struct cache *c); // after cache_stop()

/// Starts the watch thread.
MUST_USE int cache_start(struct cache *c, struct err *err);
void cache_stop(struct cache *c);

/// Whether every watch had a whole list. Any thread.
bool cache_synced(const struct cache *c);

/// Queues every FlinkCluster, not urgent.
void cache_resync(struct cache *c);

/// The pods that left the watch without having been seen deleted.
struct strays *cache_strays(const struct cache *c);

/// Whether there is a FlinkCluster of that name.
bool cache_has_cluster(struct cache *c, struct strview ns, struct strview name);

/// References to all FlinkClusters, by scope, namespace and name; the array lies in ARENA. 0, or -1
/// with E_NOMEM. Give them back with kube_objects_unref().
MUST_USE int cache_clusters(struct cache *c, struct arena *arena, struct kube_object ***ret,
                            size_t *ret_count, struct err *err);

/// How many FlinkClusters there are.
size_t cache_cluster_count(struct cache *c);

/// The cluster KEY ("namespace/name") with its children, as one reconcile sees them.
struct cache_view {
    struct kube_object *cluster; // NULL: it is gone
    const struct json *object;   // its tree, in the arena
    struct kube_object **children[CHILD_KIND_COUNT];
    size_t n_children[CHILD_KIND_COUNT];
    struct children trees[CHILD_KIND_COUNT]; // the same, for observed_make()
    struct ha_map *ha; // Flink's HA ConfigMaps of its name, for observed_add_ha(); in the arena
    size_t n_ha;
};

/// Fills *RET, arrays and trees from ARENA; give the references back with cache_view_release(). 0,
/// or -1 with E_NOMEM.
MUST_USE int cache_view(struct cache *c, struct strview key, struct arena *arena,
                        struct cache_view *ret, struct err *err);
void cache_view_release(struct cache_view *v);

/// The resource of a kind of children.
const struct kube_resource *cache_child_resource(enum child_kind kind);

#endif
