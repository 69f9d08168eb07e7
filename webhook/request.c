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

/// What a thread keeps for its next request: an arena, and the last request with its buffers when
/// they are small. So a steady stream of ordinary reviews takes nothing from the heap.
struct thread_memory {
    struct arena arena;
    struct request *spare;
};

#define SPARE_KEEP ((size_t)64 << 10)

static pthread_key_t memory_key;
static pthread_once_t memory_once = PTHREAD_ONCE_INIT;

static void destroy(struct request *r)
{
    if (r != NULL) {
        strbuf_done(&r->body);
        strbuf_done(&r->out);
        free(r);
    }
}

static void memory_free(void *p)
{
    struct thread_memory *m = p;
    destroy(m->spare);
    arena_done(&m->arena);
    free(m);
}

static void memory_key_make(void)
{
    pthread_key_create(&memory_key, memory_free);
}

static struct thread_memory *thread_memory(void)
{
    pthread_once(&memory_once, memory_key_make);
    struct thread_memory *m = pthread_getspecific(memory_key);
    if (m == NULL) {
        m = malloc(sizeof(*m));
        if (m != NULL) {
            *m = (struct thread_memory){.arena = ARENA(REVIEW_ARENA_MAX)};
            pthread_setspecific(memory_key, m);
        }
    }
    return m;
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
    struct thread_memory *m = thread_memory();
    struct request *r = m != NULL ? m->spare : NULL;
    struct strbuf body = STRBUF(REQUEST_BODY_MAX), out = STRBUF(REVIEW_RESPONSE_MAX);
    if (r != NULL) {
        m->spare = NULL;
        body = r->body;
        out = r->out;
        strbuf_reset(&body);
        strbuf_reset(&out);
    } else {
        r = malloc(sizeof(*r));
    }
    if (r != NULL) {
        *r = (struct request){
            .kind = kind, .reject = reject, .body = body, .out = out, .start_ns = clock_mono_ns()};
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
    struct thread_memory *m = thread_memory();
    if (m != NULL && m->spare == NULL && r->body.cap <= SPARE_KEEP && r->out.cap <= SPARE_KEEP) {
        m->spare = r;
    } else {
        destroy(r);
    }
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

bool request_review(struct request *r, const struct review_context *context,
                    struct review_result *ret)
{
    struct thread_memory *m = thread_memory();
    if (m == NULL) {
        r->reject = REJECT_MEMORY;
        return false;
    }
    struct arena *arena = &m->arena;
    bool is_large = r->body.len > BUDGET_LARGE;
    if (is_large && atomic_flag_test_and_set(&large_review)) {
        r->reject = REJECT_BUSY;
        return false;
    }
    arena_reset(arena, ARENA_KEEP);
    review_run(context, strbuf_view(&r->body), r->kind, arena, &r->out, ret);
    if (is_large) {
        // The names in *ret live in the arena's first chunks no longer than this.
        ret->uid = ret->ns = ret->name = ret->username = SV_NONE;
        arena_done(arena);
        atomic_flag_clear(&large_review);
    }
    return true;
}
