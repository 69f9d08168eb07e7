// SPDX-License-Identifier: Apache-2.0
#include "common/kube/event_core.h"

static uint64_t hash(uint64_t h, struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    }
    h = (h ^ (h >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

static uint64_t nonzero(uint64_t h)
{
    return h != 0 ? h : 1;
}

/// Whether the object may have one more now; takes it.
static bool spend(struct event_core *c, uint64_t object, int64_t now_ms)
{
    struct event_budget *set = c->budgets[object % EVENT_SETS];
    struct event_budget *b = &set[0];
    for (size_t i = 0; i < EVENT_WAYS; i++) {
        if (set[i].key == object) {
            b = &set[i];
            break;
        }
        // The one that was touched longest ago is nearest to a full budget anyway.
        b = set[i].key == 0 || (b->key != 0 && set[i].refilled_ms < b->refilled_ms) ? &set[i] : b;
    }
    if (b->key != object) {
        *b = (struct event_budget){.key = object, .left = EVENT_BURST, .refilled_ms = now_ms};
    }
    int64_t more = (now_ms - b->refilled_ms) / EVENT_REFILL_MS;
    b->refilled_ms += more * EVENT_REFILL_MS;
    b->left = b->left + more < EVENT_BURST ? b->left + more : EVENT_BURST;
    if (b->left <= 0) {
        return false;
    }
    b->left--;
    return true;
}

static struct event_sent *find(struct event_core *c, uint64_t key)
{
    struct event_sent *set = c->sent[key % EVENT_SETS];
    struct event_sent *oldest = &set[0];
    for (size_t i = 0; i < EVENT_WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        bool older = set[i].key == 0 || (oldest->key != 0 && set[i].last_ms < oldest->last_ms);
        oldest = older ? &set[i] : oldest;
    }
    return oldest;
}

enum event_verdict event_decide(struct event_core *c, const struct event_facts *f, int64_t now_ms,
                                int64_t wall_ms, struct event_sent **ret_sent)
{
    uint64_t object = nonzero(hash(hash(hash(c->seed, f->ns), f->name), f->uid));
    uint64_t key = hash(object, f->warning ? SV("W") : SV("N"));
    key = nonzero(hash(hash(key, f->reason), f->message));
    if (!spend(c, object, now_ms)) {
        return EVENT_DROP;
    }
    struct event_sent *s = find(c, key);
    bool repeated = s->key == key && now_ms - s->last_ms < EVENT_REPEAT_MS;
    if (repeated) {
        s->count += s->count < INT32_MAX ? 1 : 0;
    } else {
        *s = (struct event_sent){
            .key = key, .name = nonzero(key ^ (uint64_t)wall_ms), .count = 1, .first_ms = wall_ms};
    }
    s->last_ms = now_ms;
    *ret_sent = s;
    return repeated ? EVENT_COUNT : EVENT_CREATE;
}
