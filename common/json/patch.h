// SPDX-License-Identifier: Apache-2.0
// Builds RFC 6902 patches of `add` and `replace` operations, the only ones that Sluice sends. Pure.
#ifndef SLUICE_JSON_PATCH_H
#define SLUICE_JSON_PATCH_H

#include <stddef.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/json/out.h"
#include "common/json/view.h"

struct json_patch {
    struct strbuf text; // the array, without its closing bracket until json_patch_end()
    size_t count;       // operations so far
};

/// A patch of at most MAX_BYTES. json_patch_done() frees it.
#define JSON_PATCH(max_bytes) ((struct json_patch){.text = STRBUF(max_bytes)})
/// The same in an arena's memory.
#define JSON_PATCH_IN(arena, max_bytes) ((struct json_patch){.text = STRBUF_IN(arena, max_bytes)})
void json_patch_done(struct json_patch *p);

/// Sets the member at KEYS (N of them, from ROOT down) to the JSON text VALUE: `replace` when ROOT
/// has it, `add` when it has not; a parent that ROOT lacks is added as part of one operation (the
/// deepest existing parent gets an object that holds the rest), since adding beneath an absent
/// parent fails the API server's call. Two sets beneath the same absent parent must not be made one
/// after the other: they would each add it; use one call with the whole object. A parent of a wrong
/// type: nothing is added and -1 comes back (E_INVALID); E_TOO_LARGE when it doesn't fit, E_NOMEM.
MUST_USE int json_patch_set(struct json_patch *p, const struct json *root,
                            const struct strview *keys, size_t n, struct strview value,
                            struct err *err);

/// Closes it, once: the whole text, "[]" when empty; SV_NONE after E_TOO_LARGE or E_NOMEM. Borrowed
/// until json_patch_done().
struct strview json_patch_end(struct json_patch *p);

/// KEY as a reference token of RFC 6901 (~ → ~0, / → ~1).
void json_pointer_put(struct strbuf *b, struct strview key);

#endif
