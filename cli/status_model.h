// SPDX-License-Identifier: Apache-2.0
// What `sluice status` tells about a FlinkCluster, read from the objects that the API server has:
// the FlinkCluster, its pods, and Events. Reading is tolerant: what is missing or of a wrong type
// is absent. Texts belong to the trees, arrays to the arena; a full one shows in arena_ok(). Pure.
#ifndef SLUICE_CLI_STATUS_MODEL_H
#define SLUICE_CLI_STATUS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/json/view.h"

/// Objects that were listed, page by page.
struct status_objects {
    const struct json **items;
    size_t n, cap;
    bool cut; // there are more than were asked for
};

struct status_condition {
    struct strview type, status, reason, message;
    int64_t since_ms; // 0: not told
    bool good;        // as one would have it
};

struct status_pod {
    struct strview name, role, node;
    struct strview state; // as kubectl's STATUS: "Running", "ImagePullBackOff", "Terminating"
    struct strview why;   // the message that belongs to a bad state, or absent
    int64_t index;        // -1: the name is none that Sluice gives
    int64_t restarts, created_ms;
    bool ready, leads;
};

struct status_event {
    struct strview type, reason, kind, name, message;
    int64_t count, last_ms;
    bool warning;
};

struct status_wait {
    struct strview reason, message; // both absent: it waits for nothing
    int64_t since_ms;               // 0: not told
};

struct status_cluster {
    struct strview ns, name, phase, leader;
    int64_t created_ms;
    const struct json *status;
    bool ready;   // Ready=True about the newest generation
    bool trouble; // Stalled or Degraded
    bool session; // no job
    struct status_wait wait;
    const struct status_condition *conditions;
    size_t n_conditions;
    const struct status_pod *pods; // the bad ones first, then by role and index
    size_t n_pods;
    const struct status_event *events; // warnings, then normal ones; each group's newest last
    size_t n_events;
    bool cut; // there are more pods or events than were asked for
};

/// Appends the items of the List PAGE.
void status_view_add(struct status_objects *o, const struct json *page, struct arena *arena);

/// What the FlinkCluster itself says.
void status_view(const struct json *object, struct arena *arena, struct status_cluster *ret);

/// Its pods among PODS (those whose controller it is), and the events of EVENTS that are about it,
/// or about a pod of its. Events that tell the same are one.
void status_view_pods(const struct json *object, const struct status_objects *pods,
                      struct arena *arena, struct status_cluster *ret);
void status_view_events(const struct json *object, const struct status_objects *events,
                        struct arena *arena, struct status_cluster *ret);

#endif
