// SPDX-License-Identifier: Apache-2.0
#include "common/refs/image.h"

#include <stdint.h>

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN  "index.docker.io"
#define DEFAULT_TAG    "latest"
#define IDENTIFIER_LEN 64

static const struct {
    struct strview name;
    size_t hex;
} ALGORITHMS[] = {{SV_INIT("sha256"), 64}, {SV_INIT("sha384"), 96}, {SV_INIT("sha512"), 128}};

static const char BAD_DOMAIN[] =
    "the registry must be a host name (letters, digits and '-' between dots) or an IPv6 address in "
    "brackets, with an optional :port";
static const char BAD_PATH[] =
    "each part of the repository path must be lower-case letters and digits, with one '.', one or "
    "two '_' or any number of '-' between them";
static const char BAD_CASE[] = "the repository path must be lower case";
static const char TOO_LONG[] = "the repository path must be no more than 255 characters";
static const char BAD_TAG[] =
    "the tag must be letters, digits, '_', '.' and '-', not begin with '.' "
    "or '-', and have no more than 128 characters";
static const char BAD_DIGEST[] = "the digest must be sha256:, sha384: or sha512: with 64, 96 or "
                                 "128 lower-case hexadecimal digits";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_lower(c) || is_upper(c);
}

static bool is_lower_hex(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]) && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'f')) {
            return false;
        }
    }
    return true;
}

static bool has_upper(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (is_upper(s.ptr[i])) {
            return true;
        }
    }
    return false;
}

static bool is_ipv6_text(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F') && c != ':') {
            return false;
        }
    }
    return s.len != 0;
}

/// An IPv6 address in brackets, or labels between dots: letters, digits and '-', which stands at
/// neither end of one.
static bool is_host(struct strview s)
{
    if (s.len >= 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']') {
        return is_ipv6_text(sv_sub(s, 1, s.len - 2));
    }
    char before = '.';
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool good = is_alnum(c) || (c == '-' && before != '.') ||
                    (c == '.' && before != '.' && before != '-');
        if (!good) {
            return false;
        }
        before = c;
    }
    return before != '.' && before != '-';
}

static bool is_domain(struct strview s)
{
    size_t colon = sv_find_last_char(s, ':');
    bool has_port = colon != SIZE_MAX && s.ptr[s.len - 1] != ']';
    if (!has_port) {
        return is_host(s);
    }
    for (size_t i = colon + 1; i < s.len; i++) {
        if (!is_digit(s.ptr[i])) {
            return false;
        }
    }
    return colon + 1 < s.len && is_host(sv_sub(s, 0, colon));
}

/// Runs of lower-case letters and digits, joined by '.', '_', '__' or any number of '-'.
static bool is_path_part(struct strview s)
{
    size_t i = 0;
    while (i < s.len) {
        size_t run = i;
        while (i < s.len && (is_lower(s.ptr[i]) || is_digit(s.ptr[i]))) {
            i++;
        }
        if (i == run) {
            return false;
        }
        if (i == s.len) {
            return true;
        }
        char joint = s.ptr[i];
        size_t most = joint == '.' ? 1 : joint == '_' ? 2 : joint == '-' ? s.len : 0;
        size_t n = 0;
        while (i < s.len && s.ptr[i] == joint) {
            i++;
            n++;
        }
        if (n > most) {
            return false;
        }
    }
    return false;
}

static const char *path_fault(struct strview path)
{
    struct strview part;
    if (path.len > IMAGE_PATH_MAX) {
        return TOO_LONG;
    }
    for (struct strview rest = path; sv_split(&rest, '/', &part);) {
        if (!is_path_part(part)) { // as none with a capital is
            return has_upper(path) ? BAD_CASE : BAD_PATH;
        }
    }
    return NULL;
}

static bool is_tag(struct strview s)
{
    if (s.len == 0 || s.len > IMAGE_TAG_MAX || s.ptr[0] == '.' || s.ptr[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!is_alnum(c) && c != '_' && c != '.' && c != '-') {
            return false;
        }
    }
    return true;
}

static bool is_digest(struct strview s)
{
    size_t colon = sv_find_char(s, ':');
    if (colon == SIZE_MAX) {
        return false;
    }
    struct strview hex = sv_from_pos(s, colon + 1);
    for (size_t i = 0; i < ARRAY_LEN(ALGORITHMS); i++) {
        if (sv_eq(sv_sub(s, 0, colon), ALGORITHMS[i].name)) {
            return hex.len == ALGORITHMS[i].hex && is_lower_hex(hex);
        }
    }
    return false;
}

/// Whether the piece before the first slash is a registry and not the first part of a path.
static bool looks_like_domain(struct strview s)
{
    return sv_find_char(s, '.') != SIZE_MAX || sv_find_char(s, ':') != SIZE_MAX || has_upper(s) ||
           sv_eq(s, SV("localhost"));
}

/// Cuts REST, which has no digest any more, into domain, path and tag.
static void split(struct strview rest, struct image_ref *r)
{
    size_t slash = sv_find_char(rest, '/');
    struct strview first = sv_sub(rest, 0, slash);
    r->domain_defaulted = slash == SIZE_MAX || !looks_like_domain(first);
    r->domain = SV(DEFAULT_DOMAIN);
    if (!r->domain_defaulted) {
        rest = sv_from_pos(rest, slash + 1);
        r->domain = sv_eq(first, SV(LEGACY_DOMAIN)) ? r->domain : first;
    }
    size_t colon = sv_find_char(rest, ':');
    r->path = sv_sub(rest, 0, colon);
    r->tag = colon == SIZE_MAX ? SV_NONE : sv_from_pos(rest, colon + 1);
    r->library_added =
        sv_eq(r->domain, SV(DEFAULT_DOMAIN)) && sv_find_char(r->path, '/') == SIZE_MAX;
}

static const char *fault_of(const struct image_ref *r)
{
    // The reference library takes "a_b.c/x" for a path without registry, while runtimes then ask
    // the host a_b.c: refused here.
    if (!is_domain(r->domain)) {
        return BAD_DOMAIN;
    }
    const char *fault = path_fault(r->path);
    if (fault != NULL) {
        return fault;
    }
    if (sv_present(r->tag) && !is_tag(r->tag)) {
        return BAD_TAG;
    }
    return sv_present(r->digest) && !is_digest(r->digest) ? BAD_DIGEST : NULL;
}

static const char *parse(struct strview s, struct arena *arena, struct image_ref *r)
{
    if (s.len == 0) {
        return "must not be empty";
    }
    if (s.len == IDENTIFIER_LEN && is_lower_hex(s)) {
        return "64 hexadecimal digits are the id of an image, not a name";
    }
    size_t at = sv_find_char(s, '@');
    *r = (struct image_ref){.digest = at == SIZE_MAX ? SV_NONE : sv_from_pos(s, at + 1)};
    split(sv_sub(s, 0, at), r);
    const char *fault = fault_of(r);
    if (fault != NULL) {
        return fault;
    }
    if (r->library_added) {
        r->path = arena_printf(arena, "library/%.*s", SV_ARG(r->path));
        if (!sv_present(r->path)) {
            return "out of memory";
        }
        if (r->path.len > IMAGE_PATH_MAX) {
            return TOO_LONG;
        }
    }
    r->implicit_latest = !sv_present(r->tag) && !sv_present(r->digest);
    return NULL;
}

bool image_parse(struct strview s, struct arena *arena, struct image_ref *ret, const char **ret_why)
{
    const char *why = parse(s, arena, ret);
    if (why != NULL && ret_why != NULL) {
        *ret_why = why;
    }
    return why == NULL;
}

struct strview image_effective_tag(const struct image_ref *ref)
{
    return ref->implicit_latest ? SV(DEFAULT_TAG) : ref->tag;
}

void image_put_name(struct strbuf *b, const struct image_ref *ref)
{
    strbuf_put(b, ref->domain);
    strbuf_put_char(b, '/');
    strbuf_put(b, ref->path);
}
