// SPDX-License-Identifier: Apache-2.0
// Globs, for the files of pattern.h alone: a text that is matched by segments, each by literal
// runs, single characters, sets, stars and placeholders. The greedy way with one step back, to the
// last star within a segment and to the last `**` among segments: it finds a match when there is
// one, since what a star may take is closed under taking more. Pure.
#ifndef SLUICE_POLICY_PATTERN_GLOB_H
#define SLUICE_POLICY_PATTERN_GLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/strview.h"
#include "common/policy/pattern.h"

struct byte_set {
    uint64_t bits[4];
};

static inline bool byte_set_has(const struct byte_set *set, unsigned char c)
{
    return ((set->bits[c >> 6] >> (c & 63)) & 1) != 0;
}

static inline void byte_set_add(struct byte_set *set, unsigned char c)
{
    set->bits[c >> 6] |= (uint64_t)1 << (c & 63);
}

/// What `*`, `?` and negated sets may match: any byte; printable ASCII but '/'; a-z 0-9 - _.
extern const struct byte_set GLOB_ANY, GLOB_SEGMENT, GLOB_HOST;

enum glob_op {
    GLOB_LIT,
    GLOB_ONE,  // ?
    GLOB_SET,  // []
    GLOB_STAR, // *
    GLOB_VAR,  // {}
};

/// One element of a pattern as written. Of GLOB_LIT: one byte.
struct glob_token {
    enum glob_op op;
    unsigned char byte;
    bool across;  // GLOB_STAR: two stars or more
    bool negated; // GLOB_SET
    enum pattern_var var;
    const struct byte_set *set;
};

struct glob_tokens {
    const struct glob_token *items;
    size_t n;
};

struct glob_part {
    enum glob_op op;
    enum pattern_var var;
    struct strview lit;
    const struct byte_set *set;
};

/// One segment.
struct glob {
    const struct glob_part *parts;
    size_t n;
    bool across; // `**`: no part, any run of segments
};

/// How a run of tokens is read.
struct glob_form {
    // What wildcards take: GLOB_ANY, or a set without bytes from 0x80 on, so that a byte of it is a
    // character.
    const struct byte_set *wild;
    char sep;      // between segments; 0: there are none, and `**` is `*`
    bool tail_one; // a `**` at the end takes at least one segment
    bool fold;     // case doesn't count
};

/// Most patterns have a shape that is answered without looking at their parts one by one.
enum globs_shape {
    GLOBS_PARTS, // none of those below
    GLOBS_TEXT,  // `a.b`: the head, and no more
    GLOBS_STAR,  // `a*b`: one star between head and tail
    GLOBS_BELOW, // `a/**`, `**`: any segments behind the head
};

struct globs {
    struct glob_form form;
    const struct glob *items;
    size_t n;
    enum globs_shape shape;
    struct strview head, tail; // every text that matches begins, and ends, so; they don't overlap
};

/// Reads TEXT into tokens. ALLOWED: placeholders. SETS: `[` begins a set; else it is literal.
/// SLASHES: there are segments, so that no set may hold a slash.
MUST_USE int glob_lex(struct strview text, unsigned allowed, bool sets, bool slashes,
                      struct arena *arena, struct glob_tokens *ret, struct err *err);

/// Compiles tokens; an empty run gives globs that match the empty text.
MUST_USE int globs_compile(struct glob_tokens tokens, struct glob_form form, struct arena *arena,
                           const struct globs **ret, struct err *err);

/// globs_match() of all shapes but GLOBS_TEXT.
bool globs_match_shaped(const struct globs *g, struct strview s, const struct pattern_vars *vars);

static inline bool globs_match(const struct globs *g, struct strview s,
                               const struct pattern_vars *vars)
{
    return g->shape == GLOBS_TEXT ? sv_eq(s, g->head) : globs_match_shaped(g, s, vars);
}

/// The offset of the first literal byte C, or SIZE_MAX; tokens AT to AT + LEN (clamped).
size_t glob_find(struct glob_tokens tokens, char c);
struct glob_tokens glob_sub(struct glob_tokens tokens, size_t at, size_t len);

/// The placeholder that S ("name") names, or PATTERN_VAR_COUNT.
enum pattern_var pattern_var_find(struct strview s);

#endif
