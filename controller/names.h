// SPDX-License-Identifier: Apache-2.0
// Names of everything that belongs to a cluster, and the ids of its runs. Each is worked out from
// what is recorded, never drawn, so that doing a step twice makes nothing twice. Pure; texts in the
// arena.
#ifndef SLUICE_CONTROLLER_NAMES_H
#define SLUICE_CONTROLLER_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strview.h"

/// Hex digits of a revision's name, and base-36 digits of a run's: a cluster's 40 characters, a
/// dash and the run are Flink's 45 for kubernetes.cluster-id.
#define REVISION_DIGITS 8
#define RUN_DIGITS      4

#define LABEL_CLUSTER   "sluice.dev/cluster"
#define LABEL_COMPONENT "sluice.dev/component"
#define LABEL_REVISION  "sluice.dev/revision"
#define LABEL_RUN       "sluice.dev/run"
/// On a pod: how many before it failed in a row, and how the last one ended.
#define ANNOTATION_FAILURES "sluice.dev/failures"
#define ANNOTATION_REPLACES "sluice.dev/replaces"

/// On the FlinkCluster: its deletion waits until its pods and HA ConfigMaps are gone; "true" in the
/// annotation, or the time-out, ends the waiting.
#define FINALIZER               "sluice.dev/cleanup"
#define ANNOTATION_FORCE_DELETE "sluice.dev/force-delete"

typedef void hash_fn(struct strview text, char hex[65]);

enum pod_role { POD_JOB_MANAGER, POD_TASK_MANAGER, POD_ROLE_COUNT };

/// "jobmanager", "taskmanager": the component label, and the official image's first argument.
const char *pod_role_name(enum pod_role role);

/// What a pod's name says: `<cluster>-jm-<revision>-<index>-<attempt>`, at most 63 characters for a
/// cluster name of 40.
struct pod_name {
    enum pod_role role;
    struct strview revision;
    int64_t index;
    int64_t attempt;
};

struct strview pod_name_make(struct arena *arena, struct strview cluster,
                             const struct pod_name *name);

/// False when TEXT is no name of a pod of CLUSTER. The revision is borrowed from TEXT.
bool pod_name_parse(struct strview cluster, struct strview text, struct pod_name *ret);

/// `<cluster>-r<number>`, of a ControllerRevision. The name is taken from a counter, so that of two
/// controllers (or one with a stale view) only one can write each entry.
struct strview record_name_make(struct arena *arena, struct strview cluster, int64_t number);

/// The counter in such a name, or 0.
int64_t record_name_number(struct strview cluster, struct strview text);

/// The id of the run that record NUMBER starts: distinct for the first 1,679,616 records of a
/// cluster (a bijection of the counter, moved by the UID's hash), so that no run can resume
/// another's metadata.
struct strview run_id_make(struct arena *arena, hash_fn *hash, struct strview uid, int64_t number);

/// The other way: the number of the record that starts RUN, 0 to RUN_NUMBERS - 1; -1 when RUN is no
/// run's id.
#define RUN_NUMBERS 1679616
int64_t run_id_number(hash_fn *hash, struct strview uid, struct strview run);

/// Flink's job id for RUN: 32 hex digits of hash(uid, run).
struct strview job_id_make(struct arena *arena, hash_fn *hash, struct strview uid,
                           struct strview run);

/// The name of a revision: what reaches its pods (hash of the canonical text) in one run.
struct strview revision_id_make(struct arena *arena, hash_fn *hash, struct strview pod_hash,
                                struct strview run);

#endif
