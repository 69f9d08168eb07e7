// SPDX-License-Identifier: Apache-2.0
// The decision on a generation of a FlinkCluster, taken once: is it good, and what does it change?
// Judged by the same engine as at admission, policies included, with the last accepted generation
// as the old object; what is recorded is never judged again. Of others only what is recorded
// counts (claim.h). Pure.
//
//   same pods (scale, labels, nonces)                 recorded, same run
//   other pods, session cluster or mode Stateless     recorded, new run: all old pods go first
//   other pods, the job is over and had no state      recorded, new run (a batch job once more)
//   other pods, Savepoint or LastState                waits: this release can't carry state over
//   Suspended while it runs, Stateless                recorded, pods go
//   Suspended while it runs, otherwise                waits, as above
//   Running again                                     recorded, new run
//
// A scale of an application whose parallelism follows the replicas changes the job's parallelism,
// and so its pods; a session cluster's parallelism is only a default of its jobs, so when it
// follows by itself the running pods keep the old one until something else changes them.
#ifndef SLUICE_CONTROLLER_ACCEPT_H
#define SLUICE_CONTROLLER_ACCEPT_H

#include "common/k8s/violation.h"
#include "controller/reconcile.h"
#include "controller/record.h"

enum accept_verdict {
    ACCEPT_IN_EFFECT, // the last record is of this generation
    ACCEPT_RECORD,    // `next` is to be recorded; nothing else is done before that is seen
    ACCEPT_REJECTED,  // `faults` say why; the last record stays in effect
    ACCEPT_UNDECIDED, // what it is to be judged by is not known yet; the last record stays in
                      // effect
    ACCEPT_WAITS,     // good, but can't be done: `waits`; the last record stays in effect
};

struct acceptance {
    enum accept_verdict verdict;
    bool has_last;
    struct record last; // the newest record, when has_last
    struct record next; // RECORD
    struct violations faults;
    struct strview waits; // WAITS, UNDECIDED: a sentence for people
};

/// Faults kept for the condition's message.
#define ACCEPT_FAULTS_MAX 64

/// The first record of the cluster, not judged, as if nothing had been recorded. 0, or -1 with
/// E_NOMEM.
MUST_USE int accept_first(const struct reconcile *rc, struct record *ret, struct err *err);

/// 0, or -1 with E_NOMEM.
MUST_USE int accept_decide(const struct reconcile *rc, struct acceptance *ret, struct err *err);

#endif
