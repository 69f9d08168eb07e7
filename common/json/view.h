// SPDX-License-Identifier: Apache-2.0
// A parsed JSON text as a read-only tree. The strict scan builds it as it goes, so that what it
// refuses has none; the tree lives in the caller's arena and goes with it. NULL is a fine `const
// struct json *` everywhere: it reads as "absent". Pure; a tree may be read by many threads at
// once.
#ifndef SLUICE_JSON_VIEW_H
#define SLUICE_JSON_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/json/strict.h"

struct json; // one value

enum json_type {
    JSON_ABSENT, // NULL pointer
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/// Strict scan, then a tree in ARENA. 0, or -1 with what json_strict() says or E_NOMEM (the arena
/// is full). TEXT need not outlive the call.
MUST_USE int json_parse(struct strview text, const struct json_limits *limits, struct arena *arena,
                        const struct json **ret, struct err *err);

/// What may be spared in a text of which few parts are read. Each is absent or a key.
struct json_shortcuts {
    // A container under this key is checked with the text, but becomes a part of the tree only when
    // somebody looks into it.
    struct strview later;
    // The object under the key LIKE stands behind its sibling MODEL, and has mostly the same in it:
    // what reads byte for byte as it does there is neither scanned nor built again.
    struct strview model, like;
};

/// json_parse() with shortcuts, which change nothing of what is refused or read. TEXT must outlive
/// the tree, which is one thread's: looking into it may still build it (out of memory then: the
/// container seems empty, and the arena has failed).
MUST_USE int json_parse_with(const struct json_shortcuts *shortcuts, struct strview text,
                             const struct json_limits *limits, struct arena *arena,
                             const struct json **ret, struct err *err);

enum json_type json_type(const struct json *v);

/// "null", "boolean", "number", "string", "array", "object" (or "integer" for an integral number),
/// as the API server names them in type faults.
const char *json_type_name(const struct json *v);

/// The member of that exact (case-sensitive) key, or NULL. O(members): walk with json_each instead
/// where many are read.
const struct json *json_get(const struct json *object, struct strview key);
#define json_get_lit(object, lit) json_get((object), SV(lit))

/// json_get() of each of N KEYS, into RET, in one pass over OBJECT: quickest when they stand in the
/// order in which the members mostly come.
void json_get_all(const struct json *object, const struct strview *keys, size_t n,
                  const struct json **ret);

/// Follows keys down from OBJECT: json_get_path(o, "metadata", "name", NULL).
const struct json *json_get_path(const struct json *object, ...) __attribute__((sentinel));

/// Children of an array or object in order; NULL at the end (and for scalars).
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *child);
#define json_each(child, container)                                                                \
    for (const struct json *child = json_first(container); child != NULL; child = json_next(child))

/// How many children; O(n).
size_t json_count(const struct json *container);

/// The key under which V stands in its object; SV_NONE elsewhere. Lives as long as the tree.
struct strview json_key(const struct json *v);

/// The string's bytes, or SV_NONE when V is no string. Lives as long as the tree.
struct strview json_string(const struct json *v);

/// string at a member; SV_NONE when absent or no string.
struct strview json_get_string(const struct json *object, struct strview key);

/// Whether V is a number with an integral value of at most 2^53 - 1 in size, and that value.
bool json_int(const struct json *v, int64_t *ret);
/// The number's value; false when V is no number.
bool json_double(const struct json *v, double *ret);
/// False when V is no boolean.
bool json_bool(const struct json *v, bool *ret);

/// Same type and value: objects regardless of order, numbers by value. Depth is bounded by the
/// parse.
bool json_equal(const struct json *a, const struct json *b);

#endif
