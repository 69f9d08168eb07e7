// SPDX-License-Identifier: Apache-2.0
#include "webhook/server.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/http/listen.h"
#include "webhook/budget.h"
#include "webhook/conns.h"
#include "webhook/context.h"
#include "webhook/door.h"
#include "webhook/head.h"
#include "webhook/findings.h"
#include "webhook/patience.h"
#include "webhook/second_tries.h"
#include "webhook/request.h"
#include "webhook/tcp.h"

/// A connection's own buffer: headers and one read of the body.
#define CONNECTION_MEMORY    ((size_t)32 << 10)
#define CONNECTION_INCREMENT ((size_t)8 << 10)
/// Silence after which libmicrohttpd closes a connection; above the API server's 90 s.
#define SILENCE_SECONDS 120U

struct server {
    struct MHD_Daemon *daemon;
    struct conns *conns;
    struct door *door;
    struct tls *tls;
    struct metrics *metrics;
    struct budget budget;
    struct review_scope scope;
    struct snapshots *snapshots;
    struct second_tries second_tries;
    atomic_bool draining;
    uint16_t port;
};

// ---- connections ------------------------------------------------------------------------------

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *s = cls;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        conns_close(s->conns, *socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *session =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct conn *conn = fd != NULL && session != NULL ? conns_find(s->conns, fd->connect_fd) : NULL;
    if (conn == NULL) {
        return; // its requests are refused: see begin()
    }
    conn->credentials = tls_pin(s->tls, session->tls_session);
    tls_watch_handshake(s->tls, session->tls_session, &conn->watch);
    *socket_context = conn;
}

static struct conn *conn_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/// A door_serve_fn.
static int serve_connection(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct server *s = arg;
    return MHD_add_connection(s->daemon, fd, addr, len) == MHD_YES ? 0 : -1;
}

// ---- answers ----------------------------------------------------------------------------------

/// Whether the connection is to be closed behind the answer, so that its caller opens another one,
/// perhaps to another replica.
static bool is_last(struct server *s, struct MHD_Connection *connection)
{
    if (atomic_load_explicit(&s->draining, memory_order_relaxed)) {
        metrics_add(s->metrics, M_connection_ends, METRIC_AT(CONN_END_DRAIN), 1);
        return true;
    }
    struct conn *conn = conn_of(connection);
    return conn != NULL && conn_gives_way(s->conns, conn);
}

/// LAST: the connection is closed behind the answer.
static enum MHD_Result send_response(struct server *s, struct MHD_Connection *connection,
                                     unsigned status, struct MHD_Response *response,
                                     const char *media_type, bool last)
{
    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
    if (status == MHD_HTTP_TOO_MANY_REQUESTS) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
    }
    if (last || is_last(s, connection)) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    enum MHD_Result rc = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result send_reject(struct server *s, struct MHD_Connection *connection,
                                   enum reject reject, bool last)
{
    static const struct {
        unsigned status;
        const char *text;
    } ROWS[REJECT_COUNT] = {
#define X(id, label, status_, text_) [REJECT_##id] = {status_, text_},
        REJECTS(X)
#undef X
    };
    metrics_add(s->metrics, M_rejected, METRIC_AT(reject), 1);
    // The texts are static: MHD_RESPMEM_PERSISTENT neither writes nor frees them.
    union {
        const char *in;
        void *out;
    } text = {.in = ROWS[reject].text};
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(ROWS[reject].text), text.out, MHD_RESPMEM_PERSISTENT);
    return send_response(s, connection, ROWS[reject].status, response, "text/plain", last);
}

/// A review that let a write pass as it was, without a word, is one of thousands: the API server's
/// own log has it, and its line would cost a thirteenth of what it did (docs/decisions/0032).
static void log_review(const struct request *r, const struct review_result *res, int64_t took_ns)
{
    char findings[FINDINGS_TEXT_MAX];
    bool silent = res->verdict == REVIEW_ALLOWED && res->warnings == 0 && res->audits == 0;
    LOG_AT(silent ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "review",
           KV_STR("webhook", review_kind_name(r->kind)), KV_S("requestID", res->uid),
           KV_STR("operation", admission_operation_name(res->operation)),
           KV_STR("object", review_object_name(res->object)), KV_S("namespace", res->ns),
           KV_S("name", res->name), KV_S("user", res->username),
           KV_STR("verdict", review_verdict_name(res->verdict)), KV_I("code", res->code),
           KV_U("causes", res->causes), KV_U("warnings", res->warnings),
           KV_S("findings", findings_text(res, findings)), KV_B("dryRun", res->dry_run),
           KV_U("bytes", r->body.len), KV_US("took_ms", took_ns / 1000), KV_END);
}

/// Who waits for a review.
struct waiter {
    struct server *server;
    const struct request *request;
};

static bool may_wait(const void *ctx, struct strview uid)
{
    const struct waiter *w = ctx;
    return second_tries_allow(&w->server->second_tries, uid, w->request->start_ns / 1000000,
                              w->request->patience_ms);
}

static enum MHD_Result answer(struct server *s, struct MHD_Connection *connection,
                              struct request *r)
{
    UNINITIALIZED struct review_result res;
    struct snapshot *snap = snapshots_take(s->snapshots);
    const struct waiter waiter = {.server = s, .request = r};
    struct review_context context = {
        .scope = s->scope, .now_ms = clock_wall_ms(), .may_wait = may_wait, .wait_ctx = &waiter};
    if (snap != NULL) {
        context_put(snap, &context);
    } else if (r->reject == REJECT_COUNT) {
        r->reject = REJECT_UNREADY; // no verdict without the policies
    }
    if (r->reject != REJECT_COUNT || !request_review(r, &context, &res)) {
        snapshots_give_back(s->snapshots, snap);
        return send_reject(s, connection, r->reject, r->reject == REJECT_TOO_LARGE);
    }
    int64_t took_ns = clock_mono_ns() - r->start_ns;
    metrics_add(s->metrics, M_requests, METRIC_AT(r->kind, metric_code_index(res.http_status)), 1);
    metrics_observe(s->metrics, M_latency, METRIC_AT(r->kind), (uint64_t)took_ns);
    metrics_add(s->metrics, M_reviews, METRIC_AT(r->kind, res.operation, res.verdict), 1);
    findings_count(s->metrics, M_findings, M_policy_findings, &res);
    log_review(r, &res, took_ns);
    snapshots_give_back(s->snapshots, snap);
    // Persistent as long as the request is, which ends behind its answer.
    struct MHD_Response *response =
        MHD_create_response_from_buffer(r->out.len, r->out.ptr, MHD_RESPMEM_PERSISTENT);
    return send_response(s, connection, (unsigned)res.http_status, response,
                         res.http_status == 200 ? "application/json" : "text/plain", false);
}

// ---- requests ---------------------------------------------------------------------------------

/// A request line has come: from here on the deadline is the request's, however slow the rest of
/// its head.
static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct server *s = cls;
    (void)uri;
    struct conn *conn = conn_of(connection);
    if (conn != NULL) {
        conn_request_begins(conn);
        metrics_observe(s->metrics, M_wait, METRIC_AT(0), (uint64_t)conn->waited_ms * 1000000);
    }
    return NULL; // what *request is at first
}

/// What speaks against beginning: the caller has waited too long, or must wait for memory.
static struct request *new_request(struct server *s, struct MHD_Connection *connection,
                                   const struct conn *conn, enum review_kind kind, size_t size)
{
    int64_t patience_ms =
        patience_of(MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "timeout"),
                    conns_crowded(s->conns));
    bool is_late = patience_ends_at_head(patience_ms, conn->waited_ms);
    struct request *r =
        is_late ? request_new_refused(kind, REJECT_LATE) : request_new(kind, size, &s->budget);
    if (r != NULL) {
        r->patience_ms = patience_ms;
    }
    return r;
}

/// The head has come: take the request in, or answer at once, which closes the connection: its body
/// is not read, and must not pass for a next request. An ordinary body of a request that is refused
/// is read and dropped all the same: a new connection would cost more than that.
static enum MHD_Result begin(struct server *s, struct MHD_Connection *connection, const char *url,
                             const char *method, void **request)
{
    struct conn *conn = conn_of(connection);
    enum review_kind kind = REVIEW_VALIDATE;
    size_t size = SIZE_MAX;
    enum reject reject =
        conn == NULL ? REJECT_MEMORY : head_judge(connection, url, method, &kind, &size);
    if (reject != REJECT_COUNT) {
        return send_reject(s, connection, reject, true);
    }
    if (conn->gone) {
        metrics_add(s->metrics, M_rejected, METRIC_AT(REJECT_CUT), 1);
        return MHD_NO;
    }
    struct request *r = new_request(s, connection, conn, kind, size);
    if (r == NULL) {
        return send_reject(s, connection, REJECT_MEMORY, true);
    }
    *request = r;
    metrics_gauge_add(s->metrics, M_in_flight, METRIC_AT(kind), 1);
    return r->reject != REJECT_COUNT && size > BUDGET_LARGE
               ? send_reject(s, connection, r->reject, true)
               : MHD_YES;
}

static void refuse_late(struct MHD_Connection *connection, struct request *r)
{
    const struct conn *conn = conn_of(connection);
    if (conn != NULL && r->reject == REJECT_COUNT &&
        patience_ends_at_body(r->patience_ms, clock_mono_ms() - conn->asked_ms)) {
        r->reject = REJECT_LATE;
    }
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload_data,
                                  size_t *upload_data_size, void **request)
{
    struct server *s = cls;
    (void)version;
    if (*request == NULL) {
        return begin(s, connection, url, method, request);
    }
    if (*upload_data_size != 0) {
        // A body that turns out too large is read to its end, dropped as it comes: an answer can't
        // be queued in its midst.
        request_append(*request, sv_make(upload_data, *upload_data_size), &s->budget);
        *upload_data_size = 0;
        return MHD_YES;
    }
    refuse_late(connection, *request);
    return answer(s, connection, *request);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct server *s = cls;
    struct request *r = *request;
    struct conn *conn = conn_of(connection);
    if (conn != NULL) {
        conn_request_ends(conn);
    }
    if (r == NULL) {
        return;
    }
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK && r->reject == REJECT_COUNT) {
        metrics_add(s->metrics, M_rejected, METRIC_AT(REJECT_CUT), 1);
    }
    metrics_gauge_add(s->metrics, M_in_flight, METRIC_AT(r->kind), -1);
    request_free(r, &s->budget);
    *request = NULL;
}

// ---- life -------------------------------------------------------------------------------------

PRINTF(2, 0)
static void on_log(void *cls, const char *fmt, va_list args)
{
    (void)cls;
    char text[256];
    vsnprintf(text, sizeof(text), fmt, args);
    log_debug("libmicrohttpd", KV_S("text", sv_trim(sv_from(text))));
}

static struct MHD_Daemon *start_daemon(struct server *s, const struct server_settings *settings,
                                       const char *cert, const char *key)
{
    // Not epoll: there libmicrohttpd spins while a handshake waits for the peer, so that a few
    // peers who say half a hello would hold every processor. For some hundred connections poll
    // costs no more. The door counts connections; a thread of ours has no limit of its own.
    return MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ERROR_LOG | MHD_USE_ITC |
            MHD_USE_NO_LISTEN_SOCKET,
        0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_HTTPS_MEM_CERT, cert, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_PRIORITIES,
        "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_THREAD_POOL_SIZE,
        settings->threads > 1 ? settings->threads : 0U, MHD_OPTION_CONNECTION_LIMIT,
        (settings->connections.max + 1) * settings->threads, MHD_OPTION_CONNECTION_TIMEOUT,
        SILENCE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, CONNECTION_INCREMENT, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_URI_LOG_CALLBACK,
        on_request_line, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
}

/// The door first: it gives connections to libmicrohttpd.
static void free_server(struct server *s)
{
    door_free(s->door);
    if (s->daemon != NULL) {
        MHD_stop_daemon(s->daemon);
    }
    conns_free(s->conns);
    mem_free(s);
}

int server_start(const struct server_settings *settings, struct server **ret, struct err *err)
{
    struct server *s = mem_alloc_aligned(_Alignof(struct server), sizeof(*s));
    if (s == NULL) {
        return err_set(err, E_NOMEM, "no memory for the server");
    }
    *s = (struct server){.tls = settings->tls,
                         .metrics = settings->metrics,
                         .scope = settings->scope,
                         .snapshots = settings->snapshots,
                         .second_tries = SECOND_TRIES,
                         .budget = budget_make(settings->max_body_bytes, REQUEST_BODY_MAX)};
    struct arena scratch = ARENA((size_t)256 << 10);
    // libmicrohttpd wants C strings.
    const char *cert = arena_copy(&scratch, settings->cert).ptr;
    const char *key = arena_copy(&scratch, settings->key).ptr;
    int fd = -1;
    if (!arena_ok(&scratch)) {
        err_set(err, E_NOMEM, "no memory for the server's certificate");
        goto fail;
    }
    s->conns = conns_new(&settings->connections, settings->metrics, err);
    if (s->conns == NULL) {
        goto fail;
    }
    fd = listen_open(settings->addr, &s->port, err);
    if (fd < 0) {
        goto fail;
    }
    s->daemon = start_daemon(s, settings, cert, key);
    if (s->daemon == NULL) {
        err_set(err, E_IO, "libmicrohttpd does not start");
        goto fail;
    }
    s->door = door_open(fd, s->conns, serve_connection, s, err);
    fd = -1; // the door's
    if (s->door == NULL) {
        goto fail;
    }
    arena_done(&scratch);
    *ret = s;
    return 0;
fail:
    if (fd >= 0) {
        close(fd);
    }
    free_server(s);
    arena_done(&scratch);
    return -1;
}

uint16_t server_port(const struct server *s)
{
    return s->port;
}

unsigned server_connections(struct server *s)
{
    return conns_count(s->conns);
}

unsigned server_connections_waiting(struct server *s)
{
    return door_waiting(s->door);
}

size_t server_body_bytes(struct server *s)
{
    return budget_used(&s->budget);
}

void server_drain(struct server *s)
{
    atomic_store(&s->draining, true);
}

void server_stop(struct server *s, int64_t wait_ms)
{
    if (s == NULL) {
        return;
    }
    server_drain(s);
    door_shut(s->door);
    int64_t until = clock_mono_ms() + wait_ms;
    while (conns_count(s->conns) != 0 && clock_mono_ms() < until) {
        clock_sleep_ms(10);
    }
    free_server(s);
}
