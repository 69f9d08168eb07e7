// SPDX-License-Identifier: Apache-2.0
// The options of sluice-controller: one table for flags, environment, file, help, man page and
// docs.
#ifndef SLUICE_CONTROLLER_SETTINGS_H
#define SLUICE_CONTROLLER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/options.h"
#include "controller/cache.h"

// clang-format off
#define CONTROLLER_OPTIONS(O)                                                                      \
    O(STRING, health_listen, "health-listen", ":8080", "ADDR",                                     \
      "Where /healthz, /readyz and /metrics are answered, plain HTTP.")                            \
    O(STRING, kubeconfig, "kubeconfig", "", "FILE",                                                \
      "How to reach the API server from outside a cluster.")                                       \
    O(STRING, context, "context", "", "NAME", "Context of --kubeconfig; empty: the current one.")  \
    O(LIST, namespaces, "namespaces", "", "NAME,…",                                                \
      "Keep FlinkClusters of these namespaces alone; without it, of all.",                         \
      .max = CACHE_MAX_NAMESPACES)                                                                 \
    O(INT, workers, "workers", "4", "N", "Reconciles at the same time.", .min = 1, .max = 64)      \
    O(STRING, leader_election_namespace, "leader-election-namespace", "sluice-system",             \
      "NAMESPACE", "Namespace of the Lease.")                                                      \
    O(STRING, leader_election_name, "leader-election-name", "sluice-controller", "NAME",           \
      "The Lease: of all processes that share it one works.")                                      \
    O(DURATION, lease_duration, "leader-election-lease-duration", "15s", "TIME",                   \
      "How long the others wait after the leader's last sign.", .min = 2000, .max = 600000)        \
    O(DURATION, renew_deadline, "leader-election-renew-deadline", "10s", "TIME",                   \
      "How long the leader goes on without having renewed; less than the lease's duration.",       \
      .min = 1000, .max = 600000)                                                                  \
    O(DURATION, retry_period, "leader-election-retry-period", "2s", "TIME",                        \
      "Time between tries.", .min = 200, .max = 60000)                                             \
    O(STRING, ha_cluster_role, "ha-cluster-role", "sluice-flink-ha", "NAME",                       \
      "ClusterRole that is bound to the accounts of Flink pods.")                                  \
    O(DURATION, deletion_timeout, "deletion-timeout", "5m", "TIME",                                \
      "A deleted FlinkCluster goes after this long even if pods of it have not ended.",            \
      .min = 1000, .max = 86400000)                                                                \
    O(STRING, aws_identity, "aws-identity", "web-identity", "WAY",                                 \
      "How Flink pods of runs that start get their AWS role: web-identity, by the service "        \
      "account (EKS), or kube2iam, by the pod's annotation iam.amazonaws.com/role. Pods of a run " \
      "keep their way.",                                                                           \
      .choices = AWS_IDENTITIES)                                                                   \
    O(DURATION, resync, "resync", "10m", "TIME", "Every cluster is looked at again this often.",   \
      .min = 10000, .max = 86400000)                                                               \
    O(STRING, log_level, "log-level", "info", "LEVEL", "debug, info, warn or error.",              \
      .choices = LOG_LEVELS)
// clang-format on

struct controller_settings {
    CONTROLLER_OPTIONS(OPTION_MEMBER)
};

extern const struct option_program CONTROLLER_PROGRAM;

#endif
