// SPDX-License-Identifier: Apache-2.0
// Which Events are sent, which are only counted, which are left out: client-go's rules
// (tools/record/events_cache.go) in fixed memory. Two small caches of fixed size; what is forgotten
// early is at worst sent once more. Pure; one owner; times are the caller's monotonic milliseconds.
#ifndef SLUICE_KUBE_EVENT_CORE_H
#define SLUICE_KUBE_EVENT_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strview.h"

#define EVENT_BURST     25     // of one object, at once
#define EVENT_REFILL_MS 300000 // then one more in this time
#define EVENT_REPEAT_MS 600000 // how long the same event is only counted
#define EVENT_SETS      1024   // 4 × 1024 events and as many objects are remembered
#define EVENT_WAYS      4

/// What was sent under one (object, type, reason, message).
struct event_sent {
    uint64_t key;     // 0: free
    uint64_t name;    // the number in its object's name
    uint32_t count;   // how often it happened
    int64_t first_ms; // by the wall clock, as written
    int64_t last_ms;  // monotonic
};

struct event_budget {
    uint64_t key; // 0: free
    int64_t left;
    int64_t refilled_ms;
};

struct event_core {
    uint64_t seed;
    struct event_sent sent[EVENT_SETS][EVENT_WAYS];
    struct event_budget budgets[EVENT_SETS][EVENT_WAYS];
};

struct event_facts {
    struct strview ns, name, uid; // of the object
    bool warning;
    struct strview reason, message;
};

enum event_verdict {
    EVENT_CREATE, // send it under the new number in `sent`
    EVENT_COUNT,  // patch the one that was sent: `sent` has its new count
    EVENT_DROP,   // the object's budget is spent
};

/// Decides, and notes that it was sent. *RET_SENT points into C until the next call.
enum event_verdict event_decide(struct event_core *c, const struct event_facts *f, int64_t now_ms,
                                int64_t wall_ms, struct event_sent **ret_sent);

#endif
