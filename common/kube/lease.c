// SPDX-License-Identifier: Apache-2.0
#include "common/kube/lease.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/k8s/lease.h"

#define MAX_STRINGS ((size_t)4 << 10)
#define CALL_ARENA  ((size_t)1 << 20)
#define MAX_BODY    8192

struct kube_lease {
    struct kube_lease_options opt;
    struct arena strings;
    struct kube *kube;
    struct elector elector;
    struct kube_ref ref;
    char told_holder[LEASE_IDENTITY_MAX + 1];
    struct err last; // of the calls, for the reason of a loss
    pthread_t thread;
    pthread_mutex_t lock; // of the condition
    pthread_cond_t wake;
    bool stop;
    _Atomic int64_t valid_until_ms; // by the boot clock; 0: we don't lead
};

int64_t kube_lease_remaining_ms(void *lease)
{
    const struct kube_lease *l = lease;
    int64_t until = atomic_load(&l->valid_until_ms);
    return until != 0 ? until - clock_boot_ms() : 0;
}

bool kube_lease_valid(const struct kube_lease *l)
{
    int64_t until = atomic_load(&l->valid_until_ms);
    return until != 0 && clock_boot_ms() < until;
}

static void tell(struct kube_lease *l, const struct err *err)
{
    const char *holder = l->elector.observed ? l->elector.seen.holder : "";
    if (l->opt.told == NULL || (err == NULL && strcmp(holder, l->told_holder) == 0)) {
        return;
    }
    memcpy(l->told_holder, holder, strlen(holder) + 1);
    l->opt.told(l->opt.ctx, err, sv_from(holder));
}

static enum lease_answer classify(const struct err *err)
{
    return err->code == E_NOT_FOUND  ? LEASE_ANSWER_NOT_FOUND
           : err->code == E_CONFLICT ? LEASE_ANSWER_CONFLICT
                                     : LEASE_ANSWER_FAILED;
}

/// Makes one call for the Lease.
static enum lease_answer make_call(struct kube_lease *l, enum lease_call what,
                                   const struct lease *write, struct lease *ret)
{
    CLEANUP(arena_done) struct arena arena = ARENA(CALL_ARENA);
    CLEANUP(strbuf_done) struct strbuf body = STRBUF(MAX_BODY);
    const struct json *answer = NULL;
    struct err err = {0};
    int rc;
    if (what == LEASE_CALL_GET) {
        rc = kube_get(l->kube, &l->ref, &arena, &answer, &err);
    } else {
        struct kube_ref collection = l->ref;
        collection.name = SV_NONE;
        lease_put(&body, l->ref.ns, l->ref.name, write);
        rc = what == LEASE_CALL_CREATE
                 ? kube_create(l->kube, &collection, strbuf_view(&body), &arena, &answer, &err)
                 : kube_replace(l->kube, &l->ref, strbuf_view(&body), &arena, &answer, &err);
    }
    if (rc == 0) {
        rc = lease_read(answer, ret, &err);
    }
    if (rc == 0) {
        return LEASE_ANSWER_OK;
    }
    enum lease_answer a = classify(&err);
    if (a == LEASE_ANSWER_FAILED) {
        l->last = err;
        tell(l, &err);
    }
    return a;
}

/// Sleeps until UNTIL_MS by the boot clock, or until the stop.
static void wait_until(struct kube_lease *l, int64_t until_ms)
{
    // The wait itself doesn't count suspended time; it is cut short so that little is overslept.
    int64_t wait = until_ms - clock_boot_ms();
    wait = wait < l->opt.retry_ms ? wait : l->opt.retry_ms;
    int64_t at_ms = clock_mono_ms() + (wait > 0 ? wait : 0);
    struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = (at_ms % 1000) * 1000000};
    pthread_mutex_lock(&l->lock);
    int rc = 0;
    while (!l->stop && rc == 0) {
        rc = pthread_cond_timedwait(&l->wake, &l->lock, &at);
    }
    pthread_mutex_unlock(&l->lock);
}

static bool is_stopped(struct kube_lease *l)
{
    pthread_mutex_lock(&l->lock);
    bool stop = l->stop;
    pthread_mutex_unlock(&l->lock);
    return stop;
}

/// Shuts the fence, then tells.
static void lose(struct kube_lease *l)
{
    atomic_store(&l->valid_until_ms, 0);
    struct err why = l->last;
    if (why.code == E_OK) {
        err_set(&why, E_TIMEOUT, "the lease could not be renewed in time");
    }
    if (l->opt.lost != NULL) {
        l->opt.lost(l->opt.ctx, &why);
    }
}

static void *run(void *arg)
{
    struct kube_lease *l = arg;
    enum lease_answer answer = LEASE_ANSWER_NONE;
    struct lease got = {.duration_s = 0};
    while (!is_stopped(l)) {
        struct lease_output out =
            lease_step(&l->elector, answer, &got, clock_boot_ms(), clock_wall_ms() * 1000);
        answer = LEASE_ANSWER_NONE;
        if (out.lost) {
            lose(l);
            if (!l->opt.again) {
                return NULL;
            }
        }
        if (out.leads) {
            atomic_store(&l->valid_until_ms,
                         l->elector.renewed_ms + l->elector.times.renew_deadline_ms);
        }
        tell(l, NULL);
        if (out.gained && l->opt.started != NULL) {
            l->opt.started(l->opt.ctx);
        }
        if (out.call != LEASE_CALL_NONE) {
            l->last = (struct err){.code = E_OK};
            answer = make_call(l, out.call, &out.write, &got);
        } else {
            wait_until(l, out.next_ms);
        }
    }
    return NULL;
}

static int fill_options(struct kube_lease *l, const struct kube_lease_options *opt, struct err *err)
{
    l->opt = *opt;
    l->opt.ns = arena_copy(&l->strings, sv_from(opt->ns)).ptr;
    l->opt.name = arena_copy(&l->strings, sv_from(opt->name)).ptr;
    if (!arena_ok(&l->strings)) {
        return err_set(err, E_TOO_LARGE, "the lease's name is too long");
    }
    l->ref = (struct kube_ref){
        .resource = &KUBE_LEASES, .ns = sv_from(l->opt.ns), .name = sv_from(l->opt.name)};
    struct lease_times t = LEASE_TIMES_DEFAULT;
    t.duration_ms = opt->duration_ms != 0 ? opt->duration_ms : t.duration_ms;
    t.renew_deadline_ms =
        opt->renew_deadline_ms != 0 ? opt->renew_deadline_ms : t.renew_deadline_ms;
    t.retry_ms = opt->retry_ms != 0 ? opt->retry_ms : t.retry_ms;
    l->opt.retry_ms = t.retry_ms;
    return elector_init(&l->elector, sv_from(opt->identity), &t, err);
}

static void free_lease(struct kube_lease *l)
{
    kube_close(l->kube);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    arena_done(&l->strings);
    mem_free(l);
}

int kube_lease_start(struct kube_config *config, const struct kube_lease_options *opt,
                     struct kube_lease **ret, struct err *err)
{
    struct kube_lease *l = mem_alloc(sizeof(*l));
    if (l == NULL) {
        return err_set(err, E_NOMEM, "no memory for a lease");
    }
    *l = (struct kube_lease){.strings = ARENA(MAX_STRINGS)};
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (fill_options(l, opt, err) != 0) {
        free_lease(l);
        return -1;
    }
    struct kube_options kube = {
        .timeout_ms = l->opt.retry_ms, .observe = opt->observe, .observe_ctx = opt->observe_ctx};
    if (kube_open(config, &kube, &l->kube, err) != 0) {
        free_lease(l);
        return -1;
    }
    // Before the thread: its first callbacks may already use the pointer.
    *ret = l;
    if (pthread_create(&l->thread, NULL, run, l) != 0) {
        *ret = NULL;
        free_lease(l);
        return err_set(err, E_NOMEM, "no thread for the lease");
    }
    return 0;
}

static void release(struct kube_lease *l)
{
    struct lease record;
    struct lease got;
    if (elector_release(&l->elector, clock_boot_ms(), clock_wall_ms() * 1000, &record)) {
        // Failing costs the next leader a wait, no more.
        (void)make_call(l, LEASE_CALL_UPDATE, &record, &got);
    }
}

void kube_lease_stop(struct kube_lease *l)
{
    if (l == NULL) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    bool held = kube_lease_valid(l);
    atomic_store(&l->valid_until_ms, 0);
    if (held && l->opt.release) {
        release(l);
    }
    free_lease(l);
}
