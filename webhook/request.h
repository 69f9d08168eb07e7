// SPDX-License-Identifier: Apache-2.0
// One request: its body into one bounded buffer, then the review in this thread's arena. Knows
// nothing of HTTP beyond the status to answer. One thread at a time.
#ifndef SLUICE_WEBHOOK_REQUEST_H
#define SLUICE_WEBHOOK_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "webhook/budget.h"
#include "webhook/metrics.h"
#include "webhook/review.h"

/// controller-runtime's cap: two objects of the API server's 3 MiB, and what stands around them.
#define REQUEST_BODY_MAX ((size_t)7 << 20)

struct request {
    enum review_kind kind;
    enum reject reject; // REJECT_COUNT: none so far
    struct strbuf body;
    struct strbuf out; // the answer; stands until request_free()
    size_t reserved;   // of the budget
    int64_t start_ns;
    int64_t patience_ms; // the caller's: see patience.h
};

/// SIZE is Content-Length, or SIZE_MAX when it isn't told. NULL: out of memory; a request that may
/// not come in has `reject` set. Free it with request_free().
struct request *request_new(enum review_kind kind, size_t size, struct budget *budget);
/// One whose body is dropped as it comes.
struct request *request_new_refused(enum review_kind kind, enum reject reject);
void request_free(struct request *r, struct budget *budget);

/// The next piece of the body. After a rejection pieces are dropped.
void request_append(struct request *r, struct strview piece, struct budget *budget);

/// Runs the review on the whole body. r->out gets the answer; *RET stays valid until the next
/// review of this thread. False: rejected (r->reject tells), nothing in r->out. At most one large
/// body is reviewed at once: its tree costs several times its size. CONTEXT as in review_run().
bool request_review(struct request *r, const struct review_context *context,
                    struct review_result *ret);

#endif
