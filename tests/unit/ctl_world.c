// SPDX-License-Identifier: Apache-2.0
#include "ctl_world.h"

#include <check.h>
#include <stdlib.h>

#include "common/json/out.h"
#include "common/k8s/timestamp.h"
#include "controller/digest.h"
#include "controller/plan_settings.h"
#include "controller/reconcile.h"
#include "controller/record.h"

/// Not SHA-256, but the same shape: 64 hex digits that hang on every byte.
static void fake_hash(struct strview text, char hex[65])
{
    static const char DIGITS[] = "0123456789abcdef";
    for (unsigned lane = 0; lane < 4; lane++) {
        uint64_t h = 1469598103934665603U + lane * 0x9E3779B97F4A7C15U;
        for (size_t i = 0; i < text.len; i++) {
            h = (h ^ (unsigned char)text.ptr[i]) * 1099511628211U;
        }
        for (unsigned i = 0; i < 16; i++) {
            hex[lane * 16 + i] = DIGITS[(h >> (60 - 4 * i)) & 15];
        }
    }
    hex[64] = '\0';
}

const struct plan_settings WORLD_SETTINGS = {.version = "0.1.0",
                                             .ha_cluster_role = "sluice-flink-ha",
                                             .render_format = RENDER_FORMAT,
                                             .revision_history = 3,
                                             .deletion_timeout_ms = 300000,
                                             .hash = fake_hash};

/// C text with ' for ", in the arena.
static struct strview quoted(struct world *w, const char *text)
{
    size_t len = strlen(text);
    char *copy = arena_alloc(&w->arena, len + 1);
    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i <= len; i++) {
        copy[i] = text[i] == '\'' ? '"' : text[i];
    }
    return sv_make(copy, len);
}

const struct json *world_parse(struct world *w, struct strview text)
{
    const struct json *v = NULL;
    struct err err = {0};
    int rc = json_parse(text, &JSON_LIMITS_DEFAULT, &w->arena, &v, &err);
    ck_assert_msg(rc == 0, "%s in %.*s", err.msg, SV_ARG(text));
    return v;
}

void world_init(struct world *w, const char *spec)
{
    memset(w, 0, sizeof(*w));
    w->arena = ARENA((size_t)2 << 30);
    w->now_ms = 1767225600000;
    w->generation = 1;
    w->render_format = RENDER_FORMAT;
    w->spec = quoted(w, spec);
    w->annotations = SV("{}");
}

void world_done(struct world *w)
{
    arena_done(&w->arena);
}

void world_edit(struct world *w, const char *spec)
{
    w->spec = quoted(w, spec);
    w->generation++;
}

// ---- what is to be seen -------------------------------------------------------------

static void put_time(struct json_out *o, const char *key, int64_t ms)
{
    struct strbuf b = STRBUF(64);
    timestamp_put(&b, ms);
    json_out_kv_string(o, key, strbuf_view(&b));
    strbuf_done(&b);
}

static void put_metadata(const struct world_object *x, const struct json *metadata,
                         struct json_out *o)
{
    json_out_key_object(o, "metadata");
    json_each(m, metadata) {
        if (!sv_eq_lit(json_key(m), "uid")) {
            json_out_key(o, json_key(m));
            json_out_value(o, m);
        }
    }
    json_out_kv_string(o, "uid", x->uid);
    put_time(o, "creationTimestamp", x->created_ms);
    if (x->deleted_ms != 0) {
        put_time(o, "deletionTimestamp", x->deleted_ms + 30000);
        json_out_kv_int(o, "deletionGracePeriodSeconds", 30);
    }
    json_out_end_object(o);
}

static void put_container_status(const struct world_object *x, struct json_out *o)
{
    json_out_begin_object(o);
    json_out_kv_str(o, "name", "flink-main-container");
    json_out_key_object(o, "state");
    if (x->phase == WORLD_FAILED) {
        json_out_key_object(o, "terminated");
        json_out_kv_str(o, "reason", x->why);
        json_out_kv_int(o, "exitCode", 137);
        put_time(o, "finishedAt", x->ended_ms);
    } else {
        json_out_key_object(o, "running");
    }
    put_time(o, "startedAt", x->started_ms);
    json_out_end_object(o);
    json_out_end_object(o);
    json_out_end_object(o);
}

static void put_pod_status(const struct world_object *x, struct json_out *o)
{
    static const char *const PHASES[] = {"Pending", "Running", "Failed"};
    json_out_key_object(o, "status");
    json_out_kv_str(o, "phase", PHASES[x->phase]);
    if (x->started_ms != 0) {
        json_out_key_array(o, "containerStatuses");
        put_container_status(x, o);
        json_out_end_array(o);
    }
    json_out_key_array(o, "conditions");
    json_out_begin_object(o);
    json_out_kv_str(o, "type", "Ready");
    json_out_kv_str(o, "status", x->ready ? "True" : "False");
    json_out_end_object(o);
    json_out_end_array(o);
    json_out_end_object(o);
}

static struct strview object_text(struct world *w, const struct world_object *x)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_each(m, world_parse(w, x->body)) {
        if (sv_eq_lit(json_key(m), "metadata")) {
            put_metadata(x, m, &o);
        } else {
            json_out_key(&o, json_key(m));
            json_out_value(&o, m);
        }
    }
    if (x->kind == CHILD_POD && x->told != NULL) {
        json_out_key(&o, SV("status"));
        json_out_value(&o, world_parse(w, quoted(w, x->told)));
    } else if (x->kind == CHILD_POD) {
        put_pod_status(x, &o);
    }
    json_out_end_object(&o);
    return text_take(&w->arena, &b);
}

const struct json *world_object_json(struct world *w, const struct world_object *x)
{
    return world_parse(w, object_text(w, x));
}

static const struct json *cluster_json(struct world *w)
{
    struct strview deleting = SV("");
    if (w->deleting) {
        struct strbuf b = STRBUF(64);
        timestamp_put(&b, w->deleted_ms != 0 ? w->deleted_ms : 1767225600000);
        deleting =
            arena_printf(&w->arena, ",\"deletionTimestamp\":\"%.*s\"", SV_ARG(strbuf_view(&b)));
        strbuf_done(&b);
    }
    struct strview finalizers =
        w->finalizers.len > 0
            ? arena_printf(&w->arena, ",\"finalizers\":%.*s", SV_ARG(w->finalizers))
            : SV("");
    struct strview status =
        w->status.len > 0 ? arena_printf(&w->arena, ",\"status\":%.*s", SV_ARG(w->status)) : SV("");
    return world_parse(
        w, arena_printf(&w->arena,
                        "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkCluster\","
                        "\"metadata\":{\"name\":\"fraud\",\"namespace\":\"payments\","
                        "\"uid\":\"" WORLD_UID "\",\"resourceVersion\":\"1\","
                        "\"annotations\":%.*s,\"generation\":%lld%.*s%.*s,"
                        "\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},"
                        "\"spec\":%.*s%.*s}",
                        SV_ARG(w->annotations), (long long)w->generation, SV_ARG(deleting),
                        SV_ARG(finalizers), SV_ARG(w->spec), SV_ARG(status)));
}

/// O as the controller remembers it: what its digest leaves.
static const struct json *remembered(struct world *w, const struct world_object *o)
{
    const struct json *whole = world_object_json(w, o);
    if (!digest_is_for(o->kind)) {
        return whole;
    }
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out out = JSON_OUT(&b);
    digest_put(o->kind, whole, &out);
    return world_parse(w, text_take(&w->arena, &b));
}

void world_observe(struct world *w, struct observed *ret)
{
    struct children children[CHILD_KIND_COUNT];
    struct err err = {0};
    for (int kind = 0; kind < CHILD_KIND_COUNT; kind++) {
        const struct json **items = ARENA_NEW_N(&w->arena, const struct json *, w->n + 1);
        size_t n = 0;
        for (size_t i = 0; i < w->n; i++) {
            const struct world_object *x = &w->objects[i];
            if ((int)x->kind == kind && !x->foreign && !x->hidden) {
                items[n++] = remembered(w, x);
            }
        }
        children[kind] = (struct children){items, n};
    }
    int rc = observed_make(cluster_json(w), children, w->now_ms, &w->arena, ret, &err);
    ck_assert_msg(rc == 0, "%s", err.msg);
    rc = observed_add_ha(ret, w->ha, w->n_ha, &w->arena, &err);
    ck_assert_msg(rc == 0, "%s", err.msg);
    ret->refused = w->refused;
    ret->n_refused = w->n_refused;
    ret->flink = w->flink;
    if (sv_present(w->leader)) {
        ret->ha.leader = w->leader;
    }
}

const struct actions *world_plan(struct world *w)
{
    struct observed observed;
    struct err err = {0};
    world_observe(w, &observed);
    struct plan_settings settings = WORLD_SETTINGS;
    settings.render_format = w->render_format;
    settings.policies = w->policies;
    int rc = plan_make(&observed, &settings, &w->arena, &w->plan, &err);
    ck_assert_msg(rc == 0, "%s", err.msg);
    return &w->plan;
}

// ---- asking -------------------------------------------------------------------------

struct world_object *world_lookup(struct world *w, enum child_kind kind, struct strview name)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->objects[i].kind == kind && sv_eq(w->objects[i].name, name)) {
            return &w->objects[i];
        }
    }
    return NULL;
}

struct world_object *world_find(struct world *w, enum child_kind kind, const char *name)
{
    return world_lookup(w, kind, sv_from(name));
}

static bool is_live(const struct world_object *x)
{
    return x->kind == CHILD_POD && x->deleted_ms == 0 && x->phase != WORLD_FAILED;
}

static bool has_role(const struct world_object *x, enum pod_role role)
{
    struct pod_name name;
    return x->kind == CHILD_POD && pod_name_parse(SV("fraud"), x->name, &name) && name.role == role;
}

size_t world_live(const struct world *w, enum pod_role role)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        n += is_live(&w->objects[i]) && has_role(&w->objects[i], role);
    }
    return n;
}

struct world_object *world_pod(struct world *w, enum pod_role role, size_t i)
{
    struct world_object *best = NULL;
    struct strview after = SV("");
    for (size_t round = 0; round <= i; round++) {
        best = NULL;
        for (size_t k = 0; k < w->n; k++) {
            struct world_object *x = &w->objects[k];
            if (is_live(x) && has_role(x, role) && sv_cmp(x->name, after) > 0 &&
                (best == NULL || sv_cmp(x->name, best->name) < 0)) {
                best = x;
            }
        }
        if (best == NULL) {
            return NULL;
        }
        after = best->name;
    }
    return best;
}

size_t world_count(const struct world *w, enum child_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        n += w->objects[i].kind == kind;
    }
    return n;
}

void world_remove(struct world *w, struct world_object *o)
{
    *o = w->objects[--w->n];
}

void world_fail(struct world *w, struct world_object *pod, const char *why)
{
    if (pod->started_ms == 0) {
        pod->started_ms = w->now_ms;
    }
    pod->phase = WORLD_FAILED;
    pod->ready = false;
    pod->ended_ms = w->now_ms;
    pod->why = why;
}

struct ha_map *world_ha(struct world *w, struct strview run, struct strview job_id,
                        const char *host)
{
    ck_assert_uint_lt(w->n_ha, WORLD_HA_MAX);
    struct ha_map *m = &w->ha[w->n_ha++];
    struct strview middle = sv_present(job_id) ? job_id : SV("cluster");
    *m = (struct ha_map){
        .name = arena_printf(&w->arena, "fraud-%.*s-%.*s-config-map", SV_ARG(run), SV_ARG(middle)),
        .uid = arena_printf(&w->arena, "uid-%zu", ++w->uids),
        .cluster = SV("fraud"),
        .run = run,
        .job_id = job_id,
        .created_ms = w->now_ms,
        .host = host != NULL ? sv_from(host) : SV_NONE,
        .port = host != NULL ? 8081 : 0};
    return m;
}

struct strview world_run(struct world *w)
{
    struct observed observed;
    struct record last;
    world_observe(w, &observed);
    ck_assert(record_peek_last(&observed, &last));
    return last.run;
}

const struct json *world_status(struct world *w)
{
    return w->status.len > 0 ? world_parse(w, w->status) : NULL;
}

struct strview world_condition(struct world *w, const char *type, const char *member)
{
    json_each(c, json_get_lit(world_status(w), "conditions")) {
        if (sv_eq_lit(json_get_string(c, SV("type")), type)) {
            return json_get_string(c, sv_from(member));
        }
    }
    return SV("");
}

struct strview world_phase(struct world *w)
{
    return json_get_string(world_status(w), SV("phase"));
}

size_t world_actions(const struct world *w, enum action_verb verb)
{
    size_t n = 0;
    for (size_t i = 0; i < w->plan.n; i++) {
        n += w->plan.items[i].verb == verb;
    }
    return n;
}

bool world_event(const struct world *w, const char *reason)
{
    for (size_t i = 0; i < w->plan.n; i++) {
        const struct action *a = &w->plan.items[i];
        if (a->verb == ACTION_EVENT && strcmp(a->event.reason, reason) == 0) {
            return true;
        }
    }
    return false;
}
