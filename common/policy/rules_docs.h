// SPDX-License-Identifier: Apache-2.0
// The reference page of a FlinkPolicy's rules, from their table. Pure.
#ifndef SLUICE_POLICY_RULES_DOCS_H
#define SLUICE_POLICY_RULES_DOCS_H

#include "common/base/strbuf.h"

/// Appends docs/reference/policy-rules.md.
void policy_rules_docs(struct strbuf *out);

#endif
