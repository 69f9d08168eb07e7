// SPDX-License-Identifier: Apache-2.0
// Calls a webhook as API servers do, at a fixed rate, whatever it answers: a call takes an idle
// connection or dials one, and has whichever is there first; up to 25 connections are kept idle; a
// 429 is tried again after its Retry-After, within the call's time-out, which ?timeout= tells. Only
// so many calls run at once: an API server has a limit, too, and those beyond it are counted and
// not made. Prints one JSON object.
//   flood PATH BODY_FILE RATE SECONDS TIMEOUT_SECONDS CALLS
// Lines on stdin: `ports N,N` sets where to dial (from the first such line on it runs); `end`
// stops.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/os_file.h"
#include "common/base/parse_num.h"

#define BODY_MAX        ((size_t)8 << 20)
#define ANSWER_MAX      16384
#define IDLE_MAX        25 // client-go's idle connections of a host
#define CALLS_MAX       8192
#define PORTS_MAX       8
#define SAMPLES_MAX     1000000
#define CONNECTIONS_MAX 4096

enum call_state { NONE, WAITS, ON, SLEEPS };
enum conn_state { CLOSED, DIALS, SHAKES, IDLES, SENDS, READS };

struct conn {
    enum conn_state state;
    int fd;
    SSL *ssl;
    int64_t since_ms;
    struct call *call;
    size_t sent, got;
    char answer[ANSWER_MAX];
};

struct call {
    enum call_state state;
    int64_t start_ms, attempt_ms, wake_ms;
    struct conn *conn;
    struct call *next; // in the queue of those that wait for a connection
};

static struct {
    const char *path;
    struct strbuf request;
    uint64_t rate, seconds, timeout_s, calls_max;
    uint16_t ports[PORTS_MAX];
    size_t port_count, next_port;
    struct call calls[CALLS_MAX];
    struct call *first, **last;
    struct conn *conns; // CONNECTIONS_MAX
    struct conn *idle[IDLE_MAX];
    size_t idle_count;
    SSL_CTX *ctx;
    int epoll_fd;
    bool ended;
} f;

/// Of calls: made = verdicts + refused + timeouts + resets + others + undialled. Of their attempts:
/// answers, and late: no answer within the time that was told.
static struct {
    uint64_t made, not_made, verdicts, refused, timeouts, resets, others, undialled;
    uint64_t answers, again, late, dials, closes;
    uint32_t *took_ms; // of each answered attempt
} n;

static void die(const char *what)
{
    fprintf(stderr, "flood: %s\n", what);
    exit(1);
}

// ---- calls ------------------------------------------------------------------------------------

static void end_call(struct call *call, uint64_t *counter)
{
    (*counter)++;
    call->state = NONE;
    call->conn = NULL;
}

static void enqueue(struct call *call)
{
    call->state = WAITS;
    call->next = NULL;
    *f.last = call;
    f.last = &call->next;
}

static struct call *dequeue(void)
{
    while (f.first != NULL) {
        struct call *call = f.first;
        f.first = call->next;
        f.last = f.first == NULL ? &f.first : f.last;
        if (call->state == WAITS) {
            return call;
        }
        call->state = NONE; // it timed out meanwhile
    }
    return NULL;
}

// ---- connections ------------------------------------------------------------------------------

static void watch(struct conn *c, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(f.epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

static void close_conn(struct conn *c)
{
    if (c->state == IDLES) {
        for (size_t i = 0; i < f.idle_count; i++) {
            if (f.idle[i] == c) {
                memmove(f.idle + i, f.idle + i + 1, (--f.idle_count - i) * sizeof(f.idle[0]));
                break;
            }
        }
    }
    SSL_free(c->ssl);
    close(c->fd);
    c->ssl = NULL;
    c->state = CLOSED;
    c->call = NULL;
}

/// The connection broke; its call, which was sent, is lost.
static void lose(struct conn *c)
{
    if (c->call != NULL) {
        end_call(c->call, &n.resets);
    }
    close_conn(c);
}

static void dial(void)
{
    struct conn *c = f.conns;
    while (c < f.conns + CONNECTIONS_MAX && c->state != CLOSED) {
        c++;
    }
    if (c == f.conns + CONNECTIONS_MAX || f.port_count == 0) {
        return;
    }
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(f.ports[f.next_port++ % f.port_count]),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        die("no more sockets");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    int rc = connect(c->fd, (struct sockaddr *)&to, sizeof(to));
    if (rc != 0 && errno != EINPROGRESS) {
        close(c->fd);
        n.undialled++;
        return;
    }
    c->ssl = SSL_new(f.ctx);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    c->state = DIALS;
    c->since_ms = clock_mono_ms();
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(f.epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
    n.dials++;
}

static void go_on(struct conn *c);

static void give(struct conn *c, struct call *call)
{
    c->state = SENDS;
    c->call = call;
    c->sent = c->got = 0;
    call->state = ON;
    call->conn = c;
    go_on(c);
}

/// C can take another call.
static void release(struct conn *c)
{
    struct call *call = dequeue();
    if (call != NULL) {
        give(c, call);
    } else if (f.idle_count < IDLE_MAX) {
        c->state = IDLES;
        c->call = NULL;
        f.idle[f.idle_count++] = c;
        watch(c, EPOLLIN);
    } else {
        close_conn(c);
    }
}

/// Whether an idle connection is still good: what came on it is at most a session ticket.
static bool is_good(struct conn *c)
{
    char byte;
    int rc = SSL_read(c->ssl, &byte, 1);
    return rc <= 0 && SSL_get_error(c->ssl, rc) == SSL_ERROR_WANT_READ;
}

static void attempt(struct call *call)
{
    call->attempt_ms = clock_mono_ms();
    while (f.idle_count != 0) {
        struct conn *c = f.idle[f.idle_count - 1];
        if (is_good(c)) {
            f.idle_count--;
            give(c, call);
            return;
        }
        close_conn(c);
    }
    enqueue(call);
    dial();
}

// ---- answers ----------------------------------------------------------------------------------

static void answered(struct conn *c, bool last)
{
    struct call *call = c->call;
    int64_t now = clock_mono_ms();
    if (n.answers < SAMPLES_MAX) {
        n.took_ms[n.answers] = (uint32_t)(now - call->attempt_ms);
    }
    n.answers++;
    bool is_verdict = strncmp(c->answer, "HTTP/1.1 200", 12) == 0;
    bool again = strncmp(c->answer, "HTTP/1.1 429", 12) == 0 &&
                 strstr(c->answer, "\r\nRetry-After: 1\r\n") != NULL;
    if (is_verdict) {
        end_call(call, &n.verdicts);
    } else if (!again) {
        fprintf(stderr, "flood: %.60s\n", c->answer);
        end_call(call, &n.others);
    } else {
        n.again++;
        if (now + 1000 >= call->start_ms + (int64_t)f.timeout_s * 1000) {
            end_call(call, &n.refused);
        } else {
            call->state = SLEEPS;
            call->conn = NULL;
            call->wake_ms = now + 1000;
        }
    }
    c->call = NULL;
    if (last) {
        n.closes++;
        close_conn(c);
    } else {
        release(c);
    }
}

static void read_answer(struct conn *c)
{
    for (;;) {
        int got = SSL_read(c->ssl, c->answer + c->got, (int)(ANSWER_MAX - 1 - c->got));
        if (got <= 0) {
            if (SSL_get_error(c->ssl, got) != SSL_ERROR_WANT_READ) {
                lose(c);
            }
            return;
        }
        c->got += (size_t)got;
        c->answer[c->got] = '\0';
        const char *end = strstr(c->answer, "\r\n\r\n");
        const char *field = strstr(c->answer, "\r\nContent-Length: ");
        uint64_t length;
        if (end != NULL && field != NULL && field < end &&
            parse_u64(sv_make(field + 18, strspn(field + 18, "0123456789")), &length) &&
            c->got >= (size_t)(end + 4 - c->answer) + length) {
            const char *close_field = strcasestr(c->answer, "\r\nConnection: close\r\n");
            answered(c, close_field != NULL && close_field < end);
            return;
        }
    }
}

static void go_on(struct conn *c)
{
    if (c->state == DIALS || c->state == SHAKES) {
        c->state = SHAKES;
        int rc = SSL_do_handshake(c->ssl);
        int why = SSL_get_error(c->ssl, rc);
        if (rc == 1) {
            release(c);
        } else if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
            watch(c, why == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT);
        } else {
            n.undialled++;
            close_conn(c);
        }
        return;
    }
    if (c->state == IDLES) {
        if (!is_good(c)) {
            close_conn(c);
        }
        return;
    }
    while (c->state == SENDS) {
        int rc = SSL_write(c->ssl, f.request.ptr + c->sent, (int)(f.request.len - c->sent));
        if (rc <= 0) {
            if (SSL_get_error(c->ssl, rc) == SSL_ERROR_WANT_WRITE) {
                watch(c, EPOLLOUT);
            } else {
                lose(c);
            }
            return;
        }
        c->sent += (size_t)rc;
        if (c->sent == f.request.len) {
            c->state = READS;
            watch(c, EPOLLIN);
        }
    }
    if (c->state == READS) {
        read_answer(c);
    }
}

// ---- time -------------------------------------------------------------------------------------

static void look_at_call(struct call *call, int64_t now)
{
    int64_t patience = (int64_t)f.timeout_s * 1000;
    if (call->state == NONE) {
        return;
    }
    bool in_attempt = call->state != SLEEPS;
    if (now >= call->start_ms + patience) {
        n.late += in_attempt && now >= call->attempt_ms + patience;
        struct conn *c = call->conn;
        if (call->state == WAITS) {
            // It stands in the queue still, and is taken out of there.
            call->state = SLEEPS;
            call->wake_ms = INT64_MAX;
            call->start_ms = INT64_MAX / 2;
            n.timeouts++;
            return;
        }
        end_call(call, &n.timeouts);
        if (c != NULL) {
            c->call = NULL;
            close_conn(c);
        }
    } else if (call->state == SLEEPS && now >= call->wake_ms) {
        attempt(call);
    }
}

static void look_at_dials(int64_t now)
{
    for (struct conn *c = f.conns; c < f.conns + CONNECTIONS_MAX; c++) {
        if ((c->state == DIALS || c->state == SHAKES) && now > c->since_ms + 10000) {
            close_conn(c); // Go's TLSHandshakeTimeout
        }
    }
}

static bool begin_call(void)
{
    for (size_t i = 0; i < f.calls_max; i++) {
        if (f.calls[i].state == NONE) {
            f.calls[i] = (struct call){.start_ms = clock_mono_ms()};
            n.made++;
            attempt(&f.calls[i]);
            return true;
        }
    }
    n.not_made++;
    return false;
}

static bool is_busy(void)
{
    for (size_t i = 0; i < f.calls_max; i++) {
        if (f.calls[i].state != NONE && f.calls[i].wake_ms != INT64_MAX) {
            return true;
        }
    }
    return false;
}

// ---- stdin ------------------------------------------------------------------------------------

static void obey(char *line)
{
    if (strncmp(line, "end", 3) == 0) {
        f.ended = true;
    } else if (strncmp(line, "ports ", 6) == 0) {
        struct strview rest = sv_trim(sv_from(line + 6));
        f.port_count = 0;
        while (rest.len != 0 && f.port_count < PORTS_MAX) {
            size_t comma = sv_find_char(rest, ',');
            uint64_t port;
            size_t len = comma != SIZE_MAX ? comma : rest.len;
            if (!parse_u64(sv_sub(rest, 0, len), &port)) {
                die("wrong ports");
            }
            f.ports[f.port_count++] = (uint16_t)port;
            rest = comma != SIZE_MAX ? sv_from_pos(rest, comma + 1) : SV_NONE;
        }
    }
}

static void look_at_stdin(int timeout_ms)
{
    static char line[256];
    static size_t len;
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&p, 1, timeout_ms) <= 0) {
        return;
    }
    ssize_t got = read(STDIN_FILENO, line + len, sizeof(line) - 1 - len);
    if (got <= 0) {
        f.ended = f.ended || timeout_ms != 0;
        return;
    }
    len += (size_t)got;
    line[len] = '\0';
    char *end;
    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        obey(line);
        len -= (size_t)(end + 1 - line);
        memmove(line, end + 1, len + 1);
    }
}

// ---- all of it --------------------------------------------------------------------------------

static void run(void)
{
    struct epoll_event events[256];
    while (f.port_count == 0 && !f.ended) {
        look_at_stdin(1000);
    }
    int64_t start_ms = clock_mono_ms(), last_look_ms = 0;
    uint64_t begun = 0;
    for (;;) {
        int64_t now = clock_mono_ms();
        uint64_t elapsed = (uint64_t)(now - start_ms);
        f.ended = f.ended || elapsed > f.seconds * 1000;
        if (f.ended && !is_busy()) {
            return;
        }
        for (; !f.ended && begun < elapsed * f.rate / 1000; begun++) {
            begin_call();
        }
        if (now >= last_look_ms + 5) {
            for (size_t i = 0; i < f.calls_max; i++) {
                look_at_call(&f.calls[i], now);
            }
            look_at_dials(now);
            look_at_stdin(0);
            last_look_ms = now;
        }
        int count = epoll_wait(f.epoll_fd, events, ARRAY_LEN(events), 1);
        for (int i = 0; i < count; i++) {
            struct conn *c = events[i].data.ptr;
            if (c->state != CLOSED) {
                go_on(c);
            }
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void tell(void)
{
    uint64_t samples = n.answers < SAMPLES_MAX ? n.answers : SAMPLES_MAX;
    qsort(n.took_ms, samples, sizeof(n.took_ms[0]), by_size);
    printf(
        "{\"made\":%llu,\"not_made\":%llu,\"verdicts\":%llu,\"refused\":%llu,\"timeouts\":%llu,"
        "\"resets\":%llu,\"others\":%llu,\"undialled\":%llu,\"answers\":%llu,\"again\":%llu,"
        "\"late\":%llu,\"dials\":%llu,\"closes\":%llu,\"p50_ms\":%u,\"p99_ms\":%u,"
        "\"max_ms\":%u}\n",
        (unsigned long long)n.made, (unsigned long long)n.not_made, (unsigned long long)n.verdicts,
        (unsigned long long)n.refused, (unsigned long long)n.timeouts, (unsigned long long)n.resets,
        (unsigned long long)n.others, (unsigned long long)n.undialled,
        (unsigned long long)n.answers, (unsigned long long)n.again, (unsigned long long)n.late,
        (unsigned long long)n.dials, (unsigned long long)n.closes,
        samples != 0 ? n.took_ms[samples / 2] : 0, samples != 0 ? n.took_ms[samples * 99 / 100] : 0,
        samples != 0 ? n.took_ms[samples - 1] : 0);
}

int main(int argc, char **argv)
{
    struct strbuf body = STRBUF(BODY_MAX);
    struct err err;
    if (argc != 7 || os_file_read(argv[2], BODY_MAX, &body, &err) != 0 ||
        !parse_u64(sv_from(argv[3]), &f.rate) || !parse_u64(sv_from(argv[4]), &f.seconds) ||
        !parse_u64(sv_from(argv[5]), &f.timeout_s) || !parse_u64(sv_from(argv[6]), &f.calls_max) ||
        f.calls_max > CALLS_MAX) {
        die("PATH BODY_FILE RATE SECONDS TIMEOUT_SECONDS CALLS");
    }
    f.request = STRBUF(BODY_MAX + 1024);
    strbuf_printf(&f.request,
                  "POST %s?timeout=%llus HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  "application/json\r\nContent-Length: %zu\r\n\r\n",
                  argv[1], (unsigned long long)f.timeout_s, body.len);
    strbuf_put(&f.request, strbuf_view(&body));
    f.last = &f.first;
    f.conns = calloc(CONNECTIONS_MAX, sizeof(*f.conns));
    n.took_ms = calloc(SAMPLES_MAX, sizeof(n.took_ms[0]));
    f.ctx = SSL_CTX_new(TLS_client_method());
    f.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (f.conns == NULL || n.took_ms == NULL || f.ctx == NULL || f.epoll_fd < 0) {
        die("no memory");
    }
    SSL_CTX_set_mode(f.ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    run();
    tell();
    for (struct conn *c = f.conns; c < f.conns + CONNECTIONS_MAX; c++) {
        if (c->state != CLOSED) {
            close_conn(c);
        }
    }
    SSL_CTX_free(f.ctx);
    free(f.conns);
    free(n.took_ms);
    strbuf_done(&f.request);
    strbuf_done(&body);
    return 0;
}
