// SPDX-License-Identifier: Apache-2.0
#include "common/base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static _Thread_local size_t fail_at; // 0: never
static _Thread_local size_t count;

static bool must_fail(void)
{
    count++;
    return fail_at != 0 && count >= fail_at;
}

void *mem_alloc(size_t size)
{
    return must_fail() ? NULL : malloc(size != 0 ? size : 1);
}

void *mem_alloc_aligned(size_t align, size_t size)
{
    if (must_fail() || size > SIZE_MAX - align) {
        return NULL;
    }
    size_t whole = (size + align - 1) & ~(align - 1);
    return aligned_alloc(align, whole != 0 ? whole : align);
}

void *mem_realloc(void *p, size_t size)
{
    return must_fail() ? NULL : realloc(p, size != 0 ? size : 1);
}

void mem_free(void *p)
{
    free(p);
}

size_t mem_fail_after(size_t n)
{
    size_t seen = count;
    count = 0;
    fail_at = n;
    return seen;
}
