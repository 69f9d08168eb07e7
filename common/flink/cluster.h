// SPDX-License-Identifier: Apache-2.0
// A FlinkCluster as C sees it: views into the JSON tree that it was decoded from. Values, read-only
// after decoding; lives as long as the tree's arena.
#ifndef SLUICE_FLINK_CLUSTER_H
#define SLUICE_FLINK_CLUSTER_H

#include "common/flink/cluster.def"
#include "common/json/view.h"
#include "common/kind/field.h"

#define FLINK_GROUP   "sluice.dev"
#define FLINK_VERSION "v1beta1"
#define FLINK_KIND    "FlinkCluster"
#define FLINK_PLURAL  "flinkclusters"
/// DNS-1035, and short enough for Flink's cluster-id (45) with the run's suffix.
#define FLINK_NAME_MAX 40

FIELD_DECLARE(resources_spec, RESOURCES_FIELDS)
FIELD_DECLARE(job_manager_spec, JOB_MANAGER_FIELDS)
FIELD_DECLARE(task_manager_spec, TASK_MANAGER_FIELDS)
FIELD_DECLARE(storage_spec, STORAGE_FIELDS)
FIELD_DECLARE(ingress_tls_spec, INGRESS_TLS_FIELDS)
FIELD_DECLARE(ingress_spec, INGRESS_FIELDS)
FIELD_DECLARE(secret_ref, SECRET_REF_FIELDS)
FIELD_DECLARE(job_spec, JOB_FIELDS)
FIELD_DECLARE(rollback_spec, ROLLBACK_FIELDS)
FIELD_DECLARE(ha_options, HA_OPTIONS_FIELDS)
FIELD_DECLARE(flink_options, OPTIONS_FIELDS)
FIELD_DECLARE(cluster_spec, CLUSTER_FIELDS)

struct place;

struct flink_cluster {
    const struct json *self;     // the whole object
    const struct json *metadata; // read it with common/k8s/meta.h
    const struct json *status;
    struct strview name;          // SV_NONE under generateName
    struct strview generate_name; // SV_NONE when there is none
    struct strview ns;
    bool foreign; // whether SPEC has a field of other operators' resources, which rules refuse
    struct cluster_spec spec;
    const struct place *places; // of its pod templates: flink/places.h
    size_t n_places;
};

#endif
