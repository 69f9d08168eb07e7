// SPDX-License-Identifier: Apache-2.0
// An RFC 6902 engine for the tests, whole (add, remove, replace, move, copy, test) and with no line
// in common with the product's: what our patches do is judged by it, as the API server would apply
// them.
#ifndef SLUICE_FAKES_JSON_PATCH_APPLY_H
#define SLUICE_FAKES_JSON_PATCH_APPLY_H

#include "common/base/err.h"
#include "common/base/strview.h"

/// The document after the patch, compact, with the members of objects in the order of their keys
/// and numbers as they were written. The caller frees it. NULL: one of the two is no JSON, or an
/// operation does not apply; ERR says why.
char *fake_patch_apply(struct strview doc, struct strview patch, struct err *err);

/// DOC in the same form, so that two texts can be compared; NULL when it is no JSON. The caller
/// frees.
char *fake_json_canonical(struct strview doc);

#endif
