// SPDX-License-Identifier: Apache-2.0
// Sorted tables of rows that are shared between generations: a reader holds a table and sees it
// unchanged for ever, while the writer goes on; a change copies the piece that it touches, never
// the rows. Made of chunks, so that one of 100,000 rows costs a change about as much as a row costs
// to read. Pure but for its atomic counters: any thread may read or give back, one writes.
#ifndef SLUICE_WORLD_TABLE_H
#define SLUICE_WORLD_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/macros.h"
#include "common/base/strview.h"

/// What a table is sorted by.
enum row_order { ROW_BY_NAME, ROW_BY_ROLE, ROW_ORDERS };

/// The head of a row; immutable once it stands in a table, but for `list`.
struct row {
    atomic_uint refs;
    uint32_t list;                   // the writer's own: in which list it was seen last
    int64_t weight;                  // what table_weight() adds up
    struct strview keys[ROW_ORDERS]; // absent: it stands in no table of that order
    void (*done)(struct row *row);   // gives back what the row holds, then its memory
};

void row_ref(struct row *r);
void row_unref(struct row *r); // NULL is fine

struct table;

/// An empty one; one reference. NULL: out of memory.
MUST_USE struct table *table_new(enum row_order order);
struct table *table_ref(struct table *t);
void table_unref(struct table *t); // NULL is fine

size_t table_count(const struct table *t);

/// The row of that key, borrowed as long as the table is held, or NULL.
struct row *table_get(const struct table *t, struct strview key);

/// Puts ROW where its key belongs, in the place of one of the same key; takes a reference of its
/// own. *T is the writer's own reference: when others hold the table too, they keep the old one and
/// *T becomes another. False: out of memory, and nothing has changed.
MUST_USE bool table_put(struct table **t, struct row *row);
/// The same for taking the row of KEY out; fine when there is none.
MUST_USE bool table_del(struct table **t, struct strview key);

/// A place in a table, for walks: `for (struct table_at at = table_seek(t, key); (r =
/// table_row(t, at)) != NULL; at = table_next(t, at))`.
struct table_at {
    size_t chunk, row;
};
/// The first row whose key is not less than KEY.
struct table_at table_seek(const struct table *t, struct strview key);
struct table_at table_next(const struct table *t, struct table_at at);
/// NULL at the end.
struct row *table_row(const struct table *t, struct table_at at);

/// Sum of the weights of the rows whose key starts with PREFIX.
int64_t table_weight(const struct table *t, struct strview prefix);

#endif
