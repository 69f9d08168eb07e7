// SPDX-License-Identifier: Apache-2.0
// json_scan_uid() of strict.h: a walk over brackets and strings that asks for no more order than
// that.
#include "common/json/strict.h"

#include <stdbool.h>

#define LOOK_BYTES ((size_t)64 << 10)
#define UID_BYTES  128

struct walk {
    const char *p, *end;
};

static void skip_space(struct walk *w)
{
    while (w->p < w->end && (unsigned char)*w->p <= ' ') {
        w->p++;
    }
}

static bool eat(struct walk *w, char c)
{
    skip_space(w);
    if (w->p == w->end || *w->p != c) {
        return false;
    }
    w->p++;
    return true;
}

/// The bytes up to the closing quote, as written; SV_NONE when there is none. P behind the opening.
static struct strview string_here(struct walk *w)
{
    const char *open = w->p;
    for (; w->p < w->end; w->p++) {
        if (*w->p == '"') {
            return sv_make(open, (size_t)(w->p++ - open));
        }
        if (*w->p == '\\' && w->end - w->p >= 2) {
            w->p++;
        }
    }
    return SV_NONE;
}

static bool is_uid(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool plain =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
        if (!plain) {
            return false;
        }
    }
    return s.len >= 1 && s.len <= UID_BYTES;
}

struct strview json_scan_uid(struct strview text)
{
    text = sv_sub(text, 0, LOOK_BYTES);
    struct walk w = {.p = text.ptr, .end = text.ptr + text.len};
    if (text.len == 0 || !eat(&w, '{')) {
        return SV_NONE;
    }
    size_t depth = 1;
    bool in_request = false; // the object of depth 2 is `request`
    while (w.p < w.end && depth != 0) {
        char c = *w.p++;
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
            in_request = in_request && depth >= 2;
        } else if (c == '"') {
            struct strview s = string_here(&w);
            if (!sv_present(s) || !eat(&w, ':')) {
                continue; // a value, or a key of a text broken right here
            }
            if (depth == 1 && sv_eq(s, SV("request")) && eat(&w, '{')) {
                depth = 2;
                in_request = true;
            } else if (depth == 2 && in_request && sv_eq(s, SV("uid")) && eat(&w, '"')) {
                struct strview uid = string_here(&w);
                return is_uid(uid) ? uid : SV_NONE;
            }
        }
    }
    return SV_NONE;
}
