// SPDX-License-Identifier: Apache-2.0
// Findings of a review as series and in the log line.
#include "webhook/findings.h"

#include <check.h>

#include "common/base/macros.h"
#include "tests/unit/unit.h"

static void setup(void)
{
}

static void teardown(void)
{
}

static const char *rule_of(const char *rule)
{
    const struct review_finding f = {.rule = rule, .severity = SEVERITY_WARN};
    struct metric_at at = finding_at(&f);
    ck_assert_str_eq(FINDING_ENFORCEMENTS.values[at.i[1]], "Warn");
    return FINDING_RULES.values[at.i[0]];
}

START_TEST(findings__each_rule_has_a_series_of_its_own)
{
    static const char *const rules[] = {"image_required", "images.allowed", "iamRoles.account",
                                        "policy.pattern"};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        ck_assert_str_eq(rule_of(rules[i]), rules[i]);
    }
    ck_assert_str_eq(rule_of("schema.type"), "schema");
    ck_assert_str_eq(rule_of("nobody's"), "other");
    ck_assert_str_eq(rule_of("other"), "other");
}
END_TEST

START_TEST(findings__a_rule_stands_once_among_the_labels)
{
    for (size_t i = 0; i < FINDING_RULES.count; i++) {
        for (size_t k = 0; k < i; k++) {
            ck_assert_str_ne(FINDING_RULES.values[i], FINDING_RULES.values[k]);
        }
    }
    ck_assert_uint_le(FINDING_RULES.count * FINDING_ENFORCEMENTS.count, METRIC_MAX_SERIES);
}
END_TEST

START_TEST(findings__the_log_line_names_policies_and_rules)
{
    char buf[FINDINGS_TEXT_MAX];
    struct review_result res = {
        .finding_count = 2,
        .findings = {{.rule = "image_required", .count = 1},
                     {.policy = SV("production"), .rule = "images.allowed", .count = 3}}};
    ck_assert(sv_eq_lit(findings_text(&res, buf), "image_required,production/images.allowed"));
    res.finding_count = 0;
    ck_assert_uint_eq(findings_text(&res, buf).len, 0);
}
END_TEST

START_TEST(findings__what_has_no_room_in_the_log_line_is_left_out_as_a_whole)
{
    char buf[FINDINGS_TEXT_MAX];
    struct review_result res = {.finding_count = REVIEW_FINDINGS_MAX};
    for (size_t i = 0; i < REVIEW_FINDINGS_MAX; i++) {
        res.findings[i] = (struct review_finding){.policy = SV("a-policy-of-some-length"),
                                                  .rule = "images.allowed"};
    }
    struct strview text = findings_text(&res, buf);
    ck_assert(text.len < FINDINGS_TEXT_MAX && sv_ends(text, SV("/images.allowed")));
}
END_TEST

UNIT_MAIN(setup, teardown, findings__each_rule_has_a_series_of_its_own,
          findings__a_rule_stands_once_among_the_labels,
          findings__the_log_line_names_policies_and_rules,
          findings__what_has_no_room_in_the_log_line_is_left_out_as_a_whole)
