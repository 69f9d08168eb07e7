// SPDX-License-Identifier: Apache-2.0
// The record of an accepted generation: a ControllerRevision whose `data` can't be changed (the API
// server refuses that), named by a counter. The newest one is the truth from which everything else
// of the cluster is made, by this Sluice or a newer one. Pure; texts borrowed or in the arena.
//
//   data:
//     metadata: {name, namespace}      so that `data` reads as a FlinkCluster
//     spec: …                          the effective spec
//     sluice:
//       generation, renderFormat, version (of the Sluice that wrote it, for people)
//       podHash, revision              what reaches the pods; its name within its run
//       run, jobId, haDir              absent while nothing was ever started
//       fromSavepoint                  the run's first state, when it was started from one
//       previousRevision               of the run before this one
//       awsIdentity                    how the run's pods get an AWS role: absent, or "kube2iam"
#ifndef SLUICE_CONTROLLER_RECORD_H
#define SLUICE_CONTROLLER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/flink/cluster.h"
#include "common/flink/effective.h"
#include "controller/reconcile.h"

struct record {
    const struct json *object; // the ControllerRevision; NULL: not made yet
    int64_t number;            // its counter, from 1
    int64_t generation;        // of the FlinkCluster
    unsigned format;           // in which its objects are rendered
    struct strview pod_hash;   // 64 hex digits
    struct strview revision;
    struct strview run;            // absent: nothing was ever started
    struct strview job_id;         // absent: session cluster, or no run
    struct strview ha_dir;         // absent: storage isn't known, or no run
    struct strview from_savepoint; // absent: the run starts from nothing
    struct strview previous;       // absent: this is the first run
    bool kube2iam;                 // the run's pods get an AWS role by kube2iam's annotation
    struct flink_cluster cluster;  // the effective spec, decoded
    struct flink_effective effective;
};

/// Whether pods should run: a run was started and the job isn't suspended.
bool record_runs(const struct record *r);

/// The newest readable record of OBSERVED, without its `cluster` and `effective`; false when there
/// is none. Takes no memory.
bool record_peek_last(const struct observed *observed, struct record *ret);

/// The largest number that a record of OBSERVED ever had, as far as it is known: the status tells
/// it even when somebody deleted the records. 0: none was made.
int64_t record_last_number(const struct observed *observed);

/// Reads the newest readable record of OBSERVED into *RET; false when there is none. Memory from
/// the arena (a full one shows in arena_ok()).
bool record_read_last(const struct reconcile *rc, struct record *ret);

/// Decodes NEXT's `cluster` and `effective` from the JSON text of an object {metadata, spec}.
MUST_USE int record_set_spec(const struct reconcile *rc, struct strview text, struct record *next,
                             struct err *err);

/// The ControllerRevision for R, as JSON: apiVersion, kind and metadata alone, or all of it.
struct strview record_head_text(const struct reconcile *rc, const struct record *r);
struct strview record_text(const struct reconcile *rc, const struct record *r);

#endif
