// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/due.h"

#include "common/base/mem.h"
#include "tests/unit/unit.h"

#define N 500

static struct due_heap heap;
static struct due items[N];

static void setup(void)
{
    heap = (struct due_heap){.n = 0};
    for (size_t i = 0; i < N; i++) {
        items[i] = (struct due){.at_ms = 0};
    }
    ck_assert(due_reserve(&heap, N));
}

static void teardown(void)
{
    due_done(&heap);
}

static uint32_t random_next(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

START_TEST(due__the_earliest_comes_first_whatever_was_moved_or_removed)
{
    uint32_t random = 7;
    size_t in = 0;
    for (size_t i = 0; i < N; i++) {
        due_put(&heap, &items[i], random_next(&random) % 1000);
    }
    for (size_t i = 0; i < N; i += 3) {
        due_put(&heap, &items[i], random_next(&random) % 1000);
    }
    for (size_t i = 1; i < N; i += 7) {
        due_remove(&heap, &items[i]);
        due_remove(&heap, &items[i]);
    }
    int64_t last = -1;
    for (struct due *d; (d = due_first(&heap)) != NULL; in++) {
        ck_assert_int_ge(d->at_ms, last);
        last = d->at_ms;
        due_remove(&heap, d);
        ck_assert_uint_eq(d->place, 0);
    }
    ck_assert_uint_eq(in, N - (N + 5) / 7);
}
END_TEST

START_TEST(due__without_memory_the_heap_is_as_it_was)
{
    due_put(&heap, &items[0], 1);
    (void)mem_fail_after(1);
    bool more = due_reserve(&heap, 100000);
    (void)mem_fail_after(0);
    ck_assert(!more);
    ck_assert_ptr_eq(due_first(&heap), &items[0]);
}
END_TEST

UNIT_MAIN(setup, teardown, due__the_earliest_comes_first_whatever_was_moved_or_removed,
          due__without_memory_the_heap_is_as_it_was)
