// SPDX-License-Identifier: Apache-2.0
#include "common/policy/overlap.h"

#include <string.h>

#define ATOMS_MAX 512 // of one pattern; longer ones may meet anything

enum atom_kind {
    ATOM_CHAR,
    ATOM_ANY, // any one character
    ATOM_RUN, // any run of characters, slashes too
};

struct atom {
    unsigned char kind, c;
};

struct atoms {
    struct atom items[ATOMS_MAX];
    size_t n;
    bool known; // false: what the pattern matches can't be told so
};

static void put(struct atoms *a, enum atom_kind kind, char c)
{
    if (a->n == ATOMS_MAX) {
        a->known = false;
    } else if (kind != ATOM_RUN || a->n == 0 || a->items[a->n - 1].kind != ATOM_RUN) {
        a->items[a->n++] = (struct atom){(unsigned char)kind, (unsigned char)c};
    }
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_separator(char c)
{
    return c == '/' || c == '.';
}

/// `**`, which may stand for nothing, and then takes a separator along: the one before it, or else
/// the one after. At the end of an image or a role it stands for something.
static size_t put_deep(struct atoms *a, struct strview s, size_t i, enum pattern_kind kind)
{
    size_t end = i;
    while (end < s.len && s.ptr[end] == '*') {
        end++;
    }
    bool last = end == s.len;
    bool before = kind != PATTERN_TEXT && i != 0 && is_separator(s.ptr[i - 1]);
    bool after = kind != PATTERN_TEXT && !last && is_separator(s.ptr[end]);
    if (before && !(last && (kind == PATTERN_IMAGE || kind == PATTERN_ROLE)) && a->n != 0 &&
        a->items[a->n - 1].kind == ATOM_CHAR) {
        a->n--;
    }
    put(a, ATOM_RUN, 0);
    return after && (!before || s.ptr[i - 1] != s.ptr[end]) ? end + 1 : end;
}

/// One more than the end of what CLOSE closes, from I on; 0: it is not closed.
static size_t after(struct strview s, size_t i, char close)
{
    for (; i < s.len; i++) {
        if (s.ptr[i] == close) {
            return i + 1;
        }
    }
    return 0;
}

/// Reads the wildcard or character at I; what follows it, or 0: it can't be told.
static size_t read_one(struct atoms *a, struct strview s, size_t i, enum pattern_kind kind)
{
    switch (s.ptr[i]) {
    case '*':
        if (i + 1 < s.len && s.ptr[i + 1] == '*') {
            return put_deep(a, s, i, kind);
        }
        put(a, ATOM_RUN, 0);
        return i + 1;
    case '?':
        put(a, ATOM_ANY, 0);
        return i + 1;
    case '[':
        put(a, ATOM_ANY, 0);
        return after(s, i + 2, ']'); // a `]` that comes first stands for itself
    case '{':
        put(a, ATOM_RUN, 0);
        return after(s, i + 1, '}');
    case '\\':
        if (i + 1 == s.len) {
            return 0;
        }
        put(a, ATOM_CHAR, lower(s.ptr[i + 1]));
        return i + 2;
    default:
        put(a, ATOM_CHAR, lower(s.ptr[i]));
        return i + 1;
    }
}

/// Without a host, and on Docker's own, an image has more than one spelling.
static bool is_written_out(struct strview s)
{
    struct strview host = sv_sub(s, 0, sv_find_char(s, '/'));
    bool is_host = sv_find_char(host, '.') != SIZE_MAX || sv_find_char(host, ':') != SIZE_MAX ||
                   sv_eq_lit(host, "**");
    return host.len < s.len && is_host && !sv_ends(host, SV("docker.io"));
}

static void read_atoms(struct strview s, enum pattern_kind kind, struct atoms *ret)
{
    size_t scheme = kind == PATTERN_URI ? sv_find_char(s, ':') : SIZE_MAX;
    ret->n = 0;
    ret->known = !sv_starts(s, SV("regex:")) && (kind != PATTERN_IMAGE || is_written_out(s)) &&
                 (scheme == SIZE_MAX || sv_starts(sv_from_pos(s, scheme), SV("://")));
    if (kind == PATTERN_URI && sv_ends(s, SV("/")) && !sv_ends(s, SV("://"))) {
        s = sv_sub(s, 0, s.len - 1);
    }
    for (size_t i = 0; ret->known && i < s.len;) {
        i = read_one(ret, s, i, kind);
        ret->known = ret->known && i != 0;
    }
    if (kind == PATTERN_IMAGE) {
        put(ret, ATOM_RUN, 0);
    }
}

static bool meet(const struct atom *x, const struct atom *y)
{
    return x->kind == ATOM_ANY || y->kind == ATOM_ANY || x->c == y->c;
}

/// Whether some text matches both: reach[j] says that the first I atoms of A and the first J of B
/// can match the same text.
static bool can_meet(const struct atoms *a, const struct atoms *b)
{
    bool reach[ATOMS_MAX + 1], next[ATOMS_MAX + 1];
    reach[0] = true;
    for (size_t j = 0; j < b->n; j++) {
        reach[j + 1] = reach[j] && b->items[j].kind == ATOM_RUN;
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct atom *x = &a->items[i];
        next[0] = reach[0] && x->kind == ATOM_RUN;
        for (size_t j = 0; j < b->n; j++) {
            const struct atom *y = &b->items[j];
            if (x->kind == ATOM_RUN || y->kind == ATOM_RUN) {
                // A run takes one more of the other side, or ends.
                next[j + 1] = next[j] || reach[j + 1];
            } else {
                next[j + 1] = reach[j] && meet(x, y);
            }
        }
        memcpy(reach, next, sizeof(bool) * (b->n + 1));
    }
    return reach[b->n];
}

bool overlap_patterns(struct strview a, struct strview b, enum pattern_kind kind,
                      struct overlap_budget *budget)
{
    struct atoms left, right;
    size_t cost = 100 + a.len * b.len;
    if (budget->steps < cost) {
        budget->steps = 0;
        return true;
    }
    budget->steps -= cost;
    read_atoms(a, kind, &left);
    read_atoms(b, kind, &right);
    return !left.known || !right.known || can_meet(&left, &right);
}

bool overlap_lists(const struct patterns *a, const struct patterns *b, enum pattern_kind kind,
                   struct overlap_budget *budget)
{
    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n; j++) {
            if (overlap_patterns(pattern_text(a->items[i]), pattern_text(b->items[j]), kind,
                                 budget)) {
                return true;
            }
        }
    }
    return false;
}
