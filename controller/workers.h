// SPDX-License-Identifier: Apache-2.0
// The reconcile workers: key → view → observed → plan → act. Each has an API handle and an arena of
// its own. They write only while the fence allows it.
#ifndef SLUICE_CONTROLLER_WORKERS_H
#define SLUICE_CONTROLLER_WORKERS_H

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/metrics.h"
#include "common/kube/client.h"
#include "common/kube/config.h"
#include "common/kube/events.h"
#include "common/world/snapshots.h"
#include "controller/cache.h"
#include "controller/claims.h"
#include "controller/flink/prober.h"
#include "controller/plan.h"
#include "controller/queue.h"

/// What one reconcile may use.
#define WORKER_ARENA_MAX ((size_t)64 << 20)

struct workers;

struct workers_settings {
    unsigned count;
    struct kube_config *config; // all borrowed
    struct kube_options kube;   // with the fence
    struct cache *cache;
    struct queue *queue;
    struct kube_events *events;
    struct prober *prober;       // NULL: no JobManager is asked
    struct snapshots *snapshots; // the policies; NULL: none are asked
    struct claims *claims;       // with `snapshots`
    struct metrics *metrics;
    struct plan_settings plan;
};

MUST_USE int workers_start(const struct workers_settings *settings, struct workers **ret,
                           struct err *err);

/// Stops the queue, waits for the workers to end what they do, frees. NULL is fine.
void workers_stop(struct workers *w);

#endif
