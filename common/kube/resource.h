// SPDX-License-Identifier: Apache-2.0
// Names of things in the API: a resource (group, version, plural), one object of it, and the URL
// path and query that reach them. Pure.
#ifndef SLUICE_KUBE_RESOURCE_H
#define SLUICE_KUBE_RESOURCE_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

struct kube_resource {
    const char *group; // "" for the core group
    const char *version;
    const char *plural;
    const char *kind;
    bool namespaced;
};

/// X(name, group, version, plural, kind, namespaced): every resource that a Sluice program touches.
#define KUBE_RESOURCES(X)                                                                          \
    X(FLINKCLUSTERS, "sluice.dev", "v1beta1", "flinkclusters", "FlinkCluster", true)               \
    X(FLINKPOLICIES, "sluice.dev", "v1beta1", "flinkpolicies", "FlinkPolicy", false)               \
    X(PODS, "", "v1", "pods", "Pod", true)                                                         \
    X(SERVICES, "", "v1", "services", "Service", true)                                             \
    X(CONFIGMAPS, "", "v1", "configmaps", "ConfigMap", true)                                       \
    X(SECRETS, "", "v1", "secrets", "Secret", true)                                                \
    X(SERVICEACCOUNTS, "", "v1", "serviceaccounts", "ServiceAccount", true)                        \
    X(NAMESPACES, "", "v1", "namespaces", "Namespace", false)                                      \
    X(EVENTS, "", "v1", "events", "Event", true)                                                   \
    X(CONTROLLERREVISIONS, "apps", "v1", "controllerrevisions", "ControllerRevision", true)        \
    X(ROLEBINDINGS, "rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true)        \
    X(PODDISRUPTIONBUDGETS, "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true)   \
    X(INGRESSES, "networking.k8s.io", "v1", "ingresses", "Ingress", true)                          \
    X(LEASES, "coordination.k8s.io", "v1", "leases", "Lease", true)                                \
    X(MUTATINGWEBHOOKS, "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",     \
      "MutatingWebhookConfiguration", false)                                                       \
    X(VALIDATINGWEBHOOKS, "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", \
      "ValidatingWebhookConfiguration", false)

/// KUBE_PODS, KUBE_FLINKCLUSTERS, …
#define X(name, group, version, plural, kind, namespaced)                                          \
    extern const struct kube_resource KUBE_##name;
KUBE_RESOURCES(X)
#undef X

/// One object, or (without a name) the collection. Borrowed views.
struct kube_ref {
    const struct kube_resource *resource;
    struct strview ns;   // empty: all namespaces, or a cluster-scoped resource
    struct strview name; // empty: the collection
    struct strview sub;  // "status", "scale", … or empty
};

/// Longest path with its query that is ever sent; selectors and continue tokens are the long parts.
#define KUBE_MAX_TARGET 16384

/// Appends the URL path of REF ("/api/v1/namespaces/a/pods/b/status"). Each part is percent-encoded
/// (RFC 3986 unreserved bytes stay), so that no name can reach another path. 0, or -1 with
/// E_INVALID: an empty, too long (> 253 bytes) or dot-only part, a namespace on a cluster-scoped
/// resource, a name without a namespace on a namespaced one, a subresource without a name;
/// E_TOO_LARGE: B is full.
MUST_USE int kube_path_put(struct strbuf *b, const struct kube_ref *ref, struct err *err);

/// Appends "?key=value" or "&key=value" (the first '?' in B decides), the value percent-encoded.
/// Nothing when VALUE is absent.
void kube_query_put(struct strbuf *b, const char *key, struct strview value);

/// "v1" or "apps/v1".
void kube_api_version_put(struct strbuf *b, const struct kube_resource *r);

#endif
