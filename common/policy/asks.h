// SPDX-License-Identifier: Apache-2.0
// Which rules a policy asks, and with what: read from it once, so that a review asks no others, and
// sees where two policies ask the same. For set_compile.c and check.c alone. Pure.
#ifndef SLUICE_POLICY_ASKS_H
#define SLUICE_POLICY_ASKS_H

#include "common/policy/set.h"

/// How many rules there are in rules.def.
enum {
    POLICY_RULES = 0
#define POLICY_RULE(name, id, block, flags, summary, why) +1
#include "common/policy/rules.def"
#undef POLICY_RULE
};

/// Fills in P's asks; its spec and enforcement stand already. A full arena shows in arena_ok().
void policy_asks_read(struct policy *p, struct arena *arena);

/// Whether A and B, of the same rule, ask the same of an object: what nothing is found in by one is
/// sound by the other.
static inline bool policy_asks_same(struct strview a, struct strview b)
{
    return sv_present(a) && sv_present(b) && sv_eq(a, b);
}

#endif
