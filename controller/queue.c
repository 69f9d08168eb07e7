// SPDX-License-Identifier: Apache-2.0
#include "controller/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/map.h"

/// Of so many keys in a row one is of a later class, when there is one.
#define TURNS 8

struct item {
    struct strview key; // of text
    bool queued;        // in a list
    enum queue_class class;
    bool processing;
    bool dirty;       // added while it was processed
    int64_t since_ms; // queued since
    int64_t due_ms;   // 0: not in the heap
    size_t heap_at;
    unsigned failures; // in a row
    struct item *prev, *next;
    char text[];
};

struct list {
    struct item *first, *last;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct map items; // every item that is queued, delayed, processed, or has failures
    struct list lists[QUEUE_CLASS_COUNT];
    unsigned turn;
    int64_t paused_until_ms;
    struct item **heap; // of delayed items, the earliest first
    size_t heap_n, heap_cap;
    struct queue_stats stats;
    bool stop;
};

// ---- lists and heap -----------------------------------------------------------------------------

static void list_push(struct queue *q, struct item *it)
{
    struct list *l = &q->lists[it->class];
    it->prev = l->last;
    it->next = NULL;
    if (l->last != NULL) {
        l->last->next = it;
    } else {
        l->first = it;
    }
    l->last = it;
    it->queued = true;
    it->since_ms = clock_mono_ms();
    q->stats.depth++;
}

static void list_remove(struct queue *q, struct item *it)
{
    struct list *l = &q->lists[it->class];
    *(it->prev != NULL ? &it->prev->next : &l->first) = it->next;
    *(it->next != NULL ? &it->next->prev : &l->last) = it->prev;
    it->queued = false;
    q->stats.depth--;
}

static void heap_place(struct queue *q, struct item *it, size_t at)
{
    q->heap[at] = it;
    it->heap_at = at;
}

static void heap_up(struct queue *q, size_t at)
{
    struct item *it = q->heap[at];
    while (at > 0 && q->heap[(at - 1) / 2]->due_ms > it->due_ms) {
        heap_place(q, q->heap[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    heap_place(q, it, at);
}

static void heap_down(struct queue *q, size_t at)
{
    struct item *it = q->heap[at];
    for (;;) {
        size_t child = at * 2 + 1;
        if (child + 1 < q->heap_n && q->heap[child + 1]->due_ms < q->heap[child]->due_ms) {
            child++;
        }
        if (child >= q->heap_n || q->heap[child]->due_ms >= it->due_ms) {
            break;
        }
        heap_place(q, q->heap[child], at);
        at = child;
    }
    heap_place(q, it, at);
}

static bool heap_push(struct queue *q, struct item *it)
{
    if (q->heap_n == q->heap_cap) {
        size_t cap = q->heap_cap != 0 ? q->heap_cap * 2 : 64;
        struct item **heap = realloc(q->heap, cap * sizeof(struct item *));
        if (heap == NULL) {
            return false;
        }
        q->heap = heap;
        q->heap_cap = cap;
    }
    heap_place(q, it, q->heap_n++);
    heap_up(q, it->heap_at);
    return true;
}

static void heap_remove(struct queue *q, struct item *it)
{
    size_t at = it->heap_at;
    struct item *last = q->heap[--q->heap_n];
    it->due_ms = 0;
    if (last != it) {
        heap_place(q, last, at);
        heap_up(q, at);
        heap_down(q, last->heap_at);
    }
}

// ---- items --------------------------------------------------------------------------------------

static struct item *item_of(struct queue *q, struct strview key)
{
    struct item *it = map_get(&q->items, key);
    if (it != NULL || q->items.count >= QUEUE_MAX || key.len >= QUEUE_KEY_MAX) {
        return it;
    }
    it = calloc(1, sizeof(*it) + key.len);
    if (it == NULL) {
        return NULL;
    }
    memcpy(it->text, key.ptr, key.len);
    it->key = sv_make(it->text, key.len);
    if (!map_put(&q->items, it->key, it)) {
        free(it);
        return NULL;
    }
    return it;
}

static void forget_if_idle(struct queue *q, struct item *it)
{
    if (!it->queued && !it->processing && it->due_ms == 0 && it->failures == 0) {
        map_del(&q->items, it->key);
        free(it);
    }
}

static void enqueue(struct queue *q, struct item *it, enum queue_class class)
{
    if (it->processing) {
        it->class = it->dirty && it->class > class ? it->class : class;
        it->dirty = true;
        return;
    }
    if (it->queued && it->class >= class) {
        return;
    }
    if (it->queued) {
        list_remove(q, it);
    }
    it->class = class;
    list_push(q, it);
    q->stats.adds++;
    pthread_cond_signal(&q->more);
}

static void delay(struct queue *q, struct item *it, int64_t delay_ms)
{
    int64_t due = clock_mono_ms() + (delay_ms > 0 ? delay_ms : 1);
    if (it->due_ms != 0 && it->due_ms <= due) {
        return;
    }
    if (it->due_ms != 0) {
        heap_remove(q, it);
    }
    it->due_ms = due;
    if (!heap_push(q, it)) {
        it->due_ms = 0;
        enqueue(q, it, QUEUE_CHANGE); // better at once than never
    }
    pthread_cond_signal(&q->more);
}

// ---- the queue ----------------------------------------------------------------------------------

struct queue *queue_new(void)
{
    struct queue *q = calloc(1, sizeof(*q));
    if (q != NULL) {
        pthread_condattr_t attr;
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&q->more, &attr);
        pthread_condattr_destroy(&attr);
        pthread_mutex_init(&q->lock, NULL);
    }
    return q;
}

void queue_free(struct queue *q)
{
    if (q == NULL) {
        return;
    }
    struct map_entry e;
    for (size_t i = 0; map_next(&q->items, &i, &e);) {
        free(e.value);
    }
    map_done(&q->items);
    free(q->heap);
    pthread_cond_destroy(&q->more);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

bool queue_add(struct queue *q, struct strview key, enum queue_class class)
{
    pthread_mutex_lock(&q->lock);
    struct item *it = item_of(q, key);
    if (it != NULL) {
        enqueue(q, it, class);
    }
    pthread_mutex_unlock(&q->lock);
    return it != NULL;
}

void queue_add_after(struct queue *q, struct strview key, int64_t delay_ms)
{
    pthread_mutex_lock(&q->lock);
    struct item *it = item_of(q, key);
    if (it != NULL) {
        delay(q, it, delay_ms);
    }
    pthread_mutex_unlock(&q->lock);
}

/// Moves what is due to the lists; the time until the next, or -1.
static int64_t release_due(struct queue *q)
{
    int64_t now = clock_mono_ms();
    while (q->heap_n != 0 && q->heap[0]->due_ms <= now) {
        struct item *it = q->heap[0];
        heap_remove(q, it);
        enqueue(q, it, QUEUE_CHANGE);
    }
    return q->heap_n != 0 ? q->heap[0]->due_ms - now : -1;
}

static void wait_for_more(struct queue *q, int64_t ms)
{
    if (ms < 0) {
        pthread_cond_wait(&q->more, &q->lock);
        return;
    }
    int64_t until = clock_mono_ms() + ms;
    struct timespec at = {.tv_sec = until / 1000, .tv_nsec = (until % 1000) * 1000000};
    pthread_cond_timedwait(&q->more, &q->lock, &at);
}

/// The first key of the best class; each TURNS-th time of the next one that has any. NULL: none.
static struct item *choose(struct queue *q)
{
    struct item *best = NULL;
    for (int class = QUEUE_CLASS_COUNT - 1; class >= 0; class --) {
        struct item *first = q->lists[class].first;
        if (first != NULL && best != NULL) {
            return ++q->turn % TURNS == 0 ? first : best;
        }
        best = first != NULL ? first : best;
    }
    return best;
}

/// How long the pause lasts, or -1.
static int64_t pause_left(const struct queue *q)
{
    int64_t left = q->paused_until_ms - clock_mono_ms();
    return left > 0 ? left : -1;
}

bool queue_take(struct queue *q, char *key, size_t *len, int64_t *waited_ms)
{
    struct item *it = NULL;
    pthread_mutex_lock(&q->lock);
    while (!q->stop) {
        int64_t next_ms = release_due(q);
        int64_t pause_ms = pause_left(q);
        it = pause_ms < 0 ? choose(q) : NULL;
        if (it != NULL) {
            break;
        }
        wait_for_more(q, pause_ms < 0 ? next_ms : pause_ms);
    }
    bool taken = !q->stop && it != NULL;
    if (taken) {
        list_remove(q, it);
        it->processing = true;
        q->stats.processing++;
        *waited_ms = clock_mono_ms() - it->since_ms;
        *len = it->key.len;
        memcpy(key, it->text, it->key.len);
    }
    pthread_mutex_unlock(&q->lock);
    return taken;
}

/// The item of KEY, which a worker gives back; NULL: it has none.
static struct item *give_back(struct queue *q, struct strview key)
{
    struct item *it = map_get(&q->items, key);
    if (it == NULL || !it->processing) {
        return NULL;
    }
    it->processing = false;
    q->stats.processing--;
    return it;
}

static void settle(struct queue *q, struct item *it)
{
    if (it->dirty) {
        it->dirty = false;
        enqueue(q, it, it->class);
    }
    forget_if_idle(q, it);
}

void queue_done(struct queue *q, struct strview key)
{
    pthread_mutex_lock(&q->lock);
    struct item *it = give_back(q, key);
    if (it != NULL) {
        it->failures = 0;
        settle(q, it);
    }
    pthread_mutex_unlock(&q->lock);
}

void queue_failed(struct queue *q, struct strview key, int64_t at_least_ms)
{
    pthread_mutex_lock(&q->lock);
    struct item *it = give_back(q, key);
    if (it != NULL) {
        unsigned shift = it->failures < 18 ? it->failures : 18;
        int64_t ms = (int64_t)QUEUE_BACKOFF_MIN_MS << shift;
        ms = ms < QUEUE_BACKOFF_MAX_MS ? ms : QUEUE_BACKOFF_MAX_MS;
        it->failures++;
        q->stats.retries++;
        delay(q, it, ms > at_least_ms ? ms : at_least_ms);
        settle(q, it);
    }
    pthread_mutex_unlock(&q->lock);
}

void queue_pause(struct queue *q, int64_t ms)
{
    pthread_mutex_lock(&q->lock);
    int64_t until = clock_mono_ms() + ms;
    q->paused_until_ms = until > q->paused_until_ms ? until : q->paused_until_ms;
    pthread_mutex_unlock(&q->lock);
}

void queue_stop(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stop = true;
    pthread_cond_broadcast(&q->more);
    pthread_mutex_unlock(&q->lock);
}

void queue_read_stats(struct queue *q, struct queue_stats *ret)
{
    pthread_mutex_lock(&q->lock);
    *ret = q->stats;
    pthread_mutex_unlock(&q->lock);
}
