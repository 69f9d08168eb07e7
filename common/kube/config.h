// SPDX-License-Identifier: Apache-2.0
// Where the API server is and who we are: in a pod from the service account's folder, elsewhere
// from a kubeconfig. Loaded once in main, then shared by all threads until after the last handle is
// closed. Shell: reads files and, for the in-cluster form only, KUBERNETES_SERVICE_HOST and _PORT.
// Sources: client-go rest.InClusterConfig, clientcmd/api/v1.
#ifndef SLUICE_KUBE_CONFIG_H
#define SLUICE_KUBE_CONFIG_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/json/view.h"

struct kube_config;

struct kube_config_source {
    const char *kubeconfig;  // a file; NULL: in-cluster
    const char *context;     // NULL: the file's current-context
    const char *host, *port; // in-cluster; NULL: from the environment
    const char *account_dir; // in-cluster; NULL: /var/run/secrets/kubernetes.io/serviceaccount
    const char *user_agent;  // "sluice-controller"; the version is added. NULL: "sluice"
    bool allow_http;         // for tests: a server URL may be plain http
    bool http1;              // HTTP/1.1 instead of HTTP/2 over TLS
    /// Runs the credential plugin that KUBECONFIG (a path) has as EXEC, and appends its token to
    /// RET. NULL: such a kubeconfig is refused, as programs that run on their own should.
    int (*plugin)(const char *kubeconfig, const struct json *exec, struct strbuf *ret,
                  struct err *err);
};

/// 0, or -1: E_IO (a file can't be read), E_PARSE, E_INVALID (no such context, a plugin that
/// nobody runs, an http:// server …). Free with kube_config_free() after every kube,
/// watcher, lease and events made from it.
MUST_USE int kube_config_load(const struct kube_config_source *src, struct kube_config **ret,
                              struct err *err);
void kube_config_free(struct kube_config *c);

/// "https://10.0.0.1:443", without a trailing slash.
struct strview kube_config_server(const struct kube_config *c);

/// The pod's own namespace, or the context's; "default" when neither says one.
struct strview kube_config_namespace(const struct kube_config *c);

/// What the operator should be told once (server certificate isn't checked …), or NULL.
const char *kube_config_warning(const struct kube_config *c);

#endif
