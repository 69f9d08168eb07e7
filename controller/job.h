// SPDX-License-Identifier: Apache-2.0
// The life of a cluster's own job: what Flink told of it, and what the status remembers. A job that
// was once seen FINISHED, FAILED or CANCELED stays so for its id, whatever is told later: the
// status keeps it, so that it survives the JobManager and this process. What Flink tells of another
// run's job counts for nothing. Pure; texts borrowed or in the plan's arena.
//
// What becomes of an ended job: its TaskManagers go at once; its JobManagers stay until
// job.ttlSecondsAfterFinished, so that a person can look, and none of them is made anew: a new
// JobManager would run main() again (with HA it would find the result that Flink stored). All that
// follows the status write of the same plan, which comes first: no pod goes before the end of the
// job is on record. Only a new run starts anything again.
#ifndef SLUICE_CONTROLLER_JOB_H
#define SLUICE_CONTROLLER_JOB_H

#include "controller/desired.h"
#include "controller/flink/observation.h"
#include "controller/pods.h"
#include "controller/reconcile.h"
#include "controller/record.h"

/// job.ttlSecondsAfterFinished when it isn't given.
#define JOB_TTL_DEFAULT_S 86400

struct job_view {
    struct strview id;                     // absent: a session cluster, or nothing ever ran
    const struct json *stored;             // status.job, when it tells of this id; else NULL
    const struct flink_observation *flink; // what Flink told of this run; NULL: nothing yet
    const struct flink_job *told;          // what it told of this job; NULL: nothing
    bool seen;                             // Flink knew the job at some time
    bool checkpointed;                     // a checkpoint or savepoint of it was completed
    bool ended;                            // for good: FINISHED, FAILED or CANCELED
    enum flink_job_state state;            // the last that is known; of an ended one its end
    int64_t ended_ms;                      // of an ended one: when, never in the future
    int64_t leaves_ms;                     // of an ended one: when its JobManagers go
    bool metadata_lost;                    // filled in by job_limit()
};

/// Reads the job of R, the newest record.
void job_read(const struct reconcile *rc, const struct record *r, struct job_view *ret);

/// Whether the run may be left without its state: there is none, or nobody wants it.
bool job_may_be_left(const struct job_view *job, const struct record *r);

/// Takes out of D what an ended job no longer needs, and closes D when the metadata of the job's
/// checkpoints are gone while none of its JobManagers is left (`metadata_lost`): the next one would
/// start it from nothing. Nothing else of D changes.
void job_limit(const struct reconcile *rc, const struct pod_list *pods, struct job_view *job,
               struct desired *d);

/// Member KEY of the stored job, as time in Unix milliseconds; 0: it isn't there.
int64_t job_stored_time(const struct job_view *job, const char *key);

#endif
