// SPDX-License-Identifier: Apache-2.0
// From where a person's command reaches the API server: as kubectl does, from --kubeconfig, else
// $KUBECONFIG, else ~/.kube/config, else (in a pod) from the service account. Shell.
#ifndef SLUICE_KUBE_CONNECT_H
#define SLUICE_KUBE_CONNECT_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/kube/client.h"
#include "common/kube/config.h"

/// The kubeconfig to read: FLAG when not empty, else the first existing file of the list KUBECONFIG
/// (kubectl would merge them all), else ~/.kube/config when it exists, else NULL: in-cluster. In
/// ARENA.
const char *connect_kubeconfig(const char *flag, char *(*getenv_fn)(const char *),
                               struct arena *arena);

/// Opens *RET_KUBE over *RET_CONFIG; both are the caller's, also after a failure (NULL then).
/// KUBECONFIG as above; CONTEXT may be empty.
MUST_USE int connect_open(const char *kubeconfig, const char *context,
                          struct kube_config **ret_config, struct kube **ret_kube, struct err *err);

#endif
