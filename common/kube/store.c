// SPDX-License-Identifier: Apache-2.0
#include "common/kube/store.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/base/os_file.h"
#include "common/kube/object.h"

#define FIRST_BUCKETS 256

/// An object's place: in the chain of its name and, when it has a controller, of its owner.
struct entry {
    struct entry *next, *owner_next;
    struct kube_object *object;
    uint64_t hash, owner_hash;
    uint64_t seen; // in which list
};

struct kube_store {
    pthread_rwlock_t lock;
    struct entry **by_name, **by_owner;
    size_t buckets; // a power of two
    size_t count, max;
    uint64_t seed;
    uint64_t list; // number of the running list; only the watch thread
    kube_pack_fn *pack;
    int kind;
    kube_changed_fn *changed;
    void *ctx;
};

static uint64_t hash_bytes(uint64_t h, struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    }
    h ^= h >> 32;
    return h * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t hash_name(const struct kube_store *s, struct strview ns, struct strview name)
{
    return hash_bytes(hash_bytes(s->seed, ns), name);
}

static struct entry **slot(struct entry **table, size_t buckets, uint64_t hash)
{
    return &table[(hash >> 16) & (buckets - 1)];
}

int kube_store_new_packed(size_t max_objects, kube_pack_fn *pack, int kind,
                          kube_changed_fn *changed, void *ctx, struct kube_store **ret,
                          struct err *err)
{
    struct kube_store *s = mem_alloc(sizeof(*s));
    if (s == NULL) {
        return err_set(err, E_NOMEM, "no memory for a store");
    }
    *s = (struct kube_store){
        .max = max_objects, .pack = pack, .kind = kind, .changed = changed, .ctx = ctx};
    pthread_rwlock_init(&s->lock, NULL);
    if (os_random(&s->seed, sizeof(s->seed), err) != 0) {
        kube_store_free(s);
        return -1;
    }
    *ret = s;
    return 0;
}

int kube_store_new(size_t max_objects, kube_changed_fn *changed, void *ctx, struct kube_store **ret,
                   struct err *err)
{
    return kube_store_new_packed(max_objects, NULL, 0, changed, ctx, ret, err);
}

void kube_store_free(struct kube_store *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->buckets; i++) {
        while (s->by_name[i] != NULL) {
            struct entry *e = s->by_name[i];
            s->by_name[i] = e->next;
            kube_object_unref(e->object);
            mem_free(e);
        }
    }
    mem_free(s->by_name);
    mem_free(s->by_owner);
    pthread_rwlock_destroy(&s->lock);
    mem_free(s);
}

static struct entry *find(const struct kube_store *s, uint64_t hash, struct strview ns,
                          struct strview name)
{
    struct entry *e = s->buckets != 0 ? *slot(s->by_name, s->buckets, hash) : NULL;
    while (e != NULL &&
           !(e->hash == hash && sv_eq(e->object->name, name) && sv_eq(e->object->ns, ns))) {
        e = e->next;
    }
    return e;
}

static void link_owner(struct kube_store *s, struct entry *e)
{
    if (e->object->owner_uid.len != 0) {
        e->owner_hash = hash_bytes(s->seed, e->object->owner_uid);
        struct entry **at = slot(s->by_owner, s->buckets, e->owner_hash);
        e->owner_next = *at;
        *at = e;
    }
}

static void unlink_owner(struct kube_store *s, struct entry *e)
{
    if (e->object->owner_uid.len != 0) {
        struct entry **at = slot(s->by_owner, s->buckets, e->owner_hash);
        while (*at != e) {
            at = &(*at)->owner_next;
        }
        *at = e->owner_next;
    }
}

static void unlink_entry(struct kube_store *s, struct entry *e)
{
    unlink_owner(s, e);
    struct entry **at = slot(s->by_name, s->buckets, e->hash);
    while (*at != e) {
        at = &(*at)->next;
    }
    *at = e->next;
    s->count--;
}

/// Room for one more entry: doubles the tables when they are full.
static bool grow(struct kube_store *s)
{
    if (s->count < s->buckets) {
        return true;
    }
    size_t more = s->buckets != 0 ? s->buckets * 2 : FIRST_BUCKETS;
    struct entry **by_name = mem_alloc(more * sizeof(struct entry *));
    struct entry **by_owner = mem_alloc(more * sizeof(struct entry *));
    if (by_name == NULL || by_owner == NULL) {
        mem_free(by_name);
        mem_free(by_owner);
        return s->buckets != 0; // longer chains, no failure
    }
    memset(by_name, 0, more * sizeof(struct entry *));
    memset(by_owner, 0, more * sizeof(struct entry *));
    struct entry **old = s->by_name;
    size_t old_buckets = s->buckets;
    mem_free(s->by_owner);
    s->by_name = by_name;
    s->by_owner = by_owner;
    s->buckets = more;
    for (size_t i = 0; i < old_buckets; i++) {
        for (struct entry *e = old[i], *next; e != NULL; e = next) {
            next = e->next;
            struct entry **at = slot(by_name, more, e->hash);
            e->next = *at;
            *at = e;
            link_owner(s, e);
        }
    }
    mem_free(old);
    return true;
}

static void tell(struct kube_store *s, const struct kube_object *old, const struct kube_object *now)
{
    if (s->changed == NULL) {
        return;
    }
    if (old != NULL && now != NULL && !sv_eq(old->uid, now->uid)) {
        s->changed(s->ctx, old, NULL);
        s->changed(s->ctx, NULL, now);
    } else {
        s->changed(s->ctx, old, now);
    }
}

static int add_entry(struct kube_store *s, struct kube_object *o, uint64_t hash, struct err *err)
{
    if (s->count >= s->max) {
        return err_set(err, E_TOO_LARGE, "more than %zu objects", s->max);
    }
    struct entry *e = grow(s) ? mem_alloc(sizeof(*e)) : NULL;
    if (e == NULL) {
        return err_set(err, E_NOMEM, "no memory for one more object");
    }
    *e = (struct entry){.object = kube_object_ref(o), .hash = hash, .seen = s->list};
    struct entry **at = slot(s->by_name, s->buckets, hash);
    e->next = *at;
    *at = e;
    link_owner(s, e);
    s->count++;
    return 0;
}

static int put(struct kube_store *s, struct strview text, struct err *err)
{
    struct kube_object *now = NULL;
    struct kube_object *old = NULL;
    if (kube_object_pack(text, s->pack, s->kind, &now, err) != 0) {
        return -1;
    }
    uint64_t hash = hash_name(s, now->ns, now->name);
    bool same = false;
    int rc = 0;
    pthread_rwlock_wrlock(&s->lock);
    struct entry *e = find(s, hash, now->ns, now->name);
    if (e == NULL) {
        rc = add_entry(s, now, hash, err);
    } else {
        e->seen = s->list;
        same = sv_eq(e->object->text, now->text); // which has the UID in it
        if (!same) {
            old = e->object;
            unlink_owner(s, e);
            e->object = kube_object_ref(now);
            link_owner(s, e);
        }
    }
    pthread_rwlock_unlock(&s->lock);
    if (rc == 0 && !same) {
        tell(s, old, now);
    }
    kube_object_unref(old);
    kube_object_unref(now);
    return rc;
}

/// Takes E out, tells, frees.
static void drop(struct kube_store *s, struct entry *e)
{
    pthread_rwlock_wrlock(&s->lock);
    unlink_entry(s, e);
    pthread_rwlock_unlock(&s->lock);
    tell(s, e->object, NULL);
    kube_object_unref(e->object);
    mem_free(e);
}

static int delete_one(struct kube_store *s, struct strview text, struct err *err)
{
    struct kube_object *gone = NULL;
    if (kube_object_new(text, &gone, err) != 0) {
        return -1;
    }
    // Only this thread changes the table, so it reads it without the lock.
    struct entry *e = find(s, hash_name(s, gone->ns, gone->name), gone->ns, gone->name);
    if (e != NULL && sv_eq(e->object->uid, gone->uid)) {
        drop(s, e);
    }
    kube_object_unref(gone);
    return 0;
}

static void drop_unseen(struct kube_store *s)
{
    for (size_t i = 0; i < s->buckets; i++) {
        for (struct entry *e = s->by_name[i], *next; e != NULL; e = next) {
            next = e->next;
            if (e->seen != s->list) {
                drop(s, e);
            }
        }
    }
}

int kube_store_event(void *store, enum kube_event event, struct strview object, struct err *err)
{
    struct kube_store *s = store;
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
        return put(s, object, err);
    case KUBE_DELETED:
        return delete_one(s, object, err);
    }
    return err_set(err, E_BUG, "no such event");
}

struct kube_object *kube_store_get(struct kube_store *s, struct strview ns, struct strview name)
{
    pthread_rwlock_rdlock(&s->lock);
    struct entry *e = find(s, hash_name(s, ns, name), ns, name);
    struct kube_object *o = e != NULL ? kube_object_ref(e->object) : NULL;
    pthread_rwlock_unlock(&s->lock);
    return o;
}

static int by_name(const void *a, const void *b)
{
    const struct kube_object *const *x = a;
    const struct kube_object *const *y = b;
    int c = sv_cmp((*x)->ns, (*y)->ns);
    return c != 0 ? c : sv_cmp((*x)->name, (*y)->name);
}

/// What a listing asks for: one owner's, or one namespace's (or all).
struct query {
    bool owner;
    struct strview value;
};

static bool wanted(const struct query *q, const struct kube_object *o)
{
    return q->owner ? sv_eq(o->owner_uid, q->value) : q->value.len == 0 || sv_eq(o->ns, q->value);
}

/// The matches of the owner's chain, or of every chain; counted, and referenced when TO is there.
static size_t gather(const struct kube_store *s, const struct query *q, struct kube_object **to)
{
    size_t n = 0;
    if (s->buckets == 0) {
        return 0;
    }
    size_t first = 0, last = s->buckets - 1;
    if (q->owner) {
        first = last = (hash_bytes(s->seed, q->value) >> 16) & (s->buckets - 1);
    }
    for (size_t i = first; i <= last; i++) {
        struct entry *e = q->owner ? s->by_owner[i] : s->by_name[i];
        for (; e != NULL; e = q->owner ? e->owner_next : e->next) {
            if (wanted(q, e->object)) {
                if (to != NULL) {
                    to[n] = kube_object_ref(e->object);
                }
                n++;
            }
        }
    }
    return n;
}

static int list(struct kube_store *s, const struct query *q, struct arena *arena,
                struct kube_object ***ret, size_t *ret_count, struct err *err)
{
    pthread_rwlock_rdlock(&s->lock);
    size_t n = gather(s, q, NULL);
    struct kube_object **objects = ARENA_NEW_N(arena, struct kube_object *, n + 1);
    if (objects != NULL) {
        gather(s, q, objects);
    }
    pthread_rwlock_unlock(&s->lock);
    if (objects == NULL) {
        return err_set(err, E_NOMEM, "no memory for a list of %zu objects", n);
    }
    qsort(objects, n, sizeof(struct kube_object *), by_name);
    *ret = objects;
    *ret_count = n;
    return 0;
}

int kube_store_list_by_owner(struct kube_store *s, struct strview owner_uid, struct arena *arena,
                             struct kube_object ***ret, size_t *ret_count, struct err *err)
{
    struct query q = {.owner = true, .value = owner_uid};
    return list(s, &q, arena, ret, ret_count, err);
}

int kube_store_list(struct kube_store *s, struct strview ns, struct arena *arena,
                    struct kube_object ***ret, size_t *ret_count, struct err *err)
{
    struct query q = {.owner = false, .value = ns};
    return list(s, &q, arena, ret, ret_count, err);
}

size_t kube_store_count(struct kube_store *s)
{
    pthread_rwlock_rdlock(&s->lock);
    size_t n = s->count;
    pthread_rwlock_unlock(&s->lock);
    return n;
}
