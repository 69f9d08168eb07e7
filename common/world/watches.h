// SPDX-License-Identifier: Apache-2.0
// Watches FlinkPolicies, Namespaces and FlinkClusters for the snapshots, in one thread. When only
// some namespaces are judged, each of them is watched alone: its FlinkClusters, and the one
// Namespace by its name, so that rights in these namespaces, and to read these Namespaces and the
// FlinkPolicies, are enough.
#ifndef SLUICE_WORLD_WATCHES_H
#define SLUICE_WORLD_WATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/kube/client.h"
#include "common/kube/config.h"
#include "common/world/snapshots.h"

#define WATCHES_MAX_NAMESPACES 32

struct watches_options {
    struct kube_config *config;  // borrowed
    struct snapshots *snapshots; // borrowed; not started yet
    const char *const
        *namespaces;          // borrowed; at most WATCHES_MAX_NAMESPACES, a name may come twice
    size_t namespace_count;   // 0: all
    bool without_clusters;    // somebody else watches them
    kube_observe_fn *observe; // may be NULL
    void *observe_ctx;
};

struct watches;

/// Tells the snapshots what it will watch; asks for nothing yet. E_NOMEM, or why there can be no
/// connection.
MUST_USE int watches_new(const struct watches_options *o, struct watches **ret, struct err *err);

/// Starts the thread, after snapshots_start().
MUST_USE int watches_start(struct watches *w, struct err *err);

/// For how long the API server has been silent to one of the watches, in ms; -1: to one of them it
/// has said nothing yet. In good health at most about a minute. Any thread.
int64_t watches_silence_ms(const struct watches *w);

/// Ends the thread, and frees. NULL is fine.
void watches_free(struct watches *w);

#endif
