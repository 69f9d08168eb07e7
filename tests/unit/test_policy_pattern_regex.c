// SPDX-License-Identifier: Apache-2.0
#include "common/policy/pattern_regex.h"

#include <regex.h>

#include "tests/unit/policy_pattern.h"

START_TEST(regex__the_whole_text_must_match)
{
    static const struct match_row rows[] = {
        {"regex:abc", {"abc"}, {"abcd", "xabc", "ab", ""}},
        {"regex:^abc$", {"abc"}, {"abcd", "xabc"}},
        {"regex:", {""}, {"a"}},
        {"regex:a|bc", {"a", "bc"}, {"ac", "abc", "b"}},
        {"regex:(a|b)*c", {"c", "ababc"}, {"ab", "abd"}},
        {"regex:(?:ab)+", {"ab", "abab"}, {"", "aba"}},
        {"regex:a?b", {"b", "ab"}, {"aab"}},
        {"regex:a{2}", {"aa"}, {"a", "aaa"}},
        {"regex:a{2,}", {"aa", "aaaaa"}, {"a"}},
        {"regex:a{1,3}", {"a", "aaa"}, {"", "aaaa"}},
        {"regex:a{0}b", {"b"}, {"ab"}},
        {"regex:(){3}b", {"b"}, {"a"}},
        {"regex:(a*)*b", {"b", "aaab"}, {"aa"}},
        {"regex:(|a)+b", {"b", "aab"}, {"c"}},
        {"regex:[0-9]+\\.\\d+(\\.\\d+)?-r\\d+", {"1.20-r3", "1.20.1-r42"}, {"1.20", "1x20-r3"}},
        {"regex:[^a-c]", {"d", "-"}, {"a", "dd", ""}},
        {"regex:[]a]", {"]", "a"}, {"b"}},
        {"regex:[a-]", {"-", "a"}, {"b"}},
        {"regex:[\\d\\-_]+", {"1-_"}, {"a"}},
        {"regex:\\w+\\s\\w+", {"ab cd"}, {"abcd", "a-b c"}},
        {"regex:.*", {"", "a/b", "\xC3\xA9"}, {NULL}},
        {"regex:a^b", {NULL}, {"ab", "a^b"}},
        {"regex:a$|^b", {"a", "b"}, {"ab"}},
        {"regex:\\$\\^\\.\\*\\(\\)\\{\\}\\|\\\\", {"$^.*(){}|\\"}, {"a"}},
        {"regex:]}", {"]}"}, {"]"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_TEXT);
}
END_TEST

START_TEST(regex__a_dot_stays_within_a_part)
{
    static const struct match_row images[] = {
        {"regex:registry\\.io/team-[ab]/.*",
         {"registry.io/team-a/x:1"},
         {"registry.io/team-a/x/y", "registryxio/team-a/x", "registry.io.evil/team-a/x",
          "registry.io/team-c/x"}},
        {"regex:docker\\.io/library/flink", {"flink", "flink:1.20"}, {"flink-evil", "a/flink"}},
    };
    static const struct match_row roles[] = {
        {"regex:arn:aws:iam::(1{12}|2{12}):role/flink-.*",
         {"arn:aws:iam::111111111111:role/flink-a"},
         {"arn:aws:iam::111111111112:role/flink-a", "arn:aws:iam::111111111111:role/flink-a/b"}},
        {"regex:.*",
         {"11111111-2222-3333-4444-555555555555"},
         {"arn:aws:iam::111111111111:role/a"}},
    };
    static const struct match_row uris[] = {
        {"regex:s3://b-[0-9]+(/.*)?",
         {"s3://b-1", "s3://b-12/x", "s3://b-1/"},
         {"s3://b-1/x/y", "s3://b-1/..", "s3://b-x", "s3://b-1/\xC3\xA9"}},
    };
    check_rows(images, ARRAY_LEN(images), PATTERN_IMAGE);
    check_rows(roles, ARRAY_LEN(roles), PATTERN_ROLE);
    check_rows(uris, ARRAY_LEN(uris), PATTERN_URI);
}
END_TEST

START_TEST(regex__faults_are_told)
{
    static const struct fault_row rows[] = {
        {"regex:*a", "nothing that * could repeat"},
        {"regex:a|+", "nothing that + could repeat"},
        {"regex:({", "nothing that { could repeat"},
        {"regex:a**", "can't be repeated"},
        {"regex:a+?", "can't be repeated"},
        {"regex:(a", "a ( without"},
        {"regex:a)", "a ) without"},
        {"regex:[a", "a [ without"},
        {"regex:[", "a [ without"},
        {"regex:[z-a]", "range"},
        {"regex:[[:alpha:]]", "[:names:]"},
        {"regex:(?=a)", "(?:"},
        {"regex:(a)\\1", "no back-references"},
        {"regex:\\b", "\\d, \\w, \\s"},
        {"regex:\\", "\\d, \\w, \\s"},
        {"regex:[\\", "\\d, \\w, \\s"},
        {"regex:a{name}", "placeholders can't stand"},
        {"regex:a{2,1}", "a repetition is"},
        {"regex:a{256}", "a repetition is"},
        {"regex:a{99999999999}", "a repetition is"},
        {"regex:a{1", "a repetition is"},
        {"regex:a{255}b{255}c{255}", "too large"},
        {"regex:((((a{9}){9}){9}){9}){9}", "too large"},
        {"regex:((((a?){0,255}){255}){255}){255}", "too large"},
        {"regex:\xC3\xA9", "must be ASCII"},
    };
    check_faults(rows, ARRAY_LEN(rows), PATTERN_TEXT);
    char deep[200] = "regex:";
    memset(deep + 6, '(', 40);
    memset(deep + 46, ')', 40);
    const struct fault_row nested[] = {{deep, "nested"}};
    check_faults(nested, 1, PATTERN_TEXT);
}
END_TEST

START_TEST(regex__what_makes_others_run_for_ever_is_quick)
{
    static const char *const hostile[] = {
        "regex:(a+)+b",
        "regex:(a|a)*b",
        "regex:(a*)*(a*)*(a*)*b",
        "regex:(.*)(.*)(.*)b",
        "regex:a?{0}(a?){99}a{99}",
        "regex:((a{0,15}){0,15})b",
        "regex:(((){255}){255}){255}b",
    };
    char text[2048];
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        const struct pattern *p = NULL;
        struct err err = {0};
        if (pattern_compile(sv_from(hostile[i]), PATTERN_TEXT, 0, &arena, &p, &err) == 0) {
            ck_assert_msg(!pattern_match(p, sv_make(text, sizeof(text)), NULL), "%s", hostile[i]);
        }
    }
    char long_text[PATTERN_MAX] = "regex:";
    memset(long_text + 6, '|', sizeof(long_text) - 6);
    const struct pattern *p = NULL;
    struct err err = {0};
    ck_assert_int_ne(
        pattern_compile(sv_make(long_text, sizeof(long_text)), PATTERN_TEXT, 0, &arena, &p, &err),
        0);
}
END_TEST

static uint32_t seed = 54321;

static size_t below(size_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % n;
}

/// A random expression over a and b that both engines read in the same way.
static void put_expression(struct strbuf *b, unsigned depth)
{
    static const char *const atoms[] = {"a", "b", "ab", "[ab]", "[^a]", "."};
    static const char *const repeats[] = {"",  "",    "",      "*",     "+",
                                          "?", "{2}", "{1,3}", "{0,2}", "{2,}"};
    size_t n = below(3) + 1;
    for (size_t i = 0; i < n; i++) {
        bool group = depth != 0 && below(3) == 0;
        if (group) {
            strbuf_put_char(b, '(');
            put_expression(b, depth - 1);
            if (below(2) == 0) {
                strbuf_put_char(b, '|');
                put_expression(b, depth - 1);
            }
            strbuf_put_char(b, ')');
        } else {
            strbuf_put_str(b, atoms[below(ARRAY_LEN(atoms))]);
        }
        strbuf_put_str(b, repeats[below(ARRAY_LEN(repeats))]);
    }
}

START_TEST(regex__texts_match_as_by_the_c_library)
{
    unsigned yes = 0, no = 0;
    for (unsigned i = 0; i < 3000; i++) {
        CLEANUP(strbuf_done) struct strbuf ours = STRBUF(4096), theirs = STRBUF(4096);
        strbuf_put_str(&ours, "regex:");
        put_expression(&ours, 2);
        strbuf_printf(&theirs, "^(%s)$", ours.ptr + strlen("regex:"));
        regex_t other;
        struct err err = {0};
        const struct pattern *p = NULL;
        ck_assert_int_eq(regcomp(&other, theirs.ptr, REG_EXTENDED | REG_NOSUB), 0);
        if (pattern_compile(strbuf_view(&ours), PATTERN_TEXT, 0, &arena, &p, &err) != 0) {
            ck_assert_msg(strstr(err.msg, "too large") != NULL, "%s: %s", ours.ptr, err.msg);
        }
        for (unsigned k = 0; p != NULL && k < 20; k++) {
            char text[8] = "";
            size_t len = below(sizeof(text));
            for (size_t c = 0; c < len; c++) {
                text[c] = "abc"[below(10) == 0 ? 2 : below(2)];
            }
            bool want = regexec(&other, text, 0, NULL, 0) == 0;
            yes += want ? 1 : 0;
            no += want ? 0 : 1;
            ck_assert_msg(pattern_match(p, sv_from(text), NULL) == want, "%s %s", ours.ptr, text);
        }
        regfree(&other);
        arena_reset(&arena, 1 << 16);
    }
    ck_assert(yes > 1000 && no > 1000);
}
END_TEST

UNIT_MAIN(setup, teardown, regex__the_whole_text_must_match, regex__a_dot_stays_within_a_part,
          regex__faults_are_told, regex__what_makes_others_run_for_ever_is_quick,
          regex__texts_match_as_by_the_c_library)
