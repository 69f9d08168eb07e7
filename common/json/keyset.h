// SPDX-License-Identifier: Apache-2.0
// Have I seen this key in this object? One stack holds the keys of all objects that are open. Keys
// that come in their order, as Kubernetes writes them, are each compared with the last one alone;
// others one by one while the object is small, and then by a table. Pure; memory from the arena.
#ifndef SLUICE_JSON_KEYSET_H
#define SLUICE_JSON_KEYSET_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/json/strict.h"

/// A key that lies further than this from its place in the table is a crafted one: honest keys at
/// a load of one half never do.
#define KEYSET_PROBES 128
/// Keys of open objects before the stack moves to the arena.
#define KEYSET_FIRST 64

struct keyset_key {
    const char *ptr; // borrowed
    uint32_t len;
    uint32_t hash; // once the object has a table
};

struct keyset_level {
    uint64_t last;           // how the last key begins, or KEYSET_UNSORTED
    struct keyset_key *base; // the object's first key on the stack
    // Once its keys have left their order:
    uint64_t seen; // a bit for each key there is: a clear one tells a new key at once
    size_t size;   // slots of its table: a power of two, or 0 while it is small
};

struct keyset_table {
    uint32_t *slots; // index of a key + 1; 0: free
    size_t cap;      // slots there are: a table stays for the next object of the same depth
};

struct keyset {
    struct arena *arena;
    struct keyset_key *keys, *next, *end;           // the stack, and where its next key goes
    struct keyset_level *top;                       // of the innermost object
    struct keyset_table *tables;                    // by depth; NULL until an object needs one
    struct keyset_level levels[JSON_DEPTH_CAP + 1]; // by depth, from 1 on
    struct keyset_key first[KEYSET_FIRST];          // the stack of most texts
};

enum keyset_answer {
    KEYSET_NEW,
    KEYSET_TWICE,
    KEYSET_FLOOD,     // too many keys collide
    KEYSET_NO_MEMORY, // the arena is full
};

/// Of an object whose keys have left their order. No text begins like this: it is no UTF-8.
#define KEYSET_UNSORTED UINT64_MAX

/// An empty one, which stays where it is. A level is written when its object begins.
static inline void keyset_init(struct keyset *ks, struct arena *arena)
{
    ks->arena = arena;
    ks->keys = ks->next = ks->first;
    ks->end = ks->first + KEYSET_FIRST;
    ks->tables = NULL;
    ks->top = ks->levels;
}

/// An object begins / ends; at most JSON_DEPTH_CAP are open at once.
static inline void keyset_enter(struct keyset *ks)
{
    struct keyset_level *l = ++ks->top;
    l->last = 0;
    l->base = ks->next;
}

static inline void keyset_leave(struct keyset *ks)
{
    ks->next = ks->top->base;
    ks->top--;
}

/// The first eight bytes of KEY as a number that orders as they do.
static inline uint64_t keyset_prefix(struct strview key)
{
    const unsigned char *p = (const unsigned char *)key.ptr;
    size_t n = key.len;
    if (n >= sizeof(uint64_t)) {
        uint64_t w;
        memcpy(&w, p, sizeof(w));
        return be64toh(w);
    }
    if (n >= sizeof(uint32_t)) { // two halves, which may overlap
        uint32_t first, last;
        memcpy(&first, p, sizeof(first));
        memcpy(&last, p + n - sizeof(last), sizeof(last));
        return (uint64_t)be32toh(first) << 32 | (uint64_t)be32toh(last) << (64 - 8 * n);
    }
    uint64_t w = 0;
    for (size_t i = 0; i < n; i++) {
        w |= (uint64_t)p[i] << (56 - 8 * i);
    }
    return w;
}

/// The same of a key behind which at least eight bytes can be read.
static inline uint64_t keyset_prefix_padded(struct strview key)
{
    // By its length: a branch would be hard to foretell.
    static const uint64_t MASKS[] = {0,
                                     UINT64_MAX << 56,
                                     UINT64_MAX << 48,
                                     UINT64_MAX << 40,
                                     UINT64_MAX << 32,
                                     UINT64_MAX << 24,
                                     UINT64_MAX << 16,
                                     UINT64_MAX << 8,
                                     UINT64_MAX};
    uint64_t w;
    memcpy(&w, key.ptr, sizeof(w));
    return be64toh(w) & MASKS[key.len < sizeof(w) ? key.len : sizeof(w)];
}

/// Puts KEY on the stack, which has room for it.
static inline void keyset_push(struct keyset *ks, struct strview key)
{
    struct keyset_key *k = ks->next++;
    k->ptr = key.ptr;
    k->len = (uint32_t)key.len;
}

/// Adds KEY, whose prefix is given, when it is told by that alone to be a new one. Else false:
/// keyset_add_odd() knows.
static inline bool keyset_add_next(struct keyset *ks, struct strview key, uint64_t prefix)
{
    struct keyset_level *l = ks->top;
    if (prefix <= l->last || ks->next == ks->end) {
        return false;
    }
    l->last = prefix;
    keyset_push(ks, key);
    return true;
}

/// Adds KEY (unescaped, borrowed until the object ends, under 4 GiB) to the object that is open: in
/// one call, or what keyset_add_next() left.
enum keyset_answer keyset_add(struct keyset *ks, struct strview key);
enum keyset_answer keyset_add_odd(struct keyset *ks, struct strview key, uint64_t prefix);

/// The hash that decides a key's place (the low bits are the slot).
uint32_t keyset_hash(struct strview key);

#endif
