// SPDX-License-Identifier: Apache-2.0
// The audit's thread: judges every stored FlinkCluster at once when the policies change and each so
// often, a slice at a time, so that no live work waits for it; then writes what was found into the
// policies' status, the metrics, and one Event for each policy. Only while this process leads.
#ifndef SLUICE_CONTROLLER_AUDITOR_H
#define SLUICE_CONTROLLER_AUDITOR_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/metrics.h"
#include "common/kube/client.h"
#include "common/kube/events.h"
#include "common/world/snapshots.h"
#include "controller/cache.h"
#include "controller/queue.h"

/// So long one slice takes, and so long the thread sleeps after it; while keys wait in the queue it
/// sleeps on, but no longer than a pause, so that an audit comes to its end under any load.
#define AUDITOR_SLICE_MS 2
#define AUDITOR_SLEEP_MS 2
#define AUDITOR_PAUSE_MS 50
/// Changes that come so soon after one another are one.
#define AUDITOR_GATHER_MS 200
/// No sooner after a change of namespaces' labels, which come and go with namespaces.
#define AUDITOR_LABELS_MS 5000

struct auditor;

struct auditor_settings {
    struct kube_config *config; // all borrowed
    struct kube_options kube;   // with the fence
    struct cache *cache;
    struct snapshots *snapshots;
    struct queue *queue; // live work, which goes first
    struct kube_events *events;
    struct metrics *metrics;
    int64_t interval_ms;
};

/// The first audit begins with auditor_hurry().
MUST_USE int auditor_start(const struct auditor_settings *settings, struct auditor **ret,
                           struct err *err);
/// NULL is fine.
void auditor_stop(struct auditor *a);

/// The next audit begins within AFTER_MS. Any thread.
void auditor_hurry(struct auditor *a, int64_t after_ms);

#endif
