// SPDX-License-Identifier: Apache-2.0
// Every stored FlinkCluster against every policy: counts and a few examples for each policy. What
// is stored counts, accepted or not, judged as if it were made anew; so a recount by hand, or by
// `sluice audit`, comes to the same. One FlinkCluster at a time: the caller has the time in its
// hand. Pure.
#ifndef SLUICE_CONTROLLER_AUDIT_H
#define SLUICE_CONTROLLER_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/json/view.h"
#include "common/k8s/violation.h"
#include "common/policy/set.h"
#include "common/policy/status.h"
#include "common/policy/world.h"
#include "common/world/clusters.h"

/// Memory of an audit's results at most: 1000 policies with 20 examples each.
#define AUDIT_ARENA_MAX ((size_t)64 << 20)
/// Bytes of an example's message at most.
#define AUDIT_MESSAGE_MAX 512

/// E(id, reason, type, when), about a FlinkPolicy; in namespace `default`, where Events of what has
/// no namespace live.
#define AUDIT_EVENTS(E)                                                                            \
    E(BROKEN, "PolicyViolations", "Warning",                                                       \
      "An audit found other FlinkClusters, or other findings, than the one before; one Event, "    \
      "however many there are.")                                                                   \
    E(KEPT, "PolicyKept", "Normal", "No FlinkCluster breaks the policy's rules any more.")

struct audit_count { // of one rule
    const char *rule;
    enum severity severity;
    int64_t findings;
};

struct audit_example {
    struct strview ns, name, rule, field, message;
    enum severity severity;
};

/// What the audit found by one policy.
struct audit_policy {
    const struct policy *policy;
    int64_t audited, violating, exempted;
    int64_t findings[SEVERITY_AUDIT + 1]; // by severity
    struct audit_count *counts;           // by rule and severity, in no order
    size_t n_counts, cap_counts;
    struct audit_example examples[POLICY_EXAMPLES_MAX]; // sorted
    size_t n_examples;
    bool is_violating; // by the FlinkCluster that is being judged
};

struct audit {
    struct arena arena; // of all results
    const struct policy_set *set;
    const struct policy_world *labels; // of namespaces
    struct clusters stored;            // for rules about others
    struct policy_world world;
    struct audit_policy *policies; // by the set's order
};

/// SET, and LABELS of which only namespace_labels is asked, are borrowed until audit_done(). A must
/// not move. -1: E_NOMEM.
MUST_USE int audit_begin(struct audit *a, const struct policy_set *set,
                         const struct policy_world *labels, struct err *err);
void audit_done(struct audit *a);

/// Whether every FlinkCluster must be learned before the first is judged.
bool audit_must_learn(const struct audit *a);
/// SCRATCH is the caller's to reset. -1: E_NOMEM.
MUST_USE int audit_learn(struct audit *a, const struct json *cluster, struct arena *scratch,
                         struct err *err);
MUST_USE int audit_judge(struct audit *a, const struct json *cluster, int64_t now_ms,
                         struct arena *scratch, struct err *err);

int64_t audit_violations(const struct audit_policy *p);
/// "3 of 12 FlinkClusters break rules: images.allowed (3), iamRoles.unique (2)".
struct strview audit_sentence(const struct audit_policy *p, struct arena *arena);

#endif
