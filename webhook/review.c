// SPDX-License-Identifier: Apache-2.0
#include "webhook/review.h"

#include <stddef.h>
#include <string.h>

#include "common/flink/cluster.h"
#include "common/json/view.h"
#include "common/policy/policy.h"
#include "webhook/review_run.h"

// What `kubectl scale` and autoscalers write.
#define SCALE_GROUP   "autoscaling"
#define SCALE_VERSION "v1"
#define SCALE_KIND    "Scale"

const char *review_kind_name(enum review_kind k)
{
    static const char *const NAMES[] = {
#define X(id, name) [REVIEW_##id] = name,
        REVIEW_KINDS(X)
#undef X
    };
    return NAMES[k];
}

const char *review_verdict_name(enum review_verdict v)
{
    static const char *const NAMES[] = {
#define X(id, name) [REVIEW_##id] = name,
        REVIEW_VERDICTS(X)
#undef X
    };
    return NAMES[v];
}

const char *review_object_name(enum review_object o)
{
    static const char *const NAMES[] = {
#define X(id, name) [REVIEW_OBJECT_##id] = name,
        REVIEW_OBJECTS(X)
#undef X
    };
    return NAMES[o];
}

// ---- answers ----------------------------------------------------------------------------------

void review_allow(struct review *r)
{
    r->response.allowed = true;
    r->result->verdict = REVIEW_ALLOWED;
}

void review_refuse(struct review *r, enum review_verdict verdict, int code, const char *reason,
                   struct strview message)
{
    r->response.allowed = false;
    r->response.code = code;
    r->response.reason = reason;
    r->response.message = message;
    r->result->verdict = verdict;
}

void review_answer_unknown(struct review *r, struct strview what)
{
    r->violations = VIOLATIONS(r->arena, REVIEW_CAUSES_MAX);
    const struct review_context *c = r->context;
    if (c->may_wait != NULL && !c->may_wait(c->wait_ctx, r->request.uid)) {
        review_refuse(
            r, REVIEW_DENIED, 503, "ServiceUnavailable",
            arena_printf(r->arena,
                         "%.*s is not known here yet, and policies depend on it: try again",
                         SV_ARG(what)));
        return;
    }
    review_refuse(
        r, REVIEW_RETRY, 429, "TooManyRequests",
        arena_printf(r->arena, "%.*s is not known here yet: ask again in a second", SV_ARG(what)));
    if (!arena_ok(r->arena)) {
        return; // the answer says so
    }
    r->result->retry = true;
    r->result->http_status = 429;
}

void review_answer_unknown_namespace(struct review *r)
{
    review_answer_unknown(
        r, arena_printf(r->arena, "namespace \"%.*s\"", SV_ARG(r->request.namespace_)));
}

/// A body that is no review, or no JSON: answered under its uid if there is one, since a non-2xx
/// answer is never shown to the user, and lets the object in where failurePolicy is Ignore.
static void answer_malformed(struct review *r, const struct err *err)
{
    switch (err->code == E_TOO_LARGE ? 413 : err->code == E_NOMEM ? 500 : 400) {
    case 413:
        review_refuse(r, REVIEW_MALFORMED, 413, "RequestEntityTooLarge", sv_from(err->msg));
        break;
    case 500:
        review_refuse(r, REVIEW_ERROR, 500, "InternalError", sv_from(err->msg));
        break;
    default:
        review_refuse(r, REVIEW_MALFORMED, 400, "BadRequest", sv_from(err->msg));
        break;
    }
    if (!sv_present(r->response.uid)) {
        r->result->http_status = r->response.code;
    }
}

void review_answer_violations(struct review *r)
{
    review_note_audit(r);
    r->response.violations = &r->violations;
    if (r->violations.denials != 0) {
        r->response.allowed = false;
        r->response.code = 422;
        r->result->verdict = REVIEW_DENIED;
    } else {
        review_allow(r);
    }
}

static bool is_of(const struct gvk *k, const char *group, const char *version, const char *kind)
{
    return sv_eq_lit(k->group, group) && sv_eq_lit(k->version, version) && sv_eq_lit(k->kind, kind);
}

static enum review_object object_of(const struct admission_request *q)
{
    if (q->sub_resource.len == 0) {
        return is_of(&q->kind, FLINK_GROUP, FLINK_VERSION, FLINK_KIND)    ? REVIEW_OBJECT_CLUSTER
               : is_of(&q->kind, FLINK_GROUP, FLINK_VERSION, POLICY_KIND) ? REVIEW_OBJECT_POLICY
                                                                          : REVIEW_OBJECT_UNKNOWN;
    }
    bool is_scale = sv_eq_lit(q->sub_resource, "scale") &&
                    sv_eq_lit(q->resource.group, FLINK_GROUP) &&
                    sv_eq_lit(q->resource.resource, FLINK_PLURAL) &&
                    is_of(&q->kind, SCALE_GROUP, SCALE_VERSION, SCALE_KIND);
    return is_scale ? REVIEW_OBJECT_SCALE : REVIEW_OBJECT_UNKNOWN;
}

/// What a refusal is said to be about.
static void name_object(struct review *r, const char *group, const char *kind)
{
    r->response.group = sv_from(group);
    r->response.kind = sv_from(kind);
    r->response.name = r->request.name;
}

static bool is_within(const struct review_scope *scope, struct strview ns)
{
    if (scope->count == 0) {
        return true;
    }
    for (size_t i = 0; i < scope->count; i++) {
        if (sv_eq(ns, sv_from(scope->namespaces[i]))) {
            return true;
        }
    }
    return false;
}

static void dispatch(struct review *r)
{
    bool within = is_within(&r->context->scope, r->request.namespace_);
    r->result->object = object_of(&r->request);
    if (r->request.operation == ADMISSION_CONNECT) {
        review_refuse(r, REVIEW_MALFORMED, 400, "BadRequest", SV("nothing here knows CONNECT"));
        return;
    }
    switch (r->result->object) {
    case REVIEW_OBJECT_CLUSTER:
        name_object(r, FLINK_GROUP, FLINK_KIND);
        within ? review_cluster(r) : review_allow(r);
        break;
    case REVIEW_OBJECT_SCALE:
        name_object(r, SCALE_GROUP, SCALE_KIND);
        within ? review_scale(r) : review_allow(r);
        break;
    case REVIEW_OBJECT_POLICY:
        name_object(r, FLINK_GROUP, POLICY_KIND);
        review_policy(r);
        break;
    case REVIEW_OBJECT_UNKNOWN:
    case REVIEW_OBJECT_COUNT:
        review_refuse(r, REVIEW_MALFORMED, 400, "BadRequest",
                      SV("this webhook judges FlinkClusters, their scale and FlinkPolicies of "
                         "sluice.dev/v1beta1 alone: its configuration sends it something else"));
        break;
    }
}

static void write_review(struct review *r)
{
    admission_response_put(r->out, &r->response);
    if (arena_ok(r->arena) && strbuf_ok(r->out)) {
        return;
    }
    // What was gathered is not whole: no verdict may rest on it.
    strbuf_reset(r->out);
    review_refuse(r, REVIEW_ERROR, 500, "InternalError", SV("out of memory for this review"));
    r->response.violations = NULL;
    r->response.patch = SV_NONE;
    r->response.audit_count = 0;
    admission_response_put(r->out, &r->response);
}

static void write_answer(struct review *r)
{
    if (r->result->http_status == 200) {
        write_review(r);
    } else {
        strbuf_put(r->out, r->response.message);
        strbuf_put_char(r->out, '\n');
    }
    if (!strbuf_ok(r->out)) {
        strbuf_reset(r->out);
        r->result->http_status = 500;
        r->result->retry = false;
        r->result->verdict = REVIEW_ERROR;
    }
}

/// The owners of fields are seldom asked for, and an update mostly changes little.
static const struct json_shortcuts SPARED = {
    .later = SV_INIT("managedFields"), .model = SV_INIT("object"), .like = SV_INIT("oldObject")};

void review_run(const struct review_context *context, struct strview body, enum review_kind kind,
                struct arena *arena, struct strbuf *out, struct review_result *ret)
{
    memset(ret, 0, offsetof(struct review_result, findings));
    ret->verdict = REVIEW_ERROR;
    ret->http_status = 200;
    struct review r = {.arena = arena,
                       .out = out,
                       .result = ret,
                       .kind = kind,
                       .context = context,
                       .violations = VIOLATIONS(arena, REVIEW_CAUSES_MAX),
                       .patch = JSON_PATCH_IN(arena, REVIEW_PATCH_MAX)};
    UNINITIALIZED struct err err; // unless something fails
    const struct json *root = NULL;
    if (json_parse_with(&SPARED, body, &JSON_LIMITS_DEFAULT, arena, &root, &err) != 0) {
        r.response = ADMISSION_RESPONSE(json_scan_uid(body));
        answer_malformed(&r, &err);
    } else if (admission_decode(root, &r.request, &err) != 0) {
        r.response = ADMISSION_RESPONSE(r.request.uid);
        answer_malformed(&r, &err);
    } else {
        r.response = ADMISSION_RESPONSE(r.request.uid);
        dispatch(&r);
    }
    write_answer(&r);
    review_count_findings(&r);
    ret->code = r.response.allowed ? 0 : r.response.code;
    ret->dry_run = r.request.dry_run;
    ret->operation = r.request.operation;
    ret->uid = r.response.uid;
    ret->ns = r.request.namespace_;
    ret->name = r.request.name;
    ret->username = r.request.username;
    json_patch_done(&r.patch);
}
