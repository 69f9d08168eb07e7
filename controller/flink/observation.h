// SPDX-License-Identifier: Apache-2.0
// What Flink itself told of one cluster, over REST: an immutable value that the prober publishes
// (prober.h) and a reconcile reads. Pure: tests may write one down as a literal.
//
// "Unknown" has one form for each type, and it is not the same as zero:
//   counts and sizes  FLINK_UNKNOWN (-1)
//   times             0 (else wall clock, Unix milliseconds; Flink's own clock where it is Flink's)
//   texts             absent (SV_NONE)
//   job               see `job_presence`
// Flink 1.17 to 2.3 tell different things; what a version doesn't tell stays unknown.
// Facts are those of the newest whole answer; when they are older than `contact` makes one think,
// `seen_ms` says how old. Nothing here is ever cleared because an answer failed to come: only an
// answer changes a fact.
#ifndef SLUICE_CONTROLLER_FLINK_OBSERVATION_H
#define SLUICE_CONTROLLER_FLINK_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/strview.h"
#include "controller/flink/job_state.h"

#define FLINK_UNKNOWN ((int64_t)-1)

/// Bounds of what is kept; more is cut, and said so by a `…_cut` member.
#define FLINK_REST_TASK_MANAGERS_MAX 2048
#define FLINK_REST_RESTARTS_MAX      32  // restart times that are remembered
#define FLINK_REST_TEXT_MAX          512 // bytes of a root cause, and of `trouble`
#define FLINK_REST_NAME_MAX          256 // bytes of names, ids, versions
#define FLINK_REST_PATH_MAX          2048

/// How the pod that is asked now answers.
enum flink_contact {
    FLINK_CONTACT_NONE,      // it has not answered yet, or nobody is asked (no leader is known);
                             // facts, if any, are from before
    FLINK_CONTACT_ANSWERS,   // facts are fresh
    FLINK_CONTACT_NO_LEADER, // it answers that there is no leader (503); facts are from before
    FLINK_CONTACT_MISSED,    // at least one, but fewer than N tries in a row failed; it may be
                             // nothing: tell the facts as before
    FLINK_CONTACT_LOST,      // N tries in a row failed: nobody knows what the job does
};

/// Whether the cluster's own job (the target's job id) is there.
enum flink_job_presence {
    FLINK_PRESENCE_UNKNOWN, // never told yet; always so for a session cluster
    FLINK_PRESENCE_ABSENT,  // the leader answered and has no such job
    FLINK_PRESENCE_PRESENT, // `job` holds it
};

struct flink_task_manager {
    struct strview id;         // the pod's name (taskmanager.resource-id); never absent
    int64_t slots, slots_free; // FLINK_UNKNOWN when not told
    int64_t heartbeat_ms;      // the last one that the JobManager got; 0: unknown
};

struct flink_checkpoint {
    int64_t id;           // FLINK_UNKNOWN: there is none (all else is unknown then)
    int64_t triggered_ms; // 0: unknown
    int64_t completed_ms; // 0: unknown; of a restored one: when it was restored
    int64_t size;         // bytes of state
    struct strview path;  // external path; absent: unknown, or it has none
    bool savepoint;
};

struct flink_tasks {
    int64_t total, running, finished; // FLINK_UNKNOWN when not told
    int64_t scheduled;                // state SCHEDULED: it waits for a slot; likewise
};

struct flink_job {
    struct strview id;   // 32 hexadecimal digits; never absent when present
    struct strview name; // absent: unknown
    enum flink_job_state state;
    int64_t started_ms; // 0: unknown
    int64_t ended_ms;   // 0: it has not ended, or unknown
    struct flink_tasks tasks;
    bool running;            // state RUNNING, and tasks running + finished = total > 0 (flink.md);
                             // false when the tasks are unknown
    bool batch;              // "job-type": BATCH; false: STREAMING, or not told
    int64_t max_parallelism; // the smallest of its vertices that is set; FLINK_UNKNOWN

    bool checkpoints_known; // false: never told, or checkpointing is off (then the rest is unknown)
    struct flink_checkpoint checkpoint; // the last that completed, savepoints included
    struct flink_checkpoint restored;   // the one that this JobManager restored last
    int64_t checkpoints_completed, checkpoints_failed; // since this JobManager took the job over

    // Failures that Flink answered with a restart, as its exception history tells them (at most 16
    // per JobManager by default) and as far as this process saw them go by; the end of a failed job
    // is not counted. After a restart of this process or a takeover by another JobManager it may be
    // less than before: keep the largest, and count by `restart_ms` what is newer.
    int64_t restarts;          // FLINK_UNKNOWN: not told yet
    const int64_t *restart_ms; // when, oldest first
    size_t n_restart_ms;       // at most FLINK_REST_RESTARTS_MAX
    struct strview failure;    // root cause of the newest failure, in one line
    int64_t failed_ms;         // when; 0: unknown
};

struct flink_observation {
    // ---- who was asked, and how it answers ----
    enum flink_contact contact;
    unsigned misses;        // in a row, of this pod
    int64_t contact_ms;     // since when `contact` is as it is; 0: never asked
    int64_t seen_ms;        // the last whole answer, whoever gave it; 0: never: no fact is known
    struct strview pod;     // name of the pod that is asked; absent: nobody
    struct strview trouble; // what the last try ran into (also a part of an answer that could not
                            // be used); absent: nothing

    // ---- the cluster ----
    struct strview version; // "1.20.1"
    struct strview commit;
    int64_t task_manager_count; // registered at the leader
    int64_t slots, slots_free;
    int64_t jobs_running, jobs_finished, jobs_canceled, jobs_failed;
    bool task_managers_known;
    const struct flink_task_manager *task_managers; // sorted by id
    size_t n_task_managers;
    bool task_managers_cut; // there are more

    // ---- its job ----
    enum flink_job_presence job_presence;
    struct flink_job job; // of presence PRESENT; else all members are unknown
};

/// All that is unknown of a job, of a checkpoint, of everything: a start for literals.
#define FLINK_CHECKPOINT_UNKNOWN                                                                   \
    ((struct flink_checkpoint){.id = FLINK_UNKNOWN, .size = FLINK_UNKNOWN})
#define FLINK_JOB_NONE                                                                             \
    ((struct flink_job){.state = FLINK_JOB_STATE_UNKNOWN,                                          \
                        .tasks = {FLINK_UNKNOWN, FLINK_UNKNOWN, FLINK_UNKNOWN, FLINK_UNKNOWN},     \
                        .max_parallelism = FLINK_UNKNOWN,                                          \
                        .checkpoint = FLINK_CHECKPOINT_UNKNOWN,                                    \
                        .restored = FLINK_CHECKPOINT_UNKNOWN,                                      \
                        .checkpoints_completed = FLINK_UNKNOWN,                                    \
                        .checkpoints_failed = FLINK_UNKNOWN,                                       \
                        .restarts = FLINK_UNKNOWN})
#define FLINK_OBSERVATION_NONE                                                                     \
    ((struct flink_observation){.task_manager_count = FLINK_UNKNOWN,                               \
                                .slots = FLINK_UNKNOWN,                                            \
                                .slots_free = FLINK_UNKNOWN,                                       \
                                .jobs_running = FLINK_UNKNOWN,                                     \
                                .jobs_finished = FLINK_UNKNOWN,                                    \
                                .jobs_canceled = FLINK_UNKNOWN,                                    \
                                .jobs_failed = FLINK_UNKNOWN,                                      \
                                .job = FLINK_JOB_NONE})

/// The TaskManager whose id is POD, or NULL (also when the list is unknown).
const struct flink_task_manager *flink_observation_task_manager(const struct flink_observation *o,
                                                                struct strview pod);

/// Whether A and B differ in something that a status, a plan or a person would take note of: not in
/// times of answers and heartbeats, nor in the count of misses below N. A newer checkpoint counts
/// by CHECKPOINTS alone: they complete every few seconds.
bool flink_observation_differs(const struct flink_observation *a, const struct flink_observation *b,
                               bool checkpoints);

#endif
