// SPDX-License-Identifier: Apache-2.0
// What is true of a cluster, in the words of conditions. Pure; messages in the plan's arena.
//
// The seven types are always there. What else can be the matter is a reason of one of them, not a
// type of its own: a list of types that comes and goes is nothing that one can wait for. A message
// holds no number that changes while nothing happens, for each change of it is a write.
#ifndef SLUICE_CONTROLLER_CONDITIONS_H
#define SLUICE_CONTROLLER_CONDITIONS_H

#include "controller/accept.h"
#include "controller/desired.h"
#include "controller/job.h"
#include "controller/plan_pods.h"
#include "controller/steps.h"

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
    C(READY, "Ready",                                                                              \
      "All planned pods are ready, nothing waits or is in the way, and the job is not known to "   \
      "be down; or the job has finished.")                                                         \
    C(RECONCILING, "Reconciling",                                                                  \
      "Pods are being started or stopped, or an accepted change waits; the message tells.")        \
    C(STALLED, "Stalled",                                                                          \
      "It needs a person: the generation breaks rules (one accepted before goes on), the API "     \
      "server refuses a child, a pod is stuck, or the job ended otherwise than by finishing.")     \
    C(ACCEPTED, "Accepted",                                                                        \
      "The generation keeps all rules; otherwise the message has all faults.")                     \
    C(AVAILABLE, "Available", "A JobManager and the slots that are needed are ready.")             \
    C(JOB_RUNNING, "JobRunning",                                                                   \
      "Flink says that the job is RUNNING and that every task runs or has finished (of a batch "   \
      "job: that one does). Unknown: nobody knows, and nothing is concluded from that.")           \
    C(DEGRADED, "Degraded",                                                                        \
      "Something is wrong, whether the job runs or not; the first reason that applies, and all "   \
      "of them in the message.")

enum condition_type {
#define C(id, name, when) CONDITION_##id,
    STATUS_CONDITIONS(C)
#undef C
        CONDITION_COUNT
};

/// R(id, reason, the conditions that have it, what it means). For the reference page in this order.
#define STATUS_REASONS(R)                                                                          \
    R(ACCEPTED, "Accepted", "Accepted", "The spec keeps all rules.")                               \
    R(INVALID, "Invalid", "Accepted", "The spec breaks rules.")                                    \
    R(POLICIES_UNKNOWN, "PoliciesUnknown", "Accepted, Reconciling, Ready",                         \
      "The policies, or the labels of the namespace, are not known yet; the generation is judged " \
      "once they are.")                                                                            \
    R(NOT_ACCEPTED, "NotAccepted", "all others",                                                   \
      "The newest generation, or as yet any, is not accepted.")                                    \
    R(WAITING, "WaitingForUpgradeSupport", "Reconciling, Ready",                                   \
      "A good change that this release can't carry out; the accepted generation goes on.")         \
    R(STOPPING_OLD, "StoppingOldPods", "Reconciling, Ready",                                       \
      "Pods of an older revision have not ended; the new ones start after that.")                  \
    R(STARTING, "StartingPods", "Reconciling, Ready", "Not all planned pods are ready.")           \
    R(STOPPING, "StoppingPods", "Reconciling, Ready", "Pods that are not wanted have not ended.")  \
    R(UP_TO_DATE, "UpToDate", "Reconciling", "The objects are as the accepted spec says.")         \
    R(NOTHING_IN_THE_WAY, "NothingInTheWay", "Stalled", "No person is needed.")                    \
    R(FOREIGN_OBJECT, "ForeignObject", "Stalled, Ready", "Another's object has a child's name.")   \
    R(CHILD_REFUSED, "ChildRefused", "Stalled, Ready", "The API server refuses a child.")          \
    R(PODS_READY, "PodsReady", "Ready", "All planned pods are ready.")                             \
    R(ENOUGH_PODS, "EnoughPods", "Available", "As the type says.")                                 \
    R(NOT_ENOUGH_PODS, "NotEnoughPods", "Available", "Too few pods are ready.")                    \
    R(DELETING, "Deleting", "Reconciling, Ready, Available, JobRunning",                           \
      "The FlinkCluster is being deleted.")                                                        \
    R(SUSPENDED, "Suspended", "Ready, Available, JobRunning", "No pods are wanted.")               \
    R(SESSION_CLUSTER, "SessionCluster", "JobRunning", "It has no job of its own.")                \
    R(NOT_OBSERVED, "NotObserved", "JobRunning", "No JobManager of this run has answered yet.")    \
    R(NO_LEADER, "NoLeader", "JobRunning, Ready", "No JobManager leads at the moment.")            \
    R(LOST, "Lost", "JobRunning",                                                                  \
      "The leader did not answer several times in a row; what the job does is not known.")         \
    R(NOT_SUBMITTED, "NotSubmitted", "JobRunning, Ready",                                          \
      "Flink answers and has no job yet: its main() is still at work.")                            \
    R(NOT_FOUND, "JobNotFound", "JobRunning, Ready, Degraded",                                     \
      "Flink answers and no longer knows the job; nothing is concluded from that.")                \
    R(RECOVERING, "Recovering", "JobRunning, Ready",                                               \
      "A JobManager that answers since a moment has not taken up the job yet.")                    \
    R(INITIALIZING, "Initializing", "JobRunning, Ready", "Flink's state INITIALIZING.")            \
    R(CREATED, "Created", "JobRunning, Ready", "Flink's state CREATED: no slots were given yet.")  \
    R(TASKS_STARTING, "TasksStarting", "JobRunning, Ready",                                        \
      "Flink's state is RUNNING, but not every task runs yet.")                                    \
    R(RUNNING, "Running", "JobRunning", "As the type says.")                                       \
    R(RESTARTING, "Restarting", "JobRunning, Ready",                                               \
      "Flink restarts the job after a failure; the message has its root cause.")                   \
    R(FAILING, "Failing", "JobRunning, Ready", "Flink's state FAILING, with the root cause.")      \
    R(CANCELLING, "Cancelling", "JobRunning, Ready", "Flink's state CANCELLING.")                  \
    R(JOB_SUSPENDED, "JobSuspended", "JobRunning, Ready",                                          \
      "Flink's state SUSPENDED: its JobManager let go of it, another one will go on.")             \
    R(JOB_RECONCILING, "JobReconciling", "JobRunning, Ready", "Flink's state RECONCILING.")        \
    R(UNKNOWN_STATE, "UnknownState", "JobRunning", "Flink told a state that Sluice doesn't know.") \
    R(FINISHED, "Finished", "JobRunning, Ready, Available", "The job finished. Final.")            \
    R(FAILED, "Failed", "JobRunning, Ready, Available, Stalled, Degraded",                         \
      "The job failed, and Flink doesn't restart it any more. Final.")                             \
    R(CANCELED, "Canceled", "JobRunning, Ready, Available, Stalled, Degraded",                     \
      "Somebody cancelled the job in Flink. Final.")                                               \
    R(METADATA_LOST, "HAMetadataLost", "Stalled, Ready, Degraded",                                 \
      "All JobManagers are gone, and so is what Flink's HA ConfigMap knew of the job's "           \
      "checkpoints: no pod is made, for it would start the job from nothing.")                     \
    R(PODS_STUCK, "PodsStuck", "Stalled, Ready, Degraded",                                         \
      "Nothing goes on before a person acts on a pod; the message says why.")                      \
    R(PODS_FAILING, "PodsFailing", "Degraded", "Pods fail or can't start; the message says why.")  \
    R(VERSION, "FlinkVersionMismatch", "Degraded",                                                 \
      "Flink in the image is another version than spec.flinkVersion.")                             \
    R(SLOTS, "InsufficientSlots", "JobRunning, Ready, Degraded",                                   \
      "The job waits for slots although all TaskManagers are registered, or failed for want of "   \
      "them.")                                                                                     \
    R(RESTARTS, "FrequentRestarts", "Degraded",                                                    \
      "Flink restarted the job more than 3 times within the last 10 minutes.")                     \
    R(PODS_BACK_OFF, "PodsBackOff", "Degraded", "A place waits before its next pod.")              \
    R(NO_FAILURES, "NoFailures", "Degraded", "Nothing is wrong.")

enum condition_reason {
#define R(id, name, where, meaning) REASON_##id,
    STATUS_REASONS(R)
#undef R
        REASON_COUNT
};

/// "CamelCase".
struct strview reason_name(enum condition_reason reason);

enum condition_value {
    CONDITION_FALSE,
    CONDITION_TRUE,
    CONDITION_UNKNOWN,
};

struct condition {
    enum condition_value value;
    struct strview reason;
    struct strview message; // for people
};

struct condition condition_make(enum condition_value value, enum condition_reason reason,
                                struct strview message);

/// Adds what is wrong to *C, which is False while nothing is: the first reason stays, each TEXT
/// adds a sentence.
void condition_add_fault(const struct reconcile *rc, struct condition *c,
                         enum condition_reason reason, struct strview text);

bool condition_has(const struct condition *c, enum condition_reason reason);

/// The condition of TYPE as the status has it, or NULL.
const struct json *condition_stored(const struct reconcile *rc, enum condition_type type);

/// "Ready"; "True".
const char *condition_type_name(enum condition_type type);
const char *condition_value_name(enum condition_value value);

/// Fills RET[CONDITION_COUNT]. What changes by time alone asks S for another look.
void conditions_derive(struct steps *s, const struct situation *now, struct condition *ret);

/// How the cluster stands towards what is wanted.
struct standing {
    bool runs;     // a run is wanted
    bool ended;    // its job is over, for good
    bool complete; // exactly the wanted pods stand, and all are ready
    bool stopped;  // no run is wanted, and no pod is left
};
struct standing standing_of(const struct reconcile *rc, const struct situation *now);

#endif
