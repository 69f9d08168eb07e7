// SPDX-License-Identifier: Apache-2.0
#include "cli/text.h"

#include <string.h>

#define GAP 2 // blanks between columns

static const char *const CODES[] = {
    [TEXT_PLAIN] = "",    [TEXT_BOLD] = "1", [TEXT_GREEN] = "32",
    [TEXT_YELLOW] = "33", [TEXT_RED] = "31", [TEXT_GREY] = "90",
};

/// Bytes of the character at S (UTF-8, known to be valid, or one byte of something else).
static size_t char_len(struct strview s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return n <= s.len ? n : 1;
}

/// Control characters, and U+202A–202E, U+2066–2069, which turn the direction of what follows.
static bool is_hostile(const char *c, size_t n)
{
    const unsigned char *u = (const unsigned char *)c;
    if (n == 1) {
        return u[0] < 0x20 || u[0] >= 0x7f;
    }
    if (n == 2) {
        return u[0] == 0xc2 && u[1] < 0xa0;
    }
    return n == 3 && u[0] == 0xe2 &&
           ((u[1] == 0x80 && u[2] >= 0xa8 && u[2] <= 0xae) ||
            (u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9));
}

static void put_harmless(struct strbuf *b, struct strview s)
{
    for (size_t n; s.len > 0; s = sv_from_pos(s, n)) {
        n = char_len(s);
        strbuf_put(b, is_hostile(s.ptr, n) ? SV(" ") : sv_sub(s, 0, n));
    }
}

void text_put(struct strbuf *b, struct strview s, enum text_colour colour, bool colours)
{
    bool coloured = colours && colour != TEXT_PLAIN;
    if (coloured) {
        strbuf_printf(b, "\033[%sm", CODES[colour]);
    }
    put_harmless(b, s);
    if (coloured) {
        strbuf_put_str(b, "\033[0m");
    }
}

void text_put_cut(struct strbuf *b, struct strview s, size_t max)
{
    size_t end = 0;
    while (max > 0 && end < s.len && end + char_len(sv_from_pos(s, end)) <= max) {
        end += char_len(sv_from_pos(s, end));
    }
    bool cut = max > 0 && end < s.len;
    put_harmless(b, cut ? sv_sub(s, 0, end) : s);
    strbuf_put_str(b, cut ? "…" : "");
}

/// "5m10s", "5m": two units, the second only when it isn't zero.
static void put_two(struct strbuf *b, int64_t big, char unit, int64_t small, char small_unit)
{
    strbuf_printf(b, "%lld%c", (long long)big, unit);
    if (small > 0) {
        strbuf_printf(b, "%lld%c", (long long)small, small_unit);
    }
}

void text_put_age(struct strbuf *b, int64_t ms)
{
    int64_t seconds = ms > 0 ? ms / 1000 : 0;
    int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (seconds < 120) {
        put_two(b, seconds, 's', 0, ' ');
    } else if (minutes < 10) {
        put_two(b, minutes, 'm', seconds % 60, 's');
    } else if (hours < 3) {
        put_two(b, minutes, 'm', 0, ' ');
    } else if (hours < 8) {
        put_two(b, hours, 'h', minutes % 60, 'm');
    } else if (hours < 48) {
        put_two(b, hours, 'h', 0, ' ');
    } else if (days < 8) {
        put_two(b, days, 'd', hours % 24, 'h');
    } else if (days < 2 * 365) {
        put_two(b, days, 'd', 0, ' ');
    } else if (days < 8 * 365) {
        put_two(b, days / 365, 'y', days % 365, 'd');
    } else {
        put_two(b, days / 365, 'y', 0, ' ');
    }
}

// ---- tables -------------------------------------------------------------------------------------

static struct strview shown(const struct text_cell *cell)
{
    return sv_present(cell->text) ? cell->text : SV("-");
}

/// Characters, as most terminals have them: one column each.
static size_t width(struct strview s)
{
    size_t n = 0;
    for (; s.len > 0; s = sv_from_pos(s, char_len(s))) {
        n++;
    }
    return n;
}

void text_table_row(struct text_table *t, const struct text_cell *cells)
{
    if (t->rows == t->cap) {
        size_t cap = t->cap > 0 ? t->cap * 2 : 16;
        struct text_cell *grown = ARENA_NEW_N(t->arena, struct text_cell, cap * t->columns);
        if (grown == NULL) {
            return;
        }
        for (size_t i = 0; i < t->rows * t->columns; i++) {
            grown[i] = t->cells[i];
        }
        t->cells = grown;
        t->cap = cap;
    }
    memcpy(&t->cells[t->rows * t->columns], cells, t->columns * sizeof(*cells));
    t->rows++;
}

static size_t column_width(const struct text_table *t, size_t column)
{
    size_t most = 0;
    for (size_t row = 0; row < t->rows; row++) {
        size_t w = width(shown(&t->cells[row * t->columns + column]));
        most = w > most ? w : most;
    }
    return most;
}

void text_table_put(const struct text_table *t, size_t indent, bool colours, struct strbuf *b)
{
    size_t *widths = ARENA_NEW_N(t->arena, size_t, t->columns);
    if (widths == NULL) {
        return;
    }
    for (size_t i = 0; i < t->columns; i++) {
        widths[i] = column_width(t, i);
    }
    for (size_t row = 0; row < t->rows; row++) {
        strbuf_printf(b, "%*s", (int)indent, "");
        for (size_t i = 0; i < t->columns; i++) {
            const struct text_cell *cell = &t->cells[row * t->columns + i];
            text_put(b, shown(cell), cell->colour, colours);
            if (i + 1 < t->columns) {
                strbuf_printf(b, "%*s", (int)(widths[i] - width(shown(cell)) + GAP), "");
            }
        }
        while (b->len > 0 && b->ptr[b->len - 1] == ' ') {
            strbuf_truncate(b, b->len - 1);
        }
        strbuf_put_char(b, '\n');
    }
}
