// SPDX-License-Identifier: Apache-2.0
#include "common/policy/pattern_glob.h"

#define NONE SIZE_MAX

const struct byte_set GLOB_ANY = {{~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0}};
const struct byte_set GLOB_SEGMENT = {{0xFFFF7FFE00000000, 0x7FFFFFFFFFFFFFFF, 0, 0}};
const struct byte_set GLOB_HOST = {{0x03FF200000000000, 0x07FFFFFE80000000, 0, 0}};

// ---- compiling ----------------------------------------------------------------------------------

struct compiler {
    struct glob_form form;
    struct arena *arena;
    struct err *err;
    char *text; // literal bytes, separators too, in their order
    size_t len;
    struct glob *items;
    size_t n;
};

static int no_memory(struct err *err)
{
    return err_set(err, E_NOMEM, "no memory for a pattern");
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

/// What the set may match here: never more than a star may, unless it says so byte by byte.
static const struct byte_set *final_set(const struct compiler *c, const struct glob_token *t)
{
    struct byte_set *set = ARENA_NEW(c->arena, struct byte_set);
    if (set == NULL) {
        return NULL;
    }
    *set = *t->set;
    for (unsigned i = 'A'; c->form.fold && i <= 'Z'; i++) {
        if (byte_set_has(t->set, (unsigned char)i)) {
            byte_set_add(set, lower((unsigned char)i));
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(set->bits); i++) {
        set->bits[i] = (t->negated ? ~set->bits[i] : set->bits[i]) & c->form.wild->bits[i];
    }
    return set;
}

static int compile_part(struct compiler *c, const struct glob_token *t, struct glob *g,
                        struct glob_part *parts)
{
    if (t->op == GLOB_LIT) {
        char byte = (char)(c->form.fold ? lower(t->byte) : t->byte);
        if (g->n == 0 || parts[g->n - 1].op != GLOB_LIT) {
            parts[g->n++] = (struct glob_part){.op = GLOB_LIT, .lit = {.ptr = c->text + c->len}};
        }
        c->text[c->len++] = byte;
        parts[g->n - 1].lit.len++;
        return 0;
    }
    parts[g->n] = (struct glob_part){.op = t->op, .var = t->var};
    if (t->op == GLOB_SET) {
        parts[g->n].set = final_set(c, t);
        if (parts[g->n].set == NULL) {
            return no_memory(c->err);
        }
    }
    g->n++;
    return 0;
}

/// A run of literal bytes is one part.
static size_t count_parts(struct glob_tokens s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool goes_on = i != 0 && s.items[i].op == GLOB_LIT && s.items[i - 1].op == GLOB_LIT;
        n += goes_on ? 0 : 1;
    }
    return n;
}

/// The tokens of one segment.
static int compile_segment(struct compiler *c, struct glob_tokens s)
{
    struct glob *g = &c->items[c->n];
    if (c->form.sep != '\0' && s.n == 1 && s.items[0].op == GLOB_STAR && s.items[0].across) {
        g->across = true;
        c->n += c->n == 0 || !c->items[c->n - 1].across; // a second one in a row adds nothing
        return 0;
    }
    struct glob_part *parts = ARENA_NEW_N(c->arena, struct glob_part, count_parts(s));
    if (parts == NULL) {
        return no_memory(c->err);
    }
    g->across = false;
    g->parts = parts;
    for (size_t i = 0; i < s.n; i++) {
        if (c->form.sep != '\0' && s.items[i].across) {
            return err_set(c->err, E_INVALID,
                           "** must stand alone between the separators (%c**%c); within a part use "
                           "a single *",
                           c->form.sep, c->form.sep);
        }
        if (compile_part(c, &s.items[i], g, parts) != 0) {
            return -1;
        }
    }
    c->n++;
    return 0;
}

/// `/**` at the end takes at least one segment: `/*/**`.
static void end_with_one(struct compiler *c)
{
    static const struct glob_part star = {.op = GLOB_STAR};
    if (c->form.tail_one && c->n != 0 && c->items[c->n - 1].across) {
        c->items[c->n - 1] = (struct glob){.parts = &star, .n = 1};
        c->items[c->n++] = (struct glob){.across = true};
    }
}

static int compile_segments(struct compiler *c, struct glob_tokens tokens)
{
    size_t at = 0;
    while (tokens.n != 0 && at <= tokens.n) {
        struct glob_tokens rest = glob_sub(tokens, at, NONE);
        struct glob_tokens segment = glob_sub(rest, 0, glob_find(rest, c->form.sep));
        if (segment.n == 0) {
            return err_set(c->err, E_INVALID, "there must be something before and after each '%c'",
                           c->form.sep);
        }
        if (compile_segment(c, segment) != 0) {
            return -1;
        }
        at += segment.n + 1;
        if (at <= tokens.n) {
            c->text[c->len++] = c->form.sep;
        }
    }
    end_with_one(c);
    return 0;
}

/// What every match begins and ends with, and whether little is left between them.
static void find_shape(struct globs *g, const struct compiler *c, struct glob_tokens tokens)
{
    size_t head = 0, tail = 0, n = tokens.n;
    bool segments = c->form.sep != '\0';
    if (c->form.fold) {
        return;
    }
    while (head < n && tokens.items[head].op == GLOB_LIT) {
        head++;
    }
    g->head = sv_make(c->text, head);
    if (head == n) {
        g->shape = GLOBS_TEXT;
        return;
    }
    while (tokens.items[n - 1 - tail].op == GLOB_LIT) {
        tail++;
    }
    g->tail = sv_make(c->text + c->len - tail, tail);
    bool one = head + 1 + tail == n && tokens.items[head].op == GLOB_STAR;
    // A separator beside `**` goes with what that takes.
    if (segments && tokens.items[head].across) {
        g->head.len -= head != 0 ? 1 : 0;
        g->shape = one && tail == 0 ? GLOBS_BELOW : GLOBS_PARTS;
    } else if (one && !(segments && n == 1)) { // alone it needs a segment
        g->shape = GLOBS_STAR;
    }
    if (segments && tokens.items[n - 1 - tail].across && tail != 0) {
        g->tail = sv_from_pos(g->tail, 1);
        g->shape = GLOBS_PARTS;
    }
}

int globs_compile(struct glob_tokens tokens, struct glob_form form, struct arena *arena,
                  const struct globs **ret, struct err *err)
{
    size_t segments = 2; // one more for end_with_one()
    for (size_t i = 0; i < tokens.n; i++) {
        segments +=
            tokens.items[i].op == GLOB_LIT && tokens.items[i].byte == (unsigned char)form.sep;
    }
    struct globs *g = ARENA_NEW(arena, struct globs);
    struct compiler c = {.form = form,
                         .arena = arena,
                         .err = err,
                         .text = arena_alloc(arena, tokens.n + 1),
                         .items = ARENA_NEW_N(arena, struct glob, segments)};
    if (g == NULL || c.text == NULL || c.items == NULL) {
        return no_memory(err);
    }
    if ((form.sep != '\0' ? compile_segments(&c, tokens) : compile_segment(&c, tokens)) != 0) {
        return -1;
    }
    *g = (struct globs){.form = form, .items = c.items, .n = c.n};
    find_shape(g, &c, tokens);
    *ret = g;
    return 0;
}

// ---- matching -----------------------------------------------------------------------------------

/// Bytes of the character at AT: in UTF-8 where stars may match that, else 1.
static size_t char_len(struct strview s, size_t at)
{
    size_t n = 1;
    if ((unsigned char)s.ptr[at] >= 0xC0) {
        while (n < 4 && at + n < s.len && ((unsigned char)s.ptr[at + n] & 0xC0) == 0x80) {
            n++;
        }
    }
    return n;
}

static bool equal(const char *a, struct strview b, bool fold)
{
    if (!fold) {
        return memcmp(a, b.ptr, b.len) == 0;
    }
    for (size_t i = 0; i < b.len; i++) {
        if (lower((unsigned char)a[i]) != lower((unsigned char)b.ptr[i])) {
            return false;
        }
    }
    return true;
}

/// How many bytes of S from AT on PART takes; 0 when it doesn't match there.
static size_t take(const struct glob_part *part, const struct glob_form *form, struct strview s,
                   size_t at, const struct pattern_vars *vars)
{
    struct strview text = part->lit;
    if (part->op == GLOB_VAR) {
        text = vars != NULL ? vars->value[part->var] : SV_NONE;
    }
    if (part->op == GLOB_VAR || part->op == GLOB_LIT) {
        bool fits = text.len != 0 && text.len <= s.len - at;
        return fits && equal(s.ptr + at, text, form->fold) ? text.len : 0;
    }
    if (at == s.len) {
        return 0;
    }
    unsigned char c = (unsigned char)s.ptr[at];
    const struct byte_set *set = part->op == GLOB_SET ? part->set : form->wild;
    return byte_set_has(set, form->fold ? lower(c) : c) ? char_len(s, at) : 0;
}

/// Whether a star takes all of S from AT on. Characters of more bytes than one are in GLOB_ANY
/// alone.
static bool takes_rest(const struct glob_form *form, struct strview s, size_t at)
{
    for (; form->wild != &GLOB_ANY && at < s.len; at++) {
        unsigned char c = (unsigned char)s.ptr[at];
        if (!byte_set_has(form->wild, form->fold ? lower(c) : c)) {
            return false;
        }
    }
    return true;
}

static bool glob_match(const struct glob *g, const struct glob_form *form, struct strview s,
                       const struct pattern_vars *vars)
{
    size_t at = 0, part = 0, back_part = NONE, back_at = 0;
    for (;;) {
        if (part < g->n && g->parts[part].op == GLOB_STAR) {
            back_part = ++part;
            back_at = at;
            if (part == g->n) {
                return takes_rest(form, s, at);
            }
            continue;
        }
        size_t took = part < g->n ? take(&g->parts[part], form, s, at, vars) : 0;
        if (took != 0) {
            at += took;
            part++;
            continue;
        }
        if (part == g->n && at == s.len) {
            return true;
        }
        if (back_part == NONE || back_at == s.len) {
            return false;
        }
        unsigned char c = (unsigned char)s.ptr[back_at];
        if (!byte_set_has(form->wild, form->fold ? lower(c) : c)) {
            return false;
        }
        back_at += char_len(s, back_at);
        at = back_at;
        part = back_part;
    }
}

static struct strview segment_at(struct strview s, size_t at, char sep)
{
    size_t end = at;
    while (end < s.len && s.ptr[end] != sep) {
        end++;
    }
    return sv_make(s.ptr + at, end - at);
}

/// Whether a star takes all of S, which has AND between what it takes ('\0': nothing).
static bool all_wild(struct strview s, const struct byte_set *wild, char and)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!byte_set_has(wild, (unsigned char)s.ptr[i]) && (and == '\0' || s.ptr[i] != and)) {
            return false;
        }
    }
    return true;
}

/// As glob_match(), with segments for characters. A segment begins at each offset up to S.len; an
/// empty text has none.
static bool segments_match(const struct globs *g, struct strview s, const struct pattern_vars *vars)
{
    size_t at = s.len == 0 ? 1 : 0, item = 0, back_item = NONE, back_at = 0;
    for (;;) {
        if (item < g->n && g->items[item].across) {
            back_item = ++item;
            back_at = at;
            continue;
        }
        if (item < g->n && at <= s.len) {
            struct strview segment = segment_at(s, at, g->form.sep);
            const struct glob *it = &g->items[item];
            bool lone_star = it->n == 1 && it->parts[0].op == GLOB_STAR;
            if (lone_star ? takes_rest(&g->form, segment, 0)
                          : glob_match(it, &g->form, segment, vars)) {
                at += segment.len + 1;
                item++;
                continue;
            }
        }
        if (item == g->n && at > s.len) {
            return true;
        }
        if (back_item == NONE || back_at > s.len) {
            return false;
        }
        struct strview segment = segment_at(s, back_at, g->form.sep);
        if (!all_wild(segment, g->form.wild, '\0')) {
            return false;
        }
        back_at += segment.len + 1;
        at = back_at;
        item = back_item;
    }
}

bool globs_match_shaped(const struct globs *g, struct strview s, const struct pattern_vars *vars)
{
    if (s.len < g->head.len + g->tail.len || !sv_starts(s, g->head) || !sv_ends(s, g->tail)) {
        return false;
    }
    struct strview middle = sv_sub(s, g->head.len, s.len - g->head.len - g->tail.len);
    switch (g->shape) {
    case GLOBS_STAR:
        return g->form.wild == &GLOB_ANY || all_wild(middle, g->form.wild, '\0');
    case GLOBS_BELOW:
        return middle.len == 0 ? !g->form.tail_one
                               : (g->head.len == 0 || middle.ptr[0] == g->form.sep) &&
                                     all_wild(middle, g->form.wild, g->form.sep);
    case GLOBS_TEXT:
    case GLOBS_PARTS:
        break;
    }
    return g->form.sep != '\0' ? segments_match(g, s, vars)
                               : glob_match(&g->items[0], &g->form, s, vars);
}
