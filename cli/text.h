// SPDX-License-Identifier: Apache-2.0
// Text for a terminal: ages as kubectl has them, tables, colours. What others wrote is made
// harmless first: no control characters reach the terminal. Pure.
#ifndef SLUICE_CLI_TEXT_H
#define SLUICE_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

enum text_colour { TEXT_PLAIN, TEXT_BOLD, TEXT_GREEN, TEXT_YELLOW, TEXT_RED, TEXT_GREY };

/// Appends S in COLOUR (when COLOURS); line feeds and control characters, also those that turn the
/// direction of writing, become blanks.
void text_put(struct strbuf *b, struct strview s, enum text_colour colour, bool colours);

/// The same, at most MAX bytes of S (0: all) and then "…"; never half a character.
void text_put_cut(struct strbuf *b, struct strview s, size_t max);

/// "12s", "5m10s", "3h5m", "2d4h", "3y20d": k8s.io/apimachinery duration.HumanDuration. A time
/// ahead reads as "0s".
void text_put_age(struct strbuf *b, int64_t ms);

struct text_cell {
    struct strview text;
    enum text_colour colour;
};

/// Rows of cells, one below the other; the widths come from what stands in them.
struct text_table {
    struct arena *arena;
    size_t columns;
    struct text_cell *cells;
    size_t rows, cap;
};

#define TEXT_TABLE(arena_, columns_) ((struct text_table){.arena = (arena_), .columns = (columns_)})

/// Appends CELLS (as many as there are columns), whose texts are borrowed. An absent text is "-".
void text_table_row(struct text_table *t, const struct text_cell *cells);

/// Appends the table, each line after INDENT blanks.
void text_table_put(const struct text_table *t, size_t indent, bool colours, struct strbuf *b);

#endif
