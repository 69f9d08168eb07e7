// SPDX-License-Identifier: Apache-2.0
// Every way by which the pods of a FlinkCluster could come to a cloud identity. Pure.
#ifndef SLUICE_POLICY_WAYS_H
#define SLUICE_POLICY_WAYS_H

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/flink/cluster.h"
#include "common/flink/effective.h"
#include "common/flink/places.h"
#include "common/refs/role.h"

enum way_kind {
    WAY_ROLE,    // TEXT is the identity, be it well formed or not
    WAY_ACCOUNT, // TEXT is a ServiceAccount, whose identity is not seen here
    WAY_HIDDEN,  // an identity that can't be told; WHY says what it is and what would be right
    WAY_SECRET,  // the same, and TEXT must not be shown
    WAY_UNSEEN,  // something that may hold one, and mostly doesn't
};

struct way {
    enum way_kind kind;
    bool own;              // spec.iamRole itself
    struct strview path;   // as text
    struct strview text;   // may be absent
    struct strview source; // of a variable without a value here: its valueFrom; else absent
    const char *why;       // static
    struct role role;      // of a WAY_ROLE
    const char *fault;     // why its text is no role, or NULL
};

/// All of C's, which comes to E; the one of `iamRole` first. Texts are those of the tree, or
/// ARENA's. A full arena shows in arena_ok().
const struct way *ways_find(const struct flink_cluster *c, const struct flink_effective *e,
                            struct arena *arena, size_t *n);

/// A list that grows while the ways are found. For ways*.c alone.
struct ways {
    struct arena *arena;
    struct way *items;
    size_t n, cap;
};

/// At PATH, rendered here. WHY may be NULL for a role.
void ways_add(struct ways *list, enum way_kind kind, const struct path *path, struct strview text,
              const char *why);

/// Whether NAME, or KEY, may be a variable, or an option, that is listed, by its first two letters:
/// nearly none is.
bool ways_may_be_variable(struct strview name);
bool ways_may_be_option(struct strview key);
/// One environment variable with VALUE, or without one that is seen here (SV_NONE).
void ways_of_variable(struct ways *list, const struct path *path, struct strview name,
                      struct strview value);
/// Options of a JVM.
void ways_of_java(struct ways *list, const struct path *path, struct strview options);
/// One Flink option.
void ways_of_option(struct ways *list, const struct path *path, struct strview key,
                    struct strview value);

#endif
