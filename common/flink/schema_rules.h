// SPDX-License-Identifier: Apache-2.0
// The table of the CRD's CEL rules, for its generator and the reference page. The verdict is
// flink_schema_rules() in flink/decode.h. Static data.
#ifndef SLUICE_FLINK_SCHEMA_RULES_H
#define SLUICE_FLINK_SCHEMA_RULES_H

#include "common/kind/kind.h"

const struct schema_rule *schema_rules(size_t *count);

#endif
