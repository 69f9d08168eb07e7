// SPDX-License-Identifier: Apache-2.0
// ObjectMeta as a struct, and the owner references that we write. Reading is tolerant: a member
// that is null or of a wrong type reads as absent. Pure.
#ifndef SLUICE_K8S_META_H
#define SLUICE_K8S_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/json/out.h"
#include "common/json/view.h"
#include "common/k8s/labels.h"

struct owner_ref {
    struct strview api_version, kind, name, uid;
    bool controller;
    bool block_owner_deletion;
};

/// Texts belong to the tree that was read, arrays to the arena.
struct meta {
    struct strview name, generate_name, namespace_, uid;
    struct strview resource_version; // opaque: only ever compared for equality
    int64_t generation;              // 0: not said
    int64_t creation_ms;             // unix; 0: not said
    int64_t deletion_ms;             // unix; 0: not being deleted
    bool deleting;                   // deletionTimestamp stands, readable or not
    struct labels labels, annotations;
    const struct owner_ref *owners;
    size_t owner_count;
    const struct strview *finalizers;
    size_t finalizer_count;
};

/// Reads OBJECT's `metadata`; without one everything is absent. -1 only with E_NOMEM (the arena is
/// full).
MUST_USE int meta_read(const struct json *object, struct arena *arena, struct meta *ret,
                       struct err *err);

/// The owner with `controller: true`, or NULL.
const struct owner_ref *meta_controller(const struct meta *m);

/// A label's value, or SV_NONE.
struct strview meta_label(const struct meta *m, struct strview key);

/// Writes the array that stands at `ownerReferences`. Flags that are false are left out.
void owner_refs_put(struct json_out *o, const struct owner_ref *refs, size_t n);

#endif
