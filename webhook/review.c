// SPDX-License-Identifier: Apache-2.0
#include "webhook/review.h"

#include "common/flink/cluster.h"
#include "common/flink/decode.h"
#include "common/flink/defaults.h"
#include "common/flink/rules.h"
#include "common/json/patch.h"
#include "common/json/view.h"

#define PATCH_MAX_BYTES ((size_t)64 << 10)
/// Rules of one answer's audit annotation: beyond, the last ones are left out.
#define AUDIT_RULES_MAX 32

/// One review under way.
struct review {
    struct arena *arena;
    struct strbuf *out;
    struct review_result *result;
    enum review_kind kind;
    const struct review_context *context;
    struct admission_request request;
    struct admission_response response;
    struct violations violations;
    struct json_patch patch;
};

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

static void allow(struct review *r)
{
    r->response.allowed = true;
    r->result->verdict = REVIEW_ALLOWED;
}

static void refuse(struct review *r, enum review_verdict verdict, int code, const char *reason,
                   const char *message)
{
    r->response.allowed = false;
    r->response.code = code;
    r->response.reason = reason;
    r->response.message = sv_from(message);
    r->result->verdict = verdict;
}

/// A body that is no review, or no JSON: answered under its uid if there is one, since a non-2xx
/// answer is never shown to the user, and lets the object in where failurePolicy is Ignore.
static void answer_malformed(struct review *r, const struct err *err)
{
    switch (err->code == E_TOO_LARGE ? 413 : err->code == E_NOMEM ? 500 : 400) {
    case 413:
        refuse(r, REVIEW_MALFORMED, 413, "RequestEntityTooLarge", err->msg);
        break;
    case 500:
        refuse(r, REVIEW_ERROR, 500, "InternalError", err->msg);
        break;
    default:
        refuse(r, REVIEW_MALFORMED, 400, "BadRequest", err->msg);
        break;
    }
    if (!sv_present(r->response.uid)) {
        r->result->http_status = r->response.code;
    }
}

/// The rules that spoke, each once, in their order.
static struct strview rules_that_spoke(struct review *r)
{
    const char *seen[AUDIT_RULES_MAX];
    size_t n = 0;
    struct strview text = SV_NONE;
    for (size_t i = 0; i < r->violations.count && n < AUDIT_RULES_MAX; i++) {
        const char *rule = r->violations.items[i].rule;
        size_t k = 0;
        while (k < n && strcmp(seen[k], rule) != 0) {
            k++;
        }
        if (k == n) {
            seen[n++] = rule;
            text = n == 1 ? sv_from(rule) : arena_printf(r->arena, "%.*s,%s", SV_ARG(text), rule);
        }
    }
    return text;
}

/// For the audit log: what was judged by, and how hard.
static void note_audit(struct review *r)
{
    admission_audit_add(&r->response, "rules", rules_that_spoke(r));
    admission_audit_add(&r->response, "enforcement", SV("Deny"));
}

static void answer_violations(struct review *r)
{
    note_audit(r);
    r->response.violations = &r->violations;
    if (r->violations.denials != 0) {
        r->response.allowed = false;
        r->response.code = 422;
        r->result->verdict = REVIEW_DENIED;
    } else {
        allow(r);
    }
}

// ---- the two reviews --------------------------------------------------------------------------

/// Both objects and the schema's faults of the new one; the old one's own are not the user's now.
static void decode_both(struct review *r, struct flink_cluster *now, struct flink_cluster *old)
{
    struct violations ignored = VIOLATIONS(r->arena, 0);
    flink_decode_update(r->request.object, r->request.old_object, now, &r->violations);
    if (r->request.old_object != NULL) {
        flink_decode(r->request.old_object, old, &ignored);
    }
}

static void mutate(struct review *r)
{
    struct flink_cluster now, old_cluster;
    const struct flink_cluster *old = r->request.old_object != NULL ? &old_cluster : NULL;
    decode_both(r, &now, &old_cluster);
    flink_schema_rules(&now, old, &r->violations);
    struct flink_defaults_input in = {.now = &now, .old = old};
    if (r->violations.denials != 0) {
        // The API server would now stop at the schema and report that alone; so all is said here.
        struct flink_cluster foreseen;
        flink_defaults_foresee(&in, r->arena, &foreseen);
        struct flink_rules_input input = {.now = &foreseen, .old = old, .before_defaults = true};
        flink_rules_check(&input, &r->violations);
        answer_violations(r);
        return;
    }
    // Any other fault waits for validation, which sees the final object; so do the warnings.
    struct err err;
    if (flink_defaults(&in, r->arena, &r->patch, &err) != 0) {
        refuse(r, REVIEW_ERROR, 500, "InternalError", "the defaults could not be worked out");
        return;
    }
    if (r->patch.count == 0) {
        allow(r);
        return;
    }
    r->response.patch = json_patch_end(&r->patch);
    if (!sv_present(r->response.patch)) {
        refuse(r, REVIEW_ERROR, 500, "InternalError", "the defaults do not fit into a patch");
        return;
    }
    allow(r);
    r->result->verdict = REVIEW_PATCHED;
}

static void validate(struct review *r)
{
    struct flink_cluster now, old_cluster;
    const struct flink_cluster *old = r->request.old_object != NULL ? &old_cluster : NULL;
    decode_both(r, &now, &old_cluster);
    flink_schema_rules(&now, old, &r->violations);
    struct flink_rules_input input = {.now = &now, .old = old};
    flink_rules_check(&input, &r->violations);
    answer_violations(r);
}

static void validate_delete(struct review *r)
{
    struct flink_cluster old;
    struct violations ignored = VIOLATIONS(r->arena, 0);
    flink_decode(r->request.old_object, &old, &ignored);
    flink_rules_check_delete(&old, &r->violations);
    if (r->violations.count == 0) {
        allow(r);
        return;
    }
    refuse(r, REVIEW_DENIED, 403, "Forbidden", NULL);
    const struct violation *why = &r->violations.items[0];
    r->response.message =
        arena_printf(r->arena, "flinkclusters." FLINK_GROUP " \"%.*s\" is forbidden: %.*s: %.*s",
                     SV_ARG(r->request.name), SV_ARG(why->path), SV_ARG(why->message));
    note_audit(r);
}

static bool is_ours(const struct admission_request *q)
{
    return sv_eq_lit(q->kind.group, FLINK_GROUP) && sv_eq_lit(q->kind.version, FLINK_VERSION) &&
           sv_eq_lit(q->kind.kind, FLINK_KIND) && q->sub_resource.len == 0;
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
    bool is_cluster = is_ours(&r->request);
    r->result->object = is_cluster ? REVIEW_OBJECT_CLUSTER : REVIEW_OBJECT_UNKNOWN;
    if (!is_cluster) {
        refuse(r, REVIEW_MALFORMED, 400, "BadRequest",
               "this webhook judges FlinkClusters of sluice.dev/v1beta1 alone: its configuration "
               "sends it something else");
        return;
    }
    if (!is_within(&r->context->scope, r->request.namespace_)) {
        allow(r);
        return;
    }
    switch (r->request.operation) {
    case ADMISSION_CREATE:
    case ADMISSION_UPDATE:
        r->kind == REVIEW_MUTATE ? mutate(r) : validate(r);
        break;
    case ADMISSION_DELETE:
        r->kind == REVIEW_MUTATE ? allow(r) : validate_delete(r);
        break;
    case ADMISSION_CONNECT:
    case ADMISSION_OPERATION_COUNT:
        refuse(r, REVIEW_MALFORMED, 400, "BadRequest", "FlinkClusters know no CONNECT");
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
    refuse(r, REVIEW_ERROR, 500, "InternalError", "out of memory for this review");
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
    }
}

/// One more finding of a rule.
static void count_finding(struct review_result *ret, const struct violation *v)
{
    size_t i = 0;
    while (i < ret->finding_count && (ret->findings[i].severity != v->severity ||
                                      strcmp(ret->findings[i].rule, v->rule) != 0 ||
                                      !sv_eq(ret->findings[i].policy, v->policy))) {
        i++;
    }
    if (i == REVIEW_FINDINGS_MAX) {
        return;
    }
    if (i == ret->finding_count) {
        ret->findings[ret->finding_count++] =
            (struct review_finding){.policy = v->policy, .rule = v->rule, .severity = v->severity};
    }
    ret->findings[i].count++;
}

static void count_findings(const struct violations *v, struct review_result *ret)
{
    for (size_t i = 0; i < v->count; i++) {
        size_t *const by_severity[] = {[SEVERITY_DENY] = &ret->causes,
                                       [SEVERITY_WARN] = &ret->warnings,
                                       [SEVERITY_AUDIT] = &ret->audits};
        (*by_severity[v->items[i].severity])++;
        count_finding(ret, &v->items[i]);
    }
}

/// The owners of fields are seldom asked for, and an update mostly changes little.
static const struct json_shortcuts SPARED = {
    .later = SV_INIT("managedFields"), .model = SV_INIT("object"), .like = SV_INIT("oldObject")};

void review_run(const struct review_context *context, struct strview body, enum review_kind kind,
                struct arena *arena, struct strbuf *out, struct review_result *ret)
{
    *ret = (struct review_result){.verdict = REVIEW_ERROR, .http_status = 200};
    struct review r = {.arena = arena,
                       .out = out,
                       .result = ret,
                       .kind = kind,
                       .context = context,
                       .violations = VIOLATIONS(arena, REVIEW_CAUSES_MAX),
                       .patch = JSON_PATCH(PATCH_MAX_BYTES)};
    struct err err = {.code = E_OK};
    const struct json *root = NULL;
    if (json_parse_with(&SPARED, body, &JSON_LIMITS_DEFAULT, arena, &root, &err) != 0) {
        r.response = ADMISSION_RESPONSE(json_scan_uid(body));
        answer_malformed(&r, &err);
    } else if (admission_decode(root, &r.request, &err) != 0) {
        r.response = ADMISSION_RESPONSE(r.request.uid);
        answer_malformed(&r, &err);
    } else {
        r.response = ADMISSION_RESPONSE(r.request.uid);
        r.response.group = SV(FLINK_GROUP);
        r.response.kind = SV(FLINK_KIND);
        r.response.name = r.request.name;
        dispatch(&r);
    }
    write_answer(&r);
    count_findings(&r.violations, ret);
    ret->code = r.response.allowed ? 0 : r.response.code;
    ret->dry_run = r.request.dry_run;
    ret->operation = r.request.operation;
    ret->uid = r.response.uid;
    ret->ns = r.request.namespace_;
    ret->name = r.request.name;
    ret->username = r.request.username;
    json_patch_done(&r.patch);
}
