// SPDX-License-Identifier: Apache-2.0
// status.job. Pure.
#ifndef SLUICE_CONTROLLER_STATUS_JOB_H
#define SLUICE_CONTROLLER_STATUS_JOB_H

#include "common/json/out.h"
#include "controller/conditions.h"

/// The member KEY as metav1.Time.
void status_time_put(const char *key, int64_t unix_ms, struct json_out *o);

/// How often Flink restarted the job, and when last, as far as it was seen: Flink's own list is
/// short and begins anew with each JobManager, so it is added to what the status has.
struct job_restarts {
    int64_t n;       // FLINK_UNKNOWN: not told
    int64_t last_ms; // 0: not told
};
struct job_restarts status_restarts(const struct job_view *job);

/// The member `job` of a merge patch. What isn't known is left out, so that it stays as it was
/// stored, but for what was stored of another job.
void status_job_put(const struct reconcile *rc, const struct situation *now,
                    const struct condition *running, struct json_out *o);

#endif
