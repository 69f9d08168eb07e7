// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/quantity.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/parse_num.h"
#include "common/json/view.h"
#include "tests/unit/unit.h"

static struct quantity q(const char *text)
{
    struct quantity ret;
    ck_assert_msg(quantity_parse(sv_from(text), &ret, NULL), "%s", text);
    return ret;
}

/// Thousandths, rounded as the API server's MilliValue() does: the whole number of a thousand times
/// as much.
static int64_t milli_of(struct quantity v)
{
    quantity_nano most = (quantity_nano)INT64_MAX * 1000000;
    v.nano = v.nano > most ? most : v.nano < -most ? -most : v.nano;
    v.nano *= 1000;
    return quantity_whole(v);
}

static void check_row(struct strview line)
{
    struct strview text, verdict, canonical, whole, milli;
    ck_assert(sv_split(&line, '\t', &text) && sv_split(&line, '\t', &verdict) &&
              sv_split(&line, '\t', &canonical) && sv_split(&line, '\t', &whole) &&
              sv_split(&line, '\t', &milli));
    struct quantity got;
    const char *why = "ok";
    bool ok = quantity_parse(text, &got, &why);
    ck_assert_msg(ok == sv_eq_lit(verdict, "ok"), "%.*s: %s", SV_ARG(text), why);
    if (!ok) {
        ck_assert_msg(sv_find(sv_from(why), sv_eq_lit(verdict, "format") ? SV("regular expr")
                                            : sv_eq_lit(verdict, "suffix")
                                                ? SV("suffix")
                                                : SV("numeric")) != SIZE_MAX,
                      "%.*s: %s", SV_ARG(text), why);
        return;
    }
    int64_t want_whole, want_milli;
    ck_assert(parse_i64(whole, &want_whole) && parse_i64(milli, &want_milli));
    CLEANUP(strbuf_done) struct strbuf shown = STRBUF(128);
    quantity_put(&shown, got);
    ck_assert_msg(sv_eq(strbuf_view(&shown), canonical), "%.*s: %s, not %.*s", SV_ARG(text),
                  shown.ptr, SV_ARG(canonical));
    ck_assert_msg(quantity_whole(got) == want_whole, "%.*s", SV_ARG(text));
    ck_assert_msg(milli_of(got) == want_milli, "%.*s", SV_ARG(text));
}

START_TEST(quantity__agrees_with_apimachinery_on_every_row)
{
    FILE *f = fopen(SLUICE_SOURCE_DIR "/tests/fixtures/quantity.tsv", "re");
    ck_assert_ptr_nonnull(f);
    char line[512];
    size_t rows = 0;
    while (fgets(line, sizeof(line), f) != NULL) {
        struct strview s = sv_from(line);
        ck_assert(sv_ends(s, SV("\n")));
        s.len--;
        if (!sv_starts(s, SV("#"))) {
            check_row(s);
            rows++;
        }
    }
    fclose(f);
    ck_assert_uint_gt(rows, 200);
}
END_TEST

START_TEST(quantity__equal_amounts_compare_equal_in_any_unit)
{
    ck_assert_int_eq(quantity_cmp(q("1"), q("1000m")), 0);
    ck_assert_int_eq(quantity_cmp(q("1Gi"), q("1024Mi")), 0);
    ck_assert_int_eq(quantity_cmp(q("1G"), q("1e9")), 0);
    ck_assert_int_lt(quantity_cmp(q("1G"), q("1Gi")), 0);
    ck_assert_int_gt(quantity_cmp(q("-1"), q("-1001m")), 0);
    ck_assert_int_eq(quantity_cmp(q("9223372036854775808Ki"), q("8Ei")), 0);
}
END_TEST

START_TEST(quantity__rounds_away_from_zero)
{
    ck_assert_int_eq(quantity_whole(q("1m")), 1);
    ck_assert_int_eq(quantity_whole(q("-1m")), -1);
    ck_assert_int_eq(quantity_whole(q("1.5Ki")), 1536);
    ck_assert_int_eq(quantity_cmp(q("1e-30"), q("1n")), 0);
}
END_TEST

START_TEST(quantity__whole_numbers_are_told_at_any_size)
{
    ck_assert(quantity_is_whole(q("0")) && quantity_is_whole(q("18446744073")));
    ck_assert(quantity_is_whole(q("-18446744074")) && quantity_is_whole(q("1E")));
    ck_assert(!quantity_is_whole(q("1500m")) && !quantity_is_whole(q("18446744073709551615n")));
    ck_assert(!quantity_is_whole(q("-18446744073709551617n")));
    // Around 2^64 billionths, where the way to divide changes.
    ck_assert(quantity_whole(q("18446744073709551615n")) == INT64_C(18446744074));
    ck_assert(quantity_whole(q("18446744074000000000n")) == INT64_C(18446744074));
    ck_assert(quantity_whole(q("-18446744074000000001n")) == -INT64_C(18446744075));
}
END_TEST

START_TEST(quantity__huge_values_stay_at_the_limit)
{
    struct quantity huge = q("1e2147483647");
    ck_assert(huge.saturated);
    ck_assert(quantity_whole(huge) == INT64_MAX);
    ck_assert(quantity_whole(q("-999999999999999999999E")) == -INT64_MAX);
    ck_assert_int_gt(quantity_cmp(huge, q("8Ei")), 0);
    ck_assert(!q("1000E").saturated);
}
END_TEST

START_TEST(quantity__a_long_text_is_read_in_one_go)
{
    static char text[200001];
    memset(text, '9', sizeof(text) - 1);
    ck_assert(q(text).saturated);
    text[1] = '.';
    ck_assert_int_eq(quantity_cmp(q(text), q("10")), 0);
    memcpy(text + sizeof(text) - 3, "Ei", 3);
    text[0] = '0';
    ck_assert_int_eq(quantity_cmp(q(text), q("1Ei")), 0);
}
END_TEST

/// A sign sends a number the long way.
START_TEST(quantity__plain_numbers_are_read_as_all_others)
{
    static const char *const NUMBERS[] = {"",  "0",  "1",  "007",       "12",        "345",
                                          "8", "64", "99", "123456789", "999999999", "1234567890"};
    static const char *const UNITS[] = {"",  "n", "u",  "m",  "k",  "M",  "G",  "T",
                                        "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
                                        "K", "i", "mi", "ki", "ii", "Mx", "e3", "Gii"};
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS) * ARRAY_LEN(UNITS); i++) {
        char text[32];
        snprintf(text, sizeof(text), "+%s%s", NUMBERS[i / ARRAY_LEN(UNITS)],
                 UNITS[i % ARRAY_LEN(UNITS)]);
        struct quantity plain, other;
        const char *why_plain = "", *why_other = "";
        bool ok = quantity_parse(sv_from(text + 1), &plain, &why_plain);
        if (text[1] == '\0') {
            continue; // nothing is a fault, and a sign alone is zero
        }
        ck_assert_msg(ok == quantity_parse(sv_from(text), &other, &why_other), "%s", text);
        ck_assert_str_eq(why_plain, why_other);
        ck_assert_msg(!ok || (plain.nano == other.nano && plain.format == other.format &&
                              plain.saturated == other.saturated),
                      "%s", text);
    }
}
END_TEST

START_TEST(quantity__a_json_value_may_be_a_string_or_a_number)
{
    CLEANUP(arena_done) struct arena a = ARENA(1 << 16);
    const struct json *v;
    ck_assert_int_eq(
        json_parse(SV("[\" 1Gi \",2,1.5,1e3,true,null,{}]"), &JSON_LIMITS_DEFAULT, &a, &v, NULL),
        0);
    static const char *const want[] = {"1Gi", "2", "1500m", "1k"};
    const struct json *item = json_first(v);
    for (size_t i = 0; i < ARRAY_LEN(want); i++, item = json_next(item)) {
        struct quantity got;
        ck_assert(quantity_read(item, &got, NULL));
        ck_assert_int_eq(quantity_cmp(got, q(want[i])), 0);
    }
    for (; item != NULL; item = json_next(item)) {
        struct quantity got;
        const char *why = NULL;
        ck_assert(!quantity_read(item, &got, &why));
        ck_assert_ptr_nonnull(why);
    }
    ck_assert(!quantity_read(NULL, &(struct quantity){0}, NULL));
}
END_TEST

START_TEST(quantity__whole_numbers_are_shown_in_their_format)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(128);
    quantity_put(&b, QUANTITY_OF(INT64_C(1728) << 20, QUANTITY_BINARY_SI));
    strbuf_put_char(&b, ' ');
    quantity_put(&b, QUANTITY_OF(3, QUANTITY_DECIMAL_SI));
    strbuf_put_char(&b, ' ');
    quantity_put(&b, QUANTITY_OF(-1000, QUANTITY_DECIMAL_EXPONENT));
    ck_assert_str_eq(b.ptr, "1728Mi 3 -1e3");
}
END_TEST

UNIT_MAIN(NULL, NULL, quantity__agrees_with_apimachinery_on_every_row,
          quantity__equal_amounts_compare_equal_in_any_unit, quantity__rounds_away_from_zero,
          quantity__huge_values_stay_at_the_limit, quantity__whole_numbers_are_told_at_any_size,
          quantity__a_long_text_is_read_in_one_go, quantity__plain_numbers_are_read_as_all_others,
          quantity__a_json_value_may_be_a_string_or_a_number,
          quantity__whole_numbers_are_shown_in_their_format)
