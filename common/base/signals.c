// SPDX-License-Identifier: Apache-2.0
#include "common/base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "common/base/clock.h"

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

void signals_block(void)
{
    sigset_t set = stop_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
}

int signals_wait(int64_t timeout_ms)
{
    const sigset_t set = stop_signals();
    int64_t end = clock_mono_ms() + timeout_ms;
    for (;;) {
        int64_t left = timeout_ms < 0 ? INT64_C(3600000) : end - clock_mono_ms();
        if (left < 0) {
            left = 0;
        }
        const struct timespec t = {.tv_sec = left / 1000, .tv_nsec = (long)(left % 1000) * 1000000};
        int sig = sigtimedwait(&set, NULL, &t);
        if (sig > 0) {
            return sig;
        }
        if (errno == EAGAIN && timeout_ms >= 0) {
            return 0;
        }
    }
}
