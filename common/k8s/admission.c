// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/admission.h"

#include "common/base/base64.h"
#include "common/json/out.h"
#include "common/k8s/status.h"

#define BAD_REQUEST    400
#define INTERNAL_ERROR 500
#define SHOWN_MAX      64
#define MORE_MAX       40 // characters of the longest "and N more warnings"

static const char *const OPERATIONS[ADMISSION_OPERATION_COUNT] = {
    [ADMISSION_CREATE] = "CREATE",
    [ADMISSION_UPDATE] = "UPDATE",
    [ADMISSION_DELETE] = "DELETE",
    [ADMISSION_CONNECT] = "CONNECT",
};

const char *admission_operation_name(enum admission_operation op)
{
    return (unsigned)op < ADMISSION_OPERATION_COUNT ? OPERATIONS[op] : "";
}

/// The start of a text that a message shows.
static struct strview shown(struct strview s)
{
    return sv_sub(s, 0, SHOWN_MAX);
}

static bool is_none(const struct json *v)
{
    return json_type(v) == JSON_ABSENT || json_type(v) == JSON_NULL;
}

/// The member of PARENT, whose path is WHERE, when it is of TYPE; NULL when absent or null.
static int get(const struct json *parent, const char *where, struct strview key,
               enum json_type type, const char *want, const struct json **ret, struct err *err)
{
    const struct json *v = json_get(parent, key);
    *ret = json_type(v) == type ? v : NULL;
    if (*ret == NULL && !is_none(v)) {
        return err_set(err, E_INVALID, "%s.%.*s must be %s, not %s", where, SV_ARG(key), want,
                       json_type_name(v));
    }
    return 0;
}

static int get_string(const struct json *parent, const char *where, struct strview key,
                      struct strview *ret, struct err *err)
{
    const struct json *v;
    if (get(parent, where, key, JSON_STRING, "a string", &v, err) < 0) {
        return -1;
    }
    *ret = json_string(v);
    return 0;
}

static int get_object(const struct json *parent, struct strview key, const struct json **ret,
                      struct err *err)
{
    return get(parent, "request", key, JSON_OBJECT, "an object", ret, err);
}

/// {group, version, kind or resource} of the request under KEY, whose path is WHERE; LAST names the
/// third.
static int get_group_version(const struct json *request, struct strview key, const char *where,
                             struct strview last, struct strview ret[3], struct err *err)
{
    const struct json *v;
    if (get_object(request, key, &v, err) < 0 ||
        get_string(v, where, SV("group"), &ret[0], err) < 0 ||
        get_string(v, where, SV("version"), &ret[1], err) < 0 ||
        get_string(v, where, last, &ret[2], err) < 0) {
        return -1;
    }
    return 0;
}
#define GET_GROUP_VERSION(request, key, last, ret, err)                                            \
    get_group_version((request), SV(key), "request." key, SV(last), (ret), (err))

static int get_kinds(const struct json *request, struct admission_request *r, struct err *err)
{
    struct strview kind[3], resource[3], request_kind[3], request_resource[3];
    if (GET_GROUP_VERSION(request, "kind", "kind", kind, err) < 0 ||
        GET_GROUP_VERSION(request, "resource", "resource", resource, err) < 0 ||
        GET_GROUP_VERSION(request, "requestKind", "kind", request_kind, err) < 0 ||
        GET_GROUP_VERSION(request, "requestResource", "resource", request_resource, err) < 0) {
        return -1;
    }
    if (kind[2].len == 0) {
        return err_set(err, E_INVALID, "request.kind.kind is missing");
    }
    const struct strview *rk = request_kind[2].len != 0 ? request_kind : kind;
    const struct strview *rr = request_resource[2].len != 0 ? request_resource : resource;
    r->kind = (struct gvk){kind[0], kind[1], kind[2]};
    r->resource = (struct gvr){resource[0], resource[1], resource[2]};
    r->request_kind = (struct gvk){rk[0], rk[1], rk[2]};
    r->request_resource = (struct gvr){rr[0], rr[1], rr[2]};
    return 0;
}

static int get_operation(const struct json *request, enum admission_operation *ret, struct err *err)
{
    struct strview name = SV_NONE;
    if (get_string(request, "request", SV("operation"), &name, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < ADMISSION_OPERATION_COUNT; i++) {
        if (sv_eq_lit(name, OPERATIONS[i])) {
            *ret = (enum admission_operation)i;
            return 0;
        }
    }
    if (name.len == 0) {
        return err_set(err, E_INVALID, "request.operation is missing");
    }
    return err_set(err, E_INVALID,
                   "request.operation must be CREATE, UPDATE, DELETE or CONNECT, not \"%.*s\"",
                   SV_ARG(shown(name)));
}

/// The objects that the operation must come with.
static int check_objects(const struct admission_request *r, struct err *err)
{
    bool writes = r->operation == ADMISSION_CREATE || r->operation == ADMISSION_UPDATE;
    bool had = r->operation == ADMISSION_UPDATE || r->operation == ADMISSION_DELETE;
    if (writes && r->object == NULL) {
        return err_set(err, E_INVALID, "request.object is missing on %s",
                       admission_operation_name(r->operation));
    }
    if (had && r->old_object == NULL) {
        return err_set(err, E_INVALID, "request.oldObject is missing on %s",
                       admission_operation_name(r->operation));
    }
    return 0;
}

static int get_rest(const struct json *request, struct admission_request *r, struct err *err)
{
    const struct json *user, *dry_run;
    if (get_string(request, "request", SV("subResource"), &r->sub_resource, err) < 0 ||
        get_string(request, "request", SV("requestSubResource"), &r->request_sub_resource, err) <
            0 ||
        get_string(request, "request", SV("name"), &r->name, err) < 0 ||
        get_string(request, "request", SV("namespace"), &r->namespace_, err) < 0 ||
        get_object(request, SV("object"), &r->object, err) < 0 ||
        get_object(request, SV("oldObject"), &r->old_object, err) < 0 ||
        get_object(request, SV("options"), &r->options, err) < 0 ||
        get_object(request, SV("userInfo"), &user, err) < 0 ||
        get_string(user, "request.userInfo", SV("username"), &r->username, err) < 0 ||
        get(user, "request.userInfo", SV("groups"), JSON_ARRAY, "a list", &r->user_groups, err) <
            0 ||
        get(request, "request", SV("dryRun"), JSON_BOOL, "a boolean", &dry_run, err) < 0) {
        return -1;
    }
    r->dry_run = json_bool(dry_run, &r->dry_run) && r->dry_run;
    return 0;
}

static int check_envelope(const struct json *review, struct err *err)
{
    struct strview api_version = json_get_string(review, SV("apiVersion"));
    struct strview kind = json_get_string(review, SV("kind"));
    if (json_type(review) != JSON_OBJECT) {
        return err_set(err, E_INVALID, "not an AdmissionReview: %s", json_type_name(review));
    }
    if (!sv_eq(kind, SV("AdmissionReview"))) {
        return err_set(err, E_INVALID, "kind must be AdmissionReview, not \"%.*s\"",
                       SV_ARG(shown(kind)));
    }
    if (!sv_eq(api_version, SV("admission.k8s.io/v1"))) {
        return err_set(err, E_INVALID, "apiVersion must be admission.k8s.io/v1, not \"%.*s\"",
                       SV_ARG(shown(api_version)));
    }
    return 0;
}

static int get_uid(const struct json *request, struct strview *ret, struct err *err)
{
    struct strview uid = SV_NONE;
    if (json_type(request) != JSON_OBJECT) {
        return err_set(err, E_INVALID, "request %s",
                       is_none(request) ? "is missing" : "must be an object");
    }
    if (get_string(request, "request", SV("uid"), &uid, err) < 0) {
        return -1;
    }
    if (uid.len == 0) {
        return err_set(err, E_INVALID, "request.uid is missing");
    }
    if (uid.len > ADMISSION_UID_MAX) {
        return err_set(err, E_INVALID, "request.uid must be no more than %d bytes",
                       ADMISSION_UID_MAX);
    }
    *ret = uid;
    return 0;
}

int admission_decode(const struct json *review, struct admission_request *ret, struct err *err)
{
    *ret = (struct admission_request){0};
    const struct json *request = json_get_lit(review, "request");
    UNINITIALIZED struct err uid_fault; // unless it is one
    int has_uid = get_uid(request, &ret->uid, &uid_fault);
    int rc = check_envelope(review, err);
    if (rc == 0 && has_uid < 0) {
        rc = err_set(err, uid_fault.code, "%s", uid_fault.msg);
    }
    if (rc == 0 &&
        (get_kinds(request, ret, err) < 0 || get_operation(request, &ret->operation, err) < 0 ||
         get_rest(request, ret, err) < 0 || check_objects(ret, err) < 0)) {
        rc = -1;
    }
    if (rc < 0 && err != NULL) {
        err->detail = BAD_REQUEST;
    }
    return rc;
}

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
