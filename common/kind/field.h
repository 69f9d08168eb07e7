// SPDX-License-Identifier: Apache-2.0
// A field of a kind as one row of a table. From the rows come the struct's member (X-macros below),
// the decoder and the schema check (kind/decode.h), the CRD, the reference page and the fuzz
// dictionary (manifests/ and docs/ generators). Static data; read by any thread.
#ifndef SLUICE_KIND_FIELD_H
#define SLUICE_KIND_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/strview.h"
#include "common/json/view.h"

/// X(kind, C type of the member, schema type)
#define FIELD_KINDS(X)                                                                             \
    X(STRING, struct strview, "string")                                                            \
    X(ENUM, struct strview, "string")                                                              \
    X(DURATION, struct strview, "string") /* as Flink writes them: 30s, 10 min */                  \
    X(INT, struct field_int, "integer")   /* min and max always set */                             \
    X(BOOL, struct field_bool, "boolean")                                                          \
    X(STRINGS, struct field_strings, "array")    /* of strings */                                  \
    X(STRING_MAP, const struct json *, "object") /* string → string; null values don't count */  \
    X(QUANTITY_MAP, const struct json *, "object") /* string → integer or string; the same */    \
    X(OBJECTS, const struct json *, "array")       /* of objects of type `.sub` */                 \
    X(ANY_MAP, const struct json *, "object")      /* every value is kept as it came */            \
    X(OBJECT, struct field_none, "object")         /* of type `.sub`; declared by O(), not F() */  \
    X(REFUSED, struct field_none, "")              /* known to others; declared by R(), not F() */

struct field_int {
    int64_t v;
    bool set;
};

struct field_bool {
    bool v;
    bool set;
};

struct field_strings {
    const struct strview *items;
    size_t n;
    bool set;
};

struct field_none {
    char unused;
};

enum field_kind {
#define X(name, ctype, schema) FIELD_##name,
    FIELD_KINDS(X)
#undef X
        FIELD_KIND_COUNT
};

#define X(name, ctype, schema) typedef ctype field_c_##name;
FIELD_KINDS(X)
#undef X

struct object_type;

struct field {
    // What each walk over the rows looks at is together: a row mostly costs it one cache line.
    const char *name; // as in JSON
    size_t name_len;
    enum field_kind kind;
    bool required;
    bool scale;    // read by the `scale` subresource: a wrong type is refused even when unchanged
    bool pod;      // what the user asks for here reaches a pod: part of the revision hash
    size_t offset; // of the member in the object's struct
    const char *doc;

    // What the schema says; the API server judges by the CRD made from the same rows.
    int64_t min, max; // INT: value; STRING…: length in characters; STRINGS, OBJECTS, maps: count
    int64_t item_max; // STRINGS, STRING_MAP: characters of one item; 0: not bounded
    const char *const *enums; // ENUM: values, NULL-terminated
    const char *list_key;     // OBJECTS: the member that tells items apart; NULL: an atomic list
    const struct object_type *sub; // also ANY_MAP: keys that have a schema, the others are free

    // What the rest of the house reads.
    const char *dflt;      // the default in words or as text, for the reference page; NULL: none
    const char *type_hint; // added to a type fault: "quote it: …"
    const char *instead;   // REFUSED: what to use, for the message and the schema's description
    const char *since;     // not NULL: the field is accepted, and acted on only by a later release
};

/// A struct whose members are described by rows. Its first member is `const struct json *self`: the
/// object it was read from, NULL when absent.
struct object_type {
    const char *name; // "JobSpec"
    const char *doc;
    const struct field *fields;
    size_t n_fields;
    size_t size; // of the struct
};

// ---- from rows to C: see flink/cluster.def ------------------------------------------------------
//
// A list of rows is a macro LIST(F, O, R):
//   F(KIND, member, "json", designated initialisers…)      a plain field
//   O(struct_tag, member, "json", designated initialisers…) a nested object with rows of its own
//   R("json", "use that instead")                           a name that is refused
#define FIELD_MEMBER_F(KIND, member, json_name, ...) field_c_##KIND member;
#define FIELD_MEMBER_O(tag, member, json_name, ...)  struct tag member;
#define FIELD_MEMBER_R(json_name, instead_)

/// Declares `struct TAG` from LIST, and `TAG_type`.
#define FIELD_DECLARE(TAG, LIST)                                                                   \
    struct TAG {                                                                                   \
        const struct json *self;                                                                   \
        LIST(FIELD_MEMBER_F, FIELD_MEMBER_O, FIELD_MEMBER_R)                                       \
    };                                                                                             \
    extern const struct object_type TAG##_type;

/// Defines `TAG_type` from LIST, in one source file; around it, the macro FIELD_TAG names TAG too:
/// C has no other way to tell offsetof() inside a list whose rows don't carry it.
#define FIELD_ROW_COMMON(json_name) .name = "" json_name, .name_len = sizeof(json_name) - 1
#define FIELD_ROW_F(KIND, member_, json_name, ...)                                                 \
    {FIELD_ROW_COMMON(json_name), .kind = FIELD_##KIND,                                            \
     .offset = offsetof(struct FIELD_TAG, member_), __VA_ARGS__},
#define FIELD_ROW_O(tag_, member_, json_name, ...)                                                 \
    {FIELD_ROW_COMMON(json_name), .kind = FIELD_OBJECT, .sub = &tag_##_type,                       \
     .offset = offsetof(struct FIELD_TAG, member_), __VA_ARGS__},
#define FIELD_ROW_R(json_name, instead_)                                                           \
    {FIELD_ROW_COMMON(json_name), .kind = FIELD_REFUSED, .instead = (instead_)},
#define FIELD_DEFINE(TAG, NAME, LIST)                                                              \
    static const struct field TAG##_rows[] = {LIST(FIELD_ROW_F, FIELD_ROW_O, FIELD_ROW_R)};        \
    const struct object_type TAG##_type = {.name = (NAME),                                         \
                                           .fields = TAG##_rows,                                   \
                                           .n_fields = sizeof(TAG##_rows) / sizeof(TAG##_rows[0]), \
                                           .size = sizeof(struct TAG)};

/// The row of that name, or NULL.
const struct field *field_find(const struct object_type *type, struct strview name);

/// What a value of that kind must be, for messages: "an integer", "a list of strings".
const char *field_kind_words(enum field_kind kind);

/// The kind's type in the schema: "integer", "object", … ("" for REFUSED).
const char *field_kind_schema(enum field_kind kind);

#endif
