// SPDX-License-Identifier: Apache-2.0
#include "common/refs/image.h"

#include <stdint.h>

#include "tests/unit/unit.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct arena arena = {.max = 1 << 16};

static void teardown(void)
{
    arena_done(&arena);
}

static struct image_ref image_of(const char *text)
{
    struct image_ref r;
    const char *why = "";
    ck_assert_msg(image_parse(sv_from(text), &arena, &r, &why), "%s: %s", text, why);
    return r;
}

static const char *why_not(const char *text)
{
    struct image_ref r;
    const char *why = NULL;
    ck_assert_msg(!image_parse(sv_from(text), &arena, &r, &why), "%s", text);
    ck_assert_ptr_nonnull(why);
    return why;
}

// As github.com/distribution/reference v0.6.0 has them.
START_TEST(image__references_are_normalised)
{
    static const struct {
        const char *text, *domain, *path, *tag, *digest;
    } rows[] = {
        {"flink", "docker.io", "library/flink", "", ""},
        {"flink:1.20", "docker.io", "library/flink", "1.20", ""},
        {"docker.io/flink", "docker.io", "library/flink", "", ""},
        {"index.docker.io/flink", "docker.io", "library/flink", "", ""},
        {"index.docker.io/a/flink", "docker.io", "a/flink", "", ""},
        {"apache/flink:1.20", "docker.io", "apache/flink", "1.20", ""},
        {"example.com", "docker.io", "library/example.com", "", ""},
        {"host:443", "docker.io", "library/host", "443", ""},
        {"host:443/img", "host:443", "img", "", ""},
        {"localhost/img", "localhost", "img", "", ""},
        {"localhost:5000/a/b:t", "localhost:5000", "a/b", "t", ""},
        {"Host/img", "Host", "img", "", ""},
        {"registry.io/org/x", "registry.io", "org/x", "", ""},
        {"docker.io:443/flink", "docker.io:443", "flink", "", ""},
        {"docker.io.evil/flink", "docker.io.evil", "flink", "", ""},
        {"[::1]:5000/x", "[::1]:5000", "x", "", ""},
        {"[fd00::1]/x:t", "[fd00::1]", "x", "t", ""},
        {"127.0.0.1/x", "127.0.0.1", "x", "", ""},
        {"a--b.c/x", "a--b.c", "x", "", ""},
        {"a/b_c/d__e/f---g/h.i", "docker.io", "a/b_c/d__e/f---g/h.i", "", ""},
        {"x@sha256:" HEX64, "docker.io", "library/x", "", "sha256:" HEX64},
        {"r.io/x:latest@sha256:" HEX64, "r.io", "x", "latest", "sha256:" HEX64},
        {"x@sha512:" HEX64 HEX64, "docker.io", "library/x", "", "sha512:" HEX64 HEX64},
        {HEX64 ":t", "docker.io", "library/" HEX64, "t", ""},
        {"x:_T.-_0", "docker.io", "library/x", "_T.-_0", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct image_ref r = image_of(rows[i].text);
        ck_assert_msg(sv_eq_lit(r.domain, rows[i].domain), "%s: %.*s", rows[i].text,
                      SV_ARG(r.domain));
        ck_assert_msg(sv_eq_lit(r.path, rows[i].path), "%s: %.*s", rows[i].text, SV_ARG(r.path));
        ck_assert(sv_eq_lit(r.tag, rows[i].tag) && sv_present(r.tag) == (r.tag.len != 0));
        ck_assert(sv_eq_lit(r.digest, rows[i].digest));
        ck_assert_int_eq(sv_present(r.digest), r.digest.len != 0);
    }
}
END_TEST

START_TEST(image__bad_references_are_refused_with_a_reason)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "must not be empty"},
        {HEX64, "id of an image"},
        {" flink", "repository path"},
        {"flink ", "repository path"},
        {"Flink", "must be lower case"},
        {"r.io/Flink:t", "must be lower case"},
        {"a___b", "repository path"},
        {"a..b", "repository path"},
        {"-a", "repository path"},
        {"a-", "repository path"},
        {"a//b", "repository path"},
        {"/a", "repository path"},
        {"a/", "repository path"},
        {"r.io/", "repository path"},
        {"r.io//a", "repository path"},
        {"é", "repository path"},
        {"a:", "the tag must"},
        {"a:.x", "the tag must"},
        {"a:-x", "the tag must"},
        {"a:b:c", "the tag must"},
        {"a:b/c", "the registry must"},
        {"a:b c", "the tag must"},
        {"a@", "the digest must"},
        {"a@sha256:", "the digest must"},
        {"a@sha256", "the digest must"},
        {"a@md5:0123456789abcdef0123456789abcdef", "the digest must"},
        {"a@sha256:" HEX64 "0", "the digest must"},
        {"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
         "the digest must"},
        {"a@sha256:" HEX64 "@sha256:" HEX64, "the digest must"},
        {"-a.b/x", "the registry must"},
        {"a..b/x", "the registry must"},
        {"a.b./x", "the registry must"},
        {".a/x", "the registry must"},
        {"a.b:/x", "the registry must"},
        {"a.b:port/x", "the registry must"},
        {"x:1:2/y", "the registry must"},
        {"[]:5000/x", "the registry must"},
        {"[::g]/x", "the registry must"},
        {"[fe80::1%eth0]:1/x", "the registry must"},
        {"https://r.io/x", "the registry must"},
        {"docker://flink", "the registry must"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *why = why_not(rows[i].text);
        ck_assert_msg(sv_find(sv_from(why), sv_from(rows[i].why)) != SIZE_MAX, "%s: %s",
                      rows[i].text, why);
    }
}
END_TEST

START_TEST(image__a_host_with_an_underscore_is_no_path)
{
    // The reference library reads it as a path without registry; a runtime then asks that host.
    why_not("my_registry.io/flink");
    ck_assert(sv_eq_lit(image_of("my_registry/flink").domain, "docker.io"));
}
END_TEST

START_TEST(image__flags_tell_what_was_filled_in)
{
    struct image_ref r = image_of("flink");
    ck_assert(r.domain_defaulted && r.library_added && r.implicit_latest);
    r = image_of("docker.io/flink:1");
    ck_assert(!r.domain_defaulted && r.library_added && !r.implicit_latest);
    r = image_of("r.io/flink@sha256:" HEX64);
    ck_assert(!r.domain_defaulted && !r.library_added && !r.implicit_latest);
    r = image_of("docker.io/library/flink");
    ck_assert(!r.library_added);
}
END_TEST

START_TEST(image__the_effective_tag_is_latest_only_without_tag_and_digest)
{
    struct image_ref r = image_of("flink");
    ck_assert(sv_eq(image_effective_tag(&r), SV("latest")));
    r = image_of("host:443/flink");
    ck_assert(sv_eq(image_effective_tag(&r), SV("latest")));
    r = image_of("flink:1.20");
    ck_assert(sv_eq(image_effective_tag(&r), SV("1.20")));
    r = image_of("flink@sha256:" HEX64);
    ck_assert(!sv_present(image_effective_tag(&r)));
    r = image_of("flink:latest@sha256:" HEX64);
    ck_assert(sv_eq(image_effective_tag(&r), SV("latest")));
}
END_TEST

START_TEST(image__lengths_have_their_limits)
{
    char text[400];
    memset(text, 'x', sizeof(text));
    struct image_ref r;
    memcpy(text, "r.io/", 5);
    ck_assert(image_parse(sv_make(text, 5 + IMAGE_PATH_MAX), &arena, &r, NULL));
    ck_assert(!image_parse(sv_make(text, 6 + IMAGE_PATH_MAX), &arena, &r, NULL));
    memset(text, 'x', 5);
    ck_assert(image_parse(sv_make(text, IMAGE_PATH_MAX - 8), &arena, &r, NULL));
    ck_assert(!image_parse(sv_make(text, IMAGE_PATH_MAX - 7), &arena, &r, NULL));
    text[1] = ':';
    ck_assert(image_parse(sv_make(text, 2 + IMAGE_TAG_MAX), &arena, &r, NULL));
    ck_assert(!image_parse(sv_make(text, 3 + IMAGE_TAG_MAX), &arena, &r, NULL));
    ck_assert(!image_parse(SV("a\0b"), &arena, &r, NULL));
    ck_assert(!image_parse(SV_NONE, &arena, &r, NULL));
}
END_TEST

START_TEST(image__the_name_that_is_written_is_that_of_the_same_image)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"flink", "docker.io/library/flink"},
        {"index.docker.io/a/b:t", "docker.io/a/b"},
        {"h:1/x:t@sha256:" HEX64, "h:1/x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF(1024);
        struct image_ref r = image_of(rows[i].text);
        image_put_name(&b, &r);
        ck_assert_str_eq(b.ptr, rows[i].want);
        struct image_ref again = image_of(b.ptr);
        ck_assert(sv_eq(again.domain, r.domain) && sv_eq(again.path, r.path));
    }
}
END_TEST

UNIT_MAIN(NULL, teardown, image__references_are_normalised,
          image__bad_references_are_refused_with_a_reason,
          image__a_host_with_an_underscore_is_no_path, image__flags_tell_what_was_filled_in,
          image__the_effective_tag_is_latest_only_without_tag_and_digest,
          image__lengths_have_their_limits,
          image__the_name_that_is_written_is_that_of_the_same_image)
