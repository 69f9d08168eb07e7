// SPDX-License-Identifier: Apache-2.0
#include "controller/status.h"

#include "common/json/out.h"
#include "common/k8s/timestamp.h"
#include "controller/objects.h"

#define STATUS_TEXT_MAX (256 * 1024)

static const char *const NAMES[CONDITION_COUNT] = {
#define C(id, name, when) [CONDITION_##id] = name,
    STATUS_CONDITIONS(C)
#undef C
};

static const char *value_name(enum condition_value v)
{
    return v == CONDITION_TRUE ? "True" : v == CONDITION_FALSE ? "False" : "Unknown";
}

static const struct json *stored_status(const struct reconcile *rc)
{
    return rc->observed->cluster.status;
}

static const struct json *stored_condition(const struct reconcile *rc, enum condition_type type)
{
    json_each(c, json_get_lit(stored_status(rc), "conditions")) {
        if (sv_eq_lit(json_get_string(c, SV("type")), NAMES[type])) {
            return c;
        }
    }
    return NULL;
}

// ---- the text -----------------------------------------------------------------------

/// In a merge patch a member that should not stand is null.
static void put_or_null(struct json_out *o, const char *key, struct strview text)
{
    json_out_key(o, sv_from(key));
    if (sv_present(text)) {
        json_out_string(o, text);
    } else {
        json_out_null(o);
    }
}

static void put_condition(const struct reconcile *rc, enum condition_type type,
                          const struct condition *c, struct json_out *o)
{
    const struct json *stored = stored_condition(rc, type);
    struct strview since = json_get_string(stored, SV("lastTransitionTime"));
    struct strbuf now = STRBUF(64);
    if (since.len == 0 || !sv_eq_lit(json_get_string(stored, SV("status")), value_name(c->value))) {
        timestamp_put(&now, rc->observed->now_ms);
        since = strbuf_view(&now);
    }
    json_out_begin_object(o);
    json_out_kv_str(o, "type", NAMES[type]);
    json_out_kv_str(o, "status", value_name(c->value));
    json_out_kv_int(o, "observedGeneration", rc->observed->generation);
    json_out_kv_string(o, "lastTransitionTime", since);
    json_out_kv_str(o, "reason", c->reason);
    json_out_kv_string(o, "message", c->message);
    json_out_end_object(o);
    strbuf_done(&now);
}

/// Without HA the newest JobManager leads; its name is kept while no pod is seen, since a next one
/// must first ask after it (plan_pods.c). With HA the leader is told by Flink: not in this release.
static struct strview leader_of(const struct reconcile *rc, const struct situation *now)
{
    if (!now->acceptance->has_last || now->desired.ha) {
        return SV_NONE;
    }
    if (sv_present(now->census.job_manager)) {
        return now->census.job_manager;
    }
    return json_string(json_get_path(stored_status(rc), "jobManager", "leader", NULL));
}

static void put_counts(const struct reconcile *rc, const struct situation *now, struct json_out *o)
{
    const struct pod_census *c = &now->census;
    json_out_key_object(o, "jobManager");
    json_out_kv_int(o, "replicas", c->live[POD_JOB_MANAGER]);
    json_out_kv_int(o, "ready", c->ready[POD_JOB_MANAGER]);
    put_or_null(o, "leader", leader_of(rc, now));
    json_out_end_object(o);
    json_out_key_object(o, "taskManager");
    json_out_kv_int(o, "replicas", c->live[POD_TASK_MANAGER]);
    json_out_kv_int(o, "ready", c->ready[POD_TASK_MANAGER]);
    json_out_kv_string(o, "selector", selector_text(rc, POD_TASK_MANAGER));
    json_out_end_object(o);
}

static struct strview stored_revision(const struct reconcile *rc, const char *key)
{
    return json_string(json_get_path(stored_status(rc), "revision", key, NULL));
}

static void put_revision(const struct reconcile *rc, const struct situation *now,
                         struct strview name, struct json_out *o)
{
    bool rolling = now->census.old > 0;
    struct strview current = stored_revision(rc, "current");
    bool rolled = sv_present(stored_revision(rc, "updating")) && !rolling;
    json_out_key_object(o, "revision");
    put_or_null(o, "current", rolling ? current : name);
    put_or_null(o, "updating", rolling ? name : SV_NONE);
    put_or_null(o, "previous", rolled ? current : stored_revision(rc, "previous"));
    json_out_end_object(o);
}

/// What is in effect: the last accepted generation, whatever the newest one says.
static void put_record(const struct reconcile *rc, const struct situation *now, struct json_out *o)
{
    const struct record *r = &now->acceptance->last;
    struct strview name = record_name_make(rc->arena, rc->observed->cluster.name, r->number);
    json_out_kv_int(o, "parallelism", r->effective.numbers.parallelism);
    json_out_kv_string(o, "image", r->cluster.spec.image);
    json_out_kv_string(o, "flinkVersion", flink_version_text(rc->arena, r->effective.version));
    json_out_key_object(o, "accepted");
    json_out_kv_int(o, "generation", r->generation);
    json_out_kv_string(o, "revision", name);
    json_out_end_object(o);
    if (sv_present(r->job_id)) {
        json_out_key_object(o, "job");
        json_out_kv_string(o, "id", r->job_id);
        json_out_end_object(o);
    }
    put_revision(rc, now, name, o);
}

static struct strview status_text(const struct reconcile *rc, const struct situation *now,
                                  const struct condition *conditions)
{
    struct strbuf b = STRBUF(STATUS_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_key_object(&o, "status");
    json_out_kv_int(&o, "observedGeneration", rc->observed->generation);
    json_out_key_array(&o, "conditions");
    for (int i = 0; i < CONDITION_COUNT; i++) {
        put_condition(rc, (enum condition_type)i, &conditions[i], &o);
    }
    json_out_end_array(&o);
    json_out_kv_str(&o, "phase", phase_derive(rc, now, conditions));
    put_counts(rc, now, &o);
    if (now->acceptance->has_last) {
        put_record(rc, now, &o);
    }
    json_out_end_object(&o);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

// ---- what changed -------------------------------------------------------------------

/// Whether merging PATCH into STORED would leave it as it is.
static bool changes_nothing(const struct json *patch, const struct json *stored)
{
    if (json_type(patch) == JSON_NULL) {
        return stored == NULL;
    }
    if (json_type(patch) != JSON_OBJECT || json_type(stored) != JSON_OBJECT) {
        return json_equal(patch, stored);
    }
    json_each(member, patch) {
        if (!changes_nothing(member, json_get(stored, json_key(member)))) {
            return false;
        }
    }
    return true;
}

/// Whether a condition became VALUE, or is it in other words than before.
static bool is_news(const struct reconcile *rc, enum condition_type type, const struct condition *c,
                    enum condition_value value)
{
    const struct json *stored = stored_condition(rc, type);
    if (c->value != value) {
        return false;
    }
    return !sv_eq_lit(json_get_string(stored, SV("status")), value_name(value)) ||
           !sv_eq_lit(json_get_string(stored, SV("reason")), c->reason) ||
           !sv_eq(json_get_string(stored, SV("message")), c->message);
}

/// What the conditions tell of a pod for the first time.
static void add_troubles(struct steps *s, const struct pod_census *census,
                         const struct condition *all)
{
    for (size_t i = 0; i < census->n_troubles; i++) {
        const struct pod_trouble *t = &census->troubles[i];
        bool told = false;
        bool known = false;
        for (int c = 0; c < CONDITION_COUNT; c++) {
            const struct json *stored = stored_condition(s->rc, (enum condition_type)c);
            told = told || trouble_is_told(t, all[c].message);
            known = known || trouble_is_told(t, json_get_string(stored, SV("message")));
        }
        if (told && !known) {
            struct strbuf b = STRBUF(4096);
            trouble_put(&b, t);
            steps_event(s, EVENT_POD_TROUBLE, text_take(s->rc->arena, &b));
        }
    }
}

static void add_events(struct steps *s, const struct situation *now, const struct condition *all)
{
    const struct reconcile *rc = s->rc;
    const struct acceptance *a = now->acceptance;
    if (is_news(rc, CONDITION_ACCEPTED, &all[CONDITION_ACCEPTED], CONDITION_FALSE)) {
        steps_event(s, EVENT_NOT_ACCEPTED, all[CONDITION_ACCEPTED].message);
    } else if (is_news(rc, CONDITION_ACCEPTED, &all[CONDITION_ACCEPTED], CONDITION_TRUE)) {
        steps_event(s, EVENT_ACCEPTED, all[CONDITION_ACCEPTED].message);
    }
    if (a->verdict == ACCEPT_WAITS &&
        is_news(rc, CONDITION_RECONCILING, &all[CONDITION_RECONCILING], CONDITION_TRUE)) {
        steps_event(s, EVENT_CHANGE_WAITS, a->waits);
    }
    if (a->verdict != ACCEPT_REJECTED &&
        is_news(rc, CONDITION_STALLED, &all[CONDITION_STALLED], CONDITION_TRUE)) {
        steps_event(s, EVENT_REFUSED, all[CONDITION_STALLED].message);
    }
    bool runs = a->has_last && record_runs(&a->last);
    struct strview told = json_string(json_get_path(stored_status(rc), "job", "id", NULL));
    if (runs && sv_present(a->last.job_id) && !sv_eq(told, a->last.job_id)) {
        steps_event(s, EVENT_RUN_STARTS,
                    arena_printf(rc->arena, "run %.*s, job id %.*s", SV_ARG(a->last.run),
                                 SV_ARG(a->last.job_id)));
    }
    struct strview phase = json_get_string(stored_status(rc), SV("phase"));
    if (a->has_last && !runs && !sv_starts(phase, SV("Suspend"))) {
        steps_event(s, EVENT_SUSPENDED, SV("suspended: no pods are wanted"));
    }
}

int status_plan(struct steps *s, const struct situation *now, struct err *err)
{
    const struct reconcile *rc = s->rc;
    struct condition conditions[CONDITION_COUNT];
    const struct json *patch;
    conditions_derive(rc, now, conditions);
    struct strview text = status_text(rc, now, conditions);
    if (arena_check(rc->arena, err) != 0 ||
        json_parse(text, &JSON_LIMITS_DEFAULT, rc->arena, &patch, err) != 0) {
        return -1;
    }
    if (!changes_nothing(json_get_lit(patch, "status"), stored_status(rc))) {
        add_events(s, now, conditions);
        add_troubles(s, &now->census, conditions);
        steps_add(s, (struct action){.verb = ACTION_STATUS,
                                     .name = rc->observed->cluster.name,
                                     .uid = rc->observed->uid,
                                     .body = text});
    }
    return arena_check(rc->arena, err);
}
