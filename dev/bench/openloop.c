// SPDX-License-Identifier: Apache-2.0
// An open-loop HTTPS client: posts a body at a fixed rate over some keep-alive connections,
// whatever the server does, and counts each latency from the time at which the request was to be
// sent, so that a server that stalls is charged for all that waited. Prints one JSON object.
//   openloop PORT PATH BODY_FILE CONNECTIONS RATE SECONDS
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/os_file.h"
#include "common/base/parse_num.h"

#define BODY_MAX     ((size_t)8 << 20)
#define SAMPLES_MAX  ((size_t)10000000)
#define RESPONSE_MAX 65536

static struct {
    uint16_t port;
    struct strbuf request;
    unsigned connections;
    uint64_t rate, total;
    int64_t start_ns;
    uint64_t *latencies_ns; // by number of the request; 0: failed
    atomic_uint_fast64_t next;
    atomic_uint_fast64_t failed;
} load;

static SSL *open_connection(SSL_CTX *ctx)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(load.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    SSL *ssl = SSL_new(ctx);
    if (fd < 0 || ssl == NULL || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1) {
        fprintf(stderr, "openloop: cannot connect\n");
        exit(1);
    }
    return ssl;
}

/// Whether the bytes hold a whole 200 answer with a Content-Length.
static int whole(const char *text, size_t len)
{
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    const char *field = memmem(text, len, "Content-Length: ", 16);
    if (end == NULL || field == NULL || strncmp(text, "HTTP/1.1 200", 12) != 0) {
        return 0;
    }
    size_t digits = strspn(field + 16, "0123456789");
    uint64_t n;
    return parse_u64(sv_make(field + 16, digits), &n) &&
           len >= (size_t)(end - text) + 4 + (size_t)n;
}

/// -1: failed; 1: this was the connection's last answer.
static int exchange(SSL *ssl)
{
    char text[RESPONSE_MAX];
    size_t len = 0;
    if (SSL_write(ssl, load.request.ptr, (int)load.request.len) <= 0) {
        return -1;
    }
    while (len < sizeof(text)) {
        int n = SSL_read(ssl, text + len, (int)(sizeof(text) - len));
        if (n <= 0) {
            return -1;
        }
        len += (size_t)n;
        if (whole(text, len)) {
            return memmem(text, len, "\r\nConnection: close\r\n", 21) != NULL;
        }
    }
    return -1;
}

static void *run_connection(void *arg)
{
    SSL *ssl = open_connection(arg);
    for (;;) {
        uint64_t i = atomic_fetch_add(&load.next, 1);
        if (i >= load.total) {
            break;
        }
        int64_t due = load.start_ns + (int64_t)(i * 1000000000U / load.rate);
        int64_t wait_ns = due - clock_mono_ns();
        if (wait_ns > 0) {
            struct timespec t = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
            nanosleep(&t, NULL);
        }
        int rc = exchange(ssl);
        if (rc >= 0) {
            load.latencies_ns[i] = (uint64_t)(clock_mono_ns() - due);
        } else {
            atomic_fetch_add(&load.failed, 1);
        }
        if (rc != 0) {
            SSL_free(ssl);
            ssl = open_connection(arg);
        }
    }
    SSL_free(ssl);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double percentile(uint64_t n, double p)
{
    uint64_t at = (uint64_t)((double)n * p);
    return (double)load.latencies_ns[at < n ? at : n - 1] / 1e6;
}

static void prepare(char **argv)
{
    struct strbuf body = STRBUF(BODY_MAX);
    struct err err;
    uint64_t port, connections, seconds;
    if (!parse_u64(sv_from(argv[1]), &port) || !parse_u64(sv_from(argv[4]), &connections) ||
        !parse_u64(sv_from(argv[5]), &load.rate) || !parse_u64(sv_from(argv[6]), &seconds) ||
        connections == 0 || connections > 256 || load.rate == 0 ||
        load.rate * seconds > SAMPLES_MAX || os_file_read(argv[3], BODY_MAX, &body, &err) != 0) {
        fprintf(stderr, "openloop: wrong arguments\n");
        exit(2);
    }
    load.port = (uint16_t)port;
    load.connections = (unsigned)connections;
    load.total = load.rate * seconds;
    load.latencies_ns = calloc(load.total, sizeof(uint64_t));
    load.request = STRBUF(BODY_MAX + 1024);
    strbuf_printf(&load.request,
                  "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  "Content-Length: %zu\r\n\r\n",
                  argv[2], body.len);
    strbuf_put(&load.request, strbuf_view(&body));
    strbuf_done(&body);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: openloop PORT PATH BODY_FILE CONNECTIONS RATE SECONDS\n");
        return 2;
    }
    prepare(argv);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    pthread_t threads[256];
    load.start_ns = clock_mono_ns() + 500000000; // the connections are open by then
    for (unsigned i = 0; i < load.connections; i++) {
        if (pthread_create(&threads[i], NULL, run_connection, ctx) != 0) {
            fprintf(stderr, "openloop: cannot start a thread\n");
            return 1;
        }
    }
    for (unsigned i = 0; i < load.connections; i++) {
        pthread_join(threads[i], NULL);
    }
    double seconds = (double)(clock_mono_ns() - load.start_ns) / 1e9;
    qsort(load.latencies_ns, load.total, sizeof(uint64_t), by_size);
    // Failed ones stand first, as 0; their number is told.
    printf("{\"rate\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f,"
           "\"failed\":%llu}\n",
           (double)load.total / seconds, percentile(load.total, 0.5), percentile(load.total, 0.99),
           percentile(load.total, 0.999), percentile(load.total, 1.0),
           (unsigned long long)atomic_load(&load.failed));
    free(load.latencies_ns);
    strbuf_done(&load.request);
    SSL_CTX_free(ctx);
    return 0;
}
