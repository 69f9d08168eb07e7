// SPDX-License-Identifier: Apache-2.0
// Policies in a review: their defaults as presets, their verdict as violations.
#include "common/flink/defaults_note.h"
#include "common/flink/version.h"
#include "common/policy/check.h"
#include "common/policy/defaults.h"
#include "common/policy/set.h"
#include "common/policy/world.h"
#include "common/refs/image.h"
#include "webhook/review_run.h"

static const struct policy_world NOTHING_KNOWN = {.ctx = NULL};
static const struct policy_set NO_POLICIES = {.n = 0};

static const struct policy_world *world_of(const struct review *r)
{
    return r->context->world != NULL ? r->context->world : &NOTHING_KNOWN;
}

static const struct policy_set *set_of(const struct review *r)
{
    return r->context->policies != NULL ? r->context->policies : &NO_POLICIES;
}

/// Whether labels decide which policies count, and those of the request's namespace are yet to
/// come.
static bool labels_are_missing(const struct review *r)
{
    const struct policy_world *world = world_of(r);
    struct labels unused;
    return set_of(r)->needs_labels && world->namespace_labels != NULL &&
           !world->namespace_labels(world->ctx, r->request.namespace_, &unused);
}

static bool selects_by_label(const struct policy_set *set, struct strview name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (sv_eq(set->items[i]->name, name)) {
            return set->items[i]->match.has_selector;
        }
    }
    return false;
}

// ---- defaults ---------------------------------------------------------------------------------

/// MAJOR.MINOR as far as the object tells it: by the field, else by the image's tag.
static struct strview version_of(struct review *r, const struct flink_cluster *c)
{
    struct flink_version v;
    struct image_ref ref;
    if (flink_version_parse(c->spec.flink_version, &v) != FLINK_FORM_NONE) {
        return flink_version_text(r->arena, v);
    }
    bool tagged = !sv_present(c->spec.flink_version) && sv_present(c->spec.image) &&
                  image_parse(c->spec.image, r->arena, &ref, NULL) && sv_present(ref.tag) &&
                  flink_version_from_tag(ref.tag, &v, NULL);
    return tagged ? flink_version_text(r->arena, v) : SV_NONE;
}

static struct flink_preset_text text_of(const struct policy_text *t)
{
    return (struct flink_preset_text){.value = t->value, .by = t->by, .missing = t->missing};
}

static struct flink_preset_number number_of(const struct policy_number *n)
{
    return (struct flink_preset_number){.value = n->value, .by = n->by};
}

static void add_requests(struct review *r, struct flink_presets *ret, enum flink_role role,
                         const struct policy_quantities *q, struct strview by)
{
    struct flink_preset_quantity *items =
        q != NULL && q->n != 0 ? ARENA_NEW_N(r->arena, struct flink_preset_quantity, q->n) : NULL;
    for (size_t i = 0; items != NULL && i < q->n; i++) {
        items[i] = (struct flink_preset_quantity){
            .name = q->items[i].name, .text = q->items[i].text, .by = by};
    }
    ret->requests[role].items = items;
    ret->requests[role].n = items != NULL ? q->n : 0;
}

static void add_options(struct review *r, struct flink_presets *ret,
                        const struct policy_defaults *d)
{
    struct flink_preset_option *items =
        d->n_options != 0 ? ARENA_NEW_N(r->arena, struct flink_preset_option, d->n_options) : NULL;
    for (size_t i = 0; items != NULL && i < d->n_options; i++) {
        const struct policy_option *o = &d->options[i];
        items[i] = (struct flink_preset_option){.key = o->key, .value = o->value, .by = o->by};
    }
    ret->options = items;
    ret->n_options = items != NULL ? d->n_options : 0;
}

static bool same_number(const struct field_int *a, const struct field_int *b)
{
    return a->set && b->set && a->v == b->v;
}

/// Only a create asks for presets, and an update that leaves out or changes the image, one of the
/// law's numbers or the note: any other keeps what is stored.
static bool asks_for_presets(const struct flink_cluster *now, const struct flink_cluster *old)
{
    if (old == NULL || !same_number(&now->spec.parallelism, &old->spec.parallelism) ||
        !same_number(&now->spec.task_manager.replicas, &old->spec.task_manager.replicas) ||
        !sv_eq(now->spec.image, old->spec.image)) {
        return true;
    }
    const struct strview note = SV(FLINK_DEFAULTED_ANNOTATION);
    return !sv_eq(json_get_string(json_get_lit(now->metadata, "annotations"), note),
                  json_get_string(json_get_lit(old->metadata, "annotations"), note));
}

bool review_presets(struct review *r, const struct flink_cluster *now,
                    const struct flink_cluster *old, const struct flink_presets **ret)
{
    const struct policy_set *set = set_of(r);
    *ret = NULL;
    if (set->n == 0 || !asks_for_presets(now, old)) {
        return true;
    }
    if (labels_are_missing(r)) {
        for (size_t i = 0; i < set->n; i++) {
            if (set->items[i]->match.has_selector &&
                policy_matches(set->items[i], r->request.namespace_, NULL)) {
                return false;
            }
        }
    }
    struct flink_presets *p = ARENA_NEW(r->arena, struct flink_presets);
    if (p == NULL) {
        return true; // the full arena shows
    }
    struct policy_defaults d;
    policy_defaults_gather(set, world_of(r), r->request.namespace_, now->name, version_of(r, now),
                           r->arena, &d);
    p->image = text_of(&d.image);
    p->tag = text_of(&d.default_tag);
    p->iam_role = text_of(&d.iam_role);
    p->storage_root = text_of(&d.storage_root);
    p->parallelism = number_of(&d.parallelism);
    p->job_managers = number_of(&d.job_manager_replicas);
    add_requests(r, p, FLINK_JOB_MANAGER, d.jm_resources, d.jm_resources_by);
    add_requests(r, p, FLINK_TASK_MANAGER, d.tm_resources, d.tm_resources_by);
    add_options(r, p, &d);
    *ret = p;
    return true;
}

/// FIELD stays open: the default of a policy, by RULE, can't be filled in.
static void miss(struct review *r, const char *rule, const struct path *field,
                 const struct flink_preset_text *p)
{
    bool name = sv_eq_lit(p->missing, "name");
    violation_report(&r->violations, SEVERITY_DENY, rule, p->by, CAUSE_REQUIRED, field, SV_NONE,
                     "the default needs {%.*s}, which is %s: set it, or %s", SV_ARG(p->missing),
                     name ? "not made yet under generateName" : "not given",
                     name ? "metadata.name" : "spec.flinkVersion");
}

void review_presets_missing(struct review *r, const struct flink_cluster *now,
                            const struct flink_presets *presets)
{
    if (!sv_present(presets->image.missing) && !sv_present(presets->iam_role.missing) &&
        !sv_present(presets->storage_root.missing)) {
        return;
    }
    const struct flink_defaults_input in = {.now = now, .presets = presets};
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path image = PATH_FIELD_OF(&spec, SV("image"));
    const struct path role = PATH_FIELD_OF(&spec, SV("iamRole"));
    const struct path storage = PATH_FIELD_OF(&spec, SV("storage"));
    const struct path root = PATH_FIELD_OF(&storage, SV("root"));
    unsigned missing = flink_presets_missing(&in, r->arena);
    if ((missing & FLINK_PRESET_IMAGE) != 0) {
        miss(r, POLICY_RULE_DEFAULT_IMAGE, &image, &presets->image);
    }
    if ((missing & FLINK_PRESET_IAM_ROLE) != 0) {
        miss(r, POLICY_RULE_DEFAULT_ROLE, &role, &presets->iam_role);
    }
    if ((missing & FLINK_PRESET_STORAGE_ROOT) != 0) {
        miss(r, POLICY_RULE_DEFAULT_ROOT, &root, &presets->storage_root);
    }
}

// ---- the verdict ------------------------------------------------------------------------------

bool review_judge(struct review *r, const struct review_judged *it)
{
    const struct policy_set *set = set_of(r);
    const struct policy_input in = {
        .now = it->now,
        .old = it->old,
        .ns = r->request.namespace_,
        .set = set,
        .world = world_of(r),
        .effective = it->effective,
        .now_ms = r->context->now_ms,
        .before_defaults = it->before_defaults,
        .scale = it->scale,
    };
    size_t first = r->violations.count;
    policy_check(&in, &r->violations);
    if (r->violations.count == first || !labels_are_missing(r)) {
        return true;
    }
    // Judged as if every such policy were for this namespace: where none of them has anything to
    // say, its labels don't matter.
    for (size_t i = first; i < r->violations.count; i++) {
        if (selects_by_label(set, r->violations.items[i].policy)) {
            return false;
        }
    }
    return true;
}
