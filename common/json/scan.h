// SPDX-License-Identifier: Apache-2.0
// The state of a strict scan, and what it seldom needs: the words of its faults, strings that are
// not plain, numbers, models. For strict.c and walk.c alone. The text is the tree's copy: the NULs
// behind it end each walk without a look at END. Pure.
#ifndef SLUICE_JSON_SCAN_H
#define SLUICE_JSON_SCAN_H

#include "common/base/err.h"
#include "common/base/macros.h"
#include "common/json/keyset.h"
#include "common/json/tree.h"

// Out of the walk's way. Were they called cold, gcc would take half of the walk, from which it
// foresees nothing but ways to them, for code that never runs.

/// A container that is open.
struct scan_open {
    struct json *node;
    const struct json *model_next; // outside of it: see struct cursor
};

struct scan {
    const char *start, *end;
    struct json_limits limits;
    struct json_shortcuts spared;
    const struct json_source *source; // what is read later is read from it; NULL: nothing is
    struct err *err;
    struct json_tree tree;
    // By depth, from 1 on:
    struct scan_open open[JSON_DEPTH_CAP + 1];
    unsigned char outside[JSON_DEPTH_CAP + 1]; // what comes behind a comma once it is closed
    struct keyset keys;
};

/// Each gives NULL, with s->err set: a fault at AT…
PRINTF(3, 4) ASIDE const char *scan_fail(struct scan *s, const char *at, const char *fmt, ...);
/// … where something else than WANTED ("a value") stands …
ASIDE const char *scan_fail_unexpected(struct scan *s, const char *at, const char *wanted);
/// … for the key whose raw text is given …
ASIDE const char *scan_fail_key(struct scan *s, enum keyset_answer answer, struct strview raw);
/// … for want of memory, or over a limit: of the string's length, or the values.
ASIDE const char *scan_fail_memory(struct scan *s);
ASIDE const char *scan_fail_string(struct scan *s, size_t len);
ASIDE const char *scan_fail_values(struct scan *s);

struct scan_string {
    const char *end; // the closing quote, or NULL after a failure
    bool escaped;
};

/// From P on, the first byte behind OPEN that isn't plain; also one that is too long.
struct scan_string scan_odd_string(struct scan *s, const char *open, const char *p);

/// The end of the number at START, or NULL after a failure.
const char *scan_number(struct scan *s, const char *start, double *ret);

/// The end of the word at P (true, false, null), or NULL after a failure; its type is cJSON's.
const char *scan_word(struct scan *s, const char *p, int *ret_type);

/// Of the children from FROM on, in the order of their keys, the first whose key is not below KEY.
ASIDE const struct json *scan_pass_model(const struct json *from, struct strview key);

/// Whether the container at P reads, byte for byte, as MODEL, which stands elsewhere in the text at
/// the same depth: then it is known to be good, and what it has in it.
ASIDE bool scan_is_like(const struct scan *s, const char *p, const struct json *model);

#endif
