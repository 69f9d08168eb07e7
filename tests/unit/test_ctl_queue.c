// SPDX-License-Identifier: Apache-2.0
#include "controller/queue.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "tests/unit/unit.h"

static struct queue *q;

static void setup(void)
{
    q = queue_new();
    ck_assert_ptr_nonnull(q);
}

static void teardown(void)
{
    queue_free(q);
}

static struct strview take(char *key)
{
    size_t len = 0;
    int64_t waited;
    ck_assert(queue_take(q, key, &len, &waited));
    return sv_make(key, len);
}

static void assert_next(const char *want)
{
    char key[QUEUE_KEY_MAX];
    struct strview got = take(key);
    ck_assert_msg(sv_eq_lit(got, want), "got %.*s, want %s", SV_ARG(got), want);
    queue_done(q, got);
}

START_TEST(queue__a_key_is_queued_once_however_often_it_is_added)
{
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    queue_add(q, SV("a/y"), QUEUE_CHANGE);
    assert_next("a/x");
    assert_next("a/y");
    struct queue_stats s;
    queue_read_stats(q, &s);
    ck_assert_uint_eq(s.depth, 0);
}
END_TEST

START_TEST(queue__live_edits_go_before_a_resync)
{
    queue_add(q, SV("a/1"), QUEUE_RESYNC);
    queue_add(q, SV("a/2"), QUEUE_RESYNC);
    queue_add(q, SV("a/3"), QUEUE_CHANGE);
    queue_add(q, SV("a/2"), QUEUE_CHANGE);
    assert_next("a/3");
    assert_next("a/2");
    assert_next("a/1");
}
END_TEST

START_TEST(queue__what_a_user_waits_for_goes_first)
{
    queue_add(q, SV("a/1"), QUEUE_CHANGE);
    queue_add(q, SV("a/2"), QUEUE_EDIT);
    queue_add(q, SV("a/3"), QUEUE_RESYNC);
    queue_add(q, SV("a/3"), QUEUE_EDIT);
    queue_add(q, SV("a/2"), QUEUE_RESYNC); // doesn't move down
    assert_next("a/2");
    assert_next("a/3");
    assert_next("a/1");
}
END_TEST

START_TEST(queue__a_stream_of_edits_starves_nothing)
{
    char name[16];
    char key[QUEUE_KEY_MAX];
    queue_add(q, SV("b/resync"), QUEUE_RESYNC);
    queue_add(q, SV("b/change"), QUEUE_CHANGE);
    size_t left = 2;
    int taken = 0;
    while (left > 0 && taken < 100) {
        snprintf(name, sizeof(name), "a/%d", taken++);
        queue_add(q, sv_from(name), QUEUE_EDIT);
        struct strview got = take(key);
        left -= got.ptr[0] == 'b' ? 1 : 0;
        queue_done(q, got);
    }
    ck_assert_uint_eq(left, 0);
    ck_assert_int_le(taken, 20);
}
END_TEST

START_TEST(queue__a_pause_holds_back_every_key)
{
    int64_t start = clock_mono_ms();
    queue_add(q, SV("a/x"), QUEUE_EDIT);
    queue_pause(q, 60);
    queue_pause(q, 10); // the later end holds
    assert_next("a/x");
    ck_assert_int_ge(clock_mono_ms() - start, 60);
}
END_TEST

START_TEST(queue__a_time_that_was_asked_for_wins_over_the_back_off)
{
    char key[QUEUE_KEY_MAX];
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    struct strview got = take(key);
    int64_t start = clock_mono_ms();
    queue_failed(q, got, 60000);
    queue_add_after(q, SV("a/x"), 30);
    assert_next("a/x");
    ck_assert_int_lt(clock_mono_ms() - start, 30000);
}
END_TEST

START_TEST(queue__a_key_added_while_it_is_worked_on_is_worked_on_again)
{
    char key[QUEUE_KEY_MAX];
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    struct strview got = take(key);
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    struct queue_stats s;
    queue_read_stats(q, &s);
    ck_assert_uint_eq(s.depth, 0); // no second worker may have it
    queue_done(q, got);
    assert_next("a/x");
}
END_TEST

START_TEST(queue__a_failed_key_comes_back_later_each_time)
{
    char key[QUEUE_KEY_MAX];
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    int64_t last = 0;
    for (int i = 0; i < 5; i++) {
        struct strview got = take(key);
        int64_t now = clock_mono_ms();
        if (i > 1) {
            // 5, 10, 20, 40 ms at least
            ck_assert_int_ge(now - last, (int64_t)QUEUE_BACKOFF_MIN_MS << (i - 1));
        }
        last = now;
        queue_failed(q, got, 0);
    }
}
END_TEST

START_TEST(queue__a_failed_key_waits_as_long_as_the_server_asks)
{
    char key[QUEUE_KEY_MAX];
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    struct strview got = take(key);
    int64_t start = clock_mono_ms();
    queue_failed(q, got, 60);
    got = take(key);
    ck_assert_int_ge(clock_mono_ms() - start, 60);
    // A change brings it back before.
    queue_failed(q, got, 60000);
    queue_add(q, SV("a/x"), QUEUE_CHANGE);
    assert_next("a/x");
}
END_TEST

START_TEST(queue__a_delayed_key_is_not_given_early)
{
    int64_t start = clock_mono_ms();
    queue_add_after(q, SV("a/late"), 60);
    queue_add_after(q, SV("a/soon"), 20);
    queue_add_after(q, SV("a/late"), 5000); // the earlier time holds
    assert_next("a/soon");
    assert_next("a/late");
    int64_t took = clock_mono_ms() - start;
    ck_assert_int_ge(took, 60);
    ck_assert_int_lt(took, 5000);
}
END_TEST

START_TEST(queue__a_key_too_long_is_refused)
{
    char key[QUEUE_KEY_MAX + 1];
    memset(key, 'k', sizeof(key));
    ck_assert(!queue_add(q, sv_make(key, sizeof(key)), QUEUE_CHANGE));
}
END_TEST

static atomic_int working[8];
static atomic_int handled;

static void *worker(void *arg)
{
    (void)arg;
    char key[QUEUE_KEY_MAX];
    size_t len;
    int64_t waited;
    while (queue_take(q, key, &len, &waited)) {
        int i = key[len - 1] - '0';
        ck_assert_int_eq(atomic_fetch_add(&working[i], 1), 0);
        atomic_fetch_add(&handled, 1);
        clock_sleep_ms(1);
        atomic_fetch_sub(&working[i], 1);
        queue_done(q, sv_make(key, len));
    }
    return NULL;
}

START_TEST(queue__no_two_workers_have_the_same_key)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, worker, NULL), 0);
    }
    for (int i = 0; i < 400; i++) {
        char key[8];
        snprintf(key, sizeof(key), "a/%d", i % 8);
        queue_add(q, sv_from(key), (enum queue_class)(i % 3));
        if (i % 10 == 0) {
            clock_sleep_ms(1);
        }
    }
    struct queue_stats s;
    do {
        clock_sleep_ms(5);
        queue_read_stats(q, &s);
    } while (s.depth != 0 || s.processing != 0);
    queue_stop(q);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_ge(atomic_load(&handled), 8);
}
END_TEST

UNIT_MAIN(setup, teardown, queue__a_key_is_queued_once_however_often_it_is_added,
          queue__live_edits_go_before_a_resync, queue__what_a_user_waits_for_goes_first,
          queue__a_stream_of_edits_starves_nothing, queue__a_pause_holds_back_every_key,
          queue__a_time_that_was_asked_for_wins_over_the_back_off,
          queue__a_key_added_while_it_is_worked_on_is_worked_on_again,
          queue__a_failed_key_comes_back_later_each_time,
          queue__a_failed_key_waits_as_long_as_the_server_asks,
          queue__a_delayed_key_is_not_given_early, queue__a_key_too_long_is_refused,
          queue__no_two_workers_have_the_same_key)
