// SPDX-License-Identifier: Apache-2.0
#include "cli/judge.h"

#include "common/flink/cluster.h"
#include "common/flink/decode.h"
#include "common/flink/rules.h"
#include "common/flink/unknown.h"

void judge_create(const struct json *object, struct violations *v)
{
    struct flink_cluster now;
    flink_decode(object, &now, v);
    flink_schema_rules(&now, NULL, v);
    struct flink_rules_input input = {.now = &now, .before_defaults = true};
    flink_rules_check(&input, v);
    // The API server prunes these, or refuses them under strict field validation, kubectl's
    // default.
    flink_unknown_fields(object, v);
}
