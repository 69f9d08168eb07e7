// SPDX-License-Identifier: Apache-2.0
// What defaulting changes in one object, gathered first and then written as the smallest patch:
// what comes beneath one absent parent is one operation. Pure.
#ifndef SLUICE_FLINK_DEFAULTS_EDITS_H
#define SLUICE_FLINK_DEFAULTS_EDITS_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/base/strview.h"
#include "common/json/patch.h"
#include "common/json/view.h"

/// Keys from the root to a member at most: spec.taskManager.resources.requests.cpu.
#define DEFAULTS_DEPTH_MAX 5

struct defaults_edit {
    unsigned rank; // those beneath one parent have the same one
    struct strview keys[DEFAULTS_DEPTH_MAX];
    size_t n;
    struct strview value; // JSON text
};

struct defaults_edits {
    struct arena *arena; // all memory; a full one shows in arena_ok()
    struct defaults_edit *items;
    size_t n, cap;
};

#define DEFAULTS_EDITS(arena_ptr) ((struct defaults_edits){.arena = (arena_ptr)})

/// Sets the member at KEYS (N of them, at most DEFAULTS_DEPTH_MAX) of the object to VALUE, JSON
/// text. Texts are borrowed. Edits of a lower RANK are written first, those of the same in the
/// order in which they were added; edits beneath one parent must stand side by side.
void defaults_edits_add(struct defaults_edits *e, unsigned rank, const struct strview *keys,
                        size_t n, struct strview value);

/// The same for a string and a number.
void defaults_edits_add_string(struct defaults_edits *e, unsigned rank, const struct strview *keys,
                               size_t n, struct strview value);
void defaults_edits_add_int(struct defaults_edits *e, unsigned rank, const struct strview *keys,
                            size_t n, int64_t value);

/// VALUE as JSON text in ARENA.
struct strview defaults_json_string(struct arena *arena, struct strview value);
struct strview defaults_json_text(struct arena *arena, const struct json *value);

/// Writes all of it for ROOT. Every parent must be an object, null or absent. -1 when it doesn't
/// fit (E_TOO_LARGE) or there is no memory (E_NOMEM).
MUST_USE int defaults_edits_put(const struct defaults_edits *e, const struct json *root,
                                struct json_patch *patch, struct err *err);

#endif
