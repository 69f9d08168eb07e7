// SPDX-License-Identifier: Apache-2.0
// What people read about a program's options, from the same table that parses them: pure.
#ifndef SLUICE_BASE_OPTIONS_PRINT_H
#define SLUICE_BASE_OPTIONS_PRINT_H

#include "common/base/options.h"
#include "common/base/strbuf.h"

/// The environment variable of an option: listen-backlog → SLUICE_LISTEN_BACKLOG.
void options_write_env_name(const char *name, struct strbuf *out);

/// What --help prints, at most 100 columns.
void options_write_help(const struct option_program *p, struct strbuf *out);

/// A page for man(1), in man(7) roff, of section SECTION.
void options_write_man(const struct option_program *p, int section, struct strbuf *out);

/// A reference page in markdown, beginning with a heading of level 2.
void options_write_markdown(const struct option_program *p, struct strbuf *out);

#endif
