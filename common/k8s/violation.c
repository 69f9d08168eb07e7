// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/violation.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/json/out.h"

static const struct {
    const char *name;
    const char *lead;
} REASONS[CAUSE_COUNT] = {
#define X(id, reason_, lead_) [CAUSE_##id] = {reason_, lead_},
    CAUSE_REASONS(X)
#undef X
};

#define PATH_MAX_BYTES    1024
#define MESSAGE_MAX_BYTES 1024
#define QUOTE_MAX_BYTES   64

const char *cause_reason_name(enum cause_reason r)
{
    return (unsigned)r < CAUSE_COUNT ? REASONS[r].name : "FieldValueInvalid";
}

/// The last kept one of SEVERITY, or NULL.
static struct violation *last_of(const struct violations *v, enum severity severity)
{
    for (size_t i = v->count; i > 0; i--) {
        if (v->items[i - 1].severity == severity) {
            return &v->items[i - 1];
        }
    }
    return NULL;
}

/// What a denial takes the place of in a full list: a warning, which is cut short anyway where
/// there are many, before a note for the audit, which nobody else keeps.
static struct violation *displaced(const struct violations *v)
{
    struct violation *warning = last_of(v, SEVERITY_WARN);
    return warning != NULL ? warning : last_of(v, SEVERITY_AUDIT);
}

/// Room for one more, or NULL: then it is only counted. In a full list a denial takes the place of
/// another, so that no refusal is without a cause.
static struct violation *add(struct violations *v, enum severity severity)
{
    v->denials += severity == SEVERITY_DENY;
    v->audits += severity == SEVERITY_AUDIT;
    if (v->count >= v->max) {
        v->dropped++;
        return severity == SEVERITY_DENY ? displaced(v) : NULL;
    }
    if (v->count == v->cap) {
        size_t cap = v->cap != 0 ? v->cap * 2 : 16;
        struct violation *items = ARENA_NEW_N(v->arena, struct violation, cap);
        if (items == NULL) {
            v->dropped++;
            return NULL;
        }
        if (v->count != 0) {
            memcpy(items, v->items, v->count * sizeof(*items));
        }
        v->items = items;
        v->cap = cap;
    }
    return &v->items[v->count++];
}

void violation_add(struct violations *v, const struct violation *it)
{
    struct violation *to = add(v, it->severity);
    if (to != NULL) {
        *to = *it;
    }
}

static bool is_same(const struct violation *a, const struct violation *b)
{
    return a->severity == b->severity && !a->alone && strcmp(a->rule, b->rule) == 0 &&
           sv_eq(a->policy, b->policy) && sv_eq(a->path, b->path) && sv_eq(a->value, b->value) &&
           sv_eq(a->whole, b->whole);
}

static bool holds(const struct violations *list, const struct violation *it)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_same(&list->items[i], it)) {
            return true;
        }
    }
    return false;
}

void violations_ratchet(struct violations *found, const struct violations *before)
{
    for (size_t i = 0; i < found->count; i++) {
        struct violation *it = &found->items[i];
        if (it->severity == SEVERITY_DENY && holds(before, it)) {
            it->severity = SEVERITY_WARN;
            found->denials--;
        }
    }
}

static struct strview render_path(struct arena *a, const struct path *path)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(a, PATH_MAX_BYTES);
    path_put(&b, path);
    return arena_copy(a, strbuf_view(&b));
}

PRINTF(3, 0)
static struct strview render_message(struct violations *v, struct strview lead, const char *fmt,
                                     va_list args)
{
    char text[MESSAGE_MAX_BYTES];
    int n = vsnprintf(text, sizeof(text), fmt, args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    if (lead.len == 0) {
        return arena_copy(v->arena, sv_make(text, len));
    }
    if (len == 0) {
        return arena_copy(v->arena, lead);
    }
    return arena_printf(v->arena, "%.*s: %.*s", SV_ARG(lead), (int)len, text);
}

/// "Invalid value: "x"", which a denial begins with.
static struct strview head_of(struct violations *v, enum cause_reason reason, struct strview value)
{
    const char *lead = REASONS[reason].lead;
    return sv_present(value) ? arena_printf(v->arena, "%s: %.*s", lead, SV_ARG(value))
                             : sv_from(lead);
}

void violation_deny(struct violations *v, const char *rule, enum cause_reason reason,
                    const struct path *path, struct strview value, const char *fmt, ...)
{
    struct violation *it = add(v, SEVERITY_DENY);
    if (it == NULL) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    *it = (struct violation){.severity = SEVERITY_DENY,
                             .reason = reason,
                             .rule = rule,
                             .path = render_path(v->arena, path),
                             .value = value,
                             .message = render_message(v, head_of(v, reason, value), fmt, args)};
    va_end(args);
}

void violation_warn(struct violations *v, const char *rule, const struct path *path,
                    const char *fmt, ...)
{
    struct violation *it = add(v, SEVERITY_WARN);
    if (it == NULL) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    *it = (struct violation){.severity = SEVERITY_WARN,
                             .reason = CAUSE_INVALID,
                             .rule = rule,
                             .path = render_path(v->arena, path),
                             .message = render_message(v, SV_NONE, fmt, args)};
    va_end(args);
}

struct violation *violation_report(struct violations *v, enum severity severity, const char *rule,
                                   struct strview policy, enum cause_reason reason,
                                   const struct path *path, struct strview value, const char *fmt,
                                   ...)
{
    struct violation *it = add(v, severity);
    if (it == NULL) {
        return NULL;
    }
    va_list args;
    va_start(args, fmt);
    struct strview text = render_message(v, head_of(v, reason, value), fmt, args);
    va_end(args);
    if (policy.len != 0) {
        text = arena_printf(v->arena, "%.*s (policy %.*s, %s)", SV_ARG(text), SV_ARG(policy), rule);
    }
    *it = (struct violation){.severity = severity,
                             .reason = reason,
                             .rule = rule,
                             .policy = policy,
                             .path = render_path(v->arena, path),
                             .value = value,
                             .message = text};
    return it;
}

struct strview violation_quote(struct arena *a, struct strview s)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(a, QUOTE_MAX_BYTES * 4 + 16);
    strbuf_put_char(&b, '"');
    size_t n = s.len < QUOTE_MAX_BYTES ? s.len : QUOTE_MAX_BYTES;
    // Never cut within a character.
    while (n < s.len && n != 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\') {
            strbuf_printf(&b, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            strbuf_printf(&b, "\\x%02x", c);
        } else {
            strbuf_put_char(&b, (char)c);
        }
    }
    strbuf_put_str(&b, n < s.len ? "…\"" : "\"");
    return arena_copy(a, strbuf_view(&b));
}

struct strview violation_show(struct arena *a, const struct json *v)
{
    switch (json_type(v)) {
    case JSON_STRING:
        return violation_quote(a, json_string(v));
    case JSON_NUMBER:
    case JSON_BOOL:
    case JSON_NULL: {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(a, QUOTE_MAX_BYTES);
        struct json_out out = JSON_OUT(&b);
        json_out_value(&out, v);
        return arena_copy(a, strbuf_view(&b));
    }
    case JSON_ARRAY:
    case JSON_OBJECT:
    case JSON_ABSENT:
        break;
    }
    return violation_quote(a, sv_from(json_type_name(v)));
}
