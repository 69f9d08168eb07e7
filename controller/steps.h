// SPDX-License-Identifier: Apache-2.0
// The plan while it is being made: a bounded list of actions, and the time of the next look. Pure.
#ifndef SLUICE_CONTROLLER_STEPS_H
#define SLUICE_CONTROLLER_STEPS_H

#include "controller/events.def"
#include "controller/reconcile.h"

/// Pods made by one plan; the next reconcile goes on with the rest.
#define PLAN_CREATES_MAX 200

enum controller_event {
#define E(id, reason, type, doc) EVENT_##id,
    CONTROLLER_EVENTS(E)
#undef E
        EVENT_COUNT
};

struct event_info {
    const char *reason, *type, *doc;
};
extern const struct event_info EVENT_INFO[EVENT_COUNT];

struct steps {
    const struct reconcile *rc;
    struct actions *out;
    size_t cap;
};

/// Adds STEP; memory from the arena (a full one shows in arena_ok()).
void steps_add(struct steps *s, struct action step);

void steps_create(struct steps *s, enum child_kind kind, struct strview name, struct strview body);
/// Both touch only the object of that UID: without one, nothing is added.
void steps_apply(struct steps *s, enum child_kind kind, struct strview name, struct strview uid,
                 struct strview body);
void steps_delete(struct steps *s, enum child_kind kind, struct strview name, struct strview uid);
void steps_event(struct steps *s, enum controller_event event, struct strview message);

/// Look again at TIME_MS (Unix) at the latest.
void steps_look_again(struct steps *s, int64_t time_ms);

#endif
