// SPDX-License-Identifier: Apache-2.0
#include "common/kube/span.h"

#include <stdint.h>
#include <string.h>

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) {
        p++;
    }
    return p;
}

/// P at the opening quote; behind the closing one, or NULL. Most strings have no escapes.
static const char *skip_string(const char *p, const char *end)
{
    const char *open = p;
    for (p++; p < end; p++) {
        p = memchr(p, '"', (size_t)(end - p));
        if (p == NULL) {
            return NULL;
        }
        const char *slash = p;
        while (slash - 1 > open && slash[-1] == '\\') {
            slash--;
        }
        if ((p - slash) % 2 == 0) {
            return p + 1;
        }
    }
    return NULL;
}

/// Behind the value at P (brackets are counted, not matched), or NULL when the text ends first.
static const char *skip_value(const char *p, const char *end)
{
    size_t depth = 0;
    const char *start = p;
    while (p < end) {
        switch (*p) {
        case '"':
            p = skip_string(p, end);
            if (p == NULL) {
                return NULL;
            }
            if (depth == 0) {
                return p;
            }
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return p > start ? p : NULL; // a scalar that its container's end follows
            }
            if (--depth == 0) {
                return p + 1;
            }
            break;
        case ',':
        case ' ':
        case '\t':
        case '\n':
        case '\r':
            if (depth == 0) {
                return p > start ? p : NULL;
            }
            break;
        default:
            break;
        }
        p++;
    }
    return depth == 0 && p > start ? p : NULL;
}

struct member {
    struct strview key;   // between the quotes
    struct strview value; // its text
    const char *from;     // the opening quote of the key
};

/// Reads the member at *P, which stands behind '{' or ','. *P moves behind the value.
static bool next_member(const char **p, const char *end, struct member *ret)
{
    const char *at = skip_space(*p, end);
    if (at == end || *at != '"') {
        return false;
    }
    const char *behind_key = skip_string(at, end);
    const char *colon = behind_key != NULL ? skip_space(behind_key, end) : end;
    if (colon == end || *colon != ':') {
        return false;
    }
    const char *value = skip_space(colon + 1, end);
    const char *behind = skip_value(value, end);
    if (behind == NULL) {
        return false;
    }
    ret->from = at;
    ret->key = sv_make(at + 1, (size_t)(behind_key - at) - 2);
    ret->value = sv_make(value, (size_t)(behind - value));
    *p = behind;
    return true;
}

/// The next member of the object whose text, or what is left of it, is *REST: it stands behind a
/// '{' or a ','. *REST moves behind the value.
static bool walk(struct strview *rest, struct member *ret)
{
    if (rest->len == 0) {
        return false;
    }
    const char *end = rest->ptr + rest->len;
    const char *p = skip_space(rest->ptr, end);
    if (p == end || (*p != '{' && *p != ',')) {
        return false;
    }
    p++;
    if (!next_member(&p, end, ret)) {
        return false;
    }
    *rest = sv_make(p, (size_t)(end - p));
    return true;
}

static bool find_member(struct strview text, struct strview key, struct member *ret)
{
    if (text.len == 0 || *skip_space(text.ptr, text.ptr + text.len - 1) != '{') {
        return false;
    }
    while (walk(&text, ret)) {
        if (sv_eq(ret->key, key)) {
            return true;
        }
    }
    return false;
}

bool span_next_member(struct strview *rest, struct strview *key, struct strview *value)
{
    struct member m;
    if (!walk(rest, &m)) {
        return false;
    }
    *key = m.key;
    *value = m.value;
    return true;
}

struct strview span_member(struct strview text, struct strview key)
{
    struct member m;
    return find_member(text, key, &m) ? m.value : SV_NONE;
}

bool span_next(struct strview *rest, struct strview *element, bool *broken)
{
    if (rest->len == 0) {
        *broken = true;
        return false;
    }
    const char *end = rest->ptr + rest->len;
    const char *p = skip_space(rest->ptr, end);
    bool first = p < end && *p == '[';
    if (!first && p < end && *p == ']') {
        *rest = SV_NONE;
        return false;
    }
    if (p == end || (*p != '[' && *p != ',')) {
        *broken = true;
        return false;
    }
    p = skip_space(p + 1, end);
    if (first && p < end && *p == ']') {
        return false;
    }
    const char *behind = skip_value(p, end);
    if (behind == NULL) {
        *broken = true;
        return false;
    }
    *element = sv_make(p, (size_t)(behind - p));
    *rest = sv_make(behind, (size_t)(end - behind));
    return true;
}

/// Copies TEXT; in strings \u0000 becomes \ufffd.
static void put_clean(struct strbuf *b, struct strview text)
{
    for (size_t at; (at = sv_find(text, SV("\\u0000"))) != SIZE_MAX;) {
        // An even number of backslashes before it are escaped ones: then this one starts the
        // escape.
        size_t slashes = 0;
        while (slashes < at && text.ptr[at - slashes - 1] == '\\') {
            slashes++;
        }
        strbuf_put(b, sv_sub(text, 0, at));
        strbuf_put(b, slashes % 2 == 0 ? SV("\\ufffd") : SV("\\u0000"));
        text = sv_from_pos(text, at + 6);
    }
    strbuf_put(b, text);
}

void span_put_object(struct strbuf *b, struct strview object)
{
    struct member meta, fields;
    if (!find_member(object, SV("metadata"), &meta) ||
        !find_member(meta.value, SV("managedFields"), &fields)) {
        put_clean(b, object);
        return;
    }
    const char *end = object.ptr + object.len;
    const char *from = fields.from;
    const char *to = skip_space(fields.value.ptr + fields.value.len, end);
    if (to < end && *to == ',') {
        to = to + 1; // the comma behind it goes with it
    } else {
        // It is the last member: the comma before it goes.
        const char *p = from;
        while (p > meta.value.ptr &&
               (p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\n' || p[-1] == '\r')) {
            p--;
        }
        from = p > meta.value.ptr && p[-1] == ',' ? p - 1 : from;
    }
    put_clean(b, sv_make(object.ptr, (size_t)(from - object.ptr)));
    put_clean(b, sv_make(to, (size_t)(end - to)));
}
