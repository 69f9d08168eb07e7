// SPDX-License-Identifier: Apache-2.0
#include "controller/places.h"

#include <stdlib.h>

/// How much a live pod is missed when it goes: the least goes first.
enum worth {
    WORTH_NOTHING, // it never came to work
    WORTH_IDLE,    // all its slots are free
    WORTH_UNKNOWN, // Flink doesn't know it, or nobody knows what Flink knows
    WORTH_MUCH,    // it works, or leads
};

static const struct pod_view *keeper_of(const struct place *at)
{
    const struct pod_view *keeper = NULL;
    for (size_t i = 0; i < at->n; i++) {
        const struct pod_view *p = &at->items[i];
        if (pod_is_live(p) && (keeper == NULL || (p->ready && !keeper->ready))) {
            keeper = p;
        }
    }
    return keeper;
}

const struct flink_observation *places_fresh_flink(const struct reconcile *rc)
{
    const struct flink_observation *flink = rc->observed->flink;
    bool answers = flink != NULL && (flink->contact == FLINK_CONTACT_ANSWERS ||
                                     flink->contact == FLINK_CONTACT_MISSED);
    return answers && flink->task_managers_known ? flink : NULL;
}

static enum worth worth_of(const struct reconcile *rc, const struct pod_view *p)
{
    if (p->id.role == POD_JOB_MANAGER) {
        bool leads = sv_eq(p->name, rc->observed->ha.leader);
        return leads ? WORTH_MUCH : p->ready ? WORTH_UNKNOWN : WORTH_NOTHING;
    }
    const struct flink_observation *flink = places_fresh_flink(rc);
    const struct flink_task_manager *known =
        flink != NULL ? flink_observation_task_manager(flink, p->name) : NULL;
    if (known == NULL) {
        return p->ready ? WORTH_UNKNOWN : WORTH_NOTHING;
    }
    bool idle = known->slots != FLINK_UNKNOWN && known->slots_free == known->slots;
    return idle ? WORTH_IDLE : WORTH_MUCH;
}

struct candidate {
    struct place *place;
    enum worth worth;
};

static int by_worth(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    if (a->worth != b->worth) {
        return a->worth < b->worth ? -1 : 1;
    }
    return a->place->index > b->place->index ? -1 : 1;
}

/// Of the LIVE places that are held, all but WANT are given up.
static void give_up(const struct reconcile *rc, struct place *items, size_t n, int64_t live,
                    int64_t want)
{
    struct candidate *all = ARENA_NEW_N(rc->arena, struct candidate, (size_t)live);
    size_t held = 0;
    if (all == NULL) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (items[i].keeper != NULL) {
            all[held++] = (struct candidate){&items[i], worth_of(rc, items[i].keeper)};
        }
    }
    qsort(all, held, sizeof(*all), by_worth);
    for (size_t i = 0; i < held && live > want; i++, live--) {
        all[i].place->wanted = false;
    }
}

/// Adds the MISSING lowest places of ROLE that have no pods. ITEMS are N, by index.
static size_t add_empty(struct place *items, size_t n, enum pod_role role, int64_t missing)
{
    size_t total = n;
    size_t at = 0;
    for (int64_t index = 0; missing > 0; index++) {
        while (at < n && items[at].index < index) {
            at++;
        }
        if (at == n || items[at].index != index) {
            items[total++] = (struct place){.role = role, .index = index, .wanted = true};
            missing--;
        }
    }
    return total;
}

static int by_index(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    return a->index < b->index ? -1 : a->index > b->index;
}

/// Which of the N places at ITEMS are wanted, and those beside them; how many there are then.
static size_t choose(const struct reconcile *rc, struct place *items, size_t n, enum pod_role role,
                     int64_t want)
{
    int64_t live = 0;
    for (size_t i = 0; i < n; i++) {
        items[i].wanted = items[i].keeper != NULL;
        live += items[i].wanted;
    }
    if (live > want) {
        give_up(rc, items, n, live, want);
        return n;
    }
    int64_t missing = want - live;
    for (size_t i = 0; i < n && missing > 0; i++) {
        if (!items[i].wanted) {
            items[i].wanted = true;
            missing--;
        }
    }
    size_t total = add_empty(items, n, role, missing);
    qsort(items, total, sizeof(*items), by_index);
    return total;
}

/// The places of ROLE that have pods, into ITEMS.
static size_t collect(const struct desired *d, const struct pod_list *pods, enum pod_role role,
                      struct place *items)
{
    size_t n = 0;
    for (size_t i = 0; i < pods->n; i++) {
        const struct pod_view *p = &pods->items[i];
        if (p->id.role != role || !sv_eq(p->id.revision, d->record->revision)) {
            continue;
        }
        // The list is sorted by role, revision, index and attempt.
        if (n == 0 || items[n - 1].index != p->id.index) {
            items[n++] = (struct place){.role = role, .index = p->id.index, .items = p};
        }
        items[n - 1].n++;
    }
    for (size_t i = 0; i < n; i++) {
        items[i].keeper = keeper_of(&items[i]);
    }
    return n;
}

void places_make(const struct reconcile *rc, const struct desired *d, const struct pod_list *pods,
                 struct place_list *ret)
{
    size_t max = pods->n;
    for (int role = 0; role < POD_ROLE_COUNT; role++) {
        max += (size_t)d->pods[role];
    }
    *ret = (struct place_list){.items = ARENA_NEW_N(rc->arena, struct place, max + 1)};
    if (ret->items == NULL) {
        return;
    }
    for (int role = 0; role < POD_ROLE_COUNT; role++) {
        struct place *items = &ret->items[ret->n];
        size_t n = collect(d, pods, (enum pod_role)role, items);
        ret->n += choose(rc, items, n, (enum pod_role)role, d->pods[role]);
    }
}

const struct place *places_find(const struct place_list *places, const struct pod_view *p)
{
    size_t low = 0;
    size_t high = places->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct place *at = &places->items[mid];
        bool before = at->role != p->id.role ? at->role < p->id.role : at->index < p->id.index;
        low = before ? mid + 1 : low;
        high = before ? high : mid;
    }
    return low < places->n ? &places->items[low] : NULL;
}
