// SPDX-License-Identifier: Apache-2.0
// The rules of a FlinkCluster beyond its schema, as a table (rules.def): each has an id, what it
// looks at, why it is there, and fixtures that it accepts and rejects. Pure.
#ifndef SLUICE_FLINK_RULES_H
#define SLUICE_FLINK_RULES_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/flink/cluster.h"
#include "common/flink/effective.h"
#include "common/k8s/violation.h"

/// "true" keeps the object from being deleted.
#define FLINK_DELETION_PROTECTION_ANNOTATION "sluice.dev/deletion-protection"
/// "true" lets a job with state go from Flink 1.x to 2.x.
#define FLINK_ACCEPT_STATE_RISK_ANNOTATION "sluice.dev/accept-state-risk"

struct flink_rules_input {
    const struct flink_cluster *now; // as it will be stored (after mutation)
    const struct flink_cluster *old; // NULL on a create
    // NOW is judged before its defaults were filled in (the mutating webhook, when the schema
    // refuses the object anyway): what the defaults would fill is not missed.
    bool before_defaults;
    // Only taskManager.replicas changes, by the `scale` subresource: only the rules that look at
    // sizes are asked, and they name the Scale's own field. NOW and OLD may be summaries.
    bool scale;
    // Not NULL: gets what NOW comes to, worked out here, for who asks about it next.
    struct flink_effective *effective;
};

/// Judges INPUT by every rule: denials and warnings into OUT, whose arena gives all memory. With an
/// old object the ratchet holds: a violation (rule, path, value) that the old object has too comes
/// out as a warning. A full arena shows in arena_ok(): the verdict is then incomplete.
void flink_rules_check(const struct flink_rules_input *input, struct violations *out);

/// Judges the deletion of OLD.
void flink_rules_check_delete(const struct flink_cluster *old, struct violations *out);

/// One rule for people: `sluice explain RULE`, the reference page.
struct flink_rule_info {
    const char *id;
    const char *summary; // what it demands, one line
    const char *why;     // the reason, with its source
    bool on_create, on_update, on_delete;
};
const struct flink_rule_info *flink_rule_infos(size_t *count);

#endif
