// SPDX-License-Identifier: Apache-2.0
// Durations and memory sizes.
#include <check.h>
#include <stdlib.h>

#include "common/base/macros.h"
#include "common/flink/duration.h"
#include "common/flink/memory_size.h"

#define S INT64_C(1000000000)

static const struct {
    const char *text;
    int64_t ns; // -1: no duration
} DURATIONS[] = {
    {"30s", 30 * S},
    {"30 s", 30 * S},
    {" 10 min ", 600 * S},
    {"10m", 600 * S},
    {"2 Hours", 7200 * S},
    {"1d", 86400 * S},
    {"500", S / 2},
    {"0", 0},
    {"7 ms", 7000000},
    {"3\xc2\xb5s", 3000},
    {"3 MICROS", 3000},
    {"12 nanoseconds", 12},
    {"1\tsec", S},
    {"9223372036854775807 d", INT64_MAX},
    {"9223372036854775808", -1},
    {"PT10S", -1},
    {"1h30m", -1},
    {"1.5s", -1},
    {"-1", -1},
    {"+1", -1},
    {"s", -1},
    {"", -1},
    {"   ", -1},
    {"10 us", -1},
    {"10 mins", -1},
    {"10 s s", -1},
    {"1 0s", -1},
    {"30\xce\xbcs", -1},
    {"0x10", -1},
    {"00000000000000000000000000000000000000000000000000000000000000030 s", -1},
};

START_TEST(duration__is_read_as_flink_reads_it)
{
    int64_t ns = -1;
    bool ok = flink_duration_parse(sv_from(DURATIONS[_i].text), &ns);
    ck_assert_msg(ok == (DURATIONS[_i].ns >= 0), "%s", DURATIONS[_i].text);
    ck_assert_int_eq(ns, DURATIONS[_i].ns);
}
END_TEST

START_TEST(duration__a_byte_of_zero_does_not_end_the_text)
{
    int64_t ns;
    ck_assert(!flink_duration_parse(sv_make("30s\0x", 5), &ns));
    ck_assert(!flink_duration_parse(SV_NONE, &ns));
}
END_TEST

START_TEST(duration__milliseconds_are_rounded_up)
{
    int64_t ms;
    ck_assert(flink_duration_parse_ms(SV("1 ns"), &ms));
    ck_assert_int_eq(ms, 1);
    ck_assert(flink_duration_parse_ms(SV("2s"), &ms));
    ck_assert_int_eq(ms, 2000);
    ck_assert(!flink_duration_parse_ms(SV("2x"), &ms));
}
END_TEST

static const struct {
    const char *text;
    int64_t bytes; // -1: no size
} SIZES[] = {
    {"1600m", INT64_C(1600) << 20},
    {"1gb", INT64_C(1) << 30},
    {"1024 kb", INT64_C(1) << 20},
    {"1024", 1024},
    {" 7 B ", 7},
    {"2 GibiBytes", INT64_C(2) << 30},
    {"3t", INT64_C(3) << 40},
    {"0 bytes", 0},
    {"9223372036854775807 bytes", INT64_MAX},
    {"9223372036854775807 k", -1},
    {"8388608 t", -1},
    {"8388607 t", INT64_C(8388607) << 40},
    {"2Gi", -1},
    {"2Mi", -1},
    {"1.5g", -1},
    {"-1m", -1},
    {"1e3", -1},
    {"m", -1},
    {"", -1},
    {"1 p", -1},
    {"12 34", -1},
};

START_TEST(memory_size__is_read_as_flink_reads_it)
{
    int64_t bytes = -1;
    bool ok = flink_memory_size_parse(sv_from(SIZES[_i].text), &bytes);
    ck_assert_msg(ok == (SIZES[_i].bytes >= 0), "%s", SIZES[_i].text);
    if (ok) {
        ck_assert_int_eq(bytes, SIZES[_i].bytes);
    }
}
END_TEST

START_TEST(memory_size__text_reads_back_to_the_same)
{
    static const int64_t BYTES[] = {
        0, 1, 1023, 1024, INT64_C(1728) << 20, INT64_C(4) << 30, INT64_C(1000000000), INT64_MAX};
    CLEANUP(arena_done) struct arena a = ARENA(4096);
    for (size_t i = 0; i < ARRAY_LEN(BYTES); i++) {
        int64_t back;
        ck_assert(flink_memory_size_parse(flink_memory_size_text(&a, BYTES[i]), &back));
        ck_assert_int_eq(back, BYTES[i]);
    }
    ck_assert(sv_eq_lit(flink_memory_size_text(&a, INT64_C(1728) << 20), "1728m"));
    ck_assert(sv_eq_lit(flink_memory_size_mib(&a, INT64_C(448) << 20), "448 MiB"));
    ck_assert(sv_eq_lit(flink_memory_size_mib(&a, 362387865), "345.6 MiB"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flink_amounts");
    TCase *t = tcase_create("amounts");
    tcase_add_loop_test(t, duration__is_read_as_flink_reads_it, 0, ARRAY_LEN(DURATIONS));
    tcase_add_test(t, duration__a_byte_of_zero_does_not_end_the_text);
    tcase_add_test(t, duration__milliseconds_are_rounded_up);
    tcase_add_loop_test(t, memory_size__is_read_as_flink_reads_it, 0, ARRAY_LEN(SIZES));
    tcase_add_test(t, memory_size__text_reads_back_to_the_same);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
