// SPDX-License-Identifier: Apache-2.0
#include "common/base/map.h"

#include <stdint.h>

#include "common/base/mem.h"

#define FIRST_SLOTS 16

/// FNV-1a: keys are names and UIDs, short and not chosen against us (the counts are bounded).
static size_t hash(struct strview key)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < key.len; i++) {
        h = (h ^ (unsigned char)key.ptr[i]) * 1099511628211U;
    }
    return (size_t)(h ^ (h >> 32));
}

/// The slot that holds KEY, or the free one where it would go.
static size_t find(const struct map_entry *slots, size_t n, struct strview key)
{
    size_t i = hash(key) & (n - 1);
    while (slots[i].value != NULL && !sv_eq(slots[i].key, key)) {
        i = (i + 1) & (n - 1);
    }
    return i;
}

static bool grow(struct map *m)
{
    size_t n = m->n_slots != 0 ? m->n_slots * 2 : FIRST_SLOTS;
    struct map_entry *slots = mem_alloc(n * sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    memset(slots, 0, n * sizeof(*slots));
    for (size_t i = 0; i < m->n_slots; i++) {
        if (m->slots[i].value != NULL) {
            slots[find(slots, n, m->slots[i].key)] = m->slots[i];
        }
    }
    mem_free(m->slots);
    m->slots = slots;
    m->n_slots = n;
    return true;
}

void map_done(struct map *m)
{
    mem_free(m->slots);
    *m = (struct map){0};
}

void *map_get(const struct map *m, struct strview key)
{
    return m->n_slots != 0 ? m->slots[find(m->slots, m->n_slots, key)].value : NULL;
}

bool map_put(struct map *m, struct strview key, void *value)
{
    if (m->count + 1 > m->n_slots / 4 * 3 && !grow(m)) {
        return false;
    }
    size_t i = find(m->slots, m->n_slots, key);
    m->count += m->slots[i].value == NULL;
    m->slots[i] = (struct map_entry){.key = key, .value = value};
    return true;
}

void *map_del(struct map *m, struct strview key)
{
    if (m->n_slots == 0) {
        return NULL;
    }
    size_t mask = m->n_slots - 1;
    size_t hole = find(m->slots, m->n_slots, key);
    void *value = m->slots[hole].value;
    if (value == NULL) {
        return NULL;
    }
    m->count--;
    // Linear probing without tombstones: what follows moves back unless it stands at its own place.
    for (size_t i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = hash(m->slots[i].key) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct map_entry){.value = NULL};
    return value;
}

bool map_next(const struct map *m, size_t *i, struct map_entry *ret)
{
    while (*i < m->n_slots) {
        *ret = m->slots[(*i)++];
        if (ret->value != NULL) {
            return true;
        }
    }
    return false;
}
