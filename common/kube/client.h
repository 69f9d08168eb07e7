// SPDX-License-Identifier: Apache-2.0
// Requests to the API server. One `struct kube` belongs to one thread and keeps its connection;
// make as many as there are threads from one shared kube_config. Every call has a deadline and a
// cap on the answer's size; none follows redirects; a 401 re-reads the token and tries once more.
// Nothing else is retried here: the caller's back-off is told by err.code, err.detail (the HTTP
// status, or the CURLcode of an E_TRANSPORT) and err.retry_after_ms. Shell; logs nothing.
//
// Answers: where a call takes `arena, ret`, *RET becomes the parsed body, in ARENA, also when the
// call fails with an HTTP status (then it is a Status, or NULL). Both may be NULL when nobody reads
// it. HTTP statuses become err codes by common/k8s/status.h: 404 E_NOT_FOUND, 409 E_CONFLICT, 410
// E_GONE, 422 and 400 E_INVALID, 401 and 403 E_DENIED, 429 E_THROTTLED, 5xx E_TRANSPORT or
// E_TIMEOUT.
#ifndef SLUICE_KUBE_CLIENT_H
#define SLUICE_KUBE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/json/view.h"
#include "common/kube/config.h"
#include "common/kube/resource.h"

struct kube;

/// Milliseconds for which writes may still go out; <= 0 refuses. Asked right before each mutating
/// request is sent (again once the connection stands), from the handle's thread.
typedef int64_t kube_fence_fn(void *ctx);

/// After each request that got an answer or failed: CODE is the HTTP status, 0 when there was none.
/// For rest_client_requests_total{code,method,host} and rest_client_request_duration_seconds.
typedef void kube_observe_fn(void *ctx, const char *method, int code, int64_t took_ns);

/// Asked about once a second while a request runs: true gives it up (E_TIMEOUT). From the handle's
/// thread.
typedef bool kube_cancel_fn(void *ctx);

struct kube_options {
    int64_t timeout_ms;        // of one request, connecting included; 0: 10 s
    size_t max_body;           // of one answer; 0: 16 MiB
    const char *field_manager; // sent with every write; NULL: the user agent's name. Borrowed
    kube_fence_fn *fence;      // NULL: writes are always allowed
    void *fence_ctx;
    kube_cancel_fn *cancel; // NULL: never
    void *cancel_ctx;
    kube_observe_fn *observe; // may be NULL; called in the handle's thread
    void *observe_ctx;
};

/// Once in main, before any thread: libcurl's and OpenSSL's own initialisation. -1 with E_INVALID
/// when libcurl has no TLS by OpenSSL.
MUST_USE int kube_global_init(struct err *err);

/// A handle; it connects at its first call. -1 with E_NOMEM. OPT may be NULL.
MUST_USE int kube_open(struct kube_config *config, const struct kube_options *opt,
                       struct kube **ret, struct err *err);
void kube_close(struct kube *k);

MUST_USE int kube_get(struct kube *k, const struct kube_ref *ref, struct arena *arena,
                      const struct json **ret, struct err *err);

struct kube_selection {
    struct strview label_selector, field_selector; // SV_NONE: all
    int64_t limit;                                 // objects in one answer; 0: all
    struct strview next_page; // metadata.continue of the answer before; SV_NONE: the first page
};

/// A page of the collection REF as the List that the API server answers.
MUST_USE int kube_list(struct kube *k, const struct kube_ref *ref, const struct kube_selection *s,
                       struct arena *arena, const struct json **ret, struct err *err);

/// POST: REF names the collection, or (with a name and sub) a subresource such as pods/eviction.
MUST_USE int kube_create(struct kube *k, const struct kube_ref *ref, struct strview body,
                         struct arena *arena, const struct json **ret, struct err *err);

/// PUT. BODY must carry metadata.resourceVersion if a lost update matters.
MUST_USE int kube_replace(struct kube *k, const struct kube_ref *ref, struct strview body,
                          struct arena *arena, const struct json **ret, struct err *err);

/// Server-side apply of BODY (JSON; it must name apiVersion, kind and metadata.name; metadata.uid
/// makes it refuse another object of that name). FORCE takes fields over from other managers.
MUST_USE int kube_apply(struct kube *k, const struct kube_ref *ref, struct strview body, bool force,
                        struct arena *arena, const struct json **ret, struct err *err);

enum kube_patch {
    KUBE_PATCH_MERGE,     // RFC 7386
    KUBE_PATCH_JSON,      // RFC 6902
    KUBE_PATCH_STRATEGIC, // built-in kinds only
};
MUST_USE int kube_patch(struct kube *k, const struct kube_ref *ref, enum kube_patch type,
                        struct strview body, struct arena *arena, const struct json **ret,
                        struct err *err);

struct kube_delete_options {
    struct strview uid, resource_version; // preconditions; SV_NONE: none
    const char *propagation;      // "Background", "Foreground", "Orphan"; NULL: the server's
    const int64_t *grace_seconds; // NULL: the object's own
};

/// E_NOT_FOUND: it is gone already. E_CONFLICT: a precondition does not hold. OPT may be NULL.
MUST_USE int kube_delete(struct kube *k, const struct kube_ref *ref,
                         const struct kube_delete_options *opt, struct err *err);

#endif
