// SPDX-License-Identifier: Apache-2.0
#include "common/kube/client_state.h"

#include <stdint.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/parse_num.h"
#include "common/k8s/status.h"
#include "common/kube/config_state.h"

#define MAX_URL           (KUBE_MAX_TARGET + 1024)
#define STATUS_ARENA      ((size_t)8 << 20)
#define MAX_RETRY_S       3600
#define HTTP_UNAUTHORIZED 401

const struct json_limits KUBE_JSON_LIMITS = {
    .max_bytes = KUBE_MAX_PAGE,
    .max_values = 2000000,
    .max_string = (size_t)8 << 20,
    .max_depth = 64,
};

int kube_global_init(struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(err, E_NOMEM, "libcurl does not start");
    }
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    if (v->ssl_version == NULL || strstr(v->ssl_version, "OpenSSL") == NULL) {
        return err_set(err, E_INVALID, "libcurl must be built with OpenSSL, not with %s",
                       v->ssl_version != NULL ? v->ssl_version : "no TLS");
    }
    return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct kube *k = ctx;
    size_t bytes = size * n;
    if (bytes > k->body_max - k->body.len) {
        k->too_large = true;
        return 0;
    }
    strbuf_put(&k->body, sv_make(data, bytes));
    return strbuf_ok(&k->body) ? bytes : 0;
}

/// The last moment before bytes go out: the connection stands, which may have taken seconds.
static int on_prereq(void *ctx, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    struct kube *k = ctx;
    if (k->fenced || (k->opt.fence != NULL && k->opt.fence(k->opt.fence_ctx) <= 0)) {
        k->fenced = true;
        return CURL_PREREQFUNC_ABORT;
    }
    return CURL_PREREQFUNC_OK;
}

static int on_progress(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                       curl_off_t up)
{
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    struct kube *k = ctx;
    k->cancelled = k->opt.cancel(k->opt.cancel_ctx);
    return k->cancelled ? 1 : 0;
}

int kube_open(struct kube_config *config, const struct kube_options *opt, struct kube **ret,
              struct err *err)
{
    struct kube *k = mem_alloc(sizeof(*k));
    CURL *easy = k != NULL ? curl_easy_init() : NULL;
    if (easy == NULL) {
        mem_free(k);
        return err_set(err, E_NOMEM, "no memory for a connection");
    }
    *k = (struct kube){
        .config = config, .easy = easy, .url = STRBUF(MAX_URL), .body = STRBUF(KUBE_MAX_PAGE)};
    if (opt != NULL) {
        k->opt = *opt;
    }
    k->opt.timeout_ms = k->opt.timeout_ms > 0 ? k->opt.timeout_ms : KUBE_TIMEOUT_MS;
    k->opt.max_body = k->opt.max_body != 0 ? k->opt.max_body : KUBE_MAX_BODY;
    k->opt.field_manager = k->opt.field_manager != NULL ? k->opt.field_manager : config->manager;
    kube_config_setup(config, easy);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, k);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, k);
    if (k->opt.cancel != NULL) {
        curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(easy, CURLOPT_XFERINFODATA, k);
    }
    strbuf_put(&k->url, config->server);
    k->path_at = k->url.len;
    *ret = k;
    return 0;
}

void kube_close(struct kube *k)
{
    if (k == NULL) {
        return;
    }
    curl_easy_cleanup(k->easy);
    strbuf_done(&k->url);
    strbuf_done(&k->body);
    mem_free(k);
}

int kube_target(struct kube *k, const struct kube_ref *ref, struct err *err)
{
    strbuf_truncate(&k->url, k->path_at);
    k->url.failed = false;
    return kube_path_put(&k->url, ref, err);
}

uint32_t kube_retry_after_ms(CURL *easy)
{
    struct curl_header *h;
    uint64_t seconds;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &h) != CURLHE_OK ||
        !parse_u64(sv_trim(sv_from(h->value)), &seconds)) {
        return 0;
    }
    return (uint32_t)(seconds < MAX_RETRY_S ? seconds : MAX_RETRY_S) * 1000;
}

int kube_curl_err(CURLcode code, const char *what, struct err *err)
{
    enum errc ec = code == CURLE_OPERATION_TIMEDOUT ? E_TIMEOUT
                   : code == CURLE_OUT_OF_MEMORY    ? E_NOMEM
                                                    : E_TRANSPORT;
    err_set(err, ec, "%s: %s", what, curl_easy_strerror(code));
    if (err != NULL) {
        err->detail = (int)code;
    }
    return -1;
}

/// No answer: whoever reads it must learn which server did not give one.
static int unanswered(const struct kube *k, const struct kube_request *rq, CURLcode code,
                      struct err *err)
{
    kube_curl_err(code, rq->method, err);
    struct strview server = kube_config_server(k->config);
    return err_wrap(err, "%.*s", SV_ARG(sv_sub(server, 0, server.len < 128 ? server.len : 128)));
}

static int refused_by_fence(struct err *err)
{
    return err_set(err, E_DENIED, "not sent: this process does not hold the lease (any more)");
}

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *more = curl_slist_append(*list, line);
    *list = more != NULL ? more : *list;
    return more != NULL;
}

static struct curl_slist *make_headers(struct kube *k, const struct kube_request *rq, bool reread)
{
    struct curl_slist *list = NULL;
    CLEANUP(strbuf_done) struct strbuf line = STRBUF(KUBE_MAX_TOKEN + 64);
    kube_config_put_authorization(k->config, reread, &line);
    bool ok = strbuf_ok(&line) && add_header(&list, "Accept: application/json") &&
              add_header(&list, "Expect:") && (line.len == 0 || add_header(&list, line.ptr));
    if (ok && rq->content_type != NULL) {
        strbuf_reset(&line);
        strbuf_printf(&line, "Content-Type: %s", rq->content_type);
        ok = strbuf_ok(&line) && add_header(&list, line.ptr);
    }
    if (!ok) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

static void set_method(struct kube *k, const struct kube_request *rq)
{
    curl_easy_setopt(k->easy, CURLOPT_HTTPGET, 1L);
    if (rq->content_type != NULL) {
        curl_easy_setopt(k->easy, CURLOPT_POSTFIELDS, rq->body.ptr);
        curl_easy_setopt(k->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.len);
    }
    curl_easy_setopt(k->easy, CURLOPT_CUSTOMREQUEST, rq->method);
    curl_easy_setopt(k->easy, CURLOPT_PREREQFUNCTION, rq->write ? on_prereq : NULL);
}

/// One transfer. A write never outlives the lease under which it was sent.
static int transfer(struct kube *k, const struct kube_request *rq, bool reread, int *ret_status,
                    struct err *err)
{
    struct curl_slist *headers = make_headers(k, rq, reread);
    if (headers == NULL) {
        return err_set(err, E_NOMEM, "no memory for the request's head");
    }
    strbuf_reset(&k->body);
    k->body_max = rq->max_body;
    k->too_large = false;
    k->fenced = false;
    k->cancelled = false;
    set_method(k, rq);
    curl_easy_setopt(k->easy, CURLOPT_URL, k->url.ptr);
    curl_easy_setopt(k->easy, CURLOPT_HTTPHEADER, headers);
    int64_t timeout = k->opt.timeout_ms;
    int64_t lease = rq->write && k->opt.fence != NULL ? k->opt.fence(k->opt.fence_ctx) : INT64_MAX;
    int64_t start = clock_mono_ns();
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    if (lease <= 0) {
        k->fenced = true;
    } else {
        curl_easy_setopt(k->easy, CURLOPT_TIMEOUT_MS, (long)(lease < timeout ? lease : timeout));
        code = curl_easy_perform(k->easy);
    }
    curl_easy_setopt(k->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    long status = 0;
    curl_easy_getinfo(k->easy, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = code == CURLE_OK ? (int)status : 0;
    if (k->fenced) {
        return refused_by_fence(err);
    }
    if (k->opt.observe != NULL) {
        k->opt.observe(k->opt.observe_ctx, rq->method, *ret_status, clock_mono_ns() - start);
    }
    if (k->too_large) {
        return err_set(err, E_TOO_LARGE, "an answer of more than %zu bytes", rq->max_body);
    }
    if (k->cancelled) {
        return err_set(err, E_TIMEOUT, "%s: given up", rq->method);
    }
    return code == CURLE_OK ? 0 : unanswered(k, rq, code, err);
}

/// Sends one request to k->url; a 401 once more with a token that was read anew. 0 for any 2xx,
/// with the answer's text in k->body; -1 for another status (*RET_STATUS is set, the text is there)
/// or none (*RET_STATUS is 0 and *ERR is complete).
static int perform(struct kube *k, const struct kube_request *rq, int *ret_status,
                   uint32_t *ret_retry_after_ms, struct err *err)
{
    *ret_status = 0;
    *ret_retry_after_ms = 0;
    if (!strbuf_ok(&k->url)) {
        return err_set(err, E_TOO_LARGE, "the URL is longer than %d bytes", MAX_URL);
    }
    int rc = transfer(k, rq, false, ret_status, err);
    if (rc == 0 && *ret_status == HTTP_UNAUTHORIZED && k->config->token_file != NULL) {
        rc = transfer(k, rq, true, ret_status, err);
    }
    if (rc != 0) {
        return -1;
    }
    *ret_retry_after_ms = kube_retry_after_ms(k->easy);
    return *ret_status >= 200 && *ret_status < 300 ? 0 : -1;
}

/// Fills *ERR from an answer that is no 2xx.
static int refused(struct kube *k, const struct kube_request *rq, const struct json *body,
                   struct arena *arena, int http, uint32_t retry_ms, struct err *err)
{
    struct status st = {.is_status = false};
    if (status_read(body, arena, &st, err) != 0) {
        return -1;
    }
    struct err e = {.code = E_TRANSPORT};
    (void)status_to_err(&st, http, &e);
    e.retry_after_ms = retry_ms > e.retry_after_ms ? retry_ms : e.retry_after_ms;
    if (err != NULL) {
        *err = e;
    }
    struct strview path = sv_from_pos(strbuf_view(&k->url), k->path_at);
    size_t query = sv_find_char(path, '?');
    return err_wrap(err, "%s %.*s", rq->method, SV_ARG(sv_sub(path, 0, query < 128 ? query : 128)));
}

int kube_call(struct kube *k, const struct kube_request *rq, struct arena *arena,
              const struct json **ret, struct err *err)
{
    CLEANUP(arena_done) struct arena own = ARENA(STATUS_ARENA);
    const struct json *body = NULL;
    int status;
    uint32_t retry_ms;
    if (ret != NULL) {
        *ret = NULL;
    }
    int rc = perform(k, rq, &status, &retry_ms, err);
    if (rc != 0 && status == 0) {
        return -1;
    }
    struct arena *into = arena != NULL ? arena : &own;
    bool wanted = rc != 0 || ret != NULL;
    struct err why = {0};
    int parsed =
        wanted ? json_parse(strbuf_view(&k->body), &KUBE_JSON_LIMITS, into, &body, &why) : 0;
    if (ret != NULL && arena != NULL && parsed == 0) {
        *ret = body;
    }
    if (rc != 0) {
        return refused(k, rq, parsed == 0 ? body : NULL, into, status, retry_ms, err);
    }
    if (parsed != 0) {
        return err_set(err, why.code, "the answer to %s: %s", rq->method, why.msg);
    }
    return 0;
}
