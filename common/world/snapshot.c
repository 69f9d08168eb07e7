// SPDX-License-Identifier: Apache-2.0
#include "common/world/snapshot.h"

#include <stdatomic.h>

#include "common/base/mem.h"
#include "common/world/row_cluster.h"
#include "common/world/row_namespace.h"
#include "common/world/row_policy.h"

#define SET_MAX ((size_t)1 << 20) // the set itself; its policies are rows
#define KEY_MAX 4096

struct policies {
    atomic_uint refs;
    struct table *added, *watched; // hold what the set borrows
    struct arena arena;
    struct policy_set set;
    size_t faulty;
};

struct snapshot {
    atomic_uint refs;
    bool watched;
    struct policies *policies;
    struct table *namespaces, *clusters, *roles;
    struct policy_world world;
};

// ---- policies -----------------------------------------------------------------------------------

static void gather(const struct table *rows, const struct table *but, const struct policy **to,
                   size_t *n, size_t *faulty)
{
    struct row *r;
    for (struct table_at at = {0}; (r = table_row(rows, at)) != NULL; at = table_next(rows, at)) {
        if (but == NULL || table_get(but, r->keys[ROW_BY_NAME]) == NULL) {
            to[(*n)++] = row_policy_compiled(r);
            *faulty += row_policy_faults(r) != 0 ? 1 : 0;
        }
    }
}

int policies_make(struct table *added, struct table *watched, struct policies **ret,
                  struct err *err)
{
    struct policies *p = mem_alloc(sizeof(*p));
    if (p == NULL) {
        return err_set(err, E_NOMEM, "no memory for the policies");
    }
    *p = (struct policies){
        .arena = ARENA(SET_MAX), .added = table_ref(added), .watched = table_ref(watched)};
    atomic_init(&p->refs, 1);
    size_t n = 0, most = table_count(added) + table_count(watched);
    const struct policy **all = ARENA_NEW_N(&p->arena, const struct policy *, most + 1);
    int rc = all != NULL ? 0 : err_set(err, E_NOMEM, "no memory for the policies");
    if (rc == 0) {
        gather(added, NULL, all, &n, &p->faulty);
        gather(watched, added, all, &n, &p->faulty);
        rc = policy_set_make(all, n, &p->arena, &p->set, err);
    }
    if (rc != 0) {
        policies_unref(p);
        return -1;
    }
    *ret = p;
    return 0;
}

void policies_unref(struct policies *p)
{
    if (p != NULL && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1) {
        table_unref(p->added);
        table_unref(p->watched);
        arena_done(&p->arena);
        mem_free(p);
    }
}

// ---- the world ----------------------------------------------------------------------------------

static bool namespace_labels(const void *ctx, struct strview ns, struct labels *ret)
{
    const struct snapshot *snap = ctx;
    const struct row *r = table_get(snap->namespaces, ns);
    if (r == NULL) {
        return false;
    }
    *ret = *row_namespace_labels(r);
    return true;
}

/// A key on the stack: a review takes no heap for it. What is longer is nobody's.
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

static struct row *cluster_row(const struct snapshot *snap, struct strview ns, struct strview name)
{
    struct key k UNINITIALIZED;
    return key_make(&k, ns, name) ? table_get(snap->clusters, key_view(&k)) : NULL;
}

static bool cluster_exists(const void *ctx, struct strview ns, struct strview name)
{
    return cluster_row(ctx, ns, name) != NULL;
}

bool snapshot_stored(const void *snap, struct strview ns, struct strview name, struct strview *ret)
{
    const struct row *r = cluster_row(snap, ns, name);
    if (r == NULL) {
        return false;
    }
    *ret = row_cluster_text(r);
    return true;
}

static int64_t namespace_parallelism(const void *ctx, struct strview ns, struct strview name)
{
    const struct snapshot *snap = ctx;
    struct key k UNINITIALIZED;
    if (!key_make(&k, ns, SV(""))) {
        return 0;
    }
    const struct row *self = cluster_row(snap, ns, name);
    return table_weight(snap->clusters, key_view(&k)) - (self != NULL ? self->weight : 0);
}

static bool role_user(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret)
{
    const struct snapshot *snap = ctx;
    struct key k UNINITIALIZED;
    if (!key_make(&k, key, SV(""))) {
        return false;
    }
    const struct row *r;
    for (struct table_at at = table_seek(snap->roles, key_view(&k));
         (r = table_row(snap->roles, at)) != NULL && sv_starts(r->keys[ROW_BY_ROLE], key_view(&k));
         at = table_next(snap->roles, at)) {
        *ret = (struct policy_cluster_id){row_cluster_ns(r), row_cluster_name(r)};
        if (self == NULL || !sv_eq(ret->ns, self->ns) || !sv_eq(ret->name, self->name)) {
            return true;
        }
    }
    return false;
}

// ---- life ---------------------------------------------------------------------------------------

struct snapshot *snapshot_new(const struct snapshot_parts *parts)
{
    struct snapshot *snap = mem_alloc(sizeof(*snap));
    if (snap == NULL) {
        return NULL;
    }
    *snap = (struct snapshot){.watched = parts->watched,
                              .policies = parts->policies,
                              .namespaces = table_ref(parts->namespaces),
                              .clusters = table_ref(parts->clusters),
                              .roles = table_ref(parts->roles),
                              .world = {.ctx = snap}};
    atomic_init(&snap->refs, 1);
    atomic_fetch_add_explicit(&snap->policies->refs, 1, memory_order_relaxed);
    if (snap->watched) {
        snap->world.namespace_labels = namespace_labels;
        snap->world.role_user = role_user;
        snap->world.namespace_parallelism = namespace_parallelism;
        snap->world.cluster_exists = cluster_exists;
    }
    return snap;
}

struct snapshot *snapshot_ref(struct snapshot *snap)
{
    atomic_fetch_add_explicit(&snap->refs, 1, memory_order_relaxed);
    return snap;
}

void snapshot_unref(struct snapshot *snap)
{
    if (snap != NULL && atomic_fetch_sub_explicit(&snap->refs, 1, memory_order_acq_rel) == 1) {
        policies_unref(snap->policies);
        table_unref(snap->namespaces);
        table_unref(snap->clusters);
        table_unref(snap->roles);
        mem_free(snap);
    }
}

const struct policy_set *snapshot_policies(const struct snapshot *snap)
{
    return &snap->policies->set;
}

const struct policy_world *snapshot_world(const struct snapshot *snap)
{
    return &snap->world;
}

bool snapshot_is_watched(const struct snapshot *snap)
{
    return snap->watched;
}

void snapshot_count(const struct snapshot *snap, struct snapshot_counts *ret)
{
    *ret = (struct snapshot_counts){.policies = snap->policies->set.n,
                                    .faulty_policies = snap->policies->faulty,
                                    .namespaces = table_count(snap->namespaces),
                                    .clusters = table_count(snap->clusters)};
}
