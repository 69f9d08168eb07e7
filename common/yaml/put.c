// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/put.h"

#include "common/json/out.h"

/// Characters of a string that needs no quotes, wherever it stands; the first must be a letter or
/// '/'.
static bool is_plain_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '-' || c == '_';
}

/// Words that YAML 1.1 reads as booleans or null.
static bool is_word_of_yaml(struct strview s)
{
    static const char *const WORDS[] = {"y",   "n",    "yes",  "no",   "on",
                                        "off", "true", "null", "false"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        struct strview w = sv_from(WORDS[i]);
        size_t same = 0;
        while (s.len == w.len && same < w.len && (s.ptr[same] | 0x20) == w.ptr[same]) {
            same++;
        }
        if (same == w.len && s.len == w.len) {
            return true;
        }
    }
    return false;
}

static bool is_plain(struct strview s)
{
    bool letter = s.len != 0 && ((s.ptr[0] >= 'a' && s.ptr[0] <= 'z') ||
                                 (s.ptr[0] >= 'A' && s.ptr[0] <= 'Z') || s.ptr[0] == '/');
    for (size_t i = 0; letter && i < s.len; i++) {
        letter = is_plain_char(s.ptr[i]);
    }
    return letter && !is_word_of_yaml(s);
}

/// A line break of YAML 1.1 that JSON lets stand as it is: U+0085, U+2028, U+2029. Its length, or
/// 0.
static size_t line_break(struct strview s)
{
    if (sv_starts(s, SV("\xc2\x85"))) {
        return 2;
    }
    return sv_starts(s, SV("\xe2\x80\xa8")) || sv_starts(s, SV("\xe2\x80\xa9")) ? 3 : 0;
}

static void put_quoted(struct strbuf *b, struct strview s)
{
    strbuf_put_char(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        size_t wide = c >= 0xc2 ? line_break(sv_from_pos(s, i)) : 0;
        if (wide != 0) {
            strbuf_put_str(b, wide == 2                             ? "\\N"
                              : (unsigned char)s.ptr[i + 2] == 0xa8 ? "\\L"
                                                                    : "\\P");
            i += wide - 1;
        } else if (c == '"' || c == '\\') {
            strbuf_put_char(b, '\\');
            strbuf_put_char(b, (char)c);
        } else if (c == '\n') {
            strbuf_put_str(b, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            strbuf_printf(b, "\\x%02x", c);
        } else {
            strbuf_put_char(b, (char)c);
        }
    }
    strbuf_put_char(b, '"');
}

static void put_string(struct strbuf *b, struct strview s)
{
    is_plain(s) ? strbuf_put(b, s) : put_quoted(b, s);
}

static void indent(struct strbuf *b, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        strbuf_put_str(b, "  ");
    }
}

/// Whether S can stand as a literal block: lines of printable text that don't begin or end in a
/// space.
static bool is_block(struct strview s)
{
    struct strview line, rest = s;
    if (s.len < 2 || s.ptr[s.len - 1] != '\n' || sv_find_char(s, '\n') == s.len - 1) {
        return false;
    }
    for (bool first = true; sv_split(&rest, '\n', &line); first = false) {
        for (size_t i = 0; i < line.len; i++) {
            unsigned char c = (unsigned char)line.ptr[i];
            if (c < 0x20 || c >= 0x7f) {
                return false;
            }
        }
        bool empty = line.len == 0 && sv_present(rest);
        if (empty || (line.len != 0 && line.ptr[line.len - 1] == ' ') ||
            (first && line.ptr[0] == ' ')) {
            return false;
        }
    }
    return true;
}

static void put_block(struct strbuf *b, struct strview s, unsigned depth)
{
    struct strview line;
    strbuf_put_str(b, "|\n");
    s.len--; // the last newline is the block's own
    while (sv_split(&s, '\n', &line)) {
        indent(b, depth + 1);
        strbuf_put(b, line);
        strbuf_put_char(b, '\n');
    }
}

static void put_value(struct strbuf *b, const struct json *v, unsigned depth);

static void put_object(struct strbuf *b, const struct json *v, unsigned depth, bool in_item)
{
    bool first = true;
    json_each(child, v) {
        // The first member of a list's item stands on the dash's line.
        if (!first || !in_item) {
            indent(b, depth);
        }
        first = false;
        put_string(b, json_key(child));
        strbuf_put_char(b, ':');
        put_value(b, child, depth);
    }
}

static void put_array(struct strbuf *b, const struct json *v, unsigned depth)
{
    json_each(child, v) {
        indent(b, depth);
        strbuf_put_char(b, '-');
        if (json_type(child) == JSON_OBJECT && json_first(child) != NULL) {
            strbuf_put_char(b, ' ');
            put_object(b, child, depth + 1, true);
        } else {
            put_value(b, child, depth + 1);
        }
    }
}

/// What follows "key:" or "-", to the end of its line and beyond.
static void put_value(struct strbuf *b, const struct json *v, unsigned depth)
{
    bool container = json_type(v) == JSON_OBJECT || json_type(v) == JSON_ARRAY;
    if (container && json_first(v) != NULL) {
        strbuf_put_char(b, '\n');
        if (json_type(v) == JSON_OBJECT) {
            put_object(b, v, depth + 1, false);
        } else {
            // As kubectl: a list is not moved in beneath its key.
            put_array(b, v, depth);
        }
        return;
    }
    strbuf_put_char(b, ' ');
    if (is_block(json_string(v))) {
        put_block(b, json_string(v), depth);
        return;
    }
    if (json_type(v) == JSON_STRING) {
        put_string(b, json_string(v));
    } else {
        struct json_out o = JSON_OUT(b);
        json_out_value(&o, v);
    }
    strbuf_put_char(b, '\n');
}

void yaml_put(struct strbuf *b, const struct json *v)
{
    if (json_type(v) == JSON_ARRAY) {
        put_array(b, v, 0);
    } else {
        put_object(b, v, 0, false);
    }
}
