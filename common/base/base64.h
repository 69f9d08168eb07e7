// SPDX-License-Identifier: Apache-2.0
// Base64 of RFC 4648 section 4, with padding: patches in admission answers, Secrets, CA bundles.
// Pure.
#ifndef SLUICE_BASE_BASE64_H
#define SLUICE_BASE_BASE64_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// Appends BYTES encoded; a failure is sticky in B.
void base64_put(struct strbuf *b, struct strview bytes);

/// Decodes strictly: padded, no white space, no bits left over in the last group. Empty gives
/// empty. The bytes are in ARENA, NUL-terminated. False: not base64; SV_NONE in *RET with true: the
/// arena is full.
bool base64_decode(struct strview text, struct arena *arena, struct strview *ret);

#endif
