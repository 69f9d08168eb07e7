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
#include "common/base/strview.h"
#include "common/json/strict.h"
#include "common/json/view.h"

/// A node of cJSON, and the lengths that it doesn't keep (at most json_limits.max_string).
struct json {
    cJSON node; // first: a cJSON * of the tree is a struct json *
    uint32_t key_len;
    uint32_t string_len;
};

struct json_tree {
    struct arena *arena;
    char *text; // the copy, which the scan reads
    cJSON *root;
    struct strview key;               // of the member that comes next; in memory of the tree's own
    cJSON **tail[JSON_DEPTH_CAP + 1]; // by depth: where the next value is hooked in
    struct json *free, *free_end;     // nodes not used yet
    size_t block;                     // how many were taken last
};

/// json_strict(), and in *RET the tree that it built.
MUST_USE int json_scan(struct strview text, const struct json_limits *limits, struct arena *arena,
                       const struct json **ret, size_t *ret_values, struct err *err);

/// Takes a copy of *TEXT, with JSON_TEXT_PAD behind it, to be scanned in its place; false: no
/// memory.
bool json_tree_begin(struct json_tree *t, struct strview *text);

/// Nodes for the values to come; false: no memory.
bool json_tree_grow(struct json_tree *t);

static inline const struct json *json_of(const cJSON *node)
{
    return (const struct json *)node;
}

/// cJSON's pointers to its texts are not const; nobody writes through them.
static inline char *json_tree_chars(struct strview s)
{
    union {
        const char *in;
        char *out;
    } chars = {.in = s.ptr};
    return chars.out;
}

/// A node of TYPE (cJSON_Object, …) at the end of the container that is open at DEPTH (0: the
/// root), under the key that was set last; NULL: no memory.
static inline struct json *json_tree_add(struct json_tree *t, unsigned depth, int type)
{
    if (t->free == t->free_end && !json_tree_grow(t)) {
        return NULL;
    }
    struct json *v = t->free++;
    *v = (struct json){.node = {.type = type, .string = json_tree_chars(t->key)},
                       .key_len = (uint32_t)t->key.len};
    t->key = SV_NONE;
    *t->tail[depth] = &v->node;
    t->tail[depth] = &v->node.next;
    return v;
}

/// Ends the string RAW, a part of the text, with a NUL in place of its quote.
static inline void json_tree_close(struct json_tree *t, struct strview raw)
{
    t->text[(raw.ptr - t->text) + (ptrdiff_t)raw.len] = '\0';
}

/// The value of a number, known to be one.
double json_tree_number(struct strview text);

#endif
