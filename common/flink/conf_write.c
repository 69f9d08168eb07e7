// SPDX-License-Identifier: Apache-2.0
#include "common/flink/conf_write.h"

#include <stddef.h>

#include "common/flink/amount.h"

bool conf_flat_carries(struct strview value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '#' || c == '\n' || c == '\r' || c == '\0') {
            return false;
        }
    }
    return value.len != 0 && amount_trim(value).len == value.len;
}

void conf_put_flat(struct strbuf *b, struct strview key, struct strview value)
{
    strbuf_put(b, key);
    strbuf_put_str(b, ": ");
    strbuf_put(b, value);
    strbuf_put_char(b, '\n');
}

static void put_quoted(struct strbuf *b, struct strview s)
{
    strbuf_put_char(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\') {
            strbuf_put_char(b, '\\');
            strbuf_put_char(b, (char)c);
        } else if (c == '\n') {
            strbuf_put_str(b, "\\n");
        } else if (c == '\t') {
            strbuf_put_str(b, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            strbuf_printf(b, "\\x%02x", c);
        } else {
            strbuf_put_char(b, (char)c);
        }
    }
    strbuf_put_char(b, '"');
}

/// A key that is plain in YAML and can't be read as a number, a boolean or null.
static bool is_plain(struct strview key)
{
    bool dot = false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool inner = (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (!letter && (i == 0 || !inner)) {
            return false;
        }
        dot = dot || c == '.';
    }
    return dot;
}

void conf_put_yaml(struct strbuf *b, struct strview key, struct strview value)
{
    if (is_plain(key)) {
        strbuf_put(b, key);
    } else {
        put_quoted(b, key);
    }
    strbuf_put_str(b, ": ");
    put_quoted(b, value);
    strbuf_put_char(b, '\n');
}
