// SPDX-License-Identifier: Apache-2.0
// The answer's half of admission.h.
#include "common/k8s/admission.h"

#include "common/base/base64.h"
#include "common/json/out.h"
#include "common/k8s/status.h"

#define INTERNAL_ERROR 500
#define MORE_MAX       40 // characters of the longest "and N more warnings"

void admission_audit_add(struct admission_response *r, const char *key, struct strview value)
{
    if (r->audit_count < ADMISSION_AUDIT_MAX && sv_present(value)) {
        r->audit[r->audit_count++] = (struct admission_audit){.key = key, .value = value};
    }
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/// Where the first MAX characters end.
static size_t end_of_chars(struct strview s, size_t max)
{
    size_t i = 0;
    size_t chars = 0;
    while (i < s.len && (is_continuation(s.ptr[i]) || chars++ < max)) {
        i++;
    }
    return i;
}

static size_t count_chars(struct strview s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += !is_continuation(s.ptr[i]);
    }
    return n;
}

/// What is still to be told, and how much room it has.
struct warnings {
    struct json_out *out;
    struct arena *arena; // may be NULL
    size_t left;         // characters
    size_t unsaid;
};

/// Control characters (of ASCII, and U+0080 to U+009F) become spaces: the API server drops a whole
/// warning for one of them.
static void blank_controls(struct strbuf *b)
{
    for (size_t i = 0; i < b->len; i++) {
        unsigned char c = (unsigned char)b->ptr[i];
        unsigned char next = (unsigned char)b->ptr[i + 1]; // the NUL behind the text at most
        if (c < 0x20 || c == 0x7f) {
            b->ptr[i] = ' ';
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            b->ptr[i] = ' ';
            b->ptr[++i] = ' ';
        }
    }
}

/// The end of a policy's warning that stays when the rest is cut: " (policy NAME, RULE)", unless it
/// is so long that nothing else would.
static struct strview tail_of(struct strview text, bool of_policy)
{
    size_t at = SIZE_MAX;
    for (size_t from = 0; of_policy && from < text.len;) {
        size_t next = sv_find(sv_from_pos(text, from), SV(" (policy "));
        if (next == SIZE_MAX) {
            break;
        }
        at = from + next;
        from = at + 1;
    }
    struct strview tail = at == SIZE_MAX ? SV("") : sv_from_pos(text, at);
    return tail.len <= ADMISSION_WARNING_MAX / 2 ? tail : SV("");
}

/// One warning of PATH (may be absent) and TEXT.
static void put_warning(struct warnings *w, struct strview path, struct strview text,
                        bool of_policy)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(w->arena, path.len + text.len + 8);
    strbuf_put(&b, path);
    strbuf_put_str(&b, path.len != 0 ? ": " : "");
    strbuf_put(&b, text);
    if (count_chars(strbuf_view(&b)) > ADMISSION_WARNING_MAX) {
        struct strview tail = tail_of(text, of_policy);
        size_t room = ADMISSION_WARNING_MAX - 1 - count_chars(tail);
        strbuf_truncate(&b, end_of_chars(strbuf_view(&b), room));
        strbuf_put_str(&b, "…");
        strbuf_put(&b, tail);
    }
    blank_controls(&b);
    if (!strbuf_ok(&b)) {
        w->out->buf->failed = true;
        return;
    }
    size_t chars = count_chars(strbuf_view(&b));
    if (w->unsaid != 0 || chars > w->left) {
        w->unsaid++;
        return;
    }
    w->left -= chars;
    json_out_string(w->out, strbuf_view(&b));
}

/// Warnings that the list had no room for: what was not kept, without the denials and the audit
/// findings of that.
static size_t warnings_not_kept(const struct violations *v)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->count; i++) {
        kept += v->items[i].severity != SEVERITY_WARN;
    }
    return v->dropped - (v->denials + v->audits - kept);
}

static bool has_warning(const struct admission_response *r)
{
    const struct violations *v = r->violations;
    for (size_t i = 0; v != NULL && i < v->count; i++) {
        if (v->items[i].severity == SEVERITY_WARN) {
            return true;
        }
    }
    return r->warning_count != 0 || (v != NULL && warnings_not_kept(v) != 0);
}

static void put_warnings(struct json_out *o, const struct admission_response *r)
{
    const struct violations *v = r->violations;
    struct warnings w = {
        .out = o, .arena = v != NULL ? v->arena : NULL, .left = ADMISSION_WARNINGS_MAX - MORE_MAX};
    json_out_key_array(o, "warnings");
    for (size_t i = 0; v != NULL && i < v->count; i++) {
        if (v->items[i].severity == SEVERITY_WARN) {
            const struct violation *it = &v->items[i];
            put_warning(&w, it->path, it->message, sv_present(it->policy));
        }
    }
    for (size_t i = 0; i < r->warning_count; i++) {
        put_warning(&w, SV_NONE, r->warnings[i], false);
    }
    w.unsaid += v != NULL ? warnings_not_kept(v) : 0;
    if (w.unsaid != 0) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(w.arena, MORE_MAX);
        strbuf_printf(&b, "and %zu more warnings", w.unsaid);
        o->buf->failed = o->buf->failed || !strbuf_ok(&b);
        json_out_string(o, strbuf_view(&b));
    }
    json_out_end_array(o);
}

static void put_audit(struct json_out *o, const struct admission_response *r)
{
    json_out_key_object(o, "auditAnnotations");
    for (size_t i = 0; i < r->audit_count; i++) {
        struct strview value = r->audit[i].value;
        size_t n =
            value.len < ADMISSION_AUDIT_VALUE_BYTES ? value.len : ADMISSION_AUDIT_VALUE_BYTES;
        while (n != 0 && n < value.len && is_continuation(value.ptr[n])) {
            n--;
        }
        json_out_kv_string(o, r->audit[i].key, sv_sub(value, 0, n));
    }
    json_out_end_object(o);
}

static void put_patch(struct json_out *o, struct strview patch)
{
    json_out_kv_str(o, "patchType", "JSONPatch");
    json_out_key(o, SV("patch"));
    json_out_raw(o, SV("\""));
    base64_put(o->buf, patch);
    strbuf_put_char(o->buf, '"');
}

static void put_refusal(struct json_out *o, const struct admission_response *r)
{
    json_out_key(o, SV("status"));
    if (r->violations != NULL && r->violations->denials != 0) {
        status_put_invalid(o, r->group, r->kind, r->name, r->violations);
    } else {
        status_put_failure(o, r->code != 0 ? r->code : INTERNAL_ERROR, r->reason,
                           sv_present(r->message) ? r->message : SV("no decision was made"));
    }
}

void admission_response_put(struct strbuf *out, const struct admission_response *r)
{
    ASSERT(!r->allowed || r->violations == NULL || r->violations->denials == 0);
    // What every answer begins with is one text.
    strbuf_put(out, SV("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                       "\"response\":"));
    struct json_out o = JSON_OUT(out);
    json_out_begin_object(&o);
    json_out_kv_string(&o, "uid", r->uid);
    json_out_kv_bool(&o, "allowed", r->allowed);
    if (!r->allowed) {
        put_refusal(&o, r);
    } else if (r->patch.len != 0 && !sv_eq(r->patch, SV("[]"))) {
        put_patch(&o, r->patch);
    }
    if (has_warning(r)) {
        put_warnings(&o, r);
    }
    if (r->audit_count != 0) {
        put_audit(&o, r);
    }
    json_out_end_object(&o);
    strbuf_put_char(out, '}');
}
