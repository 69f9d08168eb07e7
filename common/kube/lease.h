// SPDX-License-Identifier: Apache-2.0
// Leader election over a Lease, in a thread and on a connection of its own (common/k8s/lease.h has
// the rules). The fence is what makes it safe: kube_lease_remaining_ms() is given to every handle
// that writes, and reads a clock that also counts while the process is stopped or the machine
// asleep.
#ifndef SLUICE_KUBE_LEASE_H
#define SLUICE_KUBE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/kube/client.h"
#include "common/kube/config.h"

struct kube_lease;

struct kube_lease_options {
    const char *ns, *name;      // of the Lease
    const char *identity;       // of this process; unique ("pod_uuid")
    int64_t duration_ms;        // 0: 15000
    int64_t renew_deadline_ms;  // 0: 10000
    int64_t retry_ms;           // 0: 2000
    bool release;               // on a clean stop, so that the next leader need not wait
    bool again;                 // after a loss go on as a candidate; else that is the end
    void (*started)(void *ctx); // we lead now; may be NULL
    /// We led and no longer do: without `again` end the process without another write. May be NULL.
    void (*lost)(void *ctx, const struct err *why);
    /// A call failed or another one leads (HOLDER; may be empty); for a log line. May be NULL.
    void (*told)(void *ctx, const struct err *err, struct strview holder);
    void *ctx;
    kube_observe_fn *observe;
    void *observe_ctx;
};

/// Strings are copied; callbacks run in the lease's thread.
MUST_USE int kube_lease_start(struct kube_config *config, const struct kube_lease_options *opt,
                              struct kube_lease **ret, struct err *err);

/// Whether we lead at this moment by the clock. Any thread.
bool kube_lease_valid(const struct kube_lease *l);

/// A kube_fence_fn: milliseconds until the renew deadline passes (by CLOCK_BOOTTIME, counted from
/// before the last successful renewal was sent); <= 0 when we do not lead. Never positive again
/// after lost, unless `again`: then a write that was begun before the loss must be bound to the
/// version that was read. Any thread.
int64_t kube_lease_remaining_ms(void *lease);

/// Ends the thread and frees; releases the Lease when asked for and still held. The handles that
/// use the fence must be closed first. NULL is fine.
void kube_lease_stop(struct kube_lease *l);

#endif
