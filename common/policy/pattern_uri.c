// SPDX-License-Identifier: Apache-2.0
// Patterns of URIs: scheme, authority and path each alone. A text that two readers could read in
// two ways (empty and dot segments, percent signs, queries) matches nothing.
#include "common/policy/pattern_split.h"

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// RFC 3986, 3.1.
static bool is_scheme(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!is_alpha(c) &&
            (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) {
            return false;
        }
    }
    return s.len != 0;
}

/// By its own separators alone; false: no URI with a hierarchy.
static bool split(struct strview s, struct pattern_uri *ret)
{
    size_t colon = sv_find_char(s, ':');
    struct strview rest = sv_from_pos(s, colon == SIZE_MAX ? s.len : colon + 1);
    ret->scheme = sv_sub(s, 0, colon);
    if (!is_scheme(ret->scheme) || rest.len == 0 || rest.ptr[0] != '/') {
        return false;
    }
    ret->authority = SV("");
    if (sv_starts(rest, SV("//"))) {
        rest = sv_from_pos(rest, 2);
        ret->authority = sv_sub(rest, 0, sv_find_char(rest, '/'));
        rest = sv_from_pos(rest, ret->authority.len);
    }
    ret->path = sv_from_pos(rest, 1);
    if (ret->path.len > 1 && ret->path.ptr[ret->path.len - 1] == '/') {
        ret->path.len--;
    }
    return true;
}

static bool is_plain_char(char c)
{
    return (unsigned char)c >= 0x20 && c != 0x7f && c != '%' && c != '#' && c != '\\' && c != '?';
}

static bool has_odd_segment(struct strview path)
{
    struct strview piece;
    if (path.len == 0) {
        return false;
    }
    if (path.ptr[path.len - 1] == '/') {
        return true;
    }
    while (sv_split(&path, '/', &piece)) {
        if (piece.len == 0 || sv_eq(piece, SV(".")) || sv_eq(piece, SV(".."))) {
            return true;
        }
    }
    return false;
}

static int bad_segment(const struct pattern_job *job)
{
    return err_set(job->err, E_INVALID,
                   "the path can't have an empty part, '.', '..', '%%' or '#': a URI that has them "
                   "matches nothing");
}

int pattern_compile_uri(const struct pattern_job *job, struct pattern *p)
{
    // A trailing `**` is the place itself too: what lives there lives below.
    const struct glob_form path_form = {.wild = &GLOB_SEGMENT, .sep = '/'};
    struct pattern_uri uri;
    struct glob_tokens host;
    if (!split(job->text, &uri)) {
        return err_set(job->err, E_INVALID,
                       "must begin with a scheme, without wildcards: s3://bucket/path/**");
    }
    if (has_odd_segment(uri.path) || sv_find_char(uri.path, '%') != SIZE_MAX ||
        sv_find_char(uri.path, '#') != SIZE_MAX) {
        return bad_segment(job);
    }
    p->scheme = uri.scheme;
    bool sets = uri.authority.len == 0 || uri.authority.ptr[0] != '['; // an IPv6 address
    if (glob_lex(uri.authority, job->allowed, sets, true, job->scratch, &host, job->err) != 0 ||
        globs_compile(host, GLOB_FORM_HOST, job->arena, &p->host, job->err) != 0) {
        return -1;
    }
    return pattern_part(job, uri.path, path_form, &p->path);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_scheme(struct strview a, struct strview b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_plain(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_plain_char(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

void pattern_uri_read(struct strview s, struct pattern_uri *ret)
{
    *ret = (struct pattern_uri){.text = s};
    ret->fits = is_plain(s) && split(s, ret) && !has_odd_segment(ret->path);
}

bool pattern_match_uri(const struct pattern *p, const struct pattern_uri *uri,
                       const struct pattern_vars *vars)
{
    if (p->never || p->kind != PATTERN_URI || !uri->fits) {
        return false;
    }
    if (p->regex != NULL) {
        const struct strview pieces[] = {uri->scheme, SV("://"), uri->authority,
                                         uri->path.len != 0 ? SV("/") : SV(""), uri->path};
        return regex_match(p->regex, pieces, ARRAY_LEN(pieces));
    }
    return same_scheme(uri->scheme, p->scheme) && globs_match(p->host, uri->authority, vars) &&
           globs_match(p->path, uri->path, vars);
}
