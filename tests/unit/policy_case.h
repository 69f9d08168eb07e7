// SPDX-License-Identifier: Apache-2.0
// Helpers of the tests of policies' rules: sets, a world and objects from JSON, and what was found.
#ifndef SLUICE_UNIT_POLICY_CASE_H
#define SLUICE_UNIT_POLICY_CASE_H

#include "common/base/arena.h"
#include "common/json/view.h"
#include "common/k8s/violation.h"
#include "common/policy/check.h"
#include "common/policy/set.h"
#include "common/policy/world.h"

/// One FlinkPolicy, or a list of them, compiled without a fault.
const struct policy_set *policy_case_set(struct arena *a, const struct json *list);

/// {"labels": {…}, "clusters": [{"namespace", "name", "iamRole", "parallelism"}]}: one namespace's
/// labels, and the other FlinkClusters. NULL: no world.
const struct policy_world *policy_case_world(struct arena *a, const struct json *json);

/// What SET finds in NOW; OLD is NULL on a create.
struct violations policy_case_judge(struct arena *a, const struct policy_set *set,
                                    const struct policy_world *world, const struct json *now,
                                    const struct json *old);

/// The same of a policy's and a FlinkCluster's spec as texts: payments/fraud, policy p.
struct violations policy_case_texts(struct arena *a, const char *policy, const char *spec);

/// All of V, a line each.
const char *policy_case_said(struct arena *a, const struct violations *v);

/// How many of V are of that rule and severity.
size_t policy_case_count(const struct violations *v, const char *rule, enum severity severity);

#endif
