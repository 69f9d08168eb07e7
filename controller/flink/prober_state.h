// SPDX-License-Identifier: Apache-2.0
// What is in a prober, for prober.c (what others call) and prober_thread.c (the thread that asks).
#ifndef SLUICE_CONTROLLER_FLINK_PROBER_STATE_H
#define SLUICE_CONTROLLER_FLINK_PROBER_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/base/map.h"
#include "controller/flink/due.h"
#include "controller/flink/prober.h"
#include "controller/flink/prober_http.h"

struct entry {
    char *uid, *key; // in the entry's own memory
    // Under the lock.
    struct probe_address at; // the last that was given
    const struct flink_observation *published;
    struct entry *next_dirty; // in the list of those that the thread must look at
    bool dirty, removed;
    // The thread's.
    struct probe probe;
    struct due due;
    struct due_heap *queue; // the one that `due` is in, or was
    struct http_slot *slot; // while a round runs
    int64_t told_checkpoint, told_checkpoint_ms;
};

struct prober {
    struct prober_settings s;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t lock;
    struct map by_key;
    size_t entries; // removed ones, too, until the thread has freed them
    struct entry *dirty;
    // The thread's.
    struct http_pool http;
    struct due_heap healthy, suspects;
    unsigned suspects_asked;          // rounds that are under way to them
    int64_t turn_ns, suspect_turn_ns; // when the next one may start
    struct arena scratch;
};

/// The thread: asks until p->stop.
void *prober_run(void *prober);

/// Frees E, which is in no map any more. The thread, or nobody else is there; the lock is held.
void prober_drop(struct prober *p, struct entry *e);

#endif
