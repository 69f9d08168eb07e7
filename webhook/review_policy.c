// SPDX-License-Identifier: Apache-2.0
// The reviews of a FlinkPolicy: its schema, and what it must be beyond that.
#include "common/policy/admit.h"
#include "common/policy/policy.h"
#include "webhook/review_run.h"

void review_policy(struct review *r)
{
    if (r->kind == REVIEW_MUTATE || r->request.operation == ADMISSION_DELETE) {
        review_allow(r);
        return;
    }
    const struct json *stored = r->request.old_object;
    struct flink_policy policy, old;
    policy_decode_update(r->request.object, stored, &policy, &r->violations);
    if (stored != NULL) {
        struct violations ignored = VIOLATIONS(r->arena, 0);
        policy_decode(stored, &old, &ignored);
    }
    const struct policy_admit_input in = {.now = &policy,
                                          .old = stored != NULL ? &old : NULL,
                                          .others = r->context->policies,
                                          .now_ms = r->context->now_ms};
    policy_admit(&in, &r->violations);
    review_answer_violations(r);
}
