// SPDX-License-Identifier: Apache-2.0
#include "common/json/view.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/macros.h"
#include "common/json/keyset.h"
#include "common/json/tree.h"

#define MAX_EXACT 9007199254740991.0 // 2^53 - 1: every integer up to here has a double of its own

int json_parse(struct strview text, const struct json_limits *limits, struct arena *arena,
               const struct json **ret, struct err *err)
{
    return json_scan(text, limits, NULL, arena, ret, NULL, err);
}

int json_parse_with(const struct json_shortcuts *shortcuts, struct strview text,
                    const struct json_limits *limits, struct arena *arena, const struct json **ret,
                    struct err *err)
{
    return json_scan(text, limits, shortcuts, arena, ret, NULL, err);
}

enum json_type json_type(const struct json *v)
{
    // By cJSON's types, each a bit.
    static const unsigned char TYPES[] = {
        [cJSON_False] = JSON_BOOL,    [cJSON_True] = JSON_BOOL,     [cJSON_NULL] = JSON_NULL,
        [cJSON_Number] = JSON_NUMBER, [cJSON_String] = JSON_STRING, [cJSON_Array] = JSON_ARRAY,
        [cJSON_Object] = JSON_OBJECT,
    };
    return v != NULL ? (enum json_type)TYPES[v->node.type] : JSON_ABSENT;
}

const char *json_type_name(const struct json *v)
{
    int64_t integer;
    switch (json_type(v)) {
    case JSON_BOOL:
        return "boolean";
    case JSON_NUMBER:
        return json_int(v, &integer) ? "integer" : "number";
    case JSON_STRING:
        return "string";
    case JSON_ARRAY:
        return "array";
    case JSON_OBJECT:
        return "object";
    case JSON_ABSENT:
    case JSON_NULL:
        break;
    }
    return "null";
}

/// Whether V stands under KEY, whose prefix it has: eight bytes a step, the last ones ending with
/// the key. A call of memcmp() would be most of what a look-up costs.
static inline bool is_under(const struct json *v, struct strview key)
{
    if (v->key_len != key.len) {
        return false;
    }
    for (size_t at = sizeof(uint64_t); at < key.len; at += sizeof(uint64_t)) {
        size_t from = at < key.len - sizeof(uint64_t) ? at : key.len - sizeof(uint64_t);
        uint64_t a, b;
        memcpy(&a, v->node.string + from, sizeof(a));
        memcpy(&b, key.ptr + from, sizeof(b));
        if (a != b) {
            return false;
        }
    }
    return true;
}

/// The same of an object that has not been read yet.
ASIDE static const struct json *get_later(const struct json *object, struct strview key)
{
    json_tree_read_later(object);
    return object->node.child != NULL ? json_get(object, key) : NULL;
}

const struct json *json_get(const struct json *object, struct strview key)
{
    if (object == NULL || object->node.type != cJSON_Object) {
        return NULL;
    }
    if (object->node.child == NULL) {
        return json_tree_is_put_off(object) ? get_later(object, key) : NULL;
    }
    uint64_t prefix = keyset_prefix(key);
    const struct json *v = json_of(object->node.child);
    while (v != NULL && (v->key_prefix != prefix || !is_under(v, key))) {
        v = json_of(v->node.next);
    }
    return v;
}

void json_get_all(const struct json *object, const struct strview *keys, size_t n,
                  const struct json **ret)
{
    memset(ret, 0, n * sizeof(const struct json *)); // each is NULL
    size_t next = 0; // the key that is tried first: behind the one that was found last
    for (const struct json *v = json_type(object) == JSON_OBJECT ? json_first(object) : NULL;
         v != NULL; v = json_next(v)) {
        for (size_t tried = 0; tried < n; tried++) {
            size_t i = next;
            next = i + 1 < n ? i + 1 : 0;
            if (sv_eq(json_key(v), keys[i])) {
                ret[i] = v;
                break;
            }
        }
    }
}

const struct json *json_get_path(const struct json *object, ...)
{
    va_list keys;
    va_start(keys, object);
    for (const char *key = va_arg(keys, const char *); key != NULL && object != NULL;
         key = va_arg(keys, const char *)) {
        object = json_get(object, sv_from(key));
    }
    va_end(keys);
    return object;
}

const struct json *json_first(const struct json *container)
{
    // Only containers have a child.
    return container != NULL ? json_tree_child(container) : NULL;
}

const struct json *json_next(const struct json *child)
{
    return json_of(child->node.next);
}

size_t json_count(const struct json *container)
{
    size_t n = 0;
    json_each(child, container) {
        n++;
    }
    return n;
}

struct strview json_key(const struct json *v)
{
    return v != NULL && v->node.string != NULL ? sv_make(v->node.string, v->key_len) : SV_NONE;
}

struct strview json_string(const struct json *v)
{
    return v != NULL && v->node.type == cJSON_String ? sv_make(v->node.valuestring, v->len)
                                                     : SV_NONE;
}

struct strview json_get_string(const struct json *object, struct strview key)
{
    return json_string(json_get(object, key));
}

bool json_int(const struct json *v, int64_t *ret)
{
    double d;
    if (!json_double(v, &d) || !(fabs(d) <= MAX_EXACT) || d != trunc(d)) {
        return false;
    }
    *ret = (int64_t)d;
    return true;
}

bool json_double(const struct json *v, double *ret)
{
    if (v == NULL || v->node.type != cJSON_Number) {
        return false;
    }
    *ret = v->node.valuedouble;
    return true;
}

bool json_bool(const struct json *v, bool *ret)
{
    if (json_type(v) != JSON_BOOL) {
        return false;
    }
    *ret = v->node.type == cJSON_True;
    return true;
}
