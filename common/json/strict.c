// SPDX-License-Identifier: Apache-2.0
#include "common/json/strict.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse_num.h"
#include "common/json/keyset.h"
#include "common/json/text.h"
#include "common/json/tree.h"

#define SHOWN_BYTES 64 // of a key in a message

const struct json_limits JSON_LIMITS_DEFAULT = {
    .max_bytes = (size_t)7 << 20,
    .max_values = 100000,
    .max_string = (size_t)1 << 20,
    .max_depth = JSON_DEPTH_CAP,
};

/// Each scan_…() takes the position and gives the one behind what it read, or NULL after a failure.
/// The text is the tree's copy: the NULs behind it end each walk without a look at END.
struct scan {
    const char *start, *end;
    const struct json_limits *limits;
    struct err *err;
    size_t values;
    unsigned depth;
    bool in_object[JSON_DEPTH_CAP];
    struct keyset keys;
    struct json_tree tree;
};

/// The place of AT as people count: by line when there are several, else by byte.
static void put_place(const struct scan *s, const char *at, char *to, size_t size)
{
    struct strview text = sv_trim(sv_make(s->start, (size_t)(s->end - s->start)));
    if (sv_find_char(text, '\n') == SIZE_MAX) {
        snprintf(to, size, "at byte %zu", (size_t)(at - s->start));
        return;
    }
    size_t line = 1, column = 1;
    for (const char *p = s->start; p < at; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*p & 0xc0) != 0x80) {
            column++;
        }
    }
    snprintf(to, size, "line %zu, column %zu", line, column);
}

PRINTF(3, 4)
__attribute__((cold, noinline)) static const char *fail(struct scan *s, const char *at,
                                                        const char *fmt, ...)
{
    char place[64], what[sizeof(s->err->msg) - sizeof(place)];
    put_place(s, at, place, sizeof(place));
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    (void)err_set(s->err, E_PARSE, "%s: %s", place, what);
    return NULL;
}

/// AT holds something else than WANTED ("a value").
__attribute__((cold, noinline)) static const char *fail_unexpected(struct scan *s, const char *at,
                                                                   const char *wanted)
{
    if (at == s->end) {
        return fail(s, at, "the text ends where %s must stand", wanted);
    }
    unsigned char c = (unsigned char)*at;
    if (c > 0x20 && c < 0x7f) {
        return fail(s, at, "'%c' where %s must stand", c, wanted);
    }
    if (at == s->start && s->end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        return fail(s, at, "byte order mark where %s must stand", wanted);
    }
    return fail(s, at, "byte 0x%02x where %s must stand", c, wanted);
}

static const char *skip_space(const char *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
        p++;
    }
    return p;
}

/// P at the backslash of \uXXXX.
static const char *scan_unicode_escape(struct scan *s, const char *p)
{
    int32_t unit = json_hex4(p + 2, s->end);
    if (unit < 0) {
        return fail(s, p, "\\u without four hex digits");
    }
    if (unit == 0) {
        return fail(s, p, "\\u0000 in a string");
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return p + 6;
    }
    bool paired = unit < 0xdc00 && s->end - p >= 12 && p[6] == '\\' && p[7] == 'u';
    int32_t low = paired ? json_hex4(p + 8, s->end) : -1;
    if (low < 0xdc00 || low > 0xdfff) {
        return fail(s, p, "\\u%.4s is half of a surrogate pair", p + 2);
    }
    return p + 12;
}

static const char *scan_escape(struct scan *s, const char *p)
{
    if (s->end - p < 2) {
        return fail(s, s->end, "the text ends within a string");
    }
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 2;
    case 'u':
        return scan_unicode_escape(s, p);
    default:
        return fail(s, p, "unknown escape in a string");
    }
}

/// From the first byte on that isn't plain: to the closing quote.
__attribute__((noinline)) static const char *scan_odd_string(struct scan *s, const char *p,
                                                             bool *escaped)
{
    while (*p != '"') {
        if (p == s->end) {
            return fail(s, p, "the text ends within a string");
        }
        if (*p == '\\') {
            *escaped = true;
            p = scan_escape(s, p);
            if (p == NULL) {
                return NULL;
            }
        } else if ((unsigned char)*p < 0x20) {
            return fail(s, p, "control character 0x%02x in a string", (unsigned char)*p);
        } else {
            size_t len = json_utf8_len(p, s->end);
            if (len == 0) {
                return fail(s, p, "invalid UTF-8");
            }
            p += len;
        }
        p = json_skip_plain_padded(p);
    }
    return p;
}

/// P behind the opening quote; gives the position of the closing one.
static inline const char *scan_string(struct scan *s, const char *open, bool *escaped)
{
    const char *p = json_skip_plain_padded(open);
    if (*p != '"') {
        p = scan_odd_string(s, p, escaped);
    }
    if (p != NULL && (size_t)(p - open) > s->limits->max_string) {
        (void)err_set(s->err, E_TOO_LARGE, "a string of %zu bytes; at most %zu are allowed",
                      (size_t)(p - open), s->limits->max_string);
        return NULL;
    }
    return p;
}

/// Tells a duplicate, or what kept the key from being compared.
__attribute__((cold, noinline)) static const char *
fail_key(struct scan *s, enum keyset_answer answer, struct strview raw)
{
    if (answer == KEYSET_NO_MEMORY) {
        (void)err_set(s->err, E_NOMEM, "no memory left for the keys of an object");
        return NULL;
    }
    if (answer == KEYSET_FLOOD) {
        (void)err_set(s->err, E_TOO_LARGE, "an object whose keys are too costly to compare");
        return NULL;
    }
    size_t n = raw.len < SHOWN_BYTES ? raw.len : SHOWN_BYTES;
    while (n < raw.len && ((unsigned char)raw.ptr[n] & 0xc0) == 0x80) {
        n--; // never cut within a character
    }
    return fail(s, raw.ptr - 1, "duplicate key \"%.*s%s\"", (int)n, raw.ptr,
                n < raw.len ? "…" : "");
}

__attribute__((cold, noinline)) static const char *fail_memory(struct scan *s)
{
    (void)err_set(s->err, E_NOMEM, "no memory left for the tree of a JSON text of %zu bytes",
                  (size_t)(s->end - s->start));
    return NULL;
}

/// A key and its colon.
static const char *scan_key(struct scan *s, const char *p)
{
    p = skip_space(p);
    if (*p != '"') {
        return fail_unexpected(s, p, "a key");
    }
    const char *open = p + 1;
    bool escaped = false;
    p = scan_string(s, open, &escaped);
    if (p == NULL) {
        return NULL;
    }
    struct strview raw = sv_make(open, (size_t)(p - open));
    struct strview key = escaped ? json_unescape(s->keys.arena, raw) : raw;
    enum keyset_answer answer = sv_present(key) ? keyset_add(&s->keys, key) : KEYSET_NO_MEMORY;
    if (answer != KEYSET_NEW) {
        return fail_key(s, answer, raw);
    }
    s->tree.key = key;
    json_tree_close(&s->tree, raw);
    p = skip_space(p + 1);
    return *p == ':' ? p + 1 : fail_unexpected(s, p, "a colon");
}

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

/// RFC 8259, section 6: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
static const char *scan_number(struct scan *s, const char *start)
{
    const char *p = start + (*start == '-');
    const char *digits = p;
    p = skip_digits(p);
    if (p == digits) {
        return fail_unexpected(s, p, "a digit");
    }
    if (*digits == '0' && p - digits > 1) {
        return fail(s, start, "number with a leading zero");
    }
    if (*p == '.') {
        digits = ++p;
        p = skip_digits(p);
        if (p == digits) {
            return fail_unexpected(s, p, "a digit");
        }
    }
    bool exponent = *p == 'e' || *p == 'E';
    if (exponent) {
        p++;
        p += *p == '+' || *p == '-';
        digits = p;
        p = skip_digits(p);
        if (p == digits) {
            return fail_unexpected(s, p, "a digit");
        }
    }
    if (p - start > JSON_NUMBER_BYTES) {
        return fail(s, start, "number of more than %d characters", JSON_NUMBER_BYTES);
    }
    double value;
    struct strview text = sv_make(start, (size_t)(p - start));
    // Without an exponent so few digits never overflow.
    if (exponent && !parse_double(text, &value)) {
        return fail(s, start, "number out of range");
    }
    struct json *v = json_tree_add(&s->tree, s->depth, cJSON_Number);
    if (v == NULL) {
        return fail_memory(s);
    }
    v->node.valuedouble = json_tree_number(text);
    return p;
}

static const char *scan_word(struct scan *s, const char *p, struct strview word, int type)
{
    if (strncmp(p, word.ptr, word.len) != 0) {
        return fail(s, p, "unknown word where a value must stand");
    }
    return json_tree_add(&s->tree, s->depth, type) != NULL ? p + word.len : fail_memory(s);
}

/// P at the opening quote.
static const char *scan_string_value(struct scan *s, const char *p)
{
    const char *open = p + 1;
    bool escaped = false;
    p = scan_string(s, open, &escaped);
    if (p == NULL) {
        return NULL;
    }
    struct strview raw = sv_make(open, (size_t)(p - open));
    struct json *v = json_tree_add(&s->tree, s->depth, cJSON_String);
    struct strview text = escaped ? json_unescape(s->tree.arena, raw) : raw;
    if (v == NULL || !sv_present(text)) {
        return fail_memory(s);
    }
    v->node.valuestring = json_tree_chars(text);
    v->string_len = (uint32_t)text.len;
    json_tree_close(&s->tree, raw);
    return p + 1;
}

/// Behind an opening bracket; *MORE when a value must follow.
static const char *open_container(struct scan *s, const char *p, bool object, bool *more)
{
    if (s->depth == s->limits->max_depth) {
        return fail(s, p - 1, "nested deeper than %u", s->limits->max_depth);
    }
    struct json *v = json_tree_add(&s->tree, s->depth, object ? cJSON_Object : cJSON_Array);
    if (v == NULL) {
        return fail_memory(s);
    }
    p = skip_space(p);
    if (*p == (object ? '}' : ']')) {
        return p + 1;
    }
    s->in_object[s->depth++] = object;
    s->tree.tail[s->depth] = &v->node.child;
    *more = true;
    if (!object) {
        return p;
    }
    keyset_enter(&s->keys);
    return scan_key(s, p);
}

/// A scalar as a whole; of a container its beginning (an empty one as a whole).
static const char *scan_value(struct scan *s, const char *p, bool *more)
{
    p = skip_space(p);
    if (++s->values > s->limits->max_values) {
        (void)err_set(s->err, E_TOO_LARGE, "more than %zu JSON values", s->limits->max_values);
        return NULL;
    }
    switch (*p) {
    case '"':
        return scan_string_value(s, p);
    case '{':
        return open_container(s, p + 1, true, more);
    case '[':
        return open_container(s, p + 1, false, more);
    case 't':
        return scan_word(s, p, SV("true"), cJSON_True);
    case 'f':
        return scan_word(s, p, SV("false"), cJSON_False);
    case 'n':
        return scan_word(s, p, SV("null"), cJSON_NULL);
    default:
        if (*p == '-' || (*p >= '0' && *p <= '9')) {
            return scan_number(s, p);
        }
        return fail_unexpected(s, p, "a value");
    }
}

/// Behind a value: closes what ends here, up to a comma (and then a key); *MORE when a value
/// follows.
static const char *scan_after(struct scan *s, const char *p, bool *more)
{
    for (; s->depth != 0; p++) {
        bool object = s->in_object[s->depth - 1];
        p = skip_space(p);
        if (*p == ',') {
            *more = true;
            return object ? scan_key(s, p + 1) : p + 1;
        }
        if (*p != (object ? '}' : ']')) {
            return fail_unexpected(s, p, object ? "a comma or '}'" : "a comma or ']'");
        }
        s->depth--;
        if (object) {
            keyset_leave(&s->keys);
        }
    }
    return p;
}

int json_scan(struct strview text, const struct json_limits *limits, struct arena *arena,
              const struct json **ret, size_t *ret_values, struct err *err)
{
    ASSERT(limits->max_depth <= JSON_DEPTH_CAP && limits->max_bytes <= UINT32_MAX);
    if (text.len > limits->max_bytes) {
        return err_set(err, E_TOO_LARGE, "a text of %zu bytes; at most %zu are allowed", text.len,
                       limits->max_bytes);
    }
    text = sv_present(text) ? text : SV("");
    struct scan s = {
        .limits = limits, .err = err, .keys = {.arena = arena}, .tree = {.arena = arena}};
    if (!json_tree_begin(&s.tree, &text)) {
        return err_set(err, E_NOMEM, "no memory left for a JSON text of %zu bytes", text.len);
    }
    s.start = text.ptr;
    s.end = text.ptr + text.len;
    const char *p = text.ptr;
    bool more = true;
    while (more) {
        more = false;
        p = scan_value(&s, p, &more);
        if (p != NULL && !more) {
            p = scan_after(&s, p, &more);
        }
        if (p == NULL) {
            return -1;
        }
    }
    p = skip_space(p);
    if (p != s.end) {
        (void)fail_unexpected(&s, p, "the end of the text");
        return -1;
    }
    if (ret_values != NULL) {
        *ret_values = s.values;
    }
    *ret = json_of(s.tree.root);
    return 0;
}

int json_strict(struct strview text, const struct json_limits *limits, struct arena *scratch,
                size_t *ret_values, struct err *err)
{
    const struct json *tree;
    return json_scan(text, limits, scratch, &tree, ret_values, err);
}
