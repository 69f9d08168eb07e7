// SPDX-License-Identifier: Apache-2.0
// How the pods stand towards the record, counted for the status; and what troubles them. Pure;
// texts in the plan's arena.
#ifndef SLUICE_CONTROLLER_CENSUS_H
#define SLUICE_CONTROLLER_CENSUS_H

#include "controller/desired.h"
#include "controller/places.h"
#include "controller/pods.h"
#include "controller/trouble.h"

/// Troubles that are told one by one; the rest is counted.
#define CENSUS_TROUBLES_MAX 8

struct pod_census {
    struct place_list places;
    int64_t live[POD_ROLE_COUNT];  // of the record's revision, within the wanted number
    int64_t ready[POD_ROLE_COUNT]; // of those
    int64_t surplus;               // live pods that are not wanted
    int64_t old;                   // pods of other revisions of which something may still run
    int64_t waiting;               // places that wait for their back-off
    int64_t failing;            // troubled pods of severity FAILS and STUCK: in sum[] of those two
    struct strview trouble;     // an example of those (trouble_put()), or absent
    struct strview job_manager; // the newest JobManager pod of any revision, or absent
    // The worst troubles, at most one a pod, by kind (the one that explains most first), then name.
    struct pod_trouble troubles[CENSUS_TROUBLES_MAX];
    size_t n_troubles;
    int64_t sum[TROUBLE_SEVERITY_COUNT]; // troubled pods by severity, also those not in the list
    int64_t look_ms; // when time alone changes what is told (Unix milliseconds); 0: never
};

/// A full arena shows in arena_ok().
void pods_count(const struct reconcile *rc, const struct desired *d, const struct pod_list *pods,
                struct pod_census *ret);

/// Appends the listed troubles of SEVERITY, joined by "; ", and "and N more": at most MAX of them.
/// Returns how many pods have one.
int64_t census_troubles_put(struct strbuf *b, const struct pod_census *c,
                            enum trouble_severity severity, size_t max);

#endif
