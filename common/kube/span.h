// SPDX-License-Identifier: Apache-2.0
// Finds parts of a JSON text without parsing it into a tree, so that an object is kept as it came,
// number for number. Safe on any bytes; right on valid JSON (the parts are parsed strictly
// afterwards). Pure; everything is borrowed from the text.
#ifndef SLUICE_KUBE_SPAN_H
#define SLUICE_KUBE_SPAN_H

#include <stdbool.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"

/// The text of the value of KEY (compared as written: keys with escapes don't match) in the object
/// TEXT; SV_NONE when TEXT is no object or has no such member. The first one counts.
struct strview span_member(struct strview text, struct strview key);

/// Cuts the next element's text off *REST, which starts as the text of an array. False at the end
/// or where the text is broken; *BROKEN then tells which.
bool span_next(struct strview *rest, struct strview *element, bool *broken);

/// Appends OBJECT (an API object) without metadata.managedFields.
void span_put_without_managed_fields(struct strbuf *b, struct strview object);

#endif
