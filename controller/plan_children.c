// SPDX-License-Identifier: Apache-2.0
#include "controller/plan_children.h"

#include "controller/config.h"
#include "controller/drift.h"

static struct strview name_of(const struct json *object)
{
    return json_string(json_get_path(object, "metadata", "name", NULL));
}

static struct strview uid_of(const struct json *object)
{
    return json_string(json_get_path(object, "metadata", "uid", NULL));
}

static bool is_deleting(const struct json *object)
{
    return json_string(json_get_path(object, "metadata", "deletionTimestamp", NULL)).len > 0;
}

static const struct json *find(const struct children *all, struct strview name)
{
    for (size_t i = 0; i < all->n; i++) {
        if (sv_eq(name_of(all->items[i]), name)) {
            return all->items[i];
        }
    }
    return NULL;
}

static void delete_child(struct steps *s, enum child_kind kind, const struct json *object)
{
    if (!is_deleting(object)) {
        steps_delete(s, kind, name_of(object), uid_of(object));
    }
}

/// Sets right what differs of SEEN from CHILD.
static int repair(struct steps *s, const struct desired_child *child, const struct json *seen,
                  struct err *err)
{
    const struct json *wanted;
    if (json_parse(child->text, &JSON_LIMITS_DEFAULT, s->rc->arena, &wanted, err) != 0) {
        return err_wrap(err, "own object %.*s", SV_ARG(child->name));
    }
    switch (drift_of(child->kind, wanted, seen)) {
    case DRIFT_NONE:
        break;
    case DRIFT_APPLY:
        steps_apply(s, child->kind, child->name, uid_of(seen),
                    drift_apply_text(s->rc, child->kind, wanted, uid_of(seen)));
        break;
    case DRIFT_RECREATE:
        delete_child(s, child->kind, seen);
        break;
    }
    return 0;
}

static int plan_child(struct steps *s, const struct desired_child *child, struct err *err)
{
    const struct json *seen = find(&s->rc->observed->children[child->kind], child->name);
    if (seen == NULL) {
        steps_create(s, child->kind, child->name, child->text);
        return 0;
    }
    // One that is being deleted is made again when it is gone.
    return is_deleting(seen) ? 0 : repair(s, child, seen, err);
}

int plan_record_labels(struct steps *s, const struct record *r, struct err *err)
{
    struct strview text = record_head_text(s->rc, r);
    if (is_deleting(r->object) || !sv_present(text)) {
        return arena_check(s->rc->arena, err);
    }
    return repair(
        s,
        &(struct desired_child){.kind = CHILD_REVISION, .name = name_of(r->object), .text = text},
        r->object, err);
}

static bool was_refused(const struct observed *o, const struct desired_child *child)
{
    for (size_t i = 0; i < o->n_refused; i++) {
        if (o->refused[i].kind == child->kind && sv_eq(o->refused[i].name, child->name)) {
            return true;
        }
    }
    return false;
}

int plan_children(struct steps *s, const struct desired *d, bool refused, struct err *err)
{
    for (size_t i = 0; i < d->n; i++) {
        if (was_refused(s->rc->observed, &d->items[i]) == refused &&
            plan_child(s, &d->items[i], err) != 0) {
            return -1;
        }
    }
    return arena_check(s->rc->arena, err);
}

bool plan_children_hold_pods(const struct observed *o, const struct desired *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (child_is_needed(d->items[i].kind) && was_refused(o, &d->items[i])) {
            return true;
        }
    }
    return false;
}

static bool is_desired(const struct desired *d, enum child_kind kind, struct strview name)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->items[i].kind == kind && sv_eq(d->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

/// Whether a pod that is still there was made with the ConfigMap NAME.
static bool has_pod(const struct reconcile *rc, const struct pod_list *pods, struct strview name)
{
    for (size_t i = 0; i < pods->n; i++) {
        if (sv_eq(config_map_name(rc, pods->items[i].id.revision), name)) {
            return true;
        }
    }
    return false;
}

static bool has_old_pods(const struct desired *d, const struct pod_list *pods)
{
    for (size_t i = 0; i < pods->n; i++) {
        if (!sv_eq(pods->items[i].id.revision, d->record->revision)) {
            return true;
        }
    }
    return false;
}

static void clean_kind(struct steps *s, enum child_kind kind, const struct desired *d,
                       const struct pod_list *pods)
{
    const struct children *all = &s->rc->observed->children[kind];
    for (size_t i = 0; i < all->n; i++) {
        struct strview name = name_of(all->items[i]);
        bool used = is_desired(d, kind, name);
        if (kind == CHILD_CONFIG_MAP) {
            used = used || has_pod(s->rc, pods, name);
        } else if (kind == CHILD_SERVICE_ACCOUNT) {
            used = used || has_old_pods(d, pods);
        }
        if (!used) {
            delete_child(s, kind, all->items[i]);
        }
    }
}

/// Keeps the newest and `revision_history` others. Their counters are what is compared: a younger
/// one has the larger.
static void clean_records(struct steps *s, const struct desired *d)
{
    const struct children *all = &s->rc->observed->children[CHILD_REVISION];
    for (size_t i = 0; i < all->n; i++) {
        int64_t number = 0;
        size_t younger = 0;
        if (!json_int(json_get_lit(all->items[i], "revision"), &number)) {
            continue;
        }
        for (size_t k = 0; k < all->n; k++) {
            int64_t other;
            younger += json_int(json_get_lit(all->items[k], "revision"), &other) && other > number;
        }
        if (number < d->record->number && younger > s->rc->settings->revision_history) {
            delete_child(s, CHILD_REVISION, all->items[i]);
        }
    }
}

void plan_cleanup(struct steps *s, const struct desired *d, const struct pod_list *pods)
{
    static const enum child_kind KINDS[] = {CHILD_CONFIG_MAP, CHILD_SERVICE_ACCOUNT,
                                            CHILD_ROLE_BINDING, CHILD_SERVICE, CHILD_PDB};
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        clean_kind(s, KINDS[i], d, pods);
    }
    clean_records(s, d);
}
