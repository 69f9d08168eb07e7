// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/status.h"

#define RETRY_AFTER_MAX_S 3600
#define UNPROCESSABLE     422

static int read_causes(const struct json *list, struct arena *arena, struct status *st,
                       struct err *err)
{
    size_t n = json_type(list) == JSON_ARRAY ? json_count(list) : 0;
    n = n < STATUS_CAUSES_MAX ? n : STATUS_CAUSES_MAX;
    if (n == 0) {
        return 0;
    }
    struct status_cause *causes = ARENA_NEW_N(arena, struct status_cause, n);
    if (causes == NULL) {
        return err_set(err, E_NOMEM, "causes of a status: the arena is full");
    }
    const struct json *item = json_first(list);
    for (size_t i = 0; i < n; i++, item = json_next(item)) {
        causes[i] = (struct status_cause){.reason = json_get_string(item, SV("reason")),
                                          .message = json_get_string(item, SV("message")),
                                          .field = json_get_string(item, SV("field"))};
    }
    st->causes = causes;
    st->cause_count = n;
    return 0;
}

int status_read(const struct json *body, struct arena *arena, struct status *ret, struct err *err)
{
    *ret = (struct status){0};
    if (!sv_eq(json_get_string(body, SV("kind")), SV("Status"))) {
        return 0;
    }
    const struct json *details = json_get_lit(body, "details");
    int64_t code, retry;
    bool has_code = json_int(json_get_lit(body, "code"), &code) && code > 0 && code < 1000;
    bool has_retry = json_int(json_get_lit(details, "retryAfterSeconds"), &retry) && retry > 0;
    *ret = (struct status){
        .is_status = true,
        .code = has_code ? (int)code : 0,
        .reason = json_get_string(body, SV("reason")),
        .message = json_get_string(body, SV("message")),
        .group = json_get_string(details, SV("group")),
        .kind = json_get_string(details, SV("kind")),
        .name = json_get_string(details, SV("name")),
        .retry_after_seconds =
            !has_retry ? 0 : (uint32_t)(retry < RETRY_AFTER_MAX_S ? retry : RETRY_AFTER_MAX_S),
    };
    return read_causes(json_get_lit(details, "causes"), arena, ret, err);
}

static enum errc code_of(const struct status *st, int http_code)
{
    if (http_code >= 500 && st->retry_after_seconds != 0) {
        return E_THROTTLED;
    }
    switch (http_code) {
    case 400:
    case 405:
    case 406:
    case 413:
    case 415:
    case UNPROCESSABLE:
        return E_INVALID;
    case 401:
    case 403:
        return E_DENIED;
    case 404:
        return E_NOT_FOUND;
    case 409:
        return E_CONFLICT;
    case 410:
        return E_GONE;
    case 429:
        return E_THROTTLED;
    case 408:
    case 504:
        return E_TIMEOUT;
    default:
        return E_TRANSPORT;
    }
}

int status_to_err(const struct status *st, int http_code, struct err *err)
{
    if (http_code >= 200 && http_code < 300) {
        return 0;
    }
    enum errc code = code_of(st, http_code);
    struct strview reason = st->reason.len != 0 ? st->reason : sv_from(err_name(code));
    if (st->message.len != 0) {
        err_set(err, code, "%d %.*s: %.*s", http_code, SV_ARG(reason), SV_ARG(st->message));
    } else {
        err_set(err, code, "%d %.*s", http_code, SV_ARG(reason));
    }
    if (err != NULL) {
        err->detail = http_code;
        err->retry_after_ms = st->retry_after_seconds * 1000;
    }
    return -1;
}

static void put_denials(struct strbuf *b, const struct violations *v)
{
    size_t listed = 0;
    size_t limit = b->len + STATUS_MESSAGE_MAX;
    for (size_t i = 0; i < v->count; i++) {
        const struct violation *it = &v->items[i];
        if (it->severity != SEVERITY_DENY) {
            continue;
        }
        // ": " within, ", " before.
        if (listed != 0 && b->len + it->path.len + it->message.len + 4 > limit) {
            break;
        }
        strbuf_put_str(b, listed != 0 ? ", " : "");
        strbuf_put(b, it->path);
        strbuf_put_str(b, ": ");
        strbuf_put(b, it->message);
        listed++;
    }
    if (listed < v->denials) {
        strbuf_printf(b, "%sand %zu more", listed != 0 ? ", " : "", v->denials - listed);
    }
}

/// As apimachinery's aggregate of field errors: brackets only around several.
static void put_message(struct strbuf *b, struct strview group, struct strview kind,
                        struct strview name, const struct violations *v)
{
    strbuf_put(b, kind);
    if (group.len != 0) {
        strbuf_put_char(b, '.');
        strbuf_put(b, group);
    }
    strbuf_put_str(b, " \"");
    strbuf_put(b, name);
    strbuf_put_str(b, "\" is invalid: ");
    strbuf_put_str(b, v->denials > 1 ? "[" : "");
    put_denials(b, v);
    strbuf_put_str(b, v->denials > 1 ? "]" : "");
}

static void put_cause(struct json_out *o, const struct violation *it)
{
    json_out_begin_object(o);
    json_out_kv_str(o, "reason", cause_reason_name(it->reason));
    json_out_kv_string(o, "message", it->message);
    json_out_kv_string(o, "field", it->path);
    json_out_end_object(o);
}

static void begin_failure(struct json_out *o, int code, const char *reason, struct strview message)
{
    json_out_begin_object(o);
    json_out_kv_str(o, "status", "Failure");
    json_out_kv_int(o, "code", code);
    if (reason != NULL) {
        json_out_kv_str(o, "reason", reason);
    }
    json_out_kv_string(o, "message", message);
}

void status_put_invalid(struct json_out *o, struct strview group, struct strview kind,
                        struct strview name, const struct violations *v)
{
    // A first cause is listed whatever its length; paths and messages end at 1 KiB each.
    CLEANUP(strbuf_done)
    struct strbuf text =
        STRBUF_IN(v->arena, 2 * STATUS_MESSAGE_MAX + group.len + kind.len + name.len);
    put_message(&text, group, kind, name, v);
    if (!strbuf_ok(&text)) {
        o->buf->failed = true;
    }
    begin_failure(o, UNPROCESSABLE, "Invalid", strbuf_view(&text));
    json_out_key_object(o, "details");
    json_out_kv_string(o, "group", group);
    json_out_kv_string(o, "kind", kind);
    json_out_kv_string(o, "name", name);
    json_out_key_array(o, "causes");
    for (size_t i = 0; i < v->count; i++) {
        if (v->items[i].severity == SEVERITY_DENY) {
            put_cause(o, &v->items[i]);
        }
    }
    json_out_end_array(o);
    json_out_end_object(o);
    json_out_end_object(o);
}

void status_put_failure(struct json_out *o, int code, const char *reason, struct strview message)
{
    begin_failure(o, code, reason, message);
    json_out_end_object(o);
}
