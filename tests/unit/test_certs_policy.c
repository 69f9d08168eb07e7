// SPDX-License-Identifier: Apache-2.0
#include "certs/policy.h"

#include "tests/unit/unit.h"

#define NOW INT64_C(1800000000000)

/// A CA and a leaf in the middle of their lives, all in order.
static struct certs_situation calm(void)
{
    return (struct certs_situation){
        .now_ms = NOW,
        .ca = {true, NOW - 100 * CERTS_DAY_MS, NOW + 900 * CERTS_DAY_MS},
        .leaf = {true, NOW - CERTS_DAY_MS, NOW + 6 * CERTS_DAY_MS},
        .leaf_has_names = true,
        .leaf_trusted = true,
        .leaf_of_ca = true,
        .bundle_published = true,
    };
}

START_TEST(certs_policy__in_order_nothing_is_done_until_the_leaf_is_due)
{
    const struct certs_situation s = calm();
    struct certs_decision d = certs_decide(&s);
    ck_assert_int_eq(d.step, CERTS_KEEP);
    ck_assert_int_eq(d.renew_at_ms, certs_leaf_renew_at(&s.leaf));
}
END_TEST

START_TEST(certs_policy__a_leaf_is_renewed_at_two_thirds_of_its_life_and_not_before)
{
    struct certs_situation s = calm();
    s.leaf = (struct certs_span){true, NOW - 3000, NOW + 6000};
    s.now_ms = NOW + 2999;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_KEEP);
    s.now_ms = NOW + 3000;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_ISSUE_LEAF);
}
END_TEST

START_TEST(certs_policy__without_a_ca_one_is_made_before_all_else)
{
    struct certs_situation s = {.now_ms = NOW};
    ck_assert_int_eq(certs_decide(&s).step, CERTS_MAKE_CA);
    s = calm();
    s.ca.present = false;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_MAKE_CA);
}
END_TEST

START_TEST(certs_policy__a_ca_is_renewed_when_a_tenth_is_left)
{
    struct certs_situation s = calm();
    s.leaf.not_after_ms = NOW + 5000 * CERTS_DAY_MS;
    s.now_ms = NOW + 800 * CERTS_DAY_MS - 1;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_KEEP);
    s.now_ms++;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_MAKE_CA);
    s.now_ms = s.ca.not_after_ms + 1;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_MAKE_CA);
}
END_TEST

START_TEST(certs_policy__a_first_leaf_does_not_wait_for_the_bundle)
{
    struct certs_situation s = calm();
    s.leaf.present = false;
    s.bundle_published = false;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_ISSUE_LEAF);
}
END_TEST

START_TEST(certs_policy__a_leaf_of_a_new_ca_waits_until_its_bundle_is_published)
{
    struct certs_situation s = calm();
    s.leaf_of_ca = false;
    s.bundle_published = false;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_KEEP);
    s.now_ms = certs_leaf_renew_at(&s.leaf) + 1; // also when the old leaf is due
    ck_assert_int_eq(certs_decide(&s).step, CERTS_KEEP);
    s.bundle_published = true;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_ISSUE_LEAF);
    s.bundle_published = false;
    s.now_ms = s.leaf.not_after_ms; // but an expired one helps nobody
    ck_assert_int_eq(certs_decide(&s).step, CERTS_ISSUE_LEAF);
}
END_TEST

START_TEST(certs_policy__a_leaf_that_nobody_can_trust_is_replaced_at_once)
{
    struct certs_situation s = calm();
    s.leaf_trusted = false;
    s.bundle_published = false;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_ISSUE_LEAF);
    s = calm();
    s.leaf_has_names = false;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_ISSUE_LEAF);
    s = calm();
    s.leaf.not_before_ms = NOW + 1;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_ISSUE_LEAF);
}
END_TEST

START_TEST(certs_policy__a_clock_before_the_ca_issues_nothing_over_and_over)
{
    struct certs_situation s = calm();
    s.now_ms = s.ca.not_before_ms - CERTS_DAY_MS;
    ck_assert_int_eq(certs_decide(&s).step, CERTS_KEEP);
}
END_TEST

START_TEST(certs_policy__every_step_leads_to_rest)
{
    // Whatever is found, after making and issuing as told there is nothing left to do.
    for (unsigned bits = 0; bits < 256; bits++) {
        struct certs_situation s = calm();
        int steps = 0;
        s.ca.present = (bits & 1) != 0;
        s.leaf.present = (bits & 2) != 0;
        s.leaf_has_names = (bits & 4) != 0;
        s.leaf_trusted = (bits & 8) != 0;
        s.leaf_of_ca = (bits & 16) != 0;
        s.bundle_published = (bits & 32) != 0;
        s.ca.not_after_ms = (bits & 64) != 0 ? NOW - 1 : s.ca.not_after_ms;
        s.leaf.not_after_ms = (bits & 128) != 0 ? NOW - 1 : s.leaf.not_after_ms;
        for (struct certs_decision d; (d = certs_decide(&s)).step != CERTS_KEEP; steps++) {
            ck_assert_int_lt(steps, 2);
            ck_assert_ptr_nonnull(d.why);
            if (d.step == CERTS_MAKE_CA) {
                s.ca = calm().ca;
                s.leaf_of_ca = false;
            } else {
                s.leaf = calm().leaf;
                s.leaf_has_names = s.leaf_trusted = s.leaf_of_ca = true;
            }
        }
    }
}
END_TEST

START_TEST(certs_policy__expired_cas_leave_the_bundle_and_the_rest_is_bounded)
{
    struct certs_span cas[CERTS_BUNDLE_MAX + 3];
    bool keep[CERTS_BUNDLE_MAX + 3];
    for (size_t i = 0; i < CERTS_BUNDLE_MAX + 3; i++) {
        cas[i] = (struct certs_span){true, 0, NOW + (i == 1 ? 0 : 1)};
    }
    certs_bundle_prune(cas, CERTS_BUNDLE_MAX + 3, NOW, keep);
    ck_assert(keep[0]);
    ck_assert(!keep[1]);
    ck_assert(keep[CERTS_BUNDLE_MAX]);
    ck_assert(!keep[CERTS_BUNDLE_MAX + 1]);
    ck_assert(!keep[CERTS_BUNDLE_MAX + 2]);
}
END_TEST

START_TEST(certs_policy__the_lives_fit_into_each_other)
{
    const struct certs_span leaf = {true, 0, CERTS_LEAF_LIFE_MS};
    ck_assert_int_lt(CERTS_LEAF_LIFE_MS, CERTS_CA_LIFE_MS / 10);
    ck_assert_int_lt(CERTS_BACKDATE_MS, certs_leaf_renew_at(&leaf) / 10);
}
END_TEST

UNIT_MAIN(NULL, NULL, certs_policy__in_order_nothing_is_done_until_the_leaf_is_due,
          certs_policy__a_leaf_is_renewed_at_two_thirds_of_its_life_and_not_before,
          certs_policy__without_a_ca_one_is_made_before_all_else,
          certs_policy__a_ca_is_renewed_when_a_tenth_is_left,
          certs_policy__a_first_leaf_does_not_wait_for_the_bundle,
          certs_policy__a_leaf_of_a_new_ca_waits_until_its_bundle_is_published,
          certs_policy__a_leaf_that_nobody_can_trust_is_replaced_at_once,
          certs_policy__a_clock_before_the_ca_issues_nothing_over_and_over,
          certs_policy__every_step_leads_to_rest,
          certs_policy__expired_cas_leave_the_bundle_and_the_rest_is_bounded,
          certs_policy__the_lives_fit_into_each_other)
