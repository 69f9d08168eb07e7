// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/prober.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/os_file.h"
#include "controller/flink/prober_state.h"

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
    if (pthread_create(&p->thread, NULL, prober_run, p) != 0) {
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
            prober_drop(p, e); // the others stand in the map
        }
    }
    struct map_entry at;
    for (size_t i = 0; map_next(&p->by_key, &i, &at);) {
        prober_drop(p, at.value);
    }
    pthread_mutex_unlock(&p->lock);
    map_done(&p->by_key);
    http_pool_done(&p->http);
    due_done(&p->healthy);
    due_done(&p->suspects);
    arena_done(&p->scratch);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

// ---- what others call -------------------------------------------------------------------

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
    e->due.owner = e;
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

static void mark(struct prober *p, struct entry *e)
{
    if (!e->dirty) {
        e->dirty = true;
        e->next_dirty = p->dirty;
        p->dirty = e;
    }
}

/// The lock is held.
static struct entry *add(struct prober *p, struct strview key, struct strview uid, struct err *err)
{
    if (uid.len == 0 || uid.len > PROBER_UID_MAX || key.len == 0 || key.len > PROBER_KEY_MAX) {
        err_set(err, E_INVALID, "a key or uid that is none");
        return NULL;
    }
    if (p->entries >= PROBER_MAX_TARGETS) {
        err_set(err, E_TOO_LARGE, "more than %d clusters", PROBER_MAX_TARGETS);
        return NULL;
    }
    struct entry *e = entry_new(p, uid, key);
    if (e == NULL || !map_put(&p->by_key, sv_from(e->key), e)) {
        err_set(err, E_NOMEM, "no memory to ask one more cluster");
        if (e != NULL) {
            probe_done(&e->probe);
            mem_free(e);
        }
        return NULL;
    }
    p->entries++;
    return e;
}

/// The lock is held.
static struct entry *find(const struct prober *p, struct strview key, struct strview uid)
{
    struct entry *e = map_get(&p->by_key, key);
    return e != NULL && sv_eq_lit(uid, e->uid) ? e : NULL;
}

/// The lock is held.
static bool forget(struct prober *p, struct strview key)
{
    struct entry *e = map_del(&p->by_key, key);
    if (e != NULL) {
        e->removed = true;
        mark(p, e);
    }
    return e != NULL;
}

int prober_set(struct prober *p, struct strview key, struct strview uid,
               const struct probe_target *target, struct err *err)
{
    struct probe_address at;
    int rc = probe_address_make(&at, target, p->s.allow_loopback, err);
    if (rc != 0) {
        memset(&at, 0, sizeof(at)); // nobody
        at.task_managers = FLINK_UNKNOWN;
    }
    pthread_mutex_lock(&p->lock);
    struct entry *e = find(p, key, uid);
    bool is_new = e == NULL;
    if (is_new) {
        (void)forget(p, key);
        e = add(p, key, uid, err);
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

void prober_remove(struct prober *p, struct strview key)
{
    pthread_mutex_lock(&p->lock);
    bool was = forget(p, key);
    pthread_mutex_unlock(&p->lock);
    if (was) {
        http_wake(&p->http);
    }
}

const struct flink_observation *prober_get(struct prober *p, struct strview key, struct strview uid)
{
    pthread_mutex_lock(&p->lock);
    const struct entry *e = find(p, key, uid);
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
    for (size_t i = 0; map_next(&p->by_key, &i, &at);) {
        const struct entry *e = at.value;
        ret->targets++;
        ret->in_contact[e->published != NULL ? e->published->contact : FLINK_CONTACT_NONE]++;
    }
    pthread_mutex_unlock(&p->lock);
}
