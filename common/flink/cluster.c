// SPDX-License-Identifier: Apache-2.0
#include "common/flink/cluster.h"

static const char *const JOB_STATES[] = {"Running", "Suspended", NULL};
static const char *const UPGRADE_MODES[] = {"Savepoint", "LastState", "Stateless", NULL};
static const char *const SAVEPOINT_FORMATS[] = {"Canonical", "Native", NULL};
static const char *const ON_DELETE[] = {"Savepoint", "Cancel", NULL};
static const char *const PULL_POLICIES[] = {"Always", "IfNotPresent", "Never", NULL};

#define FIELD_TAG resources_spec
FIELD_DEFINE(resources_spec, "Resources", RESOURCES_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG job_manager_spec
FIELD_DEFINE(job_manager_spec, "JobManagerSpec", JOB_MANAGER_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG task_manager_spec
FIELD_DEFINE(task_manager_spec, "TaskManagerSpec", TASK_MANAGER_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG storage_spec
FIELD_DEFINE(storage_spec, "StorageSpec", STORAGE_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG ingress_tls_spec
FIELD_DEFINE(ingress_tls_spec, "IngressTLS", INGRESS_TLS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG ingress_spec
FIELD_DEFINE(ingress_spec, "IngressSpec", INGRESS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG secret_ref
FIELD_DEFINE(secret_ref, "SecretRef", SECRET_REF_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG job_spec
FIELD_DEFINE(job_spec, "JobSpec", JOB_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG rollback_spec
FIELD_DEFINE(rollback_spec, "RollbackSpec", ROLLBACK_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG ha_options
FIELD_DEFINE(ha_options, "HighAvailability", HA_OPTIONS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG flink_options
FIELD_DEFINE(flink_options, "FlinkConfiguration", OPTIONS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG cluster_spec
FIELD_DEFINE(cluster_spec, "FlinkClusterSpec", CLUSTER_FIELDS)
#undef FIELD_TAG
