// SPDX-License-Identifier: Apache-2.0
#include "common/kind/schema_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/kind/schema_equal.h"

#define FAULT_TEXT_MAX 512

/// Whether the API server lets a fault here pass, because the stored object has the same value.
static bool is_unchanged(const struct spot *at)
{
    const struct spot *s = at->list != NULL ? at->list : at;
    if (s->old_parent == NULL) {
        return false;
    }
    if (!s->grace->asked) {
        struct strview key = sv_make(s->field->name, s->field->name_len);
        const struct json *old = json_get(s->old_parent, key);
        s->grace->asked = true;
        s->grace->unchanged = old != NULL && schema_equal(s->field, s->now, old);
    }
    return s->grace->unchanged;
}

struct strview schema_quote(const struct spot *at, struct strview s)
{
    const struct violations *v = at->faults;
    return v->count < v->max ? violation_quote(v->arena, s) : SV_NONE;
}

void schema_fault(const struct spot *at, const struct path *path, bool forever, const char *rule,
                  enum cause_reason reason, struct strview value, const char *fmt, ...)
{
    char text[FAULT_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (!forever && is_unchanged(at)) {
        violation_warn(at->faults, rule, path, "%s; kept because it is unchanged", text);
    } else {
        violation_deny(at->faults, rule, reason, path, value, "%s", text);
    }
}

void schema_fault_type(const struct spot *at, const struct path *path, const struct json *v,
                       const char *words)
{
    const char *hint = at->field->type_hint;
    const struct violations *faults = at->faults;
    struct strview shown = faults->count < faults->max ? violation_show(faults->arena, v) : SV_NONE;
    schema_fault(at, path, at->field->scale, "schema.type", CAUSE_TYPE_INVALID, shown,
                 "must be %s%s%s", words, hint != NULL ? "; " : "", hint != NULL ? hint : "");
}

static size_t count_runes(struct strview s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

bool schema_check_length(const struct spot *at, const struct path *path, struct strview s,
                         int64_t min, int64_t max)
{
    if (max > 0 && s.len > (size_t)max && count_runes(s) > (size_t)max) {
        schema_fault(at, path, false, "schema.length", CAUSE_TOO_LONG, SV_NONE,
                     "may not be more than %" PRId64 " characters", max);
        return false;
    }
    // No character has more than four bytes.
    if (min > 0 && s.len < 4 * (size_t)min && count_runes(s) < (size_t)min) {
        struct strview shown = schema_quote(at, s);
        if (min == 1) {
            schema_fault(at, path, false, "schema.length", CAUSE_INVALID, shown,
                         "must not be empty");
        } else {
            schema_fault(at, path, false, "schema.length", CAUSE_INVALID, shown,
                         "must be at least %" PRId64 " characters", min);
        }
        return false;
    }
    return true;
}

bool schema_check_count(const struct spot *at, size_t n)
{
    if (at->field->max <= 0 || n <= (size_t)at->field->max) {
        return true;
    }
    struct strview shown = arena_printf(at->faults->arena, "%zu", n);
    schema_fault(at, at->path, false, "schema.count", CAUSE_TOO_MANY, shown,
                 "must have at most %" PRId64 " items", at->field->max);
    return false;
}

bool schema_check_enum(const struct spot *at, struct strview s)
{
    const char *const *enums = at->field->enums;
    for (const char *const *e = enums; *e != NULL; e++) {
        if (sv_eq_lit(s, *e)) {
            return true;
        }
    }
    CLEANUP(strbuf_done) struct strbuf names = STRBUF(FAULT_TEXT_MAX);
    for (const char *const *e = enums; *e != NULL; e++) {
        strbuf_printf(&names, "%s\"%s\"", e == enums ? "" : ", ", *e);
    }
    schema_fault(at, at->path, false, "schema.enum", CAUSE_NOT_SUPPORTED, schema_quote(at, s),
                 "supported values: %.*s", SV_ARG(strbuf_view(&names)));
    return false;
}
