// SPDX-License-Identifier: Apache-2.0
// The gate before the parser: is this text one JSON value exactly as RFC 8259 has it, in valid
// UTF-8, without what parsers read differently (duplicate keys, NUL in strings), and within bounds?
// Pure; a copy of the text and, for large objects, a table of their keys come from the arena.
#ifndef SLUICE_JSON_STRICT_H
#define SLUICE_JSON_STRICT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"

#define JSON_DEPTH_CAP    64 // no limits may ask for more: the scan's stack is that large
#define JSON_NUMBER_BYTES 63 // a longer number is refused: the parser behind would cut it

struct json_limits {
    size_t max_bytes;   // of the whole text
    size_t max_values;  // every null, bool, number, string (not keys), array, object counts one
    size_t max_string;  // bytes of one string or key as written
    unsigned max_depth; // of nested arrays and objects, at most JSON_DEPTH_CAP
};

/// What the product page promises: 7 MiB, 100,000 values, strings of 1 MiB, depth 64.
extern const struct json_limits JSON_LIMITS_DEFAULT;

/// 0, or -1 with E_PARSE (a malformed text, also one that is nested too deep: the message tells
/// line and column in characters, both from 1, or for one-line texts the byte offset from 0, and
/// what is wrong), E_TOO_LARGE (bytes, values or a string over their limit: which and how much) or
/// E_NOMEM (SCRATCH has no room for the tree and the key table: at most some 200 bytes a value).
/// *RET_VALUES (may be NULL) is the number of values on success. Linear in the text, whatever it
/// is: an object whose keys are made to collide in the key table is refused with E_TOO_LARGE.
MUST_USE int json_strict(struct strview text, const struct json_limits *limits,
                         struct arena *scratch, size_t *ret_values, struct err *err);

/// The string value at the path `request.uid` of a text that json_strict() refused, as far as it
/// can be told without parsing (bounded look through the first 64 KiB, only plain characters
/// [A-Za-z0-9-], 1 to 128 of them), so that a malformed review can still be answered under its uid.
/// SV_NONE when it can't be told; borrowed from TEXT.
struct strview json_scan_uid(struct strview text);

#endif
