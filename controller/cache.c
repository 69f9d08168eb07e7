// SPDX-License-Identifier: Apache-2.0
#include "controller/cache.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/kube/span.h"
#include "common/kube/watcher.h"
#include "controller/claims_follow.h"
#include "controller/digest.h"
#include "controller/ha_store.h"

/// Only what Sluice made is watched: all of a busy cluster's pods would be a hundred times as much.
#define CHILD_SELECTOR "app.kubernetes.io/managed-by=sluice"

_Static_assert((CHILD_KIND_COUNT + 2) * CACHE_MAX_NAMESPACES <= KUBE_MAX_WATCHES,
               "too few watches for the namespaces");

struct scope {
    struct strview ns; // empty: all namespaces
    struct kube_store *clusters;
    struct kube_store *children[CHILD_KIND_COUNT];
    struct ha_store *ha;
};

struct cache {
    struct queue *queue;
    struct claims *claims;
    struct strays *strays;
    struct kube_watcher *watcher;
    struct scope *scopes;
    size_t n_scopes;
};

static const struct kube_resource *const RESOURCES[CHILD_KIND_COUNT] = {
    [CHILD_REVISION] = &KUBE_CONTROLLERREVISIONS,
    [CHILD_CONFIG_MAP] = &KUBE_CONFIGMAPS,
    [CHILD_SERVICE_ACCOUNT] = &KUBE_SERVICEACCOUNTS,
    [CHILD_ROLE_BINDING] = &KUBE_ROLEBINDINGS,
    [CHILD_SERVICE] = &KUBE_SERVICES,
    [CHILD_PDB] = &KUBE_PODDISRUPTIONBUDGETS,
    [CHILD_POD] = &KUBE_PODS,
};

const struct kube_resource *cache_child_resource(enum child_kind kind)
{
    return RESOURCES[kind];
}

/// The one that has the namespace, or NULL.
static const struct scope *scope_of(const struct cache *c, struct strview ns)
{
    for (size_t i = 0; i < c->n_scopes; i++) {
        if (c->scopes[i].ns.len == 0 || sv_eq(c->scopes[i].ns, ns)) {
            return &c->scopes[i];
        }
    }
    return NULL;
}

static struct claims_stores claims_stores_of(const struct cache *c, struct strview ns)
{
    const struct scope *s = scope_of(c, ns); // whose watch tells of it
    return (struct claims_stores){.clusters = s->clusters, .records = s->children[CHILD_REVISION]};
}

// ---- changes become keys ----------------------------------------------------------------------

/// Writes "NS/NAME" into TEXT of QUEUE_KEY_MAX bytes; SV_NONE when there is no such key.
static struct strview key_make(char *text, struct strview ns, struct strview name)
{
    if (ns.len + name.len + 1 >= QUEUE_KEY_MAX || name.len == 0) {
        return SV_NONE;
    }
    memcpy(text, ns.ptr, ns.len);
    text[ns.len] = '/';
    memcpy(text + ns.len + 1, name.ptr, name.len);
    return sv_make(text, ns.len + 1 + name.len);
}

static void queue_key(struct cache *c, struct strview ns, struct strview name,
                      enum queue_class class)
{
    char text[QUEUE_KEY_MAX];
    struct strview key = key_make(text, ns, name);
    if (sv_present(key) && !queue_add(c->queue, key, class)) {
        log_error("the work queue is full", KV_S("namespace", ns), KV_S("name", name));
    }
}

static struct strview generation_of(const struct kube_object *o)
{
    return span_member(span_member(o->text, SV("metadata")), SV("generation"));
}

static void on_cluster(void *ctx, const struct kube_object *old, const struct kube_object *now)
{
    const struct kube_object *o = now != NULL ? now : old;
    struct cache *c = ctx;
    ASSERT(o != NULL);
    if (c->claims != NULL) {
        const struct claims_stores stores = claims_stores_of(c, o->ns);
        claims_follow_cluster(c->claims, &stores, old, now);
    }
    bool edit = old != NULL && now != NULL && !sv_eq(generation_of(old), generation_of(now));
    queue_key(c, o->ns, o->name, edit ? QUEUE_EDIT : QUEUE_CHANGE);
}

static void queue_owner(struct cache *c, const struct kube_object *o, enum queue_class class)
{
    if (o != NULL && sv_eq_lit(o->owner_kind, FLINK_KIND)) {
        queue_key(c, o->ns, o->owner_name, class);
    }
}

static void queue_owners(struct cache *c, const struct kube_object *old,
                         const struct kube_object *now, enum queue_class class)
{
    // Both: a child whose owner reference was taken away is missed by its old owner.
    queue_owner(c, now, class);
    if (old != NULL && (now == NULL || !sv_eq(old->owner_name, now->owner_name))) {
        queue_owner(c, old, class);
    }
}

static void on_child(void *ctx, const struct kube_object *old, const struct kube_object *now)
{
    queue_owners(ctx, old, now, QUEUE_CHANGE);
}

/// Whether nothing runs in it any more.
static bool is_over(const struct kube_object *pod)
{
    struct strview phase = span_member(span_member(pod->text, SV("status")), SV("phase"));
    return sv_eq_lit(phase, "\"Failed\"") || sv_eq_lit(phase, "\"Succeeded\"");
}

/// A child that is not made again from nothing: it is asked after when it leaves the watch.
static void note_stray(struct cache *c, enum child_kind kind, const struct kube_object *old,
                       const struct kube_object *now)
{
    char text[QUEUE_KEY_MAX];
    bool lost = old != NULL && now == NULL && !old->deleting;
    struct strview key = lost ? key_make(text, old->ns, old->owner_name) : SV_NONE;
    if (sv_present(key)) {
        strays_note(c->strays, key, kind, old->name, old->uid);
    }
}

static void on_pod(void *ctx, const struct kube_object *old, const struct kube_object *now)
{
    bool lost = now == NULL || now->deleting || is_over(now);
    note_stray(ctx, CHILD_POD, old, now);
    queue_owners(ctx, old, now, lost ? QUEUE_EDIT : QUEUE_CHANGE);
}

/// A new record is what an edit's pods wait for.
static void on_record(void *ctx, const struct kube_object *old, const struct kube_object *now)
{
    const struct kube_object *o = now != NULL ? now : old;
    struct cache *c = ctx;
    ASSERT(o != NULL);
    if (c->claims != NULL) {
        const struct claims_stores stores = claims_stores_of(c, o->ns);
        claims_follow_record(c->claims, &stores, old, now);
    }
    note_stray(c, CHILD_REVISION, old, now);
    queue_owners(c, old, now, old == NULL ? QUEUE_EDIT : QUEUE_CHANGE);
}

static void on_ha(void *ctx, struct strview ns, struct strview cluster)
{
    queue_key(ctx, ns, cluster, QUEUE_CHANGE);
}

static void on_failed(void *ctx, const struct err *err)
{
    const struct kube_resource *r = ctx;
    log_warn("watch failed", KV_STR("resource", r->plural), KV_ERR(err));
}

// ---- life -------------------------------------------------------------------------------------

static int add_events(struct cache *c, struct scope *s, const struct kube_resource *resource,
                      struct strview selector, kube_event_fn *event, void *event_ctx,
                      struct err *err)
{
    union {
        const struct kube_resource *in;
        void *out;
    } ctx = {.in = resource};
    struct kube_watch_spec spec = {.resource = resource,
                                   .ns = s->ns,
                                   .label_selector = selector,
                                   .event = event,
                                   .event_ctx = event_ctx,
                                   .failed = on_failed,
                                   .ctx = ctx.out};
    return kube_watcher_add(c->watcher, &spec, err);
}

static int add_watch(struct cache *c, struct scope *s, const struct kube_resource *resource,
                     struct strview selector, struct kube_store *store, struct err *err)
{
    return add_events(c, s, resource, selector, kube_store_event, store, err);
}

static void pack(int kind, const struct json *object, struct json_out *o)
{
    digest_put((enum child_kind)kind, object, o);
}

static int add_children(struct cache *c, struct scope *s, enum child_kind kind, struct err *err)
{
    struct kube_store **store = &s->children[kind];
    kube_changed_fn *changed = kind == CHILD_POD        ? on_pod
                               : kind == CHILD_REVISION ? on_record
                                                        : on_child;
    return kube_store_new_packed(CACHE_MAX_OBJECTS, digest_is_for(kind) ? pack : NULL, (int)kind,
                                 changed, c, store, err) != 0
               ? -1
               : add_watch(c, s, RESOURCES[kind], SV(CHILD_SELECTOR), *store, err);
}

static int open_scope(struct cache *c, struct scope *s, struct err *err)
{
    if (kube_store_new(CACHE_MAX_OBJECTS, on_cluster, c, &s->clusters, err) != 0 ||
        add_watch(c, s, &KUBE_FLINKCLUSTERS, SV_NONE, s->clusters, err) != 0) {
        return -1;
    }
    for (int k = 0; k < CHILD_KIND_COUNT; k++) {
        if (add_children(c, s, (enum child_kind)k, err) != 0) {
            return -1;
        }
    }
    // Flink's own, which don't carry our label.
    return ha_store_new(CACHE_MAX_OBJECTS, on_ha, c, &s->ha, err) != 0
               ? -1
               : add_events(c, s, &KUBE_CONFIGMAPS, SV(HA_SELECTOR), ha_store_event, s->ha, err);
}

int cache_new(const struct cache_settings *settings, struct cache **ret, struct err *err)
{
    struct cache *c = calloc(1, sizeof(*c));
    size_t n = settings->namespace_count != 0 ? settings->namespace_count : 1;
    struct scope *scopes = calloc(n, sizeof(*scopes));
    if (c == NULL || scopes == NULL) {
        free(c);
        free(scopes);
        return err_set(err, E_NOMEM, "no memory for the cache");
    }
    c->queue = settings->queue;
    c->claims = settings->claims;
    c->scopes = scopes;
    c->n_scopes = n;
    if (strays_new(&c->strays, err) != 0) {
        cache_free(c);
        return -1;
    }
    if (kube_watcher_new(settings->config, settings->observe, settings->observe_ctx, &c->watcher,
                         err) != 0) {
        cache_free(c);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        scopes[i].ns = settings->namespace_count != 0 ? sv_from(settings->namespaces[i]) : SV("");
        if (open_scope(c, &scopes[i], err) != 0) {
            cache_free(c);
            return -1;
        }
    }
    *ret = c;
    return 0;
}

int cache_start(struct cache *c, struct err *err)
{
    return kube_watcher_start(c->watcher, err);
}

void cache_stop(struct cache *c)
{
    kube_watcher_stop(c->watcher);
}

void cache_free(struct cache *c)
{
    if (c == NULL) {
        return;
    }
    kube_watcher_free(c->watcher);
    for (size_t i = 0; i < c->n_scopes; i++) {
        kube_store_free(c->scopes[i].clusters);
        for (int k = 0; k < CHILD_KIND_COUNT; k++) {
            kube_store_free(c->scopes[i].children[k]);
        }
        ha_store_free(c->scopes[i].ha);
    }
    strays_free(c->strays);
    free(c->scopes);
    free(c);
}

struct strays *cache_strays(const struct cache *c)
{
    return c->strays;
}

bool cache_synced(const struct cache *c)
{
    return kube_watcher_synced(c->watcher);
}

bool cache_has_cluster(struct cache *c, struct strview ns, struct strview name)
{
    const struct scope *s = scope_of(c, ns);
    struct kube_object *o = s != NULL ? kube_store_get(s->clusters, ns, name) : NULL;
    kube_object_unref(o);
    return o != NULL;
}

int cache_clusters(struct cache *c, struct arena *arena, struct kube_object ***ret,
                   size_t *ret_count, struct err *err)
{
    struct kube_object **lists[CACHE_MAX_NAMESPACES];
    size_t counts[CACHE_MAX_NAMESPACES], sum = 0, listed = 0;
    int rc = 0;
    for (size_t i = 0; i < c->n_scopes && rc == 0; i++) {
        rc = kube_store_list(c->scopes[i].clusters, SV(""), arena, &lists[i], &counts[i], err);
        sum += rc == 0 ? counts[i] : 0;
        listed += rc == 0;
    }
    struct kube_object **all = rc == 0 ? ARENA_NEW_N(arena, struct kube_object *, sum + 1) : NULL;
    if (rc == 0 && all == NULL) {
        rc = err_set(err, E_NOMEM, "no memory for a list of clusters");
    }
    size_t n = 0;
    for (size_t i = 0; i < listed; i++) {
        for (size_t j = 0; j < counts[i]; j++) {
            if (all != NULL) {
                all[n++] = lists[i][j];
            } else {
                kube_object_unref(lists[i][j]);
            }
        }
    }
    *ret = all;
    *ret_count = n;
    return rc;
}

size_t cache_cluster_count(struct cache *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_scopes; i++) {
        n += kube_store_count(c->scopes[i].clusters);
    }
    return n;
}

/// A list of everything costs two arrays of pointers.
#define LIST_ARENA_MAX ((size_t)CACHE_MAX_NAMESPACES * CACHE_MAX_OBJECTS * 16)

void cache_resync(struct cache *c)
{
    CLEANUP(arena_done) struct arena arena = ARENA(LIST_ARENA_MAX);
    struct kube_object **all;
    size_t n;
    struct err err;
    if (cache_clusters(c, &arena, &all, &n, &err) != 0) {
        log_error("resync failed", KV_ERR(&err));
        return;
    }
    for (size_t j = 0; j < n; j++) {
        queue_key(c, all[j]->ns, all[j]->name, QUEUE_RESYNC);
    }
    kube_objects_unref(all, n);
}

// ---- views ------------------------------------------------------------------------------------

static int view_children(struct kube_store *store, int kind, struct arena *arena,
                         struct cache_view *v, struct err *err)
{
    struct kube_object ***objects = &v->children[kind];
    size_t *n = &v->n_children[kind];
    if (kube_store_list_by_owner(store, v->cluster->uid, arena, objects, n, err) != 0) {
        return -1;
    }
    const struct json **trees = ARENA_NEW_N(arena, const struct json *, *n);
    if (trees == NULL) {
        return err_set(err, E_NOMEM, "no memory for a cluster's children");
    }
    for (size_t i = 0; i < *n; i++) {
        if (kube_object_tree((*objects)[i], arena, &trees[i], err) != 0) {
            return -1;
        }
    }
    v->trees[kind] = (struct children){.items = trees, .n = *n};
    return 0;
}

int cache_view(struct cache *c, struct strview key, struct arena *arena, struct cache_view *ret,
               struct err *err)
{
    *ret = (struct cache_view){.cluster = NULL};
    size_t slash = sv_find_char(key, '/');
    struct strview ns = sv_sub(key, 0, slash != SIZE_MAX ? slash : 0);
    const struct scope *s = scope_of(c, ns);
    ret->cluster = s != NULL ? kube_store_get(s->clusters, ns, sv_from_pos(key, slash + 1)) : NULL;
    if (ret->cluster == NULL) {
        return 0;
    }
    if (ha_store_read(s->ha, ns, ret->cluster->name, arena, &ret->ha, &ret->n_ha, err) != 0) {
        cache_view_release(ret);
        return -1;
    }
    int rc = kube_object_tree(ret->cluster, arena, &ret->object, err);
    for (int k = 0; k < CHILD_KIND_COUNT && rc == 0; k++) {
        rc = view_children(s->children[k], k, arena, ret, err);
    }
    if (rc != 0) {
        cache_view_release(ret);
    }
    return rc;
}

void cache_view_release(struct cache_view *v)
{
    for (int k = 0; k < CHILD_KIND_COUNT; k++) {
        kube_objects_unref(v->children[k], v->n_children[k]);
    }
    kube_object_unref(v->cluster);
    *v = (struct cache_view){.cluster = NULL};
}
