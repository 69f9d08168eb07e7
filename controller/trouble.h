// SPDX-License-Identifier: Apache-2.0
// What keeps a pod from its work, in one line for people: the reason is brought up from where
// Kubernetes hides it (a waiting container, a last termination, a condition of the pod). Pure.
#ifndef SLUICE_CONTROLLER_TROUBLE_H
#define SLUICE_CONTROLLER_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"

enum trouble_severity {
    TROUBLE_WAITS, // others are at it (scheduler, node): tell it with what is being waited for
    TROUBLE_FAILS, // it is tried again and may mend itself, or not: the cluster is degraded
    TROUBLE_STUCK, // nothing goes on before a person acts
    TROUBLE_SEVERITY_COUNT
};

/// The kinds, the one that explains most first. X(id, severity, words, text): WORDS are those of
/// Kubernetes; TEXT is what it means and, where that helps, what to do. Static.
#define POD_TROUBLES(X)                                                                            \
    X(LOCKED, STUCK, "Terminating",                                                                \
      "it is deleted but not reported gone, and without HA no other JobManager may start before "  \
      "that. When its node is lost for good: kubectl delete pod --force, or the node's taint "     \
      "node.kubernetes.io/out-of-service")                                                         \
    X(HOLDS_UP, STUCK, "Terminating",                                                              \
      "it is of an older revision, deleted but not reported gone, and the new revision starts "    \
      "after that. When its node is lost for good: kubectl delete pod --force, or the node's "     \
      "taint node.kubernetes.io/out-of-service")                                                   \
    X(IMAGE_NAME, STUCK, "InvalidImageName", "the image's name is not valid")                      \
    X(OUT_OF_MEMORY, FAILS, "OOMKilled", "it needed more memory than its limit")                   \
    X(CRASH_LOOP, FAILS, "CrashLoopBackOff", "it ends again and again")                            \
    X(IMAGE_PULL, FAILS, "ImagePullBackOff, ErrImageNeverPull, …", "the image can't be pulled")    \
    X(CONFIG, FAILS, "CreateContainerConfigError",                                                 \
      "a Secret or ConfigMap that it names can't be used")                                         \
    X(START, FAILS, "CreateContainerError, RunContainerError, …",                                  \
      "the container can't be started")                                                            \
    X(EVICTED, FAILS, "Evicted", "the node had to get rid of it")                                  \
    X(NOT_ADMITTED, FAILS, "OutOfcpu, NodeAffinity, …", "the node refused it or went away")        \
    X(ENDED, FAILS, "Error, Completed, …", "it ended")                                             \
    X(FAILED_BEFORE, FAILS, "", "those before it in its place failed")                             \
    X(UNSCHEDULABLE, WAITS, "Unschedulable", "no node takes it")                                   \
    X(GATED, WAITS, "SchedulingGated", "a scheduling gate holds it")                               \
    X(SLOW, WAITS, "ContainerCreating, PodInitializing",                                           \
      "its containers are not made after five minutes; kubectl describe pod tells more")

enum trouble_kind {
    TROUBLE_NONE,
#define X(id, severity, words, text) TROUBLE_##id,
    POD_TROUBLES(X)
#undef X
        TROUBLE_KIND_COUNT
};

struct trouble_kind_info {
    enum trouble_severity severity;
    const char *text;
};
/// By kind; that of TROUBLE_NONE has no text.
extern const struct trouble_kind_info TROUBLE_INFO[TROUBLE_KIND_COUNT];

#define TROUBLE_NO_CODE ((int64_t)-1)

struct pod_trouble {
    enum trouble_kind kind;
    struct strview pod;
    struct strview container; // absent: the pod as a whole
    struct strview reason;    // Kubernetes' word: "ImagePullBackOff", "OOMKilled"; absent: none
    struct strview message;   // its words, or the cause in the log's end; one line, absent: none
    int64_t exit_code;        // TROUBLE_NO_CODE: none is told
};

/// Appends "OOMKilled, exit code 137: message", at most TROUBLE_WHAT_MAX bytes.
#define TROUBLE_WHAT_MAX 512
void trouble_put_what(struct strbuf *b, const struct pod_trouble *t);

/// Appends "pod fraud-tm-…: container flink-main-container: ImagePullBackOff: …". A kind whose text
/// says what to do ends with that text.
void trouble_put(struct strbuf *b, const struct pod_trouble *t);

/// Whether MESSAGE tells of T already: same pod, container and reason, in whatever words.
bool trouble_is_told(const struct pod_trouble *t, struct strview message);

/// The one line of TEXT that names the cause, without what surrounds it: of a Java stack trace the
/// last "Caused by: …" (then without these words), else the last line that names an exception or
/// error (without "Exception in thread …"), else the last line that says anything. At most
/// CAUSE_LINE_MAX bytes, cut between characters. Borrowed from TEXT.
#define CAUSE_LINE_MAX 420
struct strview cause_line(struct strview text);

#endif
