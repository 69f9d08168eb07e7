// SPDX-License-Identifier: Apache-2.0
#include "common/world/table.h"

#include "common/base/mem.h"

#define CHUNK_ROWS   128
#define FIRST_CHUNKS 8

/// A run of rows, in order; never empty in a table.
struct chunk {
    atomic_uint refs;
    unsigned n;
    int64_t weight;
    struct row *rows[CHUNK_ROWS];
};

struct table {
    atomic_uint refs;
    enum row_order order;
    size_t n, cap; // of chunks
    size_t count;  // of rows
    struct chunk *chunks[];
};

// ---- references ---------------------------------------------------------------------------------

static void take(atomic_uint *refs)
{
    atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

/// Whether it was the last one.
static bool give(atomic_uint *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

static bool is_shared(atomic_uint *refs)
{
    return atomic_load_explicit(refs, memory_order_acquire) != 1;
}

void row_ref(struct row *r)
{
    take(&r->refs);
}

void row_unref(struct row *r)
{
    if (r != NULL && give(&r->refs)) {
        r->done(r);
    }
}

static void chunk_unref(struct chunk *c)
{
    if (!give(&c->refs)) {
        return;
    }
    for (unsigned i = 0; i < c->n; i++) {
        row_unref(c->rows[i]);
    }
    mem_free(c);
}

struct table *table_ref(struct table *t)
{
    take(&t->refs);
    return t;
}

void table_unref(struct table *t)
{
    if (t == NULL || !give(&t->refs)) {
        return;
    }
    for (size_t i = 0; i < t->n; i++) {
        chunk_unref(t->chunks[i]);
    }
    mem_free(t);
}

// ---- reading ------------------------------------------------------------------------------------

static struct strview key_at(const struct table *t, size_t chunk, unsigned row)
{
    return t->chunks[chunk]->rows[row]->keys[t->order];
}

/// The chunk in which KEY stands or belongs: the last that begins at or before it, else the first.
static size_t chunk_of(const struct table *t, struct strview key)
{
    size_t low = 1, high = t->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sv_cmp(key_at(t, mid, 0), key) <= 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low - 1;
}

/// The first row of that chunk whose key is not less than KEY.
static unsigned row_of(const struct table *t, size_t chunk, struct strview key)
{
    unsigned low = 0, high = t->chunks[chunk]->n;
    while (low < high) {
        unsigned mid = low + (high - low) / 2;
        if (sv_cmp(key_at(t, chunk, mid), key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

struct table_at table_seek(const struct table *t, struct strview key)
{
    if (t->n == 0) {
        return (struct table_at){0, 0};
    }
    size_t chunk = chunk_of(t, key);
    unsigned row = row_of(t, chunk, key);
    return row < t->chunks[chunk]->n ? (struct table_at){chunk, row}
                                     : (struct table_at){chunk + 1, 0};
}

struct table_at table_next(const struct table *t, struct table_at at)
{
    at.row++;
    return at.row < t->chunks[at.chunk]->n ? at : (struct table_at){at.chunk + 1, 0};
}

struct row *table_row(const struct table *t, struct table_at at)
{
    return at.chunk < t->n ? t->chunks[at.chunk]->rows[at.row] : NULL;
}

struct row *table_get(const struct table *t, struct strview key)
{
    struct row *r = table_row(t, table_seek(t, key));
    return r != NULL && sv_eq(r->keys[t->order], key) ? r : NULL;
}

size_t table_count(const struct table *t)
{
    return t->count;
}

int64_t table_weight(const struct table *t, struct strview prefix)
{
    int64_t sum = 0;
    struct table_at at = table_seek(t, prefix);
    for (struct row *r; (r = table_row(t, at)) != NULL;) {
        const struct chunk *c = t->chunks[at.chunk];
        if (!sv_starts(r->keys[t->order], prefix)) {
            break;
        }
        if (at.row == 0 && sv_starts(key_at(t, at.chunk, c->n - 1), prefix)) {
            sum += c->weight;
            at = (struct table_at){at.chunk + 1, 0};
        } else {
            sum += r->weight;
            at = table_next(t, at);
        }
    }
    return sum;
}

// ---- writing ------------------------------------------------------------------------------------

static struct table *alloc_table(enum row_order order, size_t cap)
{
    struct table *t = mem_alloc(sizeof(*t) + cap * sizeof(struct chunk *));
    if (t != NULL) {
        *t = (struct table){.order = order, .cap = cap};
        atomic_init(&t->refs, 1);
    }
    return t;
}

struct table *table_new(enum row_order order)
{
    return alloc_table(order, FIRST_CHUNKS);
}

/// Makes *T a table that nobody else holds, with room for one more chunk.
static bool own_table(struct table **t)
{
    struct table *old = *t;
    bool shared = is_shared(&old->refs);
    if (!shared && old->n < old->cap) {
        return true;
    }
    struct table *now = alloc_table(old->order, old->n < old->cap ? old->cap : old->cap * 2);
    if (now == NULL) {
        return false;
    }
    now->n = old->n;
    now->count = old->count;
    for (size_t i = 0; i < old->n; i++) {
        now->chunks[i] = old->chunks[i];
        take(&now->chunks[i]->refs);
    }
    table_unref(old);
    *t = now;
    return true;
}

static struct chunk *alloc_chunk(void)
{
    struct chunk *c = mem_alloc(sizeof(*c));
    if (c != NULL) {
        atomic_init(&c->refs, 1);
        c->n = 0;
        c->weight = 0;
    }
    return c;
}

/// Adds the rows of FROM, from FIRST on, to the end of C, which has room for them.
static void append_rows(struct chunk *c, const struct chunk *from, unsigned first)
{
    for (unsigned i = first; i < from->n; i++) {
        row_ref(from->rows[i]);
        c->rows[c->n++] = from->rows[i];
        c->weight += from->rows[i]->weight;
    }
}

/// Drops the rows of C, which is ours alone, from FIRST on.
static void cut_rows(struct chunk *c, unsigned first)
{
    for (unsigned i = first; i < c->n; i++) {
        c->weight -= c->rows[i]->weight;
        row_unref(c->rows[i]);
    }
    c->n = first;
}

/// Makes chunk AT of T, which is ours alone, ours alone too.
static bool own_chunk(struct table *t, size_t at)
{
    struct chunk *old = t->chunks[at];
    if (!is_shared(&old->refs)) {
        return true;
    }
    struct chunk *now = alloc_chunk();
    if (now == NULL) {
        return false;
    }
    append_rows(now, old, 0);
    t->chunks[at] = now;
    chunk_unref(old);
    return true;
}

/// A new chunk at AT, with the rows of the one before it from FIRST on. T has room.
static bool add_chunk(struct table *t, size_t at, unsigned first)
{
    struct chunk *c = alloc_chunk();
    if (c == NULL) {
        return false;
    }
    if (at != 0) {
        append_rows(c, t->chunks[at - 1], first);
        cut_rows(t->chunks[at - 1], first);
    }
    memmove(&t->chunks[at + 1], &t->chunks[at], (t->n - at) * sizeof(struct chunk *));
    t->chunks[at] = c;
    t->n++;
    return true;
}

static void insert(struct chunk *c, unsigned at, struct row *row)
{
    memmove(&c->rows[at + 1], &c->rows[at], (c->n - at) * sizeof(struct row *));
    c->rows[at] = row;
    c->weight += row->weight;
    c->n++;
}

/// A place for a new row in a full chunk: half of it goes into a new one; at the very end, where
/// the rows of a list come in their order, none.
static bool split(struct table *t, struct table_at *at)
{
    bool last = at->chunk + 1 == t->n && at->row == CHUNK_ROWS;
    unsigned first = last ? CHUNK_ROWS : CHUNK_ROWS / 2;
    if (!add_chunk(t, at->chunk + 1, first)) {
        return false;
    }
    if (last || at->row > first) {
        *at = (struct table_at){at->chunk + 1, at->row - first};
    }
    return true;
}

bool table_put(struct table **table, struct row *row)
{
    if (!own_table(table)) {
        return false;
    }
    struct table *t = *table;
    struct strview key = row->keys[t->order];
    if (t->n == 0 && !add_chunk(t, 0, 0)) {
        return false;
    }
    struct table_at at = {.chunk = chunk_of(t, key)};
    if (!own_chunk(t, at.chunk)) {
        return false;
    }
    at.row = row_of(t, at.chunk, key);
    struct chunk *c = t->chunks[at.chunk];
    if (at.row < c->n && sv_eq(c->rows[at.row]->keys[t->order], key)) {
        row_ref(row);
        c->weight += row->weight - c->rows[at.row]->weight;
        row_unref(c->rows[at.row]);
        c->rows[at.row] = row;
        return true;
    }
    if (c->n == CHUNK_ROWS && !split(t, &at)) {
        return false;
    }
    row_ref(row);
    insert(t->chunks[at.chunk], (unsigned)at.row, row);
    t->count++;
    return true;
}

static void drop_chunk(struct table *t, size_t at)
{
    chunk_unref(t->chunks[at]);
    t->n--;
    memmove(&t->chunks[at], &t->chunks[at + 1], (t->n - at) * sizeof(struct chunk *));
}

bool table_del(struct table **table, struct strview key)
{
    if (table_get(*table, key) == NULL) {
        return true;
    }
    if (!own_table(table)) {
        return false;
    }
    struct table *t = *table;
    size_t at = chunk_of(t, key);
    if (!own_chunk(t, at)) {
        return false;
    }
    struct chunk *c = t->chunks[at];
    unsigned row = row_of(t, at, key);
    struct row *gone = c->rows[row];
    c->n--;
    c->weight -= gone->weight;
    memmove(&c->rows[row], &c->rows[row + 1], (c->n - row) * sizeof(struct row *));
    row_unref(gone);
    t->count--;
    if (c->n == 0) {
        drop_chunk(t, at);
    } else if (at + 1 < t->n && c->n + t->chunks[at + 1]->n <= CHUNK_ROWS / 2) {
        append_rows(c, t->chunks[at + 1], 0);
        drop_chunk(t, at + 1);
    }
    return true;
}
