// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/quantity.h"

#include <stddef.h>

#include "common/base/macros.h"
#include "common/base/parse_num.h"
#include "common/json/out.h"

__extension__ typedef unsigned __int128 magnitude;

#define NANO          1000000000
#define NANO_DIGITS   9
#define MAGNITUDE_MAX ((magnitude)1 << 126)
#define MAX_SI_EXP    18
#define NUMBER_MAX    64
#define PLAIN_DIGITS  9

static const char BAD_FORMAT[] = "quantities must match the regular expression "
                                 "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
static const char BAD_NUMBER[] = "unable to parse numeric part of quantity";
static const char BAD_SUFFIX[] = "unable to parse quantity's suffix";

static const struct {
    struct strview text;
    int base, exponent;
} SUFFIXES[] = {
    {SV_INIT("n"), 10, -9}, {SV_INIT("u"), 10, -6}, {SV_INIT("m"), 10, -3}, {SV_INIT(""), 10, 0},
    {SV_INIT("k"), 10, 3},  {SV_INIT("M"), 10, 6},  {SV_INIT("G"), 10, 9},  {SV_INIT("T"), 10, 12},
    {SV_INIT("P"), 10, 15}, {SV_INIT("E"), 10, 18}, {SV_INIT("Ki"), 2, 10}, {SV_INIT("Mi"), 2, 20},
    {SV_INIT("Gi"), 2, 30}, {SV_INIT("Ti"), 2, 40}, {SV_INIT("Pi"), 2, 50}, {SV_INIT("Ei"), 2, 60},
};

struct number {
    bool negative;
    struct strview whole, fraction; // digits, either may be empty
    struct strview suffix;
};

// What a quantity may be made of, byte by byte.
enum { DIGIT = 1, LETTER = 2 };
static const unsigned char CLASSES[256] = {
    ['0'] = DIGIT,  ['1'] = DIGIT,  ['2'] = DIGIT,  ['3'] = DIGIT,  ['4'] = DIGIT,  ['5'] = DIGIT,
    ['6'] = DIGIT,  ['7'] = DIGIT,  ['8'] = DIGIT,  ['9'] = DIGIT,  ['e'] = LETTER, ['E'] = LETTER,
    ['i'] = LETTER, ['n'] = LETTER, ['u'] = LETTER, ['m'] = LETTER, ['k'] = LETTER, ['K'] = LETTER,
    ['M'] = LETTER, ['G'] = LETTER, ['T'] = LETTER, ['P'] = LETTER,
};

/// How many bytes of that class S begins with.
static size_t count_in(struct strview s, unsigned char class)
{
    size_t n = 0;
    while (n < s.len && CLASSES[(unsigned char)s.ptr[n]] == class) {
        n++;
    }
    return n;
}

static struct strview cut(struct strview *rest, size_t n)
{
    struct strview piece = sv_sub(*rest, 0, n);
    *rest = sv_from_pos(*rest, n);
    return piece;
}

/// Sign, digits, point, digits, suffix; laxer than the regular expression in its text, as the API
/// server's own loop is ("+", "." and "k" are zero).
static bool scan(struct strview s, struct number *n)
{
    if (s.len == 0) {
        return false;
    }
    *n = (struct number){.negative = s.ptr[0] == '-'};
    struct strview rest = sv_from_pos(s, s.ptr[0] == '-' || s.ptr[0] == '+');
    n->whole = cut(&rest, count_in(rest, DIGIT));
    if (rest.len != 0 && rest.ptr[0] == '.') {
        rest = sv_from_pos(rest, 1);
        n->fraction = cut(&rest, count_in(rest, DIGIT));
    }
    size_t letters = count_in(rest, LETTER);
    struct strview tail = sv_from_pos(rest, letters);
    if (tail.len != 0 && (tail.ptr[0] == '-' || tail.ptr[0] == '+')) {
        tail = sv_from_pos(tail, 1);
    }
    n->suffix = rest;
    return count_in(tail, DIGIT) == tail.len;
}

static bool interpret(struct strview suffix, int *base, int64_t *exponent,
                      enum quantity_format *format)
{
    for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++) {
        if (sv_eq(suffix, SUFFIXES[i].text)) {
            *base = SUFFIXES[i].base;
            *exponent = SUFFIXES[i].exponent;
            *format = *base == 2 ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI;
            return true;
        }
    }
    int64_t written;
    if (suffix.len < 2 || (suffix.ptr[0] != 'e' && suffix.ptr[0] != 'E') ||
        !parse_i64(sv_from_pos(suffix, 1), &written)) {
        return false;
    }
    *base = 10;
    // The API server keeps the low 32 bits: 1e4294967296 is 1.
    *exponent = (int32_t)(uint32_t)(uint64_t)written;
    *format = QUANTITY_DECIMAL_EXPONENT;
    return true;
}

/// A number without any digit ("Ei", ".e-12") is zero to the API server while it takes its short
/// way with 64-bit integers, and a fault when the unit sends it the long way.
static bool is_readable(const struct number *n, int base, int64_t exponent)
{
    return n->whole.len + n->fraction.len != 0 ||
           (base == 2 ? exponent < 50 : exponent >= -NANO_DIGITS);
}

/// A times B plus C, never above MAGNITUDE_MAX.
static magnitude mul_add(magnitude a, magnitude b, magnitude c)
{
    magnitude v;
    if (__builtin_mul_overflow(a, b, &v) || __builtin_add_overflow(v, c, &v) || v > MAGNITUDE_MAX) {
        return MAGNITUDE_MAX;
    }
    return v;
}

static unsigned digit_at(struct strview s, size_t i)
{
    return (unsigned)(s.ptr[i] - '0');
}

/// Billionths of a decimal number times 10^EXPONENT, rounded up: its digits up to nine places
/// behind the shifted point.
static magnitude nano_decimal(const struct number *n, int64_t exponent)
{
    size_t digits = n->whole.len + n->fraction.len;
    int64_t keep = (int64_t)n->whole.len + exponent + NANO_DIGITS;
    magnitude v = 0;
    bool rest = false;
    for (size_t i = 0; i < digits; i++) {
        unsigned d =
            i < n->whole.len ? digit_at(n->whole, i) : digit_at(n->fraction, i - n->whole.len);
        if ((int64_t)i < keep) {
            v = mul_add(v, 10, d);
        } else {
            rest = rest || d != 0;
        }
    }
    for (int64_t i = (int64_t)digits; i < keep && v != 0 && v != MAGNITUDE_MAX; i++) {
        v = mul_add(v, 10, 0);
    }
    return mul_add(v, 1, rest);
}

/// Billionths of a decimal number times 2^EXPONENT, rounded up, at most 2^63 - 1 whole. The
/// fraction is taken from its last digit on (Horner), dividing by ten at each: floors of floors are
/// exact.
static magnitude nano_binary(const struct number *n, int64_t exponent)
{
    magnitude unit = ((magnitude)1 << exponent) * NANO;
    magnitude v = 0;
    for (size_t i = 0; i < n->whole.len; i++) {
        v = mul_add(v, 10, digit_at(n->whole, i));
    }
    magnitude part = 0;
    bool rest = false;
    for (size_t i = n->fraction.len; i-- > 0;) {
        part += digit_at(n->fraction, i) * unit;
        rest = rest || part % 10 != 0;
        part /= 10;
    }
    v = mul_add(v, unit, part + rest);
    magnitude most = (magnitude)INT64_MAX * NANO;
    return v < most ? v : most;
}

/// Billionths in one of the usual units; 0: it is none of them.
static uint64_t plain_unit(struct strview suffix)
{
    bool binary = suffix.len == 2 && suffix.ptr[1] == 'i';
    if (suffix.len == 0) {
        return NANO;
    }
    if (suffix.len != 1 && !binary) {
        return 0;
    }
    switch (suffix.ptr[0]) {
    case 'm':
        return binary ? 0 : NANO / 1000;
    case 'k':
        return binary ? 0 : (uint64_t)NANO * 1000;
    case 'K':
        return binary ? (uint64_t)NANO << 10 : 0;
    case 'M':
        return binary ? (uint64_t)NANO << 20 : (uint64_t)NANO * 1000000;
    case 'G':
        return binary ? (uint64_t)NANO << 30 : (uint64_t)NANO * 1000000000;
    default:
        return 0;
    }
}

/// The form that nearly all have, in which nothing can overflow: up to nine digits and a usual
/// unit. False: S has another form, or is a fault.
static bool parse_plain(struct strview s, struct quantity *ret)
{
    uint64_t v = 0;
    size_t n = 0;
    while (n < s.len && n < PLAIN_DIGITS && CLASSES[(unsigned char)s.ptr[n]] == DIGIT) {
        v = v * 10 + digit_at(s, n);
        n++;
    }
    uint64_t unit = n != 0 ? plain_unit(sv_make(s.ptr + n, s.len - n)) : 0;
    *ret = (struct quantity){.nano = (quantity_nano)v * unit,
                             .format = s.len - n == 2 ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI};
    return unit != 0;
}

bool quantity_parse(struct strview s, struct quantity *ret, const char **ret_why)
{
    if (parse_plain(s, ret)) {
        return true;
    }
    const char *unused;
    const char **why = ret_why != NULL ? ret_why : &unused;
    struct number n;
    int base;
    int64_t exponent;
    enum quantity_format format;
    if (!scan(s, &n)) {
        *why = BAD_FORMAT;
        return false;
    }
    if (!interpret(n.suffix, &base, &exponent, &format)) {
        *why = BAD_SUFFIX;
        return false;
    }
    if (!is_readable(&n, base, exponent)) {
        *why = BAD_NUMBER;
        return false;
    }
    magnitude v = base == 2 ? nano_binary(&n, exponent) : nano_decimal(&n, exponent);
    // Less than one of a binary unit is shown in decimal ones, as there.
    if (base == 2 && n.fraction.len != 0 && v != 0 && v < NANO) {
        format = QUANTITY_DECIMAL_SI;
    }
    *ret = (struct quantity){.nano = n.negative ? -(quantity_nano)v : (quantity_nano)v,
                             .format = format,
                             .saturated = v == MAGNITUDE_MAX};
    return true;
}

bool quantity_read(const struct json *v, struct quantity *ret, const char **ret_why)
{
    enum json_type type = json_type(v);
    if (type == JSON_STRING) {
        struct strview text = json_string(v);
        return parse_plain(text, ret) || quantity_parse(sv_trim(text), ret, ret_why);
    }
    if (type != JSON_NUMBER) {
        if (ret_why != NULL) {
            *ret_why = "must be a quantity, as a string or a number";
        }
        return false;
    }
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(NUMBER_MAX);
    struct json_out out = JSON_OUT(&text);
    json_out_value(&out, v);
    return quantity_parse(strbuf_view(&text), ret, ret_why);
}

int quantity_cmp(struct quantity a, struct quantity b)
{
    return (a.nano > b.nano) - (a.nano < b.nano);
}

int quantity_sign(struct quantity q)
{
    return (q.nano > 0) - (q.nano < 0);
}

static magnitude size_of(struct quantity q)
{
    return q.nano < 0 ? (magnitude)-q.nano : (magnitude)q.nano;
}

int64_t quantity_whole(struct quantity q)
{
    magnitude size = size_of(q);
    if (size <= UINT64_MAX) { // divided by the machine itself
        uint64_t small = (uint64_t)size;
        int64_t up = (int64_t)(small / NANO + (small % NANO != 0));
        return q.nano < 0 ? -up : up;
    }
    magnitude v = size / NANO + (size % NANO != 0);
    int64_t at_most = v < (magnitude)INT64_MAX ? (int64_t)v : INT64_MAX;
    return q.nano < 0 ? -at_most : at_most;
}

bool quantity_is_whole(struct quantity q)
{
    magnitude size = size_of(q);
    return size <= UINT64_MAX ? (uint64_t)size % NANO == 0 : size % NANO == 0;
}

static void put_magnitude(struct strbuf *b, magnitude v)
{
    char digits[40];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v != 0);
    strbuf_put(b, sv_make(digits + at, sizeof(digits) - at));
}

static void put_suffix(struct strbuf *b, int base, int exponent)
{
    for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++) {
        if (SUFFIXES[i].base == base && SUFFIXES[i].exponent == exponent) {
            strbuf_put(b, SUFFIXES[i].text);
        }
    }
}

static void put_binary(struct strbuf *b, magnitude whole)
{
    int exponent = 0;
    while (whole % 1024 == 0 && exponent < 60) {
        whole /= 1024;
        exponent += 10;
    }
    put_magnitude(b, whole);
    if (exponent != 0) {
        put_suffix(b, 2, exponent);
    }
}

static void put_decimal(struct strbuf *b, magnitude nano, enum quantity_format format)
{
    int exponent = -NANO_DIGITS;
    while (nano % 1000 == 0 && (format == QUANTITY_DECIMAL_EXPONENT || exponent < MAX_SI_EXP)) {
        nano /= 1000;
        exponent += 3;
    }
    put_magnitude(b, nano);
    if (format != QUANTITY_DECIMAL_EXPONENT) {
        put_suffix(b, 10, exponent);
    } else if (exponent != 0) {
        strbuf_put_char(b, 'e');
        strbuf_put_i64(b, exponent);
    }
}

void quantity_put(struct strbuf *b, struct quantity q)
{
    magnitude nano = size_of(q);
    if (nano == 0) {
        strbuf_put_char(b, '0');
        return;
    }
    if (q.nano < 0) {
        strbuf_put_char(b, '-');
    }
    // What binary units can't show without rounding is shown in decimal ones.
    if (q.format == QUANTITY_BINARY_SI && nano % NANO == 0 && nano >= (magnitude)1024 * NANO) {
        put_binary(b, nano / NANO);
    } else {
        put_decimal(b, nano, q.format == QUANTITY_BINARY_SI ? QUANTITY_DECIMAL_SI : q.format);
    }
}
