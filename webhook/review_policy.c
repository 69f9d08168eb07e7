// SPDX-License-Identifier: Apache-2.0
// The reviews of a FlinkPolicy: its schema, and whether every part of it can be compiled.
#include "common/policy/policy.h"
#include "common/policy/set.h"
#include "webhook/review_run.h"

void review_policy(struct review *r)
{
    if (r->kind == REVIEW_MUTATE || r->request.operation == ADMISSION_DELETE) {
        review_allow(r);
        return;
    }
    struct flink_policy policy;
    policy_decode_update(r->request.object, r->request.old_object, &policy, &r->violations);
    (void)policy_compile(&policy, r->arena, &r->violations);
    review_answer_violations(r);
}
