// SPDX-License-Identifier: Apache-2.0
// A FlinkPolicy's status, described by the rows of status.def for the CRD, the reference page and
// `sluice explain`. The controller writes these names and no others: what the schema doesn't know
// the API server prunes.
#ifndef SLUICE_POLICY_STATUS_H
#define SLUICE_POLICY_STATUS_H

#include "common/kind/field.h"
#include "common/policy/status.def"

FIELD_DECLARE(policy_condition, POLICY_CONDITION_FIELDS)
FIELD_DECLARE(policy_example, POLICY_EXAMPLE_FIELDS)
FIELD_DECLARE(policy_status, POLICY_STATUS_FIELDS)

#endif
