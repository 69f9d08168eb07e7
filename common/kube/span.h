// SPDX-License-Identifier: Apache-2.0
// Finds parts of a JSON text without parsing it into a tree, so that an object is kept as it came,
// number for number. Safe on any bytes; right on valid JSON (the parts are parsed strictly
// afterwards). Pure; everything is borrowed from the text.
#ifndef SLUICE_KUBE_SPAN_H
#define SLUICE_KUBE_SPAN_H

#include <stdbool.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// The text of the value of KEY (compared as written: a key with escapes doesn't match) in the
/// object TEXT; SV_NONE when TEXT is no object or has no such member. The first one counts.
struct strview span_member(struct strview text, struct strview key);

/// Walks the members of an object: *REST starts as its text. False at the end, and where the text
/// is none.
bool span_next_member(struct strview *rest, struct strview *key, struct strview *value);

/// Walks the elements of an array: *REST starts as its text. False at the end; *BROKEN (set to
/// false by the caller before) becomes true where the text is no array.
bool span_next(struct strview *rest, struct strview *element, bool *broken);

/// Appends OBJECT (an API object) as it is kept: without metadata.managedFields (most of the text
/// of many objects), and with U+FFFD for each NUL in a string, which a container's message may hold
/// but our parser refuses.
void span_put_object(struct strbuf *b, struct strview object);

#endif
