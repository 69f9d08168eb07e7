// SPDX-License-Identifier: Apache-2.0
// The one door to the heap for the pure core, so that a test can make any allocation fail.
// Thread-safe; the failure counter is per thread and only tests set it.
#ifndef SLUICE_BASE_MEM_H
#define SLUICE_BASE_MEM_H

#include <stddef.h>

#include "common/base/macros.h"

/// SIZE bytes, uninitialised, or NULL. The caller owns them and gives them back to mem_free().
MUST_USE void *mem_alloc(size_t size);

/// Likewise, at a multiple of ALIGN, a power of two from 8 on.
MUST_USE void *mem_alloc_aligned(size_t align, size_t size);

/// As realloc(3): on failure NULL, and P is still valid.
MUST_USE void *mem_realloc(void *p, size_t size);

/// Accepts NULL.
void mem_free(void *p);

/// Test hook: in this thread the Nth allocation from now (1 = the next) fails, and all after it.
/// 0 ends it. Returns how many allocations happened since the last call.
size_t mem_fail_after(size_t n);

#endif
