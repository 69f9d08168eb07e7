// SPDX-License-Identifier: Apache-2.0
#include "controller/audit_status.h"

#include "common/json/out.h"
#include "common/k8s/timestamp.h"

#define STATUS_MAX ((size_t)256 << 10)

static const char *const REASONS[] = {
#define C(reason, meaning) reason,
    AUDIT_REASONS(C)
#undef C
};

static const char *const ENFORCEMENTS[] = {
    [SEVERITY_DENY] = "Deny", [SEVERITY_WARN] = "Warn", [SEVERITY_AUDIT] = "Audit"};

static void put_time(struct json_out *o, const char *key, int64_t ms)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
    timestamp_put(&b, ms);
    json_out_kv_string(o, key, strbuf_view(&b));
}

/// The condition Ready of LIVE.
static const struct json *ready_of(const struct json *live)
{
    json_each(c, json_get_path(live, "status", "conditions", NULL)) {
        if (sv_eq_lit(json_get_string(c, SV("type")), "Ready")) {
            return c;
        }
    }
    return NULL;
}

static void put_ready(const struct audit_told *told, const struct json *live, struct json_out *o)
{
    const struct json *was = ready_of(live);
    const char *status = told->faults == 0 ? "True" : "False";
    struct strview since = json_get_string(was, SV("lastTransitionTime"));
    json_out_key_array(o, "conditions");
    json_out_begin_object(o);
    json_out_kv_str(o, "type", "Ready");
    json_out_kv_str(o, "status", status);
    json_out_kv_int(o, "observedGeneration", told->found->policy->generation);
    if (since.len != 0 && sv_eq(json_get_string(was, SV("status")), sv_from(status))) {
        json_out_kv_string(o, "lastTransitionTime", since);
    } else {
        put_time(o, "lastTransitionTime", told->now_ms);
    }
    json_out_kv_str(o, "reason", REASONS[told->faults != 0]);
    json_out_kv_string(o, "message",
                       told->faults == 0 ? SV("every part of the policy is in force")
                                         : told->faults_text);
    json_out_end_object(o);
    json_out_end_array(o);
}

static void put_examples(const struct audit_policy *p, struct json_out *o)
{
    json_out_key_array(o, "examples");
    for (size_t i = 0; i < p->n_examples; i++) {
        const struct audit_example *e = &p->examples[i];
        json_out_begin_object(o);
        json_out_kv_string(o, "namespace", e->ns);
        json_out_kv_string(o, "name", e->name);
        json_out_kv_string(o, "rule", e->rule);
        json_out_kv_string(o, "field", e->field);
        json_out_kv_string(o, "message", e->message);
        json_out_kv_str(o, "enforcement", ENFORCEMENTS[e->severity]);
        json_out_end_object(o);
    }
    json_out_end_array(o);
}

/// Whether each member of NOW but lastAudit stands in WAS as it is.
static bool is_same(const struct json *now, const struct json *was)
{
    json_each(member, now) {
        if (!sv_eq_lit(json_key(member), "lastAudit") &&
            !json_equal(member, json_get(was, json_key(member)))) {
            return false;
        }
    }
    return true;
}

int audit_status(const struct audit_told *told, const struct json *live, struct arena *arena,
                 struct strview *ret, bool *ret_changed, struct err *err)
{
    const struct audit_policy *p = told->found;
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(STATUS_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_kv_int(&o, "observedGeneration", p->policy->generation);
    put_ready(told, live, &o);
    json_out_kv_int(&o, "audited", p->audited);
    json_out_kv_int(&o, "violating", p->violating);
    json_out_kv_int(&o, "violations", audit_violations(p));
    json_out_kv_int(&o, "denied", p->findings[SEVERITY_DENY]);
    json_out_kv_int(&o, "warned", p->findings[SEVERITY_WARN]);
    json_out_kv_int(&o, "exempted", p->exempted);
    put_time(&o, "lastAudit", told->now_ms);
    put_examples(p, &o);
    json_out_end_object(&o);
    const struct json *now;
    struct strview text = strbuf_ok(&b) ? arena_copy(arena, strbuf_view(&b)) : SV_NONE;
    if (!sv_present(text) || json_parse(text, &JSON_LIMITS_DEFAULT, arena, &now, err) != 0) {
        return err_set(err, E_NOMEM, "no memory for a policy's status");
    }
    *ret_changed = !is_same(now, json_get_lit(live, "status"));
    *ret =
        arena_printf(arena, "{\"metadata\":{\"resourceVersion\":\"%.*s\"},\"status\":%.*s}",
                     SV_ARG(json_string(json_get_path(live, "metadata", "resourceVersion", NULL))),
                     SV_ARG(text));
    return arena_ok(arena) ? 0 : err_set(err, E_NOMEM, "no memory for a policy's status");
}

int64_t audit_status_time(const struct json *live)
{
    return timestamp_or_zero(json_string(json_get_path(live, "status", "lastAudit", NULL)));
}
