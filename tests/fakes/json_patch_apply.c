// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/json_patch_apply.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/base/parse_num.h"
#include "tests/fakes/json_tree.h"

#define BYTES_MAX ((size_t)512 << 20)

struct engine {
    struct arena *arena;
    struct tree *root;
    struct err *err;
};

/// Where a pointer leads: the link that holds the value (or would), and what holds the link.
struct place {
    struct tree **link;  // *link is NULL when nothing is there
    struct tree *parent; // NULL: the root
    struct strview token;
};

static bool fail(struct engine *e, const char *what, struct strview where)
{
    (void)err_set(e->err, E_INVALID, "%s: %.*s", what, SV_ARG(where));
    return false;
}

static struct tree *member(const struct tree *object, struct strview key)
{
    struct tree *c = object->first;
    while (c != NULL && !sv_eq(c->key, key)) {
        c = c->next;
    }
    return c;
}

/// ~1 → /, ~0 → ~ (RFC 6901, section 4).
static struct strview unescape(struct arena *a, struct strview token)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(BYTES_MAX);
    for (size_t i = 0; i < token.len; i++) {
        bool escape = token.ptr[i] == '~' && i + 1 < token.len;
        if (escape && (token.ptr[i + 1] == '0' || token.ptr[i + 1] == '1')) {
            strbuf_put_char(&b, token.ptr[++i] == '0' ? '~' : '/');
        } else {
            strbuf_put_char(&b, token.ptr[i]);
        }
    }
    return arena_copy(a, strbuf_view(&b));
}

static bool step(struct tree *parent, struct strview token, struct place *at)
{
    struct tree **link = &parent->first;
    uint64_t index = UINT64_MAX;
    if (parent->type == TREE_OBJECT) {
        while (*link != NULL && !sv_eq((*link)->key, token)) {
            link = &(*link)->next;
        }
    } else if (parent->type == TREE_ARRAY) {
        bool end = sv_eq(token, SV("-"));
        if (!end && (!parse_u64(token, &index) || (token.len > 1 && token.ptr[0] == '0'))) {
            return false;
        }
        for (; *link != NULL && index != 0; index--) {
            link = &(*link)->next;
        }
        if (!end && index != 0) {
            return false;
        }
    } else {
        return false;
    }
    *at = (struct place){.link = link, .parent = parent, .token = token};
    return true;
}

static bool find(struct engine *e, struct strview pointer, struct place *at)
{
    *at = (struct place){.link = &e->root};
    struct strview rest = pointer, token;
    if (pointer.len == 0) {
        return true;
    }
    if (!sv_split(&rest, '/', &token) || token.len != 0) {
        return fail(e, "no pointer", pointer);
    }
    while (sv_split(&rest, '/', &token)) {
        if (*at->link == NULL || !step(*at->link, unescape(e->arena, token), at)) {
            return fail(e, "no such parent", pointer);
        }
    }
    return true;
}

static bool find_existing(struct engine *e, struct strview pointer, struct place *at)
{
    return find(e, pointer, at) && (*at->link != NULL || fail(e, "nothing there", pointer));
}

static void cut(struct place *at)
{
    struct tree *gone = *at->link;
    *at->link = gone->next;
    gone->next = NULL;
}

static bool add(struct engine *e, struct strview pointer, struct tree *value)
{
    struct place at;
    if (!find(e, pointer, &at)) {
        return false;
    }
    bool inserts = at.parent != NULL && at.parent->type == TREE_ARRAY;
    if (*at.link != NULL && !inserts) {
        cut(&at);
    }
    value->key = at.token;
    value->next = *at.link;
    *at.link = value;
    return true;
}

static bool apply_from(struct engine *e, const struct tree *op, struct strview name,
                       struct strview path)
{
    const struct tree *from = member(op, SV("from"));
    struct place at;
    if (from == NULL || !find_existing(e, from->text, &at)) {
        return fail(e, "no from", path);
    }
    struct tree *value = *at.link;
    if (sv_eq(name, SV("copy"))) {
        return add(e, path, tree_copy(e->arena, value));
    }
    if (sv_starts(path, from->text) && path.len > from->text.len &&
        path.ptr[from->text.len] == '/') {
        return fail(e, "moved into itself", path);
    }
    cut(&at);
    return add(e, path, value);
}

static bool apply_one(struct engine *e, const struct tree *op)
{
    const struct tree *name = member(op, SV("op"));
    const struct tree *path = member(op, SV("path"));
    const struct tree *value = member(op, SV("value"));
    if (op->type != TREE_OBJECT || name == NULL || path == NULL || path->type != TREE_STRING) {
        return fail(e, "no operation", SV("op or path is missing"));
    }
    if (sv_eq(name->text, SV("move")) || sv_eq(name->text, SV("copy"))) {
        return apply_from(e, op, name->text, path->text);
    }
    struct place at;
    if (sv_eq(name->text, SV("remove"))) {
        if (!find_existing(e, path->text, &at)) {
            return false;
        }
        cut(&at);
        return true;
    }
    if (value == NULL) {
        return fail(e, "no value", path->text);
    }
    if (sv_eq(name->text, SV("add"))) {
        return add(e, path->text, tree_copy(e->arena, value));
    }
    if (!find_existing(e, path->text, &at)) {
        return false;
    }
    if (sv_eq(name->text, SV("test"))) {
        return tree_equal(*at.link, value) || fail(e, "test fails", path->text);
    }
    if (!sv_eq(name->text, SV("replace"))) {
        return fail(e, "unknown operation", name->text);
    }
    struct tree *copy = tree_copy(e->arena, value);
    copy->key = at.token;
    copy->next = (*at.link)->next;
    *at.link = copy;
    return true;
}

static char *text_of(const struct tree *t)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(BYTES_MAX);
    tree_put(&b, t);
    return strbuf_ok(&b) ? strdup(b.ptr) : NULL;
}

char *fake_patch_apply(struct strview doc, struct strview patch, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(BYTES_MAX);
    struct engine e = {.arena = &arena, .root = tree_parse(&arena, doc), .err = err};
    const struct tree *ops = tree_parse(&arena, patch);
    if (e.root == NULL || ops == NULL || ops->type != TREE_ARRAY) {
        (void)fail(&e, "no JSON", e.root == NULL ? doc : patch);
        return NULL;
    }
    for (const struct tree *op = ops->first; op != NULL; op = op->next) {
        if (!apply_one(&e, op)) {
            return NULL;
        }
    }
    if (e.root == NULL) {
        (void)fail(&e, "nothing is left", SV("the root was removed"));
        return NULL;
    }
    return text_of(e.root);
}

char *fake_json_canonical(struct strview doc)
{
    CLEANUP(arena_done) struct arena arena = ARENA(BYTES_MAX);
    const struct tree *t = tree_parse(&arena, doc);
    return t != NULL ? text_of(t) : NULL;
}
