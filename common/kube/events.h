// SPDX-License-Identifier: Apache-2.0
// Events (core/v1) about objects, for people: the same event of the same object within ten minutes
// is counted, not repeated, and each object has a budget, so that no loop floods the API server.
// Sent by a thread of its own through a bounded queue; what does not fit is dropped and counted: an
// Event never delays or fails the work that it tells of. Sources: client-go
// tools/record/events_cache.go (burst 25, then one in 5 minutes, per object).
#ifndef SLUICE_KUBE_EVENTS_H
#define SLUICE_KUBE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/kube/client.h"
#include "common/kube/config.h"

#define KUBE_EVENTS_QUEUE      1024
#define KUBE_EVENT_MESSAGE_MAX 1024 // bytes; the API server's limit; longer ones are cut

struct kube_events;

struct kube_event_object {
    const struct kube_resource *resource;
    struct strview ns, name, uid;
};

/// COMPONENT (borrowed) is the reporting program ("sluice-controller"). OPT gives the fence and the
/// observer (may be NULL).
MUST_USE int kube_events_start(struct kube_config *config, const struct kube_options *opt,
                               const char *component, struct kube_events **ret, struct err *err);

/// Queues one; copies everything. Any thread; never blocks. WARNING or Normal.
PRINTF(5, 6)
void kube_events_emit(struct kube_events *e, const struct kube_event_object *object, bool warning,
                      const char *reason, const char *fmt, ...);

/// How many were dropped or could not be sent so far.
uint64_t kube_events_lost(const struct kube_events *e);

/// Sends what is queued for at most WAIT_MS, ends the thread, frees. NULL is fine.
void kube_events_stop(struct kube_events *e, int64_t wait_ms);

#endif
