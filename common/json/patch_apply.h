// SPDX-License-Identifier: Apache-2.0
// What a patch of ours (json/patch.h) makes of its document, for those who judge offline what the
// API server would store. Not RFC 6902 as a whole: `add` and `replace` of objects' members, each in
// a place of its own, which is all that we send. Pure.
#ifndef SLUICE_JSON_PATCH_APPLY_H
#define SLUICE_JSON_PATCH_APPLY_H

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"

/// Operations of one patch at most.
#define JSON_PATCH_APPLY_MAX 64

/// Appends ROOT with PATCH (the parsed array of operations) applied, as compact JSON. Numbers are
/// written as doubles hold them. 0; -1 with E_INVALID when PATCH has anything else or does not fit
/// ROOT, E_TOO_LARGE or E_NOMEM when OUT is full.
MUST_USE int json_patch_apply(const struct json *root, const struct json *patch, struct strbuf *out,
                              struct err *err);

#endif
