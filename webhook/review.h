// SPDX-License-Identifier: Apache-2.0
// A review from bytes to bytes: AdmissionReview in, AdmissionReview out. The whole engine of the
// webhook, also of `sluice review` and the fuzzers. Pure: no clock, no I/O, no log.
#ifndef SLUICE_WEBHOOK_REVIEW_H
#define SLUICE_WEBHOOK_REVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/k8s/admission.h"

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

struct review_result {
    enum review_verdict verdict;
    // 200; 400, 413 or 500 when no uid could be answered: OUT is plain text then, or empty (500)
    // when there is no memory even for that.
    int http_status;
    int code; // status.code of a refusal; 0 when allowed
    size_t causes, warnings;
    enum admission_operation operation;
    // Borrowed from the arena, for the log line; SV_NONE when not known.
    struct strview uid, ns, name, username;
};

/// The namespaces that are judged, all when there are none: a FlinkCluster of another is allowed as
/// it is. A guard beside the webhook configuration's namespaceSelector.
struct review_scope {
    const char *const *namespaces;
    size_t count;
};

/// Judges BODY and appends the answer to OUT (whose limit should be REVIEW_RESPONSE_MAX). ARENA
/// holds everything on the way; the caller resets it. Always answers. Reentrant.
void review_run(struct strview body, enum review_kind kind, struct arena *arena, struct strbuf *out,
                struct review_result *ret);

/// The same within SCOPE; NULL: everywhere.
void review_run_within(const struct review_scope *scope, struct strview body, enum review_kind kind,
                       struct arena *arena, struct strbuf *out, struct review_result *ret);

const char *review_kind_name(enum review_kind k);
const char *review_verdict_name(enum review_verdict v);

#endif
