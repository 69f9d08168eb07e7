// SPDX-License-Identifier: Apache-2.0
#include "controller/plan_ha.h"

#include "common/json/out.h"
#include "common/k8s/meta.h"
#include "controller/record.h"

/// How soon to look whether a foreign ConfigMap is gone, in case nothing else wakes us.
#define FOREIGN_LOOK_MS 10000

/// Whether M was certainly made for another: another controller owns it, or it is older than the
/// cluster.
static bool is_foreign(const struct observed *o, const struct ha_map *m)
{
    if (m->owner_uid.len > 0) {
        return !sv_eq(m->owner_uid, o->uid);
    }
    return m->created_ms > 0 && m->created_ms < o->created_ms;
}

bool ha_map_is_ours(const struct reconcile *rc, const struct ha_map *m)
{
    const struct observed *o = rc->observed;
    if (is_foreign(o, m)) {
        return false;
    }
    int64_t number = run_id_number(rc->settings->hash, o->uid, m->run);
    return m->owner_uid.len > 0 || (number > 0 && number <= record_last_number(o));
}

bool ha_run_is_foreign(const struct observed *o, struct strview run)
{
    for (size_t i = 0; i < o->ha.n; i++) {
        if (sv_eq(o->ha.maps[i].run, run) && is_foreign(o, &o->ha.maps[i])) {
            return true;
        }
    }
    return false;
}

bool plan_ha_blocks(struct steps *s, const struct desired *d, const struct pod_list *pods)
{
    const struct observed *o = s->rc->observed;
    if (!record_runs(d->record) || !ha_run_is_foreign(o, d->record->run)) {
        return false;
    }
    for (size_t i = 0; i < pods->n; i++) {
        if (sv_eq(pods->items[i].id.revision, d->record->revision)) {
            return false;
        }
    }
    steps_event(s, EVENT_FOREIGN_METADATA,
                arena_printf(s->rc->arena,
                             "ConfigMaps %.*s-%.*s-… are not of this cluster: its pods start when "
                             "they are gone",
                             SV_ARG(o->cluster.name), SV_ARG(d->record->run)));
    steps_look_again(s, o->now_ms + FOREIGN_LOOK_MS);
    return true;
}

// ---- adoption -----------------------------------------------------------------------

/// A strategic merge adds to the list of owners; nothing that Flink writes at the same time is
/// touched, so its own resourceVersion is not asked for.
static void adopt(struct steps *s, const struct ha_map *m)
{
    const struct reconcile *rc = s->rc;
    const struct owner_ref owner = {.api_version = SV(FLINK_GROUP "/" FLINK_VERSION),
                                    .kind = SV(FLINK_KIND),
                                    .name = rc->observed->cluster.name,
                                    .uid = rc->observed->uid,
                                    .controller = true};
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_key_object(&o, "metadata");
    json_out_kv_string(&o, "uid", m->uid);
    json_out_key(&o, SV("ownerReferences"));
    owner_refs_put(&o, &owner, 1);
    json_out_end_object(&o);
    json_out_end_object(&o);
    steps_add(s, (struct action){.verb = ACTION_ADOPT,
                                 .kind = CHILD_CONFIG_MAP,
                                 .name = m->name,
                                 .uid = m->uid,
                                 .body = text_take(rc->arena, &b)});
}

// ---- the end of a run ---------------------------------------------------------------

static void delete_map(struct steps *s, const struct ha_map *m)
{
    if (!m->deleting) {
        steps_add(s, (struct action){.verb = ACTION_DELETE,
                                     .kind = CHILD_CONFIG_MAP,
                                     .name = m->name,
                                     .uid = m->uid,
                                     .run = m->run});
    }
}

/// A JobManager whose ConfigMap is deleted dies, and may write another before that.
static bool has_old_pod(const struct desired *d, const struct pod_list *pods)
{
    for (size_t i = 0; i < pods->n; i++) {
        if (!sv_eq(pods->items[i].id.revision, d->record->revision) && !pods->items[i].ended) {
            return true;
        }
    }
    return false;
}

void plan_ha(struct steps *s, const struct desired *d, const struct pod_list *pods)
{
    const struct ha_view *ha = &s->rc->observed->ha;
    bool old_pods = has_old_pod(d, pods);
    for (size_t i = 0; i < ha->n; i++) {
        const struct ha_map *m = &ha->maps[i];
        if (m->deleting || !ha_map_is_ours(s->rc, m)) {
            continue;
        }
        if (m->owner_uid.len == 0) {
            adopt(s, m);
        } else if (!sv_eq(m->run, d->record->run) && !old_pods) {
            delete_map(s, m);
        }
    }
}

size_t plan_ha_delete_all(struct steps *s)
{
    const struct ha_view *ha = &s->rc->observed->ha;
    size_t left = 0;
    for (size_t i = 0; i < ha->n; i++) {
        if (ha_map_is_ours(s->rc, &ha->maps[i])) {
            delete_map(s, &ha->maps[i]);
            left++;
        }
    }
    return left;
}
