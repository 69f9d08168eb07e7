// SPDX-License-Identifier: Apache-2.0
// What a watch has seen: immutable objects, shared by reference count, found by namespace/name and
// by the UID of their controller. Written by the watch thread, read by any. Kept is text, not a
// tree, which is ten times as much: it is read again when somebody looks. managedFields are left
// out (they are most of an object's text). Shell only in that it locks.
#ifndef SLUICE_KUBE_STORE_H
#define SLUICE_KUBE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/json/out.h"
#include "common/json/view.h"
#include "common/kube/watch_core.h"

/// One object at one resourceVersion. All views live as long as a reference is held. An item of a
/// list of a built-in kind has no apiVersion and kind.
struct kube_object {
    struct strview text;     // JSON without managedFields; of a store's, what its pack left
    const struct json *json; // NULL in a store: kube_object_tree()
    struct strview ns, name, uid, resource_version;
    struct strview owner_uid, owner_kind,
        owner_name; // of the owner with controller: true, or absent
    bool deleting;  // deletionTimestamp is set
    // Too deep, too large or made to be slow: json holds only what the API server writes into the
    // metadata, neither labels nor annotations.
    bool unreadable;
};

/// Parses TEXT; one reference. E_PARSE, E_INVALID (no metadata.name), E_NOMEM.
MUST_USE int kube_object_new(struct strview text, struct kube_object **ret, struct err *err);
/// The tree of an object out of a store, in ARENA.
MUST_USE int kube_object_tree(const struct kube_object *o, struct arena *arena,
                              const struct json **ret, struct err *err);
struct kube_object *kube_object_ref(const struct kube_object *o);
/// NULL is fine.
void kube_object_unref(const struct kube_object *o);

struct kube_store;

/// Writes what is kept of OBJECT: metadata with at least name, namespace, uid, ownerReferences and
/// deletionTimestamp, and whatever else is looked at later.
typedef void kube_pack_fn(int kind, const struct json *object, struct json_out *o);

/// After a change, in the watch thread, no lock held: OLD is NULL for a new object, NOW for one
/// that is gone. Both are borrowed for the call. An object that came again with nothing new in what
/// is kept of it is not told. A name that was deleted and made again between two lists is told as
/// (old, NULL), then (NULL, now).
typedef void kube_changed_fn(void *ctx, const struct kube_object *old,
                             const struct kube_object *now);

/// Holds at most MAX_OBJECTS (further ones fail their event with E_TOO_LARGE, so the watch is
/// listed again later and never silently incomplete). PACK gets KIND; NULL keeps all but
/// managedFields. CHANGED may be NULL.
MUST_USE int kube_store_new_packed(size_t max_objects, kube_pack_fn *pack, int kind,
                                   kube_changed_fn *changed, void *ctx, struct kube_store **ret,
                                   struct err *err);
MUST_USE int kube_store_new(size_t max_objects, kube_changed_fn *changed, void *ctx,
                            struct kube_store **ret, struct err *err);
void kube_store_free(struct kube_store *s);

/// A kube_event_fn: give it to a watch with the store as its context. One watch feeds one store.
int kube_store_event(void *store, enum kube_event event, struct strview object, struct err *err);

/// A reference that the caller gives back, or NULL. NS is empty for cluster-scoped objects.
struct kube_object *kube_store_get(struct kube_store *s, struct strview ns, struct strview name);

/// References to all objects whose controller has that UID / of that namespace (empty: all), sorted
/// by namespace and name; the array lies in ARENA. 0, or -1 with E_NOMEM and no references taken.
MUST_USE int kube_store_list_by_owner(struct kube_store *s, struct strview owner_uid,
                                      struct arena *arena, struct kube_object ***ret,
                                      size_t *ret_count, struct err *err);
MUST_USE int kube_store_list(struct kube_store *s, struct strview ns, struct arena *arena,
                             struct kube_object ***ret, size_t *ret_count, struct err *err);
void kube_objects_unref(struct kube_object **objects, size_t count);

size_t kube_store_count(struct kube_store *s);

#endif
