// SPDX-License-Identifier: Apache-2.0
#include "common/kind/field.h"

const struct field *field_find(const struct object_type *type, struct strview name)
{
    // A few dozen rows, and few of them with names as long.
    const struct field *end = type->fields + type->n_fields;
    for (const struct field *f = type->fields; f < end; f++) {
        if (sv_eq(sv_make(f->name, f->name_len), name)) {
            return f;
        }
    }
    return NULL;
}

const char *field_kind_words(enum field_kind kind)
{
    switch (kind) {
    case FIELD_STRING:
    case FIELD_ENUM:
        return "a string";
    case FIELD_DURATION:
        return "a string such as \"30s\" or \"10 min\"";
    case FIELD_INT:
        return "an integer";
    case FIELD_BOOL:
        return "true or false";
    case FIELD_STRINGS:
        return "a list of strings";
    case FIELD_OBJECTS:
        return "a list of objects";
    case FIELD_STRING_MAP:
    case FIELD_QUANTITY_MAP:
    case FIELD_ANY_MAP:
        return "a map";
    case FIELD_OBJECT:
        return "an object";
    case FIELD_REFUSED:
    case FIELD_KIND_COUNT:
        break;
    }
    return "absent";
}

const char *field_kind_schema(enum field_kind kind)
{
    static const char *const NAMES[FIELD_KIND_COUNT] = {
#define X(name, ctype, schema) [FIELD_##name] = schema,
        FIELD_KINDS(X)
#undef X
    };
    return (unsigned)kind < FIELD_KIND_COUNT ? NAMES[kind] : "";
}
