// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/root_cause.h"

#include <stdbool.h>
#include <stdint.h>

#define ELLIPSIS SV("…")
#define CAUSED   SV("Caused by: ")

/// Bytes of the character at S; of a broken one 1.
static size_t character(struct strview s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    return n <= s.len ? n : 1;
}

/// Controls (C0, DEL, C1), spaces, and what turns the direction of writing: nothing that a terminal
/// would obey.
static bool is_blank(struct strview c)
{
    const unsigned char *p = (const unsigned char *)c.ptr;
    if (c.len == 1) {
        return p[0] <= 0x20 || p[0] >= 0x7f;
    }
    if (c.len == 2) {
        return p[0] == 0xc2 && p[1] <= 0xa0;
    }
    return c.len == 3 && p[0] == 0xe2 &&
           ((p[1] == 0x80 && ((p[2] >= 0x8b && p[2] <= 0x8f) || (p[2] >= 0xa8 && p[2] <= 0xaf))) ||
            (p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf));
}

void one_line_put(struct strbuf *out, struct strview text, size_t max)
{
    size_t start = out->len, fits = out->len; // where an ellipsis still has room behind
    bool blank = false;
    while (text.len != 0) {
        struct strview c = sv_sub(text, 0, character(text));
        text = sv_from_pos(text, c.len);
        if (is_blank(c)) {
            blank = out->len != start;
            continue;
        }
        if (out->len - start + blank + c.len > max) {
            strbuf_truncate(out, fits);
            strbuf_put(out, max >= ELLIPSIS.len ? ELLIPSIS : SV(""));
            return;
        }
        if (blank) {
            strbuf_put_char(out, ' ');
            blank = false;
        }
        strbuf_put(out, c);
        if (out->len - start + ELLIPSIS.len <= max) {
            fits = out->len;
        }
    }
}

/// Where the next line begins, or the end.
static size_t line_end(struct strview s, size_t at)
{
    size_t n = sv_find_char(sv_from_pos(s, at), '\n');
    return n == SIZE_MAX ? s.len : at + n + 1;
}

/// Frames, "... 7 more", suppressed ones and their causes: all that Java indents.
static bool is_indented(struct strview line)
{
    return line.len != 0 && (line.ptr[0] == '\t' || sv_starts(line, SV("    at ")));
}

/// An exception and its message (which may have lines of its own), up to its frames.
static struct strview headline(struct strview trace, size_t at)
{
    size_t end = line_end(trace, at);
    while (end < trace.len) {
        struct strview line = sv_from_pos(trace, end);
        if (is_indented(line) || sv_starts(line, CAUSED)) {
            break;
        }
        end = line_end(trace, end);
    }
    return sv_trim(sv_sub(trace, at, end - at));
}

static bool has_message(struct strview line)
{
    size_t colon = sv_find(line, SV(": "));
    return colon != SIZE_MAX && colon + 2 < line.len;
}

void root_cause_put(struct strbuf *out, struct strview trace, size_t max)
{
    struct strview cause = headline(trace, 0), above = SV_NONE;
    for (size_t at = line_end(trace, 0); at < trace.len; at = line_end(trace, at)) {
        if (sv_starts(sv_from_pos(trace, at), CAUSED)) {
            above = cause;
            cause = headline(trace, at + CAUSED.len);
        }
    }
    size_t start = out->len;
    if (above.len != 0 && !has_message(cause)) {
        size_t room = cause.len + 2 < max ? max - cause.len - 2 : 0;
        one_line_put(out, above, room < max / 2 ? max / 2 : room);
        strbuf_put_str(out, ": ");
    }
    one_line_put(out, cause, max - (out->len - start));
}
