// SPDX-License-Identifier: Apache-2.0
// Have I seen this key in this object? One stack holds the keys of all objects that are open; small
// objects compare keys one by one, larger ones have a table. Pure; memory from the arena.
#ifndef SLUICE_JSON_KEYSET_H
#define SLUICE_JSON_KEYSET_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/json/strict.h"

/// A key that lies further than this from its place in the table is a crafted one: honest keys at
/// a load of one half never do.
#define KEYSET_PROBES 128

struct keyset_key {
    const char *ptr; // borrowed
    uint32_t len;
    uint32_t hash; // once the object has a table
};

struct keyset_level {
    size_t base;     // the object's first key on the stack
    uint64_t seen;   // a bit for each key there is: a clear one tells a new key at once
    uint32_t *slots; // index of a key + 1; 0: free
    size_t size;     // slots in use by this object: a power of two, or 0 when it is small
    size_t cap;      // slots there are: a table stays for the next object of the same depth
};

struct keyset {
    struct arena *arena;
    struct keyset_key *keys;
    size_t count, cap;
    unsigned depth;
    struct keyset_level levels[JSON_DEPTH_CAP];
};

enum keyset_answer {
    KEYSET_NEW,
    KEYSET_TWICE,
    KEYSET_FLOOD,     // too many keys collide
    KEYSET_NO_MEMORY, // the arena is full
};

/// An object begins / ends; at most JSON_DEPTH_CAP are open at once.
void keyset_enter(struct keyset *ks);
void keyset_leave(struct keyset *ks);

/// Adds KEY (unescaped, borrowed until the object ends, under 4 GiB) to the object that is open.
enum keyset_answer keyset_add(struct keyset *ks, struct strview key);

/// The hash that decides a key's place (the low bits are the slot).
uint32_t keyset_hash(struct strview key);

#endif
