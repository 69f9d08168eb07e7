// SPDX-License-Identifier: Apache-2.0
// A review run to its end, and what its answer says, read by the view. For tests and the fuzzer.
#ifndef SLUICE_FAKES_REVIEW_CASE_H
#define SLUICE_FAKES_REVIEW_CASE_H

#include "common/json/view.h"
#include "webhook/review.h"

struct case_answer {
    struct review_result result;
    struct strview text; // what is sent
    // Of an AdmissionReview (http_status 200):
    bool allowed;
    struct strview uid;
    struct strview patch;        // decoded; SV_NONE: none
    struct strview message;      // of the status
    int64_t code;                // of the status; 0: none
    const struct json *causes;   // or NULL
    const struct json *warnings; // or NULL
    const struct json *audit;    // or NULL
};

/// Runs the review and holds its answer to what every answer must be; an ASSERT() fails when it is
/// not. All memory is ARENA's.
void case_review(struct strview body, enum review_kind kind, struct arena *arena,
                 struct case_answer *ret);

/// The same in CONTEXT.
void case_review_in(const struct review_context *context, struct strview body,
                    enum review_kind kind, struct arena *arena, struct case_answer *ret);

/// BODY, whose request.object gets PATCH as the API server would apply it.
struct strview case_review_patched(struct strview body, struct strview patch, struct arena *arena);

/// Whether one of the causes is of FIELD.
bool case_has_cause(const struct case_answer *a, const char *field);

#endif
