// SPDX-License-Identifier: Apache-2.0
#include "common/json/view.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>

#include "common/base/mem.h"

#define MAX_EXACT 9007199254740991.0 // 2^53 - 1: every integer up to here has a double of its own

// cJSON's hooks belong to the whole process; which arena they serve belongs to the thread.
static _Thread_local struct arena *parse_arena;
static bool hooks_installed;

static void *hook_alloc(size_t size)
{
    return parse_arena != NULL ? arena_alloc(parse_arena, size) : mem_alloc(size);
}

static void hook_free(void *p)
{
    if (parse_arena == NULL) {
        mem_free(p);
    }
}

void json_global_init(void)
{
    cJSON_Hooks hooks = {.malloc_fn = hook_alloc, .free_fn = hook_free};
    cJSON_InitHooks(&hooks);
    hooks_installed = true;
}

static const cJSON *node(const struct json *v)
{
    return (const cJSON *)(const void *)v;
}

static const struct json *json(const cJSON *n)
{
    return (const struct json *)(const void *)n;
}

int json_parse(struct strview text, const struct json_limits *limits, struct arena *arena,
               const struct json **ret, struct err *err)
{
    ASSERT(hooks_installed);
    if (json_strict(text, limits, arena, NULL, err) < 0) {
        return -1;
    }
    const char *end = NULL;
    parse_arena = arena;
    const cJSON *tree = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
    parse_arena = NULL;
    if (tree == NULL && !arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory left for the tree of a JSON text of %zu bytes",
                       text.len);
    }
    if (tree == NULL) {
        return err_set(err, E_BUG, "at byte %zu: the parser refuses what the scan took",
                       end != NULL ? (size_t)(end - text.ptr) : 0);
    }
    *ret = json(tree);
    return 0;
}

enum json_type json_type(const struct json *v)
{
    if (v == NULL) {
        return JSON_ABSENT;
    }
    switch (node(v)->type & 0xff) {
    case cJSON_False:
    case cJSON_True:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
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

/// Without the strlen of a key that differs in its first bytes, as most do.
static bool key_is(const char *have, struct strview key)
{
    size_t i = 0;
    while (i < key.len && have[i] == key.ptr[i] && have[i] != '\0') {
        i++;
    }
    return i == key.len && have[i] == '\0';
}

const struct json *json_get(const struct json *object, struct strview key)
{
    if (json_type(object) != JSON_OBJECT) {
        return NULL;
    }
    const cJSON *n = node(object)->child;
    while (n != NULL && !key_is(n->string, key)) {
        n = n->next;
    }
    return json(n);
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
    return container != NULL ? json(node(container)->child) : NULL;
}

const struct json *json_next(const struct json *child)
{
    return json(node(child)->next);
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
    return v != NULL ? sv_from(node(v)->string) : SV_NONE;
}

struct strview json_string(const struct json *v)
{
    // strlen is right: the scan refuses NUL in strings.
    return json_type(v) == JSON_STRING ? sv_from(node(v)->valuestring) : SV_NONE;
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
    if (json_type(v) != JSON_NUMBER) {
        return false;
    }
    *ret = node(v)->valuedouble;
    return true;
}

bool json_bool(const struct json *v, bool *ret)
{
    if (json_type(v) != JSON_BOOL) {
        return false;
    }
    *ret = (node(v)->type & 0xff) == cJSON_True;
    return true;
}
