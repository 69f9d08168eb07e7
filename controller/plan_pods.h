// SPDX-License-Identifier: Apache-2.0
// Which pods to make and which to delete. At no moment are more pods wanted than the record says,
// and never a second JobManager where there is no HA. Pure.
#ifndef SLUICE_CONTROLLER_PLAN_PODS_H
#define SLUICE_CONTROLLER_PLAN_PODS_H

#include "controller/desired.h"
#include "controller/pods.h"
#include "controller/steps.h"

/// How the pods stand towards the record: for the status.
struct pod_census {
    int64_t live[POD_ROLE_COUNT];  // of the record's revision, within the wanted number
    int64_t ready[POD_ROLE_COUNT]; // of those
    int64_t surplus;               // live pods that are not wanted
    int64_t old;                   // pods of other revisions of which something may still run
    int64_t waiting;               // places that wait for their back-off
    int64_t failing;        // live pods that failed more than once, or whose container can't run
    struct strview trouble; // an example of those, for people
    struct strview job_manager; // the newest JobManager pod of any revision, or absent
};

void pods_count(const struct reconcile *rc, const struct desired *d, const struct pod_list *pods,
                struct pod_census *ret);

/// Adds the steps. 0, or -1 with E_NOMEM.
MUST_USE int plan_pods(struct steps *s, const struct desired *d, const struct pod_list *pods,
                       struct err *err);

#endif
