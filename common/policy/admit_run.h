// SPDX-License-Identifier: Apache-2.0
// What a rule of a policy's admission sees and how it speaks. For the admit*.c alone. Pure.
#ifndef SLUICE_POLICY_ADMIT_RUN_H
#define SLUICE_POLICY_ADMIT_RUN_H

#include "common/policy/admit.h"
#include "common/policy/defaults.h"
#include "common/policy/judge_run.h"

struct admit_run {
    const char *rule; // at work
    const struct policy_admit_input *in;
    const struct policy *p; // NOW compiled
    struct arena *arena;
    struct violations *out;
};

#define COMPILE_RULE(id, summary, why)
#define ADMIT_RULE(name, id, summary, why) void admit_##name(struct admit_run *r);
#include "common/policy/admit.def"
#undef ADMIT_RULE
#undef COMPILE_RULE

#define admit_deny(r, path, value, ...)                                                            \
    violation_deny((r)->out, (r)->rule, CAUSE_INVALID, (path), (value), __VA_ARGS__)
#define admit_warn(r, path, ...) violation_warn((r)->out, (r)->rule, (path), __VA_ARGS__)

#endif
