// SPDX-License-Identifier: Apache-2.0
// Which rules a policy asks, and with what: read from it once, so that a review asks no others, and
// sees where two policies ask the same. For set*.c and check.c alone. Pure.
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

/// Gives the asks of SET's policies their numbers. -1: no memory.
MUST_USE int policy_asks_number(struct policy_set *set, struct arena *arena, struct err *err);

#endif
