// SPDX-License-Identifier: Apache-2.0
#include "common/base/log_batch.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log_sink.h"

static struct {
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t work;    // something waits, or must not wait any longer
    pthread_cond_t written; // what waited is written
    char text[2][LOG_BATCH_MAX];
    unsigned filling; // the one that lines go to; the other is being written, or empty
    size_t len;
    uint64_t put, done; // bytes since the start: accepted, written
    uint64_t urgent;    // `done` must get here without a pause
    bool stopping;
} batch = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .work = PTHREAD_COND_INITIALIZER,
           .written = PTHREAD_COND_INITIALIZER};

/// For a sink of log.c: takes a line.
static void put(const char *line, size_t n, bool urgent)
{
    pthread_mutex_lock(&batch.lock);
    while (batch.len + n > LOG_BATCH_MAX) {
        pthread_cond_wait(&batch.written, &batch.lock);
    }
    memcpy(batch.text[batch.filling] + batch.len, line, n);
    bool first = batch.len == 0;
    batch.len += n;
    batch.put += n;
    uint64_t mine = batch.put;
    // Nobody should find it full: from the middle on what waits goes out without a pause, too.
    bool hurried = urgent || batch.len > LOG_BATCH_MAX / 2;
    if (hurried) {
        batch.urgent = mine;
    }
    if (first || hurried) {
        pthread_cond_signal(&batch.work);
    }
    while (urgent && batch.done < mine) {
        pthread_cond_wait(&batch.written, &batch.lock);
    }
    pthread_mutex_unlock(&batch.lock);
}

/// Until the pause after the last write is over, or somebody can't wait.
static void pause_until(int64_t end_ms)
{
    struct timespec until = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
    while (!batch.stopping && batch.urgent <= batch.done && clock_wall_ms() < end_ms) {
        pthread_cond_timedwait(&batch.work, &batch.lock, &until);
    }
}

static void *run(void *unused)
{
    pthread_mutex_lock(&batch.lock);
    while (!batch.stopping || batch.len != 0) {
        if (batch.len == 0) {
            pthread_cond_wait(&batch.work, &batch.lock);
            continue;
        }
        unsigned full = batch.filling;
        size_t len = batch.len;
        uint64_t upto = batch.put;
        batch.filling = 1 - full;
        batch.len = 0;
        pthread_mutex_unlock(&batch.lock);
        log_sink_write(batch.text[full], len);
        pthread_mutex_lock(&batch.lock);
        batch.done = upto;
        pthread_cond_broadcast(&batch.written);
        pause_until(clock_wall_ms() + LOG_BATCH_PAUSE_MS);
    }
    pthread_mutex_unlock(&batch.lock);
    return unused;
}

int log_batch_start(struct err *err)
{
    batch.stopping = false;
    if (pthread_create(&batch.thread, NULL, run, NULL) != 0) {
        return err_set(err, E_NOMEM, "no thread for the log");
    }
    batch.running = true;
    log_sink_set(put);
    return 0;
}

void log_batch_stop(void)
{
    if (!batch.running) {
        return;
    }
    log_sink_set(NULL);
    pthread_mutex_lock(&batch.lock);
    batch.stopping = true;
    pthread_cond_signal(&batch.work);
    pthread_mutex_unlock(&batch.lock);
    pthread_join(batch.thread, NULL);
    batch.running = false;
}
