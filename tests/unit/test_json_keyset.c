// SPDX-License-Identifier: Apache-2.0
#include "common/json/keyset.h"

#include <stdio.h>

#include "common/base/mem.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct keyset keys;

static void setup(void)
{
    arena = ARENA((size_t)16 << 20);
    keyset_init(&keys, &arena);
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    arena_done(&arena);
}

static enum keyset_answer add_numbered(unsigned i)
{
    return keyset_add(&keys, arena_printf(&arena, "key-%u", i));
}

START_TEST(keyset__each_key_is_new_once_whatever_the_size)
{
    keyset_enter(&keys);
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_int_eq(add_numbered(i), KEYSET_NEW);
        ck_assert_int_eq(add_numbered(i), KEYSET_TWICE);
        ck_assert_int_eq(add_numbered(i / 2), KEYSET_TWICE);
    }
    keyset_leave(&keys);
    ck_assert_ptr_eq(keys.next, keys.keys);
}
END_TEST

START_TEST(keyset__keys_that_differ_in_one_byte_are_different)
{
    char key[33];
    keyset_enter(&keys);
    for (size_t len = 1; len <= 32; len++) {
        memset(key, 'a', sizeof(key));
        ck_assert_int_eq(keyset_add(&keys, arena_copy(&arena, sv_make(key, len))), KEYSET_NEW);
        for (size_t at = 0; at < len; at++) {
            key[at] = 'b';
            ck_assert_int_eq(keyset_add(&keys, arena_copy(&arena, sv_make(key, len))), KEYSET_NEW);
            key[at] = 'a';
        }
    }
}
END_TEST

START_TEST(keyset__a_prefix_is_the_first_eight_bytes_however_it_is_read)
{
    static const char BYTES[] = "\x01z\xff-Az\x80~0123456789abcdef"; // more than eight behind each
    for (size_t len = 0; len <= 12; len++) {
        uint64_t want = 0;
        for (size_t i = 0; i < sizeof(want); i++) {
            want = want << 8 | (i < len ? (unsigned char)BYTES[i] : 0);
        }
        // A piece of memory of its own: nothing may be read behind it.
        struct strview key = arena_copy(&arena, sv_make(BYTES, len));
        ck_assert_uint_eq(keyset_prefix(key), want);
        ck_assert_uint_eq(keyset_prefix_padded(sv_make(BYTES, len)), want);
    }
    ck_assert_uint_eq(keyset_prefix(SV_NONE), 0);
}
END_TEST

START_TEST(keyset__objects_do_not_see_one_another)
{
    for (int round = 0; round < 3; round++) {
        keyset_enter(&keys);
        for (unsigned i = 0; i < 40; i++) {
            ck_assert_int_eq(add_numbered(i), KEYSET_NEW);
            keyset_enter(&keys);
            for (unsigned j = 0; j < 40; j++) {
                ck_assert_int_eq(add_numbered(j), KEYSET_NEW);
            }
            keyset_leave(&keys);
        }
        ck_assert_int_eq(add_numbered(39), KEYSET_TWICE);
        keyset_leave(&keys);
    }
}
END_TEST

START_TEST(keyset__a_table_is_used_again_at_its_depth)
{
    // 2,000 objects of 20 keys after one of 2,000: neither memory nor clearing adds up.
    keyset_enter(&keys);
    for (unsigned i = 0; i < 2000; i++) {
        ck_assert_int_eq(add_numbered(i), KEYSET_NEW);
    }
    keyset_leave(&keys);
    struct strview names[20];
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        names[i] = arena_printf(&arena, "%u", i);
    }
    size_t used = arena.used;
    for (unsigned round = 0; round < 2000; round++) {
        keyset_enter(&keys);
        for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
            ck_assert_int_eq(keyset_add(&keys, names[i]), KEYSET_NEW);
        }
        ck_assert_int_eq(keyset_add(&keys, names[19]), KEYSET_TWICE);
        keyset_leave(&keys);
    }
    ck_assert_uint_eq(arena.used, used);
}
END_TEST

START_TEST(keyset__keys_in_order_are_told_apart_and_so_are_those_behind_them)
{
    static const char *const KEYS[] = {"", "a", "ab", "abcdefgh", "abcdefgha", "abcdefghb", "b"};
    for (size_t out = 0; out < ARRAY_LEN(KEYS); out++) {
        // All in order but one, which comes last; then each once more.
        keyset_enter(&keys);
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
            if (i != out) {
                ck_assert_int_eq(keyset_add(&keys, sv_from(KEYS[i])), KEYSET_NEW);
            }
        }
        ck_assert_int_eq(keyset_add(&keys, sv_from(KEYS[out])), KEYSET_NEW);
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
            ck_assert_int_eq(keyset_add(&keys, sv_from(KEYS[i])), KEYSET_TWICE);
        }
        keyset_leave(&keys);
    }
}
END_TEST

/// Of N texts the one that R picks, whose first bytes are those of many others.
static struct strview pick(uint32_t r, uint32_t n)
{
    return arena_printf(&arena, r % 3 == 0 ? "%u" : r % 3 == 1 ? "key%u" : "taskmanager.%u", r % n);
}

START_TEST(keyset__whatever_the_order_the_answer_is_that_of_a_comparison_with_each)
{
    uint32_t r = 1;
    for (unsigned object = 0; object < 2000; object++) {
        struct strview seen[24];
        size_t n = 0;
        keyset_enter(&keys);
        while (n < 1 + object % ARRAY_LEN(seen)) {
            r = r * 1664525 + 1013904223;
            struct strview key = pick(r >> 8, 40 + object % 50);
            size_t at = 0;
            while (at < n && !sv_eq(seen[at], key)) {
                at++;
            }
            ck_assert_int_eq(keyset_add(&keys, key), at < n ? KEYSET_TWICE : KEYSET_NEW);
            if (at == n) {
                seen[n++] = key;
            }
        }
        keyset_leave(&keys);
    }
}
END_TEST

START_TEST(keyset__many_keys_in_order_before_one_that_is_not)
{
    keyset_enter(&keys);
    for (unsigned i = 1; i <= 5000; i++) {
        ck_assert_int_eq(keyset_add(&keys, arena_printf(&arena, "%06u", i)), KEYSET_NEW);
        ck_assert_int_eq(keyset_add(&keys, arena_printf(&arena, "%06u", i)), KEYSET_TWICE);
    }
    ck_assert_int_eq(keyset_add(&keys, SV("000000")), KEYSET_NEW);
    for (unsigned i = 0; i <= 5000; i++) {
        ck_assert_int_eq(keyset_add(&keys, arena_printf(&arena, "%06u", i)), KEYSET_TWICE);
    }
}
END_TEST

START_TEST(keyset__keys_made_to_collide_are_refused_also_when_they_came_in_order)
{
    unsigned added = 0;
    keyset_enter(&keys);
    for (unsigned i = 1; i < 4000000 && added < 600; i++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "%08u", i);
        struct strview key = sv_make(text, (size_t)len);
        if ((keyset_hash(key) & 0xfff) == 0) {
            ck_assert_int_eq(keyset_add(&keys, arena_copy(&arena, key)), KEYSET_NEW);
            added++;
        }
    }
    ck_assert_int_eq(keyset_add(&keys, SV("00000000")), KEYSET_FLOOD);
}
END_TEST

START_TEST(keyset__keys_made_to_collide_are_refused)
{
    enum keyset_answer answer = KEYSET_NEW;
    unsigned added = 0;
    keyset_enter(&keys);
    for (unsigned i = 0; i < 4000000 && answer == KEYSET_NEW; i++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "%u", i);
        struct strview key = sv_make(text, (size_t)len);
        if ((keyset_hash(key) & 0xfff) == 0) {
            answer = keyset_add(&keys, arena_copy(&arena, key));
            added += answer == KEYSET_NEW;
        }
    }
    ck_assert_int_eq(answer, KEYSET_FLOOD);
    ck_assert_uint_ge(added, KEYSET_PROBES);
    ck_assert_uint_le(added, 2 * KEYSET_PROBES);
}
END_TEST

START_TEST(keyset__a_full_arena_is_told)
{
    arena_done(&arena);
    arena = ARENA(100);
    keyset_enter(&keys);
    static char names[KEYSET_FIRST + 1][8];
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(names[i], sizeof(names[i]), "%06u", i);
        ck_assert_int_eq(keyset_add(&keys, sv_from(names[i])),
                         i < KEYSET_FIRST ? KEYSET_NEW : KEYSET_NO_MEMORY);
    }
}
END_TEST

START_TEST(keyset__any_allocation_may_fail)
{
    static char names[300][8];
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(names[i], sizeof(names[i]), "%u", i);
    }
    for (size_t n = 1;; n++) {
        arena_done(&arena);
        keyset_init(&keys, &arena);
        enum keyset_answer answer = KEYSET_NEW;
        keyset_enter(&keys);
        (void)mem_fail_after(n);
        for (unsigned i = 0; i < ARRAY_LEN(names) && answer == KEYSET_NEW; i++) {
            answer = keyset_add(&keys, sv_from(names[i]));
        }
        (void)mem_fail_after(0);
        if (answer == KEYSET_NEW) {
            ck_assert_uint_gt(n, 1);
            return;
        }
        ck_assert_int_eq(answer, KEYSET_NO_MEMORY);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, keyset__each_key_is_new_once_whatever_the_size,
          keyset__keys_that_differ_in_one_byte_are_different,
          keyset__a_prefix_is_the_first_eight_bytes_however_it_is_read,
          keyset__objects_do_not_see_one_another, keyset__a_table_is_used_again_at_its_depth,
          keyset__keys_made_to_collide_are_refused,
          keyset__keys_in_order_are_told_apart_and_so_are_those_behind_them,
          keyset__whatever_the_order_the_answer_is_that_of_a_comparison_with_each,
          keyset__many_keys_in_order_before_one_that_is_not,
          keyset__keys_made_to_collide_are_refused_also_when_they_came_in_order,
          keyset__a_full_arena_is_told, keyset__any_allocation_may_fail)
