// SPDX-License-Identifier: Apache-2.0
// What to do, in order: the result of a reconcile's pure part. act.c executes it from first to last
// and stops at the first error (but see act.h). A plan made of its own result is empty. Pure.
#ifndef SLUICE_CONTROLLER_PLAN_H
#define SLUICE_CONTROLLER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/policy/set.h"
#include "common/policy/world.h"
#include "controller/claim.h"
#include "controller/flink/probe_address.h"
#include "controller/observed.h"

enum action_verb {
    ACTION_CREATE, // POST body; on 409 act.c reads the object: ours by owner UID is fine, else
                   // E_CONFLICT
    ACTION_APPLY,  // forced server-side apply of body, which carries metadata.uid
    ACTION_DELETE, // with precondition uid; background propagation; grace period as the object has
                   // it
    ACTION_STATUS, // merge patch of the FlinkCluster's status subresource with body
    ACTION_EVENT,  // reason, message, type
    ACTION_ADOPT,  // strategic merge patch of the ConfigMap `name` with body, which carries
                   // metadata.uid and our owner reference alone
    ACTION_FINALIZERS, // merge patch of the FlinkCluster with body, which carries
                       // metadata.resourceVersion and the list of finalizers alone
};

/// One step. Texts live in the plan's arena.
struct action {
    enum action_verb verb;
    enum child_kind kind; // CREATE, APPLY, DELETE
    struct strview name;  // of the child
    struct strview uid;   // DELETE, APPLY: of the object that was seen
    struct strview body;  // JSON text: the object, or the status patch {"status": …}
    bool live_read; // CREATE of a replacement pod: read the old pod (by `reads`) first; go on only
                    // when it's gone, has ended, or has another owner. FINALIZERS: list the
                    // cluster's pods first; go on only when none of its own runs
    struct strview reads; // name of the pod to read live
    struct strview run;   // DELETE of an HA ConfigMap: list this run's pods live first; go on only
                          // when none is left that runs. Absent: no need
    struct {
        const char *type;   // "Normal" or "Warning"
        const char *reason; // CamelCase, from the table of events
        struct strview message;
    } event; // EVENT
};

/// What became of a generation that is not recorded yet.
enum plan_decision {
    PLAN_DECIDES_NOTHING, // it is recorded, or the cluster is being deleted
    PLAN_RECORDS,         // it is to be recorded as accepted
    PLAN_REFUSES,         // it breaks rules
    PLAN_POSTPONES,       // policies, or the namespace's labels, are not known; or it can't be done
};

struct actions {
    struct action *items;
    size_t n;
    enum plan_decision decision;
    struct claim claim; // of the record; of a refused or postponed generation, what it asks for
    int64_t requeue_after_ms; // look again then even if nothing changes; 0: no need
    struct probe_target ask;  // whom to ask over Flink's REST API; without an address: nobody
};

/// The policies that a new generation is judged by, and the rest of the cluster: the other
/// FlinkClusters as they are recorded as accepted. Borrowed, unchanged while a plan is made.
struct plan_policies {
    const struct policy_set *set; // NULL: not known yet, then nothing new is accepted
    const struct policy_world *world;
};

/// What the process knows and the objects don't tell.
struct plan_settings {
    const char
        *version; // Sluice's own, for the label app.kubernetes.io/version's kin; never in a hash
    const char *ha_cluster_role; // "sluice-flink-ha"
    unsigned render_format;      // the newest format; objects of an old revision keep theirs
    unsigned revision_history;   // ControllerRevisions kept beside those in use (10)
    bool kube2iam;               // pods of new runs get their AWS role by kube2iam's annotation
    int64_t deletion_timeout_ms; // a deletion waits no longer than this
    const struct plan_policies *policies;            // NULL: none are asked (sluice render)
    void (*hash)(struct strview text, char hex[65]); // SHA-256 in hex, from the shell's OpenSSL
};

/// The whole pure chain: accept → status → desired → plan. The same OBSERVED gives the same plan.
/// Memory from ARENA. 0, or -1 with E_NOMEM, E_BUG, or E_INVALID (the newest record was written by
/// a newer Sluice).
MUST_USE int plan_make(const struct observed *observed, const struct plan_settings *settings,
                       struct arena *arena, struct actions *ret, struct err *err);

#endif
