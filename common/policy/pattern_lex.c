// SPDX-License-Identifier: Apache-2.0
// A glob's text into tokens.
#include "common/policy/pattern_glob.h"

static const struct strview VARS[PATTERN_VAR_COUNT] = {
#define X(id, text) [PATTERN_##id] = SV_INIT(text),
    PATTERN_VARS(X)
#undef X
};

struct lexer {
    struct strview text;
    size_t at;
    unsigned allowed;
    bool slashes;
    struct arena *arena;
    struct err *err;
};

enum pattern_var pattern_var_find(struct strview s)
{
    for (unsigned v = 0; v < PATTERN_VAR_COUNT; v++) {
        if (sv_eq(s, VARS[v])) {
            return (enum pattern_var)v;
        }
    }
    return PATTERN_VAR_COUNT;
}

static int no_memory(struct err *err)
{
    return err_set(err, E_NOMEM, "no memory for a pattern");
}

/// A placeholder; its brace is at `at`.
static int lex_var(struct lexer *l, struct glob_token *t)
{
    struct strview rest = sv_from_pos(l->text, l->at + 1);
    size_t end = sv_find_char(rest, '}');
    if (end == SIZE_MAX) {
        return err_set(l->err, E_INVALID, "a { without its }: write \\{ for the character itself");
    }
    struct strview name = sv_sub(rest, 0, end);
    t->op = GLOB_VAR;
    t->var = pattern_var_find(name);
    if (t->var == PATTERN_VAR_COUNT) {
        return err_set(l->err, E_INVALID,
                       "no such placeholder {%.*s}: there are {namespace}, {name} and "
                       "{flinkVersion}; write \\{ for the character itself",
                       SV_ARG(sv_cut(name, 32)));
    }
    if ((l->allowed & (1U << t->var)) == 0) {
        return err_set(l->err, E_INVALID, "the placeholder {%.*s} can't stand here", SV_ARG(name));
    }
    l->at += end + 2;
    return 0;
}

/// The next character of a set, without its escape; false at the end of the text.
static bool set_char(struct lexer *l, unsigned char *ret)
{
    if (l->at < l->text.len && l->text.ptr[l->at] == '\\') {
        l->at++;
    }
    if (l->at >= l->text.len) {
        return false;
    }
    *ret = (unsigned char)l->text.ptr[l->at++];
    return true;
}

static int bad_set(struct lexer *l)
{
    return err_set(l->err, E_INVALID, "a [ without its ]: write \\[ for the character itself");
}

/// One member, or a range of them.
static int lex_member(struct lexer *l, struct byte_set *set)
{
    unsigned char from, to;
    if (!set_char(l, &from)) {
        return bad_set(l);
    }
    to = from;
    struct strview rest = sv_from_pos(l->text, l->at);
    if (rest.len >= 2 && rest.ptr[0] == '-' && rest.ptr[1] != ']') {
        l->at++;
        if (!set_char(l, &to)) {
            return bad_set(l);
        }
    }
    if (from >= 0x80 || to >= 0x80) {
        return err_set(l->err, E_INVALID, "a set must be of ASCII characters");
    }
    if (from > to) {
        return err_set(l->err, E_INVALID, "the range %c-%c of a set is empty", from, to);
    }
    for (unsigned c = from; c <= to; c++) {
        byte_set_add(set, (unsigned char)c);
    }
    return 0;
}

static int lex_set(struct lexer *l, struct glob_token *t)
{
    struct byte_set *set = ARENA_NEW(l->arena, struct byte_set);
    if (set == NULL) {
        return no_memory(l->err);
    }
    l->at++;
    t->op = GLOB_SET;
    t->set = set;
    t->negated = l->at < l->text.len && (l->text.ptr[l->at] == '!' || l->text.ptr[l->at] == '^');
    l->at += t->negated ? 1 : 0;
    bool first = true;
    while (first || (l->at < l->text.len && l->text.ptr[l->at] != ']')) {
        first = false;
        if (lex_member(l, set) != 0) {
            return -1;
        }
    }
    if (l->at >= l->text.len) {
        return bad_set(l);
    }
    l->at++;
    if (l->slashes && !t->negated && byte_set_has(set, '/')) {
        return err_set(l->err, E_INVALID, "a set can't match a slash: segments are matched alone");
    }
    return 0;
}

static int lex_escape(struct lexer *l, struct glob_token *t)
{
    if (l->at + 1 >= l->text.len) {
        return err_set(l->err, E_INVALID, "a \\ at the end: write \\\\ for the character itself");
    }
    t->byte = (unsigned char)l->text.ptr[l->at + 1];
    l->at += 2;
    return 0;
}

static int lex_one(struct lexer *l, bool sets, struct glob_token *t)
{
    char c = l->text.ptr[l->at];
    *t = (struct glob_token){.op = GLOB_LIT, .byte = (unsigned char)c};
    switch (c) {
    case '\\':
        return lex_escape(l, t);
    case '{':
        return lex_var(l, t);
    case '[':
        if (sets) {
            return lex_set(l, t);
        }
        break;
    case '?':
        t->op = GLOB_ONE;
        break;
    case '*':
        t->op = GLOB_STAR;
        while (l->at + 1 < l->text.len && l->text.ptr[l->at + 1] == '*') {
            t->across = true;
            l->at++;
        }
        break;
    default:
        break;
    }
    l->at++;
    return 0;
}

int glob_lex(struct strview text, unsigned allowed, bool sets, bool slashes, struct arena *arena,
             struct glob_tokens *ret, struct err *err)
{
    struct glob_token *items = ARENA_NEW_N(arena, struct glob_token, text.len + 1);
    if (items == NULL) {
        return no_memory(err);
    }
    struct lexer l = {
        .text = text, .allowed = allowed, .slashes = slashes, .arena = arena, .err = err};
    size_t n = 0;
    while (l.at < text.len) {
        if (lex_one(&l, sets, &items[n]) != 0) {
            return -1;
        }
        n++;
    }
    *ret = (struct glob_tokens){.items = items, .n = n};
    return 0;
}

size_t glob_find(struct glob_tokens tokens, char c)
{
    for (size_t i = 0; i < tokens.n; i++) {
        if (tokens.items[i].op == GLOB_LIT && tokens.items[i].byte == (unsigned char)c) {
            return i;
        }
    }
    return SIZE_MAX;
}

struct glob_tokens glob_sub(struct glob_tokens tokens, size_t at, size_t len)
{
    at = at < tokens.n ? at : tokens.n;
    size_t rest = tokens.n - at;
    return (struct glob_tokens){.items = tokens.items + at, .n = len < rest ? len : rest};
}
