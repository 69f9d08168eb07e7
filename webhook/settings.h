// SPDX-License-Identifier: Apache-2.0
// The options of sluice-webhook: one table for flags, environment, file, help, man page and docs.
#ifndef SLUICE_WEBHOOK_SETTINGS_H
#define SLUICE_WEBHOOK_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/options.h"

// clang-format off
#define WEBHOOK_OPTIONS(O)                                                                         \
    O(STRING, listen, "listen", ":9443", "ADDR", "Where reviews are answered, HTTPS.")             \
    O(STRING, health_listen, "health-listen", ":8080", "ADDR",                                     \
      "Where /healthz, /readyz and /metrics are answered, plain HTTP.")                            \
    O(STRING, tls_cert_file, "tls-cert-file", "", "FILE",                                          \
      "Serving certificate, PEM; read again when it changes. Without it a certificate is issued "  \
      "by Sluice's own CA.")                                                                       \
    O(STRING, tls_key_file, "tls-key-file", "", "FILE", "Key of --tls-cert-file, PEM.")            \
    O(STRING, tls_ca_file, "tls-ca-file", "", "FILE",                                              \
      "CA that --tls-cert-file must verify against before it is served.")                          \
    O(STRING, client_ca_file, "client-ca-file", "", "FILE",                                        \
      "Callers must show a certificate of this CA; read again when it changes. Without it they "   \
      "are not asked.")                                                                            \
    O(LIST, client_names, "client-names", "", "NAME,…",                                            \
      "Of the callers with such a certificate only those whose common name, DNS name or URI in "   \
      "it is one of these; empty: all of that CA.", .max = 32)                                     \
    O(STRING, cert_dir, "cert-dir", "", "DIR",                                                     \
      "Folder of Sluice's own CA. Without it, and without --tls-cert-file, the CA is kept in a "   \
      "Secret.")                                                                                   \
    O(STRING, cert_secret, "cert-secret", "sluice-webhook-ca", "NAME",                             \
      "Secret of Sluice's own CA, in --service-namespace.")                                        \
    O(STRING, cert_lease, "cert-lease", "sluice-webhook", "NAME",                                  \
      "Lease by which the replicas elect who makes, publishes and retires the CA of that Secret; " \
      "in NAME-0 to NAME-7 each records what it serves.")                                          \
    O(DURATION, ca_life, "ca-life", "365d", "TIME",                                                \
      "How long Sluice's own CA is valid; its change begins when two thirds are over.",            \
      .min = 60000, .max = 315360000000)                                                           \
    O(DURATION, cert_life, "cert-life", "7d", "TIME",                                              \
      "How long a certificate of it is valid; another is issued when two thirds are over.",        \
      .min = 10000, .max = 31536000000)                                                            \
    O(DURATION, ca_pause, "ca-pause", "1m", "TIME",                                                \
      "How long a changed CA bundle is published before it is relied on: API servers read it in "  \
      "their own time.", .min = 1000, .max = 86400000)                                             \
    O(DURATION, cert_poll, "cert-poll", "10s", "TIME",                                             \
      "How often CA, published bundle and mounted files are looked at.",                           \
      .min = 100, .max = 300000)                                                                   \
    O(STRING, service_name, "service-name", "sluice-webhook", "NAME",                              \
      "Service through which the API server calls: the certificate is issued for it.")             \
    O(STRING, service_namespace, "service-namespace", "sluice-system", "NAMESPACE",                \
      "Namespace of that Service and of the Secret.")                                              \
    O(LIST, extra_names, "extra-names", "", "NAME,…",                                              \
      "More DNS names and IP addresses for the certificate.")                                      \
    O(STRING, mutating_configuration, "mutating-configuration", "sluice", "NAME",                  \
      "MutatingWebhookConfiguration whose caBundle is kept; empty: none.")                         \
    O(STRING, validating_configuration, "validating-configuration", "sluice", "NAME",              \
      "ValidatingWebhookConfiguration whose caBundle is kept; empty: none.")                       \
    O(STRING, kubeconfig, "kubeconfig", "", "FILE",                                                \
      "How to reach the API server from outside a cluster.")                                       \
    O(STRING, context, "context", "", "NAME", "Context of --kubeconfig; empty: the current one.")  \
    O(LIST, namespaces, "namespaces", "", "NAME,…",                                                \
      "Judge FlinkClusters of these namespaces alone and let others pass as they are; without "    \
      "it, all. Narrow the webhook configurations by a namespaceSelector, too. Rules that look at " \
      "other FlinkClusters then see those of these namespaces.", .max = 32)                        \
    O(LIST, policy, "policy", "", "FILE,…",                                                        \
      "Files with FlinkPolicies that hold beside those of the cluster, and instead of one of the " \
      "same name; read at the start.", .max = 64)                                                  \
    O(BOOL, watch, "watch", "true", "",                                                            \
      "Watch FlinkPolicies, Namespaces and FlinkClusters. Without it no API server is needed, the " \
      "policies of --policy are the only ones, those that select namespaces by label are for all " \
      "of them, and rules that look at other FlinkClusters don't speak.")                          \
    O(INT, threads, "threads", "2", "N", "Threads that answer reviews.", .min = 1, .max = 64)      \
    O(INT, max_connections, "max-connections", "256", "N",                                         \
      "Open connections at most; the API server keeps up to 25 for each of its replicas.",         \
      .min = 8, .max = 65536)                                                                      \
    O(INT, max_requests_per_connection, "max-requests-per-connection", "1000", "N",                \
      "Answers after which a connection is closed, or up to a quarter fewer, so that load spreads " \
      "over replicas; 0: any number.", .min = 0, .max = 1000000)                                   \
    O(DURATION, max_connection_age, "max-connection-age", "5m", "TIME",                            \
      "Age at which a connection is closed behind its next answer, or up to a quarter less; 0: "   \
      "any age.", .min = 0, .max = 86400000)                                                       \
    O(INT, max_body_bytes, "max-body-bytes", "16777216", "BYTES",                                  \
      "Bytes of request bodies in memory at most, over all connections; those of up to 64 KiB "    \
      "are let in beyond it.", .min = 8388608, .max = 1073741824)                                  \
    O(DURATION, drain_delay, "drain-delay", "10s", "TIME",                                         \
      "How long to go on serving after SIGTERM, so that no caller is lost while the Service's "    \
      "endpoints change.", .min = 0, .max = 120000)                                                \
    O(STRING, log_level, "log-level", "info", "LEVEL",                                             \
      "debug, info, warn or error. A review that lets a write pass as it is, without a warning, "  \
      "has a line at debug alone.", .choices = LOG_LEVELS)
// clang-format on

struct webhook_settings {
    WEBHOOK_OPTIONS(OPTION_MEMBER)
};

extern const struct option_program WEBHOOK_PROGRAM;

#endif
