// SPDX-License-Identifier: Apache-2.0
#include "common/base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "common/base/mem.h"
#include "tests/unit/unit.h"

static struct arena a;

static void setup(void)
{
    a = ARENA((size_t)1 << 20);
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    arena_done(&a);
}

START_TEST(arena__pieces_are_aligned_and_apart)
{
    unsigned char *pieces[200];
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        pieces[i] = arena_alloc(&a, i);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        for (size_t at = 0; at < i; at++) {
            ck_assert_uint_eq(pieces[i][at], i);
        }
    }
}
END_TEST

START_TEST(arena__gives_its_limit_and_no_byte_more)
{
    ck_assert_ptr_nonnull(arena_alloc(&a, (size_t)1 << 19));
    ck_assert_ptr_nonnull(arena_alloc(&a, (size_t)1 << 19));
    ck_assert(arena_ok(&a));
    ck_assert_uint_eq(a.used, (size_t)1 << 20);
    ck_assert_ptr_null(arena_alloc(&a, 1));
    ck_assert(!arena_ok(&a));
}
END_TEST

START_TEST(arena__a_failure_sticks_until_the_reset)
{
    ck_assert_ptr_null(arena_alloc(&a, ((size_t)1 << 20) + 1));
    ck_assert_ptr_null(arena_alloc(&a, 1));
    ck_assert_ptr_null(arena_zalloc(&a, 1));
    ck_assert(!sv_present(arena_copy(&a, SV("a"))));
    ck_assert(!sv_present(arena_printf(&a, "a")));
    arena_reset(&a, 0);
    ck_assert(arena_ok(&a));
    ck_assert_ptr_nonnull(arena_alloc(&a, 1));
}
END_TEST

START_TEST(arena__sizes_that_wrap_fail)
{
    ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 2, 3));
    ck_assert(!arena_ok(&a));
    arena_reset(&a, 0);
    ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
    arena_reset(&a, 0);
    ck_assert_ptr_nonnull(arena_alloc(&a, 1));
    ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
}
END_TEST

START_TEST(arena__zeroed_pieces_are_zero_also_after_a_reset)
{
    for (int round = 0; round < 3; round++) {
        memset(arena_alloc(&a, 5000), 0xaa, 5000);
        const unsigned char *zeroed = ARENA_NEW_N(&a, unsigned char, 5000);
        ck_assert_ptr_nonnull(zeroed);
        for (size_t i = 0; i < 5000; i++) {
            ck_assert_uint_eq(zeroed[i], 0);
        }
        arena_reset(&a, (size_t)1 << 20);
    }
}
END_TEST

START_TEST(arena__a_reset_counts_from_zero)
{
    for (int round = 0; round < 5; round++) {
        ck_assert_ptr_nonnull(arena_alloc(&a, (size_t)1 << 20));
        ck_assert_uint_eq(a.used, (size_t)1 << 20);
        arena_reset(&a, round % 2 == 0 ? (size_t)4 << 20 : 0);
        ck_assert_uint_eq(a.used, 0);
    }
}
END_TEST

START_TEST(arena__texts_are_copied_with_a_nul_behind)
{
    struct strview copy = arena_copy(&a, sv_make("abcdef", 3));
    ck_assert_str_eq(copy.ptr, "abc");
    ck_assert_uint_eq(copy.len, 3);
    ck_assert(sv_present(arena_copy(&a, SV_NONE)));
    struct strview text = arena_printf(&a, "%s-%d", "x", 42);
    ck_assert_str_eq(text.ptr, "x-42");
    ck_assert_uint_eq(text.len, 4);
}
END_TEST

START_TEST(arena__a_failed_allocation_sticks_and_the_rest_stays_good)
{
    char *first = arena_alloc(&a, 10);
    memset(first, 'x', 10);
    (void)mem_fail_after(1);
    ck_assert_ptr_null(arena_alloc(&a, 100000));
    (void)mem_fail_after(0);
    ck_assert_ptr_null(arena_alloc(&a, 1));
    ck_assert_int_eq(first[9], 'x');
}
END_TEST

START_TEST(arena__takes_memory_from_the_one_door_alone)
{
    (void)mem_fail_after(0);
    ck_assert_ptr_nonnull(arena_alloc(&a, 10));
    ck_assert_uint_eq(mem_fail_after(0), 1);
}
END_TEST

UNIT_MAIN(setup, teardown, arena__pieces_are_aligned_and_apart,
          arena__gives_its_limit_and_no_byte_more, arena__a_failure_sticks_until_the_reset,
          arena__sizes_that_wrap_fail, arena__zeroed_pieces_are_zero_also_after_a_reset,
          arena__a_reset_counts_from_zero, arena__texts_are_copied_with_a_nul_behind,
          arena__a_failed_allocation_sticks_and_the_rest_stays_good,
          arena__takes_memory_from_the_one_door_alone)
