// SPDX-License-Identifier: Apache-2.0
#include "common/json/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse_num.h"
#include "common/json/text.h"

#define SHOWN_BYTES 64 // of a key in a message

// ---- faults -----------------------------------------------------------------------------------

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

const char *scan_fail(struct scan *s, const char *at, const char *fmt, ...)
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

const char *scan_fail_unexpected(struct scan *s, const char *at, const char *wanted)
{
    if (at == s->end) {
        return scan_fail(s, at, "the text ends where %s must stand", wanted);
    }
    unsigned char c = (unsigned char)*at;
    if (c > 0x20 && c < 0x7f) {
        return scan_fail(s, at, "'%c' where %s must stand", c, wanted);
    }
    if (at == s->start && s->end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        return scan_fail(s, at, "byte order mark where %s must stand", wanted);
    }
    return scan_fail(s, at, "byte 0x%02x where %s must stand", c, wanted);
}

const char *scan_fail_key(struct scan *s, enum keyset_answer answer, struct strview raw)
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
    return scan_fail(s, raw.ptr - 1, "duplicate key \"%.*s%s\"", (int)n, raw.ptr,
                     n < raw.len ? "…" : "");
}

const char *scan_fail_memory(struct scan *s)
{
    (void)err_set(s->err, E_NOMEM, "no memory left for the tree of a JSON text of %zu bytes",
                  (size_t)(s->end - s->start));
    return NULL;
}

const char *scan_fail_string(struct scan *s, size_t len)
{
    (void)err_set(s->err, E_TOO_LARGE, "a string of %zu bytes; at most %zu are allowed", len,
                  s->limits.max_string);
    return NULL;
}

const char *scan_fail_values(struct scan *s)
{
    (void)err_set(s->err, E_TOO_LARGE, "more than %zu JSON values", s->limits.max_values);
    return NULL;
}

// ---- strings ----------------------------------------------------------------------------------

/// P at the backslash of \uXXXX.
static const char *scan_unicode_escape(struct scan *s, const char *p)
{
    int32_t unit = json_hex4(p + 2, s->end);
    if (unit < 0) {
        return scan_fail(s, p, "\\u without four hex digits");
    }
    if (unit == 0) {
        return scan_fail(s, p, "\\u0000 in a string");
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return p + 6;
    }
    bool paired = unit < 0xdc00 && s->end - p >= 12 && p[6] == '\\' && p[7] == 'u';
    int32_t low = paired ? json_hex4(p + 8, s->end) : -1;
    if (low < 0xdc00 || low > 0xdfff) {
        return scan_fail(s, p, "\\u%.4s is half of a surrogate pair", p + 2);
    }
    return p + 12;
}

static const char *scan_escape(struct scan *s, const char *p)
{
    if (s->end - p < 2) {
        return scan_fail(s, s->end, "the text ends within a string");
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
        return scan_fail(s, p, "unknown escape in a string");
    }
}

/// P at a byte of 0x80 or more: behind the characters of several bytes that follow one another.
static const char *scan_wide(struct scan *s, const char *p)
{
    do {
        size_t len = json_utf8_len(p, s->end);
        if (len == 0) {
            return scan_fail(s, p, "invalid UTF-8");
        }
        p += len;
    } while ((unsigned char)*p >= 0x80);
    return p;
}

struct scan_string scan_odd_string(struct scan *s, const char *open, const char *p)
{
    bool escaped = false;
    while (p != NULL && *p != '"') {
        if (p == s->end) {
            p = scan_fail(s, p, "the text ends within a string");
        } else if (*p == '\\') {
            escaped = true;
            p = scan_escape(s, p);
        } else if ((unsigned char)*p < 0x20) {
            p = scan_fail(s, p, "control character 0x%02x in a string", (unsigned char)*p);
        } else {
            p = scan_wide(s, p);
        }
        p = p != NULL ? json_skip_plain_padded(p) : NULL;
    }
    if (p != NULL && (size_t)(p - open) > s->limits.max_string) {
        p = scan_fail_string(s, (size_t)(p - open));
    }
    return (struct scan_string){.end = p, .escaped = escaped};
}

// ---- numbers and words ------------------------------------------------------------------------

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

/// RFC 8259, section 6: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
const char *scan_number(struct scan *s, const char *start, double *ret)
{
    const char *p = start + (*start == '-');
    const char *digits = p;
    p = skip_digits(p);
    if (p == digits) {
        return scan_fail_unexpected(s, p, "a digit");
    }
    if (*digits == '0' && p - digits > 1) {
        return scan_fail(s, start, "number with a leading zero");
    }
    if (*p == '.') {
        digits = ++p;
        p = skip_digits(p);
        if (p == digits) {
            return scan_fail_unexpected(s, p, "a digit");
        }
    }
    bool exponent = *p == 'e' || *p == 'E';
    if (exponent) {
        p++;
        p += *p == '+' || *p == '-';
        digits = p;
        p = skip_digits(p);
        if (p == digits) {
            return scan_fail_unexpected(s, p, "a digit");
        }
    }
    if (p - start > JSON_NUMBER_BYTES) {
        return scan_fail(s, start, "number of more than %d characters", JSON_NUMBER_BYTES);
    }
    struct strview text = sv_make(start, (size_t)(p - start));
    // Without an exponent so few digits never overflow.
    if (exponent && !parse_double(text, ret)) {
        return scan_fail(s, start, "number out of range");
    }
    *ret = json_tree_number(text);
    return p;
}

const char *scan_word(struct scan *s, const char *p, int *ret_type)
{
    static const struct {
        struct strview text;
        int type;
    } WORDS[] = {{SV_INIT("true"), cJSON_True},
                 {SV_INIT("false"), cJSON_False},
                 {SV_INIT("null"), cJSON_NULL}};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (strncmp(p, WORDS[i].text.ptr, WORDS[i].text.len) == 0) {
            *ret_type = WORDS[i].type;
            return p + WORDS[i].text.len;
        }
    }
    return *p == 't' || *p == 'f' || *p == 'n'
               ? scan_fail(s, p, "unknown word where a value must stand")
               : scan_fail_unexpected(s, p, "a value");
}

// ---- models -----------------------------------------------------------------------------------

const struct json *scan_pass_model(const struct json *from, struct strview key)
{
    while (from != NULL && sv_cmp(json_key(from), key) < 0) {
        from = json_next(from);
    }
    return from;
}

bool scan_is_like(const struct scan *s, const char *p, const struct json *model)
{
    struct strview text = s->source->text;
    size_t at = (size_t)(p - s->start);
    return model->len <= text.len - at &&
           memcmp(text.ptr + at, text.ptr + model->at, model->len) == 0;
}
