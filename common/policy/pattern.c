// SPDX-License-Identifier: Apache-2.0
#include "common/policy/pattern.h"

#include "common/base/macros.h"
#include "common/policy/pattern_split.h"

#define REGEX_LEAD "regex:"
#define SCRATCH    ((size_t)1 << 20) // tokens of PATTERN_MAX bytes are far below
#define FILL_MAX   (PATTERN_MAX + 4096)

// Printable ASCII but '/' and ':'.
static const struct byte_set FIELD = {{0xFBFF7FFE00000000, 0x7FFFFFFFFFFFFFFF, 0, 0}};

static int no_memory(struct err *err)
{
    return err_set(err, E_NOMEM, "no memory for a pattern");
}

int pattern_part(const struct pattern_job *job, struct strview text, struct glob_form form,
                 const struct globs **ret)
{
    struct glob_tokens tokens;
    if (glob_lex(text, job->allowed, true, form.sep == '/', job->scratch, &tokens, job->err) != 0) {
        return -1;
    }
    return globs_compile(tokens, form, job->arena, ret, job->err);
}

static const struct byte_set *regex_wild(enum pattern_kind kind)
{
    switch (kind) {
    case PATTERN_TEXT:
        return &GLOB_ANY;
    case PATTERN_URI:
    case PATTERN_IMAGE:
        return &GLOB_SEGMENT;
    case PATTERN_ROLE:
        return &FIELD;
    }
    return &FIELD;
}

static int compile(const struct pattern_job *job, struct pattern *p)
{
    const struct glob_form text_form = {.wild = &GLOB_ANY};
    if (sv_starts(job->text, SV(REGEX_LEAD))) {
        return regex_compile(sv_from_pos(job->text, sizeof(REGEX_LEAD) - 1), regex_wild(p->kind),
                             job->arena, &p->regex, job->err);
    }
    switch (p->kind) {
    case PATTERN_TEXT:
        return pattern_part(job, job->text, text_form, &p->path);
    case PATTERN_URI:
        return pattern_compile_uri(job, p);
    case PATTERN_IMAGE:
        return pattern_compile_image(job, p);
    case PATTERN_ROLE:
        return pattern_compile_role(job, p);
    }
    return -1;
}

static int check_text(struct strview text, struct err *err)
{
    if (text.len == 0) {
        return err_set(err, E_INVALID, "must not be empty");
    }
    if (text.len > PATTERN_MAX) {
        return err_set(err, E_INVALID, "must not be longer than %d bytes", PATTERN_MAX);
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return err_set(err, E_INVALID, "must not have control characters");
        }
    }
    return 0;
}

int pattern_compile(struct strview text, enum pattern_kind kind, unsigned allowed,
                    struct arena *arena, const struct pattern **ret, struct err *err)
{
    CLEANUP(arena_done) struct arena scratch = ARENA(SCRATCH);
    if (check_text(text, err) != 0) {
        return -1;
    }
    struct pattern *p = ARENA_NEW(arena, struct pattern);
    struct strview copy = arena_copy(arena, text);
    if (p == NULL || !sv_present(copy)) {
        return no_memory(err);
    }
    *p = (struct pattern){.kind = kind, .text = copy};
    const struct pattern_job job = {
        .text = copy, .allowed = allowed, .scratch = &scratch, .arena = arena, .err = err};
    if (compile(&job, p) != 0) {
        return -1;
    }
    *ret = p;
    return 0;
}

const struct pattern *pattern_never(struct strview text, struct arena *arena)
{
    struct pattern *p = ARENA_NEW(arena, struct pattern);
    struct strview copy = arena_copy(arena, text);
    if (p == NULL || !sv_present(copy)) {
        return NULL;
    }
    *p = (struct pattern){.text = copy, .never = true};
    return p;
}

bool pattern_match(const struct pattern *p, struct strview s, const struct pattern_vars *vars)
{
    if (p->kind == PATTERN_URI) {
        struct pattern_uri uri;
        pattern_uri_read(s, &uri);
        return pattern_match_uri(p, &uri, vars);
    }
    if (p->never || p->kind != PATTERN_TEXT) {
        return false;
    }
    return p->regex != NULL ? regex_match(p->regex, &s, 1) : globs_match(p->path, s, vars);
}

#define STEP_BYTES   32 // a glob passes over so many in a step
#define STAR_WEIGHT  6  // of each further run of stars: a text is tried from many places
#define REGEX_WEIGHT 8  // of an instruction, for so many bytes

static size_t for_length(size_t weight, size_t len)
{
    return weight * (1 + len / STEP_BYTES);
}

static size_t glob_weight(struct strview text)
{
    size_t runs = 0;
    for (size_t i = 0; i < text.len; i++) {
        runs += text.ptr[i] == '*' && (i == 0 || text.ptr[i - 1] != '*');
    }
    return runs > 1 ? 1 + STAR_WEIGHT * (runs - 1) : 1;
}

size_t pattern_steps(const struct pattern *p, size_t len)
{
    size_t weight = p->regex != NULL ? REGEX_WEIGHT * regex_size(p->regex) : glob_weight(p->text);
    return for_length(weight, len);
}

size_t patterns_steps(const struct patterns *list, size_t len)
{
    return for_length(list->weight, len);
}

struct strview pattern_text(const struct pattern *p)
{
    return p->text;
}

struct strview pattern_beginning(const struct pattern *p)
{
    size_t n = 0;
    if (p->regex != NULL) {
        return SV("");
    }
    while (n < p->text.len && strchr("*?[{\\", p->text.ptr[n]) == NULL) {
        n++;
    }
    return sv_sub(p->text, 0, n);
}

bool patterns_match(const struct patterns *list, struct strview s, const struct pattern_vars *vars)
{
    for (size_t i = 0; i < list->n; i++) {
        if (pattern_match(list->items[i], s, vars)) {
            return true;
        }
    }
    return false;
}

bool patterns_match_uri(const struct patterns *list, const struct pattern_uri *uri,
                        const struct pattern_vars *vars)
{
    for (size_t i = 0; i < list->n; i++) {
        if (pattern_match_uri(list->items[i], uri, vars)) {
            return true;
        }
    }
    return false;
}

bool patterns_match_image(const struct patterns *list, const struct image_ref *ref,
                          const struct pattern_vars *vars)
{
    for (size_t i = 0; i < list->n; i++) {
        if (pattern_match_image(list->items[i], ref, vars)) {
            return true;
        }
    }
    return false;
}

bool patterns_match_role(const struct patterns *list, const struct role *role,
                         const struct pattern_vars *vars)
{
    for (size_t i = 0; i < list->n; i++) {
        if (pattern_match_role(list->items[i], role, vars)) {
            return true;
        }
    }
    return false;
}

// ---- filling in ---------------------------------------------------------------------------------

/// The placeholder that REST begins with; *RET_LEN: how long it is with its braces, 0: there is
/// none, the brace is text.
static struct strview var_at(struct strview rest, size_t *ret_len)
{
    size_t end = sv_find_char(rest, '}');
    *ret_len = end == SIZE_MAX || end == 1 ? 0 : end + 1;
    return *ret_len != 0 ? sv_sub(rest, 1, end - 1) : SV_NONE;
}

static struct strview var_value(struct strview name, unsigned allowed,
                                const struct pattern_vars *vars)
{
    enum pattern_var var = pattern_var_find(name);
    if (var == PATTERN_VAR_COUNT || (allowed & (1U << var)) == 0 || vars == NULL ||
        vars->value[var].len == 0) {
        return SV_NONE;
    }
    return vars->value[var];
}

struct strview pattern_fill(struct strview text, unsigned allowed, const struct pattern_vars *vars,
                            struct arena *arena, struct strview *ret_missing)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(FILL_MAX);
    struct strview missing = SV_NONE;
    for (size_t at = 0; at < text.len && !sv_present(missing);) {
        struct strview rest = sv_from_pos(text, at);
        size_t open = sv_find_char(rest, '{');
        size_t len = 0;
        strbuf_put(&out, sv_sub(rest, 0, open));
        if (open == SIZE_MAX) {
            break;
        }
        rest = sv_from_pos(rest, open);
        struct strview name = var_at(rest, &len);
        struct strview value = len != 0 ? var_value(name, allowed, vars) : SV("{");
        missing = sv_present(value) ? SV_NONE : name;
        strbuf_put(&out, value);
        at += open + (len != 0 ? len : 1);
    }
    if (ret_missing != NULL) {
        *ret_missing = missing;
    }
    return sv_present(missing) || !strbuf_ok(&out) ? SV_NONE : arena_copy(arena, strbuf_view(&out));
}
