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
    O(INT, workers, "workers", "8", "N", "Reconciles at the same time.", .min = 1, .max = 64)      \
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
    O(DURATION, flink_rest_interval, "flink-rest-interval", "10s", "TIME",                         \
      "How often the leading JobManager of a cluster that is settled is asked over Flink's REST "  \
      "API.",                                                                                      \
      .min = 1000, .max = 600000)                                                                  \
    O(DURATION, flink_rest_fast_interval, "flink-rest-fast-interval", "1s", "TIME",                \
      "How often at most it is asked while something is on its way: pods missing, the job "        \
      "starting or restarting.",                                                                   \
      .min = 200, .max = 600000)                                                                   \
    O(DURATION, flink_rest_timeout, "flink-rest-timeout", "5s", "TIME",                            \
      "A JobManager's answer must be whole within this time.", .min = 100, .max = 60000)           \
    O(INT, flink_rest_misses, "flink-rest-misses", "3", "N",                                       \
      "So many tries in a row must fail before a job counts as lost.", .min = 2, .max = 1000)      \
    O(INT, flink_rest_requests, "flink-rest-requests", "32", "N",                                  \
      "Requests to JobManagers at the same time.", .min = 2, .max = 256)                           \
    O(STRING, flink_rest_ca_file, "flink-rest-ca-file", "", "FILE",                                \
      "PEM certificates of the CAs that sign the REST certificates of clusters with "              \
      "security.ssl.rest.enabled, whose name must be <cluster>-rest.<namespace>.svc. Without it "  \
      "they are asked over TLS that checks nothing.")                                              \
    O(STRING, flink_rest_cert_file, "flink-rest-cert-file", "", "FILE",                            \
      "PEM certificate shown to clusters with security.ssl.rest.authentication-enabled.")          \
    O(STRING, flink_rest_key_file, "flink-rest-key-file", "", "FILE",                              \
      "PEM key of --flink-rest-cert-file, without a password.")                                    \
    O(DURATION, resync, "resync", "10m", "TIME", "Every cluster is looked at again this often.",   \
      .min = 10000, .max = 86400000)                                                               \
    O(DURATION, audit_interval, "audit-interval", "10m", "TIME",                                   \
      "Every FlinkCluster is held against every policy again this often; also whenever a policy "  \
      "changes.",                                                                                  \
      .min = 10000, .max = 86400000)                                                               \
    O(STRING, log_level, "log-level", "info", "LEVEL", "debug, info, warn or error.",              \
      .choices = LOG_LEVELS)
// clang-format on

struct controller_settings {
    CONTROLLER_OPTIONS(OPTION_MEMBER)
};

extern const struct option_program CONTROLLER_PROGRAM;

#endif
