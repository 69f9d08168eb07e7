// SPDX-License-Identifier: Apache-2.0
// A FlinkCluster's status, described by the rows of status.def for the CRD, the reference page and
// `sluice explain`. The controller writes these names and no others: what the schema doesn't know
// the API server prunes.
#ifndef SLUICE_FLINK_STATUS_H
#define SLUICE_FLINK_STATUS_H

#include "common/flink/status.def"
#include "common/kind/field.h"

FIELD_DECLARE(condition_status, CONDITION_FIELDS)
FIELD_DECLARE(job_manager_status, JOB_MANAGER_STATUS_FIELDS)
FIELD_DECLARE(task_manager_status, TASK_MANAGER_STATUS_FIELDS)
FIELD_DECLARE(accepted_status, ACCEPTED_STATUS_FIELDS)
FIELD_DECLARE(checkpoint_status, CHECKPOINT_STATUS_FIELDS)
FIELD_DECLARE(job_status, JOB_STATUS_FIELDS)
FIELD_DECLARE(savepoint_status, SAVEPOINT_STATUS_FIELDS)
FIELD_DECLARE(revision_status, REVISION_STATUS_FIELDS)
FIELD_DECLARE(flink_status, FLINK_STATUS_FIELDS)
FIELD_DECLARE(cluster_status, CLUSTER_STATUS_FIELDS)

#endif
