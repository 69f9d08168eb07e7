// SPDX-License-Identifier: Apache-2.0
// What is remembered of a Namespace: its labels, ready for selectors. Pure.
#ifndef SLUICE_WORLD_ROW_NAMESPACE_H
#define SLUICE_WORLD_ROW_NAMESPACE_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/json/view.h"
#include "common/k8s/labels.h"
#include "common/world/table.h"

/// By name. SCRATCH is the caller's to reset. One reference. E_INVALID (no name), E_NOMEM.
MUST_USE int row_namespace_new(const struct json *object, struct arena *scratch, struct row **ret,
                               struct err *err);

/// Borrowed from the row.
const struct labels *row_namespace_labels(const struct row *r);

/// Whether two of one name say the same.
bool row_namespace_equal(const struct row *a, const struct row *b);

#endif
