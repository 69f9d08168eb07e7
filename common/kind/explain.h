// SPDX-License-Identifier: Apache-2.0
// Fields in words, from their rows: for the CRD's descriptions, the reference page and
// `sluice explain`. Pure.
#ifndef SLUICE_KIND_EXPLAIN_H
#define SLUICE_KIND_EXPLAIN_H

#include <stdbool.h>

#include "common/base/strbuf.h"
#include "common/kind/kind.h"

/// Appends what the field means, its default, and whether it waits for a later release: one line.
void field_describe(const struct field *f, struct strbuf *out);

/// Appends its type and bounds in words: "integer, 1 to 16".
void field_describe_type(const struct field *f, struct strbuf *out);

/// Appends the explanation of KIND's PATH ("spec.job.upgradeMode", "status.job"; list indexes and
/// "[]" are skipped), with the fields beneath it one a line. False when there is no such field:
/// then OUT has the nearest known path, or nothing.
bool kind_explain_field(const struct kind *kind, struct strview path, struct strbuf *out);

#endif
