// SPDX-License-Identifier: Apache-2.0
// The arbiter: who has what FlinkClusters share, by recorded acceptance. Kept are, of each cluster,
// the claim of its newest record as the watch shows it; the claim of a record that this process has
// decided on and not seen yet; and those that were refused or postponed, to be looked at again when
// something that they may have waited for is free. So of two that came through the gate at the same
// moment the one that is decided first has it, whoever asks later is refused, and what was recorded
// is never taken away. In memory alone: records and clusters bring it back. Thread-safe.
#ifndef SLUICE_CONTROLLER_CLAIMS_H
#define SLUICE_CONTROLLER_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/policy/world.h"
#include "controller/claim.h"
#include "controller/plan.h"
#include "controller/queue.h"

/// So many refused ones are remembered, and looked at again at once when something is free; the
/// resync brings the others.
#define CLAIMS_REFUSED_MAX 20000
#define CLAIMS_AGAIN_MAX   1000

struct claims;

/// QUEUE (borrowed) gets the keys of those that are to be looked at again. E_NOMEM.
MUST_USE int claims_new(struct queue *queue, struct claims **ret, struct err *err);
void claims_free(struct claims *c); // NULL is fine

// ---- what the watches show ----

/// The newest record of a FlinkCluster that is there; NULL: it has none. E_NOMEM: the event is to
/// be told again.
MUST_USE int claims_saw(struct claims *c, struct strview ns, struct strview name,
                        const struct claim *claim, struct err *err);
/// The number of that record; 0: none was seen.
int64_t claims_number(struct claims *c, struct strview ns, struct strview name);
/// The FlinkCluster is gone, and with it all that it had. E_NOMEM, likewise.
MUST_USE int claims_gone(struct claims *c, struct strview ns, struct strview name, struct err *err);
/// The policies, or labels of namespaces, changed: all that were refused are looked at again.
void claims_look_again(struct claims *c);

// ---- deciding ----

/// From here to claims_end() nobody else decides, and what is claimed stays as it is.
void claims_begin(struct claims *c);
void claims_end(struct claims *c);

/// As struct policy_world has them; between begin and end.
bool claims_role_user(const struct claims *c, struct strview role,
                      const struct policy_cluster_id *self, struct policy_cluster_id *ret);
int64_t claims_parallelism(const struct claims *c, struct strview ns, struct strview but);

enum claims_answer {
    CLAIMS_OK,
    // A record of that number and other words may have been written and not been seen yet: whether
    // it was is to be found out first (claims_failed(), or it comes into sight).
    CLAIMS_PENDING,
    CLAIMS_BEHIND,    // who decided looked at a view that lacks a record which was seen since
    CLAIMS_NO_MEMORY, // nothing may be recorded
};
/// Notes what was decided on a generation that has no record yet; between begin and end.
enum claims_answer claims_decided(struct claims *c, struct strview ns, struct strview name,
                                  enum plan_decision decision, const struct claim *claim);

/// The number of the record that was decided on and is not seen yet, 0: none; between begin and
/// end.
int64_t claims_pending(const struct claims *c, struct strview ns, struct strview name);

/// The record that was decided on was not written, for certain.
void claims_failed(struct claims *c, struct strview ns, struct strview name);

struct claims_stats {
    size_t held;    // clusters with a claim
    size_t decided; // decided and not seen yet
    size_t refused; // refused or postponed
};
void claims_read_stats(struct claims *c, struct claims_stats *ret);

#endif
