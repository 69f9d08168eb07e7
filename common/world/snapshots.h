// SPDX-License-Identifier: Apache-2.0
// Makes snapshots of what watches tell, and hands out the current one. Each event makes the next
// one at once (it shares all but the touched pieces with the one before), so a policy counts for
// the review after its event, and 10,000 clusters cost a change of one nothing. Shell in that it
// locks and logs.
#ifndef SLUICE_WORLD_SNAPSHOTS_H
#define SLUICE_WORLD_SNAPSHOTS_H

#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/kube/watch_core.h"
#include "common/world/snapshot.h"

/// What is watched. Further objects fail their event with E_TOO_LARGE, so that a snapshot is never
/// silently incomplete. X(id, what, objects at most)
#define SNAPSHOT_KINDS(X)                                                                          \
    X(POLICIES, "FlinkPolicies", 1000)                                                             \
    X(NAMESPACES, "Namespaces", 100000)                                                            \
    X(CLUSTERS, "FlinkClusters", 100000)

enum snapshot_kind {
#define X(id, what, max) SNAPSHOT_##id,
    SNAPSHOT_KINDS(X)
#undef X
        SNAPSHOT_KIND_COUNT
};

/// All namespaces, or 32 of them with a feed of each kind.
#define SNAPSHOT_FEEDS_MAX 80

struct snapshots;

/// E_NOMEM.
MUST_USE int snapshots_new(struct snapshots **ret, struct err *err);
/// When nobody takes, gives back or tells any more. NULL is fine.
void snapshots_free(struct snapshots *s);

/// A policy that stands beside the watched ones, and in the place of one of the same name: who may
/// write FlinkPolicies can't take it away. TEXT is JSON. Before snapshots_start(). E_INVALID when
/// anything is wrong with it, E_NOMEM.
MUST_USE int snapshots_add_policy(struct snapshots *s, struct strview text, struct err *err);

/// Where a watch tells what it sees. NS: the only namespace whose clusters it has, or the only
/// Namespace, borrowed; empty: all. Before snapshots_start(). NULL: more than SNAPSHOT_FEEDS_MAX.
struct snapshot_feed;
struct snapshot_feed *snapshots_feed(struct snapshots *s, enum snapshot_kind kind,
                                     struct strview ns);
/// A kube_event_fn: give it to the watch with the feed as its context. One thread for all feeds.
int snapshot_feed_event(void *feed, enum kube_event event, struct strview object, struct err *err);

/// FN is called after each new snapshot, in the thread that tells (or starts): POLICIES says
/// whether they changed, else only the rest did. Before snapshots_start().
typedef void snapshots_changed_fn(void *ctx, bool policies);
void snapshots_on_change(struct snapshots *s, snapshots_changed_fn *fn, void *ctx);

/// From now on there is a snapshot, as soon as every feed had a whole list; without a feed at once,
/// and it knows the added policies alone. E_NOMEM.
MUST_USE int snapshots_start(struct snapshots *s, struct err *err);

/// A reference to the current one, or NULL before the first. Any thread. Give it back with
/// snapshots_give_back(), or with snapshot_unref() where it is not asked for all the time.
struct snapshot *snapshots_take(struct snapshots *s);

/// The reference stays in the thread's lane (lane.h) for its next snapshots_take(), which then
/// writes nothing that other threads write. When a new snapshot comes, the old one's are dropped
/// at once: no thread has to come by for that. SNAP may be NULL. Any thread.
void snapshots_give_back(struct snapshots *s, struct snapshot *snap);

#endif
