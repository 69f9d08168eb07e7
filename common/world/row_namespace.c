// SPDX-License-Identifier: Apache-2.0
#include "common/world/row_namespace.h"

#include "common/base/mem.h"

struct namespace_row {
    struct row row;
    struct labels labels;
    struct label items[]; // then their texts, and the name
};

static struct strview copy(char **at, struct strview s)
{
    struct strview ret = sv_make(*at, s.len);
    if (s.len != 0) {
        memcpy(*at, s.ptr, s.len);
    }
    *at += s.len;
    return ret;
}

static void release(struct row *r)
{
    mem_free(r);
}

int row_namespace_new(const struct json *object, struct arena *scratch, struct row **ret,
                      struct err *err)
{
    struct strview name = json_get_string(json_get_lit(object, "metadata"), SV("name"));
    struct labels labels;
    if (name.len == 0) {
        return err_set(err, E_INVALID, "a Namespace without a name");
    }
    if (!labels_read(json_get_path(object, "metadata", "labels", NULL), scratch, &labels)) {
        return err_set(err, E_NOMEM, "no memory for a Namespace");
    }
    size_t bytes = name.len;
    for (size_t i = 0; i < labels.count; i++) {
        bytes += labels.items[i].key.len + labels.items[i].value.len;
    }
    struct namespace_row *r = mem_alloc(sizeof(*r) + labels.count * sizeof(struct label) + bytes);
    if (r == NULL) {
        return err_set(err, E_NOMEM, "no memory for a Namespace");
    }
    *r = (struct namespace_row){.row = {.done = release}};
    atomic_init(&r->row.refs, 1);
    char *at = (char *)(r->items + labels.count);
    for (size_t i = 0; i < labels.count; i++) {
        r->items[i].key = copy(&at, labels.items[i].key);
        r->items[i].value = copy(&at, labels.items[i].value);
    }
    r->labels = (struct labels){.items = r->items, .count = labels.count};
    r->row.keys[ROW_BY_NAME] = copy(&at, name);
    *ret = &r->row;
    return 0;
}

const struct labels *row_namespace_labels(const struct row *r)
{
    return &((const struct namespace_row *)r)->labels;
}

static bool labels_equal(const struct labels *a, const struct labels *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!sv_eq(a->items[i].key, b->items[i].key) ||
            !sv_eq(a->items[i].value, b->items[i].value)) {
            return false;
        }
    }
    return true;
}

bool row_namespace_equal(const struct row *a, const struct row *b)
{
    return labels_equal(row_namespace_labels(a), row_namespace_labels(b));
}
