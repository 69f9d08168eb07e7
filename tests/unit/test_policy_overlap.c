// SPDX-License-Identifier: Apache-2.0
#include "common/policy/overlap.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct arena arena;

static void setup(void)
{
    arena = ARENA((size_t)512 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

static bool meets(const char *a, const char *b, enum pattern_kind kind)
{
    struct overlap_budget budget = {1000000};
    bool meet = overlap_patterns(sv_from(a), sv_from(b), kind, &budget);
    ck_assert(overlap_patterns(sv_from(b), sv_from(a), kind, &budget) == meet);
    return meet;
}

START_TEST(overlap__what_can_never_match_the_same_is_told)
{
    static const struct {
        const char *a, *b;
        enum pattern_kind kind;
    } APART[] = {
        {"a*", "b*", PATTERN_TEXT},
        {"*a", "*b", PATTERN_TEXT},
        {"a?c", "ac", PATTERN_TEXT},
        {"", "?", PATTERN_TEXT},
        {"team-*", "sandbox-*", PATTERN_TEXT},
        {"registry.io/org/**", "registry.io/org-evil/**", PATTERN_IMAGE},
        {"registry.io/org/**", "registry.io.evil/org/**", PATTERN_IMAGE},
        {"s3://a/**", "s3://b/**", PATTERN_URI},
        {"s3://a/**", "gs://a/**", PATTERN_URI},
        {"arn:aws:iam::123456789012:role/{namespace}/*", "arn:aws:iam::999999999999:role/**",
         PATTERN_ROLE},
    };
    for (size_t i = 0; i < ARRAY_LEN(APART); i++) {
        ck_assert_msg(!meets(APART[i].a, APART[i].b, APART[i].kind), "%s %s", APART[i].a,
                      APART[i].b);
    }
}
END_TEST

START_TEST(overlap__what_may_match_the_same_is_not_told_apart)
{
    static const struct {
        const char *a, *b;
        enum pattern_kind kind;
    } MEET[] = {
        {"", "*", PATTERN_TEXT},
        {"a*c", "ab*", PATTERN_TEXT},
        {"[a-c]x", "bx", PATTERN_TEXT},
        {"[]x]", "]", PATTERN_TEXT},
        {"\\*", "\\*", PATTERN_TEXT},
        {"{name}-flink", "fraud-*", PATTERN_TEXT},
        {"{namespace", "b", PATTERN_TEXT},
        {"[ab", "b", PATTERN_TEXT},
        {"a\\", "b", PATTERN_TEXT},
        {"regex:a", "b", PATTERN_TEXT},
        {"flink", "docker.io/library/flink", PATTERN_IMAGE},
        {"docker.io/flink", "index.docker.io/library/flink", PATTERN_IMAGE},
        {"registry.io/a", "registry.io/a:1.20", PATTERN_IMAGE},
        {"registry.io/**/flink", "registry.io/flink", PATTERN_IMAGE},
        {"s3://a/**", "s3://a", PATTERN_URI},
        {"s3://a/", "s3://a", PATTERN_URI},
        {"S3://a", "s3://a", PATTERN_URI},
        {"file:/state", "file:///state", PATTERN_URI},
        {"s3://a/**/c", "s3://a/c", PATTERN_URI},
    };
    for (size_t i = 0; i < ARRAY_LEN(MEET); i++) {
        ck_assert_msg(meets(MEET[i].a, MEET[i].b, MEET[i].kind), "%s %s", MEET[i].a, MEET[i].b);
    }
}
END_TEST

// ---- never apart when a text matches both -------------------------------------------------------

static uint32_t seed = 1;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % n;
}

/// PIECES put together at random after HEAD.
static struct strview random_text(const char *head, const char *const *pieces, uint32_t n)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4096);
    strbuf_put_str(&b, head);
    for (uint32_t i = random_below(6); i > 0; i--) {
        strbuf_put_str(&b, pieces[random_below(n)]);
    }
    return arena_copy(&arena, strbuf_view(&b));
}

static bool is_match(const struct pattern *p, enum pattern_kind kind, struct strview text,
                     const struct pattern_vars *vars)
{
    struct image_ref ref;
    if (kind == PATTERN_IMAGE) {
        return image_parse(text, &arena, &ref, NULL) && pattern_match_image(p, &ref, vars);
    }
    return pattern_match(p, text, vars);
}

static void try_many(enum pattern_kind kind, const char *pattern_head, const char *text_head)
{
    static const char *const PATTERN_PIECES[] = {"a",      "b",    "/",   "/*",   "*",    "?",
                                                 "**",     "/**/", "/**", "[ab]", "[!a]", ".",
                                                 "{name}", "-",    ":a",  "\\*"};
    static const char *const TEXT_PIECES[] = {"a", "b", "/", "/a", "/b", ".", "-", ":a", "ab"};
    const struct pattern_vars vars = {.value = {[PATTERN_NAME] = SV("ab")}};
    size_t both = 0;
    for (int i = 0; i < 20000; i++) {
        const struct pattern *p[2];
        struct strview s[2];
        struct err err = {0};
        bool good = true;
        for (int k = 0; k < 2; k++) {
            s[k] = random_text(pattern_head, PATTERN_PIECES, ARRAY_LEN(PATTERN_PIECES));
            good = good && pattern_compile(s[k], kind, PATTERN_ALL, &arena, &p[k], &err) == 0;
        }
        for (int k = 0; good && k < 20; k++) {
            struct strview text = random_text(text_head, TEXT_PIECES, ARRAY_LEN(TEXT_PIECES));
            if (is_match(p[0], kind, text, &vars) && is_match(p[1], kind, text, &vars)) {
                struct overlap_budget budget = {1000000};
                both++;
                ck_assert_msg(overlap_patterns(s[0], s[1], kind, &budget),
                              "%.*s and %.*s both match %.*s", SV_ARG(s[0]), SV_ARG(s[1]),
                              SV_ARG(text));
            }
        }
    }
    ck_assert_uint_gt(both, 50); // a test that compares nothing must not pass
}

START_TEST(overlap__two_patterns_that_match_one_text_are_never_apart)
{
    try_many(PATTERN_TEXT, "", "");
    try_many(PATTERN_URI, "s3://a", "s3://a");
    try_many(PATTERN_URI, "s3:/", "s3://");
    try_many(PATTERN_IMAGE, "r.io/a", "r.io/a");
    try_many(PATTERN_IMAGE, "", "");
}
END_TEST

START_TEST(overlap__beyond_its_budget_the_answer_is_that_they_may_meet)
{
    struct overlap_budget budget = {150};
    ck_assert(!overlap_patterns(SV("a"), SV("b"), PATTERN_TEXT, &budget));
    ck_assert(overlap_patterns(SV("a"), SV("b"), PATTERN_TEXT, &budget));
}
END_TEST

UNIT_MAIN(setup, teardown, overlap__what_can_never_match_the_same_is_told,
          overlap__what_may_match_the_same_is_not_told_apart,
          overlap__two_patterns_that_match_one_text_are_never_apart,
          overlap__beyond_its_budget_the_answer_is_that_they_may_meet)
