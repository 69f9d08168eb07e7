// SPDX-License-Identifier: Apache-2.0
#include "common/flink/status.h"

static const char *const CONDITION_STATUSES[] = {"True", "False", "Unknown", NULL};

#define FIELD_TAG condition_status
FIELD_DEFINE(condition_status, "ConditionStatus", CONDITION_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG job_manager_status
FIELD_DEFINE(job_manager_status, "JobManagerStatus", JOB_MANAGER_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG task_manager_status
FIELD_DEFINE(task_manager_status, "TaskManagerStatus", TASK_MANAGER_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG accepted_status
FIELD_DEFINE(accepted_status, "AcceptedStatus", ACCEPTED_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG checkpoint_status
FIELD_DEFINE(checkpoint_status, "CheckpointStatus", CHECKPOINT_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG job_status
FIELD_DEFINE(job_status, "JobStatus", JOB_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG savepoint_status
FIELD_DEFINE(savepoint_status, "SavepointStatus", SAVEPOINT_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG revision_status
FIELD_DEFINE(revision_status, "RevisionStatus", REVISION_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG flink_status
FIELD_DEFINE(flink_status, "FlinkStatus", FLINK_STATUS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG cluster_status
FIELD_DEFINE(cluster_status, "FlinkClusterStatus", CLUSTER_STATUS_FIELDS)
#undef FIELD_TAG
