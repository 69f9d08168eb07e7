// SPDX-License-Identifier: Apache-2.0
#include "certs/replica_leases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

#define LEASES   "/apis/coordination.k8s.io/v1/namespaces/ns/leases"
#define PLACE(i) LEASES "/w-" #i
#define OLD      "2020-01-01T00:00:00.000000Z"
#define NEW      "2999-01-01T00:00:00.000000Z"

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct kube *kube;
static struct replica_leases leases;
static struct err err;
static char dir[64];
static char texts[32][512];
static unsigned text_count;

static const struct certs_record RECORD = {.issuer = "abc", .leaf = "def", .not_after_ms = 1000};

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, "token");
    ck_assert_int_eq(kube_open(config, NULL, &kube, &err), 0);
    replica_leases_init(&leases, kube, SV("ns"), SV("w"), "me", 4000);
    err = (struct err){0};
    text_count = 0;
}

static void teardown(void)
{
    kube_close(kube);
    kube_config_free(config);
    stub_free(stub);
    stub_remove(dir);
}

/// A place as the API server has it.
static const char *place(const char *holder, const char *version, const char *renewed,
                         const char *issuer)
{
    char *text = texts[text_count++];
    snprintf(text, sizeof(texts[0]),
             "{\"kind\":\"Lease\",\"metadata\":{\"resourceVersion\":\"%s\",\"annotations\":"
             "{\"sluice.dev/issuer\":\"%s\",\"sluice.dev/certificate\":\"def\"}},"
             "\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":1,"
             "\"renewTime\":\"%s\"}}",
             version, issuer, holder, renewed);
    return text;
}

static void answer(const char *method, const char *path, unsigned times, int status,
                   const char *body)
{
    stub_add(stub, &(struct stub_answer){.method = method,
                                         .path = path,
                                         .times = times,
                                         .status = status,
                                         .body = sv_from(body)});
}

static int record(const struct certs_record *r)
{
    return leases.replicas.record(leases.replicas.ctx, r, &err);
}

static bool all_follow(const char *issuer)
{
    bool all;
    ck_assert_int_eq(leases.replicas.all_follow(leases.replicas.ctx, sv_from(issuer), &all, &err),
                     0);
    return all;
}

START_TEST(certs_replicas__a_record_is_read_as_it_was_written)
{
    struct replica r = {.record = RECORD}, back;
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(8192);
    CLEANUP(arena_done) struct arena arena = ARENA(1 << 20);
    const struct json *v;
    snprintf(r.lease.holder, sizeof(r.lease.holder), "pod_\"1\"");
    snprintf(r.lease.resource_version, sizeof(r.lease.resource_version), "7");
    r.lease.duration_s = 40;
    r.lease.acquire_us = r.lease.renew_us = 1800000000123456;
    r.lease.transitions = 3;
    replica_put(&text, SV("ns"), SV("w-0"), &r);
    ck_assert_int_eq(json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, &arena, &v, &err), 0);
    ck_assert_int_eq(replica_read(v, &back, &err), 0);
    ck_assert_mem_eq(&r, &back, sizeof(r));
}
END_TEST

START_TEST(certs_replicas__the_first_free_place_is_taken)
{
    struct stub_seen seen;
    answer("GET", PLACE(0), 0, 200, place("other", "5", NEW, "abc"));
    answer("GET", PLACE(1), 0, 404, "{}");
    answer("POST", LEASES, 0, 201, place("me", "1", NEW, "abc"));
    ck_assert_int_eq(record(&RECORD), 0);
    ck_assert_int_eq(leases.place, 1);
    ck_assert(stub_seen(stub, 2, &seen));
    ck_assert_ptr_nonnull(strstr(seen.body, "\"name\":\"w-1\""));
    ck_assert_ptr_nonnull(strstr(seen.body, "\"holderIdentity\":\"me\""));
    ck_assert_ptr_nonnull(strstr(seen.body, "\"sluice.dev/issuer\":\"abc\""));
    // Young, and the same: nothing is written.
    ck_assert_int_eq(record(&RECORD), 0);
    ck_assert_uint_eq(stub_count(stub), 3);
}
END_TEST

START_TEST(certs_replicas__what_was_given_back_or_is_long_dead_is_free)
{
    answer("GET", PLACE(0), 0, 200, place("", "5", NEW, "abc"));
    answer("PUT", PLACE(0), 1, 409, "{\"kind\":\"Status\",\"code\":409}"); // another was quicker
    answer("GET", PLACE(1), 0, 200, place("dead", "8", OLD, "abc"));
    answer("PUT", PLACE(1), 0, 200, place("me", "9", NEW, "abc"));
    ck_assert_int_eq(record(&RECORD), 0);
    ck_assert_int_eq(leases.place, 1);
}
END_TEST

START_TEST(certs_replicas__another_issuer_is_written_at_once_and_a_lost_place_replaced)
{
    struct certs_record changed = RECORD;
    answer("GET", PLACE(0), 1, 404, "{}");
    answer("POST", LEASES, 1, 201, place("me", "1", NEW, "abc"));
    ck_assert_int_eq(record(&RECORD), 0);
    snprintf(changed.issuer, sizeof(changed.issuer), "fff");
    answer("PUT", PLACE(0), 1, 200, place("me", "2", NEW, "fff"));
    ck_assert_int_eq(record(&changed), 0);
    ck_assert_uint_eq(stub_count(stub), 3);
    // Somebody took it: the next free one is ours.
    snprintf(changed.issuer, sizeof(changed.issuer), "eee");
    answer("PUT", PLACE(0), 0, 409, "{\"kind\":\"Status\",\"code\":409}");
    answer("GET", PLACE(0), 0, 200, place("thief", "3", NEW, "abc"));
    answer("GET", PLACE(1), 0, 404, "{}");
    answer("POST", LEASES, 0, 201, place("me", "4", NEW, "eee"));
    ck_assert_int_eq(record(&changed), 0);
    ck_assert_int_eq(leases.place, 1);
}
END_TEST

START_TEST(certs_replicas__when_all_places_are_taken_that_is_said)
{
    for (unsigned i = 0; i < REPLICA_PLACES; i++) {
        stub_add(stub, &(struct stub_answer){.method = "GET",
                                             .body = sv_from(place("other", "1", NEW, "abc"))});
    }
    ck_assert_int_eq(record(&RECORD), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "are taken"));
    ck_assert_int_eq(leases.place, -1);
}
END_TEST

START_TEST(certs_replicas__all_follow_when_no_live_one_serves_another_ca)
{
    answer("GET", PLACE(0), 0, 200, place("a", "1", OLD, "new"));
    answer("GET", PLACE(1), 2, 200, place("b", "2", OLD, "old"));
    answer("GET", PLACE(1), 0, 200, place("b", "3", OLD, "new"));
    answer("GET", PLACE(2), 0, 200, place("", "4", NEW, "old")); // given back
    ck_assert(!all_follow("new"));
    ck_assert(!all_follow("new"));
    ck_assert(all_follow("new"));
    ck_assert(!all_follow("old"));
}
END_TEST

START_TEST(certs_replicas__who_shows_no_sign_for_its_duration_is_dead_by_our_clock_not_by_its)
{
    // Its own clock says that it renews in the year 2999.
    answer("GET", PLACE(3), 0, 200, place("b", "2", NEW, "old"));
    ck_assert(!all_follow("new"));
    clock_sleep_ms(500);
    ck_assert(!all_follow("new"));
    clock_sleep_ms(600);
    ck_assert(all_follow("new"));
}
END_TEST

START_TEST(certs_replicas__what_cannot_be_read_is_not_taken_for_dead)
{
    bool all;
    answer("GET", PLACE(0), 0, 200, place("a", "1", NEW, "new"));
    answer("GET", PLACE(1), 0, 500, "{}");
    ck_assert_int_eq(leases.replicas.all_follow(leases.replicas.ctx, SV("new"), &all, &err), -1);
}
END_TEST

START_TEST(certs_replicas__a_place_is_given_back_at_the_end)
{
    struct stub_seen seen;
    answer("GET", PLACE(0), 0, 404, "{}");
    answer("POST", LEASES, 0, 201, place("me", "1", NEW, "abc"));
    answer("PUT", PLACE(0), 0, 200, place("", "2", NEW, "abc"));
    replica_leases_release(&leases); // nothing to give back
    ck_assert_uint_eq(stub_count(stub), 0);
    ck_assert_int_eq(record(&RECORD), 0);
    replica_leases_release(&leases);
    ck_assert(stub_seen(stub, 2, &seen));
    ck_assert_ptr_nonnull(strstr(seen.body, "\"holderIdentity\":\"\""));
}
END_TEST

UNIT_MAIN(setup, teardown, certs_replicas__a_record_is_read_as_it_was_written,
          certs_replicas__the_first_free_place_is_taken,
          certs_replicas__what_was_given_back_or_is_long_dead_is_free,
          certs_replicas__another_issuer_is_written_at_once_and_a_lost_place_replaced,
          certs_replicas__when_all_places_are_taken_that_is_said,
          certs_replicas__all_follow_when_no_live_one_serves_another_ca,
          certs_replicas__who_shows_no_sign_for_its_duration_is_dead_by_our_clock_not_by_its,
          certs_replicas__what_cannot_be_read_is_not_taken_for_dead,
          certs_replicas__a_place_is_given_back_at_the_end)
