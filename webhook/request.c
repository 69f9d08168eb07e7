// SPDX-License-Identifier: Apache-2.0
#include "webhook/request.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/arena.h"
#include "common/base/clock.h"

/// What a thread's arena keeps for its next review; an ordinary one needs less.
#define ARENA_KEEP ((size_t)512 << 10)

static atomic_flag large_review = ATOMIC_FLAG_INIT;

// Each server thread has an arena of its own, freed when the thread ends.
static pthread_key_t arena_key;
static pthread_once_t arena_once = PTHREAD_ONCE_INIT;

static void arena_free(void *p)
{
    arena_done(p);
    free(p);
}

static void arena_key_make(void)
{
    pthread_key_create(&arena_key, arena_free);
}

static struct arena *thread_arena(void)
{
    pthread_once(&arena_once, arena_key_make);
    struct arena *a = pthread_getspecific(arena_key);
    if (a == NULL) {
        a = malloc(sizeof(*a));
        if (a != NULL) {
            *a = ARENA(REVIEW_ARENA_MAX);
            pthread_setspecific(arena_key, a);
        }
    }
    return a;
}

static void reserve(struct request *r, size_t size, struct budget *budget)
{
    if (r->reserved != 0) {
        budget_release(budget, r->reserved);
        r->reserved = 0;
    }
    if (!budget_take(budget, size)) {
        r->reject = REJECT_BUSY;
        strbuf_done(&r->body);
        return;
    }
    r->reserved = size;
}

struct request *request_new_refused(enum review_kind kind, enum reject reject)
{
    struct request *r = calloc(1, sizeof(*r));
    if (r != NULL) {
        r->kind = kind;
        r->reject = reject;
        r->body = STRBUF(REQUEST_BODY_MAX);
        r->start_ns = clock_mono_ns();
    }
    return r;
}

struct request *request_new(enum review_kind kind, size_t size, struct budget *budget)
{
    struct request *r = request_new_refused(kind, REJECT_COUNT);
    if (r == NULL) {
        return NULL;
    }
    if (size != SIZE_MAX && size > REQUEST_BODY_MAX) {
        r->reject = REJECT_TOO_LARGE;
        return r;
    }
    // A body of untold size starts as an ordinary one and is moved up when it grows.
    reserve(r, size != SIZE_MAX ? size : BUDGET_ORDINARY, budget);
    if (r->reject == REJECT_COUNT && size != SIZE_MAX && strbuf_reserve(&r->body, size) == NULL) {
        r->reject = REJECT_MEMORY;
    }
    return r;
}

void request_free(struct request *r, struct budget *budget)
{
    if (r == NULL) {
        return;
    }
    if (r->reserved != 0) {
        budget_release(budget, r->reserved);
    }
    strbuf_done(&r->body);
    free(r);
}

void request_append(struct request *r, struct strview piece, struct budget *budget)
{
    if (r->reject != REJECT_COUNT) {
        return;
    }
    size_t need = r->body.len + piece.len;
    if (need > REQUEST_BODY_MAX) {
        r->reject = REJECT_TOO_LARGE;
        strbuf_done(&r->body);
        return;
    }
    if (need > r->reserved) {
        reserve(r, need > BUDGET_LARGE ? REQUEST_BODY_MAX : BUDGET_LARGE, budget);
        if (r->reject != REJECT_COUNT) {
            return;
        }
    }
    strbuf_put(&r->body, piece);
    if (!strbuf_ok(&r->body)) {
        r->reject = REJECT_MEMORY;
    }
}

bool request_review(struct request *r, const struct review_context *context, struct strbuf *out,
                    struct review_result *ret)
{
    struct arena *arena = thread_arena();
    if (arena == NULL) {
        r->reject = REJECT_MEMORY;
        return false;
    }
    bool is_large = r->body.len > BUDGET_LARGE;
    if (is_large && atomic_flag_test_and_set(&large_review)) {
        r->reject = REJECT_BUSY;
        return false;
    }
    arena_reset(arena, ARENA_KEEP);
    review_run(context, strbuf_view(&r->body), r->kind, arena, out, ret);
    if (is_large) {
        // The names in *ret live in the arena's first chunks no longer than this.
        ret->uid = ret->ns = ret->name = ret->username = SV_NONE;
        arena_done(arena);
        atomic_flag_clear(&large_review);
    }
    return true;
}
