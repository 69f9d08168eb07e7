// SPDX-License-Identifier: Apache-2.0
// What is in a `struct kube`, for client.c (one request) and calls.c (the verbs).
#ifndef SLUICE_KUBE_CLIENT_STATE_H
#define SLUICE_KUBE_CLIENT_STATE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "common/base/strbuf.h"
#include "common/json/strict.h"
#include "common/kube/client.h"

#define KUBE_TIMEOUT_MS ((int64_t)10000)
#define KUBE_MAX_BODY   ((size_t)16 << 20)
#define KUBE_MAX_PAGE   ((size_t)64 << 20) // a page of a list

struct kube {
    struct kube_config *config; // borrowed
    struct kube_options opt;
    CURL *easy;
    struct strbuf url;
    size_t path_at;     // in url: where the path begins
    struct strbuf body; // of the answer
    size_t body_max;    // of the running request
    bool too_large;     // the answer passed it
    bool fenced;        // the fence refused the running request
    bool cancelled;     // it was given up
};

struct kube_request {
    const char *method;
    const char *content_type; // NULL: no body
    struct strview body;
    bool write;      // asks the fence
    size_t max_body; // of the answer
};

/// Sends one request to k->url, and parses the answer into ARENA (when not NULL); fills *ERR for
/// any failure.
MUST_USE int kube_call(struct kube *k, const struct kube_request *rq, struct arena *arena,
                       const struct json **ret, struct err *err);

/// Sets k->url to the server and REF's path; queries may be appended to k->url.
MUST_USE int kube_target(struct kube *k, const struct kube_ref *ref, struct err *err);

/// What a trusted server's answers may hold; more than a stranger's body may.
extern const struct json_limits KUBE_JSON_LIMITS;

/// Retry-After of the transfer that just ended in seconds (the HTTP date form counts as absent), in
/// ms.
uint32_t kube_retry_after_ms(CURL *easy);

/// The error that a CURLcode means.
int kube_curl_err(CURLcode code, const char *what, struct err *err);

#endif
