// SPDX-License-Identifier: Apache-2.0
#include "controller/claims_follow.h"

#include "common/base/log.h"
#include "common/base/parse_num.h"
#include "common/kube/span.h"

#define ARENA_MAX ((size_t)32 << 20)

static int64_t number_of(const struct kube_object *record)
{
    int64_t n;
    return parse_i64(span_member(record->text, SV("revision")), &n) ? n : 0;
}

static void tell(const struct err *err, const struct kube_object *o)
{
    log_error("a claim is not known", KV_S("namespace", o->ns), KV_S("name", o->name), KV_ERR(err));
}

/// RECORD is the newest of the cluster NS/NAME; NULL: it has none.
static int take(struct claims *c, struct strview ns, struct strview name,
                const struct kube_object *record, struct arena *arena, struct err *err)
{
    const struct json *tree;
    struct claim claim;
    if (record == NULL) {
        return claims_saw(c, ns, name, NULL, err);
    }
    if (kube_object_tree(record, arena, &tree, err) != 0) {
        return -1;
    }
    bool is_record = claim_of_record(tree, arena, &claim);
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory to read a record");
    }
    return is_record ? claims_saw(c, ns, name, &claim, err) : 0;
}

/// The newest of all records of the cluster with UID.
static int take_newest(struct claims *c, const struct claims_stores *stores, struct strview ns,
                       struct strview name, struct strview uid, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_MAX);
    struct kube_object **all;
    size_t n;
    if (kube_store_list_by_owner(stores->records, uid, &arena, &all, &n, err) != 0) {
        return -1;
    }
    const struct kube_object *newest = NULL;
    for (size_t i = 0; i < n; i++) {
        if (number_of(all[i]) > (newest != NULL ? number_of(newest) : 0)) {
            newest = all[i];
        }
    }
    int rc = take(c, ns, name, newest, &arena, err);
    kube_objects_unref(all, n);
    return rc;
}

void claims_follow_cluster(struct claims *c, const struct claims_stores *stores,
                           const struct kube_object *old, const struct kube_object *now)
{
    struct err err = {.code = E_OK};
    const struct kube_object *o = now != NULL ? now : old;
    int rc = 0;
    if (now == NULL) {
        rc = claims_gone(c, o->ns, o->name, &err);
    } else if (old == NULL) {
        rc = take_newest(c, stores, o->ns, o->name, o->uid, &err);
    }
    if (rc != 0) {
        tell(&err, o);
    }
}

/// Whether the owner of RECORD is there: one that has gone has no claim any more, whenever its
/// records go.
static bool has_owner(const struct claims_stores *stores, const struct kube_object *record)
{
    struct kube_object *owner = kube_store_get(stores->clusters, record->ns, record->owner_name);
    bool there = owner != NULL && sv_eq(owner->uid, record->owner_uid);
    kube_object_unref(owner);
    return there;
}

void claims_follow_record(struct claims *c, const struct claims_stores *stores,
                          const struct kube_object *old, const struct kube_object *now)
{
    struct err err = {.code = E_OK};
    int rc = 0;
    if (old != NULL && now != NULL && sv_eq(old->owner_uid, now->owner_uid)) {
        return; // what it records can't be changed
    }
    if (old != NULL && has_owner(stores, old) &&
        number_of(old) >= claims_number(c, old->ns, old->owner_name)) {
        rc = take_newest(c, stores, old->ns, old->owner_name, old->owner_uid, &err);
    }
    if (rc == 0 && now != NULL && has_owner(stores, now) &&
        number_of(now) > claims_number(c, now->ns, now->owner_name)) {
        CLEANUP(arena_done) struct arena arena = ARENA(ARENA_MAX);
        rc = take(c, now->ns, now->owner_name, now, &arena, &err);
    }
    if (rc != 0) {
        tell(&err, now != NULL ? now : old);
    }
}
