// SPDX-License-Identifier: Apache-2.0
// A regular expression as a tree, between its text and its instructions; for pattern_regex*.c
// alone. In scratch memory.
#ifndef SLUICE_POLICY_PATTERN_REGEX_TREE_H
#define SLUICE_POLICY_PATTERN_REGEX_TREE_H

#include "common/policy/pattern_regex.h"
#include "common/policy/pattern_regex_code.h"

#define REGEX_UNBOUNDED UINT16_MAX

enum regex_node_kind {
    NODE_STEP,   // one instruction: a byte, a set, an assertion
    NODE_CONCAT, // a and what hangs on its `next`, one after the other
    NODE_EITHER, // a or b
    NODE_REPEAT, // a, MIN to MAX times
};

struct regex_node {
    enum regex_node_kind kind;
    struct regex_step step;
    struct regex_node *a, *b;
    struct regex_node *next;
    uint16_t min, max;
};

/// The tree of TEXT, in SCRATCH; its sets are in ARENA. As regex_compile().
MUST_USE int regex_parse(struct strview text, const struct byte_set *wild, struct arena *scratch,
                         struct arena *arena, const struct regex_node **ret, struct err *err);

#endif
