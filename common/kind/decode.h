// SPDX-License-Identifier: Apache-2.0
// From JSON to the struct of a kind's spec, and the schema's verdict on the way: the same that the
// API server gives by the CRD that is generated from the same rows (held equal by a differential
// test). Pure.
#ifndef SLUICE_KIND_DECODE_H
#define SLUICE_KIND_DECODE_H

#include "common/k8s/violation.h"
#include "common/kind/kind.h"

/// What every object has beside its spec; absent what it has not, or what has a wrong type.
struct kind_object {
    const struct json *self;     // the whole object, whatever its type
    const struct json *metadata; // read it with common/k8s/meta.h
    const struct json *status;
    struct strview name;          // SV_NONE under generateName
    struct strview generate_name; // SV_NONE when there is none
    struct strview ns;
    bool foreign; // whether its spec has a field of others (an R row)
};

/// Decodes OBJECT into *RET, and its spec into SPEC, a struct of KIND's spec type. Every schema
/// fault (type, bounds, enum, required, count) is added to FAULTS; a member with a fault is left
/// absent, so that rules can go on with the rest. `null` reads as absent, as the API server prunes
/// it (in a list it is a fault, as there). Fields of others (R rows) are not schema faults: the
/// kind's rules refuse them, when *RET says that there are any. Unknown fields are no faults: the
/// API server prunes them (kind/unknown.h names them). Strings and trees are borrowed from OBJECT's
/// tree; lists come from the arena of FAULTS. Never fails: an arena that is full shows in
/// arena_ok(). A number is an integer when it is one (2.0 is); the API server also lets a fraction
/// under a billionth of the number pass, we do not. OLD is the stored object, NULL on a create: as
/// the API server does (KEP-4008), a fault of a value that OLD holds unchanged is only a warning.
/// List items have no such grace of their own, the whole list has; a map that holds keys without a
/// schema has none.
void kind_decode(const struct kind *kind, const struct json *object, const struct json *old,
                 struct kind_object *ret, void *spec, struct violations *faults);

#endif
