// SPDX-License-Identifier: Apache-2.0
// Patterns of images: host against host, path against path, tag against tag.
#include "common/policy/pattern_split.h"

#define HUB        "docker.io"
#define HUB_LEGACY "index.docker.io"
#define LIBRARY    "library/"

/// What a pattern's text is cut into.
struct image_parts {
    struct strview host; // absent: docker.io, or any
    struct strview rest; // path[:tag][@digest]
    bool any_host;
};

static bool has_any(struct strview s, const char *chars)
{
    for (; *chars != '\0'; chars++) {
        if (sv_find_char(s, *chars) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static bool is_localhost(struct strview s)
{
    return sv_eq(s, SV("localhost"));
}

/// A text without a slash: a name on docker.io, or `**`.
static int cut_short(const struct pattern_job *job, struct image_parts *ret)
{
    size_t end = sv_find_char(job->text, '@');
    struct strview name = sv_sub(job->text, 0, end);
    name = sv_sub(name, 0, sv_find_char(name, ':'));
    *ret = (struct image_parts){.rest = job->text, .any_host = sv_eq(name, SV("**"))};
    if (sv_eq(name, SV("*"))) {
        return err_set(job->err, E_INVALID,
                       "* is one part of a path: write ** for every image, docker.io/** for every "
                       "one of docker.io");
    }
    if (sv_find_char(name, '.') != SIZE_MAX || is_localhost(name)) {
        return err_set(job->err, E_INVALID,
                       "a registry needs a path: write %.*s/** for everything in it",
                       SV_ARG(sv_cut(job->text, 64)));
    }
    return 0;
}

static int cut(const struct pattern_job *job, struct image_parts *ret)
{
    size_t slash = sv_find_char(job->text, '/');
    if (slash == SIZE_MAX) {
        return cut_short(job, ret);
    }
    struct strview first = sv_sub(job->text, 0, slash);
    *ret = (struct image_parts){.rest = sv_from_pos(job->text, slash + 1)};
    if (sv_eq(first, SV("**"))) {
        *ret = (struct image_parts){.rest = job->text, .any_host = true}; // of the path too
    } else if (has_any(first, ".:") || is_localhost(first)) {
        ret->host = sv_eq(first, SV(HUB_LEGACY)) ? SV(HUB) : first;
    } else if (has_any(first, "*?[\\")) {
        return err_set(job->err, E_INVALID,
                       "it does not tell whether %.*s is a registry: write docker.io/%.*s, or **/ "
                       "for any registry",
                       SV_ARG(sv_cut(first, 32)), SV_ARG(sv_cut(job->text, 64)));
    } else {
        ret->rest = job->text;
    }
    return 0;
}

/// What no image can have is a mistake: it would match nothing.
static int check_literals(const struct pattern_job *job, struct glob_tokens tokens,
                          const char *others, const char *what)
{
    for (size_t i = 0; i < tokens.n; i++) {
        char c = (char)tokens.items[i].byte;
        if (tokens.items[i].op != GLOB_LIT || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr(others, c) != NULL)) {
            continue;
        }
        bool upper = c >= 'A' && c <= 'Z';
        return err_set(job->err, E_INVALID,
                       upper ? "the %s of an image must be lower case"
                             : "the %s of an image can't have that character",
                       what);
    }
    return 0;
}

static int compile_host(const struct pattern_job *job, struct strview host, struct pattern *p)
{
    struct glob_tokens tokens;
    bool sets = host.ptr[0] != '['; // an IPv6 address
    return glob_lex(host, job->allowed, sets, true, job->scratch, &tokens, job->err) != 0 ||
                   check_literals(job, tokens, sets ? ".-:" : ".-:[]", "host") != 0 ||
                   globs_compile(tokens, GLOB_FORM_HOST, job->arena, &p->host, job->err) != 0
               ? -1
               : 0;
}

/// The part of *TOKENS behind the first C, cut off it; of one without segments.
static int cut_off(const struct pattern_job *job, struct glob_tokens *tokens, char c,
                   const char *what, const struct globs **ret)
{
    size_t at = glob_find(*tokens, c);
    if (at == SIZE_MAX) {
        return 0;
    }
    struct glob_tokens part = glob_sub(*tokens, at + 1, SIZE_MAX);
    *tokens = glob_sub(*tokens, 0, at);
    if (part.n == 0 || glob_find(part, '/') != SIZE_MAX) {
        return err_set(job->err, E_INVALID, "after the %c there must be a %s without slashes", c,
                       what);
    }
    const struct glob_form form = {.wild = &GLOB_SEGMENT};
    return globs_compile(part, form, job->arena, ret, job->err);
}

/// One part of a path on docker.io is below library/, in a pattern as in an image.
static int below_library(const struct pattern_job *job, struct glob_tokens *path)
{
    struct glob_tokens lead;
    if (glob_lex(SV(LIBRARY), 0, false, true, job->scratch, &lead, job->err) != 0) {
        return -1;
    }
    struct glob_token *all = ARENA_NEW_N(job->scratch, struct glob_token, lead.n + path->n);
    if (all == NULL) {
        return err_set(job->err, E_NOMEM, "no memory for a pattern");
    }
    memcpy(all, lead.items, lead.n * sizeof(*all));
    memcpy(all + lead.n, path->items, path->n * sizeof(*all));
    *path = (struct glob_tokens){.items = all, .n = lead.n + path->n};
    return 0;
}

int pattern_compile_image(const struct pattern_job *job, struct pattern *p)
{
    struct image_parts parts;
    struct glob_tokens path;
    if (cut(job, &parts) != 0 ||
        glob_lex(parts.rest, job->allowed, true, true, job->scratch, &path, job->err) != 0 ||
        cut_off(job, &path, '@', "digest", &p->digest) != 0 ||
        cut_off(job, &path, ':', "tag", &p->tag) != 0 ||
        check_literals(job, path, "._-/", "path") != 0) {
        return -1;
    }
    if (path.n == 0 ||
        (path.items[path.n - 1].op == GLOB_LIT && path.items[path.n - 1].byte == '/')) {
        return err_set(job->err, E_INVALID,
                       "a pattern must end in an image, not in a slash: write /** for everything "
                       "below");
    }
    p->any_host = parts.any_host;
    bool hub = !parts.any_host && (!sv_present(parts.host) || sv_eq(parts.host, SV(HUB)));
    if (hub && glob_find(path, '/') == SIZE_MAX && !path.items[0].across &&
        below_library(job, &path) != 0) {
        return -1;
    }
    if (!p->any_host && compile_host(job, sv_present(parts.host) ? parts.host : SV(HUB), p) != 0) {
        return -1;
    }
    return globs_compile(path, GLOB_FORM_PATH, job->arena, &p->path, job->err);
}

bool pattern_match_image(const struct pattern *p, const struct image_ref *ref,
                         const struct pattern_vars *vars)
{
    if (p->never || p->kind != PATTERN_IMAGE) {
        return false;
    }
    if (p->regex != NULL) {
        const struct strview pieces[] = {ref->domain, SV("/"), ref->path};
        return regex_match(p->regex, pieces, ARRAY_LEN(pieces));
    }
    if (!p->any_host && !globs_match(p->host, ref->domain, vars)) {
        return false;
    }
    struct strview tag = image_effective_tag(ref);
    return globs_match(p->path, ref->path, vars) &&
           (p->tag == NULL || (sv_present(tag) && globs_match(p->tag, tag, vars))) &&
           (p->digest == NULL ||
            (sv_present(ref->digest) && globs_match(p->digest, ref->digest, vars)));
}
