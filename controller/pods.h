// SPDX-License-Identifier: Apache-2.0
// The pods of a cluster as the watch shows them: which is whose, which lives, how the others ended,
// and when the next one in a place is due. A pod is known by its name, which nobody can change.
// Pure.
#ifndef SLUICE_CONTROLLER_PODS_H
#define SLUICE_CONTROLLER_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/names.h"
#include "controller/reconcile.h"

/// Back-off per index: the first replacement at once, then 10 s, doubled up to 5 min; ten minutes
/// of running without a restart forget it.
#define POD_BACKOFF_FIRST_MS 10000
#define POD_BACKOFF_MAX_MS   300000
#define POD_HEALTHY_MS       600000
#define POD_FAILURES_MAX     20

struct pod_view {
    const struct json *object;
    struct strview name, uid;
    struct strview ip; // absent: none yet
    struct pod_name id;
    bool deleting; // it was deleted, by whomever
    bool ended;    // its containers are reported ended: nothing of it runs
    bool ready;
    int64_t started_ms; // the main container's last start; 0: never
    int64_t ended_ms;   // end, or deletion; 0: not told
    int64_t created_ms;
    int64_t failures;       // in a row before it
    struct strview image;   // of the main container
    bool edited;            // its spec was changed after it was made (metadata.generation, 1.34)
    struct strview trouble; // why its container doesn't run ("CrashLoopBackOff"), or absent
};

/// Neither deleted nor ended: counts as one of the planned pods.
static inline bool pod_is_live(const struct pod_view *p)
{
    return !p->deleting && !p->ended;
}

struct pod_list {
    struct pod_view *items; // by role, revision, index, attempt
    size_t n;
};

/// Reads the pods of OBSERVED whose name is one of ours. A full arena shows in arena_ok().
void pods_read(const struct reconcile *rc, struct pod_list *ret);

/// How a pod ended, for people: "OOMKilled, exit code 137", "Evicted: The node was low on …",
/// "deleted". At most 256 bytes; in the arena.
struct strview pod_end_text(const struct reconcile *rc, const struct pod_view *p);

/// How many failed in a row when P is counted, and when its successor is due (Unix milliseconds; at
/// most NOW plus the back-off).
int64_t pod_failures_after(const struct pod_view *p, int64_t now_ms);
int64_t pod_successor_due_ms(const struct pod_view *p, int64_t now_ms);

#endif
