// SPDX-License-Identifier: Apache-2.0
#include "common/base/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/unit/unit.h"

START_TEST(signals__a_wait_without_a_signal_ends_in_time)
{
    signals_block();
    int64_t start = clock_mono_ms();
    ck_assert_int_eq(signals_wait(30), 0);
    ck_assert_int_ge(clock_mono_ms() - start, 29);
    ck_assert_int_eq(signals_wait(0), 0);
}
END_TEST

START_TEST(signals__a_signal_that_came_before_the_wait_is_not_lost)
{
    signals_block();
    kill(getpid(), SIGINT);
    ck_assert_int_eq(signals_wait(10000), SIGINT);
}
END_TEST

static void *stop(void *arg)
{
    (void)arg;
    kill(getpid(), SIGTERM);
    return NULL;
}

START_TEST(signals__another_thread_can_end_the_wait)
{
    pthread_t t;
    signals_block();
    ck_assert_int_eq(pthread_create(&t, NULL, stop, NULL), 0);
    ck_assert_int_eq(signals_wait(-1), SIGTERM);
    pthread_join(t, NULL);
}
END_TEST

START_TEST(signals__a_broken_pipe_is_an_error_and_not_the_end)
{
    int fds[2];
    signals_block();
    ck_assert_int_eq(pipe(fds), 0);
    close(fds[0]);
    ck_assert_int_eq(write(fds[1], "x", 1), -1);
    close(fds[1]);
}
END_TEST

UNIT_MAIN(NULL, NULL, signals__a_wait_without_a_signal_ends_in_time,
          signals__a_signal_that_came_before_the_wait_is_not_lost,
          signals__another_thread_can_end_the_wait,
          signals__a_broken_pipe_is_an_error_and_not_the_end)
