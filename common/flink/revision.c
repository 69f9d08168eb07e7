// SPDX-License-Identifier: Apache-2.0
#include "common/flink/revision.h"

#include <stdlib.h>

#include "common/base/macros.h"
#include "common/json/out.h"

#define ENTRIES_MAX 64 // rows with `.pod`, all objects together; a test counts them

struct entry {
    struct strview path;
    const struct json *json;       // its value, or
    const struct flink_conf *conf; // the flat configuration, or
    struct strview text;           // a string, or
    int64_t number;
};

struct revision {
    struct arena *arena;
    struct entry entries[ENTRIES_MAX];
    size_t count;
};

static void add(struct revision *r, struct entry e)
{
    ASSERT(r->count < ENTRIES_MAX);
    r->entries[r->count++] = e;
}

/// Nothing was asked for: absent, null, or a container with nothing in it.
static bool is_nothing(const struct json *v)
{
    switch (json_type(v)) {
    case JSON_ABSENT:
    case JSON_NULL:
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_first(v) == NULL;
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_STRING:
        return false;
    }
    return false;
}

/// Fields whose value in effect counts, not the one that was written.
static bool is_in_effect(struct strview path)
{
    static const char *const PATHS[] = {"flinkVersion", "parallelism", "taskManager.slots",
                                        "flinkConfiguration"};
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        if (sv_eq_lit(path, PATHS[i])) {
            return true;
        }
    }
    return false;
}

static void collect(struct revision *r, const struct object_type *type, const struct json *object,
                    struct strview up)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        if (f->kind == FIELD_REFUSED || (!f->pod && f->kind != FIELD_OBJECT)) {
            continue;
        }
        const struct json *v = json_get(object, sv_make(f->name, f->name_len));
        if (is_nothing(v)) {
            continue;
        }
        struct strview path =
            arena_printf(r->arena, "%.*s%s%s", SV_ARG(up), up.len != 0 ? "." : "", f->name);
        if (f->kind == FIELD_OBJECT) {
            collect(r, f->sub, v, path);
        } else if (!is_in_effect(path)) {
            add(r, (struct entry){.path = path, .json = v});
        }
    }
}

static int by_path(const void *a, const void *b)
{
    return sv_cmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static int by_json_key(const void *a, const void *b)
{
    return sv_cmp(json_key(*(const struct json *const *)a),
                  json_key(*(const struct json *const *)b));
}

static int by_conf_key(const void *a, const void *b)
{
    return sv_cmp(((const struct flink_conf_entry *)a)->key,
                  ((const struct flink_conf_entry *)b)->key);
}

static void put_value(struct json_out *o, const struct json *v, struct arena *arena);

/// Members that are null are as good as absent.
static void put_object(struct json_out *o, const struct json *v, struct arena *arena)
{
    size_t n = json_count(v);
    const struct json **members = ARENA_NEW_N(arena, const struct json *, n + 1);
    if (members == NULL) {
        return;
    }
    n = 0;
    json_each(m, v) {
        if (json_type(m) != JSON_NULL) {
            members[n++] = m;
        }
    }
    qsort(members, n, sizeof(const struct json *), by_json_key);
    json_out_begin_object(o);
    for (size_t i = 0; i < n; i++) {
        json_out_key(o, json_key(members[i]));
        put_value(o, members[i], arena);
    }
    json_out_end_object(o);
}

static void put_value(struct json_out *o, const struct json *v, struct arena *arena)
{
    if (json_type(v) == JSON_OBJECT) {
        put_object(o, v, arena);
    } else if (json_type(v) == JSON_ARRAY) {
        json_out_begin_array(o);
        json_each(item, v) {
            put_value(o, item, arena);
        }
        json_out_end_array(o);
    } else {
        json_out_value(o, v);
    }
}

/// Flat, under the keys that the user wrote: a rename that a newer Sluice learns of changes
/// nothing.
static void put_conf(struct json_out *o, const struct flink_conf *conf, struct arena *arena)
{
    struct flink_conf_entry *items = ARENA_NEW_N(arena, struct flink_conf_entry, conf->count + 1);
    if (items == NULL) {
        return;
    }
    memcpy(items, conf->items, conf->count * sizeof(*items));
    qsort(items, conf->count, sizeof(*items), by_conf_key);
    json_out_begin_object(o);
    for (size_t i = 0; i < conf->count; i++) {
        json_out_key(o, items[i].key);
        json_out_string(o, items[i].value);
    }
    json_out_end_object(o);
}

static void put_entry(struct json_out *o, const struct entry *e, struct arena *arena)
{
    json_out_key(o, e->path);
    if (e->json != NULL) {
        put_value(o, e->json, arena);
    } else if (e->conf != NULL) {
        put_conf(o, e->conf, arena);
    } else if (sv_present(e->text)) {
        json_out_string(o, e->text);
    } else {
        json_out_int(o, e->number);
    }
}

void flink_revision_put(struct strbuf *b, const struct flink_cluster *c,
                        const struct flink_effective *e, struct arena *arena)
{
    struct revision r = {.arena = arena};
    collect(&r, &cluster_spec_type, c->spec.self, SV(""));
    add(&r,
        (struct entry){.path = SV("flinkVersion"), .text = flink_version_text(arena, e->version)});
    add(&r, (struct entry){.path = SV("taskManager.slots"), .number = e->slots});
    if (!e->reactive) {
        add(&r, (struct entry){.path = SV("parallelism"), .number = e->numbers.parallelism});
    }
    if (e->conf.count != 0) {
        add(&r, (struct entry){.path = SV("flinkConfiguration"), .conf = &e->conf});
    }
    if (!arena_ok(arena)) {
        return;
    }
    qsort(r.entries, r.count, sizeof(r.entries[0]), by_path);
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    for (size_t i = 0; i < r.count; i++) {
        put_entry(&o, &r.entries[i], arena);
    }
    json_out_end_object(&o);
}
