// SPDX-License-Identifier: Apache-2.0
// What the webhook would say of an object that is created, without an API server: schema, unknown
// fields, rules. Pure.
#ifndef SLUICE_CLI_JUDGE_H
#define SLUICE_CLI_JUDGE_H

#include "common/json/view.h"
#include "common/k8s/violation.h"
#include "webhook/review.h"

/// Every finding of OBJECT, a FlinkCluster of namespace NS, into V. *RET and -1 as review_write()
/// says.
MUST_USE int judge_create(const struct review_context *context, const struct json *object,
                          struct strview ns, struct violations *v, const struct json **ret,
                          struct err *err);

/// The same of a FlinkPolicy, which may contradict those of CONTEXT.
void judge_create_policy(const struct review_context *context, const struct json *object,
                         struct violations *v);

#endif
