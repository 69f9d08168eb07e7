// SPDX-License-Identifier: Apache-2.0
// The work queue, as client-go's workqueue: a key is queued once however often it is added; no two
// workers have the same key; a key that was added while it was worked on is worked on again. What
// a user waits for goes before what follows from it, and both before a resync; but one key in
// eight is of a later class, so that none starves. Failed keys come back after a time that doubles,
// 5 ms to 1000 s.
// Thread-safe; at most QUEUE_MAX keys are known (further ones are dropped and told: a resync brings
// them back).
#ifndef SLUICE_CONTROLLER_QUEUE_H
#define SLUICE_CONTROLLER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/macros.h"
#include "common/base/strview.h"

#define QUEUE_MAX            100000
#define QUEUE_KEY_MAX        512 // "namespace/name", bytes
#define QUEUE_BACKOFF_MIN_MS 5
#define QUEUE_BACKOFF_MAX_MS 1000000

struct queue;

enum queue_class {
    QUEUE_RESYNC, // nothing is known to have changed
    QUEUE_CHANGE, // a watch showed a change
    QUEUE_EDIT,   // somebody waits for it: an edit of the spec, a pod that is to be replaced
    QUEUE_CLASS_COUNT
};

struct queue_stats {
    size_t depth;      // ready to be taken
    uint64_t adds;     // since the start
    uint64_t retries;  // after failures
    size_t processing; // taken and not done
};

MUST_USE struct queue *queue_new(void);
void queue_free(struct queue *q);

/// Queues KEY; one that is queued already may move up. False: the queue is full or out of memory.
bool queue_add(struct queue *q, struct strview key, enum queue_class class);

/// Queues KEY at NOW + DELAY at the latest (an earlier time that was asked for before holds).
void queue_add_after(struct queue *q, struct strview key, int64_t delay_ms);

/// Waits for a key: copied to KEY (QUEUE_KEY_MAX bytes), its length, and how long it waited. False:
/// the queue was stopped.
bool queue_take(struct queue *q, char *key, size_t *len, int64_t *waited_ms);

/// The worker is done with KEY: its back-off is forgotten.
void queue_done(struct queue *q, struct strview key);

/// The worker failed with KEY: it comes back after its back-off, and not before AT_LEAST_MS (what a
/// server asked for; 0: nothing) unless a change brings it back.
void queue_failed(struct queue *q, struct strview key, int64_t at_least_ms);

/// Gives no key for MS from now: the API server asked for less.
void queue_pause(struct queue *q, int64_t ms);

/// Wakes every waiting worker; queue_take() is false from now on.
void queue_stop(struct queue *q);

void queue_read_stats(struct queue *q, struct queue_stats *ret);

#endif
