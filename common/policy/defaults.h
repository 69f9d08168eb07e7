// SPDX-License-Identifier: Apache-2.0
// What policies fill in: for each field that a FlinkCluster leaves out, the default of the matching
// policy with the highest priority, then of the first name. Set once, at the create; it changes
// only by hand. Pure.
#ifndef SLUICE_POLICY_DEFAULTS_H
#define SLUICE_POLICY_DEFAULTS_H

#include "common/flink/cluster.h"
#include "common/policy/set.h"
#include "common/policy/world.h"

/// Values with placeholders filled in; SV_NONE, 0 or NULL: no policy has one. `by` names the
/// policy.
struct policy_text {
    struct strview value;
    struct strview by;
    struct strview
        missing; // the placeholder that could not be filled in ("name" under generateName)
};
struct policy_number {
    int64_t value;
    struct strview by;
};
struct policy_option {        // a Flink option
    struct strview key;       // as the policy has it, flat
    struct strview canonical; // flink_option_canonical(key)
    const struct json *value;
    struct strview by;
};

struct policy_defaults {
    struct policy_text image, default_tag, iam_role, storage_root;
    struct policy_number parallelism, job_manager_replicas;
    const struct policy_quantities *jm_resources, *tm_resources; // each name from its own policy
    struct strview jm_resources_by, tm_resources_by;             // the first of these policies
    const struct policy_option *options;                         // by canonical key, each once
    size_t n_options;
};

/// Placeholders of the default image and tag, and of the default role and storage root; what else
/// stands in braces there is a fault of the policy.
#define POLICY_IMAGE_PLACEHOLDERS PATTERN_ALL
#define POLICY_OWNER_PLACEHOLDERS PATTERN_OWNER

/// Gathers the defaults for a cluster NS/NAME (NAME absent under generateName) of FLINK_VERSION
/// (absent when not known). A full arena shows in arena_ok().
void policy_defaults_gather(const struct policy_set *set, const struct policy_world *world,
                            struct strview ns, struct strview name, struct strview flink_version,
                            struct arena *arena, struct policy_defaults *ret);

#endif
