// SPDX-License-Identifier: Apache-2.0
#include "common/json/text.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/// The last N bytes of a page behind which nothing may be read.
static char *end_of_page(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(two != MAP_FAILED);
    ck_assert_int_eq(mprotect(two + page, page, PROT_NONE), 0);
    return two + page - n;
}

/// Both walks over TEXT, which ends with its padding where a page ends, from each of its bytes on.
static void assert_twins(const char *text, size_t len)
{
    for (const char *p = text; p < text + len; p++) {
        ck_assert_ptr_eq(json_skip_plain_padded(p), json_skip_plain_scalar(p));
        ck_assert_ptr_eq(json_skip_space_padded(p), json_skip_space_scalar(p));
        ck_assert_ptr_eq(json_skip_spaces_padded(p), json_skip_space_scalar(p));
    }
}

START_TEST(text__vectors_and_scalars_find_the_same_byte)
{
    enum { LEN = 64 };
    char *text = end_of_page(LEN + JSON_TEXT_PAD);
    memset(text + LEN, 0, JSON_TEXT_PAD);
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < LEN; at++) {
            memset(text, at % 2 == 0 ? 'x' : ' ', LEN);
            text[at] = (char)c;
            ck_assert_ptr_eq(json_skip_plain_padded(text), json_skip_plain_scalar(text));
            ck_assert_ptr_eq(json_skip_space_padded(text), json_skip_space_scalar(text));
            bool special = c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
            ck_assert_uint_eq((size_t)(json_skip_plain_padded(text) - text), special ? at : LEN);
        }
    }
}
END_TEST

START_TEST(text__vectors_and_scalars_agree_on_noise_up_to_the_last_byte_of_a_page)
{
    static const char BYTES[] = "ax\"\\ \n\r\t\x1f\x7f\x80\xff{}:,";
    char *end = end_of_page(0);
    unsigned random = 1;
    for (size_t len = 0; len <= 96; len++) {
        for (int round = 0; round < 40; round++) {
            char *text = end - len - JSON_TEXT_PAD;
            memset(text + len, 0, JSON_TEXT_PAD);
            for (size_t i = 0; i < len; i++) {
                random = random * 1103515245 + 12345;
                unsigned pick = random >> 16;
                // Long runs, too.
                text[i] = round % 4 == 0   ? BYTES[pick % (sizeof(BYTES) - 1)]
                          : pick % 40 == 0 ? BYTES[pick / 40 % (sizeof(BYTES) - 1)]
                                           : "a \n"[round % 3];
            }
            assert_twins(text, len);
        }
    }
}
END_TEST

START_TEST(text__a_special_byte_is_found_wherever_it_stands)
{
    char bytes[40];
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < sizeof(bytes); at++) {
            memset(bytes, 'x', sizeof(bytes));
            bytes[at] = (char)c;
            bool special = c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
            const char *found = json_skip_plain(bytes, bytes + sizeof(bytes));
            ck_assert_uint_eq((size_t)(found - bytes), special ? at : sizeof(bytes));
        }
    }
}
END_TEST

START_TEST(text__the_first_of_two_special_bytes_counts)
{
    // Neighbours may borrow from one another in the eight-byte step.
    static const char specials[] = {'\0', '\x1f', '"', '\\', '\x80', '\xff',
                                    '!',  '#',    '[', ']',  ' '};
    for (size_t i = 0; i < ARRAY_LEN(specials); i++) {
        for (size_t j = 0; j < ARRAY_LEN(specials); j++) {
            char bytes[8] = "aaaaaaaa";
            bytes[3] = specials[i];
            bytes[4] = specials[j];
            size_t want = !json_plain(specials[i]) ? 3 : !json_plain(specials[j]) ? 4 : 8;
            ck_assert_uint_eq((size_t)(json_skip_plain(bytes, bytes + 8) - bytes), want);
        }
    }
}
END_TEST

START_TEST(text__every_code_point_is_written_and_known_again)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }
        char bytes[4];
        size_t len = json_utf8_put(bytes, c);
        size_t want = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        bool known = json_utf8_len(bytes, bytes + len) == len;
        bool known_cut = json_utf8_len(bytes, bytes + len - 1) != 0;
        if (len != want || !known || known_cut) {
            ck_abort_msg("U+%04X", c);
        }
    }
}
END_TEST

/// RFC 3629, section 4, row by row.
static size_t utf8_by_table(const unsigned char *b)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t len;
    } rows[] = {
        {0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (b[0] >= rows[i].first_low && b[0] <= rows[i].first_high && b[1] >= rows[i].second_low &&
            b[1] <= rows[i].second_high) {
            return rows[i].len;
        }
    }
    return 0;
}

START_TEST(text__utf8_is_judged_as_the_rfc_has_it)
{
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const unsigned char bytes[4] = {(unsigned char)first, (unsigned char)second, 0x80,
                                            0xbf};
            const char *p = (const char *)bytes;
            ck_assert_uint_eq(json_utf8_len(p, p + 4), utf8_by_table(bytes));
        }
    }
}
END_TEST

START_TEST(text__a_character_with_a_bad_tail_is_none)
{
    static const char *const bad[] = {"\xe2\x82z", "\xe2z\x82", "\xf0\x9f\x98z", "\xf0\x9fz\x80"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_uint_eq(json_utf8_len(bad[i], bad[i] + strlen(bad[i])), 0);
    }
    ck_assert_uint_eq(json_utf8_len(bad[0], bad[0]), 0);
}
END_TEST

UNIT_MAIN(NULL, NULL, text__a_special_byte_is_found_wherever_it_stands,
          text__the_first_of_two_special_bytes_counts,
          text__every_code_point_is_written_and_known_again, text__utf8_is_judged_as_the_rfc_has_it,
          text__a_character_with_a_bad_tail_is_none, text__vectors_and_scalars_find_the_same_byte,
          text__vectors_and_scalars_agree_on_noise_up_to_the_last_byte_of_a_page)
