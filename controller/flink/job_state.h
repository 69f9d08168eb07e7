// SPDX-License-Identifier: Apache-2.0
// Flink's job states (org.apache.flink.api.common.JobStatus, the same from 1.17 to 2.3). Pure.
#ifndef SLUICE_CONTROLLER_FLINK_JOB_STATE_H
#define SLUICE_CONTROLLER_FLINK_JOB_STATE_H

#include <stdbool.h>

#include "common/base/strview.h"

/// X(id, terminal): globally terminal, that is, over wherever it runs. SUSPENDED is not: a
/// JobManager that lost the leadership lets go of a job so, and another one goes on with it.
#define FLINK_JOB_STATES(X)                                                                        \
    X(INITIALIZING, false)                                                                         \
    X(CREATED, false)                                                                              \
    X(RUNNING, false)                                                                              \
    X(FAILING, false)                                                                              \
    X(FAILED, true)                                                                                \
    X(CANCELLING, false)                                                                           \
    X(CANCELED, true)                                                                              \
    X(FINISHED, true)                                                                              \
    X(RESTARTING, false)                                                                           \
    X(SUSPENDED, false)                                                                            \
    X(RECONCILING, false)

enum flink_job_state {
    FLINK_JOB_STATE_UNKNOWN, // not told, or a word that no known Flink uses
#define X(id, terminal) FLINK_JOB_##id,
    FLINK_JOB_STATES(X)
#undef X
        FLINK_JOB_STATE_COUNT
};

/// The state of that exact name.
enum flink_job_state flink_job_state_parse(struct strview name);

/// Flink's name; "UNKNOWN" for FLINK_JOB_STATE_UNKNOWN.
const char *flink_job_state_name(enum flink_job_state state);

bool flink_job_state_terminal(enum flink_job_state state);

#endif
