// SPDX-License-Identifier: Apache-2.0
// The condition JobRunning, and what else Flink tells that is wrong. Pure; messages in the plan's
// arena.
#ifndef SLUICE_CONTROLLER_CONDITIONS_JOB_H
#define SLUICE_CONTROLLER_CONDITIONS_JOB_H

#include "controller/conditions.h"

/// A leader that was just elected may not have taken up its jobs, and a JobManager that died may
/// have a successor in a moment: so long nothing is told of a lost job.
#define JOB_RECOVERY_MS 30000
/// A job that waits so long for slots, with all TaskManagers registered, has too few.
#define JOB_SLOTS_MS 60000
/// More restarts than this within that time are too many.
#define JOB_RESTARTS_MAX       3
#define JOB_RESTARTS_WINDOW_MS 600000

/// Of an application cluster whose pods are wanted.
struct condition job_condition(struct steps *s, const struct situation *now);

/// Adds what Flink tells that is wrong to *C, the condition Degraded; RUNNING is JobRunning.
void job_faults_add(struct steps *s, const struct situation *now, const struct condition *running,
                    struct condition *c);

/// What status.job.state says: Flink's word, "Lost", or absent: nothing is known, or what is stored
/// stays.
struct strview job_state_text(const struct reconcile *rc, const struct situation *now,
                              const struct condition *running);

#endif
