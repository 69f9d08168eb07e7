// SPDX-License-Identifier: Apache-2.0
// Everything that one reconcile of one FlinkCluster looks at, gathered before any decision: the
// object, its children as the watches show them, the time. From here to the plan all is pure, so a
// reconcile can be replayed from a fixture.
#ifndef SLUICE_CONTROLLER_OBSERVED_H
#define SLUICE_CONTROLLER_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/flink/cluster.h"
#include "common/json/view.h"
#include "controller/ha.h"

struct flink_observation;

/// Kinds of children, in the order in which they are made. X(id, apiVersion, Kind, plural, group,
/// version)
#define CHILD_KINDS(X)                                                                             \
    X(REVISION, "apps/v1", "ControllerRevision", "controllerrevisions", "apps", "v1")              \
    X(CONFIG_MAP, "v1", "ConfigMap", "configmaps", "", "v1")                                       \
    X(SERVICE_ACCOUNT, "v1", "ServiceAccount", "serviceaccounts", "", "v1")                        \
    X(ROLE_BINDING, "rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings",                 \
      "rbac.authorization.k8s.io", "v1")                                                           \
    X(SERVICE, "v1", "Service", "services", "", "v1")                                              \
    X(PDB, "policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1")             \
    X(POD, "v1", "Pod", "pods", "", "v1")

enum child_kind {
#define X(id, api_version, kind, plural, group, version) CHILD_##id,
    CHILD_KINDS(X)
#undef X
        CHILD_KIND_COUNT
};

struct child_kind_info {
    const char *api_version, *kind, *plural, *group, *version;
};
extern const struct child_kind_info CHILD_KIND_INFO[CHILD_KIND_COUNT];

/// Whether pods run with it. Where its name is taken they would have the rights and the role, or
/// the configuration, that somebody else put there.
static inline bool child_is_needed(enum child_kind kind)
{
    return kind == CHILD_SERVICE_ACCOUNT || kind == CHILD_CONFIG_MAP;
}

/// Children of one kind: trees borrowed from the store's snapshots, which outlive the reconcile.
struct children {
    const struct json *const *items;
    size_t n;
};

/// A child that the API server would not let us make, as the shell's last try ended: another's
/// object holds the name, or the object was refused (quota, Pod Security, an admission webhook).
/// Kept by the shell until the same create succeeds.
struct refused_child {
    enum child_kind kind;
    struct strview name;
    bool foreign;           // the name is taken by an object that isn't ours
    struct strview message; // the API server's words
};

struct observed {
    const struct json *object; // the FlinkCluster as stored, without managedFields
    struct flink_cluster cluster;
    struct strview uid, resource_version;
    int64_t generation;
    bool deleting;                              // deletionTimestamp is set
    int64_t created_ms, deleted_ms;             // Unix milliseconds; 0: not told, not deleted
    struct children children[CHILD_KIND_COUNT]; // owned by it (controller ownerReference, by UID)
    int64_t now_ms;                             // wall clock, Unix milliseconds
    const struct refused_child
        *refused; // filled in by the shell after observed_make(), may be empty
    size_t n_refused;
    struct ha_view ha;                     // what Flink's HA ConfigMaps tell, and who leads
    const struct flink_observation *flink; // what Flink's REST API told last, filled in by the
                                           // shell; NULL: it was never asked
};

/// Fills *RET from OBJECT and CHILDREN (CHILD_KIND_COUNT of them, in CHILD_* order); memory from
/// ARENA. 0, or -1 with E_INVALID when OBJECT is no FlinkCluster with name, namespace and uid,
/// E_NOMEM.
MUST_USE int observed_make(const struct json *object, const struct children *children,
                           int64_t now_ms, struct arena *arena, struct observed *ret,
                           struct err *err);

/// Adds the N HA ConfigMaps of this FlinkCluster's name (see ha.h; observed_make() knew of none).
/// MAPS are borrowed. 0, or -1 with E_NOMEM.
MUST_USE int observed_add_ha(struct observed *observed, const struct ha_map *maps, size_t n,
                             struct arena *arena, struct err *err);

/// Appends the children that the API server would not let us make, the oldest first: "Service
/// fraud-rest: another object has this name; …".
void observed_refused_put(struct strbuf *b, const struct observed *o);

#endif
