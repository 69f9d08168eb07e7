// SPDX-License-Identifier: Apache-2.0
#include "common/json/tree.h"

#include <string.h>

#include "common/base/parse_num.h"
#include "common/json/text.h"

#define BLOCK_FIRST  64 // nodes
#define BLOCK_MAX    1024
#define EXACT_DIGITS 15 // every integer of so many has a double of its own

bool json_tree_begin(struct json_tree *t, struct strview *text)
{
    t->text = arena_alloc(t->arena, text->len + JSON_TEXT_PAD);
    if (t->text == NULL) {
        return false;
    }
    memcpy(t->text, text->ptr, text->len);
    memset(t->text + text->len, 0, JSON_TEXT_PAD);
    *text = sv_make(t->text, text->len);
    return true;
}

struct json *json_tree_grow(struct json_tree *t)
{
    t->block = t->block == 0 ? BLOCK_FIRST : t->block < BLOCK_MAX ? 2 * t->block : BLOCK_MAX;
    struct json *nodes = arena_alloc(t->arena, t->block * sizeof(*nodes));
    t->end = nodes != NULL ? nodes + t->block : NULL;
    return nodes;
}

void json_tree_read_later(const struct json *v)
{
    union {
        const struct json *in;
        struct json *out;
    } node = {.in = v}; // in the arena's memory: the tree is const to its readers alone
    union {
        const cJSON *in;
        const struct json_source *out;
    } source = {.in = v->node.prev};
    const struct json_source *from = source.out;
    const struct json *tree;
    if (json_scan(sv_sub(from->text, v->at, v->len), &from->limits, NULL, from->arena, &tree, NULL,
                  NULL) == 0) {
        node.out->node.child = tree->node.child;
        node.out->node.prev = NULL;
    }
}

double json_tree_number(struct strview text)
{
    double value = 0;
    bool negative = text.ptr[0] == '-';
    bool whole = text.len <= EXACT_DIGITS;
    for (size_t i = negative ? 1 : 0; whole && i < text.len; i++) {
        whole = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        value = value * 10 + (text.ptr[i] - '0');
    }
    if (!whole) {
        (void)parse_double(text, &value); // the scan has seen to it that it can be read
        return value;
    }
    return negative ? -value : value;
}
