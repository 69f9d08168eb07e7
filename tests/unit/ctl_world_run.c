// SPDX-License-Identifier: Apache-2.0
#include "ctl_world_run.h"

#include <check.h>

#include "common/json/out.h"
#include "controller/reconcile.h"

// ---- carrying it out ----------------------------------------------------------------

/// False: refused, and the plan ends there, as act.c ends it.
static bool create(struct world *w, const struct action *a)
{
    if (a->live_read) {
        struct world_object *old = world_lookup(w, CHILD_POD, a->reads);
        if (old != NULL && !old->foreign && old->phase != WORLD_FAILED) {
            return false;
        }
    }
    if (world_lookup(w, a->kind, a->name) != NULL) {
        return !world_lookup(w, a->kind, a->name)->foreign; // 409
    }
    ck_assert_uint_lt(w->n, WORLD_OBJECTS_MAX);
    const struct json *metadata = json_get_lit(world_parse(w, a->body), "metadata");
    ck_assert(sv_eq(json_get_string(metadata, SV("name")), a->name));
    w->objects[w->n++] = (struct world_object){
        .kind = a->kind,
        .name = a->name,
        .uid = arena_printf(&w->arena, "uid-%zu", ++w->uids),
        .body = a->body,
        .created_ms = w->now_ms,
    };
    return true;
}

/// RFC 7396.
static void put_merged(struct json_out *o, const struct json *base, const struct json *patch)
{
    if (json_type(patch) != JSON_OBJECT) {
        json_out_value(o, patch);
        return;
    }
    json_out_begin_object(o);
    json_each(m, base) {
        if (json_get(patch, json_key(m)) == NULL) {
            json_out_key(o, json_key(m));
            json_out_value(o, m);
        }
    }
    json_each(m, patch) {
        if (json_type(m) != JSON_NULL) {
            json_out_key(o, json_key(m));
            put_merged(o, json_get(base, json_key(m)), m);
        }
    }
    json_out_end_object(o);
}

static void apply(struct world *w, const struct action *a)
{
    struct world_object *x = world_lookup(w, a->kind, a->name);
    const struct json *body = world_parse(w, a->body);
    ck_assert_ptr_nonnull(x);
    ck_assert(!x->foreign);
    ck_assert(sv_eq(json_string(json_get_path(body, "metadata", "uid", NULL)), x->uid));
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    put_merged(&o, world_parse(w, x->body), body);
    x->body = text_take(&w->arena, &b);
}

static struct ha_map *find_ha(struct world *w, const struct action *a)
{
    for (size_t i = 0; i < w->n_ha; i++) {
        if (sv_eq(w->ha[i].name, a->name) && sv_eq(w->ha[i].uid, a->uid)) {
            return &w->ha[i];
        }
    }
    return NULL;
}

/// Only one that nobody else owns, and only once no pod of its run is left, hidden or not.
static bool delete_ha(struct world *w, const struct action *a)
{
    struct ha_map *m = find_ha(w, a);
    for (size_t i = 0; i < w->n; i++) {
        const struct world_object *x = &w->objects[i];
        const struct json *labels =
            json_get_path(world_parse(w, x->body), "metadata", "labels", NULL);
        if (x->kind == CHILD_POD && x->phase != WORLD_FAILED &&
            sv_eq(json_get_string(labels, SV(LABEL_RUN)), a->run)) {
            return false;
        }
    }
    if (m != NULL) {
        ck_assert(m->owner_uid.len == 0 || sv_eq_lit(m->owner_uid, WORLD_UID));
        *m = w->ha[--w->n_ha];
    }
    return true;
}

static void adopt(struct world *w, const struct action *a)
{
    struct ha_map *m = find_ha(w, a);
    const struct json *owner =
        json_first(json_get_path(world_parse(w, a->body), "metadata", "ownerReferences", NULL));
    ck_assert(sv_eq_lit(json_get_string(owner, SV("uid")), WORLD_UID));
    if (m != NULL) {
        ck_assert_uint_eq(m->owner_uid.len, 0);
        m->owner_uid = SV(WORLD_UID);
    }
}

static void write_finalizers(struct world *w, const struct action *a)
{
    const struct json *list =
        json_get_path(world_parse(w, a->body), "metadata", "finalizers", NULL);
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_value(&o, list);
    w->finalizers = text_take(&w->arena, &b);
    w->gone = w->deleting && json_count(list) == 0;
}

static void delete_object(struct world *w, const struct action *a)
{
    struct world_object *x = world_lookup(w, a->kind, a->name);
    if (x == NULL || !sv_eq(x->uid, a->uid)) {
        return; // gone, or not the one that was seen
    }
    ck_assert(!x->foreign);
    if (x->kind == CHILD_POD && x->phase != WORLD_FAILED) {
        x->deleted_ms = w->now_ms;
        x->ready = false;
    } else {
        world_remove(w, x);
    }
}

static void write_status(struct world *w, const struct action *a)
{
    struct strbuf b = STRBUF(OBJECT_TEXT_MAX);
    struct json_out o = JSON_OUT(&b);
    const struct json *stored = w->status.len > 0 ? world_parse(w, w->status) : NULL;
    put_merged(&o, stored, json_get_lit(world_parse(w, a->body), "status"));
    w->status = text_take(&w->arena, &b);
}

static bool carry_out(struct world *w, const struct action *a)
{
    switch (a->verb) {
    case ACTION_CREATE:
        if (!create(w, a)) {
            return false;
        }
        break;
    case ACTION_APPLY:
        apply(w, a);
        break;
    case ACTION_DELETE:
        if (sv_present(a->run)) {
            if (!delete_ha(w, a)) {
                return false;
            }
        } else {
            delete_object(w, a);
        }
        break;
    case ACTION_ADOPT:
        adopt(w, a);
        break;
    case ACTION_FINALIZERS:
        write_finalizers(w, a);
        break;
    case ACTION_STATUS:
        write_status(w, a);
        break;
    case ACTION_EVENT:
        return true;
    }
    w->writes++;
    return true;
}

size_t world_step_cut(struct world *w, size_t n)
{
    if (w->gone) {
        return 0;
    }
    const struct actions *plan = world_plan(w);
    size_t before = w->writes;
    for (size_t i = 0; i < plan->n && i < n && carry_out(w, &plan->items[i]); i++) {
    }
    return w->writes - before;
}

size_t world_step(struct world *w)
{
    return world_step_cut(w, SIZE_MAX);
}

void world_settle(struct world *w, int limit)
{
    for (int i = 0; i < limit; i++) {
        if (world_step(w) == 0) {
            return;
        }
    }
    const struct action *a = &w->plan.items[0];
    ck_abort_msg("still at work after %d plans: verb %d, %.*s: %.*s", limit, (int)a->verb,
                 SV_ARG(a->name), SV_ARG(a->body));
}

static bool kubelet_once(struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        struct world_object *x = &w->objects[i];
        if (x->kind == CHILD_POD && x->deleted_ms != 0) {
            world_remove(w, x);
            return true;
        }
        if (x->kind == CHILD_POD && x->phase == WORLD_PENDING) {
            x->phase = WORLD_RUNNING;
            x->ready = true;
            x->started_ms = w->now_ms;
            return true;
        }
    }
    return false;
}

bool world_kubelet(struct world *w)
{
    bool moved = false;
    while (kubelet_once(w)) {
        moved = true;
    }
    return moved;
}

void world_converge(struct world *w)
{
    for (int i = 0; i < 20; i++) {
        world_settle(w, 10);
        if (!world_kubelet(w)) {
            return;
        }
    }
    ck_abort_msg("does not converge");
}
