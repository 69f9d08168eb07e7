// SPDX-License-Identifier: Apache-2.0
// From the tree to JSON: aliases and merge keys are expanded here, counted against one budget.
#include "common/yaml/node.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse_num.h"
#include "common/json/out.h"

struct emitter {
    struct json_out out;
    struct arena *arena;
    size_t *nodes;
    unsigned max_depth;
    struct err *err;
};

/// One member of a mapping before merges are settled: of equal keys the later one counts.
struct member {
    struct strview key;
    struct yaml_node *value;
    size_t order;
    bool merged;  // it came through <<
    bool dropped; // a later one has its key
};

struct members {
    struct member *items;
    size_t count, cap;
};

static int spend(struct emitter *e, const struct yaml_node *n, unsigned depth)
{
    if (*e->nodes == 0) {
        return err_set(e->err, E_TOO_LARGE, "line %u: too many values (aliases count each time)",
                       n->line);
    }
    if (depth > e->max_depth) {
        return err_set(e->err, E_TOO_LARGE, "line %u: deeper than %u levels", n->line,
                       e->max_depth);
    }
    *e->nodes -= 1;
    return 0;
}

/// The node that N stands for; NULL (error set) for an alias inside its own anchor.
static struct yaml_node *follow(struct emitter *e, struct yaml_node *n)
{
    struct yaml_node *target = n->kind == YAML_ALIAS ? n->target : n;
    if (target->open) {
        err_set(e->err, E_PARSE, "line %u: anchor \"%.*s\" contains itself", n->line,
                SV_ARG(sv_sub(n->text, 0, 64)));
        return NULL;
    }
    return target;
}

static int add_member(struct emitter *e, struct members *m, struct strview key,
                      struct yaml_node *value, bool merged)
{
    if (m->count == m->cap) {
        size_t cap = m->cap != 0 ? m->cap * 2 : 16;
        struct member *items = ARENA_NEW_N(e->arena, struct member, cap);
        if (items == NULL) {
            return err_set(e->err, E_NOMEM, "the document does not fit its memory");
        }
        if (m->count != 0) {
            memcpy(items, m->items, m->count * sizeof(*items));
        }
        m->items = items;
        m->cap = cap;
    }
    m->items[m->count] =
        (struct member){.key = key, .value = value, .order = m->count, .merged = merged};
    m->count++;
    return 0;
}

/// V as Go prints a 32-bit float by %g with the fewest digits that tell it apart.
static struct strview float_key(struct arena *a, double v)
{
    if (!isfinite(v)) {
        return isnan(v) ? SV(".nan") : v > 0 ? SV(".inf") : SV("-.inf");
    }
    struct strview text = SV_NONE;
    double back = 0;
    for (int digits = 1; digits <= 9; digits++) {
        text = arena_printf(a, "%.*g", digits, v);
        if (parse_double(text, &back) && (float)back == (float)v) {
            break;
        }
    }
    return text;
}

/// The text of a key as sigs.k8s.io/yaml turns it into a string.
static int key_text(struct emitter *e, struct yaml_node *key, struct strview *ret)
{
    struct yaml_node *n = follow(e, key);
    if (n == NULL) {
        return -1;
    }
    struct yaml_scalar s;
    if (n->kind != YAML_SCALAR) {
        return err_set(e->err, E_PARSE, "line %u: a key must be a plain value", key->line);
    }
    if (yaml_resolve(n, &s, e->err) != 0) {
        return -1;
    }
    switch (s.kind) {
    case YAML_STRING:
        *ret = s.text;
        break;
    case YAML_INT:
        *ret = arena_copy(e->arena, s.text);
        break;
    case YAML_BOOL:
        *ret = s.boolean ? SV("true") : SV("false");
        break;
    case YAML_FLOAT:
        *ret = float_key(e->arena, s.number);
        break;
    case YAML_NULL:
        return err_set(e->err, E_PARSE, "line %u: null is not a key", key->line);
    }
    if (memchr(ret->ptr != NULL ? ret->ptr : "", '\0', ret->len) != NULL) {
        return err_set(e->err, E_PARSE, "line %u: a NUL character in a key", key->line);
    }
    return sv_present(*ret) ? 0 : err_set(e->err, E_NOMEM, "the document does not fit its memory");
}

static int gather(struct emitter *e, struct yaml_node *map, struct members *m, bool merged,
                  unsigned depth);

/// The value of <<: a mapping, or a sequence of them of which the first has the last word.
static int gather_merge(struct emitter *e, struct yaml_node *value, struct members *m,
                        unsigned depth)
{
    struct yaml_node *n = follow(e, value);
    if (n == NULL || spend(e, value, depth) != 0) {
        return -1;
    }
    if (n->kind == YAML_MAPPING) {
        return gather(e, n, m, true, depth + 1);
    }
    size_t count = 0;
    if (n->kind == YAML_SEQUENCE) {
        for (struct yaml_node *c = n->child; c != NULL; c = c->next) {
            count++;
        }
    }
    struct yaml_node **maps = ARENA_NEW_N(e->arena, struct yaml_node *, count + 1);
    if (maps == NULL) {
        return err_set(e->err, E_NOMEM, "the document does not fit its memory");
    }
    size_t i = 0;
    for (struct yaml_node *c = n->kind == YAML_SEQUENCE ? n->child : NULL; c != NULL; c = c->next) {
        maps[i] = follow(e, c);
        if (maps[i] == NULL) {
            return -1;
        }
        if (maps[i++]->kind != YAML_MAPPING) {
            n = value; // falls into the fault below
            count = 0;
            break;
        }
    }
    if (n->kind != YAML_SEQUENCE || (count == 0 && n->child != NULL)) {
        return err_set(e->err, E_PARSE, "line %u: << wants a map or a list of maps", value->line);
    }
    while (count-- > 0) {
        if (spend(e, value, depth) != 0 || gather(e, maps[count], m, true, depth + 1) != 0) {
            return -1;
        }
    }
    return 0;
}

/// All members of MAP in order, merges in their place (goyaml.v2 applies them in order, too).
static int gather(struct emitter *e, struct yaml_node *map, struct members *m, bool merged,
                  unsigned depth)
{
    if (depth > e->max_depth) {
        return err_set(e->err, E_TOO_LARGE, "line %u: deeper than %u levels", map->line,
                       e->max_depth);
    }
    int rc = 0;
    map->open = true;
    for (struct yaml_node *c = map->child; c != NULL && rc == 0; c = c->next) {
        if (yaml_is_merge(c->key)) {
            rc = gather_merge(e, c, m, depth);
            continue;
        }
        rc = key_text(e, c->key, &c->key_text);
        if (rc == 0 && merged) {
            rc = spend(e, c, depth);
        }
        if (rc == 0) {
            rc = add_member(e, m, c->key_text, c, merged);
        }
    }
    map->open = false;
    return rc;
}

static int by_key(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;
    int c = sv_cmp(x->key, y->key);
    return c != 0 ? c : x->order < y->order ? -1 : 1;
}

static int by_order(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;
    return x->order < y->order ? -1 : 1;
}

/// Drops all but the last of each key; a key written twice in the same mapping is a fault.
static int settle(struct emitter *e, struct members *m)
{
    if (m->count < 2) {
        return 0;
    }
    qsort(m->items, m->count, sizeof(*m->items), by_key);
    const struct member *written = NULL;
    for (size_t i = 0; i < m->count; i++) {
        struct member *at = &m->items[i];
        bool same = i > 0 && sv_eq(m->items[i - 1].key, at->key);
        if (same) {
            m->items[i - 1].dropped = true;
        }
        written = same ? written : NULL;
        if (!at->merged && written != NULL) {
            return err_set(e->err, E_PARSE, "line %u: key \"%.*s\" stands already in line %u",
                           at->value->key->line, SV_ARG(sv_sub(at->key, 0, 64)),
                           written->value->key->line);
        }
        written = at->merged ? written : at;
    }
    qsort(m->items, m->count, sizeof(*m->items), by_order);
    return 0;
}

static int emit(struct emitter *e, struct yaml_node *n, unsigned depth);

static int emit_scalar(struct emitter *e, const struct yaml_node *n)
{
    struct yaml_scalar s;
    if (yaml_resolve(n, &s, e->err) != 0) {
        return -1;
    }
    switch (s.kind) {
    case YAML_NULL:
        json_out_null(&e->out);
        break;
    case YAML_BOOL:
        json_out_bool(&e->out, s.boolean);
        break;
    case YAML_INT:
        json_out_raw(&e->out, s.text);
        break;
    case YAML_FLOAT:
        if (!isfinite(s.number)) {
            return err_set(e->err, E_PARSE, "line %u: JSON has no infinity and no NaN", n->line);
        }
        json_out_double(&e->out, s.number);
        break;
    case YAML_STRING:
        if (s.text.len != 0 && memchr(s.text.ptr, '\0', s.text.len) != NULL) {
            return err_set(e->err, E_PARSE, "line %u: a NUL character in a string", n->line);
        }
        json_out_string(&e->out, s.text);
        break;
    }
    return 0;
}

static int emit_mapping(struct emitter *e, struct yaml_node *n, unsigned depth)
{
    struct members m = {0};
    if (gather(e, n, &m, false, depth) != 0 || settle(e, &m) != 0) {
        return -1;
    }
    int rc = 0;
    n->open = true;
    json_out_begin_object(&e->out);
    for (size_t i = 0; i < m.count && rc == 0; i++) {
        if (!m.items[i].dropped) {
            json_out_key(&e->out, m.items[i].key);
            rc = emit(e, m.items[i].value, depth + 1);
        }
    }
    n->open = false;
    if (rc == 0) {
        json_out_end_object(&e->out);
    }
    return rc;
}

static int emit(struct emitter *e, struct yaml_node *node, unsigned depth)
{
    struct yaml_node *n = follow(e, node);
    if (n == NULL || spend(e, node, depth) != 0) {
        return -1;
    }
    if (n->kind == YAML_SCALAR) {
        return emit_scalar(e, n);
    }
    if (n->kind == YAML_MAPPING) {
        return emit_mapping(e, n, depth);
    }
    int rc = 0;
    n->open = true;
    json_out_begin_array(&e->out);
    for (struct yaml_node *c = n->child; c != NULL && rc == 0; c = c->next) {
        rc = emit(e, c, depth + 1);
    }
    n->open = false;
    if (rc == 0) {
        json_out_end_array(&e->out);
    }
    return rc;
}

int yaml_emit(struct yaml_node *root, unsigned max_depth, size_t *nodes, struct arena *arena,
              struct strbuf *out, struct err *err)
{
    struct emitter e = {
        .out = JSON_OUT(out), .arena = arena, .nodes = nodes, .max_depth = max_depth, .err = err};
    if (emit(&e, root, 1) != 0) {
        return -1;
    }
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "the document does not fit its memory");
    }
    return strbuf_ok(out) ? 0
                          : err_set(err, E_TOO_LARGE, "line %u: the document is too large as JSON",
                                    root->line);
}
