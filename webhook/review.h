// SPDX-License-Identifier: Apache-2.0
// A review from bytes to bytes: AdmissionReview in, AdmissionReview out. The whole engine of the
// webhook, also of `sluice review` and the fuzzers. Pure: no clock, no I/O, no log.
#ifndef SLUICE_WEBHOOK_REVIEW_H
#define SLUICE_WEBHOOK_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/k8s/admission.h"
#include "common/k8s/violation.h"

struct policy_set;   // common/policy/set.h
struct policy_world; // common/policy/world.h

/// X(id, label and path's first word)
#define REVIEW_KINDS(X)                                                                            \
    X(MUTATE, "mutate")                                                                            \
    X(VALIDATE, "validate")

enum review_kind {
#define X(id, name) REVIEW_##id,
    REVIEW_KINDS(X)
#undef X
        REVIEW_KIND_COUNT
};

/// How a review ended, for the log line and the metrics.
#define REVIEW_VERDICTS(X)                                                                         \
    X(ALLOWED, "allowed")                                                                          \
    X(PATCHED, "patched")                                                                          \
    X(DENIED, "denied")       /* the object has faults */                                          \
    X(MALFORMED, "malformed") /* the review itself has: refused under its uid, or HTTP 400 */      \
    X(RETRY, "retry")         /* not known yet: HTTP 429, the API server asks again */             \
    X(ERROR, "error")         /* out of memory */

enum review_verdict {
#define X(id, name) REVIEW_##id,
    REVIEW_VERDICTS(X)
#undef X
        REVIEW_VERDICT_COUNT
};

/// Memory of one review at most: the tree of 100,000 values and 7 MiB of strings, and the answer.
#define REVIEW_ARENA_MAX ((size_t)40 << 20)
/// Bytes of a response at most.
#define REVIEW_RESPONSE_MAX ((size_t)1 << 20)
/// Causes of one refusal at most; further ones are counted.
#define REVIEW_CAUSES_MAX 256

/// Findings that are told apart at most; further ones are only in `causes` and `warnings`.
#define REVIEW_FINDINGS_MAX 32

/// What a review is of.
#define REVIEW_OBJECTS(X)                                                                          \
    X(UNKNOWN, "unknown")                                                                          \
    X(CLUSTER, "flinkcluster")                                                                     \
    X(SCALE, "scale") /* autoscaling/v1 Scale of flinkclusters/scale */                            \
    X(POLICY, "flinkpolicy")

enum review_object {
#define X(id, name) REVIEW_OBJECT_##id,
    REVIEW_OBJECTS(X)
#undef X
        REVIEW_OBJECT_COUNT
};

/// How often a rule spoke in one review.
struct review_finding {
    struct strview policy; // the text of the context's policies; absent: a rule of Sluice itself
    const char *rule;      // static
    enum severity severity;
    size_t count;
};

struct review_result {
    enum review_verdict verdict;
    // 200; 429 when `retry`; 400, 413 or 500 when no uid could be answered: OUT is plain text then,
    // or empty (500) when there is no memory even for that.
    int http_status;
    int code; // status.code of a refusal; 0 when allowed
    // The verdict depends on what the context doesn't know yet: answer with Retry-After: 1, and the
    // API server asks again within its deadline.
    bool retry;
    enum review_object object;
    bool dry_run;
    size_t causes, warnings, audits;
    size_t finding_count;
    enum admission_operation operation;
    // Borrowed from the arena, for the log line; SV_NONE when not known.
    struct strview uid, ns, name, username;
    struct review_finding findings[REVIEW_FINDINGS_MAX]; // last: set up to the count alone
};

/// The namespaces that are judged, all when there are none: a FlinkCluster of another is allowed as
/// it is. A guard beside the webhook configuration's namespaceSelector.
struct review_scope {
    const char *const *namespaces;
    size_t count;
};

/// All that a verdict rests on beside the body. Borrowed, unchanged while the review runs, and the
/// policies as long as the result's findings are read. Zeroed: everywhere, no policies, nothing
/// known of the world.
struct review_context {
    struct review_scope scope;
    const struct policy_set *policies; // NULL: none
    const struct policy_world *world;  // NULL: nothing is known
    /// What is known of a stored FlinkCluster, as JSON text: its metadata (name, namespace,
    /// annotations) and the members of spec that sizes depend on. False: not known. NULL: nothing
    /// is ever known; then a `scale` is judged by its own numbers alone.
    bool (*stored)(const void *ctx, struct strview ns, struct strview name,
                   struct strview *ret_json);
    const void *stored_ctx;
    int64_t now_ms; // Unix time, for exemptions
    /// Whether the review of UID may be asked for once more when the verdict rests on what is not
    /// known yet; false: its deadline is near, so it is refused. NULL: it always may. Asked at most
    /// once in a review.
    bool (*may_wait)(const void *ctx, struct strview uid);
    const void *wait_ctx;
};

/// Judges BODY and appends the answer to OUT (whose limit should be REVIEW_RESPONSE_MAX). ARENA
/// holds everything on the way; the caller resets it. Always answers. Reentrant.
void review_run(const struct review_context *context, struct strview body, enum review_kind kind,
                struct arena *arena, struct strbuf *out, struct review_result *ret);

/// The write of OBJECT, a FlinkCluster of namespace NS, where there is no API server: the create,
/// or the update of OLD. What mutation says, and where the schema lets the object pass, what
/// validation says of what mutation made of it. Findings into OUT, whose arena gives all memory;
/// *RET (may be NULL) is the object as it would be stored, NULL when it would not. 0; -1 with
/// E_INVALID when a verdict rests on what CONTEXT doesn't know yet, E_NOMEM.
MUST_USE int review_write(const struct review_context *context, const struct json *object,
                          const struct json *old, struct strview ns, struct violations *out,
                          const struct json **ret, struct err *err);

const char *review_kind_name(enum review_kind k);
const char *review_verdict_name(enum review_verdict v);
const char *review_object_name(enum review_object o);

#endif
