// SPDX-License-Identifier: Apache-2.0
#include "common/kind/schema_equal.h"

static bool is_null(const struct json *v)
{
    enum json_type t = json_type(v);
    return t == JSON_ABSENT || t == JSON_NULL;
}

static bool equal_maps(const struct json *a, const struct json *b)
{
    size_t in_a = 0;
    size_t in_b = 0;
    if (json_count(a) > SCHEMA_MAP_MAX || json_count(b) > SCHEMA_MAP_MAX) {
        return false;
    }
    json_each(v, a) {
        if (is_null(v)) {
            continue;
        }
        in_a++;
        if (!json_equal(v, json_get(b, json_key(v)))) {
            return false;
        }
    }
    json_each(v, b) {
        in_b += is_null(v) ? 0 : 1;
    }
    return in_a == in_b;
}

/// A map with keys that no row names has children that can't be correlated.
static bool has_free_keys(const struct object_type *type, const struct json *map)
{
    json_each(v, map) {
        if (type == NULL || field_find(type, json_key(v)) == NULL) {
            return true;
        }
    }
    return false;
}

bool schema_equal_objects(const struct object_type *type, const struct json *a,
                          const struct json *b)
{
    if (is_null(a) || is_null(b) || json_type(a) != JSON_OBJECT || json_type(b) != JSON_OBJECT) {
        return json_equal(a, b);
    }
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        struct strview key = sv_make(f->name, f->name_len);
        if (!schema_equal(f, json_get(a, key), json_get(b, key))) {
            return false;
        }
    }
    return true;
}

static bool equal_lists(const struct object_type *item, const struct json *a, const struct json *b)
{
    const struct json *x = json_first(a);
    const struct json *y = json_first(b);
    for (; x != NULL && y != NULL; x = json_next(x), y = json_next(y)) {
        if (item == NULL ? !json_equal(x, y) : !schema_equal_objects(item, x, y)) {
            return false;
        }
    }
    return x == NULL && y == NULL;
}

bool schema_equal(const struct field *field, const struct json *a, const struct json *b)
{
    if (is_null(a) || is_null(b)) {
        return is_null(a) == is_null(b);
    }
    if (json_type(a) == JSON_ARRAY && json_type(b) == JSON_ARRAY) {
        return equal_lists(field->kind == FIELD_OBJECTS ? field->sub : NULL, a, b);
    }
    if (json_type(a) != JSON_OBJECT || json_type(b) != JSON_OBJECT) {
        return json_equal(a, b);
    }
    switch (field->kind) {
    case FIELD_OBJECT:
        return schema_equal_objects(field->sub, a, b);
    case FIELD_STRING_MAP:
    case FIELD_QUANTITY_MAP:
        return equal_maps(a, b);
    case FIELD_ANY_MAP:
    case FIELD_REFUSED:
        if (has_free_keys(field->sub, a) || has_free_keys(field->sub, b)) {
            return false;
        }
        return field->sub == NULL || schema_equal_objects(field->sub, a, b);
    case FIELD_STRING:
    case FIELD_ENUM:
    case FIELD_DURATION:
    case FIELD_INT:
    case FIELD_BOOL:
    case FIELD_STRINGS:
    case FIELD_OBJECTS:
    case FIELD_KIND_COUNT:
        break;
    }
    // An object where the schema has none: its members have no schema and can't be correlated.
    return json_first(a) == NULL && json_first(b) == NULL;
}
