// SPDX-License-Identifier: Apache-2.0
// The expression's text into a tree.
#include "common/policy/pattern_regex_tree.h"

struct parser {
    struct strview text;
    size_t at;
    unsigned depth;
    const struct byte_set *wild;
    struct arena *scratch, *arena;
    struct err *err;
};

static int no_memory(struct err *err)
{
    return err_set(err, E_NOMEM, "no memory for a pattern");
}

static bool at_end(const struct parser *p)
{
    return p->at >= p->text.len;
}

static bool next_is(const struct parser *p, char c)
{
    return !at_end(p) && p->text.ptr[p->at] == c;
}

static bool skip(struct parser *p, char c)
{
    bool is = next_is(p, c);
    p->at += is ? 1 : 0;
    return is;
}

static struct regex_node *new_node(struct parser *p, enum regex_node_kind kind,
                                   struct regex_node *a, struct regex_node *b)
{
    struct regex_node *n = ARENA_NEW(p->scratch, struct regex_node);
    if (n == NULL) {
        no_memory(p->err);
        return NULL;
    }
    *n = (struct regex_node){.kind = kind, .a = a, .b = b};
    return n;
}

static void add_range(struct byte_set *set, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to; c++) {
        byte_set_add(set, (unsigned char)c);
    }
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// \d \w \s into SET; false for any other letter.
static bool add_class(struct byte_set *set, char c)
{
    switch (c) {
    case 'w':
        add_range(set, 'a', 'z');
        add_range(set, 'A', 'Z');
        byte_set_add(set, '_');
        add_range(set, '0', '9');
        return true;
    case 'd':
        add_range(set, '0', '9');
        return true;
    case 's':
        add_range(set, '\t', '\r');
        byte_set_add(set, ' ');
        return true;
    default:
        return false;
    }
}

static int bad_escape(struct parser *p)
{
    return err_set(p->err, E_INVALID,
                   "of a regular expression's escapes there are \\d, \\w, \\s and \\ before what "
                   "is neither letter nor digit (no back-references)");
}

/// One member of a set, or a range; what it may be is in SET then.
static int parse_member(struct parser *p, struct byte_set *set)
{
    char c = p->text.ptr[p->at++];
    if (c == '[' && next_is(p, ':')) {
        return err_set(p->err, E_INVALID, "[:names:] of sets are not known: write a-z, 0-9, \\w");
    }
    if (c == '\\') {
        if (at_end(p)) {
            return bad_escape(p);
        }
        c = p->text.ptr[p->at++];
        if (is_alnum(c)) {
            return add_class(set, c) ? 0 : bad_escape(p);
        }
    }
    char to = c;
    if (next_is(p, '-') && p->at + 1 < p->text.len && p->text.ptr[p->at + 1] != ']') {
        p->at++;
        skip(p, '\\');
        to = at_end(p) ? '\0' : p->text.ptr[p->at++];
    }
    if (to < c) {
        return err_set(p->err, E_INVALID, "a range of a set is empty");
    }
    add_range(set, (unsigned char)c, (unsigned char)to);
    return 0;
}

/// A set; its bracket is behind.
static int parse_set(struct parser *p, struct byte_set *set)
{
    bool negated = skip(p, '^');
    bool first = true;
    while (!at_end(p) && (first || !next_is(p, ']'))) {
        first = false;
        if (parse_member(p, set) != 0) {
            return -1;
        }
    }
    if (!skip(p, ']')) {
        return err_set(p->err, E_INVALID, "a [ without its ]: write \\[ for the character itself");
    }
    for (size_t i = 0; negated && i < ARRAY_LEN(set->bits); i++) {
        set->bits[i] = ~set->bits[i] & p->wild->bits[i];
    }
    return 0;
}

static int parse_set_step(struct parser *p, char c, struct regex_node *n)
{
    struct byte_set *set = ARENA_NEW(p->arena, struct byte_set);
    if (set == NULL) {
        return no_memory(p->err);
    }
    n->step = (struct regex_step){.op = REGEX_SET, .set = set};
    if (c == '[') {
        return parse_set(p, set);
    }
    return add_class(set, c) ? 0 : bad_escape(p);
}

/// An atom that is one instruction.
static int parse_step(struct parser *p, struct regex_node *n)
{
    char c = p->text.ptr[p->at++];
    n->step = (struct regex_step){.op = REGEX_BYTE, .byte = (unsigned char)c};
    switch (c) {
    case '.':
        n->step = (struct regex_step){.op = REGEX_SET, .set = p->wild};
        return 0;
    case '^':
        n->step.op = REGEX_BEGIN;
        return 0;
    case '$':
        n->step.op = REGEX_END;
        return 0;
    case '[':
        return parse_set_step(p, c, n);
    case '*':
    case '+':
    case '?':
    case '{':
        return err_set(p->err, E_INVALID,
                       "there is nothing that %c could repeat: write \\%c for the character itself",
                       c, c);
    case '\\':
        if (at_end(p)) {
            return bad_escape(p);
        }
        n->step.byte = (unsigned char)p->text.ptr[p->at++];
        return is_alnum((char)n->step.byte) ? parse_set_step(p, (char)n->step.byte, n) : 0;
    default:
        return 0;
    }
}

static struct regex_node *parse_either(struct parser *p);

static struct regex_node *parse_group(struct parser *p)
{
    if (++p->depth > REGEX_DEPTH_MAX) {
        err_set(p->err, E_INVALID, "groups must not be nested more than %d deep", REGEX_DEPTH_MAX);
        return NULL;
    }
    if (skip(p, '?') && !skip(p, ':')) {
        err_set(p->err, E_INVALID, "of groups there are (…) and (?:…)");
        return NULL;
    }
    struct regex_node *n = parse_either(p);
    if (n != NULL && !skip(p, ')')) {
        err_set(p->err, E_INVALID, "a ( without its ): write \\( for the character itself");
        return NULL;
    }
    p->depth--;
    return n;
}

static struct regex_node *parse_atom(struct parser *p)
{
    if (skip(p, '(')) {
        return parse_group(p);
    }
    struct regex_node *n = new_node(p, NODE_STEP, NULL, NULL);
    return n != NULL && parse_step(p, n) == 0 ? n : NULL;
}

/// A number of {m,n}; false: none, or too large.
static bool parse_count(struct parser *p, uint16_t *ret)
{
    unsigned v = 0;
    size_t from = p->at;
    while (!at_end(p) && p->text.ptr[p->at] >= '0' && p->text.ptr[p->at] <= '9' &&
           v <= REGEX_COUNT_MAX) {
        v = v * 10 + (unsigned)(p->text.ptr[p->at++] - '0');
    }
    *ret = (uint16_t)v;
    return p->at != from && v <= REGEX_COUNT_MAX;
}

/// {m}, {m,} or {m,n}; its brace is behind.
static int parse_counts(struct parser *p, struct regex_node *n)
{
    bool ok = parse_count(p, &n->min);
    n->max = n->min;
    if (ok && skip(p, ',')) {
        n->max = REGEX_UNBOUNDED;
        ok = next_is(p, '}') || parse_count(p, &n->max);
    }
    if (!ok || !skip(p, '}') || n->min > n->max) {
        return err_set(p->err, E_INVALID,
                       "a repetition is {m}, {m,} or {m,n}, up to %d; placeholders can't stand in "
                       "a regular expression",
                       REGEX_COUNT_MAX);
    }
    return 0;
}

static struct regex_node *parse_repeat(struct parser *p)
{
    struct regex_node *atom = parse_atom(p);
    if (atom == NULL || at_end(p) || strchr("*+?{", p->text.ptr[p->at]) == NULL) {
        return atom;
    }
    struct regex_node *n = new_node(p, NODE_REPEAT, atom, NULL);
    if (n == NULL) {
        return NULL;
    }
    char c = p->text.ptr[p->at++];
    n->min = c == '+' ? 1 : 0;
    n->max = c == '?' ? 1 : REGEX_UNBOUNDED;
    if (c == '{' && parse_counts(p, n) != 0) {
        return NULL;
    }
    if (!at_end(p) && strchr("*+?{", p->text.ptr[p->at]) != NULL) {
        err_set(p->err, E_INVALID, "a repetition can't be repeated: put it into ( )");
        return NULL;
    }
    return n;
}

static struct regex_node *parse_concat(struct parser *p)
{
    struct regex_node *all = new_node(p, NODE_CONCAT, NULL, NULL);
    struct regex_node **tail = all != NULL ? &all->a : NULL;
    while (tail != NULL && !at_end(p) && !next_is(p, '|') && !next_is(p, ')')) {
        *tail = parse_repeat(p);
        if (*tail == NULL) {
            return NULL;
        }
        tail = &(*tail)->next;
    }
    return all;
}

static struct regex_node *parse_either(struct parser *p)
{
    struct regex_node *all = parse_concat(p);
    while (all != NULL && skip(p, '|')) {
        struct regex_node *n = parse_concat(p);
        all = n != NULL ? new_node(p, NODE_EITHER, all, n) : NULL;
    }
    return all;
}

int regex_parse(struct strview text, const struct byte_set *wild, struct arena *scratch,
                struct arena *arena, const struct regex_node **ret, struct err *err)
{
    struct parser p = {.text = text, .wild = wild, .scratch = scratch, .arena = arena, .err = err};
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            return err_set(err, E_INVALID, "a regular expression must be ASCII: use a glob");
        }
    }
    *ret = parse_either(&p);
    if (*ret != NULL && !at_end(&p)) {
        return err_set(err, E_INVALID, "a ) without its (: write \\) for the character itself");
    }
    return *ret != NULL ? 0 : -1;
}
