// SPDX-License-Identifier: Apache-2.0
// From a field path back to the line of the YAML text.
#include <stdint.h>

#include "common/base/parse_num.h"
#include "common/yaml/node.h"

static const struct yaml_node *resolved(const struct yaml_node *n)
{
    return n->kind == YAML_ALIAS ? n->target : n;
}

/// The last member of MAP with that key; in what << brings in when MAP itself has none.
static const struct yaml_node *find_member(const struct yaml_node *map, struct strview key)
{
    const struct yaml_node *found = NULL;
    for (const struct yaml_node *c = map->child; c != NULL; c = c->next) {
        if (sv_present(c->key_text) && sv_eq(c->key_text, key)) {
            found = c;
        }
    }
    for (const struct yaml_node *c = map->child; c != NULL && found == NULL; c = c->next) {
        if (!yaml_is_merge(c->key)) {
            continue;
        }
        const struct yaml_node *from = resolved(c);
        const struct yaml_node *m = from->kind == YAML_SEQUENCE ? from->child : from;
        for (; m != NULL && found == NULL; m = from->kind == YAML_SEQUENCE ? m->next : NULL) {
            found = resolved(m)->kind == YAML_MAPPING ? find_member(resolved(m), key) : NULL;
        }
    }
    return found;
}

static const struct yaml_node *find_index(const struct yaml_node *list, struct strview index)
{
    uint64_t i;
    if (!parse_u64(index, &i)) {
        return NULL;
    }
    const struct yaml_node *c = list->child;
    while (c != NULL && i-- > 0) {
        c = c->next;
    }
    return c;
}

/// Cuts ".key", "key" or "[key]" off *REST.
static bool next_step(struct strview *rest, struct strview *step)
{
    if (rest->len == 0) {
        return false;
    }
    if (rest->ptr[0] == '[') {
        // A key may hold brackets: the step ends at the ']' that '.', '[' or the end follows.
        for (size_t i = 1; i < rest->len; i++) {
            if (rest->ptr[i] == ']' &&
                (i + 1 == rest->len || rest->ptr[i + 1] == '.' || rest->ptr[i + 1] == '[')) {
                *step = sv_sub(*rest, 1, i - 1);
                *rest = sv_from_pos(*rest, i + 1);
                return true;
            }
        }
        return false;
    }
    size_t from = rest->ptr[0] == '.' ? 1 : 0;
    size_t end = from;
    while (end < rest->len && rest->ptr[end] != '.' && rest->ptr[end] != '[') {
        end++;
    }
    *step = sv_sub(*rest, from, end - from);
    *rest = sv_from_pos(*rest, end);
    return true;
}

unsigned yaml_line(const struct yaml_document *doc, struct strview path)
{
    unsigned line = doc->line;
    const struct yaml_node *at = doc->root;
    struct strview step;
    while (at != NULL && next_step(&path, &step)) {
        at = resolved(at);
        const struct yaml_node *found = at->kind == YAML_MAPPING    ? find_member(at, step)
                                        : at->kind == YAML_SEQUENCE ? find_index(at, step)
                                                                    : NULL;
        if (found != NULL) {
            line = found->key != NULL ? found->key->line : found->line;
        }
        at = found;
    }
    return line;
}
