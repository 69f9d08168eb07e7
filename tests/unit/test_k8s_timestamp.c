// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/timestamp.h"

#include "tests/unit/unit.h"

START_TEST(timestamp__good_times_are_read)
{
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1000000},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"2026-01-02T03:04:05Z", INT64_C(1767323045000000)},
        {"2026-01-02t03:04:05.5z", INT64_C(1767323045500000)},
        {"2026-01-02T03:04:05.0000019Z", INT64_C(1767323045000001)},
        {"2026-01-02T04:04:05+01:00", INT64_C(1767323045000000)},
        {"2026-01-01T21:34:05-05:30", INT64_C(1767323045000000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t us;
        ck_assert_msg(timestamp_parse_us(sv_from(rows[i].text), &us), "%s", rows[i].text);
        ck_assert_msg(us == rows[i].us, "%s: %lld", rows[i].text, (long long)us);
    }
}
END_TEST

START_TEST(timestamp__bad_times_are_refused)
{
    static const char *const rows[] = {
        "",
        "2026",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "2026-1-2T03:04:05Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:61Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05+1:00",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05Zx",
        "0000-01-01T00:00:00Z",
        "-2026-01-02T03:04:05Z",
        " 2026-01-02T03:04:05Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms;
        ck_assert_msg(!timestamp_parse(sv_from(rows[i]), &ms), "%s", rows[i]);
    }
}
END_TEST

START_TEST(timestamp__what_is_written_reads_back)
{
    for (int64_t day = -719162; day <= 2932896; day += 97) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
        int64_t us, want = (day * 86400 + 12345) * 1000000 + 678901;
        timestamp_put_us(&b, want);
        ck_assert(strbuf_ok(&b));
        ck_assert_msg(timestamp_parse_us(strbuf_view(&b), &us) && us == want, "%s", b.ptr);
    }
}
END_TEST

START_TEST(timestamp__forms_are_those_of_time_and_micro_time)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
    timestamp_put(&b, INT64_C(1767323045999));
    ck_assert_str_eq(b.ptr, "2026-01-02T03:04:05Z");
    strbuf_reset(&b);
    timestamp_put_us(&b, INT64_C(1767323045000006));
    ck_assert_str_eq(b.ptr, "2026-01-02T03:04:05.000006Z");
    int64_t ms;
    ck_assert(timestamp_parse(SV("1969-12-31T23:59:59.9999Z"), &ms));
    ck_assert_int_eq(ms, -1);
}
END_TEST

START_TEST(timestamp__a_time_out_of_range_fails_the_buffer)
{
    const int64_t rows[] = {INT64_MIN, INT64_MAX, INT64_C(253402300800000),
                            INT64_C(-62135596800001)};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
        timestamp_put(&b, rows[i]);
        ck_assert(!strbuf_ok(&b));
    }
}
END_TEST

START_TEST(timestamp__what_is_no_time_is_zero)
{
    ck_assert_int_eq(timestamp_or_zero(SV_NONE), 0);
    ck_assert_int_eq(timestamp_or_zero(SV("soon")), 0);
    ck_assert_int_eq(timestamp_or_zero(SV("2026-01-02T03:04:05Z")), INT64_C(1767323045000));
}
END_TEST

UNIT_MAIN(NULL, NULL, timestamp__good_times_are_read, timestamp__bad_times_are_refused,
          timestamp__what_is_written_reads_back, timestamp__forms_are_those_of_time_and_micro_time,
          timestamp__a_time_out_of_range_fails_the_buffer, timestamp__what_is_no_time_is_zero)
