// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/due.h"

#include "common/base/mem.h"

void due_done(struct due_heap *h)
{
    mem_free(h->items);
    *h = (struct due_heap){.n = 0};
}

bool due_reserve(struct due_heap *h, size_t n)
{
    if (n <= h->room) {
        return true;
    }
    size_t room = n < 64 ? 64 : n + n / 2;
    struct due **items = mem_realloc(h->items, room * sizeof(struct due *));
    if (items == NULL) {
        return false;
    }
    h->items = items;
    h->room = room;
    return true;
}

static void set(struct due_heap *h, size_t i, struct due *d)
{
    h->items[i] = d;
    d->place = i + 1;
}

static void sift(struct due_heap *h, size_t i)
{
    struct due *d = h->items[i];
    while (i > 0 && h->items[(i - 1) / 2]->at_ms > d->at_ms) {
        set(h, i, h->items[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < h->n && h->items[child + 1]->at_ms < h->items[child]->at_ms) {
            child++;
        }
        if (child >= h->n || h->items[child]->at_ms >= d->at_ms) {
            break;
        }
        set(h, i, h->items[child]);
        i = child;
    }
    set(h, i, d);
}

void due_put(struct due_heap *h, struct due *d, int64_t at_ms)
{
    d->at_ms = at_ms;
    if (d->place == 0) {
        ASSERT(h->n < h->room);
        set(h, h->n, d);
        h->n++;
    }
    sift(h, d->place - 1);
}

void due_remove(struct due_heap *h, struct due *d)
{
    if (d->place == 0) {
        return;
    }
    size_t i = d->place - 1;
    d->place = 0;
    struct due *last = h->items[--h->n];
    if (last != d) {
        set(h, i, last);
        sift(h, i);
    }
}

struct due *due_first(const struct due_heap *h)
{
    return h->n != 0 ? h->items[0] : NULL;
}
