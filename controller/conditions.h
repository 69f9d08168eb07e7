// SPDX-License-Identifier: Apache-2.0
// What is true of a cluster, in the words of conditions. Pure; messages in the plan's arena.
#ifndef SLUICE_CONTROLLER_CONDITIONS_H
#define SLUICE_CONTROLLER_CONDITIONS_H

#include "controller/accept.h"
#include "controller/desired.h"
#include "controller/plan_pods.h"

/// What the status tells about.
struct situation {
    const struct acceptance *acceptance;
    struct desired desired; // when acceptance->has_last
    struct pod_list pods;
    struct pod_census census; // likewise
};

/// In this order in the list, always all of them. kstatus reads Reconciling and Stalled; a person
/// reads Ready.
#define STATUS_CONDITIONS(C)                                                                       \
    C(READY, "Ready")                                                                              \
    C(RECONCILING, "Reconciling")                                                                  \
    C(STALLED, "Stalled")                                                                          \
    C(ACCEPTED, "Accepted")                                                                        \
    C(AVAILABLE, "Available")                                                                      \
    C(JOB_RUNNING, "JobRunning")                                                                   \
    C(DEGRADED, "Degraded")

enum condition_type {
#define C(id, name) CONDITION_##id,
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
