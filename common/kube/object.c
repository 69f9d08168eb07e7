// SPDX-License-Identifier: Apache-2.0
// One immutable object: its text and tree in an arena of its own, shared by reference count.
#include <stdatomic.h>

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
    struct arena arena;
    atomic_uint refs;
};

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
        arena_done(&s->arena);
        mem_free(s);
    }
}

void kube_objects_unref(struct kube_object **objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kube_object_unref(objects[i]);
    }
}
