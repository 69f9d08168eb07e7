// SPDX-License-Identifier: Apache-2.0
#include "common/flink/podtemplate.h"

#include <stdint.h>

#include "common/base/macros.h"
#include "common/k8s/quantity.h"
#include "common/kind/nearest.h"

/// X(kind, what a value must be, in words)
#define KINDS(X)                                                                                   \
    X(STRING, "a string")                                                                          \
    X(BOOL, "true or false")                                                                       \
    X(INT32, "an integer of 32 bits")                                                              \
    X(INT64, "an integer")                                                                         \
    X(QUANTITY, "a quantity such as \"500m\" or \"2Gi\"")                                          \
    X(INT_OR_STRING, "an integer or a string")                                                     \
    X(OBJECT, "an object")                                                                         \
    X(MAP, "an object")                                                                            \
    X(MAP_STRING, "a map of strings")                                                              \
    X(MAP_QUANTITY, "a map of quantities")                                                         \
    X(LIST_STRING, "a list of strings")                                                            \
    X(LIST_INT64, "a list of integers")                                                            \
    X(LIST_INT32, "a list of integers")                                                            \
    X(LIST_OBJECT, "a list of objects")

enum kind {
#define X(name, words) KIND_##name,
    KINDS(X)
#undef X
};

static const char *const WORDS[] = {
#define X(name, words) [KIND_##name] = words,
    KINDS(X)
#undef X
};

struct pod_type {
    const char *name;
    uint16_t first, count; // its fields
};

struct pod_field {
    const char *name;
    uint8_t name_len;
    uint8_t kind;
    uint8_t type; // OBJECT, LIST_OBJECT: of the value or the items
};

static const struct pod_type TYPES[] = {
#define TYPE(name_, first_, count_) {.name = (name_), .first = (first_), .count = (count_)},
#define FIELD(name_, kind_, type_)
#include "common/flink/podtemplate_table.inc"
#undef TYPE
#undef FIELD
};

static const struct pod_field FIELDS[] = {
#define TYPE(name_, first_, count_)
#define FIELD(name_, kind_, type_)                                                                 \
    {.name = (name_), .name_len = sizeof(name_) - 1, .kind = KIND_##kind_, .type = (type_)},
#include "common/flink/podtemplate_table.inc"
#undef TYPE
#undef FIELD
};

struct check {
    const char *rule;
    struct violations *out;
};

static void check_object(const struct check *c, const struct json *v, const struct pod_type *type,
                         const struct path *path);

static void refuse(const struct check *c, const struct json *v, enum kind kind,
                   const struct path *path)
{
    struct strview shown = SV_NONE;
    if (c->out->count < c->out->max) {
        shown = violation_show(c->out->arena, v);
    }
    bool quote_it = kind == KIND_STRING && json_type(v) != JSON_OBJECT &&
                    json_type(v) != JSON_ARRAY && json_type(v) != JSON_NULL;
    violation_deny(c->out, c->rule, CAUSE_TYPE_INVALID, path, shown, "must be %s%s", WORDS[kind],
                   quote_it ? " (quote it)" : "");
}

static bool is_integer(const struct json *v, int64_t max)
{
    int64_t n;
    return json_int(v, &n) && n <= max && n >= -max - 1;
}

static bool is_scalar(const struct json *v, enum kind kind)
{
    struct quantity q;
    switch (kind) {
    case KIND_STRING:
        return json_type(v) == JSON_STRING;
    case KIND_BOOL:
        return json_type(v) == JSON_BOOL;
    case KIND_INT32:
        return is_integer(v, INT32_MAX);
    case KIND_INT64:
        return is_integer(v, INT64_MAX);
    case KIND_QUANTITY:
        return quantity_read(v, &q, NULL);
    case KIND_INT_OR_STRING:
        return json_type(v) == JSON_STRING || is_integer(v, INT32_MAX);
    case KIND_OBJECT:
    case KIND_MAP:
        return json_type(v) == JSON_OBJECT;
    case KIND_MAP_STRING:
    case KIND_MAP_QUANTITY:
    case KIND_LIST_STRING:
    case KIND_LIST_INT32:
    case KIND_LIST_INT64:
    case KIND_LIST_OBJECT:
        break;
    }
    return false;
}

static void check_map(const struct check *c, const struct json *v, enum kind kind, enum kind item,
                      const struct path *path)
{
    if (json_type(v) != JSON_OBJECT) {
        refuse(c, v, kind, path);
        return;
    }
    json_each(value, v) {
        const struct path here = PATH_KEY_OF(path, json_key(value));
        if (json_type(value) != JSON_NULL && !is_scalar(value, item)) {
            refuse(c, value, item, &here);
        }
    }
}

static void check_list(const struct check *c, const struct json *v, enum kind kind, enum kind item,
                       const struct pod_type *type, const struct path *path)
{
    if (json_type(v) != JSON_ARRAY) {
        refuse(c, v, kind, path);
        return;
    }
    size_t i = 0;
    json_each(value, v) {
        const struct path here = PATH_INDEX_OF(path, i++);
        if (!is_scalar(value, item)) {
            refuse(c, value, item, &here);
        } else if (item == KIND_OBJECT) {
            check_object(c, value, type, &here);
        }
    }
}

static void check_value(const struct check *c, const struct json *v, const struct pod_field *f,
                        const struct path *path)
{
    enum kind kind = (enum kind)f->kind;
    switch (kind) {
    case KIND_MAP_STRING:
        check_map(c, v, kind, KIND_STRING, path);
        return;
    case KIND_MAP_QUANTITY:
        check_map(c, v, kind, KIND_QUANTITY, path);
        return;
    case KIND_LIST_STRING:
        check_list(c, v, kind, KIND_STRING, NULL, path);
        return;
    case KIND_LIST_INT32:
        check_list(c, v, kind, KIND_INT32, NULL, path);
        return;
    case KIND_LIST_INT64:
        check_list(c, v, kind, KIND_INT64, NULL, path);
        return;
    case KIND_LIST_OBJECT:
        check_list(c, v, kind, KIND_OBJECT, &TYPES[f->type], path);
        return;
    case KIND_STRING:
    case KIND_BOOL:
    case KIND_INT32:
    case KIND_INT64:
    case KIND_QUANTITY:
    case KIND_INT_OR_STRING:
    case KIND_OBJECT:
    case KIND_MAP:
        break;
    }
    if (!is_scalar(v, kind)) {
        refuse(c, v, kind, path);
    } else if (kind == KIND_OBJECT) {
        check_object(c, v, &TYPES[f->type], path);
    }
}

/// The row of that name from F on and before END, or END.
static inline const struct pod_field *find(const struct pod_field *f, const struct pod_field *end,
                                           struct strview name)
{
    while (f < end && !sv_eq(sv_make(f->name, f->name_len), name)) {
        f++;
    }
    return f;
}

static void warn(const struct check *c, const struct pod_type *type, struct strview name,
                 const struct path *path)
{
    struct nearest near = NEAREST_OF(name);
    for (size_t i = 0; i < type->count && c->out->count < c->out->max; i++) {
        const struct pod_field *f = &FIELDS[type->first + i];
        nearest_try(&near, sv_make(f->name, f->name_len));
    }
    if (sv_present(near.best)) {
        violation_warn(c->out, c->rule, path, "no field of %s; did you mean \"%.*s\"?", type->name,
                       SV_ARG(near.best));
    } else {
        violation_warn(c->out, c->rule, path, "no field of %s", type->name);
    }
}

/// Any member but a string where one belongs. F is NULL for one that TYPE doesn't have. (Apart, so
/// that the walk over the others needs no room for paths.)
ASIDE static void check_member(const struct check *c, const struct json *member,
                               const struct pod_type *type, const struct pod_field *f,
                               const struct path *path)
{
    const struct path here = PATH_FIELD_OF(path, json_key(member));
    if (f == NULL) {
        warn(c, type, json_key(member), &here);
    } else if (json_type(member) != JSON_NULL) {
        check_value(c, member, f, &here);
    }
}

/// Depth is that of the JSON tree, which the parser bounds.
static void check_object(const struct check *c, const struct json *v, const struct pod_type *type,
                         const struct path *path)
{
    const struct pod_field *first = &FIELDS[type->first], *end = first + type->count;
    // A row is looked for from behind the last one on: rows and, as Kubernetes writes them, members
    // are in the order of their names.
    const struct pod_field *next = first;
    json_each(member, v) {
        const struct pod_field *f = find(next, end, json_key(member));
        if (f == end) {
            f = find(first, next, json_key(member));
            f = f != next ? f : NULL;
        }
        next = f != NULL ? f + 1 : next;
        if (f == NULL || f->kind != KIND_STRING || json_type(member) != JSON_STRING) {
            check_member(c, member, type, f, path); // few are
        }
    }
}

void podtemplate_check(const struct json *template, const struct path *path, const char *rule,
                       struct violations *out)
{
    const struct check c = {.rule = rule, .out = out};
    if (template == NULL || json_type(template) == JSON_NULL) {
        return;
    }
    if (json_type(template) != JSON_OBJECT) {
        refuse(&c, template, KIND_OBJECT, path);
        return;
    }
    check_object(&c, template, &TYPES[0], path);
}
