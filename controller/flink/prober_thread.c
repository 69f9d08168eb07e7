// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/prober_state.h"

#include "common/base/clock.h"
#include "common/base/mem.h"

#define SCRATCH_KEEP ((size_t)256 << 10)
#define MAX_SLEEP_MS 10000
#define NS_PER_S     1000000000
#define HELD_BACK_MS 10 // while rounds are due, and no slot or turn is free

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

void prober_drop(struct prober *p, struct entry *e)
{
    release(p, e);
    if (e->queue != NULL) {
        due_remove(e->queue, &e->due);
    }
    p->entries--;
    flink_observation_unref(e->published);
    probe_done(&e->probe);
    mem_free(e);
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
            prober_drop(p, e);
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

/// Neither kind keeps the other waiting: suspects have at most half of the slots, and a quarter of
/// them (one at least) for themselves, since a new cluster is one of them.
static bool has_slot(const struct prober *p, bool suspect)
{
    unsigned own = p->http.n / 4 != 0 ? p->http.n / 4 : 1;
    return suspect ? p->suspects_asked < p->http.n / 2
                   : p->http.busy - p->suspects_asked < p->http.n - own;
}

/// Starts the rounds of QUEUE that are due, as far as there are slots and turns.
static void start_rounds(struct prober *p, struct due_heap *queue, int64_t now)
{
    bool suspect = queue == &p->suspects;
    int64_t *turn = suspect ? &p->suspect_turn_ns : &p->turn_ns;
    int64_t rate = suspect ? PROBER_SUSPECT_RATE : PROBER_RATE;
    for (struct due *d; (d = due_first(queue)) != NULL && d->at_ms <= now;) {
        struct http_slot *slot = http_free_slot(&p->http);
        if (slot == NULL || !has_slot(p, suspect) || !take_turn(turn, clock_mono_ns(), rate)) {
            return;
        }
        struct entry *e = d->owner;
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

void *prober_run(void *arg)
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
