// SPDX-License-Identifier: Apache-2.0
#include "controller/census.h"

struct counter {
    const struct reconcile *rc;
    const struct desired *d;
    struct pod_census *ret;
};

static bool is_worse(const struct pod_trouble *a, const struct pod_trouble *b)
{
    return a->kind != b->kind ? a->kind < b->kind : sv_cmp(a->pod, b->pod) < 0;
}

/// Into the list, where it belongs; the least of a full one falls out.
static void add_trouble(struct pod_census *c, const struct pod_trouble *t)
{
    size_t at = c->n_troubles;
    while (at > 0 && is_worse(t, &c->troubles[at - 1])) {
        at--;
    }
    if (at == CENSUS_TROUBLES_MAX) {
        return;
    }
    c->n_troubles += c->n_troubles < CENSUS_TROUBLES_MAX;
    for (size_t i = c->n_troubles - 1; i > at; i--) {
        c->troubles[i] = c->troubles[i - 1];
    }
    c->troubles[at] = *t;
}

static void judge(const struct counter *k, const struct pod_view *p, enum trouble_kind held_up)
{
    int64_t look_ms;
    struct pod_trouble t = pod_trouble_of(p, k->rc->observed->now_ms, held_up, &look_ms);
    if (t.kind != TROUBLE_NONE) {
        k->ret->sum[TROUBLE_INFO[t.kind].severity]++;
        add_trouble(k->ret, &t);
    }
    if (look_ms != 0 && (k->ret->look_ms == 0 || look_ms < k->ret->look_ms)) {
        k->ret->look_ms = look_ms;
    }
}

static void count_held(const struct counter *k, const struct place *at)
{
    k->ret->live[at->role]++;
    k->ret->ready[at->role] += at->keeper->ready ? 1 : 0;
    judge(k, at->keeper, TROUBLE_NONE);
}

/// A place that should be held, and isn't.
static void count_lost(const struct counter *k, const struct place *at)
{
    int64_t now = k->rc->observed->now_ms;
    const struct pod_view *newest = &at->items[at->n - 1];
    bool lock = at->role == POD_JOB_MANAGER && !k->d->ha;
    k->ret->waiting += pod_successor_due_ms(newest, now) > now ? 1 : 0;
    judge(k, newest, lock ? TROUBLE_LOCKED : TROUBLE_NONE);
}

static void count_places(const struct counter *k)
{
    for (size_t i = 0; i < k->ret->places.n; i++) {
        const struct place *at = &k->ret->places.items[i];
        if (at->wanted && at->keeper != NULL) {
            count_held(k, at);
        } else if (at->wanted && at->n > 0 && !k->d->closed) {
            count_lost(k, at);
        }
        for (size_t p = 0; p < at->n && !at->wanted; p++) {
            k->ret->surplus += pod_is_live(&at->items[p]) ? 1 : 0;
        }
    }
}

void pods_count(const struct reconcile *rc, const struct desired *d, const struct pod_list *pods,
                struct pod_census *ret)
{
    const struct counter k = {.rc = rc, .d = d, .ret = ret};
    *ret = (struct pod_census){0};
    places_make(rc, d, pods, &ret->places);
    for (size_t i = 0; i < pods->n; i++) {
        const struct pod_view *p = &pods->items[i];
        bool current = sv_eq(p->id.revision, d->record->revision);
        if (p->id.role == POD_JOB_MANAGER && (current || !sv_present(ret->job_manager))) {
            ret->job_manager = p->name;
        }
        if (!current && !p->ended) {
            ret->old++;
            judge(&k, p, TROUBLE_HOLDS_UP);
        }
    }
    count_places(&k);
    ret->failing = ret->sum[TROUBLE_FAILS] + ret->sum[TROUBLE_STUCK];
    if (ret->failing > 0) {
        struct strbuf b = STRBUF(4096);
        trouble_put(&b, &ret->troubles[0]);
        ret->trouble = text_take(rc->arena, &b);
    }
}

int64_t census_troubles_put(struct strbuf *b, const struct pod_census *c,
                            enum trouble_severity severity, size_t max)
{
    int64_t told = 0;
    for (size_t i = 0; i < c->n_troubles && (size_t)told < max; i++) {
        if (TROUBLE_INFO[c->troubles[i].kind].severity == severity) {
            strbuf_put_str(b, told++ > 0 ? "; " : "");
            trouble_put(b, &c->troubles[i]);
        }
    }
    if (told > 0 && told < c->sum[severity]) {
        strbuf_printf(b, "; and %lld more", (long long)(c->sum[severity] - told));
    }
    return c->sum[severity];
}
