// SPDX-License-Identifier: Apache-2.0
#include "common/policy/status.h"

static const char *const CONDITION_STATUSES[] = {"True", "False", "Unknown", NULL};
static const char *const ENFORCEMENTS[] = {"Deny", "Warn", "Audit", NULL};

#define FIELD_TAG policy_condition
FIELD_DEFINE(policy_condition, "PolicyCondition", POLICY_CONDITION_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_example
FIELD_DEFINE(policy_example, "PolicyExample", POLICY_EXAMPLE_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_status
FIELD_DEFINE(policy_status, "FlinkPolicyStatus", POLICY_STATUS_FIELDS)
#undef FIELD_TAG
