// SPDX-License-Identifier: Apache-2.0
#include "common/flink/defaults_note.h"

#include "common/base/macros.h"
#include "common/json/out.h"
#include "common/refs/image.h"

#define VERSION_MAX  16 // the schema's bound of flinkVersion
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/// Where each field stands: as in the object, and as managedFields writes it (fieldsV1).
static const struct {
    const char *note;    // its key in the note
    const char *with;    // the other number's key there
    const char *keys[2]; // below spec
    const char *owned[2];
    const char *needle; // the last key in quotes: a text without it can't hold the field
} FIELDS[FLINK_NOTED_COUNT] = {
    [FLINK_NOTED_VERSION] =
        {"flinkVersion", "tag", {"flinkVersion"}, {"f:flinkVersion"}, "\"flinkVersion\""},
    [FLINK_NOTED_PARALLELISM] =
        {"parallelism", "replicas", {"parallelism"}, {"f:parallelism"}, "\"parallelism\""},
    [FLINK_NOTED_REPLICAS] = {"taskManager.replicas",
                              "parallelism",
                              {"taskManager", "replicas"},
                              {"f:taskManager", "f:replicas"},
                              "\"replicas\""},
};

#define POLICY "policy" // who gave it, in the note

static int64_t positive(const struct json *object, const char *key)
{
    int64_t v = 0;
    return json_int(json_get(object, sv_from(key)), &v) && v > 0 ? v : 0;
}

/// A text that could be ours: of an image tag's characters, at most MAX of them. Anything else
/// would only make the next note longer than this one.
static struct strview read_text(const struct json *object, struct strview key, size_t max)
{
    struct strview s = json_get_string(object, key);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') {
            return SV_NONE;
        }
    }
    return s.len <= max ? s : SV_NONE;
}

/// A policy's name, or SV_NONE.
static struct strview read_by(const struct json *v)
{
    struct strview s = json_string(v);
    return s.len != 0 && s.len <= FLINK_NOTE_BY_MAX ? s : SV_NONE;
}

static struct flink_note_number read_number(const struct json *note, enum flink_noted field)
{
    const struct json *it = json_get(note, sv_from(FIELDS[field].note));
    return (struct flink_note_number){.value = positive(it, "value"),
                                      .with = positive(it, FIELDS[field].with),
                                      .slots = positive(it, "slots"),
                                      .by = read_by(json_get_lit(it, POLICY))};
}

static void read_given(const struct json *list, struct arena *arena, struct flink_note *ret)
{
    size_t n = json_count(list);
    struct flink_note_given *items =
        n != 0 && n <= FLINK_NOTE_GIVEN_MAX ? ARENA_NEW_N(arena, struct flink_note_given, n) : NULL;
    if (items == NULL) {
        return;
    }
    ret->given = items;
    json_each(it, list) {
        struct strview by = read_by(it);
        if (by.len != 0) {
            items[ret->n_given++] = (struct flink_note_given){json_key(it), by};
        }
    }
}

static struct strview annotation(const struct flink_cluster *c, const char *key)
{
    return json_get_string(json_get_lit(c->metadata, "annotations"), sv_from(key));
}

void flink_note_read(const struct flink_cluster *c, struct arena *arena, struct flink_note *ret)
{
    *ret = (struct flink_note){0};
    struct strview text = annotation(c, FLINK_DEFAULTED_ANNOTATION);
    const struct json *note = NULL;
    if (text.len == 0 || text.len > FLINK_NOTE_MAX ||
        json_parse(text, &JSON_LIMITS_DEFAULT, arena, &note, NULL) != 0) {
        return;
    }
    const struct json *version = json_get(note, sv_from(FIELDS[FLINK_NOTED_VERSION].note));
    ret->version = read_text(version, SV("value"), VERSION_MAX);
    ret->tag = read_text(version, SV("tag"), IMAGE_TAG_MAX);
    ret->parallelism = read_number(note, FLINK_NOTED_PARALLELISM);
    ret->replicas = read_number(note, FLINK_NOTED_REPLICAS);
    read_given(json_get_lit(note, POLICY), arena, ret);
}

struct strview flink_note_giver(const struct flink_note *n, struct strview path)
{
    for (size_t i = 0; i < n->n_given; i++) {
        if (sv_eq(n->given[i].path, path)) {
            return n->given[i].by;
        }
    }
    return SV_NONE;
}

static void put_number(struct json_out *o, enum flink_noted field, struct flink_note_number n)
{
    if (n.value == 0) {
        return;
    }
    json_out_key_object(o, FIELDS[field].note);
    json_out_kv_int(o, "value", n.value);
    json_out_kv_int(o, FIELDS[field].with, n.with);
    json_out_kv_int(o, "slots", n.slots);
    if (n.by.len != 0) {
        json_out_kv_string(o, POLICY, n.by);
    }
    json_out_end_object(o);
}

void flink_note_put(struct strbuf *b, const struct flink_note *n)
{
    struct json_out o = JSON_OUT(b);
    json_out_begin_object(&o);
    if (sv_present(n->version)) {
        json_out_key_object(&o, FIELDS[FLINK_NOTED_VERSION].note);
        json_out_kv_string(&o, "value", n->version);
        json_out_kv_string(&o, "tag", n->tag);
        json_out_end_object(&o);
    }
    put_number(&o, FLINK_NOTED_PARALLELISM, n->parallelism);
    put_number(&o, FLINK_NOTED_REPLICAS, n->replicas);
    if (n->n_given != 0) {
        json_out_key_object(&o, POLICY);
        for (size_t i = 0; i < n->n_given; i++) {
            json_out_key(&o, n->given[i].path);
            json_out_string(&o, n->given[i].by);
        }
        json_out_end_object(&o);
    }
    json_out_end_object(&o);
}

bool flink_note_is_empty(const struct flink_note *n)
{
    return !sv_present(n->version) && n->parallelism.value == 0 && n->replicas.value == 0 &&
           n->n_given == 0;
}

bool flink_note_number_eq(struct flink_note_number a, struct flink_note_number b)
{
    return a.value == b.value && a.with == b.with && a.slots == b.slots && sv_eq(a.by, b.by);
}

static const struct json *descend(const struct json *from, const char *const keys[2])
{
    for (size_t i = 0; i < 2 && keys[i] != NULL; i++) {
        from = json_get(from, sv_from(keys[i]));
    }
    return from;
}

static bool in_managed_fields(const struct flink_cluster *c, enum flink_noted field)
{
    json_each(entry, json_get_lit(c->metadata, "managedFields")) {
        const struct json *spec = json_get_path(entry, "fieldsV1", "f:spec", NULL);
        if (spec != NULL && descend(spec, FIELDS[field].owned) != NULL) {
            return true;
        }
    }
    return false;
}

/// Parsed only when it can hold one of FIELDS at all: it is as large as the object itself.
static const struct json *last_applied(const struct flink_cluster *c, unsigned fields,
                                       struct arena *arena)
{
    struct strview text = annotation(c, LAST_APPLIED);
    bool possible = false;
    for (unsigned f = 0; f < FLINK_NOTED_COUNT; f++) {
        possible = possible || ((fields & FLINK_NOTED_BIT(f)) != 0 &&
                                sv_find(text, sv_from(FIELDS[f].needle)) != SIZE_MAX);
    }
    const struct json *applied = NULL;
    if (!possible || json_parse(text, &JSON_LIMITS_DEFAULT, arena, &applied, NULL) != 0) {
        return NULL;
    }
    return json_get_lit(applied, "spec");
}

unsigned flink_users_fields(const struct flink_cluster *c, unsigned fields, struct arena *arena)
{
    unsigned users = 0;
    for (unsigned f = 0; f < FLINK_NOTED_COUNT; f++) {
        if ((fields & FLINK_NOTED_BIT(f)) != 0 && in_managed_fields(c, f)) {
            users |= FLINK_NOTED_BIT(f);
        }
    }
    const struct json *applied = last_applied(c, fields & ~users, arena);
    for (unsigned f = 0; applied != NULL && f < FLINK_NOTED_COUNT; f++) {
        if ((fields & FLINK_NOTED_BIT(f)) != 0 && descend(applied, FIELDS[f].keys) != NULL) {
            users |= FLINK_NOTED_BIT(f);
        }
    }
    return users;
}

static bool has_keys(const struct json *at, const struct strview *keys, size_t n,
                     const char *prefix)
{
    for (size_t i = 0; i < n; i++) {
        const struct json *next = NULL;
        json_each(child, at) {
            struct strview key = json_key(child);
            if (sv_starts(key, sv_from(prefix)) &&
                sv_eq(sv_from_pos(key, strlen(prefix)), keys[i])) {
                next = child;
                break;
            }
        }
        if (next == NULL) {
            return false;
        }
        at = next;
    }
    return true;
}

bool flink_owners_have(struct flink_owners *o, const struct strview *keys, size_t n)
{
    json_each(entry, json_get_lit(o->c->metadata, "managedFields")) {
        const struct json *spec = json_get_path(entry, "fieldsV1", "f:spec", NULL);
        if (spec != NULL && has_keys(spec, keys, n, "f:")) {
            return true;
        }
    }
    if (!o->read) {
        o->read = true;
        struct strview text = annotation(o->c, LAST_APPLIED);
        const struct json *root = NULL;
        if (text.len != 0 && json_parse(text, &JSON_LIMITS_DEFAULT, o->arena, &root, NULL) == 0) {
            o->applied = json_get_lit(root, "spec");
        }
    }
    return o->applied != NULL && has_keys(o->applied, keys, n, "");
}
