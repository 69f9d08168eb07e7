// SPDX-License-Identifier: Apache-2.0
// FlinkClusters against policies. Every matching policy is asked, rules add up, and each fault says
// which policy and rule it comes from. Rules are a table (rules.def), as those of a FlinkCluster.
// Pure.
#ifndef SLUICE_POLICY_CHECK_H
#define SLUICE_POLICY_CHECK_H

#include "common/flink/cluster.h"
#include "common/flink/effective.h"
#include "common/k8s/violation.h"
#include "common/policy/set.h"
#include "common/policy/world.h"

struct policy_input {
    const struct flink_cluster *now; // as it will be stored (after mutation)
    const struct flink_cluster *old; // NULL on a create: judged in full, no ratchet
    struct strview ns;               // the request's namespace
    const struct policy_set *set;
    const struct policy_world *world;
    const struct flink_effective *effective; // of NOW; NULL: worked out when a rule asks
    int64_t now_ms;                          // Unix time, for exemptions
    bool before_defaults;                    // as in struct flink_rules_input
    bool scale; // only the replicas change: only rules that look at sizes are asked
    /// Told of each finding that P's exemption takes out; NULL: they are not looked for.
    void (*exempted)(void *ctx, const struct policy *p);
    void *exempted_ctx;
};

/// Judges by every matching policy: violations whose severity is the enforcement's (DENY, WARN,
/// AUDIT), whose `policy` names the policy and whose message ends in "(policy NAME, RULE)". With an
/// old object the ratchet holds: what it has too (rule, policy, path, value) under today's policies
/// comes out as a warning; a change that brings a sum nearer to its limit is never refused.
/// Exemptions take a finding out. A full arena shows in arena_ok().
void policy_check(const struct policy_input *in, struct violations *out);

/// The rule that holds without any policy: the account that Sluice made for a FlinkCluster is that
/// one's alone. Not judged without a world that knows the FlinkClusters.
#define POLICY_RULE_ACCOUNT "iamRoles.account"

/// The defaults with placeholders; a create for which they can't be filled in is refused by a rule
/// of that name. X(id, "field of the FlinkCluster")
#define POLICY_RULE_DEFAULT_IMAGE "images.default"
#define POLICY_RULE_DEFAULT_ROLE  "iamRoles.default"
#define POLICY_RULE_DEFAULT_ROOT  "storage.defaultRoot"
#define POLICY_DEFAULTS(X)                                                                         \
    X(POLICY_RULE_DEFAULT_IMAGE, "spec.image")                                                     \
    X(POLICY_RULE_DEFAULT_ROLE, "spec.iamRole")                                                    \
    X(POLICY_RULE_DEFAULT_ROOT, "spec.storage.root")

/// One rule for people: `sluice explain RULE`, the reference page.
struct policy_rule_info {
    const char *id;      // "images.allowed": the field that asks for it
    const char *summary; // what it demands, one line
    const char *why;
    const char *when;
    bool exempts; // a policy's `exempt` may name it
};
const struct policy_rule_info *policy_rule_infos(size_t *count);

#endif
