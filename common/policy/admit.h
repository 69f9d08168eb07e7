// SPDX-License-Identifier: Apache-2.0
// A FlinkPolicy's own admission, beyond its schema: what can't be compiled, what can't be
// satisfied, defaults that its own rules deny, and other policies that demand the contrary. Rules
// are a table (admit.def). Pure.
#ifndef SLUICE_POLICY_ADMIT_H
#define SLUICE_POLICY_ADMIT_H

#include "common/k8s/violation.h"
#include "common/policy/policy.h"
#include "common/policy/set.h"

struct policy_admit_input {
    const struct flink_policy *now;
    const struct flink_policy *old; // NULL on a create: judged in full, no ratchet
    const struct policy_set
        *others;    // those that are stored; NULL: not known. NOW's own is passed over
    int64_t now_ms; // Unix time, for exemptions
};

/// Judges INPUT by every rule: denials and warnings into OUT, whose arena gives all memory. With an
/// old object the ratchet holds: a fault (rule, path, value) that the old one has too is a warning.
/// Work against other policies is bounded; what is not looked at any more is not warned of. A full
/// arena shows in arena_ok().
void policy_admit(const struct policy_admit_input *input, struct violations *out);

/// One rule for people: `sluice explain RULE`, the reference page.
struct policy_admit_info {
    const char *id; // "policy.default"
    const char *summary;
    const char *why;
};
const struct policy_admit_info *policy_admit_infos(size_t *count);

#endif
