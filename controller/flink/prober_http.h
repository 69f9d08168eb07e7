// SPDX-License-Identifier: Apache-2.0
// The prober's requests: a fixed number of libcurl handles over one multi handle, with its pool of
// connections. See prober.h for what a request may and may not do. Shell; one thread, but
// http_wake().
#ifndef SLUICE_CONTROLLER_FLINK_PROBER_HTTP_H
#define SLUICE_CONTROLLER_FLINK_PROBER_HTTP_H

#include <curl/curl.h>

#include "common/base/strbuf.h"
#include "controller/flink/prober.h"

struct http_slot {
    CURL *easy;
    struct strbuf url, body;
    bool busy, too_large;
    int64_t timeout_ms;
    struct curl_slist *connect_to;
    // The caller's.
    void *owner;
    enum rest_endpoint endpoint;
    bool suspect;
    int64_t started_ns;
};

struct http_pool {
    CURLM *multi;
    struct http_slot *slots;
    unsigned n, busy;
};

MUST_USE int http_pool_init(struct http_pool *pool, const struct prober_settings *settings,
                            struct err *err);
void http_pool_done(struct http_pool *pool);

/// A slot that is not busy, or NULL.
struct http_slot *http_free_slot(struct http_pool *pool);

/// GETs slot->url, at AT's address whatever name stands in it. False: out of memory.
bool http_begin(struct http_pool *pool, struct http_slot *slot, const struct probe_address *at);

/// The next request that ended, or NULL; its *RET (body and *ERR) is good until http_end().
struct http_slot *http_finished(struct http_pool *pool, struct probe_reply *ret, struct err *err);

/// The slot is free again; a running request is given up.
void http_end(struct http_pool *pool, struct http_slot *slot);

/// Moves all on, and waits for something to happen, at most WAIT_MS.
void http_run(struct http_pool *pool);
void http_wait(struct http_pool *pool, int64_t wait_ms);

/// Ends a wait. Any thread.
void http_wake(struct http_pool *pool);

#endif
