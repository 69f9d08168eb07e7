// SPDX-License-Identifier: Apache-2.0
// Runs any number of watches (watch_core) in one thread over one libcurl multi handle, each on an
// HTTP/1.1 connection of its own, so that none waits for another. Handlers are called in that
// thread and must be quick: decode, store, queue a key. Shell; logs nothing.
#ifndef SLUICE_KUBE_WATCHER_H
#define SLUICE_KUBE_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/kube/client.h"
#include "common/kube/config.h"
#include "common/kube/resource.h"
#include "common/kube/watch_core.h"

#define KUBE_MAX_WATCHES 320

struct kube_watcher;

struct kube_watch_spec {
    const struct kube_resource *resource;
    struct strview ns; // empty: all namespaces
    struct strview label_selector, field_selector;
    kube_event_fn *event;
    void *event_ctx;
    /// After each failure, which has been taken into account; for a log line. May be NULL.
    void (*failed)(void *ctx, const struct err *err);
    void *ctx; // of failed
    /// A request that is silent for so long is given up. 0: as the watch asks for it
    /// (watch_request).
    int64_t idle_ms;
};

/// OBSERVE may be NULL. -1 with E_NOMEM.
MUST_USE int kube_watcher_new(struct kube_config *config, kube_observe_fn *observe,
                              void *observe_ctx, struct kube_watcher **ret, struct err *err);

/// Before the start. SPEC and its strings are copied; contexts are borrowed until the stop.
/// E_TOO_LARGE: more than KUBE_MAX_WATCHES, or selectors of more than 256 KiB in all.
MUST_USE int kube_watcher_add(struct kube_watcher *w, const struct kube_watch_spec *spec,
                              struct err *err);

/// Starts the thread.
MUST_USE int kube_watcher_start(struct kube_watcher *w, struct err *err);

/// Whether every watch had a whole list once. Any thread.
bool kube_watcher_synced(const struct kube_watcher *w);

/// When (clock_mono_ms()) the API server last said something to the watch that has heard nothing
/// for the longest; 0 when one has heard nothing yet. A healthy watch hears a bookmark about once a
/// minute. Any thread.
int64_t kube_watcher_heard_ms(const struct kube_watcher *w);

/// Ends the thread and waits for it; at most as long as a handler runs. Then nothing is called any
/// more.
void kube_watcher_stop(struct kube_watcher *w);

/// Stops, and frees. NULL is fine.
void kube_watcher_free(struct kube_watcher *w);

#endif
