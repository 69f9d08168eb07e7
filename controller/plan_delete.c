// SPDX-License-Identifier: Apache-2.0
#include "controller/plan_delete.h"

#include "common/json/out.h"
#include "controller/accept.h"
#include "controller/config.h"
#include "controller/desired.h"
#include "controller/plan_ha.h"
#include "controller/plan_pods.h"
#include "controller/record.h"
#include "controller/status.h"

/// Kubernetes' own, which it takes off once the children's owner references are gone:
/// `kubectl delete --cascade=orphan`.
#define FINALIZER_ORPHAN "orphan"

#define NAMES_SHOWN_MAX 5

// ---- finalizers ---------------------------------------------------------------------

static const struct json *finalizers(const struct observed *o)
{
    return json_get_path(o->object, "metadata", "finalizers", NULL);
}

static bool has_finalizer(const struct observed *o, const char *name)
{
    json_each(item, finalizers(o)) {
        if (sv_eq_lit(json_string(item), name)) {
            return true;
        }
    }
    return false;
}

/// A merge patch has the whole list, so it holds for this resourceVersion alone.
static void set_finalizer(struct steps *s, bool on, bool live_read)
{
    const struct observed *observed = s->rc->observed;
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_key_object(&o, "metadata");
    json_out_kv_string(&o, "resourceVersion", observed->resource_version);
    json_out_key_array(&o, "finalizers");
    json_each(item, finalizers(observed)) {
        if (!sv_eq_lit(json_string(item), FINALIZER)) {
            json_out_value(&o, item);
        }
    }
    if (on) {
        json_out_string(&o, SV(FINALIZER));
    }
    json_out_end_array(&o);
    json_out_end_object(&o);
    json_out_end_object(&o);
    steps_add(s, (struct action){.verb = ACTION_FINALIZERS,
                                 .name = observed->cluster.name,
                                 .uid = observed->uid,
                                 .live_read = live_read,
                                 .body = text_take(s->rc->arena, &b)});
}

void plan_finalizer(struct steps *s)
{
    if (!has_finalizer(s->rc->observed, FINALIZER)) {
        set_finalizer(s, true, false);
    }
}

// ---- the end of the waiting ---------------------------------------------------------

/// Takes the finalizer off, then says TEXT: from a view that is behind, the first ends the plan.
static void end(struct steps *s, enum controller_event event, struct strview text, bool live_read)
{
    set_finalizer(s, false, live_read);
    steps_event(s, event, text);
}

/// "pods a, b and 3 more, ConfigMaps c"; absent: nothing is left.
static struct strview left_text(const struct reconcile *rc, const struct pod_list *pods)
{
    const struct ha_view *ha = &rc->observed->ha;
    struct strbuf b = STRBUF(4096);
    size_t n = 0;
    for (size_t i = 0; i < pods->n; i++) {
        const struct pod_view *p = &pods->items[i];
        if (!p->ended && n++ < NAMES_SHOWN_MAX) {
            strbuf_put_str(&b, n == 1 ? "pods " : ", ");
            strbuf_put(&b, p->name);
        }
    }
    if (n > NAMES_SHOWN_MAX) {
        strbuf_printf(&b, " and %zu more", n - NAMES_SHOWN_MAX);
    }
    size_t pod_count = n;
    n = 0;
    for (size_t i = 0; i < ha->n; i++) {
        if (ha_map_is_ours(rc, &ha->maps[i]) && n++ < NAMES_SHOWN_MAX) {
            strbuf_put_str(&b, n > 1 ? ", " : pod_count > 0 ? "; ConfigMaps " : "ConfigMaps ");
            strbuf_put(&b, ha->maps[i].name);
        }
    }
    if (n > NAMES_SHOWN_MAX) {
        strbuf_printf(&b, " and %zu more", n - NAMES_SHOWN_MAX);
    }
    return text_take(rc->arena, &b);
}

static void cut_short(struct steps *s, const struct pod_list *pods, const char *why)
{
    struct strview left = left_text(s->rc, pods);
    end(s, EVENT_DELETION_CUT,
        arena_printf(s->rc->arena, "%s; left: %.*s", why,
                     SV_ARG(left.len > 0 ? left : SV("nothing"))),
        false);
}

static void finish(struct steps *s, const struct record *last)
{
    const struct reconcile *rc = s->rc;
    struct strview dirs = last != NULL ? config_storage_text(rc, last) : SV_NONE;
    end(s, EVENT_DELETED,
        dirs.len > 0 ? arena_printf(rc->arena,
                                    "its pods and HA ConfigMaps are gone; what Flink wrote to "
                                    "storage is left: %.*s",
                                    SV_ARG(dirs))
                     : SV("its pods are gone; it had no storage that is known"),
        true);
}

/// Why it must end now, or NULL.
static const char *reason_to_cut(const struct reconcile *rc)
{
    const struct observed *o = rc->observed;
    const struct json *notes = json_get_path(o->object, "metadata", "annotations", NULL);
    if (has_finalizer(o, FINALIZER_ORPHAN)) {
        return "deleted with --cascade=orphan, so nothing was stopped";
    }
    if (sv_eq_lit(json_get_string(notes, SV(ANNOTATION_FORCE_DELETE)), "true")) {
        return "forced by the annotation " ANNOTATION_FORCE_DELETE;
    }
    if (o->deleted_ms > 0 && o->now_ms >= o->deleted_ms + rc->settings->deletion_timeout_ms) {
        return "it took longer than --deletion-timeout";
    }
    return NULL;
}

// ---- the waiting --------------------------------------------------------------------

static size_t delete_pods(struct steps *s, const struct pod_list *pods)
{
    size_t left = 0;
    // TaskManagers stand last: they go first, and see no JobManager die.
    for (size_t i = pods->n; i > 0; i--) {
        const struct pod_view *p = &pods->items[i - 1];
        if (!p->deleting) {
            steps_delete(s, CHILD_POD, p->name, p->uid);
        }
        left += p->ended ? 0 : 1;
    }
    return left;
}

/// Tells in the status; not in the last plan, since nothing may stand before its end.
static int tell(struct steps *s, const struct acceptance *a, struct pod_list *pods, struct err *err)
{
    const struct reconcile *rc = s->rc;
    struct situation now = {.acceptance = a, .pods = *pods};
    struct err why = {.code = E_OK};
    if (a->has_last) {
        if (a->last.format > rc->settings->render_format ||
            desired_make(rc, &a->last, &now.desired, &why) != 0) {
            return arena_check(rc->arena, err);
        }
        for (int role = 0; role < POD_ROLE_COUNT; role++) {
            now.desired.pods[role] = 0;
        }
        pods_count(rc, &now.desired, pods, &now.census);
    }
    return status_plan(s, &now, err);
}

int plan_delete(struct steps *s, struct err *err)
{
    const struct reconcile *rc = s->rc;
    struct acceptance a = {.verdict = ACCEPT_IN_EFFECT};
    struct pod_list pods;
    if (!has_finalizer(rc->observed, FINALIZER)) {
        return 0;
    }
    a.has_last = record_read_last(rc, &a.last);
    pods_read(rc, &pods);
    const char *why = reason_to_cut(rc);
    if (why != NULL) {
        cut_short(s, &pods, why);
        return arena_check(rc->arena, err);
    }
    if (rc->observed->deleted_ms > 0) {
        steps_look_again(s, rc->observed->deleted_ms + rc->settings->deletion_timeout_ms);
    }
    if (delete_pods(s, &pods) > 0 || plan_ha_delete_all(s) > 0) {
        return tell(s, &a, &pods, err);
    }
    finish(s, a.has_last ? &a.last : NULL);
    return arena_check(rc->arena, err);
}
