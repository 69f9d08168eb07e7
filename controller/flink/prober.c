// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/prober.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/base/os_file.h"
#include "controller/flink/due.h"
#include "controller/flink/prober_http.h"

#define SCRATCH_KEEP ((size_t)256 << 10)
#define MAX_SLEEP_MS 10000
#define NS_PER_S     1000000000
#define HELD_BACK_MS 10 // while rounds are due, and no slot or turn is free

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
    struct map by_uid;
    size_t entries; // removed ones, too, until the thread has freed them
    struct entry *dirty;
    // The thread's.
    struct http_pool http;
    struct due_heap healthy, suspects;
    unsigned suspects_asked;          // rounds that are under way to them
    int64_t turn_ns, suspect_turn_ns; // when the next one may start
    struct arena scratch;
};

// ---- entries ----------------------------------------------------------------------------

static struct entry *entry_new(const struct prober *p, struct strview uid, struct strview key)
{
    struct entry *e = mem_alloc(sizeof(*e) + uid.len + key.len + 2);
    if (e == NULL) {
        return NULL;
    }
    memset(e, 0, sizeof(*e) + uid.len + key.len + 2);
    e->uid = (char *)(e + 1);
    e->key = e->uid + uid.len + 1;
    memcpy(e->uid, uid.ptr, uid.len);
    memcpy(e->key, key.ptr, key.len);
    e->told_checkpoint = FLINK_UNKNOWN;
    e->at.task_managers = FLINK_UNKNOWN;
    uint64_t seed;
    if (os_random(&seed, sizeof(seed), NULL) != 0) {
        seed = (uint64_t)clock_mono_ns(); // it only spreads the probes
    }
    if (probe_init(&e->probe, &p->s.probe, seed, NULL) != 0) {
        mem_free(e);
        return NULL;
    }
    return e;
}

static void entry_free(struct entry *e)
{
    flink_observation_unref(e->published);
    probe_done(&e->probe);
    mem_free(e);
}

static void mark(struct prober *p, struct entry *e)
{
    if (!e->dirty) {
        e->dirty = true;
        e->next_dirty = p->dirty;
        p->dirty = e;
    }
}

/// Swaps what others see; the lock is held.
static void publish(struct entry *e)
{
    const struct flink_observation *old = e->published;
    e->published = flink_observation_ref(probe_observation(&e->probe));
    flink_observation_unref(old);
}

// ---- the thread: whom to ask ------------------------------------------------------------

static void release(struct prober *p, struct entry *e)
{
    if (e->slot != NULL) {
        p->suspects_asked -= e->slot->suspect;
        http_end(&p->http, e->slot);
        e->slot = NULL;
    }
}

/// Puts E, which is not being asked, where it belongs by what its probe wants next.
static void schedule(struct prober *p, struct entry *e, int64_t now)
{
    enum rest_endpoint endpoint;
    int64_t at;
    bool ask = probe_next(&e->probe, now, &endpoint, &at);
    if (e->queue != NULL) {
        due_remove(e->queue, &e->due);
    }
    e->queue = probe_suspect(&e->probe) ? &p->suspects : &p->healthy;
    due_put(e->queue, &e->due, ask ? now : at);
}

/// The lock is held.
static void drop(struct prober *p, struct entry *e)
{
    release(p, e);
    if (e->queue != NULL) {
        due_remove(e->queue, &e->due);
    }
    p->entries--;
    entry_free(e);
}

/// Takes over what others asked for.
static void look_at_dirty(struct prober *p, int64_t now)
{
    pthread_mutex_lock(&p->lock);
    for (struct entry *e = p->dirty, *next; e != NULL; e = next) {
        bool abandon;
        next = e->next_dirty;
        e->dirty = false;
        if (e->removed) {
            drop(p, e);
            continue;
        }
        probe_set_address(&e->probe, &e->at, now, clock_wall_ms(), &abandon);
        publish(e);
        if (abandon) {
            release(p, e);
        }
        if (e->slot == NULL) {
            schedule(p, e, now);
        }
    }
    p->dirty = NULL;
    pthread_mutex_unlock(&p->lock);
}

/// At most PER_S a second, and a tenth of that at once after a pause.
static bool take_turn(int64_t *turn_ns, int64_t now_ns, int64_t per_s)
{
    int64_t oldest = now_ns - NS_PER_S / 10;
    *turn_ns = *turn_ns > oldest ? *turn_ns : oldest;
    if (*turn_ns > now_ns) {
        return false;
    }
    *turn_ns += NS_PER_S / per_s;
    return true;
}

/// Sends E's request to ENDPOINT in SLOT.
static void send_request(struct prober *p, struct entry *e, struct http_slot *slot,
                         enum rest_endpoint endpoint)
{
    strbuf_reset(&slot->url);
    probe_url_put(&e->probe, endpoint, &slot->url);
    slot->endpoint = endpoint;
    slot->owner = e;
    if (http_begin(&p->http, slot, &e->probe.at)) {
        e->slot = slot;
        p->suspects_asked += slot->suspect;
    } else {
        due_put(e->queue, &e->due, clock_mono_ms() + p->s.probe.slow_ms); // no memory for it
    }
}

/// Starts the rounds of QUEUE that are due, as far as there are slots and turns.
static void start_rounds(struct prober *p, struct due_heap *queue, int64_t now)
{
    bool suspect = queue == &p->suspects;
    int64_t *turn = suspect ? &p->suspect_turn_ns : &p->turn_ns;
    int64_t rate = suspect ? PROBER_SUSPECT_RATE : PROBER_RATE;
    for (struct due *d; (d = due_first(queue)) != NULL && d->at_ms <= now;) {
        struct http_slot *slot = http_free_slot(&p->http);
        if (slot == NULL || (suspect && p->suspects_asked >= p->http.n / 2) ||
            !take_turn(turn, clock_mono_ns(), rate)) {
            return;
        }
        struct entry *e = (struct entry *)((char *)d - offsetof(struct entry, due));
        enum rest_endpoint endpoint;
        int64_t at;
        due_remove(queue, d);
        if (probe_next(&e->probe, now, &endpoint, &at)) {
            slot->suspect = suspect;
            send_request(p, e, slot, endpoint);
        } else {
            due_put(queue, d, at);
        }
    }
}

// ---- the thread: answers ----------------------------------------------------------------

/// Whether what E's probe knows now is news to others; it is told so rarely of a checkpoint alone.
static bool is_news(struct entry *e, const struct flink_observation *now, int64_t now_ms)
{
    bool checkpoint = now->job.checkpoint.id != e->told_checkpoint &&
                      now_ms - e->told_checkpoint_ms >= PROBE_TELL_CHECKPOINT_MS;
    if (!checkpoint && !flink_observation_differs(e->published, now, false)) {
        return false;
    }
    e->told_checkpoint = now->job.checkpoint.id;
    e->told_checkpoint_ms = now_ms;
    return true;
}

static void end_round(struct prober *p, struct entry *e, int64_t now)
{
    pthread_mutex_lock(&p->lock);
    bool tell = !e->removed && is_news(e, probe_observation(&e->probe), now);
    publish(e);
    pthread_mutex_unlock(&p->lock);
    schedule(p, e, now);
    if (tell && p->s.changed != NULL) {
        p->s.changed(p->s.changed_ctx, sv_from(e->key));
    }
}

static void take_answer(struct prober *p, struct http_slot *slot, const struct probe_reply *reply)
{
    struct entry *e = slot->owner;
    int64_t now = clock_mono_ms();
    bool suspect = slot->suspect, ended;
    enum rest_endpoint endpoint = slot->endpoint;
    int64_t took = clock_mono_ns() - slot->started_ns;
    enum probe_result result =
        probe_take(&e->probe, endpoint, reply, now, clock_wall_ms(), &p->scratch, &ended);
    arena_reset(&p->scratch, SCRATCH_KEEP);
    if (p->s.observe != NULL) {
        p->s.observe(p->s.observe_ctx, endpoint, result, took);
    }
    release(p, e);
    int64_t at;
    if (ended || !probe_next(&e->probe, now, &endpoint, &at)) {
        end_round(p, e, now);
        return;
    }
    slot->suspect = suspect; // as the round began
    p->turn_ns += NS_PER_S / PROBER_RATE;
    send_request(p, e, slot, endpoint);
}

/// How long nothing is to be done but to wait for answers.
static int64_t idle_ms(const struct prober *p, int64_t now)
{
    int64_t at = now + MAX_SLEEP_MS;
    const struct due *next[2] = {due_first(&p->healthy), due_first(&p->suspects)};
    for (int i = 0; i < 2; i++) {
        at = next[i] != NULL && next[i]->at_ms < at ? next[i]->at_ms : at;
    }
    return at > now ? at - now : HELD_BACK_MS;
}

static void *run(void *arg)
{
    struct prober *p = arg;
    while (!atomic_load(&p->stop)) {
        int64_t now = clock_mono_ms();
        look_at_dirty(p, now);
        start_rounds(p, &p->healthy, now);
        start_rounds(p, &p->suspects, now);
        http_run(&p->http);
        struct probe_reply reply;
        struct err err = {.code = E_OK};
        unsigned answers = 0;
        for (struct http_slot *s; (s = http_finished(&p->http, &reply, &err)) != NULL;) {
            take_answer(p, s, &reply);
            answers++;
        }
        if (answers == 0) {
            http_wait(&p->http, idle_ms(p, clock_mono_ms()));
        }
    }
    return NULL;
}

// ---- start and stop ---------------------------------------------------------------------

int prober_start(const struct prober_settings *settings, struct prober **ret, struct err *err)
{
    struct prober *p = mem_alloc(sizeof(*p));
    if (p == NULL) {
        return err_set(err, E_NOMEM, "no memory for a prober");
    }
    *p = (struct prober){.s = *settings, .scratch = ARENA(REST_ARENA)};
    pthread_mutex_init(&p->lock, NULL);
    if (!due_reserve(&p->healthy, PROBER_MAX_TARGETS) ||
        !due_reserve(&p->suspects, PROBER_MAX_TARGETS)) {
        prober_stop(p);
        return err_set(err, E_NOMEM, "no memory for a prober");
    }
    if (http_pool_init(&p->http, &p->s, err) != 0) {
        prober_stop(p);
        return -1;
    }
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        prober_stop(p);
        return err_set(err, E_IO, "cannot start the thread that asks JobManagers");
    }
    p->started = true;
    *ret = p;
    return 0;
}

void prober_stop(struct prober *p)
{
    if (p == NULL) {
        return;
    }
    if (p->started) {
        atomic_store(&p->stop, true);
        http_wake(&p->http);
        pthread_join(p->thread, NULL);
    }
    pthread_mutex_lock(&p->lock);
    for (struct entry *e = p->dirty, *next; e != NULL; e = next) {
        next = e->next_dirty;
        if (e->removed) {
            drop(p, e); // the others stand in the map
        }
    }
    struct map_entry at;
    for (size_t i = 0; map_next(&p->by_uid, &i, &at);) {
        drop(p, at.value);
    }
    pthread_mutex_unlock(&p->lock);
    map_done(&p->by_uid);
    http_pool_done(&p->http);
    due_done(&p->healthy);
    due_done(&p->suspects);
    arena_done(&p->scratch);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

// ---- what others call -------------------------------------------------------------------

/// The lock is held.
static struct entry *add(struct prober *p, struct strview uid, struct strview key, struct err *err)
{
    if (uid.len == 0 || uid.len > PROBER_UID_MAX || key.len > PROBER_KEY_MAX) {
        err_set(err, E_INVALID, "a uid or key that is too long");
        return NULL;
    }
    if (p->entries >= PROBER_MAX_TARGETS) {
        err_set(err, E_TOO_LARGE, "more than %d clusters", PROBER_MAX_TARGETS);
        return NULL;
    }
    struct entry *e = entry_new(p, uid, key);
    if (e == NULL || !map_put(&p->by_uid, sv_from(e->uid), e)) {
        err_set(err, E_NOMEM, "no memory to ask one more cluster");
        if (e != NULL) {
            entry_free(e);
        }
        return NULL;
    }
    p->entries++;
    return e;
}

int prober_set(struct prober *p, struct strview uid, struct strview key,
               const struct probe_target *target, struct err *err)
{
    struct probe_address at;
    int rc = probe_address_make(&at, target, p->s.allow_loopback, err);
    if (rc != 0) {
        memset(&at, 0, sizeof(at)); // nobody
        at.task_managers = FLINK_UNKNOWN;
    }
    pthread_mutex_lock(&p->lock);
    struct entry *e = map_get(&p->by_uid, uid);
    bool is_new = e == NULL;
    if (is_new) {
        e = add(p, uid, key, err);
    }
    bool news = e != NULL && (is_new || !probe_address_equal(&e->at, &at));
    if (news) {
        e->at = at;
        mark(p, e);
    }
    pthread_mutex_unlock(&p->lock);
    if (news) {
        http_wake(&p->http);
    }
    return e != NULL ? rc : -1;
}

void prober_remove(struct prober *p, struct strview uid)
{
    pthread_mutex_lock(&p->lock);
    struct entry *e = map_del(&p->by_uid, uid);
    if (e != NULL) {
        e->removed = true;
        mark(p, e);
    }
    pthread_mutex_unlock(&p->lock);
    if (e != NULL) {
        http_wake(&p->http);
    }
}

const struct flink_observation *prober_get(struct prober *p, struct strview uid)
{
    pthread_mutex_lock(&p->lock);
    const struct entry *e = map_get(&p->by_uid, uid);
    const struct flink_observation *o =
        e != NULL && e->published != NULL ? flink_observation_ref(e->published) : NULL;
    pthread_mutex_unlock(&p->lock);
    return o;
}

void prober_read_stats(struct prober *p, struct prober_stats *ret)
{
    *ret = (struct prober_stats){.targets = 0};
    pthread_mutex_lock(&p->lock);
    struct map_entry at;
    for (size_t i = 0; map_next(&p->by_uid, &i, &at);) {
        const struct entry *e = at.value;
        ret->targets++;
        ret->in_contact[e->published != NULL ? e->published->contact : FLINK_CONTACT_NONE]++;
    }
    pthread_mutex_unlock(&p->lock);
}
