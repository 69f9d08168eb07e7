// SPDX-License-Identifier: Apache-2.0
// The options of sluice-certs, from which its help, its man page and its reference page are made.
#ifndef SLUICE_CERTS_OPTIONS_H
#define SLUICE_CERTS_OPTIONS_H

#include "common/base/options.h"

#define CERTS_ENSURE_OPTIONS(O)                                                                    \
    O(STRING, dir, "dir", "", "DIR",                                                               \
      "Folder for ca.pem (the CA's key and the bundle, 0600), ca.crt, tls.crt and tls.key "        \
      "(0600).",                                                                                   \
      .required = true)                                                                            \
    O(STRING, service, "service", "sluice-webhook", "NAME",                                        \
      "Service whose names SERVICE.NAMESPACE.svc and SERVICE.NAMESPACE.svc.cluster.local the "     \
      "certificate is for; empty: only those of --names.")                                         \
    O(STRING, ns, "namespace", "sluice-system", "NAME", "Namespace of that Service.")              \
    O(LIST, names, "names", "", "NAMES", "More DNS names and IP addresses for the certificate.")   \
    O(DURATION, life_ms, "life", "90d", "TIME",                                                    \
      "How long a certificate is valid; it is renewed by ensure when two thirds are over.",        \
      .min = 3600000, .max = 315360000000)

/// How `inspect` and `rotate` find the cluster's.
#define CERTS_CLUSTER_OPTIONS(O)                                                                   \
    O(STRING, ns, "namespace", "sluice-system", "NAME", "Namespace of the Secret and the Leases.", \
      .letter = 'n')                                                                               \
    O(STRING, secret, "secret", "sluice-webhook-ca", "NAME", "Secret of the CA.")                  \
    O(STRING, lease, "lease", "sluice-webhook", "NAME",                                            \
      "Lease of the replicas' election; theirs are NAME-0 to NAME-7.")                             \
    O(STRING, mutating, "mutating-configuration", "sluice", "NAME",                                \
      "MutatingWebhookConfiguration with the CA bundle; empty: none.")                             \
    O(STRING, validating, "validating-configuration", "sluice", "NAME",                            \
      "ValidatingWebhookConfiguration with the CA bundle; empty: none.")                           \
    O(STRING, kubeconfig, "kubeconfig", "", "FILE",                                                \
      "How to reach the API server; empty: the first existing file of $KUBECONFIG, else "          \
      "~/.kube/config, else the service account of the pod.")                                      \
    O(STRING, context, "context", "", "NAME", "Context of the kubeconfig; empty: the current one.")

#define CERTS_INSPECT_OPTIONS(O)                                                                   \
    CERTS_CLUSTER_OPTIONS(O)                                                                       \
    O(STRING, output, "output", "text", "FORMAT", "text or json; without FILE.",                   \
      .choices = CERTS_FORMATS, .letter = 'o')

#define CERTS_ROTATE_OPTIONS(O)                                                                    \
    CERTS_CLUSTER_OPTIONS(O)                                                                       \
    O(BOOL, leaf, "leaf", "false", "",                                                             \
      "Not the CA: each replica is to issue another certificate of it.")                           \
    O(BOOL, wait, "wait", "false", "", "Wait until it is done, and tell each phase.")              \
    O(DURATION, timeout, "timeout", "15m", "TIME", "How long to wait at most.", .min = 1000,       \
      .max = 86400000)

struct certs_inspect_options {
    CERTS_INSPECT_OPTIONS(OPTION_MEMBER)
};

struct certs_rotate_options {
    CERTS_ROTATE_OPTIONS(OPTION_MEMBER)
};

struct certs_ensure_options {
    CERTS_ENSURE_OPTIONS(OPTION_MEMBER)
};

extern const char *const CERTS_FORMATS[];

/// `sluice-certs` itself, and its commands, each a page of its own.
extern const struct option_program CERTS_PROGRAM;
extern const struct option_program CERTS_ENSURE_PROGRAM;
extern const struct option_program CERTS_ISSUE_PROGRAM;
extern const struct option_program CERTS_INSPECT_PROGRAM;
extern const struct option_program CERTS_ROTATE_PROGRAM;

#endif
