// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/node.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse_num.h"

#define TAG(suffix) "tag:yaml.org,2002:" suffix

/// The words of goyaml.v2's resolveMap that JSON has a value for, and those it has none for.
static const struct {
    const char *word;
    enum yaml_scalar_kind kind;
    double value;
} WORDS[] = {
    {"y", YAML_BOOL, 1},
    {"Y", YAML_BOOL, 1},
    {"yes", YAML_BOOL, 1},
    {"Yes", YAML_BOOL, 1},
    {"YES", YAML_BOOL, 1},
    {"true", YAML_BOOL, 1},
    {"True", YAML_BOOL, 1},
    {"TRUE", YAML_BOOL, 1},
    {"on", YAML_BOOL, 1},
    {"On", YAML_BOOL, 1},
    {"ON", YAML_BOOL, 1},
    {"n", YAML_BOOL, 0},
    {"N", YAML_BOOL, 0},
    {"no", YAML_BOOL, 0},
    {"No", YAML_BOOL, 0},
    {"NO", YAML_BOOL, 0},
    {"false", YAML_BOOL, 0},
    {"False", YAML_BOOL, 0},
    {"FALSE", YAML_BOOL, 0},
    {"off", YAML_BOOL, 0},
    {"Off", YAML_BOOL, 0},
    {"OFF", YAML_BOOL, 0},
    {"", YAML_NULL, 0},
    {"~", YAML_NULL, 0},
    {"null", YAML_NULL, 0},
    {"Null", YAML_NULL, 0},
    {"NULL", YAML_NULL, 0},
    {".nan", YAML_FLOAT, (double)NAN},
    {".NaN", YAML_FLOAT, (double)NAN},
    {".NAN", YAML_FLOAT, (double)NAN},
    {".inf", YAML_FLOAT, (double)INFINITY},
    {".Inf", YAML_FLOAT, (double)INFINITY},
    {".INF", YAML_FLOAT, (double)INFINITY},
    {"+.inf", YAML_FLOAT, (double)INFINITY},
    {"+.Inf", YAML_FLOAT, (double)INFINITY},
    {"+.INF", YAML_FLOAT, (double)INFINITY},
    {"-.inf", YAML_FLOAT, -(double)INFINITY},
    {"-.Inf", YAML_FLOAT, -(double)INFINITY},
    {"-.INF", YAML_FLOAT, -(double)INFINITY},
};

static bool resolve_word(struct strview s, struct yaml_scalar *ret)
{
    if (s.len > 5) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (sv_eq_lit(s, WORDS[i].word)) {
            ret->kind = WORDS[i].kind;
            ret->boolean = WORDS[i].value > 0;
            ret->number = WORDS[i].value;
            return true;
        }
    }
    return false;
}

/// Digits of BASE up to the end, at least one; false on another character or above 64 bits.
static bool parse_base(struct strview s, unsigned base, uint64_t *ret)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        unsigned d = c >= '0' && c <= '9'   ? c - (unsigned)'0'
                     : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10
                     : c >= 'A' && c <= 'F' ? c - (unsigned)'A' + 10
                                            : 99;
        if (d >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)d, &v)) {
            return false;
        }
    }
    *ret = v;
    return s.len != 0;
}

/// Go's ParseInt and ParseUint with base 0: 0x, 0o, 0b, a leading 0 (octal), else decimal. Only a
/// signed text may be negative, only an unsigned one may pass 2^63-1.
static bool resolve_int(struct strview s, struct yaml_scalar *ret)
{
    bool sign = s.len != 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
    bool negative = sign && s.ptr[0] == '-';
    struct strview digits = sv_from_pos(s, sign ? 1 : 0);
    unsigned base = 10;
    if (digits.len > 1 && digits.ptr[0] == '0') {
        char c = (char)(digits.ptr[1] | 0x20);
        base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
        digits = sv_from_pos(digits, c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
    }
    uint64_t v;
    if (!parse_base(digits, base, &v)) {
        return false;
    }
    if (sign && v > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    int n =
        snprintf(ret->digits, sizeof(ret->digits), "%s%" PRIu64, negative && v != 0 ? "-" : "", v);
    ret->kind = YAML_INT;
    ret->number = negative ? -(double)v : (double)v;
    ret->text = sv_make(ret->digits, (size_t)n);
    return true;
}

static bool is_digit(struct strview s, size_t at)
{
    return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

static size_t skip_digits(struct strview s, size_t at)
{
    while (is_digit(s, at)) {
        at++;
    }
    return at;
}

/// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
static bool is_float(struct strview s)
{
    size_t at = s.len != 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;
    size_t whole = skip_digits(s, at) - at;
    at += whole;
    if (at < s.len && s.ptr[at] == '.') {
        size_t end = skip_digits(s, at + 1);
        if (whole == 0 && end == at + 1) {
            return false;
        }
        at = end;
    } else if (whole == 0) {
        return false;
    }
    if (at < s.len && (s.ptr[at] | 0x20) == 'e') {
        at++;
        at += at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+') ? 1 : 0;
        size_t end = skip_digits(s, at);
        if (end == at) {
            return false;
        }
        at = end;
    }
    return at == s.len;
}

static bool resolve_number(struct strview s, struct yaml_scalar *ret)
{
    char plain[64];
    size_t n = 0;
    // A longer text is no 64-bit number, and as a float would be no value that a resource can mean.
    if (s.len >= sizeof(plain)) {
        return false;
    }
    // Go takes underscores out first, but of a number that begins with its point only those between
    // digits.
    bool dot = s.ptr[0] == '.';
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '_') {
            plain[n++] = s.ptr[i];
        } else if (dot && !(is_digit(s, i - 1) && is_digit(s, i + 1))) {
            return false;
        }
    }
    struct strview text = sv_make(plain, n);
    if (!dot && resolve_int(text, ret)) {
        return true;
    }
    if (!is_float(text) || !parse_double(text, &ret->number)) {
        return false;
    }
    ret->kind = YAML_FLOAT;
    return true;
}

static enum yaml_scalar_kind tag_kind(struct strview tag)
{
    return sv_eq_lit(tag, TAG("bool"))    ? YAML_BOOL
           : sv_eq_lit(tag, TAG("int"))   ? YAML_INT
           : sv_eq_lit(tag, TAG("float")) ? YAML_FLOAT
           : sv_eq_lit(tag, TAG("null"))  ? YAML_NULL
                                          : YAML_STRING;
}

int yaml_resolve(const struct yaml_node *n, struct yaml_scalar *ret, struct err *err)
{
    *ret = (struct yaml_scalar){.kind = YAML_STRING, .text = n->text};
    if (sv_eq_lit(n->tag, TAG("binary"))) {
        return err_set(err, E_PARSE,
                       "line %u: !!binary has no form in JSON; write the base64 text "
                       "without the tag",
                       n->line);
    }
    enum yaml_scalar_kind want = tag_kind(n->tag);
    if (!n->plain && (!sv_present(n->tag) || want == YAML_STRING)) {
        return 0;
    }
    bool numeric =
        n->text.len != 0 && sv_find_char(SV("0123456789+-."), n->text.ptr[0]) != SIZE_MAX;
    if (!resolve_word(n->text, ret) && numeric) {
        resolve_number(n->text, ret);
    }
    if (sv_present(n->tag) && ret->kind == YAML_INT && want == YAML_FLOAT) {
        ret->kind = YAML_FLOAT;
    }
    if (sv_present(n->tag) && ret->kind != want) {
        return err_set(err, E_PARSE, "line %u: \"%.*s\" is not what its tag says", n->line,
                       SV_ARG(sv_sub(n->text, 0, 64)));
    }
    return 0;
}

bool yaml_is_merge(const struct yaml_node *n)
{
    return n->kind == YAML_SCALAR && sv_eq_lit(n->text, "<<") &&
           (n->plain || sv_eq_lit(n->tag, TAG("merge")));
}
