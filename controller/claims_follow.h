// SPDX-License-Identifier: Apache-2.0
// Keeps the claims as the watches of FlinkClusters and their records go: a FlinkCluster that is
// there has the claim of its newest record, whichever of the two came first. In the watch thread,
// after the change is in the stores.
#ifndef SLUICE_CONTROLLER_CLAIMS_FOLLOW_H
#define SLUICE_CONTROLLER_CLAIMS_FOLLOW_H

#include "common/kube/store.h"
#include "controller/claims.h"

struct claims_stores {
    struct kube_store *clusters, *records; // of one scope
};

/// OLD or NOW may be NULL, as in kube_changed_fn.
void claims_follow_cluster(struct claims *c, const struct claims_stores *stores,
                           const struct kube_object *old, const struct kube_object *now);
void claims_follow_record(struct claims *c, const struct claims_stores *stores,
                          const struct kube_object *old, const struct kube_object *now);

#endif
