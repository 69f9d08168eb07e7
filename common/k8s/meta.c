// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/meta.h"

#include "common/k8s/timestamp.h"

static bool flag(const struct json *object, struct strview key)
{
    bool v = false;
    return json_bool(json_get(object, key), &v) && v;
}

static bool read_owners(const struct json *list, struct arena *arena, struct meta *m)
{
    if (json_type(list) != JSON_ARRAY || json_first(list) == NULL) {
        return true;
    }
    struct owner_ref *refs = ARENA_NEW_N(arena, struct owner_ref, json_count(list));
    if (refs == NULL) {
        return false;
    }
    json_each(item, list) {
        refs[m->owner_count++] = (struct owner_ref){
            .api_version = json_get_string(item, SV("apiVersion")),
            .kind = json_get_string(item, SV("kind")),
            .name = json_get_string(item, SV("name")),
            .uid = json_get_string(item, SV("uid")),
            .controller = flag(item, SV("controller")),
            .block_owner_deletion = flag(item, SV("blockOwnerDeletion")),
        };
    }
    m->owners = refs;
    return true;
}

static bool read_finalizers(const struct json *list, struct arena *arena, struct meta *m)
{
    if (json_type(list) != JSON_ARRAY || json_first(list) == NULL) {
        return true;
    }
    struct strview *names = ARENA_NEW_N(arena, struct strview, json_count(list));
    if (names == NULL) {
        return false;
    }
    json_each(item, list) {
        if (json_type(item) == JSON_STRING) {
            names[m->finalizer_count++] = json_string(item);
        }
    }
    m->finalizers = names;
    return true;
}

int meta_read(const struct json *object, struct arena *arena, struct meta *ret, struct err *err)
{
    const struct json *o = json_get_lit(object, "metadata");
    int64_t generation;
    *ret = (struct meta){
        .name = json_get_string(o, SV("name")),
        .generate_name = json_get_string(o, SV("generateName")),
        .namespace_ = json_get_string(o, SV("namespace")),
        .uid = json_get_string(o, SV("uid")),
        .resource_version = json_get_string(o, SV("resourceVersion")),
        .generation = json_int(json_get_lit(o, "generation"), &generation) ? generation : 0,
        .creation_ms = timestamp_or_zero(json_get_string(o, SV("creationTimestamp"))),
        .deletion_ms = timestamp_or_zero(json_get_string(o, SV("deletionTimestamp"))),
        .deleting = json_type(json_get_lit(o, "deletionTimestamp")) == JSON_STRING,
    };
    if (!labels_read(json_get_lit(o, "labels"), arena, &ret->labels) ||
        !labels_read(json_get_lit(o, "annotations"), arena, &ret->annotations) ||
        !read_owners(json_get_lit(o, "ownerReferences"), arena, ret) ||
        !read_finalizers(json_get_lit(o, "finalizers"), arena, ret)) {
        return err_set(err, E_NOMEM, "metadata of %.*s: the arena is full", SV_ARG(ret->name));
    }
    return 0;
}

const struct owner_ref *meta_controller(const struct meta *m)
{
    for (size_t i = 0; i < m->owner_count; i++) {
        if (m->owners[i].controller) {
            return &m->owners[i];
        }
    }
    return NULL;
}

struct strview meta_label(const struct meta *m, struct strview key)
{
    return labels_get(&m->labels, key);
}

void owner_refs_put(struct json_out *o, const struct owner_ref *refs, size_t n)
{
    json_out_begin_array(o);
    for (size_t i = 0; i < n; i++) {
        json_out_begin_object(o);
        json_out_kv_string(o, "apiVersion", refs[i].api_version);
        json_out_kv_string(o, "kind", refs[i].kind);
        json_out_kv_string(o, "name", refs[i].name);
        json_out_kv_string(o, "uid", refs[i].uid);
        if (refs[i].controller) {
            json_out_kv_bool(o, "controller", true);
        }
        if (refs[i].block_owner_deletion) {
            json_out_kv_bool(o, "blockOwnerDeletion", true);
        }
        json_out_end_object(o);
    }
    json_out_end_array(o);
}
