// SPDX-License-Identifier: Apache-2.0
#include "common/world/snapshot.h"

#include <stdatomic.h>

#include "common/base/mem.h"
#include "common/world/clusters.h"
#include "common/world/row_cluster.h"
#include "common/world/row_namespace.h"
#include "common/world/row_policy.h"

#define SET_MAX ((size_t)4 << 20) // the set itself; its policies are rows

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
    struct table *namespaces;
    struct clusters clusters;
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

static bool cluster_exists(const void *ctx, struct strview ns, struct strview name)
{
    const struct snapshot *snap = ctx;
    return clusters_get(&snap->clusters, ns, name) != NULL;
}

bool snapshot_stored(const void *snap, struct strview ns, struct strview name, struct strview *ret)
{
    const struct snapshot *s = snap;
    const struct row *r = clusters_get(&s->clusters, ns, name);
    if (r == NULL) {
        return false;
    }
    *ret = row_cluster_text(r);
    return true;
}

static int64_t namespace_parallelism(const void *ctx, struct strview ns, struct strview name)
{
    const struct snapshot *snap = ctx;
    return clusters_parallelism(&snap->clusters, ns, name);
}

static bool role_user(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret)
{
    const struct snapshot *snap = ctx;
    return clusters_role_user(&snap->clusters, key, self, ret);
}

// ---- life ---------------------------------------------------------------------------------------

struct snapshot *snapshot_new(const struct snapshot_parts *parts)
{
    struct snapshot *snap = mem_alloc(sizeof(*snap));
    if (snap == NULL) {
        return NULL;
    }
    *snap = (struct snapshot){
        .watched = parts->watched,
        .policies = parts->policies,
        .namespaces = table_ref(parts->namespaces),
        .clusters = {.names = table_ref(parts->clusters), .roles = table_ref(parts->roles)},
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
        clusters_done(&snap->clusters);
        mem_free(snap);
    }
}

const struct row *snapshot_policy_row(const struct snapshot *snap, struct strview name)
{
    const struct row *added = table_get(snap->policies->added, name);
    return added != NULL ? added : table_get(snap->policies->watched, name);
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
                                    .clusters = table_count(snap->clusters.names)};
}
