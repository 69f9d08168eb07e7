// SPDX-License-Identifier: Apache-2.0
#include "common/json/out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json/text.h"

/// Below this, integral doubles are written as plain digits (as Go and ECMAScript do): an exponent
/// would be refused where an integer is read.
#define PLAIN_BELOW 1e21

static void before_value(struct json_out *o)
{
    if (o->need_comma) {
        strbuf_put_char(o->buf, ',');
    }
    o->need_comma = true;
}

static void begin(struct json_out *o, char bracket)
{
    before_value(o);
    strbuf_put_char(o->buf, bracket);
    o->depth++;
    o->need_comma = false;
}

static void end(struct json_out *o, char bracket)
{
    ASSERT(o->depth != 0);
    o->depth--;
    strbuf_put_char(o->buf, bracket);
    o->need_comma = true;
}

void json_out_begin_object(struct json_out *o)
{
    begin(o, '{');
}

void json_out_end_object(struct json_out *o)
{
    end(o, '}');
}

void json_out_begin_array(struct json_out *o)
{
    begin(o, '[');
}

void json_out_end_array(struct json_out *o)
{
    end(o, ']');
}

/// What stands for the character C that may not stand for itself.
static void put_escape(struct strbuf *b, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *at = strchr(from, c);
    if (c != '\0' && at != NULL) {
        const char escape[2] = {'\\', to[at - from]};
        strbuf_put(b, sv_make(escape, sizeof(escape)));
    } else {
        strbuf_printf(b, "\\u%04x", (unsigned)c);
    }
}

/// S, in which something doesn't stand for itself.
static void put_odd(struct strbuf *b, struct strview s)
{
    const char *p = s.ptr;
    const char *limit = p + s.len;
    const char *from = p; // what stands for itself and is not written yet
    while ((p = json_skip_plain(p, limit)) < limit) {
        size_t len = (unsigned char)*p < 0x80 ? 0 : json_utf8_len(p, limit);
        if (len != 0) {
            p += len;
            continue;
        }
        strbuf_put(b, sv_make(from, (size_t)(p - from)));
        if ((unsigned char)*p < 0x80) {
            put_escape(b, (unsigned char)*p);
        } else {
            strbuf_put(b, SV("\xef\xbf\xbd"));
        }
        from = ++p;
    }
    strbuf_put(b, sv_make(from, (size_t)(limit - from)));
}

/// A key or a string in its quotes, with the comma before it and the colon behind it. Nearly every
/// text stands for itself and is written in one go.
static void put_text(struct json_out *o, struct strview text, bool is_key)
{
    struct strbuf *b = o->buf;
    struct strview s = sv_present(text) ? text : SV("");
    bool comma = o->need_comma;
    o->need_comma = !is_key;
    if (json_skip_plain(s.ptr, s.ptr + s.len) != s.ptr + s.len) {
        strbuf_put(b, comma ? SV(",\"") : SV("\""));
        put_odd(b, s);
        strbuf_put(b, is_key ? SV("\":") : SV("\""));
        return;
    }
    char *to = strbuf_reserve(b, (size_t)comma + s.len + 2 + (size_t)is_key);
    if (to == NULL) {
        return;
    }
    if (comma) {
        *to++ = ',';
    }
    *to++ = '"';
    memcpy(to, s.ptr, s.len);
    to += s.len;
    *to++ = '"';
    if (is_key) {
        *to++ = ':';
    }
    *to = '\0';
    b->len = (size_t)(to - b->ptr);
}

void json_out_key(struct json_out *o, struct strview key)
{
    put_text(o, key, true);
}

void json_out_string(struct json_out *o, struct strview s)
{
    put_text(o, s, false);
}

void json_out_int(struct json_out *o, int64_t v)
{
    before_value(o);
    strbuf_put_i64(o->buf, v);
}

void json_out_double(struct json_out *o, double v)
{
    ASSERT(isfinite(v));
    before_value(o);
    if (v == trunc(v) && fabs(v) < PLAIN_BELOW) {
        strbuf_printf(o->buf, "%.0f", v);
        return;
    }
    char text[32];
    // 15 digits give every shorter form too; 17 always read back as the same double.
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    strbuf_put_str(o->buf, text);
}

void json_out_bool(struct json_out *o, bool v)
{
    json_out_raw(o, v ? SV("true") : SV("false"));
}

void json_out_null(struct json_out *o)
{
    json_out_raw(o, SV("null"));
}

void json_out_raw(struct json_out *o, struct strview json_text)
{
    before_value(o);
    strbuf_put(o->buf, json_text);
}

static void put_scalar(struct json_out *o, const struct json *v)
{
    bool b;
    double d;
    if (json_bool(v, &b)) {
        json_out_bool(o, b);
    } else if (json_double(v, &d)) {
        json_out_double(o, d);
    } else if (sv_present(json_string(v))) {
        json_out_string(o, json_string(v));
    } else {
        json_out_null(o);
    }
}

void json_out_value(struct json_out *o, const struct json *v)
{
    if (json_type(v) == JSON_OBJECT) {
        json_out_begin_object(o);
        json_each(child, v) {
            json_out_key(o, json_key(child));
            json_out_value(o, child);
        }
        json_out_end_object(o);
    } else if (json_type(v) == JSON_ARRAY) {
        json_out_begin_array(o);
        json_each(child, v) {
            json_out_value(o, child);
        }
        json_out_end_array(o);
    } else {
        put_scalar(o, v);
    }
}

void json_out_kv_string(struct json_out *o, const char *key, struct strview s)
{
    if (sv_present(s)) {
        json_out_key(o, sv_from(key));
        json_out_string(o, s);
    }
}

void json_out_kv_str(struct json_out *o, const char *key, const char *s)
{
    json_out_kv_string(o, key, sv_from(s));
}

void json_out_kv_int(struct json_out *o, const char *key, int64_t v)
{
    json_out_key(o, sv_from(key));
    json_out_int(o, v);
}

void json_out_kv_bool(struct json_out *o, const char *key, bool v)
{
    json_out_key(o, sv_from(key));
    json_out_bool(o, v);
}

void json_out_key_object(struct json_out *o, const char *key)
{
    json_out_key(o, sv_from(key));
    json_out_begin_object(o);
}

void json_out_key_array(struct json_out *o, const char *key)
{
    json_out_key(o, sv_from(key));
    json_out_begin_array(o);
}
