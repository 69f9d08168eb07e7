// SPDX-License-Identifier: Apache-2.0
#include "common/base/lane.h"

#include <pthread.h>
#include <stdint.h>

#include "common/base/macros.h"
#include "common/base/mem.h"
#include "tests/unit/unit.h"

#define THREADS (2 * LANES)

static struct lane_sum *sum;

static void setup(void)
{
    sum = mem_alloc_aligned(_Alignof(struct lane_sum), sizeof(*sum));
    ck_assert_ptr_nonnull(sum);
    *sum = (struct lane_sum){0};
}

static void teardown(void)
{
    mem_free(sum);
}

static void *count(void *arg)
{
    unsigned *lane = arg;
    *lane = lane_mine();
    for (int i = 0; i < 10000; i++) {
        lane_add(sum, 3);
        lane_subtract(sum, 1);
    }
    return *lane == lane_mine() ? NULL : arg;
}

START_TEST(lane__threads_lose_no_count_and_use_all_lanes)
{
    pthread_t threads[THREADS];
    unsigned lanes[THREADS], users[LANES] = {0};
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count, &lanes[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *other;
        pthread_join(threads[i], &other);
        ck_assert_ptr_null(other);
        ck_assert_uint_lt(lanes[i], LANES);
        users[lanes[i]]++;
    }
    for (size_t i = 0; i < LANES; i++) {
        ck_assert_uint_eq(users[i], THREADS / LANES);
    }
    ck_assert_uint_eq(lane_total(sum), THREADS * 20000);
}
END_TEST

static void *give_back(void *arg)
{
    (void)arg;
    lane_subtract(sum, 5);
    return NULL;
}

START_TEST(lane__what_one_thread_adds_another_may_take_away)
{
    pthread_t thread;
    lane_add(sum, 7);
    ck_assert_int_eq(pthread_create(&thread, NULL, give_back, NULL), 0);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(lane_total(sum), 2);
}
END_TEST

START_TEST(lane__no_two_lanes_share_a_cache_line)
{
    ck_assert_uint_eq((uintptr_t)sum % LANE_ALIGN, 0);
    ck_assert_uint_eq(sizeof(sum->lanes[0]), LANE_ALIGN);
    ck_assert_ptr_null(mem_alloc_aligned(LANE_ALIGN, SIZE_MAX));
}
END_TEST

UNIT_MAIN(setup, teardown, lane__threads_lose_no_count_and_use_all_lanes,
          lane__what_one_thread_adds_another_may_take_away, lane__no_two_lanes_share_a_cache_line)
