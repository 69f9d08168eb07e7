// SPDX-License-Identifier: Apache-2.0
// Which places (role and index) the record's pods should fill. A place is held by a live pod; only
// where more are live than wanted one has to go, and then the one that is missed least. So nothing
// is remembered, and a place whose pod was chosen to go is not filled again. Pure.
#ifndef SLUICE_CONTROLLER_PLACES_H
#define SLUICE_CONTROLLER_PLACES_H

#include "controller/desired.h"
#include "controller/flink/observation.h"
#include "controller/pods.h"

/// The pods of the record's revision in one place, by attempt.
struct place {
    enum pod_role role;
    int64_t index;
    const struct pod_view *items;
    size_t n;
    const struct pod_view *keeper; // the live pod that holds it: the oldest attempt that is ready,
                                   // else the oldest; NULL: none is live
    bool wanted;
};

struct place_list {
    struct place *items; // by role, then index: each wanted place, and each that has pods
    size_t n;
};

/// Wanted are, up to d->pods of each role: the places that are held; then those whose last pod is
/// gone or going, lowest index first (they have a back-off); then empty ones, lowest index first.
/// Of too many that are held go: TaskManagers that neither are ready nor known to Flink, then those
/// with all slots free, then those unknown to Flink, then any; JobManagers that are not ready, then
/// those that don't lead; among equals the highest index. A full arena shows in arena_ok().
void places_make(const struct reconcile *rc, const struct desired *d, const struct pod_list *pods,
                 struct place_list *ret);

/// What Flink tells, while that is not of yesterday and has its TaskManagers; else NULL.
const struct flink_observation *places_fresh_flink(const struct reconcile *rc);

/// The place of P, a pod of the record's revision.
const struct place *places_find(const struct place_list *places, const struct pod_view *p);

#endif
