// SPDX-License-Identifier: Apache-2.0
// A hash map from byte strings to pointers. Keys are borrowed: they must live as long as their
// entry (usually they are part of the value). Not thread-safe; one owner. Pure.
#ifndef SLUICE_BASE_MAP_H
#define SLUICE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/macros.h"
#include "common/base/strview.h"

struct map_entry {
    struct strview key;
    void *value; // NULL: free
};

struct map {
    struct map_entry *slots; // a power of two of them, at most three quarters used
    size_t n_slots;
    size_t count;
};

/// Frees the table; the values are the caller's.
void map_done(struct map *m);

/// The value under KEY, or NULL.
void *map_get(const struct map *m, struct strview key);

/// Puts VALUE (not NULL) under KEY, in place of what stands there. False: out of memory.
MUST_USE bool map_put(struct map *m, struct strview key, void *value);

/// Takes KEY out and returns its value, or NULL.
void *map_del(struct map *m, struct strview key);

/// Each entry, in no order, while the map doesn't change: `for (size_t i = 0; map_next(m, &i,
/// &e);)`.
bool map_next(const struct map *m, size_t *i, struct map_entry *ret);

#endif
