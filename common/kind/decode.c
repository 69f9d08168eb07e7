// SPDX-License-Identifier: Apache-2.0
#include "common/kind/decode.h"

#include <inttypes.h>
#include <string.h>

#include "common/kind/schema_check.h"
#include "common/kind/schema_equal.h"

static void walk_object(const struct spot *at, const struct object_type *type,
                        const struct json *old, void *base);

static bool is_null(const struct json *v)
{
    return json_type(v) == JSON_NULL;
}

/// Faults so far, kept or not, refused or let pass.
static size_t count_faults(const struct violations *v)
{
    return v->count + v->dropped;
}

static void read_string(const struct spot *at, struct strview *ret)
{
    const struct field *f = at->field;
    struct strview s = json_string(at->now);
    if (!sv_present(s)) {
        schema_fault_type(at, at->path, at->now, field_kind_words(f->kind));
    } else if (f->kind == FIELD_ENUM ? schema_check_enum(at, s)
                                     : schema_check_length(at, at->path, s, f->min, f->max)) {
        if (ret != NULL) {
            *ret = s;
        }
    }
}

/// A whole number, also one too large for an int64 (then clamped, which every bound refuses).
static bool read_whole(const struct json *v, int64_t *ret)
{
    double d;
    if (json_int(v, ret)) {
        return true;
    }
    // From 2^53 on every double is whole.
    if (!json_double(v, &d) || (d < 9007199254740992.0 && d > -9007199254740992.0)) {
        return false;
    }
    *ret = d < 0 ? INT64_MIN : INT64_MAX;
    return true;
}

static void read_int(const struct spot *at, struct field_int *ret)
{
    const struct field *f = at->field;
    int64_t v;
    if (!read_whole(at->now, &v)) {
        schema_fault_type(at, at->path, at->now, field_kind_words(f->kind));
        return;
    }
    if (v >= f->min && v <= f->max) {
        if (ret != NULL) {
            *ret = (struct field_int){.v = v, .set = true};
        }
        return;
    }
    // `scale` reads an int32 that is not negative, and knows no ratchet.
    bool forever = f->scale && (v < 0 || v > INT32_MAX);
    double d = 0;
    (void)json_double(at->now, &d);
    struct strview shown = arena_printf(at->faults->arena, "%.17g", d);
    if (v < f->min) {
        schema_fault(at, at->path, forever, "schema.min", CAUSE_INVALID, shown,
                     "must be greater than or equal to %" PRId64, f->min);
    } else {
        schema_fault(at, at->path, forever, "schema.max", CAUSE_INVALID, shown,
                     "must be less than or equal to %" PRId64, f->max);
    }
}

static void read_bool(const struct spot *at, struct field_bool *ret)
{
    bool v;
    if (!json_bool(at->now, &v)) {
        schema_fault_type(at, at->path, at->now, field_kind_words(at->field->kind));
    } else if (ret != NULL) {
        *ret = (struct field_bool){.v = v, .set = true};
    }
}

static void read_strings(const struct spot *at, struct field_strings *ret)
{
    const struct field *f = at->field;
    if (json_type(at->now) != JSON_ARRAY) {
        schema_fault_type(at, at->path, at->now, field_kind_words(f->kind));
        return;
    }
    size_t n = json_count(at->now);
    bool good = schema_check_count(at, n);
    struct strview *items = NULL;
    if (n != 0 && good && ret != NULL) {
        items = ARENA_NEW_N(at->faults->arena, struct strview, n);
    }
    size_t i = 0;
    json_each(v, at->now) {
        const struct path path = PATH_INDEX_OF(at->path, i);
        struct strview s = json_string(v);
        if (!sv_present(s)) {
            schema_fault_type(at, &path, v, "a string");
            good = false;
        } else if (!schema_check_length(at, &path, s, 0, f->item_max)) {
            good = false;
        } else if (items != NULL) {
            items[i] = s;
        }
        i++;
    }
    if (good && ret != NULL && (n == 0 || items != NULL)) {
        *ret = (struct field_strings){.items = items, .n = n, .set = true};
    }
}

/// A string or an integer within int64; what it says is for the rules.
static bool is_quantity_shaped(const struct json *v)
{
    int64_t unused;
    double d;
    return json_type(v) == JSON_STRING ||
           (read_whole(v, &unused) && json_double(v, &d) && d >= -0x1p63 && d <= 0x1p63);
}

/// Whether V, in the map of the row F, has no fault, as far as its bytes tell without counting.
static bool is_plainly_good(const struct field *f, const struct json *v)
{
    if (f->kind == FIELD_QUANTITY_MAP) {
        return is_quantity_shaped(v);
    }
    struct strview s = json_string(v);
    return sv_present(s) && (f->item_max <= 0 || s.len <= (size_t)f->item_max);
}

/// V, which is not plainly good, in the map at AT: it is correlated with the stored one by its key
/// in OLD.
static void check_map_value(const struct spot *at, const struct json *v, const struct json *old)
{
    struct strview key = json_key(v);
    const struct path path = PATH_KEY_OF(at->path, key);
    const struct field item = {.name = key.ptr, .name_len = key.len, .kind = FIELD_STRING};
    struct grace grace = {.asked = false};
    const struct spot here = {.grace = &grace,
                              .faults = at->faults,
                              .field = &item,
                              .now = v,
                              .old_parent = old,
                              .path = &path};
    if (at->field->kind == FIELD_QUANTITY_MAP) {
        schema_fault_type(&here, &path, v, "a quantity such as \"500m\" or \"2Gi\"");
    } else if (json_type(v) != JSON_STRING) {
        schema_fault_type(&here, &path, v, "a string (quote it)");
    } else {
        (void)schema_check_length(&here, &path, json_string(v), 0, at->field->item_max);
    }
}

/// STRING_MAP and QUANTITY_MAP.
static void read_map(const struct spot *at, const struct json **ret)
{
    const struct field *f = at->field;
    if (json_type(at->now) != JSON_OBJECT) {
        schema_fault_type(at, at->path, at->now, field_kind_words(f->kind));
        return;
    }
    const struct json *old =
        at->old_parent != NULL ? json_get(at->old_parent, sv_make(f->name, f->name_len)) : NULL;
    if (old != NULL && (json_count(at->now) > SCHEMA_MAP_MAX || json_count(old) > SCHEMA_MAP_MAX)) {
        old = NULL;
    }
    size_t before = count_faults(at->faults);
    size_t n = 0;
    json_each(v, at->now) {
        n += is_null(v) ? 0 : 1;
        if (!is_null(v) && !is_plainly_good(f, v)) {
            check_map_value(at, v, old);
        }
    }
    bool good = schema_check_count(at, n) && count_faults(at->faults) == before;
    if (good && ret != NULL) {
        *ret = at->now;
    }
}

/// OBJECTS: the items have no grace of their own, only the list has.
static void read_objects(const struct spot *at, const struct json **ret)
{
    const struct field *f = at->field;
    if (json_type(at->now) != JSON_ARRAY) {
        schema_fault_type(at, at->path, at->now, field_kind_words(f->kind));
        return;
    }
    size_t before = count_faults(at->faults);
    size_t i = 0;
    json_each(v, at->now) {
        const struct path path = PATH_INDEX_OF(at->path, i);
        struct spot item = *at;
        item.list = at->list != NULL ? at->list : at;
        item.path = &path;
        item.now = v;
        if (json_type(v) != JSON_OBJECT) {
            schema_fault_type(&item, &path, v, "an object");
        } else {
            walk_object(&item, f->sub, NULL, NULL);
        }
        i++;
    }
    bool good = schema_check_count(at, i) && count_faults(at->faults) == before;
    if (good && ret != NULL) {
        *ret = at->now;
    }
}

/// ANY_MAP: free values, but for the keys that have rows of their own.
static void read_any_map(const struct spot *at, const struct json **ret)
{
    const struct field *f = at->field;
    if (json_type(at->now) != JSON_OBJECT) {
        schema_fault_type(at, at->path, at->now, field_kind_words(f->kind));
        return;
    }
    bool good = true;
    if (f->max > 0) {
        size_t n = 0;
        json_each(v, at->now) {
            bool pruned = is_null(v) && f->sub != NULL && field_find(f->sub, json_key(v)) != NULL;
            n += pruned ? 0 : 1;
        }
        good = schema_check_count(at, n);
    }
    if (f->sub != NULL) {
        const struct json *old =
            at->old_parent != NULL ? json_get(at->old_parent, sv_make(f->name, f->name_len)) : NULL;
        walk_object(at, f->sub, old, NULL);
    }
    if (good && ret != NULL) {
        *ret = at->now;
    }
}

static void read_object(const struct spot *at, void *ret)
{
    const struct field *f = at->field;
    if (json_type(at->now) != JSON_OBJECT) {
        schema_fault_type(at, at->path, at->now, field_kind_words(f->kind));
        return;
    }
    const struct json *old =
        at->old_parent != NULL ? json_get(at->old_parent, sv_make(f->name, f->name_len)) : NULL;
    walk_object(at, f->sub, old, ret);
}

/// MEMBER is where the value goes; NULL: it is only checked.
static void read_field(const struct spot *at, void *member)
{
    switch (at->field->kind) {
    case FIELD_STRING:
    case FIELD_ENUM:
    case FIELD_DURATION:
        read_string(at, member);
        return;
    case FIELD_INT:
        read_int(at, member);
        return;
    case FIELD_BOOL:
        read_bool(at, member);
        return;
    case FIELD_STRINGS:
        read_strings(at, member);
        return;
    case FIELD_STRING_MAP:
    case FIELD_QUANTITY_MAP:
        read_map(at, member);
        return;
    case FIELD_OBJECTS:
        read_objects(at, member);
        return;
    case FIELD_ANY_MAP:
        read_any_map(at, member);
        return;
    case FIELD_OBJECT:
        read_object(at, member);
        return;
    case FIELD_REFUSED:
        *at->foreign = true;
        return;
    case FIELD_KIND_COUNT:
        return;
    }
}

/// Reads the object at AT by TYPE's rows into BASE, a struct of that type, or NULL to check only.
static void walk_object(const struct spot *at, const struct object_type *type,
                        const struct json *old, void *base)
{
    if (base != NULL) {
        const struct json **self = base; // the first member of every described struct
        *self = at->now;
    }
    bool free_keys = at->field->kind == FIELD_ANY_MAP;
    json_each(v, at->now) {
        const struct field *f = field_find(type, json_key(v));
        if (f == NULL || is_null(v)) {
            continue;
        }
        const struct path path = {.up = at->path,
                                  .kind = free_keys ? PATH_KEY : PATH_FIELD,
                                  .key = sv_make(f->name, f->name_len)};
        struct grace grace = {.asked = false};
        const struct spot here = {.faults = at->faults,
                                  .field = f,
                                  .now = v,
                                  .old_parent = json_type(old) == JSON_OBJECT ? old : NULL,
                                  .list = at->list,
                                  .path = &path,
                                  .grace = &grace,
                                  .foreign = at->foreign};
        read_field(&here, base != NULL ? (char *)base + f->offset : NULL);
    }
    const struct field *end = type->fields + type->n_fields;
    for (const struct field *f = type->fields; f < end; f++) {
        if (!f->required) {
            continue;
        }
        const struct json *v = json_get(at->now, sv_make(f->name, f->name_len));
        if (v == NULL || is_null(v)) {
            const struct path path = PATH_FIELD_OF(at->path, sv_make(f->name, f->name_len));
            schema_fault(at, &path, false, "schema.required", CAUSE_REQUIRED, SV_NONE, "%s",
                         f->doc);
        }
    }
}

/// Names are read by Kubernetes itself; what isn't a string there never reaches storage.
static struct strview read_meta_string(const struct json *metadata, struct strview key,
                                       struct violations *faults)
{
    const struct json *v = json_get(metadata, key);
    if (v != NULL && !is_null(v) && json_type(v) != JSON_STRING) {
        const struct path up = PATH_FIELD_OF(NULL, SV("metadata"));
        const struct path path = PATH_FIELD_OF(&up, key);
        violation_deny(faults, "schema.type", CAUSE_TYPE_INVALID, &path,
                       violation_show(faults->arena, v), "must be a string");
    }
    struct strview s = json_string(v);
    return s.len != 0 ? s : SV_NONE;
}

static void read_metadata(struct kind_object *ret, struct violations *faults)
{
    const struct json *metadata = json_get_lit(ret->self, "metadata");
    if (json_type(metadata) == JSON_OBJECT) {
        ret->metadata = metadata;
        ret->name = read_meta_string(metadata, SV("name"), faults);
        ret->generate_name = read_meta_string(metadata, SV("generateName"), faults);
        ret->ns = read_meta_string(metadata, SV("namespace"), faults);
    } else if (metadata != NULL && !is_null(metadata)) {
        const struct path path = PATH_FIELD_OF(NULL, SV("metadata"));
        violation_deny(faults, "schema.type", CAUSE_TYPE_INVALID, &path,
                       violation_show(faults->arena, metadata), "must be an object");
    }
}

void kind_decode(const struct kind *kind, const struct json *object, const struct json *old,
                 struct kind_object *ret, void *spec, struct violations *faults)
{
    *ret = (struct kind_object){.self = object};
    memset(spec, 0, kind->spec->size);
    if (json_type(object) != JSON_OBJECT) {
        violation_deny(faults, "schema.type", CAUSE_TYPE_INVALID, NULL,
                       violation_show(faults->arena, object), "must be an object");
        return;
    }
    ret->status = json_get_lit(object, "status");
    read_metadata(ret, faults);
    const struct json *now = json_get_lit(object, "spec");
    const struct path path = PATH_FIELD_OF(NULL, SV("spec"));
    if (now == NULL || is_null(now)) {
        violation_deny(faults, "schema.required", CAUSE_REQUIRED, &path, SV_NONE, "%s",
                       kind->spec_doc);
        return;
    }
    // `scale` reads the whole object.
    const struct field row = {.name = "spec",
                              .name_len = sizeof("spec") - 1,
                              .kind = FIELD_OBJECT,
                              .sub = kind->spec,
                              .scale = kind->scale != NULL};
    struct grace grace = {.asked = false};
    const struct spot at = {.faults = faults,
                            .grace = &grace,
                            .field = &row,
                            .now = now,
                            .old_parent = json_type(old) == JSON_OBJECT ? old : NULL,
                            .path = &path,
                            .foreign = &ret->foreign};
    read_object(&at, spec);
}
