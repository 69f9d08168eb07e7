// SPDX-License-Identifier: Apache-2.0
// Writes a JSON value as YAML in block style, as kubectl prints objects. Whatever could be read as
// something else than the string it is stands in double quotes, so reading it again gives the same
// value. Pure.
#ifndef SLUICE_YAML_PUT_H
#define SLUICE_YAML_PUT_H

#include "common/base/strbuf.h"
#include "common/json/view.h"

/// Appends V (an object or array; depth is bounded by the parse) with a newline at its end.
/// Failures are sticky in B.
void yaml_put(struct strbuf *b, const struct json *v);

#endif
