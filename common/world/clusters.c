// SPDX-License-Identifier: Apache-2.0
#include "common/world/clusters.h"

#include "common/base/mem.h"
#include "common/world/row_cluster.h"

#define KEY_MAX 4096

int clusters_init(struct clusters *c, struct err *err)
{
    *c = (struct clusters){.names = table_new(ROW_BY_NAME), .roles = table_new(ROW_BY_ROLE)};
    if (c->names == NULL || c->roles == NULL) {
        clusters_done(c);
        return err_set(err, E_NOMEM, "no memory for the clusters");
    }
    return 0;
}

void clusters_done(struct clusters *c)
{
    table_unref(c->names);
    table_unref(c->roles);
    *c = (struct clusters){.names = NULL};
}

// ---- keys ---------------------------------------------------------------------------------------

/// "FIRST\0SECOND" on the stack: who asks takes no heap for it. What is longer is nobody's.
struct key {
    char bytes[KEY_MAX];
    size_t len;
};

static bool key_make(struct key *k, struct strview first, struct strview second)
{
    if (first.len + 1 + second.len > sizeof(k->bytes)) {
        return false;
    }
    memcpy(k->bytes, first.ptr != NULL ? first.ptr : "", first.len);
    k->bytes[first.len] = '\0';
    memcpy(k->bytes + first.len + 1, second.ptr != NULL ? second.ptr : "", second.len);
    k->len = first.len + 1 + second.len;
    return true;
}

static struct strview key_view(const struct key *k)
{
    return sv_make(k->bytes, k->len);
}

static const struct table_at NOWHERE = {.chunk = SIZE_MAX};

/// Where the keys begin that start with "FIRST\0".
static struct table_at seek(const struct table *t, struct strview first)
{
    struct key k UNINITIALIZED;
    return key_make(&k, first, SV("")) ? table_seek(t, key_view(&k)) : NOWHERE;
}

static bool starts(const struct row *r, enum row_order order, struct strview first)
{
    struct strview key = r->keys[order];
    return sv_starts(key, first) && key.len > first.len && key.ptr[first.len] == '\0';
}

struct table_at clusters_of_namespace(const struct clusters *c, struct strview ns)
{
    return seek(c->names, ns);
}

struct table_at clusters_of_role(const struct clusters *c, struct strview role)
{
    return seek(c->roles, role);
}

bool clusters_in_namespace(const struct row *r, struct strview ns)
{
    return starts(r, ROW_BY_NAME, ns);
}

bool clusters_has_role(const struct row *r, struct strview role)
{
    return starts(r, ROW_BY_ROLE, role);
}

// ---- reading ------------------------------------------------------------------------------------

struct row *clusters_get(const struct clusters *c, struct strview ns, struct strview name)
{
    struct key k UNINITIALIZED;
    return key_make(&k, ns, name) ? table_get(c->names, key_view(&k)) : NULL;
}

int64_t clusters_parallelism(const struct clusters *c, struct strview ns, struct strview but)
{
    struct key k UNINITIALIZED;
    if (!key_make(&k, ns, SV(""))) {
        return 0;
    }
    const struct row *self = clusters_get(c, ns, but);
    return table_weight(c->names, key_view(&k)) - (self != NULL ? self->weight : 0);
}

bool clusters_role_user(const struct clusters *c, struct strview role,
                        const struct policy_cluster_id *self, struct policy_cluster_id *ret)
{
    const struct row *r;
    for (struct table_at at = clusters_of_role(c, role);
         (r = table_row(c->roles, at)) != NULL && clusters_has_role(r, role);
         at = table_next(c->roles, at)) {
        *ret = (struct policy_cluster_id){row_cluster_ns(r), row_cluster_name(r)};
        if (self == NULL || !sv_eq(ret->ns, self->ns) || !sv_eq(ret->name, self->name)) {
            return true;
        }
    }
    return false;
}

// ---- writing ------------------------------------------------------------------------------------

bool clusters_put(struct clusters *c, struct row *row)
{
    struct row *old = table_get(c->names, row->keys[ROW_BY_NAME]);
    struct strview was = old != NULL ? old->keys[ROW_BY_ROLE] : SV_NONE;
    struct strview is = row->keys[ROW_BY_ROLE];
    if (sv_present(is) && !table_put(&c->roles, row)) {
        return false;
    }
    if (old != NULL) {
        row_ref(old); // its role is needed to the end
    }
    bool ok = table_put(&c->names, row) &&
              (!sv_present(was) || sv_eq(was, is) || table_del(&c->roles, was));
    row_unref(old);
    return ok;
}

bool clusters_drop(struct clusters *c, struct strview ns, struct strview name)
{
    struct row *old = clusters_get(c, ns, name);
    if (old == NULL) {
        return true;
    }
    struct strview role = old->keys[ROW_BY_ROLE];
    row_ref(old);
    bool ok = (!sv_present(role) || table_del(&c->roles, role)) &&
              table_del(&c->names, old->keys[ROW_BY_NAME]);
    row_unref(old);
    return ok;
}

// ---- rows ---------------------------------------------------------------------------------------

struct plain_row {
    struct row row;
    int64_t number;
    char bytes[]; // role, NUL, namespace, NUL, name
};

static void release(struct row *r)
{
    mem_free(r);
}

static char *put(char *at, struct strview s)
{
    if (s.len != 0) {
        memcpy(at, s.ptr, s.len);
    }
    return at + s.len;
}

struct row *clusters_row_new(struct strview ns, struct strview name, struct strview role,
                             int64_t parallelism, int64_t number)
{
    struct plain_row *r = mem_alloc(sizeof(*r) + role.len + ns.len + name.len + 2);
    if (r == NULL) {
        return NULL;
    }
    *r = (struct plain_row){.row = {.weight = parallelism, .done = release}, .number = number};
    atomic_init(&r->row.refs, 1);
    char *key = put(r->bytes, role);
    *key++ = '\0';
    char *at = put(key, ns);
    *at++ = '\0';
    at = put(at, name);
    r->row.keys[ROW_BY_NAME] = sv_make(key, (size_t)(at - key));
    r->row.keys[ROW_BY_ROLE] = role.len != 0 ? sv_make(r->bytes, (size_t)(at - r->bytes)) : SV_NONE;
    return &r->row;
}

int64_t clusters_row_number(const struct row *r)
{
    return ((const struct plain_row *)r)->number;
}
