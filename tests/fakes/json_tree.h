// SPDX-License-Identifier: Apache-2.0
// A second JSON reader and writer, for the tests alone: it shares nothing with common/json, so that
// the two can check one another. Numbers stay text, objects keep their order, memory is the
// arena's. It reads only what is well formed; deep texts recurse.
#ifndef SLUICE_FAKES_JSON_TREE_H
#define SLUICE_FAKES_JSON_TREE_H

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

enum tree_type {
    TREE_WORD, // null, true, false
    TREE_NUMBER,
    TREE_STRING,
    TREE_ARRAY,
    TREE_OBJECT,
};

struct tree {
    enum tree_type type;
    struct strview key;  // within an object
    struct strview text; // the word, the number as written, the string without its escapes
    struct tree *first;  // of an array or object
    struct tree *next;   // sibling
};

/// The tree of TEXT, or NULL when it is no JSON.
struct tree *tree_parse(struct arena *a, struct strview text);

/// A copy that shares no node.
struct tree *tree_copy(struct arena *a, const struct tree *t);

bool tree_equal(const struct tree *a, const struct tree *b);

/// Compact, members in the order of their keys, numbers as they came.
void tree_put(struct strbuf *b, const struct tree *t);

#endif
