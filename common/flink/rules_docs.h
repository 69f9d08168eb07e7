// SPDX-License-Identifier: Apache-2.0
// The reference page of the rules, from the table. Pure.
#ifndef SLUICE_FLINK_RULES_DOCS_H
#define SLUICE_FLINK_RULES_DOCS_H

#include "common/base/strbuf.h"

/// Appends the page in Markdown. Overflow shows in strbuf_ok().
void flink_rules_docs(struct strbuf *out);

/// One row of such a table, also of another kind's rules.
void rules_docs_put_row(struct strbuf *out, const char *id, const char *summary, const char *why);

#endif
