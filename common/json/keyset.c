// SPDX-License-Identifier: Apache-2.0
#include "common/json/keyset.h"

#include <string.h>

#include "common/base/macros.h"

#define SMALL       16 // keys that are compared one by one
#define FIRST_SLOTS (4 * (size_t)SMALL)

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

/// A bit for a key that begins with PREFIX: enough to tell most keys of a small object apart.
static uint64_t bit_of(uint64_t prefix)
{
    return UINT64_C(1) << (prefix * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

static bool same(const struct keyset_key *a, const struct keyset_key *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

/// A slot for KEY, whose hash is set: a free one, or that of the same key. SIZE_MAX: too far away.
static size_t find_slot(const struct keyset_level *l, const uint32_t *slots,
                        const struct keyset_key *key)
{
    size_t at = key->hash & (l->size - 1);
    for (unsigned probes = 0; slots[at] != 0; probes++) {
        const struct keyset_key *other = &l->base[slots[at] - 1];
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

/// The table of the innermost object, which may have no slots yet; NULL: no memory.
static struct keyset_table *find_table(struct keyset *ks)
{
    if (ks->tables == NULL) {
        ks->tables = ARENA_NEW_N(ks->arena, struct keyset_table, JSON_DEPTH_CAP + 1);
    }
    return ks->tables != NULL ? &ks->tables[ks->top - ks->levels] : NULL;
}

/// SIZE free slots in T.
static bool clear_slots(struct keyset *ks, struct keyset_table *t, size_t size)
{
    if (size <= t->cap) {
        memset(t->slots, 0, size * sizeof(*t->slots));
        return true;
    }
    t->slots = ARENA_NEW_N(ks->arena, uint32_t, size);
    t->cap = t->slots != NULL ? size : 0;
    return t->slots != NULL;
}

/// A table with room for one more key that holds the object's keys so far.
static enum keyset_answer grow_table(struct keyset *ks, struct keyset_level *l,
                                     struct keyset_table *t)
{
    size_t n = (size_t)(ks->next - l->base);
    bool first = l->size == 0;
    size_t size = first ? FIRST_SLOTS : l->size;
    while (2 * (n + 1) > size) {
        size *= 2;
    }
    if (!clear_slots(ks, t, size)) {
        return KEYSET_NO_MEMORY;
    }
    l->size = size;
    for (size_t i = 0; i < n; i++) {
        struct keyset_key *k = &l->base[i];
        if (first) {
            k->hash = keyset_hash(sv_make(k->ptr, k->len));
        }
        size_t at = find_slot(l, t->slots, k);
        if (at == SIZE_MAX) {
            return KEYSET_FLOOD;
        }
        t->slots[at] = (uint32_t)i + 1;
    }
    return KEYSET_NEW;
}

ASIDE static enum keyset_answer add_to_table(struct keyset *ks, struct keyset_level *l,
                                             const struct keyset_key *key)
{
    size_t n = (size_t)(ks->next - l->base);
    struct keyset_table *t = find_table(ks);
    if (t == NULL) {
        return KEYSET_NO_MEMORY;
    }
    if (2 * (n + 1) > l->size) {
        enum keyset_answer grown = grow_table(ks, l, t);
        if (grown != KEYSET_NEW) {
            return grown;
        }
    }
    size_t at = find_slot(l, t->slots, key);
    if (at == SIZE_MAX) {
        return KEYSET_FLOOD;
    }
    if (t->slots[at] != 0) {
        return KEYSET_TWICE;
    }
    t->slots[at] = (uint32_t)n + 1;
    return KEYSET_NEW;
}

/// A stack of twice the size; the open objects' keys are on it then.
ASIDE static bool grow_stack(struct keyset *ks)
{
    size_t n = (size_t)(ks->next - ks->keys);
    struct keyset_key *keys = arena_alloc(ks->arena, 2 * n * sizeof(*keys));
    if (keys == NULL) {
        return false;
    }
    memcpy(keys, ks->keys, n * sizeof(*keys));
    for (struct keyset_level *l = ks->levels + 1; l <= ks->top; l++) {
        l->base = keys + (l->base - ks->keys);
    }
    ks->keys = keys;
    ks->next = keys + n;
    ks->end = keys + 2 * n;
    return true;
}

static enum keyset_answer push(struct keyset *ks, struct keyset_key key)
{
    if (ks->next == ks->end && !grow_stack(ks)) {
        return KEYSET_NO_MEMORY;
    }
    *ks->next++ = key;
    return KEYSET_NEW;
}

/// From here on the keys of L are told apart without regard to their order.
static void leave_order(const struct keyset *ks, struct keyset_level *l)
{
    l->last = KEYSET_UNSORTED;
    l->seen = 0;
    l->size = 0;
    for (const struct keyset_key *k = l->base; k < ks->next && k - l->base < SMALL; k++) {
        l->seen |= bit_of(keyset_prefix(sv_make(k->ptr, k->len)));
    }
}

static enum keyset_answer add_unsorted(struct keyset *ks, struct keyset_level *l,
                                       struct keyset_key key, uint64_t prefix)
{
    if (ks->next - l->base >= SMALL) {
        key.hash = keyset_hash(sv_make(key.ptr, key.len));
        enum keyset_answer answer = add_to_table(ks, l, &key);
        return answer == KEYSET_NEW ? push(ks, key) : answer;
    }
    uint64_t bit = bit_of(prefix);
    bool maybe = (l->seen & bit) != 0;
    l->seen |= bit;
    for (const struct keyset_key *k = l->base; maybe && k < ks->next; k++) {
        if (same(k, &key)) {
            return KEYSET_TWICE;
        }
    }
    return push(ks, key);
}

/// How KEY stands to the last one of L: above 0 when it comes before that.
static int order_behind(const struct keyset *ks, const struct keyset_level *l, struct strview key,
                        uint64_t prefix)
{
    if (ks->next == l->base || prefix > l->last) {
        return -1;
    }
    const struct keyset_key *last = ks->next - 1;
    return prefix < l->last ? 1 : sv_cmp(sv_make(last->ptr, last->len), key);
}

/// keyset_add_odd() of those that take more than a bit to tell.
ASIDE static enum keyset_answer add_with_care(struct keyset *ks, struct strview key,
                                              uint64_t prefix)
{
    const struct keyset_key k = {.ptr = key.ptr, .len = (uint32_t)key.len};
    struct keyset_level *l = ks->top;
    if (l->last != KEYSET_UNSORTED) {
        int order = order_behind(ks, l, key, prefix);
        if (order < 0) {
            l->last = prefix;
            return push(ks, k);
        }
        if (order == 0) {
            return KEYSET_TWICE;
        }
        leave_order(ks, l);
    }
    return add_unsorted(ks, l, k, prefix);
}

enum keyset_answer keyset_add_odd(struct keyset *ks, struct strview key, uint64_t prefix)
{
    // Most stand in small objects without an order, as Go writes its structs: a bit tells them.
    struct keyset_level *l = ks->top;
    uint64_t bit = bit_of(prefix);
    if (l->last != KEYSET_UNSORTED || ks->next - l->base >= SMALL || (l->seen & bit) != 0 ||
        ks->next == ks->end) {
        return add_with_care(ks, key, prefix);
    }
    l->seen |= bit;
    keyset_push(ks, key);
    return KEYSET_NEW;
}

enum keyset_answer keyset_add(struct keyset *ks, struct strview key)
{
    uint64_t prefix = keyset_prefix(key);
    return keyset_add_next(ks, key, prefix) ? KEYSET_NEW : keyset_add_odd(ks, key, prefix);
}
