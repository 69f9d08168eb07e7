// SPDX-License-Identifier: Apache-2.0
// What a rule may ask about everything else in the cluster. The webhook answers from its snapshot,
// the controller from its store, the offline commands from their files. Pure: the answers are
// arguments, and stay the same while one object is judged.
#ifndef SLUICE_POLICY_WORLD_H
#define SLUICE_POLICY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strview.h"
#include "common/k8s/labels.h"

/// One FlinkCluster among the others.
struct policy_cluster_id {
    struct strview ns, name;
};

/// Functions may be NULL: that is not known, and the rules that need it don't speak.
struct policy_world {
    const void *ctx;
    /// Labels of a namespace, borrowed. False: the namespace is not known.
    bool (*namespace_labels)(const void *ctx, struct strview ns, struct labels *ret);
    /// A FlinkCluster other than SELF that has the role whose policy_role_key() is KEY. With
    /// several, always the same one: the first by namespace, then name. False: there is none.
    bool (*role_user)(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret);
    /// Sum of the parallelism of the FlinkClusters in a namespace, without NAME.
    int64_t (*namespace_parallelism)(const void *ctx, struct strview ns, struct strview name);
    /// Whether there is a FlinkCluster of that name.
    bool (*cluster_exists)(const void *ctx, struct strview ns, struct strview name);
};

#endif
