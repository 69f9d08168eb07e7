// SPDX-License-Identifier: Apache-2.0
#include "controller/status.h"

#include "common/json/out.h"
#include "common/k8s/timestamp.h"
#include "controller/objects.h"
#include "controller/phase.h"
#include "controller/status_events.h"
#include "controller/status_job.h"

#define STATUS_TEXT_MAX (256 * 1024)

/// What changes without an end while all is well (checkpoints, free slots) is written together with
/// something else, or this long after Flink's answer that the status was last made from.
#define SLOW_MS 60000

static const struct json *stored_status(const struct reconcile *rc)
{
    return rc->observed->cluster.status;
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
    const struct json *stored = condition_stored(rc, type);
    struct strview since = json_get_string(stored, SV("lastTransitionTime"));
    struct strbuf now = STRBUF(64);
    if (since.len == 0 ||
        !sv_eq_lit(json_get_string(stored, SV("status")), condition_value_name(c->value))) {
        timestamp_put(&now, rc->observed->now_ms);
        since = strbuf_view(&now);
    }
    json_out_begin_object(o);
    json_out_kv_str(o, "type", condition_type_name(type));
    json_out_kv_str(o, "status", condition_value_name(c->value));
    json_out_kv_int(o, "observedGeneration", rc->observed->generation);
    json_out_kv_string(o, "lastTransitionTime", since);
    json_out_kv_string(o, "reason", c->reason);
    json_out_kv_string(o, "message", c->message);
    json_out_end_object(o);
    strbuf_done(&now);
}

/// Without HA the newest JobManager leads; its name is kept while no pod is seen, since a next one
/// must first ask after it (plan_pods.c). With HA Flink's own ConfigMap tells.
static struct strview leader_of(const struct reconcile *rc, const struct situation *now)
{
    if (!now->acceptance->has_last) {
        return SV_NONE;
    }
    if (now->desired.ha) {
        return rc->observed->ha.leader;
    }
    if (sv_present(now->census.job_manager)) {
        return now->census.job_manager;
    }
    return json_string(json_get_path(stored_status(rc), "jobManager", "leader", NULL));
}

/// What Flink told of TaskManagers and slots; nothing while nobody can be asked.
static void put_slots(const struct situation *now, struct json_out *o)
{
    const struct flink_observation *f = now->job.flink;
    const struct {
        const char *key;
        int64_t n;
    } rows[] = {{"registered", f != NULL ? f->task_manager_count : FLINK_UNKNOWN},
                {"slotsTotal", f != NULL ? f->slots : FLINK_UNKNOWN},
                {"slotsFree", f != NULL ? f->slots_free : FLINK_UNKNOWN}};
    bool nobody = f == NULL && now->census.live[POD_JOB_MANAGER] == 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].n >= 0) {
            json_out_kv_int(o, rows[i].key, rows[i].n);
        } else if (nobody) {
            json_out_key(o, sv_from(rows[i].key));
            json_out_null(o);
        }
    }
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
    put_slots(now, o);
    json_out_kv_string(o, "selector", selector_text(rc, POD_TASK_MANAGER));
    json_out_end_object(o);
}

static struct strview stored_revision(const struct reconcile *rc, const char *key)
{
    return json_string(json_get_path(stored_status(rc), "revision", key, NULL));
}

/// Whether the run of the accepted revision did what it is for.
static bool is_good(const struct situation *now, const struct condition *conditions)
{
    const struct condition *job = &conditions[CONDITION_JOB_RUNNING];
    return now->acceptance->last.effective.session
               ? conditions[CONDITION_AVAILABLE].value == CONDITION_TRUE
               : job->value == CONDITION_TRUE || condition_has(job, REASON_FINISHED);
}

static void put_revision(const struct reconcile *rc, const struct situation *now,
                         const struct condition *conditions, struct strview name,
                         struct json_out *o)
{
    bool rolling = now->census.old > 0;
    struct strview current = stored_revision(rc, "current");
    bool rolled = sv_present(stored_revision(rc, "updating")) && !rolling;
    json_out_key_object(o, "revision");
    put_or_null(o, "current", rolling ? current : name);
    put_or_null(o, "updating", rolling ? name : SV_NONE);
    put_or_null(o, "previous", rolled ? current : stored_revision(rc, "previous"));
    if (is_good(now, conditions)) {
        json_out_kv_string(o, "good", name);
    }
    json_out_end_object(o);
}

static void put_flink(const struct situation *now, struct json_out *o)
{
    const struct flink_observation *f = now->job.flink;
    if (f == NULL || f->seen_ms == 0) {
        // What is stored may be of the run before.
        if (sv_present(now->job.id) && now->job.stored == NULL) {
            json_out_key(o, SV("flink"));
            json_out_null(o);
        }
        return;
    }
    json_out_key_object(o, "flink");
    if (sv_present(f->version)) {
        json_out_kv_string(o, "version", f->version);
    }
    status_time_put("lastSeen", f->seen_ms, o);
    json_out_end_object(o);
}

/// What is in effect: the last accepted generation, whatever the newest one says.
static void put_record(const struct reconcile *rc, const struct situation *now,
                       const struct condition *conditions, struct json_out *o)
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
    put_flink(now, o);
    if (sv_present(r->job_id)) {
        status_job_put(rc, now, &conditions[CONDITION_JOB_RUNNING], o);
    }
    put_revision(rc, now, conditions, name, o);
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
    json_out_kv_str(&o, "phase", phase_name(phase_derive(rc, now, conditions)));
    put_counts(rc, now, &o);
    if (now->acceptance->has_last) {
        put_record(rc, now, conditions, &o);
    }
    json_out_end_object(&o);
    json_out_end_object(&o);
    return text_take(rc->arena, &b);
}

// ---- what changed -------------------------------------------------------------------

enum change {
    CHANGE_NONE,
    CHANGE_SLOW, // may wait, see SLOW_MS
    CHANGE_NOW,
};

/// What merging PATCH, the member KEY, into STORED would change.
static enum change change_of(struct strview key, const struct json *patch,
                             const struct json *stored)
{
    bool slow = sv_eq_lit(key, "lastCheckpoint") || sv_eq_lit(key, "slotsFree");
    enum change found = CHANGE_NONE;
    if (sv_eq_lit(key, "lastSeen")) {
        return CHANGE_NONE;
    }
    if (json_type(patch) == JSON_NULL) {
        return stored == NULL ? CHANGE_NONE : CHANGE_NOW;
    }
    if (json_type(patch) != JSON_OBJECT || json_type(stored) != JSON_OBJECT) {
        found = json_equal(patch, stored) ? CHANGE_NONE : CHANGE_NOW;
    } else {
        json_each(member, patch) {
            enum change c = change_of(json_key(member), member, json_get(stored, json_key(member)));
            found = c > found ? c : found;
        }
    }
    return slow && stored != NULL && found == CHANGE_NOW ? CHANGE_SLOW : found;
}

/// Whether the status is to be written now.
static bool is_due(struct steps *s, const struct json *patch)
{
    const struct json *stored = stored_status(s->rc);
    int64_t seen;
    switch (change_of(SV_NONE, json_get_lit(patch, "status"), stored)) {
    case CHANGE_NONE:
        return false;
    case CHANGE_SLOW:
        if (!timestamp_parse(json_string(json_get_path(stored, "flink", "lastSeen", NULL)),
                             &seen) ||
            seen + SLOW_MS <= s->rc->observed->now_ms || seen > s->rc->observed->now_ms) {
            return true; // also when our clock went back
        }
        steps_look_again(s, seen + SLOW_MS);
        return false;
    case CHANGE_NOW:
        return true;
    }
    return true;
}

int status_plan(struct steps *s, const struct situation *now, struct err *err)
{
    const struct reconcile *rc = s->rc;
    struct condition conditions[CONDITION_COUNT];
    const struct json *patch;
    conditions_derive(s, now, conditions);
    struct strview text = status_text(rc, now, conditions);
    if (arena_check(rc->arena, err) != 0 ||
        json_parse(text, &JSON_LIMITS_DEFAULT, rc->arena, &patch, err) != 0) {
        return -1;
    }
    if (is_due(s, patch)) {
        status_events_add(s, now, conditions, leader_of(rc, now));
        steps_add(s, (struct action){.verb = ACTION_STATUS,
                                     .name = rc->observed->cluster.name,
                                     .uid = rc->observed->uid,
                                     .body = text});
    }
    if (now->job.ended && now->job.leaves_ms > rc->observed->now_ms) {
        steps_look_again(s, now->job.leaves_ms);
    }
    return arena_check(rc->arena, err);
}
