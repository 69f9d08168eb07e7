// SPDX-License-Identifier: Apache-2.0
// Connections over real sockets: what the kernel tells of them, who may stay and who gives way.
#include "webhook/conns.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/unit/unit.h"
#include "webhook/patience.h"
#include "webhook/tcp.h"

#define HERE_MAX 4

static struct conns *conns;
static struct err err;
static int listener;
static int theirs[HERE_MAX], ours[HERE_MAX];

static void open_pair(int i)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    theirs[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(theirs[i], (struct sockaddr *)&at, sizeof(at)), 0);
}

static void accept_pair(int i)
{
    ours[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    ck_assert_int_ge(ours[i], 0);
}

static void start(const struct conns_limits *limits)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    conns = conns_new(limits, NULL, &err);
    ck_assert_ptr_nonnull(conns);
}

static struct conn *open_conn(int i)
{
    open_pair(i);
    accept_pair(i);
    ck_assert_int_eq(conns_open(conns, ours[i]), 0);
    struct conn *conn = conns_find(conns, ours[i]);
    ck_assert_ptr_nonnull(conn);
    conn->watch.handshake_done(&conn->watch);
    return conn;
}

static void close_conn(int i)
{
    conns_close(conns, conns_find(conns, ours[i]));
    close(ours[i]);
    close(theirs[i]);
}

static void stop(void)
{
    ck_assert_uint_eq(conns_count(conns), 0);
    conns_free(conns);
    close(listener);
}

static bool is_shut(int i)
{
    char byte;
    return recv(theirs[i], &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(tcp__the_kernel_knows_how_long_bytes_have_waited)
{
    start(&(struct conns_limits){.max = HERE_MAX});
    open_pair(0);
    open_pair(1);
    ck_assert_uint_eq(tcp_waiting(listener), 2);
    accept_pair(0);
    accept_pair(1);
    ck_assert_uint_eq(tcp_waiting(listener), 0);
    ck_assert_int_eq(send(theirs[0], "x", 1, 0), 1);
    clock_sleep_ms(200);
    ck_assert(tcp_has_bytes(ours[0]) && !tcp_has_bytes(ours[1]));
    ck_assert_int_ge(tcp_look(ours[0]).quiet_ms, 150);
    ck_assert_int_eq(send(theirs[0], "x", 1, 0), 1);
    ck_assert_int_lt(tcp_look(ours[0]).quiet_ms, 150);
    ck_assert(!tcp_look(ours[0]).gone);
    close(theirs[0]);
    clock_sleep_ms(20);
    ck_assert(tcp_look(ours[0]).gone && !tcp_look(ours[1]).gone);
    close(ours[0]);
    close(ours[1]);
    close(theirs[1]);
    stop();
}
END_TEST

START_TEST(tcp__what_is_no_tcp_socket_is_one_that_nothing_waits_at)
{
    int pair[2];
    ck_assert_int_eq(pipe(pair), 0);
    ck_assert(!tcp_look(pair[0]).gone);
    ck_assert_int_eq(tcp_look(pair[0]).quiet_ms, 0);
    ck_assert_uint_eq(tcp_waiting(pair[0]), 0);
    ck_assert(!tcp_has_bytes(-1));
    close(pair[0]);
    close(pair[1]);
}
END_TEST

START_TEST(patience__is_told_by_the_caller_within_limits)
{
    ck_assert_int_eq(patience_of("3s", false), 3000);
    ck_assert_int_eq(patience_of("1m0s", false), PATIENCE_MAX_MS);
    ck_assert_int_eq(patience_of("3s", true), 1500);
    const char *const others[] = {NULL,  "",  "0",        "0s",
                                  "-1s", "5", "nonsense", "99999999999999999999s"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        ck_assert_int_eq(patience_of(others[i], false), PATIENCE_DEFAULT_MS);
    }
}
END_TEST

START_TEST(patience__ends_early_enough_for_a_second_try)
{
    ck_assert(!patience_ends_at_head(4000, 1000) && patience_ends_at_head(4000, 1001));
    ck_assert(!patience_ends_at_body(4000, 2000) && patience_ends_at_body(4000, 2001));
}
END_TEST

START_TEST(conns__are_known_by_their_descriptor_until_they_are_closed)
{
    start(&(struct conns_limits){.max = 2});
    struct conn *first = open_conn(0);
    ck_assert(!conns_full(conns));
    open_conn(1);
    ck_assert(conns_full(conns));
    ck_assert_ptr_eq(conns_find(conns, ours[0]), first);
    ck_assert_ptr_null(conns_find(conns, -1));
    ck_assert_ptr_null(conns_find(conns, 1 << 20));
    // One that was dropped before it was served: its descriptor comes again.
    ck_assert_int_eq(conns_open(conns, ours[0]), 0);
    ck_assert_uint_eq(conns_count(conns), 2);
    close_conn(0);
    ck_assert_ptr_null(conns_find(conns, ours[0]));
    close_conn(1);
    stop();
}
END_TEST

START_TEST(conns__limits_of_connections_are_spread)
{
    start(&(struct conns_limits){.max = HERE_MAX, .max_requests = 1000, .max_age_ms = 100000});
    unsigned seen[HERE_MAX];
    for (int i = 0; i < HERE_MAX; i++) {
        const struct conn *conn = open_conn(i);
        seen[i] = conn->max_requests;
        ck_assert(seen[i] >= 750 && seen[i] <= 1000);
        int64_t life = conn->expires_ms - conn->opened_ms;
        ck_assert(life >= 75000 && life <= 100000);
        for (int k = 0; k < i; k++) {
            ck_assert_int_gt(abs((int)seen[k] - (int)seen[i]), 20);
        }
    }
    for (int i = 0; i < HERE_MAX; i++) {
        close_conn(i);
    }
    stop();
}
END_TEST

START_TEST(conns__the_last_answer_is_known_by_number_age_and_crowd)
{
    start(&(struct conns_limits){.max = HERE_MAX, .max_requests = 4});
    struct conn *conn = open_conn(0);
    unsigned answers = 1;
    for (;; answers++) {
        conn_request_begins(conn);
        bool last = conn_gives_way(conns, conn);
        conn_request_ends(conn);
        if (last) {
            break;
        }
    }
    ck_assert_uint_eq(answers, conn->max_requests);

    conn = open_conn(1);
    conns_set_crowded(conns, true);
    ck_assert(!conn_gives_way(conns, conn));
    conn->opened_ms -= CONNS_CROWD_AGE_MS;
    conn->max_requests = conn->requests = CONNS_CROWD_REQUESTS;
    conn->max_requests++;
    ck_assert(conn_gives_way(conns, conn));
    conn->requests--;
    ck_assert(!conn_gives_way(conns, conn));
    conn->opened_ms -= CONNS_CROWD_AGE_MAX_MS;
    ck_assert(conn_gives_way(conns, conn));
    conns_set_crowded(conns, false);
    ck_assert(!conn_gives_way(conns, conn));
    close_conn(0);
    close_conn(1);
    stop();
}
END_TEST

START_TEST(conns__a_request_is_as_old_as_its_bytes)
{
    start(&(struct conns_limits){.max = HERE_MAX});
    struct conn *conn = open_conn(0);
    clock_sleep_ms(300);
    ck_assert_int_eq(send(theirs[0], "x", 1, 0), 1);
    clock_sleep_ms(100);
    conn_request_begins(conn);
    ck_assert(conn->waited_ms >= 50 && conn->waited_ms < 250);
    int64_t age = clock_mono_ms() - conn->asked_ms;
    ck_assert(age >= 50 && age < 250);
    // Behind an answer of this moment it is fresh, whatever was sent before that.
    ck_assert(!conn_gives_way(conns, conn));
    conn->answered_ms += 10000; // this moment lasts, also where the test is stopped in between
    conn_request_ends(conn);
    conn_request_begins(conn);
    ck_assert_int_eq(conn->waited_ms, 0);
    // But not behind one that went before the program stood still.
    ck_assert(!conn_gives_way(conns, conn));
    clock_sleep_ms(50);
    conn_request_ends(conn);
    conn_request_begins(conn);
    ck_assert_int_ge(conn->waited_ms, 100);
    close_conn(0);
    stop();
}
END_TEST

START_TEST(conns__the_longest_idle_gives_way_and_nobody_whose_bytes_wait)
{
    start(&(struct conns_limits){.max = HERE_MAX});
    for (int i = 0; i < 3; i++) {
        open_conn(i);
        clock_sleep_ms(100);
    }
    ck_assert_int_eq(send(theirs[0], "x", 1, 0), 1);
    conns_make_room(conns, 3);
    ck_assert(!is_shut(0) && !is_shut(1) && !is_shut(2)); // none is idle long enough
    clock_sleep_ms(CONNS_CROWD_IDLE_MS);
    conns_make_room(conns, 1);
    ck_assert(!is_shut(0) && is_shut(1) && !is_shut(2));
    conns_make_room(conns, 3);
    ck_assert(!is_shut(0) && is_shut(2));
    struct conn *busy = open_conn(3);
    conn_request_begins(busy);
    conns_make_room(conns, 3);
    ck_assert(!is_shut(3));
    busy->since_ms -= CONNS_CROWD_REQUEST_MS + 1000;
    conns_make_room(conns, 3);
    ck_assert(is_shut(3));
    for (int i = 0; i < 4; i++) {
        close_conn(i);
    }
    stop();
}
END_TEST

START_TEST(conns__at_the_end_idle_ones_are_shut_and_busy_ones_not)
{
    start(&(struct conns_limits){.max = HERE_MAX});
    open_conn(0);
    conn_request_begins(open_conn(1));
    open_conn(3);
    clock_sleep_ms(CONNS_END_IDLE_MS + 50);
    open_conn(2); // has just come
    ck_assert_int_eq(send(theirs[3], "x", 1, 0), 1);
    conns_end_idle(conns);
    ck_assert(is_shut(0) && !is_shut(1) && !is_shut(2) && !is_shut(3));
    for (int i = 0; i < 4; i++) {
        close_conn(i);
    }
    stop();
}
END_TEST

START_TEST(conns__a_dripped_request_line_has_the_deadline_of_a_request)
{
    start(&(struct conns_limits){.max = HERE_MAX});
    open_conn(0);
    struct conn *drips = open_conn(1);
    clock_sleep_ms(100);
    ck_assert_int_eq(send(theirs[1], "P", 1, 0), 1);
    conns_reap(conns);
    clock_sleep_ms(100);
    ck_assert_int_eq(send(theirs[1], "O", 1, 0), 1);
    ck_assert_int_lt(drips->line_ms, clock_mono_ms() - 50); // from its first byte on
    conns_reap(conns);
    ck_assert(!is_shut(0) && !is_shut(1));
    drips->since_ms -= CONNS_REQUEST_MS + 1000;
    drips->line_ms -= CONNS_REQUEST_MS + 1000;
    conns_reap(conns);
    ck_assert(!is_shut(0) && is_shut(1));
    close_conn(0);
    close_conn(1);
    stop();
}
END_TEST

UNIT_MAIN(NULL, NULL, tcp__the_kernel_knows_how_long_bytes_have_waited,
          tcp__what_is_no_tcp_socket_is_one_that_nothing_waits_at,
          patience__is_told_by_the_caller_within_limits,
          patience__ends_early_enough_for_a_second_try,
          conns__are_known_by_their_descriptor_until_they_are_closed,
          conns__limits_of_connections_are_spread,
          conns__the_last_answer_is_known_by_number_age_and_crowd,
          conns__a_request_is_as_old_as_its_bytes,
          conns__the_longest_idle_gives_way_and_nobody_whose_bytes_wait,
          conns__at_the_end_idle_ones_are_shut_and_busy_ones_not,
          conns__a_dripped_request_line_has_the_deadline_of_a_request)
