// SPDX-License-Identifier: Apache-2.0
#include "common/base/strbuf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/mem.h"

#define FIRST_CAP 256

void strbuf_done(struct strbuf *b)
{
    if (b->arena == NULL) {
        mem_free(b->ptr);
    }
    *b = STRBUF_IN(b->arena, b->max);
}

void strbuf_wipe(struct strbuf *b)
{
    if (b->ptr != NULL) {
        explicit_bzero(b->ptr, b->cap);
    }
    strbuf_done(b);
}

void strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    b->failed = false;
    b->no_memory = false;
    if (b->ptr != NULL) {
        b->ptr[0] = '\0';
    }
}

/// CAP bytes that begin with what B has.
static char *grow(struct strbuf *b, size_t cap)
{
    if (b->arena == NULL) {
        return mem_realloc(b->ptr, cap);
    }
    char *p = arena_alloc(b->arena, cap);
    if (p != NULL && b->ptr != NULL) {
        memcpy(p, b->ptr, b->len + 1);
    }
    return p;
}

char *strbuf_reserve(struct strbuf *b, size_t n)
{
    if (b->failed || n > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    size_t need = b->len + n + 1;
    if (need > b->cap) {
        size_t cap = b->cap != 0 ? b->cap : FIRST_CAP;
        while (cap < need) {
            cap *= 2;
        }
        if (cap > b->max + 1) {
            cap = b->max + 1;
        }
        char *p = grow(b, cap);
        if (p == NULL) {
            b->failed = true;
            b->no_memory = true;
            return NULL;
        }
        b->ptr = p;
        b->cap = cap;
    }
    return b->ptr + b->len;
}

void strbuf_put(struct strbuf *b, struct strview s)
{
    char *to = strbuf_reserve(b, s.len);
    if (to == NULL) {
        return;
    }
    if (s.len != 0) {
        memcpy(to, s.ptr, s.len);
    }
    b->len += s.len;
    b->ptr[b->len] = '\0';
}

void strbuf_put_char(struct strbuf *b, char c)
{
    strbuf_put(b, sv_make(&c, 1));
}

void strbuf_put_str(struct strbuf *b, const char *s)
{
    strbuf_put(b, sv_from(s));
}

void strbuf_put_u64(struct strbuf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v != 0);
    strbuf_put(b, sv_make(digits + at, sizeof(digits) - at));
}

void strbuf_put_i64(struct strbuf *b, int64_t v)
{
    if (v < 0) {
        strbuf_put_char(b, '-');
        strbuf_put_u64(b, ~(uint64_t)v + 1);
    } else {
        strbuf_put_u64(b, (uint64_t)v);
    }
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *to = n >= 0 ? strbuf_reserve(b, (size_t)n) : NULL;
    if (to == NULL) {
        b->failed = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(to, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

void strbuf_truncate(struct strbuf *b, size_t len)
{
    if (len < b->len) {
        b->len = len;
        b->ptr[len] = '\0';
    }
}
