// SPDX-License-Identifier: Apache-2.0
// The pods of a cluster as the watch shows them: which is whose, which lives, what is wrong with
// it, how the others ended, and when the next one in a place is due. A pod is known by its name,
// which nobody can change. Only pods.c reads a pod's JSON. Pure.
#ifndef SLUICE_CONTROLLER_PODS_H
#define SLUICE_CONTROLLER_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/names.h"
#include "controller/reconcile.h"
#include "controller/trouble.h"

/// Back-off per index: the first replacement at once, then 10 s, doubled up to 5 min; ten minutes
/// of running without a restart forget it.
#define POD_BACKOFF_FIRST_MS 10000
#define POD_BACKOFF_MAX_MS   300000
#define POD_HEALTHY_MS       600000
#define POD_FAILURES_MAX     20
/// How long containers may be in the making, and how long after its grace period a deleted pod may
/// still be there, before that is told.
#define POD_SLOW_MS  300000
#define POD_STUCK_MS 60000
/// How long a TaskManager that Flink lost may stay unready before it is given up.
#define POD_LOST_MS 30000
/// How long after its restart by the kubelet a TaskManager may be ready and yet not registered, and
/// until when that counts as the restart's fault.
#define POD_MUTE_MS     60000
#define POD_MUTE_MAX_MS 600000

struct pod_view {
    const struct json *object;
    struct strview name, uid;
    struct strview ip; // absent: none yet
    struct pod_name id;
    bool deleting;      // it was deleted, by whomever
    bool ended;         // its containers are reported ended: nothing of it runs
    bool deleted_first; // deleted before it ended: its end is no failure of its own
    bool ready;
    int64_t unready_ms; // it was ready since its main container's last start, and is not since
                        // then; 0: it is, or never was
    bool creating;      // its containers are being made
    int64_t started_ms; // the main container's last start; 0: never
    int64_t ended_ms;   // end, or deletion; 0: not told
    int64_t created_ms;
    int64_t gone_by_ms;       // deleted: when its grace period is over; else 0
    int64_t failures;         // in a row before it
    int64_t restarts;         // of the main container, by the kubelet
    struct strview replaces;  // which pod it replaces, and how that one ended, or absent
    struct strview disrupted; // deleted or ended by the cluster: "EvictionByEvictionAPI"
    bool edited;              // its spec was changed after it was made (metadata.generation, 1.34)
    struct pod_trouble trouble; // the worst that its status tells; kind NONE: nothing
    bool recovered;             // the container of `trouble` runs again since `recovered_ms`
    int64_t recovered_ms;
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
/// "deleted". In the arena.
struct strview pod_end_text(const struct reconcile *rc, const struct pod_view *p);

/// What of the running pod P isn't as RENDERED (a pod as we would make it) says: images and
/// resources of its containers; "image x is not y". SV_NONE: nothing, or P was never edited: what
/// differs from the start is another webhook's doing, and would differ again.
struct strview pod_edited_text(const struct reconcile *rc, const struct pod_view *p,
                               const struct json *rendered);

/// How many failed in a row when P is counted; restarts by the kubelet count for a pod that ended.
int64_t pod_failures_after(const struct pod_view *p);

/// When P's successor is due (Unix milliseconds). Never later than NOW plus twice the longest
/// back-off, whatever the clock of P's node says, and the same at each look.
int64_t pod_successor_due_ms(const struct pod_view *p, int64_t now_ms);

/// What keeps P from its work at NOW_MS; `kind` is TROUBLE_NONE when nothing does. HELD_UP is what
/// a pod that doesn't go away is to others: TROUBLE_LOCKED, TROUBLE_HOLDS_UP, or TROUBLE_NONE.
/// *RET_LOOK_MS: when the answer may change by time alone; 0: never.
struct pod_trouble pod_trouble_of(const struct pod_view *p, int64_t now_ms,
                                  enum trouble_kind held_up, int64_t *ret_look_ms);

#endif
