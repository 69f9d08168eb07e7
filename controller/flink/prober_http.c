// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/prober_http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/mem.h"

#define URL_MAX    1024
#define BODY_KEEP  ((size_t)64 << 10) // of a slot, for the next answer
#define CA_CACHE_S 60L
#define AGENT      "sluice-controller/" SLUICE_VERSION
#define HTTP_JSON  "application/json"

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct http_slot *slot = ctx;
    size_t bytes = size * n;
    strbuf_put(&slot->body, sv_make(data, bytes));
    slot->too_large = !strbuf_ok(&slot->body);
    return slot->too_large ? 0 : bytes;
}

static const char *file_or_null(const char *path)
{
    return path != NULL && path[0] != '\0' ? path : NULL;
}

static void setup_tls(CURL *easy, const struct prober_settings *s)
{
    bool checked = file_or_null(s->ca_file) != NULL;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, checked ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CAINFO, file_or_null(s->ca_file));
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
    curl_easy_setopt(easy, CURLOPT_SSLCERT, file_or_null(s->cert_file));
    curl_easy_setopt(easy, CURLOPT_SSLKEY, file_or_null(s->key_file));
}

static void setup(struct http_slot *slot, const struct prober_settings *s)
{
    CURL *easy = slot->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); // none from the environment
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, AGENT);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)PROBER_CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);
    setup_tls(easy, s);
    slot->timeout_ms = s->timeout_ms;
}

int http_pool_init(struct http_pool *pool, const struct prober_settings *s, struct err *err)
{
    *pool = (struct http_pool){.multi = curl_multi_init(), .n = s->requests};
    pool->slots = mem_alloc(s->requests * sizeof(pool->slots[0]));
    if (pool->slots != NULL) {
        memset(pool->slots, 0, s->requests * sizeof(pool->slots[0]));
    }
    bool ok = pool->multi != NULL && pool->slots != NULL;
    for (unsigned i = 0; ok && i < pool->n; i++) {
        struct http_slot *slot = &pool->slots[i];
        slot->url = STRBUF(URL_MAX);
        slot->body = STRBUF(REST_MAX_BODY);
        slot->easy = curl_easy_init();
        ok = slot->easy != NULL;
        if (ok) {
            setup(slot, s);
        }
    }
    if (!ok) {
        http_pool_done(pool);
        return err_set(err, E_NOMEM, "no memory for the connections to JobManagers");
    }
    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)PROBER_CONNECTIONS);
    return 0;
}

void http_pool_done(struct http_pool *pool)
{
    for (unsigned i = 0; pool->slots != NULL && i < pool->n; i++) {
        http_end(pool, &pool->slots[i]);
        curl_easy_cleanup(pool->slots[i].easy);
        strbuf_done(&pool->slots[i].url);
        strbuf_done(&pool->slots[i].body);
    }
    mem_free(pool->slots);
    curl_multi_cleanup(pool->multi);
    *pool = (struct http_pool){.n = 0};
}

struct http_slot *http_free_slot(struct http_pool *pool)
{
    for (unsigned i = 0; pool->busy < pool->n && i < pool->n; i++) {
        if (!pool->slots[i].busy) {
            return &pool->slots[i];
        }
    }
    return NULL;
}

/// The name in the URL is for the certificate; the bytes go to the pod.
static bool pin(struct http_slot *slot, const struct probe_address *at)
{
    char to[PROBE_IP_MAX + 16];
    bool v6 = strchr(at->ip, ':') != NULL;
    if (!at->https || at->tls_name[0] == '\0') {
        return true; // the URL has the address itself
    }
    snprintf(to, sizeof(to), "::%s%s%s:%u", v6 ? "[" : "", at->ip, v6 ? "]" : "",
             (unsigned)at->port);
    slot->connect_to = curl_slist_append(NULL, to);
    curl_easy_setopt(slot->easy, CURLOPT_CONNECT_TO, slot->connect_to);
    return slot->connect_to != NULL;
}

bool http_begin(struct http_pool *pool, struct http_slot *slot, const struct probe_address *at)
{
    strbuf_reset(&slot->body);
    slot->too_large = false;
    slot->started_ns = clock_mono_ns();
    curl_easy_setopt(slot->easy, CURLOPT_URL, slot->url.ptr);
    bool ok = strbuf_ok(&slot->url) && pin(slot, at) &&
              curl_multi_add_handle(pool->multi, slot->easy) == CURLM_OK;
    slot->busy = true;
    pool->busy++;
    if (!ok) {
        http_end(pool, slot);
    }
    return ok;
}

void http_end(struct http_pool *pool, struct http_slot *slot)
{
    if (!slot->busy) {
        return;
    }
    curl_multi_remove_handle(pool->multi, slot->easy);
    curl_easy_setopt(slot->easy, CURLOPT_CONNECT_TO, NULL);
    curl_slist_free_all(slot->connect_to);
    slot->connect_to = NULL;
    if (slot->body.cap > BODY_KEEP) {
        strbuf_done(&slot->body);
    }
    slot->owner = NULL;
    slot->busy = false;
    pool->busy--;
}

/// In words that are the same each time: they end up in a status.
static void explain(struct http_slot *slot, CURLcode code, struct err *err)
{
    curl_off_t connected = 0;
    long os = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(slot->easy, CURLINFO_OS_ERRNO, &os);
    if (code == CURLE_OPERATION_TIMEDOUT) {
        err_set(err, E_TIMEOUT, "no %s within %lld ms", connected != 0 ? "answer" : "connection",
                (long long)(connected != 0 ? slot->timeout_ms : PROBER_CONNECT_MS));
    } else if (code == CURLE_COULDNT_CONNECT && os != 0) {
        char text[128];
        err_set(err, E_TRANSPORT, "%s", strerror_r((int)os, text, sizeof(text)));
    } else {
        err_set(err, E_TRANSPORT, "%s", curl_easy_strerror(code));
    }
}

static bool is_json(const struct http_slot *slot)
{
    char *type = NULL;
    curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_TYPE, &type);
    return type != NULL && strncasecmp(type, HTTP_JSON, sizeof(HTTP_JSON) - 1) == 0;
}

struct http_slot *http_finished(struct http_pool *pool, struct probe_reply *ret, struct err *err)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(pool->multi, &left)) != NULL;) {
        struct http_slot *slot = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
        if (m->msg != CURLMSG_DONE || slot == NULL) {
            continue;
        }
        CURLcode code = m->data.result;
        long status = 0;
        curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
        bool whole = code == CURLE_OK || slot->too_large;
        *ret = (struct probe_reply){.status = whole ? (int)status : 0,
                                    .json = whole && is_json(slot),
                                    .too_large = slot->too_large,
                                    .body = strbuf_view(&slot->body),
                                    .err = err};
        if (!whole) {
            explain(slot, code, err);
        }
        return slot;
    }
    return NULL;
}

void http_run(struct http_pool *pool)
{
    int running;
    curl_multi_perform(pool->multi, &running);
}

void http_wait(struct http_pool *pool, int64_t wait_ms)
{
    curl_multi_poll(pool->multi, NULL, 0, (int)wait_ms, NULL);
}

void http_wake(struct http_pool *pool)
{
    curl_multi_wakeup(pool->multi);
}
