// SPDX-License-Identifier: Apache-2.0
// Fields that no row knows. Under strict field validation, kubectl's default, the API server
// refuses them; else it prunes them. The command line names them as it would. Pure.
#ifndef SLUICE_KIND_UNKNOWN_H
#define SLUICE_KIND_UNKNOWN_H

#include "common/json/view.h"
#include "common/k8s/violation.h"
#include "common/kind/kind.h"

/// Notes a denial (rule "schema.unknown") for each field of OBJECT's top level, metadata and spec
/// that is neither a field of KIND nor a known name of others, with the nearest known name. Wrong
/// types are passed over: kind_decode() tells them. Free maps (Flink options, pod templates) have
/// no unknown fields.
void kind_unknown_fields(const struct kind *kind, const struct json *object,
                         struct violations *out);

#endif
