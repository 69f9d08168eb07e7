// SPDX-License-Identifier: Apache-2.0
// Executes a plan against the API server, from first to last, and stops at the first error; but a
// child that is refused doesn't keep back the rest, or two of them would by turns, and new
// TaskManagers go before a status that stands with nothing else in the plan. One worker's
// thread; blocks for as long as the handle's deadlines allow.
#ifndef SLUICE_CONTROLLER_ACT_H
#define SLUICE_CONTROLLER_ACT_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/kube/client.h"
#include "common/kube/events.h"
#include "controller/echoes.h"
#include "controller/plan.h"
#include "controller/refusals.h"
#include "controller/strays.h"

struct act {
    struct kube *kube;          // with the leader's fence
    struct kube_events *events; // may be NULL
    struct arena *arena;        // for what is read on the way
    const struct observed *observed;
    struct strays *strays; // gets the pods that were made, so that the next look misses none. May
                           // be NULL
    struct echoes *echoes; // gets our writes of the cluster. May be NULL
    struct strview key;    // of the cluster, for `strays`, `echoes` and `refusals`
    struct refusals *refusals; // remembers what was refused until it is made. May be NULL
    // Filled in (texts in the arena) when a create was refused: the name is another's, or the API
    // server said 403, 413 or 422; the last one of several. May be NULL: then each of them stops
    // the plan.
    struct refused_child *refused;
    bool *is_refused; // whether it was; NULL with `refused`
};

/// Asks after a child of the cluster that is not in our view: 0, and *RET_GONE tells whether it is
/// gone, or isn't ours any more; else its label was put back, and the watch will show it
/// again. -1: nobody knows yet.
MUST_USE int act_recall(const struct act *a, const struct stray *stray, bool *ret_gone,
                        struct err *err);

/// 0: all done. -1, and the error's class decides: E_CONFLICT, E_TRANSPORT, E_TIMEOUT, E_THROTTLED:
/// try again from a new look; E_INVALID: the API server refused an object of ours, nothing gets
/// better by itself; E_GONE: the cluster is being deleted, drop it. *RET_DONE (may be NULL) counts
/// the writes.
MUST_USE int act_run(const struct act *a, const struct actions *plan, size_t *ret_done,
                     struct err *err);

#endif
