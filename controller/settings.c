// SPDX-License-Identifier: Apache-2.0
#include "controller/settings.h"

#include <stddef.h>

static const char *const AWS_IDENTITIES[] = {"web-identity", "kube2iam", NULL};
static const char *const LOG_LEVELS[] = {"debug", "info", "warn", "error", NULL};

#define ROW(...) OPTION_ROW(struct controller_settings, __VA_ARGS__)
static const struct option_row ROWS[] = {CONTROLLER_OPTIONS(ROW)};
#undef ROW

const struct option_program CONTROLLER_PROGRAM = {
    .name = "sluice-controller",
    .summary = "keeper of Apache Flink clusters on Kubernetes",
    .description =
        "Watches FlinkClusters and keeps their JobManager and TaskManager pods, and what "
        "these need, as the resources say. What it carries out keeps to the FlinkPolicies of that "
        "moment, and it counts which stored FlinkClusters break them. Several replicas may run: "
        "one of them leads, the others stand by.",
    .exit_status =
        "0: stopped by SIGTERM or SIGINT\n1: could not start, or lost its lease\n2: wrong "
        "options",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};
