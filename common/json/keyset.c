// SPDX-License-Identifier: Apache-2.0
#include "common/json/keyset.h"

#include <string.h>

#define SMALL       16 // keys that are compared one by one
#define FIRST_SLOTS (4 * (size_t)SMALL)
#define FIRST_KEYS  128

static uint64_t load64(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof(w));
    return w;
}

static uint64_t load32(const char *p)
{
    uint32_t w;
    memcpy(&w, p, sizeof(w));
    return w;
}

static uint64_t mix(uint64_t h, uint64_t w)
{
    h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 32);
}

uint32_t keyset_hash(struct strview key)
{
    const char *p = key.ptr;
    size_t n = key.len;
    uint64_t h = n;
    if (n >= 8) {
        for (; n > 8; n -= 8, p += 8) {
            h = mix(h, load64(p));
        }
        h = mix(h, load64(key.ptr + key.len - 8));
    } else if (n >= 4) {
        h = mix(h, load32(p) | load32(p + n - 4) << 32);
    } else if (n != 0) {
        h = mix(h, (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8 |
                       (uint64_t)(unsigned char)p[n - 1] << 16);
    }
    h *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(h >> 32);
}

/// A bit for the length and the ends of KEY: enough to tell most keys of a small object apart.
static uint64_t ends_bit(struct strview key)
{
    const char *p = key.ptr;
    size_t n = key.len;
    uint64_t w = n;
    if (n >= 8) {
        w += load64(p) ^ (load64(p + n - 8) << 1);
    } else if (n >= 4) {
        w += load32(p) | load32(p + n - 4) << 32;
    } else if (n != 0) {
        w += (uint64_t)(unsigned char)p[0] << 8 | (uint64_t)(unsigned char)p[n - 1] << 16;
    }
    return UINT64_C(1) << (w * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

static bool same(const struct keyset_key *a, const struct keyset_key *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

/// A slot for KEY, whose hash is set: a free one, or that of the same key. SIZE_MAX: too far away.
static size_t find_slot(const struct keyset *ks, const struct keyset_level *l,
                        const struct keyset_key *key)
{
    size_t at = key->hash & (l->size - 1);
    for (unsigned probes = 0; l->slots[at] != 0; probes++) {
        const struct keyset_key *other = &ks->keys[l->base + l->slots[at] - 1];
        if (other->hash == key->hash && same(other, key)) {
            return at;
        }
        if (probes == KEYSET_PROBES) {
            return SIZE_MAX;
        }
        at = (at + 1) & (l->size - 1);
    }
    return at;
}

/// A table with room for one more key that holds the object's keys so far.
static enum keyset_answer grow_table(struct keyset *ks, struct keyset_level *l)
{
    size_t n = ks->count - l->base;
    bool first = l->size == 0;
    size_t size = first ? FIRST_SLOTS : l->size;
    while (2 * (n + 1) > size) {
        size *= 2;
    }
    if (size <= l->cap) {
        memset(l->slots, 0, size * sizeof(*l->slots));
    } else {
        uint32_t *slots = ARENA_NEW_N(ks->arena, uint32_t, size);
        if (slots == NULL) {
            return KEYSET_NO_MEMORY;
        }
        l->slots = slots;
        l->cap = size;
    }
    l->size = size;
    for (size_t i = 0; i < n; i++) {
        struct keyset_key *k = &ks->keys[l->base + i];
        if (first) {
            k->hash = keyset_hash(sv_make(k->ptr, k->len));
        }
        size_t at = find_slot(ks, l, k);
        if (at == SIZE_MAX) {
            return KEYSET_FLOOD;
        }
        l->slots[at] = (uint32_t)i + 1;
    }
    return KEYSET_NEW;
}

static enum keyset_answer add_to_table(struct keyset *ks, struct keyset_level *l,
                                       const struct keyset_key *key)
{
    size_t n = ks->count - l->base;
    if (2 * (n + 1) > l->size) {
        enum keyset_answer grown = grow_table(ks, l);
        if (grown != KEYSET_NEW) {
            return grown;
        }
    }
    size_t at = find_slot(ks, l, key);
    if (at == SIZE_MAX) {
        return KEYSET_FLOOD;
    }
    if (l->slots[at] != 0) {
        return KEYSET_TWICE;
    }
    l->slots[at] = (uint32_t)n + 1;
    return KEYSET_NEW;
}

static enum keyset_answer push(struct keyset *ks, const struct keyset_key *key)
{
    if (ks->count == ks->cap) {
        size_t cap = ks->cap != 0 ? 2 * ks->cap : FIRST_KEYS;
        struct keyset_key *keys = arena_alloc(ks->arena, cap * sizeof(*keys));
        if (keys == NULL) {
            return KEYSET_NO_MEMORY;
        }
        if (ks->count != 0) {
            memcpy(keys, ks->keys, ks->count * sizeof(*keys));
        }
        ks->keys = keys;
        ks->cap = cap;
    }
    ks->keys[ks->count++] = *key;
    return KEYSET_NEW;
}

/// From here on the keys of L are told apart without regard to their order.
static void leave_order(const struct keyset *ks, struct keyset_level *l)
{
    l->last = KEYSET_UNSORTED;
    for (size_t i = l->base; i < ks->count && i - l->base < SMALL; i++) {
        l->seen |= ends_bit(sv_make(ks->keys[i].ptr, ks->keys[i].len));
    }
}

static enum keyset_answer add_unsorted(struct keyset *ks, struct keyset_level *l,
                                       struct keyset_key *key)
{
    struct strview text = sv_make(key->ptr, key->len);
    if (ks->count - l->base >= SMALL) {
        key->hash = keyset_hash(text);
        enum keyset_answer answer = add_to_table(ks, l, key);
        return answer == KEYSET_NEW ? push(ks, key) : answer;
    }
    uint64_t bit = ends_bit(text);
    bool maybe = (l->seen & bit) != 0;
    l->seen |= bit;
    for (size_t i = l->base; maybe && i < ks->count; i++) {
        if (same(&ks->keys[i], key)) {
            return KEYSET_TWICE;
        }
    }
    return push(ks, key);
}

enum keyset_answer keyset_add(struct keyset *ks, struct strview key)
{
    struct keyset_key k = {.ptr = key.ptr, .len = (uint32_t)key.len};
    struct keyset_level *l = ks->top;
    if (l->last != KEYSET_UNSORTED) {
        int order = -1;
        if (ks->count != l->base) {
            const struct keyset_key *last = &ks->keys[ks->count - 1];
            order = sv_cmp(sv_make(last->ptr, last->len), key);
        }
        if (order < 0) {
            l->last = keyset_prefix(key);
            return push(ks, &k);
        }
        if (order == 0) {
            return KEYSET_TWICE;
        }
        leave_order(ks, l);
    }
    return add_unsorted(ks, l, &k);
}
