// SPDX-License-Identifier: Apache-2.0
// Reads a kubeconfig that is JSON already (clientcmd/api/v1 Config). Pure.
#ifndef SLUICE_KUBE_KUBECONFIG_H
#define SLUICE_KUBE_KUBECONFIG_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/json/view.h"

/// What one context says. Data are decoded; files are as written (relative to the kubeconfig's
/// folder). Absent members are SV_NONE. Where both data and file stand, the data count, as in
/// client-go.
struct kubeconfig {
    struct strview server, namespace_;
    struct strview ca_file, ca_data;
    struct strview cert_file, cert_data;
    struct strview key_file, key_data;
    struct strview token, token_file;
    const struct json *exec; // of a credential plugin; NULL: none. Part of DOC
    bool insecure;           // insecure-skip-tls-verify
};

/// CONTEXT empty: the file's current-context. Views live as long as DOC and ARENA. -1 with
/// E_INVALID: no such context, cluster or user, no server; something that we can't do and must not
/// ignore (auth-provider plugins, passwords, impersonation, proxy-url, tls-server-name);
/// bad base64.
MUST_USE int kubeconfig_decode(const struct json *doc, struct strview context, struct arena *arena,
                               struct kubeconfig *ret, struct err *err);

#endif
