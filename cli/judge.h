// SPDX-License-Identifier: Apache-2.0
// What the webhook would say of an object that is created, without an API server: schema, unknown
// fields, rules. Pure.
#ifndef SLUICE_CLI_JUDGE_H
#define SLUICE_CLI_JUDGE_H

#include "common/json/view.h"
#include "common/k8s/violation.h"

/// Every fault and warning of OBJECT, a FlinkCluster, into V.
void judge_create(const struct json *object, struct violations *v);

#endif
