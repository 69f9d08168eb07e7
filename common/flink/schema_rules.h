// SPDX-License-Identifier: Apache-2.0
// The table of the CRD's CEL rules, for its generator and the reference page. The verdict is
// flink_schema_rules() in flink/decode.h. Static data.
#ifndef SLUICE_FLINK_SCHEMA_RULES_H
#define SLUICE_FLINK_SCHEMA_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/k8s/violation.h"

enum schema_node {
    SCHEMA_NODE_ROOT,
    SCHEMA_NODE_SPEC,
};

struct schema_rule {
    const char *id;
    enum schema_node node; // on which the rule stands: `self`
    bool transition;       // compares with oldSelf, so it is looked at on updates only
    const char *field;     // ".job": the field it points at, from its node
    enum cause_reason reason;
    const char *cel;
    const char *message;
};

const struct schema_rule *schema_rules(size_t *count);

#endif
