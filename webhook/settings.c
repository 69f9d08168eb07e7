// SPDX-License-Identifier: Apache-2.0
#include "webhook/settings.h"

#include <stddef.h>

static const char *const LOG_LEVELS[] = {"debug", "info", "warn", "error", NULL};

#define ROW(...) OPTION_ROW(struct webhook_settings, __VA_ARGS__)
static const struct option_row ROWS[] = {WEBHOOK_OPTIONS(ROW)};
#undef ROW

const struct option_program WEBHOOK_PROGRAM = {
    .name = "sluice-webhook",
    .summary = "admission webhook for Apache Flink on Kubernetes",
    .description =
        "Answers the API server's admission reviews of FlinkClusters, of their scale and of "
        "FlinkPolicies: fills in what was left out and refuses what is wrong, by the rules of "
        "Sluice "
        "and by the policies of the cluster, naming every fault at once.\n\n"
        "Reviews are answered over HTTPS at /mutate-sluice-dev-v1beta1-flinkcluster and "
        "/validate-sluice-dev-v1beta1-flinkcluster. Several replicas may run; they share nothing "
        "but the CA.",
    .exit_status = "0: stopped by SIGTERM or SIGINT\n1: could not start\n2: wrong options",
    .rows = ROWS,
    .count = ARRAY_LEN(ROWS),
};
