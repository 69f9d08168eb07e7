// SPDX-License-Identifier: Apache-2.0
#include "common/http/health.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/metrics_process.h"
#include "common/base/strview.h"
#include "common/http/listen.h"

#define METRICS_MAX_BYTES (8U << 20)
#define IDLE_SECONDS      10U
#define CONNECTION_BYTES  ((size_t)8192) // request line and headers

struct check {
    enum health_probe probe;
    const char *name;
    health_check_fn *fn;
    void *arg;
};

/// A connection. The server's thread alone.
struct peer {
    int fd;
    uint64_t number; // of all that came; 0: none stands here
    bool is_cut;
};

struct health {
    struct MHD_Daemon *daemon;
    struct metrics *metrics;
    struct check checks[HEALTH_MAX_CHECKS];
    size_t check_count;
    bool failing[2]; // what each probe answered last; the server's thread alone
    struct peer peers[HEALTH_MAX_CONNECTIONS];
    uint64_t peer_number;
    int fd;
    uint16_t port;
};

struct query {
    bool verbose;
    struct strview excluded[HEALTH_MAX_CHECKS];
    size_t excluded_count;
};

static enum MHD_Result read_query(void *arg, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    (void)kind;
    struct query *q = arg;
    if (strcmp(key, "verbose") == 0) {
        q->verbose = true;
    } else if (strcmp(key, "exclude") == 0 && value != NULL &&
               q->excluded_count < HEALTH_MAX_CHECKS) {
        q->excluded[q->excluded_count++] = sv_from(value);
    }
    return MHD_YES;
}

static bool is_excluded(const struct query *q, const char *name)
{
    for (size_t i = 0; i < q->excluded_count; i++) {
        if (sv_eq_lit(q->excluded[i], name)) {
            return true;
        }
    }
    return false;
}

static bool run_check(const struct check *c, bool log_reason)
{
    CLEANUP(strbuf_done) struct strbuf why = STRBUF(1024);
    bool ok = c->fn(c->arg, &why);
    if (!ok && log_reason) {
        log_warn("a health check fails", KV_STR("check", c->name), KV_S("why", strbuf_view(&why)));
    }
    return ok;
}

/// Runs the checks of PROBE (ONLY: one of them, SV_NONE: all). Returns the HTTP status.
static unsigned probe_answer(struct health *h, enum health_probe probe, struct strview only,
                             const struct query *q, struct strbuf *out)
{
    CLEANUP(strbuf_done) struct strbuf list = STRBUF(8192);
    const char *probe_name = probe == HEALTH_LIVE ? "healthz" : "readyz";
    size_t run = 0;
    bool ok = true;
    strbuf_put_str(&list, "[+]ping ok\n");
    for (size_t i = 0; i < h->check_count; i++) {
        const struct check *c = &h->checks[i];
        if (c->probe != probe || (sv_present(only) && !sv_eq_lit(only, c->name))) {
            continue;
        }
        run++;
        bool excluded = is_excluded(q, c->name);
        bool passed = excluded || run_check(c, !h->failing[probe]);
        strbuf_printf(&list, "[%c]%s %s\n", passed ? '+' : '-', c->name,
                      excluded ? "excluded: ok"
                      : passed ? "ok"
                               : "failed: reason withheld");
        ok = ok && passed;
    }
    if (sv_present(only) && run == 0 && !sv_eq_lit(only, "ping")) {
        strbuf_put_str(out, "no such check\n");
        return MHD_HTTP_NOT_FOUND;
    }
    if (!sv_present(only)) {
        if (ok && h->failing[probe]) {
            log_info("all health checks pass again", KV_STR("probe", probe_name));
        }
        h->failing[probe] = !ok;
    }
    if (ok && !q->verbose) {
        strbuf_put_str(out, "ok");
    } else {
        strbuf_put(out, strbuf_view(&list));
        strbuf_printf(out, "%s check %s\n", probe_name, ok ? "passed" : "failed");
    }
    return ok ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

/// Whether PATH is PREFIX, or stands below it: then the rest is in *RET_BELOW.
static bool path_matches(struct strview path, const char *prefix, struct strview *ret_below)
{
    struct strview p = sv_from(prefix);
    *ret_below = SV_NONE;
    if (sv_starts(path, p) && path.len > p.len + 1 && path.ptr[p.len] == '/') {
        *ret_below = sv_from_pos(path, p.len + 1);
        return true;
    }
    return sv_eq(path, p) ||
           (path.len == p.len + 1 && sv_starts(path, p) && sv_ends(path, SV("/")));
}

static unsigned answer(struct health *h, const char *url, const struct query *q, struct strbuf *out,
                       const char **content_type)
{
    struct strview path = sv_from(url);
    struct strview below;
    *content_type = "text/plain; charset=utf-8";
    if (path_matches(path, "/healthz", &below)) {
        return probe_answer(h, HEALTH_LIVE, below, q, out);
    }
    if (path_matches(path, "/readyz", &below)) {
        return probe_answer(h, HEALTH_READY, below, q, out);
    }
    if (sv_eq_lit(path, "/metrics")) {
        *content_type = "text/plain; version=0.0.4; charset=utf-8";
        if (h->metrics != NULL) {
            metrics_write(h->metrics, out);
        }
        metrics_write_process(out);
        return MHD_HTTP_OK;
    }
    strbuf_put_str(out, "not found: there are /healthz, /readyz and /metrics\n");
    return MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result respond(struct MHD_Connection *c, unsigned status, const struct strbuf *body,
                               const char *content_type)
{
    struct strview b = strbuf_view(body);
    union { // MHD's argument is not const, but with MUST_COPY it only reads
        const char *in;
        void *out;
    } data = {.in = b.ptr};
    struct MHD_Response *r =
        MHD_create_response_from_buffer(b.len, data.out, MHD_RESPMEM_MUST_COPY);
    if (r == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    enum MHD_Result queued = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    static char seen; // its address marks a request whose headers were seen before
    (void)version;
    (void)upload;
    struct health *h = arg;
    if (*request == NULL) {
        *request = &seen;
        return MHD_YES;
    }
    if (*upload_size != 0) {
        *upload_size = 0; // nobody asked for a body: read past it
        return MHD_YES;
    }
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(METRICS_MAX_BYTES);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        strbuf_put_str(&out, "only GET and HEAD are served here\n");
        return respond(c, MHD_HTTP_METHOD_NOT_ALLOWED, &out, "text/plain; charset=utf-8");
    }
    struct query q = {0};
    const char *content_type;
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, read_query, &q);
    unsigned status = answer(h, url, &q, &out, &content_type);
    if (!strbuf_ok(&out)) {
        strbuf_reset(&out);
        strbuf_put_str(&out, "the answer does not fit into memory\n");
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    return respond(c, status, &out, content_type);
}

/// Cuts the oldest connection when half of all are open.
static void make_room(struct health *h)
{
    struct peer *oldest = NULL;
    size_t open = 0;
    for (struct peer *p = h->peers; p < h->peers + HEALTH_MAX_CONNECTIONS; p++) {
        if (p->number != 0 && !p->is_cut) {
            open++;
            oldest = oldest == NULL || p->number < oldest->number ? p : oldest;
        }
    }
    if (oldest != NULL && open > HEALTH_MAX_CONNECTIONS / 2) {
        oldest->is_cut = true;
        shutdown(oldest->fd, SHUT_RDWR); // the server sees the end and closes it
    }
}

static void on_connection(void *arg, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct health *h = arg;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct peer *gone = *socket_context;
        if (gone != NULL) {
            *gone = (struct peer){0};
        }
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (size_t i = 0; info != NULL && i < HEALTH_MAX_CONNECTIONS; i++) {
        if (h->peers[i].number == 0) {
            h->peers[i] = (struct peer){.fd = info->connect_fd, .number = ++h->peer_number};
            *socket_context = &h->peers[i];
            break;
        }
    }
    make_room(h);
}

/// The library's own complaints (a client that went away in the middle) tell nobody anything.
static void on_mhd_log(void *arg, const char *fmt, va_list args)
{
    (void)arg;
    (void)fmt;
    (void)args;
}

struct health *health_new(struct metrics *metrics)
{
    struct health *h = calloc(1, sizeof(*h));
    if (h != NULL) {
        h->metrics = metrics;
        h->fd = -1;
    }
    return h;
}

void health_add_check(struct health *h, enum health_probe probe, const char *name,
                      health_check_fn *fn, void *arg)
{
    ASSERT(h->check_count < HEALTH_MAX_CHECKS && h->daemon == NULL);
    h->checks[h->check_count++] = (struct check){probe, name, fn, arg};
}

int health_start(struct health *h, const char *addr, struct err *err)
{
    h->fd = listen_open(addr, &h->port, err);
    if (h->fd < 0) {
        return err_wrap(err, "health port");
    }
    h->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC, 0,
                                 NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log,
                                 NULL, MHD_OPTION_LISTEN_SOCKET, h->fd, MHD_OPTION_CONNECTION_LIMIT,
                                 (unsigned)HEALTH_MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                                 IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
                                 MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
    if (h->daemon == NULL) {
        close(h->fd);
        h->fd = -1;
        return err_set(err, E_IO, "the health server does not start on %.80s", addr);
    }
    return 0;
}

uint16_t health_port(const struct health *h)
{
    return h->port;
}

void health_stop(struct health *h)
{
    if (h != NULL) {
        if (h->daemon != NULL) {
            MHD_stop_daemon(h->daemon); // closes the socket
        }
        free(h);
    }
}
