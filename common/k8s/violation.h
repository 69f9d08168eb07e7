// SPDX-License-Identifier: Apache-2.0
// What is wrong with a user's object: every fault, not the first. A violation maps to one
// `Status.details.causes[]` entry; a warning to one line of `response.warnings`. Pure; lives in an
// arena. Messages are written as apimachinery's field.Error has them (`Invalid value: "x": …`),
// without the field, and end in what would be right.
#ifndef SLUICE_K8S_VIOLATION_H
#define SLUICE_K8S_VIOLATION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/path.h"
#include "common/base/strview.h"
#include "common/json/view.h"

/// Reasons and their lead words: metav1.CauseType, apimachinery field.ErrorType.
#define CAUSE_REASONS(X)                                                                           \
    X(REQUIRED, "FieldValueRequired", "Required value")                                            \
    X(INVALID, "FieldValueInvalid", "Invalid value")                                               \
    X(TYPE_INVALID, "FieldValueTypeInvalid", "Invalid value")                                      \
    X(NOT_SUPPORTED, "FieldValueNotSupported", "Unsupported value")                                \
    X(FORBIDDEN, "FieldValueForbidden", "Forbidden")                                               \
    X(DUPLICATE, "FieldValueDuplicate", "Duplicate value")                                         \
    X(NOT_FOUND, "FieldValueNotFound", "Not found")                                                \
    X(TOO_LONG, "FieldValueTooLong", "Too long")                                                   \
    X(TOO_MANY, "FieldValueTooMany", "Too many")

enum cause_reason {
#define X(name, reason, lead) CAUSE_##name,
    CAUSE_REASONS(X)
#undef X
        CAUSE_COUNT
};

enum severity {
    SEVERITY_DENY,
    SEVERITY_WARN,
    SEVERITY_AUDIT, // only noted: audit annotation, metric, the policy's status
};

struct violation {
    enum severity severity;
    enum cause_reason reason;
    const char *rule;       // id of the rule ("schema.type", "parallelism_fits_slots"); static
    struct strview policy;  // the policy that asks for it; absent: a rule of Sluice itself
    struct strview path;    // "spec.image"
    struct strview value;   // the offending value as shown, for the ratchet; may be absent
    struct strview whole;   // the same uncut, where VALUE may be cut; may be absent
    struct strview message; // for a denial without the field, see above; for a warning, plain words
    bool alone;             // the same as no other: no ratchet excuses it
};

struct violations {
    struct arena *arena; // borrowed
    struct violation *items;
    size_t count, cap;
    // Further ones are counted, not kept. A denial then displaces a warning, or else an audit
    // finding.
    size_t max;
    size_t dropped; // how many were not kept
    size_t denials; // kept or not
    size_t audits;  // kept or not
};

/// At most MAX are kept; all memory comes from ARENA.
#define VIOLATIONS(arena_ptr, max_kept)                                                            \
    ((struct violations){.arena = (arena_ptr), .max = (max_kept)})

/// Notes a denial. VALUE is what stands there, shown as given (quote strings with
/// violation_quote()); SV_NONE for none. The rest says what would be right.
PRINTF(6, 7)
void violation_deny(struct violations *v, const char *rule, enum cause_reason reason,
                    const struct path *path, struct strview value, const char *fmt, ...);

/// Notes a warning (at most 120 characters come out, the field first).
PRINTF(4, 5)
void violation_warn(struct violations *v, const char *rule, const struct path *path,
                    const char *fmt, ...);

/// Notes what a policy finds, with the severity that it asks for. The message reads as a denial's
/// whatever the severity, since a ratchet may make a warning of it, and ends in "(policy NAME,
/// RULE)" when POLICY, which must live as long as V's arena, is not absent. What was noted, for the
/// caller to add to, or NULL when it was only counted.
PRINTF(8, 9)
struct violation *violation_report(struct violations *v, enum severity severity, const char *rule,
                                   struct strview policy, enum cause_reason reason,
                                   const struct path *path, struct strview value, const char *fmt,
                                   ...);

/// Notes a copy of IT, whose texts must live as long as V's arena.
void violation_add(struct violations *v, const struct violation *it);

/// The ratchet: a denial of FOUND that BEFORE, what was found in the stored object, holds as well
/// (rule, policy, path, value) becomes a warning.
void violations_ratchet(struct violations *found, const struct violations *before);

/// S in double quotes for a message: control characters and quotes escaped, cut at 64 bytes
/// with "…".
struct strview violation_quote(struct arena *a, struct strview s);

/// V for a message: a string as above, any other scalar as JSON, of a list or object only what it
/// is.
struct strview violation_show(struct arena *a, const struct json *v);

/// metav1.CauseType's text ("FieldValueInvalid").
const char *cause_reason_name(enum cause_reason r);

#endif
