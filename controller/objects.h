// SPDX-License-Identifier: Apache-2.0
// The children of a cluster that are neither pods nor configuration, as JSON: names, labels, owner.
// Pure; texts in the plan's arena.
#ifndef SLUICE_CONTROLLER_OBJECTS_H
#define SLUICE_CONTROLLER_OBJECTS_H

#include "common/json/out.h"
#include "common/k8s/labels.h"
#include "controller/reconcile.h"
#include "controller/names.h"
#include "controller/record.h"

#define FLINK_PORT_RPC    6123
#define FLINK_PORT_BLOB   6124
#define FLINK_PORT_REST   8081
#define FLINK_PORT_TM_RPC 6122 // of render format 1
#define FLINK_PORT_DATA   6121

/// What stands at the head of every child. Absent texts are left out.
struct object_head {
    enum child_kind kind;
    struct strview name;
    const char *component;  // "jobmanager", "taskmanager", "account", …
    struct strview version; // of Flink
    struct strview revision, run;
    struct labels annotations;
    struct labels more_labels;
};

/// Writes `apiVersion`, `kind` and `metadata` (name, namespace, labels, annotations, owner).
void object_head_put(const struct reconcile *rc, const struct object_head *head,
                     struct json_out *o);

/// Names: `<c>-flink` (account and binding), `<c>-rest`, `<c>-jobmanager` (Service, budget).
struct strview account_name(const struct reconcile *rc, const struct record *r);
bool account_is_ours(const struct record *r);
struct strview binding_name(const struct reconcile *rc);
struct strview rest_service_name(const struct reconcile *rc);
struct strview job_manager_service_name(const struct reconcile *rc);

/// The account that carries the cloud identity; only when account_is_ours().
struct strview account_text(const struct reconcile *rc, const struct record *r);
/// The account's right to Flink's HA ConfigMaps.
struct strview binding_text(const struct reconcile *rc, const struct record *r);
/// The web UI and REST API of the run's JobManagers that are ready.
struct strview rest_service_text(const struct reconcile *rc, const struct record *r);
/// Headless, of the run's JobManagers whether ready or not: TaskManagers find it before that.
struct strview job_manager_service_text(const struct reconcile *rc, const struct record *r);
/// Keeps all JobManagers but one through drains. REPLICAS > 1.
struct strview budget_text(const struct reconcile *rc, const struct record *r, int64_t replicas);

/// The selector `sluice.dev/cluster=…,sluice.dev/component=…`, for status.taskManager.selector.
struct strview selector_text(const struct reconcile *rc, enum pod_role role);

#endif
