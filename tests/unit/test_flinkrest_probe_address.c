// SPDX-License-Identifier: Apache-2.0
#include "controller/flink/probe_address.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct probe_address at;
static struct err err;

static int make(struct probe_target t, bool loopback)
{
    err = (struct err){.code = E_OK};
    return probe_address_make(&at, &t, loopback, &err);
}

static int make_ip(const char *ip, bool loopback)
{
    return make((struct probe_target){.pod = SV("p"), .ip = sv_from(ip), .port = 8081}, loopback);
}

START_TEST(address__pods_addresses_are_taken)
{
    static const char *const GOOD[] = {
        "10.244.1.7", "192.168.0.1", "100.64.0.1", "1.1.1.1", "fd00:10:244::17", "2001:db8::1", ""};
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        ck_assert_msg(make_ip(GOOD[i], false) == 0, "%s", GOOD[i]);
        ck_assert_str_eq(at.ip, GOOD[i]);
    }
}
END_TEST

START_TEST(address__what_no_pod_can_have_is_refused)
{
    static const char *const BAD[] = {
        "127.0.0.1", "0.0.0.0",   "169.254.169.254", "224.0.0.1", "255.255.255.255",
        "::",        "::1",       "fe80::1",         "ff02::1",   "::ffff:127.0.0.1",
        "10.0.0",    "localhost", "10.0.0.1/x",      "10.0.0.1 ", "0x7f.1",
        "febf::1",   "[fd00::1]", "10.0.0.1:80",     "::7f00:1",  "fd00::1%eth0",
        "1.2.3.4.5",
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        ck_assert_msg(make_ip(BAD[i], false) == -1, "%s", BAD[i]);
        ck_assert_int_eq(err.code, E_INVALID);
    }
    ck_assert_int_eq(make_ip("127.0.0.1", true), 0);
    ck_assert_int_eq(make_ip("::1", true), 0);
    ck_assert_int_eq(make_ip("169.254.169.254", true), -1);
    ck_assert_int_eq(make_ip("::ffff:10.0.0.1", true), -1);
}
END_TEST

START_TEST(address__ids_and_names_reach_a_url_only_when_they_are_such)
{
    struct probe_target t = {.ip = SV("10.0.0.1"), .port = 8081};
    t.job_id = SV("0123456789abcdef0123456789abcdef");
    t.tls_name = SV("c-rest.ns.svc");
    ck_assert_int_eq(make(t, false), 0);
    ck_assert_str_eq(at.job_id, t.job_id.ptr);
    static const char *const IDS[] = {"0123456789ABCDEF0123456789abcdef", "0123",
                                      "../../../../../../../../../../..",
                                      "0123456789abcdef0123456789abcdef0"};
    for (size_t i = 0; i < ARRAY_LEN(IDS); i++) {
        t.job_id = sv_from(IDS[i]);
        ck_assert_int_eq(make(t, false), -1);
    }
    t.job_id = SV_NONE;
    static const char *const NAMES[] = {"a/b", "a@b", "a:1", ".a", "A", "a b", "a\nb"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        t.tls_name = sv_from(NAMES[i]);
        ck_assert_msg(make(t, false) == -1, "%s", NAMES[i]);
    }
    static char name[300];
    memset(name, 'a', sizeof(name));
    t.tls_name = SV_NONE;
    t.pod = sv_make(name, sizeof(name));
    ck_assert_int_eq(make(t, false), -1);
    t.pod = SV("a\0b");
    ck_assert_int_eq(make(t, false), -1);
}
END_TEST

START_TEST(address__equality_tells_another_process_from_another_wish)
{
    struct probe_target t = {
        .pod = SV("p"), .ip = SV("10.0.0.1"), .port = 8081, .task_managers = 2, .process = 1};
    struct probe_address first;
    ck_assert_int_eq(make(t, false), 0);
    first = at;
    ck_assert(probe_address_equal(&first, &at));
    t.task_managers = 3;
    ck_assert_int_eq(make(t, false), 0);
    ck_assert(probe_address_same_process(&first, &at));
    ck_assert(!probe_address_equal(&first, &at));
    t.process = 2;
    ck_assert_int_eq(make(t, false), 0);
    ck_assert(!probe_address_same_process(&first, &at));
}
END_TEST

UNIT_MAIN(NULL, NULL, address__pods_addresses_are_taken, address__what_no_pod_can_have_is_refused,
          address__ids_and_names_reach_a_url_only_when_they_are_such,
          address__equality_tells_another_process_from_another_wish)
