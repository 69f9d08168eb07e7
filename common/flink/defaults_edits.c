// SPDX-License-Identifier: Apache-2.0
#include "common/flink/defaults_edits.h"

#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/json/out.h"

#define VALUE_MAX ((size_t)1 << 20) // bytes of one value

/// Room for one more, behind those of its rank; NULL: the arena is full.
static struct defaults_edit *place(struct defaults_edits *e, unsigned rank)
{
    if (e->n == e->cap) {
        size_t cap = e->cap != 0 ? e->cap * 2 : 16;
        struct defaults_edit *items = ARENA_NEW_N(e->arena, struct defaults_edit, cap);
        if (items == NULL) {
            return NULL;
        }
        if (e->n != 0) {
            memcpy(items, e->items, e->n * sizeof(*items));
        }
        e->items = items;
        e->cap = cap;
    }
    size_t at = e->n++;
    for (; at > 0 && e->items[at - 1].rank > rank; at--) {
        e->items[at] = e->items[at - 1];
    }
    return &e->items[at];
}

void defaults_edits_add(struct defaults_edits *e, unsigned rank, const struct strview *keys,
                        size_t n, struct strview value)
{
    ASSERT(n != 0 && n <= DEFAULTS_DEPTH_MAX);
    struct defaults_edit *it = place(e, rank);
    if (it == NULL) {
        return;
    }
    *it = (struct defaults_edit){.rank = rank, .n = n, .value = value};
    memcpy(it->keys, keys, n * sizeof(*keys));
}

struct strview defaults_json_string(struct arena *arena, struct strview value)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(arena, VALUE_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_string(&o, value);
    return strbuf_ok(&b) ? arena_copy(arena, strbuf_view(&b)) : arena_printf(arena, "\"\"");
}

struct strview defaults_json_text(struct arena *arena, const struct json *value)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(arena, VALUE_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_value(&o, value);
    return arena_copy(arena, strbuf_view(&b));
}

void defaults_edits_add_string(struct defaults_edits *e, unsigned rank, const struct strview *keys,
                               size_t n, struct strview value)
{
    defaults_edits_add(e, rank, keys, n, defaults_json_string(e->arena, value));
}

void defaults_edits_add_int(struct defaults_edits *e, unsigned rank, const struct strview *keys,
                            size_t n, int64_t value)
{
    defaults_edits_add(e, rank, keys, n, arena_printf(e->arena, "%lld", (long long)value));
}

/// How many from E on have the same key at LEVEL, of N.
static size_t group(const struct defaults_edit *e, size_t n, size_t level)
{
    size_t k = 1;
    while (k < n && e[k].n > level && sv_eq(e[k].keys[level], e[0].keys[level])) {
        k++;
    }
    return k;
}

/// An object of what N edits set, from the keys at LEVEL on.
static void put_object(struct json_out *o, const struct defaults_edit *e, size_t n, size_t level)
{
    json_out_begin_object(o);
    for (size_t i = 0; i < n;) {
        size_t k = group(e + i, n - i, level);
        json_out_key(o, e[i].keys[level]);
        if (e[i].n == level + 1) {
            json_out_raw(o, e[i].value);
        } else {
            put_object(o, e + i, k, level + 1);
        }
        i += k;
    }
    json_out_end_object(o);
}

/// K edits beneath e->keys[LEVEL], which is absent or null.
static int put_parent(const struct defaults_edit *e, size_t k, size_t level,
                      const struct json *root, struct json_patch *patch, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(patch->text.arena, patch->text.max);
    struct json_out o = JSON_OUT(&b);
    put_object(&o, e, k, level + 1);
    if (!strbuf_ok(&b)) {
        return b.no_memory ? err_set(err, E_NOMEM, "no memory for a default")
                           : err_set(err, E_TOO_LARGE, "the defaults have no room in a patch");
    }
    return json_patch_set(patch, root, e->keys, level + 1, strbuf_view(&b), err);
}

static int put_level(const struct defaults_edit *e, size_t n, size_t level, const struct json *at,
                     const struct json *root, struct json_patch *patch, struct err *err)
{
    for (size_t i = 0; i < n;) {
        size_t k = group(e + i, n - i, level);
        const struct json *child = json_get(at, e[i].keys[level]);
        int rc = e[i].n == level + 1
                     ? json_patch_set(patch, root, e[i].keys, e[i].n, e[i].value, err)
                 : json_type(child) == JSON_OBJECT
                     ? put_level(e + i, k, level + 1, child, root, patch, err)
                     : put_parent(e + i, k, level, root, patch, err);
        if (rc != 0) {
            return -1;
        }
        i += k;
    }
    return 0;
}

int defaults_edits_put(const struct defaults_edits *e, const struct json *root,
                       struct json_patch *patch, struct err *err)
{
    return put_level(e->items, e->n, 0, root, root, patch, err);
}
