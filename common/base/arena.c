// SPDX-License-Identifier: Apache-2.0
#include "common/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/mem.h"

#ifndef SLUICE_SANITIZED
#define ALIGN      (alignof(max_align_t))
#define CHUNK_SIZE ((size_t)32 << 10)
#endif

#define SHORT_TEXT 128

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; // of data
    alignas(max_align_t) char data[];
};

void arena_done(struct arena *a)
{
    while (a->chunk != NULL) {
        struct arena_chunk *c = a->chunk;
        a->chunk = c->next;
        mem_free(c);
    }
    *a = ARENA(a->max);
}

void arena_reset(struct arena *a, size_t keep)
{
    // The biggest chunk that may stay serves the next request without a malloc.
    struct arena_chunk *kept = NULL;
    while (a->chunk != NULL) {
        struct arena_chunk *c = a->chunk;
        a->chunk = c->next;
        if (c->size <= keep && (kept == NULL || c->size > kept->size)) {
            struct arena_chunk *old = kept;
            kept = c;
            c = old;
        }
        mem_free(c);
    }
#ifdef SLUICE_SANITIZED
    mem_free(kept);
    kept = NULL;
#endif
    *a = ARENA(a->max);
    if (kept != NULL) {
        kept->next = NULL;
        a->chunk = kept;
        a->at = kept->data;
        a->end = kept->data + kept->size;
    }
}

static bool add_chunk(struct arena *a, size_t need)
{
#ifdef SLUICE_SANITIZED
    size_t size = need;
#else
    // Chunks double, so that a large request costs few of them.
    size_t size = a->chunk != NULL ? a->chunk->size * 2 : CHUNK_SIZE;
    size = size < need ? need : size;
    size = size > ((size_t)1 << 20) && need < ((size_t)1 << 20) ? (size_t)1 << 20 : size;
#endif
    struct arena_chunk *c = mem_alloc(sizeof(*c) + size);
    if (c == NULL) {
        return false;
    }
    c->next = a->chunk;
    c->size = size;
    a->chunk = c;
    a->at = c->data;
    a->end = c->data + size;
    return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size = size != 0 ? size : 1;
    if (a->failed || size > a->max - a->used) {
        a->failed = true;
        return NULL;
    }
#ifdef SLUICE_SANITIZED
    size_t step = size; // the chunk ends where the piece ends
    bool fits = false;
#else
    size_t step = (size + ALIGN - 1) & ~(ALIGN - 1);
    bool fits = a->chunk != NULL && step <= (size_t)(a->end - a->at);
#endif
    if (!fits && !add_chunk(a, step)) {
        a->failed = true;
        return NULL;
    }
    char *p = a->at;
    a->at += step;
    a->used += size;
    return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
    void *p = arena_alloc(a, size);
    if (p != NULL) {
        memset(p, 0, size);
    }
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        a->failed = true;
        return NULL;
    }
    return arena_zalloc(a, bytes);
}

struct strview arena_copy(struct arena *a, struct strview s)
{
    char *p = arena_alloc(a, s.len + 1);
    if (p == NULL) {
        return SV_NONE;
    }
    if (s.len != 0) {
        memcpy(p, s.ptr, s.len);
    }
    p[s.len] = '\0';
    return sv_make(p, s.len);
}

struct strview arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    char text[SHORT_TEXT]; // most fit; a longer one is formatted twice
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    char *p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
    if (p == NULL) {
        return SV_NONE;
    }
    if ((size_t)n < sizeof(text)) {
        memcpy(p, text, (size_t)n + 1);
        return sv_make(p, (size_t)n);
    }
    va_start(args, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    return sv_make(p, (size_t)n);
}
