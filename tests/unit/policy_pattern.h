// SPDX-License-Identifier: Apache-2.0
// Helpers of the tests of patterns: compile and match in one line.
#ifndef SLUICE_UNIT_POLICY_PATTERN_H
#define SLUICE_UNIT_POLICY_PATTERN_H

#include "common/policy/pattern.h"
#include "tests/unit/k8s.h"

/// Of cluster payments/fraud*, whose name is no wildcard.
static const struct pattern_vars VARS = {
    .value = {SV_INIT("payments"), SV_INIT("fraud*"), SV_INIT("1.20")}};

UNUSED static const struct pattern *compiled(const char *text, enum pattern_kind kind)
{
    const struct pattern *p = NULL;
    struct err err = {0};
    ck_assert_msg(pattern_compile(sv_from(text), kind, PATTERN_ALL, &arena, &p, &err) == 0,
                  "%s: %s", text, err.msg);
    ck_assert(sv_eq(pattern_text(p), sv_from(text)));
    return p;
}

/// Whether TEXT, of KIND, matches S; an image or a role that can't be parsed matches nothing.
UNUSED static bool matches(const char *text, enum pattern_kind kind, const char *s)
{
    const struct pattern *p = compiled(text, kind);
    struct image_ref ref;
    struct role role;
    switch (kind) {
    case PATTERN_TEXT:
    case PATTERN_URI:
        return pattern_match(p, sv_from(s), &VARS);
    case PATTERN_IMAGE:
        return image_parse(sv_from(s), &arena, &ref, NULL) && pattern_match_image(p, &ref, &VARS);
    case PATTERN_ROLE:
        return role_parse(sv_from(s), &role, NULL) && pattern_match_role(p, &role, &VARS);
    }
    return false;
}

struct match_row {
    const char *pattern;
    const char *yes[8], *no[12]; // to the first NULL
};

UNUSED static void check_rows(const struct match_row *rows, size_t n, enum pattern_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(rows[i].yes) && rows[i].yes[k] != NULL; k++) {
            ck_assert_msg(matches(rows[i].pattern, kind, rows[i].yes[k]), "%s: %s", rows[i].pattern,
                          rows[i].yes[k]);
        }
        for (size_t k = 0; k < ARRAY_LEN(rows[i].no) && rows[i].no[k] != NULL; k++) {
            ck_assert_msg(!matches(rows[i].pattern, kind, rows[i].no[k]), "%s: not %s",
                          rows[i].pattern, rows[i].no[k]);
        }
    }
}

struct fault_row {
    const char *pattern, *why;
};

UNUSED static void check_faults(const struct fault_row *rows, size_t n, enum pattern_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        const struct pattern *p = NULL;
        struct err err = {0};
        ck_assert_msg(
            pattern_compile(sv_from(rows[i].pattern), kind, PATTERN_OWNER, &arena, &p, &err) != 0,
            "%s", rows[i].pattern);
        ck_assert_int_eq(err.code, E_INVALID);
        ck_assert_msg(sv_find(sv_from(err.msg), sv_from(rows[i].why)) != SIZE_MAX, "%s: %s",
                      rows[i].pattern, err.msg);
    }
}

#endif
