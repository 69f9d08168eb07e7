// SPDX-License-Identifier: Apache-2.0
// Bodies on their way in: the cap of one, and the budget of all.
#include "webhook/request.h"

#include <check.h>

#include "common/json/view.h"
#include "tests/unit/unit.h"

#define MIB ((size_t)1 << 20)

static struct budget budget;

static void setup(void)
{
    budget = (struct budget){.max_small = 2 * BUDGET_LARGE, .max_large = 8 * MIB};
}

static struct request *take(size_t size)
{
    struct request *r = request_new(REVIEW_VALIDATE, size, &budget);
    ck_assert_ptr_nonnull(r);
    return r;
}

START_TEST(budget__large_bodies_leave_room_for_small_ones)
{
    ck_assert(budget_take(&budget, 7 * MIB));
    ck_assert(!budget_take(&budget, 2 * MIB));
    ck_assert(budget_take(&budget, BUDGET_LARGE) && budget_take(&budget, BUDGET_LARGE));
    ck_assert(!budget_take(&budget, BUDGET_ORDINARY + 1));
    ck_assert_uint_eq(budget_used(&budget), 7 * MIB + 2 * BUDGET_LARGE);
    budget_release(&budget, BUDGET_LARGE);
    ck_assert(budget_take(&budget, BUDGET_ORDINARY + 1));
    budget_release(&budget, 7 * MIB);
    ck_assert(budget_take(&budget, 8 * MIB));
}
END_TEST

START_TEST(budget__ordinary_bodies_are_always_let_in)
{
    while (budget_take(&budget, BUDGET_LARGE)) {
    }
    for (int i = 0; i < 100; i++) {
        ck_assert(budget_take(&budget, BUDGET_ORDINARY));
    }
    for (int i = 0; i < 100; i++) {
        budget_release(&budget, BUDGET_ORDINARY);
    }
    ck_assert(!budget_take(&budget, BUDGET_LARGE));
}
END_TEST

START_TEST(budget__ordinary_bodies_take_room_from_those_that_are_not)
{
    for (size_t i = 0; i < 2 * BUDGET_LARGE / BUDGET_ORDINARY; i++) {
        ck_assert(budget_take(&budget, BUDGET_ORDINARY));
    }
    ck_assert(!budget_take(&budget, BUDGET_ORDINARY + 1));
    ck_assert(budget_take(&budget, 8 * MIB)); // large ones have their own
    ck_assert(budget_take(&budget, BUDGET_ORDINARY));
    ck_assert(!budget_take(&budget, BUDGET_ORDINARY + 1));
    for (size_t i = 0; i < BUDGET_LARGE / BUDGET_ORDINARY + 1; i++) {
        budget_release(&budget, BUDGET_ORDINARY);
    }
    ck_assert(budget_take(&budget, BUDGET_LARGE));
    ck_assert_uint_eq(budget_used(&budget), 8 * MIB + 2 * BUDGET_LARGE);
}
END_TEST

START_TEST(budget__a_body_that_can_never_fit_is_refused)
{
    ck_assert(!budget_take(&budget, SIZE_MAX) && !budget_take(&budget, 8 * MIB + 1));
    ck_assert_uint_eq(budget_used(&budget), 0);
}
END_TEST

START_TEST(request__a_declared_size_over_the_cap_is_turned_away_without_memory)
{
    struct request *r = take(REQUEST_BODY_MAX + 1);
    ck_assert_int_eq(r->reject, REJECT_TOO_LARGE);
    ck_assert_uint_eq(budget_used(&budget), 0);
    ck_assert_ptr_null(r->body.ptr);
    request_free(r, &budget);
}
END_TEST

START_TEST(request__a_body_of_untold_size_is_moved_up_as_it_grows)
{
    static char piece[100000];
    struct request *r = take(SIZE_MAX);
    ck_assert_uint_eq(budget_used(&budget), BUDGET_ORDINARY);
    request_append(r, sv_make(piece, sizeof(piece)), &budget);
    ck_assert_uint_eq(budget_used(&budget), BUDGET_LARGE);
    for (size_t sent = 0; sent <= BUDGET_LARGE; sent += sizeof(piece)) {
        request_append(r, sv_make(piece, sizeof(piece)), &budget);
    }
    ck_assert_int_eq(r->reject, REJECT_COUNT);
    ck_assert_uint_eq(budget_used(&budget), REQUEST_BODY_MAX);
    // A second one finds no room, and gives back what it had.
    struct request *second = take(SIZE_MAX);
    for (size_t sent = 0; sent <= BUDGET_LARGE; sent += sizeof(piece)) {
        request_append(second, sv_make(piece, sizeof(piece)), &budget);
    }
    ck_assert_int_eq(second->reject, REJECT_BUSY);
    ck_assert_uint_eq(budget_used(&budget), REQUEST_BODY_MAX);
    ck_assert_ptr_null(second->body.ptr);
    request_free(second, &budget);
    request_free(r, &budget);
    ck_assert_uint_eq(budget_used(&budget), 0);
}
END_TEST

START_TEST(request__what_comes_beyond_the_cap_is_dropped)
{
    static char piece[100000];
    struct request *r = take(SIZE_MAX);
    for (size_t sent = 0; sent <= 2 * REQUEST_BODY_MAX; sent += sizeof(piece)) {
        request_append(r, sv_make(piece, sizeof(piece)), &budget);
        ck_assert_uint_le(r->body.len, REQUEST_BODY_MAX);
    }
    ck_assert_int_eq(r->reject, REJECT_TOO_LARGE);
    ck_assert_ptr_null(r->body.ptr);
    request_free(r, &budget);
    ck_assert_uint_eq(budget_used(&budget), 0);
}
END_TEST

START_TEST(request__more_than_was_declared_is_still_bounded_by_the_budget)
{
    struct request *r = take(4);
    request_append(r, SV("12345678"), &budget);
    ck_assert_int_eq(r->reject, REJECT_COUNT);
    ck_assert_uint_ge(budget_used(&budget), 8);
    request_free(r, &budget);
    ck_assert_uint_eq(budget_used(&budget), 0);
}
END_TEST

START_TEST(request__a_review_leaves_its_answer_and_its_names)
{
    struct request *r = take(SIZE_MAX);
    request_append(r, SV("{\"request\":{\"uid\":"), &budget);
    request_append(r, SV("\"u-1\"}}"), &budget);
    struct review_result result;
    ck_assert(request_review(r, &(struct review_context){0}, &result));
    ck_assert_int_eq(result.verdict, REVIEW_MALFORMED);
    ck_assert(sv_eq_lit(result.uid, "u-1"));
    ck_assert(sv_find(strbuf_view(&r->out), SV("\"uid\":\"u-1\"")) != SIZE_MAX);
    request_free(r, &budget);
}
END_TEST

START_TEST(request__large_reviews_come_one_after_another)
{
    static char piece[100000];
    for (int i = 0; i < 3; i++) {
        struct request *r = take(SIZE_MAX);
        for (size_t sent = 0; sent <= MIB; sent += sizeof(piece)) {
            memset(piece, ' ', sizeof(piece));
            request_append(r, sv_make(piece, sizeof(piece)), &budget);
        }
        struct review_result result;
        ck_assert(request_review(r, &(struct review_context){0}, &result));
        ck_assert_int_eq(result.http_status, 400);
        ck_assert(!sv_present(result.uid));
        request_free(r, &budget);
    }
}
END_TEST

UNIT_MAIN(setup, NULL, budget__large_bodies_leave_room_for_small_ones,
          budget__ordinary_bodies_are_always_let_in,
          budget__ordinary_bodies_take_room_from_those_that_are_not,
          budget__a_body_that_can_never_fit_is_refused,
          request__a_declared_size_over_the_cap_is_turned_away_without_memory,
          request__a_body_of_untold_size_is_moved_up_as_it_grows,
          request__what_comes_beyond_the_cap_is_dropped,
          request__more_than_was_declared_is_still_bounded_by_the_budget,
          request__a_review_leaves_its_answer_and_its_names,
          request__large_reviews_come_one_after_another)
