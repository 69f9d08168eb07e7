// SPDX-License-Identifier: Apache-2.0
#include "common/http/health.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "tests/unit/unit.h"

static struct health *h;
static struct metrics *m;
static bool ready_ok;
static char answer[1 << 16];
static struct err err;

static const struct metric_row rows[] = {
    {.kind = METRIC_COUNTER, .name = "demo_total", .help = "A count."}};

static bool check_ready(void *arg, struct strbuf *why)
{
    (void)arg;
    strbuf_put_str(why, "a secret reason");
    return ready_ok;
}

static bool check_fine(void *arg, struct strbuf *why)
{
    (void)arg;
    (void)why;
    return true;
}

static void setup(void)
{
    log_init("test", LOG_LEVEL_ERROR, STDERR_FILENO);
    ready_ok = true;
    m = metrics_new(rows, ARRAY_LEN(rows), &err);
    h = health_new(m);
    ck_assert_ptr_nonnull(h);
    health_add_check(h, HEALTH_READY, "cert", check_ready, NULL);
    health_add_check(h, HEALTH_READY, "fine", check_fine, NULL);
    health_add_check(h, HEALTH_LIVE, "alive", check_fine, NULL);
    if (health_start(h, "127.0.0.1:0", &err) < 0) {
        ck_abort_msg("%s", err.msg);
    }
}

static void teardown(void)
{
    health_stop(h);
    metrics_free(m);
}

static int dial(void)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(health_port(h)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/// Sends REQUEST and reads all that comes back until the server closes.
static void talk(const char *request)
{
    int fd = dial();
    size_t len = 0;
    ssize_t n;
    ck_assert_int_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    while ((n = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0) {
        len += (size_t)n;
    }
    answer[len] = '\0';
    close(fd);
}

/// The status of a GET, with the answer in `answer`.
static int get(const char *target)
{
    char request[256];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             target);
    talk(request);
    ck_assert(strncmp(answer, "HTTP/1.1 ", 9) == 0);
    return (answer[9] - '0') * 100 + (answer[10] - '0') * 10 + (answer[11] - '0');
}

static const char *body(void)
{
    const char *end = strstr(answer, "\r\n\r\n");
    ck_assert_ptr_nonnull(end);
    return end + 4;
}

START_TEST(health__probes_say_ok_when_all_is_well)
{
    ck_assert_int_eq(get("/healthz"), 200);
    ck_assert_str_eq(body(), "ok");
    ck_assert_int_eq(get("/readyz"), 200);
    ck_assert_str_eq(body(), "ok");
    ck_assert_int_eq(get("/readyz/"), 200);
}
END_TEST

START_TEST(health__a_failing_check_is_named_and_its_reason_withheld)
{
    ready_ok = false;
    ck_assert_int_eq(get("/readyz"), 500);
    ck_assert_str_eq(body(), "[+]ping ok\n[-]cert failed: reason withheld\n[+]fine ok\n"
                             "readyz check failed\n");
    ck_assert_int_eq(get("/healthz"), 200);
    ready_ok = true;
    ck_assert_int_eq(get("/readyz"), 200);
}
END_TEST

START_TEST(health__verbose_lists_the_checks)
{
    ck_assert_int_eq(get("/readyz?verbose"), 200);
    ck_assert_str_eq(body(), "[+]ping ok\n[+]cert ok\n[+]fine ok\nreadyz check passed\n");
}
END_TEST

START_TEST(health__one_check_can_be_asked_alone_or_left_out)
{
    ready_ok = false;
    ck_assert_int_eq(get("/readyz/cert"), 500);
    ck_assert_int_eq(get("/readyz/fine"), 200);
    ck_assert_int_eq(get("/readyz/ping"), 200);
    ck_assert_int_eq(get("/readyz/nothing"), 404);
    ck_assert_int_eq(get("/readyz/alive"), 404);
    ck_assert_int_eq(get("/readyz?exclude=cert"), 200);
}
END_TEST

START_TEST(health__metrics_are_shown)
{
    metrics_add(m, 0, METRIC_AT(0), 42);
    ck_assert_int_eq(get("/metrics"), 200);
    ck_assert_ptr_nonnull(strstr(answer, "text/plain; version=0.0.4"));
    ck_assert_ptr_nonnull(strstr(body(), "\ndemo_total 42\n"));
    ck_assert_ptr_nonnull(strstr(body(), "\nprocess_open_fds "));
}
END_TEST

START_TEST(health__other_paths_and_methods_are_refused)
{
    ck_assert_int_eq(get("/"), 404);
    ck_assert_int_eq(get("/readyzz"), 404);
    ck_assert_int_eq(get("/metrics/x"), 404);
    talk("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    ck_assert(strncmp(answer, "HTTP/1.1 405", 12) == 0);
    ck_assert_ptr_nonnull(strstr(answer, "Allow: GET, HEAD"));
    talk("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    ck_assert(strncmp(answer, "HTTP/1.1 200", 12) == 0);
    ck_assert_str_eq(body(), "");
}
END_TEST

START_TEST(health__nonsense_and_large_headers_do_not_hurt)
{
    static char big[20000];
    memset(big, 'a', sizeof(big) - 1);
    memcpy(big, "GET /", 5);
    talk("\x16\x03\x01\x02garbage\r\n\r\n");
    talk("GET\r\n\r\n");
    memcpy(big + sizeof(big) - 20, " HTTP/1.1\r\n\r\n", sizeof(" HTTP/1.1\r\n\r\n"));
    int fd = dial();
    ck_assert_int_gt(send(fd, big, strlen(big), MSG_NOSIGNAL), 0);
    shutdown(fd, SHUT_WR);
    close(fd);
    ck_assert_int_eq(get("/healthz"), 200);
}
END_TEST

START_TEST(health__idle_connections_beyond_the_limit_are_cut)
{
    int fds[HEALTH_MAX_CONNECTIONS + 8];
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = dial();
    }
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        close(fds[i]);
    }
    usleep(100000);
    ck_assert_int_eq(get("/healthz"), 200);
}
END_TEST

START_TEST(health__peers_who_hold_connections_keep_no_probe_out)
{
    int fds[HEALTH_MAX_CONNECTIONS * 3];
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = dial();
        ck_assert_int_eq(send(fds[i], "GET /", 5, MSG_NOSIGNAL), 5);
        if (i % 16 == 15) {
            ck_assert_int_eq(get("/healthz"), 200);
        }
    }
    char byte;
    ck_assert_int_eq(read(fds[0], &byte, 1), 0); // the oldest was cut
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        close(fds[i]);
    }
    ck_assert_int_eq(get("/healthz"), 200);
}
END_TEST

START_TEST(health__an_address_in_use_is_an_error)
{
    char addr[32];
    struct health *second = health_new(NULL);
    snprintf(addr, sizeof(addr), "127.0.0.1:%u", health_port(h));
    ck_assert_int_eq(health_start(second, addr, &err), -1);
    ck_assert_int_eq(health_start(second, "nonsense", &err), -1);
    health_stop(second);
}
END_TEST

UNIT_MAIN(setup, teardown, health__probes_say_ok_when_all_is_well,
          health__a_failing_check_is_named_and_its_reason_withheld,
          health__verbose_lists_the_checks, health__one_check_can_be_asked_alone_or_left_out,
          health__metrics_are_shown, health__other_paths_and_methods_are_refused,
          health__nonsense_and_large_headers_do_not_hurt,
          health__idle_connections_beyond_the_limit_are_cut,
          health__peers_who_hold_connections_keep_no_probe_out,
          health__an_address_in_use_is_an_error)
