// SPDX-License-Identifier: Apache-2.0
#include "common/policy/pattern.h"

#include "tests/unit/policy_pattern.h"

#define HOST   "s3://h/"
#define DIGEST "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PINNED "r.io/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TAGGED "r.io/a:1" DIGEST
#define BOTH   "r.io/a:1.20" DIGEST
#define BELOW  "registry.io/org/a" DIGEST
#define ORG    "registry.io/org:1" DIGEST

START_TEST(pattern__a_text_is_matched_from_end_to_end)
{
    static const struct match_row rows[] = {
        {"latest", {"latest"}, {"latest1", "1latest", "lates", "", "Latest"}},
        {"*", {"", "a", "a/b.c", "é", "\x01"}, {NULL}},
        {"**", {"", "a", "a/b.c"}, {NULL}},
        {"sandbox-*", {"sandbox-", "sandbox-1", "sandbox-a-b"}, {"sandbox", "a-sandbox-1"}},
        {"*-flink", {"a-flink", "-flink", "flink-flink"}, {"flink", "a-flink-1"}},
        {"security.*", {"security.x", "security.a.b"}, {"security", "xsecurity.a", "securityx"}},
        {"[0-9]*.[0-9]*.[0-9]*-r*", {"1.20.1-r42", "1.2.3-r"}, {"1.20-r1", "v1.2.3-r1", "1.2.3"}},
        {"a?c", {"abc", "aéc", "a/c", "a€c"}, {"ac", "abbc", "a"}},
        {"[!a-c]x", {"dx", "éx", "-x"}, {"ax", "bx", "x", "dxx"}},
        {"[^a]", {"b"}, {"a", "bb", ""}},
        {"[]a]", {"]", "a"}, {"b"}},
        {"[a-]", {"-", "a"}, {"b"}},
        {"[!]]", {"a"}, {"]"}},
        {"[\\]\\-x]", {"]", "-", "x"}, {"\\", "y"}},
        {"\\*\\?\\[\\{\\\\", {"*?[{\\"}, {"a?[{\\"}},
        {"}]", {"}]"}, {"}"}},
        {"*a*b*a*", {"aba", "xaxbxax", "abba"}, {"ab", "aab", "bab"}},
        {"*é*", {"é", "xéy"}, {"e", "É"}},
        {"é", {"é"}, {"e\xCC\x81"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_TEXT);
}
END_TEST

START_TEST(pattern__a_placeholder_is_the_value_and_never_a_wildcard)
{
    static const struct match_row rows[] = {
        {"{namespace}", {"payments"}, {"payment", "payments1", "{namespace}"}},
        {"{name}", {"fraud*"}, {"fraud", "fraud1", "fraud-evil"}},
        {"*-{name}-*", {"x-fraud*-y"}, {"x-fraud-y", "x-fraudy-z"}},
        {"{flinkVersion}.*", {"1.20.1"}, {"1x20.1", "1.20"}},
        {"\\{name}", {"{name}"}, {"fraud*"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_TEXT);
    const struct pattern *p = compiled("a{name}", PATTERN_TEXT);
    ck_assert(!pattern_match(p, SV("a"), NULL));
    ck_assert(!pattern_match(p, SV("a"), &(struct pattern_vars){0}));
    ck_assert(!pattern_match(p, SV("a{name}"), &(struct pattern_vars){0}));
}
END_TEST

START_TEST(pattern__an_image_is_compared_host_by_host_and_part_by_part)
{
    static const struct match_row rows[] = {
        {"registry.io/org/**",
         {"registry.io/org/a", "registry.io/org/a/b:1", BELOW},
         {"registry.io/org", "registry.io/org-evil", "registry.io/org-evil/a",
          "registry.io.evil/org/a", "evil.registry.io/org/a", "registry.io:443/org/a",
          "evil.io/registry.io/org/a", "registry.io/a/org/b", "Registry.io/org/a", "org/a",
          "registryxio/org/a"}},
        {"registry.io/org",
         {"registry.io/org", "registry.io/org:latest", ORG},
         {"registry.io/org-evil", "registry.io.evil/org", "registry.io/org/a", "org"}},
        {"registry.io/org/*", {"registry.io/org/a:1"}, {"registry.io/org", "registry.io/org/a/b"}},
        {"registry.io/*/flink",
         {"registry.io/a/flink"},
         {"registry.io/flink", "registry.io/a/b/flink", "registry.io/a/flink-x"}},
        {"registry.io/**/flink",
         {"registry.io/flink", "registry.io/a/flink", "registry.io/a/b/flink"},
         {"registry.io/a/flink/b", "registry.io/xflink"}},
        {"registry.io:5000/a", {"registry.io:5000/a"}, {"registry.io/a", "registry.io:5001/a"}},
        {"registry.io:*/a", {"registry.io:5000/a"}, {"registry.io/a"}},
        {"*.io/a", {"b.io/a"}, {"b.c.io/a", "io/a", "b.io:1/a", "B.io/a", "x-b.io.evil/a"}},
        {"**.io/a", {"b.io/a", "b.c.io/a"}, {"b.io.evil/a", "b.io:1/a"}},
        {"*.dkr.ecr.*.amazonaws.com/a",
         {"1.dkr.ecr.eu-west-1.amazonaws.com/a"},
         {"1.dkr.ecr.x.evil.amazonaws.com/a", "1.dkr.ecr.amazonaws.com/a"}},
        {"localhost/a", {"localhost/a"}, {"a", "localhost:5000/a"}},
        {"[::1]:5000/a", {"[::1]:5000/a"}, {"[::2]:5000/a"}},
        {"**/flink",
         {"flink", "evil.io/flink", "a.io/b/flink", "localhost/flink", "HOST/flink"},
         {"flink-evil", "evil.io/flinkx"}},
        {"**", {"flink", "a.io/b/c:1", "HOST/x"}, {NULL}},
        {"{namespace}/*", {"payments/a"}, {"payment/a", "payments.io/a", "evil.io/payments/a"}},
        {"registry.io/{namespace}/{name}", {NULL}, {"registry.io/payments/fraud"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_IMAGE);
}
END_TEST

START_TEST(pattern__an_image_without_host_is_of_docker_io)
{
    static const struct match_row rows[] = {
        {"flink",
         {"flink", "library/flink:1", "docker.io/flink", "docker.io/library/flink",
          "index.docker.io/library/flink"},
         {"a/flink", "flink-evil", "evil.io/flink", "evil.io/library/flink",
          "docker.io.evil/flink"}},
        {"flink*", {"flink", "flink-x"}, {"a/flink", "flink/x"}},
        {"docker.io/flink", {"flink"}, {"a/flink"}},
        {"docker.io/*", {"flink"}, {"a/flink", "evil.io/flink"}},
        {"index.docker.io/org/*",
         {"org/a", "docker.io/org/a"},
         {"org2/a", "index.docker.io.x/org/a"}},
        {"docker.io/**", {"flink", "a/flink"}, {"evil.io/flink", "HUB/flink"}},
        {"org/*", {"org/a"}, {"org", "org.io/a", "a.io/org/a", "org-evil/a"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_IMAGE);
}
END_TEST

START_TEST(pattern__tags_and_digests_of_images_are_their_own_parts)
{
    static const struct match_row rows[] = {
        {"r.io/a:1.*",
         {"r.io/a:1.20", BOTH},
         {"r.io/a", "r.io/a:2.0", "r.io/a:latest", PINNED, "r.io/a/b:1.20", "r.io:1.20/a"}},
        {"r.io/a:latest", {"r.io/a", "r.io/a:latest"}, {"r.io/a:1", PINNED}},
        {"r.io/a:{flinkVersion}*", {"r.io/a:1.20.1"}, {"r.io/a:1.2"}},
        {PINNED, {PINNED, TAGGED}, {"r.io/a", "r.io/a:1"}},
        {"r.io/a@sha256:*", {PINNED}, {"r.io/a", "r.io/a:sha256"}},
        {"flink:1.20", {"flink:1.20", "docker.io/flink:1.20"}, {"flink", "flink:1.2"}},
        {"**:1.*", {"flink:1.20", "x.io/a/b:1.1"}, {"flink", "x.io:1.1/a"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_IMAGE);
}
END_TEST

START_TEST(pattern__an_image_pattern_that_could_mean_two_things_is_refused)
{
    static const struct fault_row rows[] = {
        {"", "must not be empty"},
        {"*", "write **"},
        {"*/flink", "whether * is a registry"},
        {"reg*/flink", "is a registry"},
        {"registry.io", "write registry.io/**"},
        {"localhost", "needs a path"},
        {"registry.io/", "end in an image"},
        {"registry.io/org/", "end in an image"},
        {"registry.io//a", "before and after each '/'"},
        {"registry.io/org**", "** must stand alone"},
        {"registry.io/**org", "** must stand alone"},
        {"registry.io/a**b/c", "** must stand alone"},
        {"Registry.io/a", "must be lower case"},
        {"registry.io/A", "must be lower case"},
        {"registry.io/a b", "can't have that character"},
        {"régistry.io/a", "can't have that character"},
        {"a..io/b", "before and after each '.'"},
        {"registry.io/[a", "a [ without"},
        {"registry.io/[a/b]", "can't match a slash"},
        {"registry.io/a:", "after the :"},
        {"registry.io/a:1/b", "after the :"},
        {"registry.io/a@", "after the @"},
        {"registry.io/{unknown}", "no such placeholder {unknown}"},
        {"registry.io/{flinkVersion}", "can't stand here"},
        {"registry.io/{name", "a { without"},
        {"registry.io/a\\", "a \\ at the end"},
        {"/a", "before and after each '/'"},
        {"registry.io/a\n", "control characters"},
    };
    check_faults(rows, ARRAY_LEN(rows), PATTERN_IMAGE);
}
END_TEST

START_TEST(pattern__a_role_is_compared_field_by_field)
{
    static const struct match_row rows[] = {
        {"arn:aws:iam::123456789012:role/{namespace}/*",
         {"arn:aws:iam::123456789012:role/payments/fraud"},
         {"arn:aws:iam::123456789012:role/payments-evil/fraud",
          "arn:aws:iam::123456789012:role/payments/a/fraud",
          "arn:aws:iam::123456789012:role/payments",
          "arn:aws:iam::123456789012:role/x/payments/fraud",
          "arn:aws:iam::999999999999:role/payments/fraud",
          "arn:aws-cn:iam::123456789012:role/payments/fraud",
          "arn:aws:sts::123456789012:assumed-role/payments/fraud", "payments/fraud", "fraud"}},
        {"arn:aws:iam::123456789012:role/*",
         {"arn:aws:iam::123456789012:role/a"},
         {"arn:aws:iam::123456789012:role/a/b"}},
        {"arn:aws:iam::123456789012:role/**",
         {"arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/a/b/c"},
         {"arn:aws:iam::123456789013:role/a"}},
        {"arn:aws*:iam::*:role/flink-*",
         {"arn:aws:iam::123456789012:role/flink-a", "arn:aws-us-gov:iam::000000000000:role/flink-"},
         {"arn:aws:iam::123456789012:role/x/flink-a", "arn:aws:iam::123456789012:role/flink"}},
        {"arn:aws:iam::1234*:role/a",
         {"arn:aws:iam::123456789012:role/a"},
         {"arn:aws:iam::223456789012:role/a"}},
        {"arn:aws:iam::123456789012:role/{name}", {NULL}, {"arn:aws:iam::123456789012:role/fraud"}},
        {"flink-*@my-project.iam.gserviceaccount.com",
         {"flink-a@my-project.iam.gserviceaccount.com"},
         {"xflink-a@my-project.iam.gserviceaccount.com",
          "flink-a@my-project2.iam.gserviceaccount.com",
          "flink-a@my-project.evil.com.iam.gserviceaccount.com"}},
        {"*@my-*.iam.gserviceaccount.com",
         {"flink-a@my-project.iam.gserviceaccount.com"},
         {"flink-a@my-project.evil.com.iam.gserviceaccount.com",
          "flink-a@no-project.iam.gserviceaccount.com", "11111111-2222-3333-4444-555555555555"}},
        {"ABCDEF11-2222-3333-4444-*",
         {"abcdef11-2222-3333-4444-555555555555", "ABCDEF11-2222-3333-4444-555555555555"},
         {"bbcdef11-2222-3333-4444-555555555555"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_ROLE);
}
END_TEST

START_TEST(pattern__a_role_pattern_must_tell_its_fields)
{
    static const struct fault_row rows[] = {
        {"*", "must be a pattern of"},
        {"**", "must be a pattern of"},
        {"flink-*", "must be a pattern of"},
        {"arn:*", "six fields"},
        {"arn:aws:iam::*", "six fields"},
        {"arn:**:role/a", "six fields"},
        {"arn:aws:*::123456789012:role/a", "the service must be iam"},
        {"arn:aws:iam:*:123456789012:role/a", "the region empty"},
        {"arn:aws:iam::12345678901:role/a", "12 digits"},
        {"arn:aws:iam::x*:role/a", "12 digits"},
        {"arn:aws:iam::123456789012:*", "the resource must be role/"},
        {"arn:aws:iam::123456789012:role*", "the resource must be role/"},
        {"arn:aws:iam::123456789012:role/", "the resource must be role/"},
        {"arn:aws:sts::123456789012:assumed-role/a", "the service must be iam"},
        {"arn:aws:iam::123456789012:role/a/", "before and after each '/'"},
        {"arn:aws:iam::123456789012:role/a**", "** must stand alone"},
        {"a@b", "a GCP service account is"},
        {"@b.iam.gserviceaccount.com", "a GCP service account is"},
        {"*@*", "a GCP service account is"},
    };
    check_faults(rows, ARRAY_LEN(rows), PATTERN_ROLE);
}
END_TEST

START_TEST(pattern__a_uri_is_compared_scheme_by_scheme_and_part_by_part)
{
    static const struct match_row rows[] = {
        {"s3://flink-{namespace}/**",
         {"s3://flink-payments", "s3://flink-payments/", "s3://flink-payments/a/b",
          "S3://flink-payments/a", "s3://flink-payments/a/b/"},
         {"s3://flink-payments-evil", "s3://flink-payments.evil/a", "s3a://flink-payments/a",
          "s3://evil/flink-payments/a", "s3://x@flink-payments/a", "s3://flink-payments/../x",
          "s3://flink-payments/a/./b", "s3://flink-payments//a", "s3://flink-payments/a//",
          "s3://flink-payments/%2e%2e/x", "s3://flink-payments/a?b", "s3://flink-payments/a#b"}},
        {"s3://b/a",
         {"s3://b/a", "s3://b/a/"},
         {"s3://b/a/b", "s3://b", "s3://b/ab", "s3:b/a", "b/a"}},
        {"s3://b/a/*", {"s3://b/a/x"}, {"s3://b/a", "s3://b/a/x/y", "s3://b/a/\xC3\xA9"}},
        {"s3://b/**/x", {"s3://b/x", "s3://b/a/c/x"}, {"s3://b/x/a", "s3://b/\xC3\xA9/x"}},
        {"s3://b/\xC3\xA9", {"s3://b/\xC3\xA9"}, {"s3://b/e"}},
        {"s3://b/\xC3\xA9*", {"s3://b/\xC3\xA9x"}, {"s3://b/\xC3\xA9\xC3\xA9"}},
        {"s3://flink-*/**", {"s3://flink-a/x"}, {"s3://flink-a.evil/x", "s3://flink-a@evil/x"}},
        {"hdfs://nn:8020/flink/**",
         {"hdfs://nn:8020/flink/a"},
         {"hdfs://nn/flink/a", "hdfs://nn:80200/flink"}},
        {"file:///opt/flink/**",
         {"file:///opt/flink/a", "file:/opt/flink"},
         {"file://opt/flink/a", "/opt/flink", "file:////opt/flink/a"}},
        {"abfss://c@*.dfs.core.windows.net/**",
         {"abfss://c@acc.dfs.core.windows.net/x"},
         {"abfss://d@acc.dfs.core.windows.net/x", "abfss://c@a.b.dfs.core.windows.net/x"}},
        {"s3://b", {"s3://b", "s3://b/"}, {"s3://b/x", "s3://b//"}},
        {"s3://b/a b\\\\", {NULL}, {"s3://b/a b\\"}},
    };
    check_rows(rows, ARRAY_LEN(rows), PATTERN_URI);
}
END_TEST

START_TEST(pattern__a_uri_pattern_needs_a_scheme_and_plain_parts)
{
    static const struct fault_row rows[] = {
        {"/flink/**", "begin with a scheme"},
        {"**", "begin with a scheme"},
        {"*://b", "begin with a scheme"},
        {"s3:b", "begin with a scheme"},
        {"s3://b/../a", "can't have an empty part"},
        {"s3://b//a", "can't have an empty part"},
        {"s3://b/%2e", "can't have an empty part"},
        {"s3://b/a**", "** must stand alone"},
    };
    check_faults(rows, ARRAY_LEN(rows), PATTERN_URI);
}
END_TEST

START_TEST(pattern__a_text_that_is_no_pattern_is_refused)
{
    static const struct fault_row rows[] = {
        {"", "must not be empty"},
        {"[", "a [ without"},
        {"[]", "a [ without"},
        {"[!]", "a [ without"},
        {"[a-", "a [ without"},
        {"[a-\\", "a [ without"},
        {"[\\", "a [ without"},
        {"[\xC3\xA9]", "must be of ASCII"},
        {"[a-\xC3\xA9]", "of ASCII"},
        {"[z-a]", "the range z-a of a set is empty"},
        {"{", "a { without"},
        {"{name", "a { without"},
        {"{}", "no such placeholder {}"},
        {"{NAME}", "no such placeholder {NAME}"},
        {"{flinkVersion}", "stand here"},
        {"a\\", "a \\ at the end"},
        {"a\tb", "control characters"},
        {"\x7f", "control characters"},
    };
    check_faults(rows, ARRAY_LEN(rows), PATTERN_TEXT);
}
END_TEST

START_TEST(pattern__hostile_patterns_take_no_time)
{
    char stars[PATTERN_MAX + 2], text[2049];
    struct err err = {0};
    const struct pattern *p = NULL;
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i + 1 < sizeof(stars); i += 2) {
        stars[i] = '*';
        stars[i + 1] = 'a';
    }
    stars[PATTERN_MAX - 1] = 'b';
    ck_assert_int_eq(
        pattern_compile(sv_make(stars, PATTERN_MAX), PATTERN_TEXT, 0, &arena, &p, &err), 0);
    ck_assert(!pattern_match(p, sv_make(text, 2048), NULL));
    memset(stars, '*', sizeof(stars));
    ck_assert_int_eq(pattern_compile(sv_make(stars, 512), PATTERN_TEXT, 0, &arena, &p, &err), 0);
    ck_assert(pattern_match(p, sv_make(text, 2048), NULL));
    memset(stars, '[', sizeof(stars));
    ck_assert_int_ne(pattern_compile(sv_make(stars, 512), PATTERN_TEXT, 0, &arena, &p, &err), 0);
    ck_assert_int_ne(
        pattern_compile(sv_make(stars, PATTERN_MAX + 1), PATTERN_TEXT, 0, &arena, &p, &err), 0);
    CLEANUP(strbuf_done) struct strbuf globs = STRBUF(PATTERN_MAX), uri = STRBUF(4096);
    strbuf_put_str(&globs, "s3://b");
    strbuf_put_str(&uri, "s3://b");
    for (size_t i = 0; i < 400; i++) {
        strbuf_put_str(&globs, "/**/a");
        strbuf_put_str(&uri, "/aaaa/a");
    }
    globs.ptr[globs.len - 1] = 'b';
    ck_assert(strbuf_ok(&globs) && strbuf_ok(&uri));
    ck_assert(!matches(globs.ptr, PATTERN_URI, uri.ptr));
}
END_TEST

/// The plain definition, as slow as it is clear: `?` one character, `*` any of them.
static bool oracle(const char *p, const char *s)
{
    if (*p == '\0') {
        return *s == '\0';
    }
    if (*p == '*') {
        return oracle(p + 1, s) || (*s != '\0' && oracle(p, s + 1));
    }
    return *s != '\0' && (*p == '?' || *p == *s) && oracle(p + 1, s + 1);
}

/// The same with segments: `**` alone in its segment is any run of them.
static bool segment_oracle(const char *p, const char *s)
{
    if (strncmp(p, "**/", 3) == 0) {
        const char *next = strchr(s, '/');
        return segment_oracle(p + 3, s) || (next != NULL && segment_oracle(p, next + 1));
    }
    if (*p == '\0') {
        return *s == '\0';
    }
    if (*p == '*') {
        return segment_oracle(p + 1, s) || (*s != '\0' && *s != '/' && segment_oracle(p, s + 1));
    }
    return *s != '\0' && ((*p == '?' && *s != '/') || *p == *s) && segment_oracle(p + 1, s + 1);
}

static uint32_t seed = 12345;

static size_t below(size_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % n;
}

static void fill(char *out, const char *letters, size_t max)
{
    size_t n = below(max) + 1;
    for (size_t i = 0; i < n; i++) {
        out[i] = letters[below(strlen(letters))];
    }
    out[n] = '\0';
}

START_TEST(pattern__texts_match_as_by_the_plain_definition)
{
    char pattern[16], text[16];
    unsigned both = 0;
    for (unsigned i = 0; i < 20000; i++) {
        fill(pattern, "aab*?", 8);
        fill(text, "aab", 9);
        bool want = oracle(pattern, text);
        both += want ? 1 : 0;
        ck_assert_msg(matches(pattern, PATTERN_TEXT, text) == want, "%s %s", pattern, text);
        arena_reset(&arena, 1 << 16);
    }
    ck_assert_uint_gt(both, 500);
}
END_TEST

START_TEST(pattern__paths_match_as_by_the_plain_definition)
{
    static const char *const pieces[] = {"a", "b", "*", "**", "a*", "*b", "?", "a?b*"};
    static const char *const parts[] = {"a", "b", "ab", "aab"};
    unsigned both = 0;
    for (unsigned i = 0; i < 20000; i++) {
        size_t np = below(4) + 1, nt = below(5) + 1;
        struct strbuf p = STRBUF(60), t = STRBUF(60);
        strbuf_put_str(&p, HOST);
        strbuf_put_str(&t, HOST);
        for (size_t k = 0; k < np; k++) {
            strbuf_put_str(&p, pieces[below(ARRAY_LEN(pieces))]);
            strbuf_put_char(&p, '/');
        }
        for (size_t k = 0; k < nt; k++) {
            strbuf_put_str(&t, parts[below(ARRAY_LEN(parts))]);
            strbuf_put_char(&t, '/');
        }
        // Both end in a slash for the oracle, so that `**/` may be at the end too.
        bool want = segment_oracle(p.ptr + strlen(HOST), t.ptr + strlen(HOST));
        both += want ? 1 : 0;
        ck_assert_msg(matches(p.ptr, PATTERN_URI, t.ptr) == want, "%s %s", p.ptr, t.ptr);
        strbuf_done(&p);
        strbuf_done(&t);
        arena_reset(&arena, 1 << 16);
    }
    ck_assert_uint_gt(both, 500);
}
END_TEST

/// PATTERN with its letter at AT written as a set, so that no shape tells what it matches.
static const char *with_set(const char *pattern, size_t at)
{
    return arena_printf(&arena, "%.*s[%c]%s", (int)at, pattern, pattern[at], pattern + at + 1).ptr;
}

static bool compiles(const char *pattern, enum pattern_kind kind)
{
    const struct pattern *unused = NULL;
    return pattern_compile(sv_from(pattern), kind, 0, &arena, &unused, NULL) == 0;
}

/// Texts that differ where shapes could be wrong: at the ends, at separators, in what a star takes.
START_TEST(pattern__shapes_match_as_their_parts_do)
{
    static const struct {
        enum pattern_kind kind;
        const char *lead, *patterns[16], *texts[24];
    } ROWS[] = {
        {PATTERN_TEXT,
         "",
         {"a*", "*a", "a*a", "a**", "aa", "ab*ba", "a*/a", "a/**", "**/a"},
         {"a", "aa", "aaa", "aba", "ab", "ba", "abba", "abxba", "aba/a", "a/", "a//", "/a",
          "a\xc3\xa9",
          "\xc3\xa9"
          "a",
          "a\xc3\xa9"
          "a",
          "", "a b", "A", "a/a/a"}},
        {PATTERN_URI,
         "s3://b/",
         {"a*", "*a", "a*a", "a/**", "a/*", "*/a", "**/a", "a/**/a", "a/*/a", "a/a", "a*/**",
          "aa/**"},
         {"a",           "aa",      "aaa",   "a/",     "a/a",   "a/a/a", "a/b/a", "aa/a",
          "a/a\xc3\xa9", "a/b/c/d", "ab/a",  "a-a",    "a/*",   "a/?",   "a/b c", "",
          "b",           "b/a",     "aab/c", "aa/b/c", "a/a~/b"}},
        {PATTERN_URI,
         "s3://x",
         {"a*", "*a", "a*a", "a.**", "**.a", "a.*", "a*/**", "a/**", "a.b", ".*", ".**", "*"},
         {"a",   "aa",  "a.a", "a.a.a", "ab/c",  "a-a", "a-b.a", "a_/",  "A", "aA",
          "a:1", "a@b", "a.",  ".a",    "a/b/c", "a.b", "/a",    "a..b", "",  "."}},
        {PATTERN_IMAGE,
         "r.io/",
         {"a/**", "a/*", "a*", "*a", "a*a", "a/*/b", "a/**/b", "**/b", "a:*", "a:b*b", "a/b"},
         {"a", "a/b", "a/b/c", "aa", "ab/a", "a/x/b", "a/x/y/b", "b", "a:b", "a:bb", "a:b.b",
          "a:b-b", "a/b:1", "aa/b", "a-a", "a--a/b"}},
        {PATTERN_ROLE,
         "arn:aws:iam::123456789012:role/",
         {"a*", "a/*", "a/**", "*a", "a/b*c", "a/*/c", "a**", "a/b"},
         {"a", "aa", "a/b", "a/b/c", "a/bc", "a/bxc", "ba", "a+a", "a/b.c", "a/a=b/c", "A"}},
        {PATTERN_ROLE,
         "",
         {"a*@p.iam.gserviceaccount.com", "a@p*.iam.gserviceaccount.com",
          "ab@*p.iam.gserviceaccount.com"},
         {"a@p.iam.gserviceaccount.com", "abcdef@project.iam.gserviceaccount.com",
          "a@p.q.iam.gserviceaccount.com", "abcdef@p-q.iam.gserviceaccount.com",
          "ab@p.iam.gserviceaccount.com", "abcdefg@pppppp.iam.gserviceaccount.com"}},
    };
    unsigned both = 0, n = 0;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        for (const char *const *p = ROWS[i].patterns; *p != NULL; p++) {
            const char *pattern = arena_printf(&arena, "%s%s", ROWS[i].lead, *p).ptr;
            for (size_t at = strlen(ROWS[i].lead); pattern[at] != '\0'; at++) {
                const char *long_way = with_set(pattern, at);
                if (pattern[at] < 'a' || pattern[at] > 'z' || !compiles(pattern, ROWS[i].kind) ||
                    !compiles(long_way, ROWS[i].kind)) {
                    continue;
                }
                for (const char *const *t = ROWS[i].texts; *t != NULL; t++) {
                    const char *text = arena_printf(&arena, "%s%s", ROWS[i].lead, *t).ptr;
                    bool found = matches(pattern, ROWS[i].kind, text);
                    ck_assert_msg(found == matches(long_way, ROWS[i].kind, text), "%s, %s: %s",
                                  pattern, long_way, text);
                    both += found ? 1 : 0;
                    n++;
                }
            }
        }
    }
    ck_assert_uint_gt(both, 100);
    ck_assert_uint_gt(n, 700);
}
END_TEST

/// A run of `**` is one, but only alone it has a shape.
START_TEST(pattern__two_stars_alone_match_as_a_run_of_them_does)
{
    static const struct {
        enum pattern_kind kind;
        const char *lead;
    } ROWS[] = {{PATTERN_URI, "s3://b/"},
                {PATTERN_URI, "s3://b"},
                {PATTERN_IMAGE, "r.io/"},
                {PATTERN_ROLE, "arn:aws:iam::123456789012:role/"}};
    static const char *const TEXTS[] = {"",          "/",   "a",   "a/b", "a/b/c", "/a", "a/",
                                        "a\xc3\xa9", "a b", "a:b", "A",   "a~/-",  "*",  "a//b"};
    unsigned both = 0;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const char *one = arena_printf(&arena, "%s**", ROWS[i].lead).ptr;
        const char *run = arena_printf(&arena, "%s**/**", ROWS[i].lead).ptr;
        for (size_t k = 0; k < ARRAY_LEN(TEXTS) && compiles(run, ROWS[i].kind); k++) {
            const char *text = arena_printf(&arena, "%s%s", ROWS[i].lead, TEXTS[k]).ptr;
            bool found = matches(one, ROWS[i].kind, text);
            ck_assert_msg(found == matches(run, ROWS[i].kind, text), "%s: %s", one, text);
            both += found ? 1 : 0;
        }
    }
    ck_assert_uint_gt(both, 15);
}
END_TEST

START_TEST(pattern__placeholders_are_filled_in_or_told)
{
    static const struct {
        const char *text, *want, *missing;
    } rows[] = {
        {"arn:aws:iam::1:role/{namespace}/{name}", "arn:aws:iam::1:role/payments/fraud*", NULL},
        {"plain", "plain", NULL},
        {"", "", NULL},
        {"{", "{", NULL},
        {"a{}b}", "a{}b}", NULL},
        {"{{name}", NULL, "{name"},
        {"x{flinkVersion}", NULL, "flinkVersion"},
        {"{nope}{name}", NULL, "nope"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strview missing;
        struct strview got =
            pattern_fill(sv_from(rows[i].text), PATTERN_OWNER, &VARS, &arena, &missing);
        ck_assert_msg(sv_present(got) == (rows[i].want != NULL), "%s", rows[i].text);
        ck_assert_msg(sv_eq(got, sv_from(rows[i].want)), "%s", rows[i].text);
        ck_assert_msg(sv_eq(missing, sv_from(rows[i].missing)), "%s", rows[i].text);
    }
    const struct pattern_vars unnamed = {.value = {SV("payments")}};
    struct strview missing;
    ck_assert(!sv_present(pattern_fill(SV("{name}"), PATTERN_ALL, &unnamed, &arena, &missing)));
    ck_assert(sv_eq(missing, SV("name")));
    ck_assert(!sv_present(pattern_fill(SV("{name}"), PATTERN_ALL, NULL, &arena, NULL)));
}
END_TEST

START_TEST(pattern__a_list_matches_when_one_does_and_never_is_none)
{
    const struct pattern *items[] = {pattern_never(SV("["), &arena), compiled("b*", PATTERN_TEXT)};
    const struct patterns list = {.items = items, .n = 2, .set = true};
    ck_assert(patterns_match(&list, SV("bc"), NULL));
    ck_assert(!patterns_match(&list, SV("["), NULL));
    ck_assert(!patterns_match(&(struct patterns){.set = true}, SV("b"), NULL));
    ck_assert(sv_eq(pattern_text(items[0]), SV("[")));
    struct image_ref ref;
    struct role role;
    ck_assert(image_parse(SV("b"), &arena, &ref, NULL));
    ck_assert(role_parse(SV("11111111-2222-3333-4444-555555555555"), &role, NULL));
    ck_assert(!patterns_match_image(&list, &ref, NULL) && !patterns_match_role(&list, &role, NULL));
    const struct pattern *good[] = {compiled("b", PATTERN_IMAGE), compiled("1*", PATTERN_ROLE)};
    const struct patterns mixed = {.items = good, .n = 2, .set = true};
    ck_assert(patterns_match_image(&mixed, &ref, NULL) && patterns_match_role(&mixed, &role, NULL));
}
END_TEST

START_TEST(pattern__a_full_arena_is_an_error)
{
    static const enum pattern_kind kinds[] = {PATTERN_TEXT, PATTERN_URI, PATTERN_IMAGE,
                                              PATTERN_ROLE, PATTERN_TEXT};
    static const char *const texts[] = {"a[b]*", "s3://b/[a]**", "a.io/b:c@d", "a@b",
                                        "regex:[a]b*"};
    const struct pattern *p = NULL;
    for (size_t max = 1; max < 600; max += 7) {
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
            CLEANUP(arena_done) struct arena small = ARENA(max);
            struct err err = {0};
            int rc = pattern_compile(sv_from(texts[i]), kinds[i], 0, &small, &p, &err);
            ck_assert(rc == 0 || err.code == E_NOMEM || err.code == E_INVALID);
        }
        CLEANUP(arena_done) struct arena small = ARENA(max);
        ck_assert(pattern_never(SV("abc"), &small) != NULL || !arena_ok(&small));
    }
}
END_TEST

UNIT_MAIN(setup, teardown, pattern__a_text_is_matched_from_end_to_end,
          pattern__a_placeholder_is_the_value_and_never_a_wildcard,
          pattern__an_image_is_compared_host_by_host_and_part_by_part,
          pattern__an_image_without_host_is_of_docker_io,
          pattern__tags_and_digests_of_images_are_their_own_parts,
          pattern__an_image_pattern_that_could_mean_two_things_is_refused,
          pattern__a_role_is_compared_field_by_field, pattern__a_role_pattern_must_tell_its_fields,
          pattern__a_uri_is_compared_scheme_by_scheme_and_part_by_part,
          pattern__a_uri_pattern_needs_a_scheme_and_plain_parts,
          pattern__a_text_that_is_no_pattern_is_refused, pattern__hostile_patterns_take_no_time,
          pattern__texts_match_as_by_the_plain_definition,
          pattern__paths_match_as_by_the_plain_definition, pattern__shapes_match_as_their_parts_do,
          pattern__two_stars_alone_match_as_a_run_of_them_does,
          pattern__placeholders_are_filled_in_or_told,
          pattern__a_list_matches_when_one_does_and_never_is_none,
          pattern__a_full_arena_is_an_error)
