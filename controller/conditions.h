// SPDX-License-Identifier: Apache-2.0
// What is true of a cluster, in the words of conditions. Pure; messages in the plan's arena.
#ifndef SLUICE_CONTROLLER_CONDITIONS_H
#define SLUICE_CONTROLLER_CONDITIONS_H

#include "controller/accept.h"
#include "controller/desired.h"
#include "controller/job.h"
#include "controller/plan_pods.h"

/// What the status tells about.
struct situation {
    const struct acceptance *acceptance;
    struct job_view job;    // when acceptance->has_last
    struct desired desired; // likewise
    struct pod_list pods;
    struct pod_census census; // likewise
};

/// C(id, type, when it is True). In this order in the list, always all of them. kstatus reads
/// Reconciling and Stalled; a person reads Ready.
#define STATUS_CONDITIONS(C)                                                                       \
    C(READY, "Ready", "All planned pods are ready, and nothing waits or is in the way.")           \
    C(RECONCILING, "Reconciling",                                                                  \
      "Pods are being started or stopped, or an accepted change waits; the message tells.")        \
    C(STALLED, "Stalled",                                                                          \
      "It needs a person: the generation breaks rules (one accepted before goes on), or the API "  \
      "server refuses a child.")                                                                   \
    C(ACCEPTED, "Accepted",                                                                        \
      "The generation keeps all rules; otherwise the message has all faults.")                     \
    C(AVAILABLE, "Available", "A JobManager and the slots that are needed are ready.")             \
    C(JOB_RUNNING, "JobRunning", "The job runs. Unknown as long as Flink's REST API is not read.") \
    C(DEGRADED, "Degraded", "Pods are failing, or a failed one waits for its next try.")

enum condition_type {
#define C(id, name, when) CONDITION_##id,
    STATUS_CONDITIONS(C)
#undef C
        CONDITION_COUNT
};

enum condition_value {
    CONDITION_FALSE,
    CONDITION_TRUE,
    CONDITION_UNKNOWN,
};

struct condition {
    enum condition_value value;
    const char *reason;     // CamelCase
    struct strview message; // for people
};

/// Fills RET[CONDITION_COUNT].
void conditions_derive(const struct reconcile *rc, const struct situation *now,
                       struct condition *ret);

/// One word for people: Rejected, Waiting (pods without a record), Suspending, Suspended, Updating,
/// Starting, Failing, Degraded, Scaling, Running.
const char *phase_derive(const struct reconcile *rc, const struct situation *now,
                         const struct condition *conditions);

#endif
