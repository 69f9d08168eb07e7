// SPDX-License-Identifier: Apache-2.0
#include "common/kube/object.h"

#include <stdatomic.h>
#include <stddef.h>

#include "common/base/macros.h"
#include "common/base/mem.h"
#include "common/base/strbuf.h"
#include "common/json/out.h"
#include "common/kube/client_state.h"
#include "common/kube/span.h"
#include "common/kube/store.h"

#define OBJECT_MAX_TEXT  ((size_t)16 << 20)
#define OBJECT_MAX_ARENA ((size_t)256 << 20)

struct shared {
    struct kube_object object; // first: a kube_object is its shared
    atomic_uint refs;
    bool packed;        // the text stands here in the place of the arena
    struct arena arena; // of text and tree
};

#define PACKED_HEAD offsetof(struct shared, arena)

static struct shared *shared_of(const struct kube_object *o)
{
    return (struct shared *)(uintptr_t)o;
}

static void read_owner(struct kube_object *o, const struct json *metadata)
{
    json_each(owner, json_get_lit(metadata, "ownerReferences")) {
        bool controller;
        if (json_bool(json_get_lit(owner, "controller"), &controller) && controller) {
            o->owner_uid = json_get_string(owner, SV("uid"));
            o->owner_kind = json_get_string(owner, SV("kind"));
            o->owner_name = json_get_string(owner, SV("name"));
            return;
        }
    }
}

/// A tree of what the API server itself writes into the metadata, for an object that is more than
/// we read: its labels and annotations may be what is wrong with it (keys that collide). It stays
/// addressable, so that one such object doesn't stop the watch of all others.
static int parse_metadata(struct shared *s, struct err *err)
{
    static const char *const MEMBERS[] = {"name",       "namespace",         "uid",
                                          "generation", "resourceVersion",   "creationTimestamp",
                                          "finalizers", "deletionTimestamp", "ownerReferences"};
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(OBJECT_MAX_TEXT);
    struct json_out o = JSON_OUT(&b);
    struct strview metadata = span_member(s->object.text, SV("metadata"));
    json_out_begin_object(&o);
    json_out_key_object(&o, "metadata");
    for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
        struct strview value = span_member(metadata, sv_from(MEMBERS[i]));
        if (sv_present(value)) {
            json_out_key(&o, sv_from(MEMBERS[i]));
            json_out_raw(&o, value);
        }
    }
    json_out_end_object(&o);
    json_out_end_object(&o);
    arena_reset(&s->arena, 0);
    s->object.text = strbuf_ok(&b) ? arena_copy(&s->arena, strbuf_view(&b)) : SV_NONE;
    s->object.unreadable = true;
    return json_parse(s->object.text, &KUBE_JSON_LIMITS, &s->arena, &s->object.json, err);
}

static int fill(struct shared *s, struct strview text, struct err *err)
{
    struct kube_object *o = &s->object;
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(OBJECT_MAX_TEXT);
    span_put_object(&b, text);
    o->text = strbuf_ok(&b) ? arena_copy(&s->arena, strbuf_view(&b)) : SV_NONE;
    if (!sv_present(o->text)) {
        return err_set(err, E_NOMEM, "no memory for an object of %zu bytes", text.len);
    }
    struct err why = {0};
    if (json_parse(o->text, &KUBE_JSON_LIMITS, &s->arena, &o->json, &why) != 0) {
        if (why.code == E_NOMEM || parse_metadata(s, NULL) != 0) {
            return err_set(err, why.code, "%s", why.msg);
        }
    }
    const struct json *metadata = json_get_lit(o->json, "metadata");
    o->ns = json_get_string(metadata, SV("namespace"));
    o->name = json_get_string(metadata, SV("name"));
    o->uid = json_get_string(metadata, SV("uid"));
    o->resource_version = json_get_string(metadata, SV("resourceVersion"));
    o->deleting = json_string(json_get_lit(metadata, "deletionTimestamp")).len != 0;
    read_owner(o, metadata);
    return o->name.len != 0 ? 0 : err_set(err, E_INVALID, "an object without a name");
}

int kube_object_new(struct strview text, struct kube_object **ret, struct err *err)
{
    struct shared *s = mem_alloc(sizeof(*s));
    if (s == NULL) {
        return err_set(err, E_NOMEM, "no memory for an object");
    }
    *s = (struct shared){.arena = ARENA(OBJECT_MAX_ARENA)};
    atomic_init(&s->refs, 1);
    if (fill(s, text, err) != 0) {
        kube_object_unref(&s->object);
        return -1;
    }
    *ret = &s->object;
    return 0;
}

// ---- packed -------------------------------------------------------------------------------------

/// The string TEXT, without its quotes. Names and UIDs have no escapes in them; one that has is
/// nobody's of ours, and is kept as it is written.
static struct strview bare(struct strview text)
{
    return text.len >= 2 && text.ptr[0] == '"' ? sv_sub(text, 1, text.len - 2) : SV_NONE;
}

static struct strview bare_member(struct strview object, const char *key)
{
    return bare(span_member(object, sv_from(key)));
}

static void find_owner(struct kube_object *o, struct strview owners)
{
    struct strview owner;
    bool broken = false;
    while (span_next(&owners, &owner, &broken)) {
        if (sv_eq_lit(span_member(owner, SV("controller")), "true")) {
            o->owner_uid = bare_member(owner, "uid");
            o->owner_kind = bare_member(owner, "kind");
            o->owner_name = bare_member(owner, "name");
            return;
        }
    }
}

/// One walk over the metadata: this is done for every object of every list.
static void find_identity(struct kube_object *o, struct strview metadata)
{
    struct strview key;
    struct strview value;
    while (span_next_member(&metadata, &key, &value)) {
        if (sv_eq_lit(key, "namespace")) {
            o->ns = bare(value);
        } else if (sv_eq_lit(key, "name")) {
            o->name = bare(value);
        } else if (sv_eq_lit(key, "uid")) {
            o->uid = bare(value);
        } else if (sv_eq_lit(key, "resourceVersion")) {
            o->resource_version = bare(value);
        } else if (sv_eq_lit(key, "deletionTimestamp")) {
            o->deleting = true;
        } else if (sv_eq_lit(key, "ownerReferences")) {
            find_owner(o, value);
        }
    }
}

static struct kube_object *packed_new(struct strview text, bool unreadable)
{
    struct shared *s = mem_alloc(PACKED_HEAD + text.len);
    if (s == NULL) {
        return NULL;
    }
    char *copy = (char *)s + PACKED_HEAD;
    memcpy(copy, text.ptr, text.len);
    struct kube_object *o = &s->object;
    *o = (struct kube_object){.text = sv_make(copy, text.len), .unreadable = unreadable};
    atomic_init(&s->refs, 1);
    s->packed = true;
    find_identity(o, span_member(o->text, SV("metadata")));
    return o;
}

int kube_object_pack(struct strview text, kube_pack_fn *pack, int kind, struct kube_object **ret,
                     struct err *err)
{
    struct kube_object *whole = NULL;
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(OBJECT_MAX_TEXT);
    if (kube_object_new(text, &whole, err) != 0) {
        return -1;
    }
    ASSERT(whole != NULL && sv_present(whole->text));
    struct strview kept = whole->text;
    if (pack != NULL) {
        struct json_out o = JSON_OUT(&b);
        pack(kind, whole->json, &o);
        kept = strbuf_view(&b);
    }
    *ret = strbuf_ok(&b) ? packed_new(kept, whole->unreadable) : NULL;
    kube_object_unref(whole);
    return *ret != NULL ? 0 : err_set(err, E_NOMEM, "no memory for an object");
}

int kube_object_tree(const struct kube_object *o, struct arena *arena, const struct json **ret,
                     struct err *err)
{
    return json_parse(o->text, &KUBE_JSON_LIMITS, arena, ret, err);
}

// ---- references ---------------------------------------------------------------------------------

struct kube_object *kube_object_ref(const struct kube_object *o)
{
    atomic_fetch_add_explicit(&shared_of(o)->refs, 1, memory_order_relaxed);
    return &shared_of(o)->object;
}

void kube_object_unref(const struct kube_object *o)
{
    if (o == NULL) {
        return;
    }
    struct shared *s = shared_of(o);
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1) {
        if (!s->packed) {
            arena_done(&s->arena);
        }
        mem_free(s);
    }
}

void kube_objects_unref(struct kube_object **objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kube_object_unref(objects[i]);
    }
}
