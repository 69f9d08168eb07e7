// SPDX-License-Identifier: Apache-2.0
// What the documentation generator prints of each program, from the tables that the program itself
// uses. One source a program: their headers don't go together in one.
#ifndef SLUICE_DOCS_GEN_PAGES_H
#define SLUICE_DOCS_GEN_PAGES_H

#include "common/base/options.h"
#include "common/base/strbuf.h"

/// What follows the options on a program's reference page: its metrics and what else it has a table
/// of.
void docs_webhook_tables(struct strbuf *out);
void docs_controller_tables(struct strbuf *out);

/// `sluice` itself: its commands are programs of their own, this is the page that lists them.
extern const struct option_program DOCS_SLUICE;

#endif
