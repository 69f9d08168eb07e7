// SPDX-License-Identifier: Apache-2.0
#include "controller/ha_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/kube/store.h"

/// "namespace/name" of a ConfigMap: 63 and 253 bytes.
#define KEY_MAX 320

/// One ConfigMap; its texts stand behind it.
struct entry {
    struct entry *next; // of the same cluster, in no order
    struct strview key; // "namespace/name"
    struct strview ns;
    struct ha_map map;
    uint64_t seen; // in which list
    char text[];
};

struct ha_store {
    pthread_mutex_t lock;
    struct map by_name;
    struct map by_cluster; // "namespace/cluster" → the first entry, whose text has the key
    size_t max;
    uint64_t list; // number of the running list; only the watch thread
    ha_changed_fn *changed;
    void *ctx;
};

int ha_store_new(size_t max, ha_changed_fn *changed, void *ctx, struct ha_store **ret,
                 struct err *err)
{
    struct ha_store *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return err_set(err, E_NOMEM, "no memory for a store");
    }
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        return err_set(err, E_IO, "no mutex");
    }
    s->max = max;
    s->changed = changed;
    s->ctx = ctx;
    *ret = s;
    return 0;
}

void ha_store_free(struct ha_store *s)
{
    if (s == NULL) {
        return;
    }
    struct map_entry e;
    for (size_t i = 0; map_next(&s->by_name, &i, &e);) {
        mem_free(e.value);
    }
    map_done(&s->by_name);
    map_done(&s->by_cluster);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

// ---- entries --------------------------------------------------------------------------------

static struct strview copy_to(char **at, struct strview text)
{
    struct strview copy = sv_make(*at, text.len);
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
        *at += text.len;
    }
    return sv_present(text) ? copy : SV_NONE;
}

static struct entry *entry_new(struct strview ns, const struct ha_map *m)
{
    size_t size = 2 * ns.len + 2 + m->name.len + m->uid.len + m->owner_uid.len + m->host.len;
    struct entry *e = mem_alloc(sizeof(*e) + size);
    if (e == NULL) {
        return NULL;
    }
    char *at = e->text;
    *e = (struct entry){.map = *m};
    e->ns = copy_to(&at, ns);
    *at++ = '/';
    e->map.name = copy_to(&at, m->name);
    e->key = sv_make(e->text, (size_t)(at - e->text));
    e->map.uid = copy_to(&at, m->uid);
    e->map.owner_uid = copy_to(&at, m->owner_uid);
    e->map.host = copy_to(&at, m->host);
    // These three are parts of the name.
    e->map.cluster = sv_sub(e->map.name, 0, m->cluster.len);
    e->map.run = sv_sub(e->map.name, (size_t)(m->run.ptr - m->name.ptr), m->run.len);
    if (sv_present(m->job_id)) {
        e->map.job_id = sv_sub(e->map.name, (size_t)(m->job_id.ptr - m->name.ptr), m->job_id.len);
    }
    return e;
}

/// "namespace/cluster" is how the key of each of its ConfigMaps begins.
static struct strview cluster_key(const struct entry *e)
{
    return sv_sub(e->key, 0, e->ns.len + 1 + e->map.cluster.len);
}

static void unlink_entry(struct ha_store *s, struct entry *e)
{
    struct entry *first = map_get(&s->by_cluster, cluster_key(e));
    if (first != e) {
        while (first->next != e) {
            first = first->next;
        }
        first->next = e->next;
    } else {
        // The key is part of the first one's text: the next one brings its own.
        (void)map_del(&s->by_cluster, cluster_key(e));
        if (e->next != NULL && !map_put(&s->by_cluster, cluster_key(e->next), e->next)) {
            ASSERT(false); // there was room a moment ago
        }
    }
    (void)map_del(&s->by_name, e->key);
}

static int link_entry(struct ha_store *s, struct entry *e, struct err *err)
{
    struct entry *first = map_get(&s->by_cluster, cluster_key(e));
    if (s->by_name.count >= s->max) {
        return err_set(err, E_TOO_LARGE, "more than %zu HA ConfigMaps", s->max);
    }
    if (!map_put(&s->by_name, e->key, e)) {
        return err_set(err, E_NOMEM, "no memory for one more ConfigMap");
    }
    if (first != NULL) {
        e->next = first->next;
        first->next = e;
    } else if (!map_put(&s->by_cluster, cluster_key(e), e)) {
        (void)map_del(&s->by_name, e->key);
        return err_set(err, E_NOMEM, "no memory for one more ConfigMap");
    }
    return 0;
}

// ---- events ---------------------------------------------------------------------------------

static struct strview key_make(char *text, const struct kube_object *o)
{
    if (o->ns.len + o->name.len + 1 > KEY_MAX) {
        return SV_NONE;
    }
    char *at = text;
    (void)copy_to(&at, o->ns);
    *at++ = '/';
    (void)copy_to(&at, o->name);
    return sv_make(text, (size_t)(at - text));
}

static void tell(struct ha_store *s, const struct entry *e)
{
    if (s->changed != NULL) {
        s->changed(s->ctx, e->ns, e->map.cluster);
    }
}

/// Takes E out, tells, frees.
static void drop(struct ha_store *s, struct entry *e)
{
    pthread_mutex_lock(&s->lock);
    unlink_entry(s, e);
    pthread_mutex_unlock(&s->lock);
    tell(s, e);
    mem_free(e);
}

static int put(struct ha_store *s, struct entry *old, struct strview ns, const struct ha_map *map,
               struct err *err)
{
    struct entry *now = entry_new(ns, map);
    if (now == NULL) {
        return err_set(err, E_NOMEM, "no memory for one more ConfigMap");
    }
    now->seen = s->list;
    bool news = old == NULL || !ha_map_equal(&old->map, &now->map);
    pthread_mutex_lock(&s->lock);
    if (old != NULL) {
        unlink_entry(s, old);
    }
    int rc = link_entry(s, now, err);
    pthread_mutex_unlock(&s->lock);
    if (news || rc != 0) {
        tell(s, now);
    }
    mem_free(old);
    if (rc != 0) {
        mem_free(now);
    }
    return rc;
}

/// The table is changed by the watch thread alone, so it reads it without the lock.
static int take(struct ha_store *s, enum kube_event event, struct strview text, struct err *err)
{
    struct kube_object *o = NULL;
    struct ha_map map;
    char key_text[KEY_MAX];
    int rc = 0;
    if (kube_object_new(text, &o, err) != 0) {
        return -1;
    }
    struct strview key = key_make(key_text, o);
    if (sv_present(key) && ha_map_read(o->json, &map)) {
        struct entry *old = map_get(&s->by_name, key);
        if (event != KUBE_DELETED) {
            rc = put(s, old, o->ns, &map, err);
        } else if (old != NULL && sv_eq(old->map.uid, map.uid)) {
            drop(s, old);
        }
    }
    kube_object_unref(o);
    return rc;
}

static void drop_unseen(struct ha_store *s)
{
    bool found = true;
    while (found) {
        struct map_entry e;
        found = false;
        for (size_t i = 0; !found && map_next(&s->by_name, &i, &e);) {
            struct entry *old = e.value;
            if (old->seen != s->list) {
                drop(s, old);
                found = true;
            }
        }
    }
}

int ha_store_event(void *store, enum kube_event event, struct strview object, struct err *err)
{
    struct ha_store *s = store;
    switch (event) {
    case KUBE_RESET_BEGIN:
        s->list++;
        return 0;
    case KUBE_RESET_END:
        drop_unseen(s);
        return 0;
    case KUBE_RESET_ITEM:
    case KUBE_ADDED:
    case KUBE_MODIFIED:
    case KUBE_DELETED:
        return take(s, event, object, err);
    }
    return err_set(err, E_BUG, "no such event");
}

// ---- reading --------------------------------------------------------------------------------

static int by_name(const void *left, const void *right)
{
    const struct ha_map *a = left;
    const struct ha_map *b = right;
    return sv_cmp(a->name, b->name);
}

static void copy_map(struct arena *arena, const struct entry *e, struct ha_map *ret)
{
    *ret = e->map;
    ret->name = arena_copy(arena, e->map.name);
    ret->uid = arena_copy(arena, e->map.uid);
    ret->cluster = arena_copy(arena, e->map.cluster);
    ret->run = arena_copy(arena, e->map.run);
    ret->job_id = sv_present(e->map.job_id) ? arena_copy(arena, e->map.job_id) : SV_NONE;
    ret->owner_uid = sv_present(e->map.owner_uid) ? arena_copy(arena, e->map.owner_uid) : SV_NONE;
    ret->host = sv_present(e->map.host) ? arena_copy(arena, e->map.host) : SV_NONE;
}

int ha_store_read(struct ha_store *s, struct strview ns, struct strview cluster,
                  struct arena *arena, struct ha_map **ret, size_t *ret_n, struct err *err)
{
    struct strview key = arena_printf(arena, "%.*s/%.*s", SV_ARG(ns), SV_ARG(cluster));
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    struct entry *first = sv_present(key) ? map_get(&s->by_cluster, key) : NULL;
    for (struct entry *e = first; e != NULL; e = e->next) {
        n++;
    }
    struct ha_map *items = ARENA_NEW_N(arena, struct ha_map, n + 1);
    size_t at = 0;
    for (struct entry *e = first; items != NULL && e != NULL; e = e->next) {
        copy_map(arena, e, &items[at++]);
    }
    pthread_mutex_unlock(&s->lock);
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory for a cluster's HA ConfigMaps");
    }
    qsort(items, n, sizeof(*items), by_name);
    *ret = items;
    *ret_n = n;
    return 0;
}
