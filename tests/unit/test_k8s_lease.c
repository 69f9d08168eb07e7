// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/lease.h"

#include <stdio.h>

#include "tests/unit/k8s.h"

// A server with one Lease, and two electors whose clocks have nothing in common.
static struct {
    bool exists;
    struct lease lease;
    unsigned version;
} server;

static struct elector a, b;

static struct elector elector_of(const char *identity)
{
    struct elector e;
    ck_assert_int_eq(elector_init(&e, sv_from(identity), &LEASE_TIMES_DEFAULT, NULL), 0);
    return e;
}

static void reset(void)
{
    setup();
    memset(&server, 0, sizeof(server));
    a = elector_of("a");
    b = elector_of("b");
}

static void store(const struct lease *l)
{
    server.exists = true;
    server.lease = *l;
    snprintf(server.lease.resource_version, sizeof(server.lease.resource_version), "%u",
             ++server.version);
}

/// What the server says to a call, and its object in *RET.
static enum lease_answer serve(enum lease_call call, const struct lease *write, struct lease *ret)
{
    if (call == LEASE_CALL_CREATE) {
        if (server.exists) {
            return LEASE_ANSWER_CONFLICT;
        }
        store(write);
    } else if (!server.exists) {
        return LEASE_ANSWER_NOT_FOUND;
    } else if (call == LEASE_CALL_UPDATE) {
        if (strcmp(server.lease.resource_version, write->resource_version) != 0) {
            return LEASE_ANSWER_CONFLICT;
        }
        store(write);
    }
    *ret = server.lease;
    return LEASE_ANSWER_OK;
}

struct told {
    bool gained, lost;
    unsigned calls;
};

/// All steps of E at NOW, each call answered at once.
static struct told run(struct elector *e, int64_t now)
{
    struct told t = {0};
    struct lease_output out = lease_step(e, LEASE_ANSWER_NONE, NULL, now, now * 1000);
    for (;;) {
        t.gained = t.gained || out.gained;
        t.lost = t.lost || out.lost;
        ck_assert_int_gt(out.next_ms, now);
        ck_assert_int_eq(out.leads, elector_leads(e, now));
        if (out.call == LEASE_CALL_NONE) {
            return t;
        }
        ck_assert_uint_lt(++t.calls, 5);
        struct lease got = {0};
        enum lease_answer answer = serve(out.call, &out.write, &got);
        out = lease_step(e, answer, &got, now, now * 1000);
    }
}

/// The same, each call failing.
static struct told run_cut_off(struct elector *e, int64_t now)
{
    struct told t = {0};
    struct lease_output out = lease_step(e, LEASE_ANSWER_NONE, NULL, now, 0);
    while (out.call != LEASE_CALL_NONE) {
        out = lease_step(e, LEASE_ANSWER_FAILED, NULL, now, 0);
    }
    t.lost = out.lost;
    return t;
}

START_TEST(elector__the_first_creates_the_lease_and_leads)
{
    struct told t = run(&a, 1000);
    ck_assert(t.gained && !t.lost && t.calls == 2);
    ck_assert(elector_leads(&a, 1000));
    ck_assert_str_eq(server.lease.holder, "a");
    ck_assert_int_eq(server.lease.duration_s, 15);
    ck_assert_int_eq(server.lease.transitions, 0);
}
END_TEST

START_TEST(elector__the_leader_renews_with_one_call_each_retry_period)
{
    run(&a, 0);
    for (int64_t now = 2000; now < 60000; now += 2000) {
        struct told t = run(&a, now);
        ck_assert(t.calls == 1 && !t.gained && !t.lost && elector_leads(&a, now));
        ck_assert_int_eq(run(&a, now + 1).calls, 0);
    }
    ck_assert_int_eq(server.lease.transitions, 0);
    ck_assert_int_eq(server.lease.acquire_us, 0);
    ck_assert_int_eq(server.lease.renew_us, 58000000);
}
END_TEST

START_TEST(elector__another_waits_while_the_lease_is_renewed_whatever_its_clock)
{
    const int64_t skew = INT64_C(1000000000);
    run(&a, 0);
    for (int64_t now = 0; now < 60000; now += 1000) {
        run(&a, now);
        run(&b, now + skew);
        ck_assert(elector_leads(&a, now) && !elector_leads(&b, now + skew));
    }
}
END_TEST

START_TEST(elector__another_takes_over_only_after_the_whole_duration)
{
    run(&a, 0);
    run(&b, 0);
    for (int64_t now = 1000; now < 15000; now += 1000) {
        ck_assert(!run(&b, now).gained);
    }
    ck_assert(!elector_leads(&a, 10000));
    ck_assert(run(&b, 17000).gained);
    ck_assert_str_eq(server.lease.holder, "b");
    ck_assert_int_eq(server.lease.transitions, 1);
    ck_assert_int_eq(server.lease.acquire_us, 17000000);
}
END_TEST

START_TEST(elector__a_part_of_a_second_counts_as_a_whole_one)
{
    const struct lease_times times = {
        .duration_ms = 2900, .renew_deadline_ms = 2800, .retry_ms = 100};
    ck_assert_int_eq(elector_init(&a, SV("a"), &times, NULL), 0);
    ck_assert_int_eq(elector_init(&b, SV("b"), &times, NULL), 0);
    ck_assert(run(&a, 1000).gained);
    (void)run(&b, 1000);
    ck_assert(elector_leads(&a, 3700));
    ck_assert(!run(&b, 3700).gained);
}
END_TEST

START_TEST(elector__a_first_look_at_an_old_lease_waits_the_whole_duration)
{
    store(&(struct lease){.holder = "z", .duration_s = 15, .renew_us = 1});
    ck_assert(!run(&a, 100000).gained);
    ck_assert(!run(&a, 114000).gained);
    ck_assert(run(&a, 116000).gained);
}
END_TEST

START_TEST(elector__a_label_edit_does_not_prolong_a_lease)
{
    store(&(struct lease){.holder = "z", .duration_s = 15});
    run(&a, 0);
    store(&server.lease);
    run(&a, 14000);
    ck_assert(run(&a, 16000).gained);
}
END_TEST

START_TEST(elector__a_leader_cut_off_stops_at_the_deadline)
{
    run(&a, 0);
    for (int64_t now = 2000; now < 10000; now += 2000) {
        ck_assert(!run_cut_off(&a, now).lost);
        ck_assert(elector_leads(&a, now));
    }
    ck_assert(!elector_leads(&a, 10000));
    ck_assert(run_cut_off(&a, 10000).lost);
    ck_assert(!run_cut_off(&a, 10001).lost);
}
END_TEST

START_TEST(elector__a_stopped_process_does_not_wake_up_as_leader)
{
    run(&a, 0);
    ck_assert(!elector_leads(&a, 60000));
    struct lease_output out = lease_step(&a, LEASE_ANSWER_NONE, NULL, 60000, 0);
    ck_assert(out.lost && !out.leads && out.call == LEASE_CALL_NONE);
}
END_TEST

START_TEST(elector__a_renewal_answered_after_a_stop_is_no_leadership)
{
    run(&a, 0);
    struct lease_output out = lease_step(&a, LEASE_ANSWER_NONE, NULL, 2000, 0);
    ck_assert_int_eq(out.call, LEASE_CALL_UPDATE);
    struct lease got;
    ck_assert_int_eq(serve(out.call, &out.write, &got), LEASE_ANSWER_OK);
    out = lease_step(&a, LEASE_ANSWER_OK, &got, 62000, 0);
    ck_assert(out.lost && !out.leads);
}
END_TEST

START_TEST(elector__a_first_write_answered_after_a_stop_is_no_leadership)
{
    struct lease_output out = lease_step(&a, LEASE_ANSWER_NONE, NULL, 0, 0);
    out = lease_step(&a, LEASE_ANSWER_NOT_FOUND, NULL, 0, 0);
    ck_assert_int_eq(out.call, LEASE_CALL_CREATE);
    struct lease got;
    ck_assert_int_eq(serve(out.call, &out.write, &got), LEASE_ANSWER_OK);
    out = lease_step(&a, LEASE_ANSWER_OK, &got, 60000, 0);
    ck_assert(!out.gained && !out.leads);
    ck_assert(run(&a, 62000).gained);
}
END_TEST

START_TEST(elector__time_counts_from_before_the_call)
{
    run(&a, 0);
    struct lease_output out = lease_step(&a, LEASE_ANSWER_NONE, NULL, 2000, 0);
    struct lease got;
    ck_assert_int_eq(serve(out.call, &out.write, &got), LEASE_ANSWER_OK);
    out = lease_step(&a, LEASE_ANSWER_OK, &got, 9000, 0);
    ck_assert(out.leads && elector_leads(&a, 11999) && !elector_leads(&a, 12000));
    ck_assert_int_le(out.next_ms, 12000);
}
END_TEST

START_TEST(elector__a_stolen_lease_ends_the_term_at_once)
{
    run(&a, 0);
    server.lease.transitions++;
    memcpy(server.lease.holder, "b", 2);
    store(&server.lease);
    struct told t = run(&a, 2000);
    ck_assert(t.lost && t.calls == 2 && !elector_leads(&a, 2000));
    ck_assert_str_eq(server.lease.holder, "b");
}
END_TEST

START_TEST(elector__a_deleted_lease_ends_the_term)
{
    run(&a, 0);
    server.exists = false;
    ck_assert(run(&a, 2000).lost);
    ck_assert(!server.exists);
    ck_assert(run(&a, 4000).gained);
}
END_TEST

START_TEST(elector__a_touched_lease_of_ours_is_renewed)
{
    run(&a, 0);
    store(&server.lease);
    struct told t = run(&a, 2000);
    ck_assert(!t.lost && t.calls == 3 && elector_leads(&a, 11999));
}
END_TEST

START_TEST(elector__a_write_that_failed_but_was_stored_is_found_again)
{
    run(&a, 0);
    struct lease_output out = lease_step(&a, LEASE_ANSWER_NONE, NULL, 2000, 0);
    store(&out.write);
    lease_step(&a, LEASE_ANSWER_FAILED, NULL, 2000, 0);
    ck_assert(!run(&a, 4000).lost);
    ck_assert(elector_leads(&a, 13999));
    ck_assert_int_eq(server.lease.transitions, 0);
}
END_TEST

START_TEST(elector__of_two_candidates_one_leads)
{
    store(&(struct lease){.holder = "", .duration_s = 1});
    struct lease seen;
    struct lease_output oa = lease_step(&a, LEASE_ANSWER_NONE, NULL, 0, 0);
    struct lease_output ob = lease_step(&b, LEASE_ANSWER_NONE, NULL, 0, 0);
    serve(oa.call, &oa.write, &seen);
    oa = lease_step(&a, LEASE_ANSWER_OK, &seen, 0, 0);
    ob = lease_step(&b, LEASE_ANSWER_OK, &seen, 0, 0);
    ck_assert(oa.call == LEASE_CALL_UPDATE && ob.call == LEASE_CALL_UPDATE);
    ck_assert_int_eq(serve(oa.call, &oa.write, &seen), LEASE_ANSWER_OK);
    oa = lease_step(&a, LEASE_ANSWER_OK, &seen, 0, 0);
    ck_assert_int_eq(serve(ob.call, &ob.write, &seen), LEASE_ANSWER_CONFLICT);
    ob = lease_step(&b, LEASE_ANSWER_CONFLICT, NULL, 0, 0);
    ck_assert(oa.leads && !ob.leads && ob.call == LEASE_CALL_NONE);
}
END_TEST

START_TEST(elector__an_answer_with_another_holder_is_no_leadership)
{
    lease_step(&a, LEASE_ANSWER_NONE, NULL, 0, 0);
    lease_step(&a, LEASE_ANSWER_NOT_FOUND, NULL, 0, 0);
    const struct lease other = {.holder = "b", .duration_s = 15};
    struct lease_output out = lease_step(&a, LEASE_ANSWER_OK, &other, 0, 0);
    ck_assert(!out.leads && !out.gained);
}
END_TEST

START_TEST(elector__a_released_lease_is_taken_at_once)
{
    struct lease l, got;
    ck_assert(!elector_release(&a, 0, 0, &l));
    run(&a, 0);
    run(&b, 0);
    ck_assert(elector_release(&a, 3000, 3000000, &l));
    ck_assert(!elector_leads(&a, 3000));
    ck_assert_str_eq(l.holder, "");
    ck_assert_int_eq(l.duration_s, 1);
    ck_assert_int_eq(serve(LEASE_CALL_UPDATE, &l, &got), LEASE_ANSWER_OK);
    ck_assert(run(&b, 3001).gained);
    ck_assert(!elector_release(&a, 3000, 0, &l));
}
END_TEST

START_TEST(elector__wrong_settings_are_refused)
{
    const struct lease_times rows[] = {
        {15000, 10000, 10000}, {15000, 15000, 2000}, {10000, 15000, 2000},
        {15000, 10000, 0},     {900, 800, 100},
    };
    struct elector e;
    char name[LEASE_IDENTITY_MAX + 1];
    memset(name, 'x', sizeof(name));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_int_eq(elector_init(&e, SV("a"), &rows[i], NULL), -1);
    }
    ck_assert_int_eq(elector_init(&e, SV(""), &LEASE_TIMES_DEFAULT, NULL), -1);
    ck_assert_int_eq(elector_init(&e, sv_make(name, sizeof(name)), &LEASE_TIMES_DEFAULT, NULL), -1);
}
END_TEST

START_TEST(lease__what_is_written_reads_back)
{
    const struct lease want = {.holder = "pod \"x\"",
                               .resource_version = "17",
                               .duration_s = 15,
                               .transitions = 3,
                               .acquire_us = 1000001,
                               .renew_us = 2000002};
    struct lease got;
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(4096);
    lease_put(&text, SV("ns"), SV("n"), &want);
    ck_assert_str_eq(text.ptr,
                     "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{"
                     "\"name\":\"n\",\"namespace\":\"ns\",\"resourceVersion\":\"17\"},\"spec\":{"
                     "\"holderIdentity\":\"pod \\\"x\\\"\",\"leaseDurationSeconds\":15,"
                     "\"acquireTime\":\"1970-01-01T00:00:01.000001Z\","
                     "\"renewTime\":\"1970-01-01T00:00:02.000002Z\",\"leaseTransitions\":3}}");
    ck_assert_int_eq(lease_read(json_of(strbuf_view(&text)), &got, NULL), 0);
    ck_assert_str_eq(got.holder, want.holder);
    ck_assert_str_eq(got.resource_version, "17");
    ck_assert(got.duration_s == 15 && got.transitions == 3);
    ck_assert(got.acquire_us == 1000001 && got.renew_us == 2000002);
}
END_TEST

START_TEST(lease__absent_members_are_zero_and_bad_ones_refused)
{
    static const char *const good[] = {
        "{\"kind\":\"Lease\"}", "{\"kind\":\"Lease\",\"metadata\":null,\"spec\":null}",
        "{\"kind\":\"Lease\",\"spec\":{\"holderIdentity\":null,\"renewTime\":null}}"};
    static const char *const bad[] = {
        "null",
        "{}",
        "{\"kind\":\"Pod\"}",
        "{\"kind\":\"Lease\",\"spec\":{\"holderIdentity\":1}}",
        "{\"kind\":\"Lease\",\"spec\":{\"leaseDurationSeconds\":-1}}",
        "{\"kind\":\"Lease\",\"spec\":{\"leaseDurationSeconds\":2147483648}}",
        "{\"kind\":\"Lease\",\"spec\":{\"leaseTransitions\":\"1\"}}",
        "{\"kind\":\"Lease\",\"spec\":{\"renewTime\":\"now\"}}",
        "{\"kind\":\"Lease\",\"metadata\":{\"resourceVersion\":5}}"};
    struct lease l;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ck_assert_int_eq(lease_read(json_of(sv_from(good[i])), &l, NULL), 0);
        ck_assert(l.holder[0] == '\0' && l.duration_s == 0 && l.renew_us == 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(lease_read(json_of(sv_from(bad[i])), &l, NULL) == -1, "%s", bad[i]);
    }
    char name[LEASE_IDENTITY_MAX + 2];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(lease_read(json_of(arena_printf(&arena,
                                                     "{\"kind\":\"Lease\",\"spec\":{"
                                                     "\"holderIdentity\":\"%s\"}}",
                                                     name)),
                                &l, NULL),
                     -1);
}
END_TEST

UNIT_MAIN(reset, teardown, elector__the_first_creates_the_lease_and_leads,
          elector__the_leader_renews_with_one_call_each_retry_period,
          elector__another_waits_while_the_lease_is_renewed_whatever_its_clock,
          elector__another_takes_over_only_after_the_whole_duration,
          elector__a_part_of_a_second_counts_as_a_whole_one,
          elector__a_first_look_at_an_old_lease_waits_the_whole_duration,
          elector__a_label_edit_does_not_prolong_a_lease,
          elector__a_leader_cut_off_stops_at_the_deadline,
          elector__a_stopped_process_does_not_wake_up_as_leader,
          elector__a_renewal_answered_after_a_stop_is_no_leadership,
          elector__a_first_write_answered_after_a_stop_is_no_leadership,
          elector__time_counts_from_before_the_call, elector__a_stolen_lease_ends_the_term_at_once,
          elector__a_deleted_lease_ends_the_term, elector__a_touched_lease_of_ours_is_renewed,
          elector__a_write_that_failed_but_was_stored_is_found_again,
          elector__of_two_candidates_one_leads,
          elector__an_answer_with_another_holder_is_no_leadership,
          elector__a_released_lease_is_taken_at_once, elector__wrong_settings_are_refused,
          lease__what_is_written_reads_back, lease__absent_members_are_zero_and_bad_ones_refused)
