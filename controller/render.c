// SPDX-License-Identifier: Apache-2.0
#include "controller/render.h"

#include "common/json/out.h"
#include "controller/accept.h"
#include "controller/desired.h"

static void put_metadata(const struct json *metadata, struct json_out *o)
{
    json_out_key_object(o, "metadata");
    json_each(m, metadata) {
        json_out_key(o, json_key(m));
        json_out_value(o, m);
    }
    if (json_get_string(metadata, SV("namespace")).len == 0) {
        json_out_kv_str(o, "namespace", RENDER_NAMESPACE);
    }
    if (json_get_string(metadata, SV("uid")).len == 0) {
        json_out_kv_str(o, "uid", RENDER_UID);
    }
    if (json_get_lit(metadata, "generation") == NULL) {
        json_out_kv_int(o, "generation", 1);
    }
    json_out_end_object(o);
}

/// CLUSTER as an API server would have stored it, without its status.
static int store(const struct json *cluster, struct arena *arena, const struct json **ret,
                 struct err *err)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_kv_str(&o, "kind", FLINK_KIND);
    put_metadata(json_get_lit(cluster, "metadata"), &o);
    if (json_get_lit(cluster, "spec") != NULL) {
        json_out_key(&o, SV("spec"));
        json_out_value(&o, json_get_lit(cluster, "spec"));
    }
    json_out_end_object(&o);
    struct strview text = text_take(arena, &b);
    if (arena_check(arena, err) != 0) {
        return -1;
    }
    return json_parse(text, &JSON_LIMITS_DEFAULT, arena, ret, err);
}

static int put_pods(const struct reconcile *rc, const struct desired *d, struct json_out *o,
                    struct err *err)
{
    for (int role = 0; role < POD_ROLE_COUNT; role++) {
        for (int64_t index = 0; index < d->pods[role]; index++) {
            const struct pod_birth birth = {.name = {.role = (enum pod_role)role,
                                                     .revision = d->record->revision,
                                                     .index = index}};
            struct strview text;
            if (desired_pod(rc, d, &birth, &text, err) != 0) {
                return -1;
            }
            json_out_raw(o, text);
        }
    }
    return 0;
}

static int put_all(const struct reconcile *rc, struct json_out *o, struct err *err)
{
    struct record record;
    struct desired d;
    if (accept_first(rc, &record, err) != 0 || desired_make(rc, &record, &d, err) != 0) {
        return -1;
    }
    json_out_raw(o, record_text(rc, &record));
    for (size_t i = 0; i < d.n; i++) {
        json_out_raw(o, d.items[i].text);
    }
    return put_pods(rc, &d, o, err);
}

int controller_render(const struct json *cluster, const struct plan_settings *settings,
                      struct arena *arena, struct strbuf *out, struct err *err)
{
    static const struct children NONE[CHILD_KIND_COUNT];
    const struct json *object;
    struct observed observed;
    if (!sv_eq_lit(json_get_string(cluster, SV("kind")), FLINK_KIND)) {
        return err_set(err, E_INVALID, "not a FlinkCluster");
    }
    if (store(cluster, arena, &object, err) != 0 ||
        observed_make(object, NONE, 0, arena, &observed, err) != 0) {
        return -1;
    }
    const struct reconcile rc = {.observed = &observed, .settings = settings, .arena = arena};
    struct json_out o = JSON_OUT(out);
    json_out_begin_array(&o);
    if (put_all(&rc, &o, err) != 0) {
        return -1;
    }
    json_out_end_array(&o);
    if (!strbuf_ok(out)) {
        return err_set(err, E_TOO_LARGE, "the objects are more than %zu bytes", out->max);
    }
    return arena_check(arena, err);
}
