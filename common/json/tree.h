// SPDX-License-Identifier: Apache-2.0
// The tree that the strict scan builds as it goes, for common/json alone: view.h reads it. It is
// cJSON's (any of its reading functions works on `node`), in the arena: cJSON's own parser would
// read every byte a second time, which was half of a review. Strings stay where they stand, in a
// copy of the text whose closing quotes become NULs; those with escapes are copied. Nodes come from
// the arena in blocks. Pure.
#ifndef SLUICE_JSON_TREE_H
#define SLUICE_JSON_TREE_H

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"
#include "common/json/strict.h"
#include "common/json/view.h"

/// A node of cJSON, and what it doesn't keep. A container that is read later has no child yet, and
/// in node.prev (which cJSON's readers leave alone) what it is read from.
struct json {
    cJSON node;          // first: a cJSON * of the tree is a struct json *
    uint64_t key_prefix; // keyset_prefix() of its key: most keys are told by it alone
    uint32_t key_len;
    // Of scalars but strings these are not set.
    uint32_t len;    // of a string; of a container its text's, from bracket to bracket
    uint32_t at;     // of a container: where its text begins
    uint32_t values; // of a container: how many there are in it, itself included
};
// A node is cleared up to its key, which is set before.
_Static_assert(offsetof(cJSON, string) + sizeof(char *) == sizeof(cJSON), "the key is the last");

/// What a text is read from, and how; lives in the arena when parts are read later.
struct json_source {
    struct strview text; // the caller's
    struct json_limits limits;
    struct arena *arena;
};

struct json_tree {
    struct arena *arena;
    char *text;       // the copy, which the scan reads
    struct json *end; // of the nodes taken last
    size_t block;     // how many they are
};

/// Scans TEXT; in *RET (unless NULL: nothing is built then) the tree.
MUST_USE int json_scan(struct strview text, const struct json_limits *limits,
                       const struct json_shortcuts *shortcuts, struct arena *arena,
                       const struct json **ret, size_t *ret_values, struct err *err);

/// Takes a copy of *TEXT, with JSON_TEXT_PAD behind it, to be scanned in its place; false: no
/// memory.
bool json_tree_begin(struct json_tree *t, struct strview *text);

/// Nodes for the values to come, up to T's end; NULL: no memory.
struct json *json_tree_grow(struct json_tree *t);

/// V, a container whose text is known to be good, is read when someone looks into it.
static inline void json_tree_put_off(struct json *v, const struct json_source *source)
{
    union {
        const void *in;
        cJSON *out;
    } p = {.in = source};
    v->node.prev = p.out;
}

/// Reads what V, which was put off, has in it. Without memory it stays empty, and the arena failed.
ASIDE void json_tree_read_later(const struct json *v);

static inline const struct json *json_of(const cJSON *node)
{
    return (const struct json *)node;
}

static inline bool json_tree_is_put_off(const struct json *v)
{
    return v->node.child == NULL && v->node.prev != NULL;
}

/// The first child of a container, which may have to be read first.
static inline const struct json *json_tree_child(const struct json *v)
{
    if (json_tree_is_put_off(v)) {
        json_tree_read_later(v);
    }
    return json_of(v->node.child);
}

/// Whether A and B have the same children, which one took from the other.
static inline bool json_tree_shared(const struct json *a, const struct json *b)
{
    return a != NULL && b != NULL && a->node.child != NULL && a->node.child == b->node.child;
}

/// The value of a number, known to be one.
double json_tree_number(struct strview text);

#endif
