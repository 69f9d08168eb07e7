// SPDX-License-Identifier: Apache-2.0
// Credential plugins of a kubeconfig: commands that print a token, as managed Kubernetes has them
// (`aws eks get-token`, gke-gcloud-auth-plugin, kubelogin). Shell. Source:
// client.authentication.k8s.io v1, client-go plugin/pkg/client/auth/exec.
#ifndef SLUICE_KUBE_CREDENTIAL_H
#define SLUICE_KUBE_CREDENTIAL_H

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"

/// Runs EXEC (users[].user.exec of the file KUBECONFIG) with nothing to read and our own stderr,
/// for at most a minute, and appends the token that it prints to RET. -1: E_INVALID (it isn't an
/// EXEC, or needs a terminal), E_IO (it can't be run, or failed), E_TIMEOUT, E_PARSE (what it
/// printed is no ExecCredential with a token), E_NOMEM.
MUST_USE int credential_run(const char *kubeconfig, const struct json *exec, struct strbuf *ret,
                            struct err *err);

#endif
