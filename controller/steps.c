// SPDX-License-Identifier: Apache-2.0
#include "controller/steps.h"

const struct event_info EVENT_INFO[EVENT_COUNT] = {
#define E(id, reason_, type_, doc_) [EVENT_##id] = {.reason = reason_, .type = type_, .doc = doc_},
    CONTROLLER_EVENTS(E)
#undef E
};

void steps_add(struct steps *s, struct action step)
{
    struct actions *out = s->out;
    if (out->n == s->cap) {
        size_t cap = s->cap == 0 ? 16 : s->cap * 2;
        struct action *items = ARENA_NEW_N(s->rc->arena, struct action, cap);
        if (items == NULL) {
            return;
        }
        if (out->n > 0) {
            memcpy(items, out->items, out->n * sizeof(*items));
        }
        out->items = items;
        s->cap = cap;
    }
    out->items[out->n++] = step;
}

void steps_create(struct steps *s, enum child_kind kind, struct strview name, struct strview body)
{
    steps_add(s, (struct action){.verb = ACTION_CREATE, .kind = kind, .name = name, .body = body});
}

void steps_apply(struct steps *s, enum child_kind kind, struct strview name, struct strview uid,
                 struct strview body)
{
    if (name.len == 0 || uid.len == 0) {
        return;
    }
    steps_add(s, (struct action){
                     .verb = ACTION_APPLY, .kind = kind, .name = name, .uid = uid, .body = body});
}

void steps_delete(struct steps *s, enum child_kind kind, struct strview name, struct strview uid)
{
    if (name.len == 0 || uid.len == 0) {
        return;
    }
    steps_add(s, (struct action){.verb = ACTION_DELETE, .kind = kind, .name = name, .uid = uid});
}

void steps_event(struct steps *s, enum controller_event event, struct strview message)
{
    steps_add(s, (struct action){.verb = ACTION_EVENT,
                                 .event = {.type = EVENT_INFO[event].type,
                                           .reason = EVENT_INFO[event].reason,
                                           .message = text_line(s->rc->arena, message)}});
}

void steps_look_again(struct steps *s, int64_t time_ms)
{
    int64_t in = time_ms - s->rc->observed->now_ms;
    if (in < 1) {
        in = 1;
    }
    if (s->out->requeue_after_ms == 0 || in < s->out->requeue_after_ms) {
        s->out->requeue_after_ms = in;
    }
}
