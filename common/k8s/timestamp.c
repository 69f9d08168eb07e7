// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/timestamp.h"

#include <stddef.h>

#define US_PER_S   INT64_C(1000000)
#define US_PER_MS  INT64_C(1000)
#define S_PER_DAY  INT64_C(86400)
#define YEAR_1_S   INT64_C(-62135596800)
#define YEAR_END_S INT64_C(253402300799)

struct civil {
    int64_t year;
    unsigned month, day; // from 1
};

/// Days since 1970-01-01, by counting years from March (H. Hinnant, "chrono-compatible low-level
/// date algorithms").
static int64_t days_from_civil(struct civil c)
{
    int64_t y = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t month = c.month > 2 ? (int64_t)c.month - 3 : (int64_t)c.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + (int64_t)c.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_days(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    return (struct civil){.year = yoe + era * 400 + (month <= 2),
                          .month = (unsigned)month,
                          .day = (unsigned)(doy - (153 * mp + 2) / 5 + 1)};
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const unsigned char DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : DAYS[month - 1];
}

/// Takes exactly N digits off the front.
static bool take_digits(struct strview *s, size_t n, unsigned *ret)
{
    if (s->len < n) {
        return false;
    }
    unsigned v = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned)(unsigned char)s->ptr[i] - '0';
        if (d > 9) {
            return false;
        }
        v = v * 10 + d;
    }
    *s = sv_from_pos(*s, n);
    *ret = v;
    return true;
}

static bool take_char(struct strview *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c) {
        return false;
    }
    *s = sv_from_pos(*s, 1);
    return true;
}

/// ".5" and longer: microseconds, further digits dropped. Nothing there gives 0.
static bool take_fraction(struct strview *s, int64_t *ret_us)
{
    *ret_us = 0;
    if (!take_char(s, '.')) {
        return true;
    }
    int64_t unit = US_PER_S / 10;
    unsigned d;
    bool any = false;
    while (take_digits(s, 1, &d)) {
        *ret_us += d * unit;
        unit /= 10;
        any = true;
    }
    return any;
}

/// "Z" or "+hh:mm": seconds to take away for UTC.
static bool take_offset(struct strview *s, int64_t *ret_s)
{
    *ret_s = 0;
    if (take_char(s, 'Z') || take_char(s, 'z')) {
        return true;
    }
    bool east = take_char(s, '+');
    unsigned h, m;
    if ((!east && !take_char(s, '-')) || !take_digits(s, 2, &h) || !take_char(s, ':') ||
        !take_digits(s, 2, &m) || h > 23 || m > 59) {
        return false;
    }
    int64_t offset = (int64_t)h * 3600 + (int64_t)m * 60;
    *ret_s = east ? offset : -offset;
    return true;
}

bool timestamp_parse_us(struct strview s, int64_t *ret_us)
{
    unsigned year, month, day, hour, minute, second;
    int64_t us, offset;
    if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &month) ||
        !take_char(&s, '-') || !take_digits(&s, 2, &day) ||
        !(take_char(&s, 'T') || take_char(&s, 't')) || !take_digits(&s, 2, &hour) ||
        !take_char(&s, ':') || !take_digits(&s, 2, &minute) || !take_char(&s, ':') ||
        !take_digits(&s, 2, &second) || !take_fraction(&s, &us) || !take_offset(&s, &offset) ||
        s.len != 0) {
        return false;
    }
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    int64_t days = days_from_civil((struct civil){.year = year, .month = month, .day = day});
    int64_t seconds = days * S_PER_DAY + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    *ret_us = (seconds - offset) * US_PER_S + us;
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

bool timestamp_parse(struct strview s, int64_t *ret_ms)
{
    int64_t us;
    if (!timestamp_parse_us(s, &us)) {
        return false;
    }
    *ret_ms = floor_div(us, US_PER_MS);
    return true;
}

int64_t timestamp_or_zero(struct strview s)
{
    int64_t ms;
    return timestamp_parse(s, &ms) ? ms : 0;
}

/// Date and time without fraction and zone.
static void put_seconds(struct strbuf *b, int64_t seconds)
{
    if (seconds < YEAR_1_S || seconds > YEAR_END_S) {
        b->failed = true;
        return;
    }
    int64_t days = floor_div(seconds, S_PER_DAY);
    unsigned rest = (unsigned)(seconds - days * S_PER_DAY);
    struct civil c = civil_from_days(days);
    strbuf_printf(b, "%04d-%02u-%02uT%02u:%02u:%02u", (int)c.year, c.month, c.day, rest / 3600,
                  rest / 60 % 60, rest % 60);
}

void timestamp_put(struct strbuf *b, int64_t unix_ms)
{
    put_seconds(b, floor_div(unix_ms, 1000));
    strbuf_put_char(b, 'Z');
}

void timestamp_put_us(struct strbuf *b, int64_t unix_us)
{
    int64_t seconds = floor_div(unix_us, US_PER_S);
    put_seconds(b, seconds);
    strbuf_printf(b, ".%06dZ", (int)(unix_us - seconds * US_PER_S));
}
