// SPDX-License-Identifier: Apache-2.0
// The phase of a FlinkCluster. Pure.
#ifndef SLUICE_CONTROLLER_PHASE_H
#define SLUICE_CONTROLLER_PHASE_H

#include "controller/conditions.h"

/// P(id, phase, when). One word for people; of several that apply, the one that says most.
#define STATUS_PHASES(P)                                                                           \
    P(REJECTED, "Rejected", "The spec breaks rules, and none was accepted before.")                \
    P(WAITING, "Waiting", "Pods are there, but no record that tells what they are.")               \
    P(STARTING, "Starting", "Pods or the job are being started for the first time.")               \
    P(UPDATING, "Updating", "Pods of the revision before have not ended.")                         \
    P(RUNNING, "Running", "The job runs; of a session cluster: all pods are ready.")               \
    P(SCALING, "Scaling", "It runs, and TaskManagers are being added or removed.")                 \
    P(RESTARTING, "Restarting", "The job is on its way back after a failure or a lost leader.")    \
    P(DEGRADED, "Degraded", "It runs, and something is wrong.")                                    \
    P(FAILING, "Failing", "It can't run for what is wrong; it is being tried again.")              \
    P(LOST, "Lost", "Nobody knows what the job does.")                                             \
    P(CANCELING, "Canceling", "The job is being cancelled in Flink.")                              \
    P(FINISHED, "Finished", "The job finished.")                                                   \
    P(FAILED, "Failed", "The job failed for good.")                                                \
    P(CANCELED, "Canceled", "The job was cancelled in Flink.")                                     \
    P(SUSPENDING, "Suspending", "The job is to be suspended; its pods have not ended.")            \
    P(SUSPENDED, "Suspended", "No pods, as the spec says.")                                        \
    P(DELETING, "Deleting", "The FlinkCluster is being deleted.")

enum status_phase {
#define P(id, name, when) PHASE_##id,
    STATUS_PHASES(P)
#undef P
        PHASE_COUNT
};

const char *phase_name(enum status_phase phase);

enum status_phase phase_derive(const struct reconcile *rc, const struct situation *now,
                               const struct condition *conditions);

#endif
