// SPDX-License-Identifier: Apache-2.0
// What a rule sees and how it speaks. For the rules_*.c alone. Pure.
#ifndef SLUICE_FLINK_RULES_RUN_H
#define SLUICE_FLINK_RULES_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/path.h"
#include "common/flink/cluster.h"
#include "common/flink/effective.h"
#include "common/k8s/violation.h"

struct rule_run {
    const char *id; // of the rule at work
    const struct flink_cluster *now;
    const struct flink_cluster *old;      // NULL on a create
    const struct flink_effective *e;      // of NOW, with its resources
    const struct flink_effective *old_e;  // of OLD, or NULL
    const struct violations *conf_faults; // what reading flinkConfiguration found
    bool before_defaults;
    bool scale;
    struct arena *arena;
    struct violations *out;
};

#define RULE(id, when, summary, why) void rule_##id(struct rule_run *r);
#include "common/flink/rules.def"
#undef RULE

// Paths as chains of values in the calling block.
#define UNDER(up, name) (&PATH_FIELD_OF((up), SV(name)))
#define SPEC            UNDER(NULL, "spec")

#define rule_deny(r, reason, path, value, ...)                                                     \
    violation_deny((r)->out, (r)->id, (reason), (path), (value), __VA_ARGS__)
#define rule_warn(r, path, ...) violation_warn((r)->out, (r)->id, (path), __VA_ARGS__)

/// Values as messages show them.
struct strview rule_quote(const struct rule_run *r, struct strview s);
struct strview rule_number(const struct rule_run *r, int64_t v);

/// Whether the user put something at that member, of whatever type: a badly typed value has its
/// fault already, and is not missed.
bool rule_stands(const struct json *object, const char *key);

/// NOW's annotation, or SV_NONE.
struct strview rule_annotation(const struct flink_cluster *c, const char *key);

/// Whether a change of the spec carries state over: an application that is not Stateless.
bool rule_carries_state(const struct rule_run *r);

/// Findings from MARK on, made by another module, are the running rule's.
void rule_adopt(struct rule_run *r, size_t mark);

/// The two roles' parts of the spec.
#define RULE_ROLES 2
extern const char *const RULE_ROLE_FIELDS[RULE_ROLES]; // "jobManager", "taskManager"

#endif
