// SPDX-License-Identifier: Apache-2.0
#include "common/flink/kind.h"

#include "common/base/macros.h"
#include "common/flink/cluster.h"
#include "common/flink/schema_rules.h"
#include "common/flink/status.h"

static const struct kind_column COLUMNS[] = {
    {"Phase", "string", ".status.phase", "One word for people.", false},
    {"Job", "string", ".status.job.state", "Flink's job state.", false},
    {"Flink", "string", ".status.flinkVersion", "Flink version in effect.", false},
    {"Parallelism", "integer", ".status.parallelism", "Parallelism in effect.", false},
    {"Ready", "integer", ".status.taskManager.ready", "TaskManagers that are ready.", false},
    {"Age", "date", ".metadata.creationTimestamp", "Time since the creation.", false},
    {"Image", "string", ".status.image", "Image in effect.", true},
    {"Role", "string", ".spec.iamRole", "Cloud identity of the pods.", true},
    {"Leader", "string", ".status.jobManager.leader", "JobManager that leads.", true},
};

static const struct kind_scale SCALE = {
    .selector = ".status.taskManager.selector",
    .spec_replicas = ".spec.taskManager.replicas",
    .status_replicas = ".status.taskManager.replicas",
};

static const char *const SAMPLE[] = {
    "local:///",
    "s3://",
    "\"1.20\"",
    "\"4Gi\"",
    "\"500m\"",
    "\"30s\"",
    "arn:aws:iam::123456789012:role/x",
    NULL,
};

const struct kind flink_kind = {
    .group = FLINK_GROUP,
    .version = FLINK_VERSION,
    .name = FLINK_KIND,
    .plural = FLINK_PLURAL,
    .singular = "flinkcluster",
    .short_name = "fc",
    .category = "all",
    .namespaced = true,
    .doc = "One Flink cluster: an application with its job, or a session.",
    .spec = &cluster_spec_type,
    .status = &cluster_status_type,
    .spec_doc = "What the cluster should be.",
    .status_doc = "What the cluster is; written by the controller.",
    .columns = COLUMNS,
    .n_columns = ARRAY_LEN(COLUMNS),
    .rules = schema_rules,
    .scale = &SCALE,
    .sources = "common/flink/{cluster,status,schema_rules}.def",
    .spec_source = "common/flink/cluster.def",
    .explain_path = "spec",
    .sample = SAMPLE,
};
