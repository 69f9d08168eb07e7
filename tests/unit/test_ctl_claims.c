// SPDX-License-Identifier: Apache-2.0
// The arbiter, in hostile orders.
#include "controller/claims.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "tests/unit/unit.h"

static struct queue *queue;
static struct claims *claims;
static struct err err;

static void setup(void)
{
    queue = queue_new();
    ck_assert_ptr_nonnull(queue);
    ck_assert_int_eq(claims_new(queue, &claims, &err), 0);
}

static void teardown(void)
{
    claims_free(claims);
    queue_free(queue);
}

static struct claim claim_with(int64_t number, const char *role, int64_t parallelism)
{
    return (struct claim){.number = number,
                          .role = role != NULL ? sv_from(role) : SV_NONE,
                          .parallelism = parallelism};
}

static enum claims_answer decide(const char *name, enum plan_decision decision, int64_t number,
                                 const char *role, int64_t parallelism)
{
    struct claim c = claim_with(number, role, parallelism);
    claims_begin(claims);
    enum claims_answer a = claims_decided(claims, SV("a"), sv_from(name), decision, &c);
    claims_end(claims);
    return a;
}

static void saw(const char *name, int64_t number, const char *role, int64_t parallelism)
{
    struct claim c = claim_with(number, role, parallelism);
    ck_assert_int_eq(claims_saw(claims, SV("a"), sv_from(name), &c, &err), 0);
}

static void gone(const char *name)
{
    ck_assert_int_eq(claims_gone(claims, SV("a"), sv_from(name), &err), 0);
}

static bool is_free(const char *role, const char *self)
{
    const struct policy_cluster_id me = {SV("a"), sv_from(self)};
    struct policy_cluster_id other;
    claims_begin(claims);
    bool used = claims_role_user(claims, sv_from(role), &me, &other);
    claims_end(claims);
    return !used;
}

static int64_t sum_without(const char *name)
{
    claims_begin(claims);
    int64_t n = claims_parallelism(claims, SV("a"), sv_from(name));
    claims_end(claims);
    return n;
}

/// How many keys wait to be looked at; all are taken.
static size_t again(void)
{
    struct queue_stats s;
    queue_read_stats(queue, &s);
    for (size_t i = 0; i < s.depth; i++) {
        char key[QUEUE_KEY_MAX];
        size_t len;
        int64_t waited;
        ck_assert(queue_take(queue, key, &len, &waited));
        queue_done(queue, sv_make(key, len));
    }
    return s.depth;
}

static size_t decided_count(void)
{
    struct claims_stats s;
    claims_read_stats(claims, &s);
    return s.decided;
}

START_TEST(claims__of_two_at_the_same_moment_the_first_decided_has_it)
{
    ck_assert(is_free("r", "x") && is_free("r", "y"));
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 1, "r", 1), CLAIMS_OK);
    ck_assert(!is_free("r", "y"));
    ck_assert(is_free("r", "x"));
    ck_assert_int_eq(decide("y", PLAN_REFUSES, 0, "r", 1), CLAIMS_OK);
    saw("x", 1, "r", 1);
    ck_assert(!is_free("r", "y"));
    ck_assert_uint_eq(decided_count(), 0);
}
END_TEST

START_TEST(claims__when_the_winner_goes_the_loser_is_looked_at_again)
{
    saw("x", 1, "r", 1);
    decide("y", PLAN_REFUSES, 0, "r", 1);
    ck_assert_uint_eq(again(), 0);
    gone("x");
    ck_assert_uint_eq(again(), 1);
    ck_assert(is_free("r", "y"));
    // Also when it goes before its record was ever seen.
    decide("z", PLAN_RECORDS, 1, "r", 1);
    ck_assert(!is_free("r", "y"));
    gone("z");
    ck_assert_uint_eq(again(), 1);
    ck_assert(is_free("r", "y"));
}
END_TEST

START_TEST(claims__a_winner_that_takes_another_role_frees_its_own_when_that_is_recorded)
{
    saw("x", 1, "r", 1);
    decide("y", PLAN_REFUSES, 0, "r", 1);
    decide("x", PLAN_RECORDS, 2, "s", 1);
    // Either may come to be: neither is free.
    ck_assert(!is_free("r", "y") && !is_free("s", "y"));
    ck_assert_uint_eq(again(), 0);
    saw("x", 2, "s", 1);
    ck_assert(is_free("r", "y") && !is_free("s", "y"));
    ck_assert_uint_eq(again(), 1);
}
END_TEST

START_TEST(claims__a_record_that_was_not_written_gives_its_claim_back)
{
    decide("x", PLAN_RECORDS, 1, "r", 1);
    decide("y", PLAN_REFUSES, 0, "r", 1);
    claims_failed(claims, SV("a"), SV("x"));
    ck_assert_uint_eq(again(), 1);
    ck_assert(is_free("r", "y"));
}
END_TEST

START_TEST(claims__the_same_decision_again_is_fine_another_has_to_wait)
{
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 1, "r", 1), CLAIMS_OK);
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 1, "r", 1), CLAIMS_OK);
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 1, "s", 1), CLAIMS_PENDING);
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 1, "r", 2), CLAIMS_PENDING);
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 1, NULL, 1), CLAIMS_PENDING);
    ck_assert_int_eq(decide("x", PLAN_REFUSES, 0, "r", 1), CLAIMS_PENDING);
    // The first may have been written: its claim holds.
    ck_assert(!is_free("r", "y") && is_free("s", "y"));
    claims_begin(claims);
    ck_assert_int_eq(claims_pending(claims, SV("a"), SV("x")), 1);
    claims_end(claims);
    saw("x", 1, "r", 1);
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 2, "s", 1), CLAIMS_OK);
}
END_TEST

START_TEST(claims__an_old_record_that_is_seen_late_ends_no_decision)
{
    decide("x", PLAN_RECORDS, 3, "s", 1);
    saw("x", 2, "r", 1);
    ck_assert_uint_eq(decided_count(), 1);
    ck_assert(!is_free("s", "y"));
    // A newer one of another leader does.
    saw("x", 4, "t", 1);
    ck_assert_uint_eq(decided_count(), 0);
    ck_assert(is_free("s", "y") && is_free("r", "y") && !is_free("t", "y"));
}
END_TEST

START_TEST(claims__who_looked_before_a_record_was_seen_decides_nothing)
{
    decide("x", PLAN_RECORDS, 1, "r", 1);
    saw("x", 1, "r", 1);
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 1, "r", 1), CLAIMS_BEHIND);
    ck_assert_uint_eq(decided_count(), 0);
    ck_assert_int_eq(decide("x", PLAN_RECORDS, 2, "r", 1), CLAIMS_OK);
}
END_TEST

START_TEST(claims__a_sum_counts_the_larger_of_recorded_and_decided)
{
    saw("x", 1, NULL, 4);
    saw("y", 1, NULL, 5);
    ck_assert_int_eq(sum_without("z"), 9);
    decide("x", PLAN_RECORDS, 2, NULL, 6);
    ck_assert_int_eq(sum_without("z"), 11);
    ck_assert_int_eq(sum_without("x"), 5);
    decide("y", PLAN_RECORDS, 2, NULL, 1);
    ck_assert_int_eq(sum_without("z"), 11);
    saw("y", 2, NULL, 1);
    ck_assert_int_eq(sum_without("z"), 7);
    decide("new", PLAN_RECORDS, 1, NULL, 100);
    ck_assert_int_eq(sum_without("z"), 107);
    ck_assert_int_eq(sum_without("new"), 7);
}
END_TEST

START_TEST(claims__who_waits_for_room_is_looked_at_when_there_is_some)
{
    saw("x", 1, NULL, 4);
    decide("loser", PLAN_REFUSES, 0, NULL, 7);
    saw("x", 2, NULL, 5);
    ck_assert_uint_eq(again(), 0);
    saw("x", 3, NULL, 2);
    ck_assert_uint_eq(again(), 1);
    // One that is accepted at last waits no longer.
    decide("loser", PLAN_RECORDS, 1, NULL, 7);
    gone("x");
    ck_assert_uint_eq(again(), 0);
}
END_TEST

START_TEST(claims__a_new_policy_is_news_for_all_that_were_refused)
{
    decide("x", PLAN_REFUSES, 0, "r", 1);
    decide("y", PLAN_POSTPONES, 0, NULL, 1);
    decide("z", PLAN_RECORDS, 1, "z", 1);
    claims_look_again(claims);
    ck_assert_uint_eq(again(), 2);
}
END_TEST

START_TEST(claims__records_that_somebody_deleted_hold_nothing)
{
    saw("x", 1, "r", 3);
    ck_assert_int_eq(claims_number(claims, SV("a"), SV("x")), 1);
    ck_assert_int_eq(claims_saw(claims, SV("a"), SV("x"), NULL, &err), 0);
    ck_assert_int_eq(claims_number(claims, SV("a"), SV("x")), 0);
    ck_assert(is_free("r", "y"));
    ck_assert_int_eq(sum_without(""), 0);
}
END_TEST

#define RACERS 8
#define ROUNDS 200

static atomic_int winners[ROUNDS];

/// Decides as a worker does, for clusters of its own and roles that all want.
static void *race(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        char role[32], name[32];
        snprintf(role, sizeof(role), "role-%d", i);
        snprintf(name, sizeof(name), "%s-%d", (const char *)arg, i);
        const struct policy_cluster_id me = {SV("a"), sv_from(name)};
        const struct claim c = claim_with(1, role, 1);
        struct policy_cluster_id other;
        claims_begin(claims);
        bool used = claims_role_user(claims, c.role, &me, &other);
        enum claims_answer a =
            claims_decided(claims, me.ns, me.name, used ? PLAN_REFUSES : PLAN_RECORDS, &c);
        claims_end(claims);
        if (!used && a == CLAIMS_OK) {
            atomic_fetch_add(&winners[i], 1);
            struct err ignored;
            // The watch shows it.
            ck_assert_int_eq(claims_saw(claims, me.ns, me.name, &c, &ignored), 0);
        }
    }
    return NULL;
}

START_TEST(claims__of_workers_that_decide_at_once_one_wins)
{
    static char names[RACERS][8];
    pthread_t threads[RACERS];
    for (int i = 0; i < RACERS; i++) {
        snprintf(names[i], sizeof(names[i]), "c%d", i);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, names[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_eq(atomic_load(&winners[i]), 1);
    }
    struct claims_stats s;
    claims_read_stats(claims, &s);
    ck_assert_uint_eq(s.decided, 0);
    ck_assert_uint_eq(s.held, ROUNDS);
    ck_assert_uint_eq(s.refused, ROUNDS * (RACERS - 1));
}
END_TEST

UNIT_MAIN(setup, teardown, claims__of_two_at_the_same_moment_the_first_decided_has_it,
          claims__when_the_winner_goes_the_loser_is_looked_at_again,
          claims__a_winner_that_takes_another_role_frees_its_own_when_that_is_recorded,
          claims__a_record_that_was_not_written_gives_its_claim_back,
          claims__the_same_decision_again_is_fine_another_has_to_wait,
          claims__an_old_record_that_is_seen_late_ends_no_decision,
          claims__who_looked_before_a_record_was_seen_decides_nothing,
          claims__a_sum_counts_the_larger_of_recorded_and_decided,
          claims__who_waits_for_room_is_looked_at_when_there_is_some,
          claims__a_new_policy_is_news_for_all_that_were_refused,
          claims__records_that_somebody_deleted_hold_nothing,
          claims__of_workers_that_decide_at_once_one_wins)
