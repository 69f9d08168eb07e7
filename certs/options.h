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

struct certs_ensure_options {
    CERTS_ENSURE_OPTIONS(OPTION_MEMBER)
};

/// `sluice-certs` itself, and its commands `ensure`, `issue` and `inspect`, each a page of its own.
extern const struct option_program CERTS_PROGRAM;
extern const struct option_program CERTS_ENSURE_PROGRAM;
extern const struct option_program CERTS_ISSUE_PROGRAM;
extern const struct option_program CERTS_INSPECT_PROGRAM;

#endif
