// SPDX-License-Identifier: Apache-2.0
#include "common/flink/defaults_preset.h"

#include <stdlib.h>

#include "common/base/path.h"
#include "common/flink/conf.h"
#include "common/flink/defaults_slot.h"
#include "common/flink/effective.h"
#include "common/refs/image.h"

static const struct flink_presets NO_PRESETS = {.n_options = 0};

struct presets_run {
    const struct flink_cluster *now, *old;
    const struct flink_presets *presets;
    const struct flink_note *carried, *old_note;
    struct arena *arena;
    struct defaults_edits *edits;
    struct flink_owners owners;
    struct flink_conf conf; // NOW's flinkConfiguration, flat
    struct flink_note_given *given;
    size_t cap;
    struct defaults_presets_result *ret;
};

static bool stands(const struct json *v)
{
    return v != NULL && json_type(v) != JSON_NULL;
}

static void note(struct presets_run *r, struct strview path, struct strview by)
{
    if (r->ret->n_given < r->cap) {
        r->given[r->ret->n_given++] = (struct flink_note_given){path, by};
    }
}

static bool is_free(const struct presets_run *r, const struct slot *slot)
{
    return slot_at(r->now, slot) == NULL && slot_is_open(r->now, slot) &&
           (!slot_is_option(slot) || flink_conf_find(&r->conf, slot->keys[1]) == NULL);
}

/// The field at SLOT holds VALUE (JSON text), which a note says was BY's, and no user took it over.
static bool is_theirs(struct presets_run *r, const struct slot *slot, struct strview value)
{
    const struct json *stands = slot_at(r->now, slot);
    return stands != NULL && sv_eq(defaults_json_text(r->arena, stands), value) &&
           !flink_owners_have(&r->owners, slot->keys, slot->n);
}

static void edit(struct presets_run *r, const struct slot *slot, struct strview value)
{
    struct strview keys[DEFAULTS_DEPTH_MAX] = {SV("spec")};
    memcpy(keys + 1, slot->keys, slot->n * sizeof(*keys));
    defaults_edits_add(r->edits, slot->rank, keys, slot->n + 1, value);
}

// ---- an update: what was given comes back ------------------------------------------------------

/// What the struct will show of a value that is given back.
static void show(struct presets_run *r, struct strview path, const struct json *value)
{
    struct defaults_presets_result *ret = r->ret;
    int64_t n;
    if (sv_eq_lit(path, PRESET_IMAGE)) {
        ret->image = json_string(value);
    } else if (sv_eq_lit(path, PRESET_IAM_ROLE)) {
        ret->iam_role = json_string(value);
    } else if (sv_eq_lit(path, PRESET_STORAGE_ROOT)) {
        ret->storage_root = json_string(value);
    } else if (sv_eq_lit(path, PRESET_JOB_MANAGERS) && json_int(value, &n)) {
        ret->job_managers = (struct field_int){.v = n, .set = true};
    }
}

/// A role beside an account would be refused: who names an account wants no other role.
static bool is_unwanted(const struct presets_run *r, struct strview path)
{
    return sv_eq_lit(path, PRESET_IAM_ROLE) &&
           stands(json_get_lit(r->now->spec.self, "serviceAccountName"));
}

static void give_back(struct presets_run *r)
{
    for (size_t i = 0; i < r->old_note->n_given; i++) {
        const struct flink_note_given *it = &r->old_note->given[i];
        struct slot slot;
        // An image of which only the tag was given is the user's.
        bool users = sv_eq_lit(it->path, PRESET_IMAGE) &&
                     sv_present(flink_note_giver(r->old_note, SV(PRESET_IMAGE_TAG)));
        if (users || !slot_read(it->path, &slot)) {
            continue;
        }
        const struct json *stored = slot_at(r->old, &slot);
        if (stored == NULL) {
            continue;
        }
        struct strview value = defaults_json_text(r->arena, stored);
        if (is_theirs(r, &slot, value)) {
            note(r, it->path, it->by);
        } else if (is_free(r, &slot) && !is_unwanted(r, it->path)) {
            edit(r, &slot, value);
            note(r, it->path, it->by);
            show(r, it->path, stored);
        }
    }
}

// ---- a create: what is given -------------------------------------------------------------------

/// Gives VALUE (JSON text) to the field at PATH, unless the user gave one. Whether it is BY's now.
static bool give(struct presets_run *r, struct strview path, struct strview value,
                 struct strview by)
{
    struct slot slot;
    if (!slot_read(path, &slot)) {
        return false;
    }
    bool again = sv_eq(flink_note_giver(r->carried, path), by) && is_theirs(r, &slot, value);
    if (!again && !is_free(r, &slot)) {
        return false;
    }
    if (!again) {
        edit(r, &slot, value);
    }
    note(r, path, by);
    return true;
}

static bool give_text(struct presets_run *r, const char *path, const struct flink_preset_text *p,
                      struct strview *ret)
{
    if (p->value.len == 0 || sv_present(p->missing) ||
        !give(r, sv_from(path), defaults_json_string(r->arena, p->value), p->by)) {
        return false;
    }
    *ret = p->value;
    return true;
}

static const char *const ROLES[FLINK_ROLES] = {"jobManager", "taskManager"};
static const char *const REQUESTS[FLINK_ROLES] = {PRESET_JM_REQUESTS, PRESET_TM_REQUESTS};

/// The role's "requests" or "limits" of NOW.
static const struct json *resources_of(const struct presets_run *r, enum flink_role role,
                                       const char *list)
{
    return json_get_path(r->now->spec.self, ROLES[role], "resources", list, NULL);
}

static bool is_preset_option(const struct presets_run *r, struct strview canonical)
{
    for (size_t i = 0; i < r->presets->n_options; i++) {
        if (sv_eq(flink_option_canonical(r->presets->options[i].key), canonical)) {
            return true;
        }
    }
    return false;
}

/// Whether an option of a role's size may be given: not where the user set that in another way.
static bool size_is_free(struct presets_run *r, struct strview canonical)
{
    for (unsigned role = 0; role < FLINK_ROLES; role++) {
        if (!flink_conf_is_memory_size(canonical, (enum flink_role)role)) {
            continue;
        }
        if (stands(json_get_lit(resources_of(r, (enum flink_role)role, "requests"), "memory")) ||
            stands(json_get_lit(resources_of(r, (enum flink_role)role, "limits"), "memory"))) {
            return false; // no preset's: where a preset sets the size, none gives memory
        }
        for (size_t i = 0; i < r->conf.count; i++) {
            struct strview other = r->conf.items[i].canonical;
            if (flink_conf_is_memory_size(other, (enum flink_role)role) &&
                !is_preset_option(r, other)) {
                return false;
            }
        }
    }
    return true;
}

static int by_canonical(const void *a, const void *b)
{
    const struct flink_conf_entry *x = a;
    const struct flink_conf_entry *y = b;
    return sv_cmp(x->canonical, y->canonical);
}

/// Gives the options; *RET is flinkConfiguration as it will be.
static void give_options(struct presets_run *r, struct flink_conf *ret)
{
    size_t n = r->presets->n_options;
    struct flink_conf_entry *added =
        n != 0 ? ARENA_NEW_N(r->arena, struct flink_conf_entry, n) : NULL;
    struct flink_conf base = {.items = added};
    for (size_t i = 0; added != NULL && i < n; i++) {
        const struct flink_preset_option *o = &r->presets->options[i];
        struct strview canonical = flink_option_canonical(o->key);
        struct strview path = arena_printf(r->arena, PRESET_CONF "%.*s", SV_ARG(o->key));
        struct strview value = defaults_json_text(r->arena, o->value);
        if (size_is_free(r, canonical) && give(r, path, value, o->by)) {
            bool is_text = json_type(o->value) == JSON_STRING;
            added[base.count++] = (struct flink_conf_entry){
                .key = o->key,
                .canonical = canonical,
                .value = is_text ? json_string(o->value) : value,
                .json = o->value,
            };
        }
    }
    if (base.count == 0) {
        *ret = r->conf;
        return;
    }
    qsort(added, base.count, sizeof(*added), by_canonical);
    *ret = flink_conf_merge(&base, &r->conf, r->arena);
}

static void give_requests(struct presets_run *r, enum flink_role role,
                          const struct flink_conf *conf)
{
    for (size_t i = 0; i < r->presets->requests[role].n; i++) {
        const struct flink_preset_quantity *q = &r->presets->requests[role].items[i];
        bool sized = sv_eq_lit(q->name, "memory") && flink_conf_sets_memory(conf, role);
        if (!sized && !stands(json_get(resources_of(r, role, "limits"), q->name))) {
            struct strview path = arena_printf(r->arena, "%s%.*s", REQUESTS[role], SV_ARG(q->name));
            give(r, path, defaults_json_string(r->arena, q->text), q->by);
        }
    }
}

/// What NOW says of storage.root, or is as good as that: a badly typed one has its own fault.
static struct strview root_of(const struct presets_run *r)
{
    const struct json *root = json_get_path(r->now->spec.self, "storage", "root", NULL);
    struct strview text = json_string(root);
    return sv_present(text) ? text : stands(root) ? SV("?") : SV_NONE;
}

static void give_storage(struct presets_run *r, const struct flink_conf *conf)
{
    // What was given in an earlier pass is no storage of the user's.
    struct strview root = root_of(r);
    bool carried = sv_present(flink_note_giver(r->carried, SV(PRESET_STORAGE_ROOT)));
    if (!flink_conf_storage_known(carried ? SV_NONE : root, conf)) {
        give_text(r, PRESET_STORAGE_ROOT, &r->presets->storage_root, &r->ret->storage_root);
    }
}

static void give_job_managers(struct presets_run *r, const struct flink_conf *conf)
{
    const struct flink_preset_number *p = &r->presets->job_managers;
    struct strview root = sv_present(r->ret->storage_root) ? r->ret->storage_root : root_of(r);
    if (p->value == 0 || (p->value > 1 && !flink_conf_storage_known(root, conf))) {
        return;
    }
    struct strview value = arena_printf(r->arena, "%lld", (long long)p->value);
    if (give(r, SV(PRESET_JOB_MANAGERS), value, p->by)) {
        r->ret->job_managers = (struct field_int){.v = p->value, .set = true};
    }
}

// ---- the image ---------------------------------------------------------------------------------

/// An image's text, and where its tag begins if it has one and no digest.
struct tagged {
    bool ok;       // an image reference
    bool untagged; // neither tag nor digest
    struct strview base, tag;
};

static struct tagged split(const struct presets_run *r, struct strview image)
{
    struct image_ref ref;
    struct tagged t = {.base = image};
    if (!sv_present(image) || !image_parse(image, r->arena, &ref, NULL)) {
        return t;
    }
    t.ok = true;
    t.untagged = ref.implicit_latest;
    if (sv_present(ref.tag) && !sv_present(ref.digest) && image.len > ref.tag.len) {
        t.base = sv_sub(image, 0, image.len - ref.tag.len - 1);
        t.tag = ref.tag;
    }
    return t;
}

/// BASE with the preset tag, or SV_NONE: there is none that makes an image of it.
static struct strview with_tag(const struct presets_run *r, struct strview base)
{
    const struct flink_preset_text *p = &r->presets->tag;
    if (p->value.len == 0 || sv_present(p->missing)) {
        return SV_NONE;
    }
    struct strview text = arena_printf(r->arena, "%.*s:%.*s", SV_ARG(base), SV_ARG(p->value));
    return split(r, text).ok ? text : SV_NONE;
}

static void set_image(struct presets_run *r, struct strview image)
{
    struct slot slot;
    if (slot_read(SV(PRESET_IMAGE), &slot)) {
        edit(r, &slot, defaults_json_string(r->arena, image));
        r->ret->image = image;
    }
}

/// The user's own image: another one gets the preset tag when it has neither tag nor digest; the
/// stored one without its tag is no other one.
static void tag_image(struct presets_run *r)
{
    struct strview image = r->now->spec.image;
    struct strview stored = r->old != NULL ? r->old->spec.image : SV_NONE;
    struct strview was_by = flink_note_giver(r->old_note, SV(PRESET_IMAGE_TAG));
    struct tagged now = split(r, image);
    if (sv_present(stored) && sv_eq(image, stored)) {
        if (sv_present(was_by)) {
            note(r, SV(PRESET_IMAGE_TAG), was_by);
        }
        return;
    }
    struct strview again = with_tag(r, now.base);
    struct strview by = r->presets->tag.by;
    if (now.untagged && sv_present(was_by) && sv_eq(split(r, stored).base, image)) {
        set_image(r, stored);
        note(r, SV(PRESET_IMAGE_TAG), was_by);
    } else if (now.untagged && sv_present(again)) {
        set_image(r, again);
        // A stored image that is the same stays noted as it was: not as a tag's.
        struct strview whole_by = flink_note_giver(r->old_note, SV(PRESET_IMAGE));
        if (!sv_present(stored) || !sv_eq(again, stored)) {
            note(r, SV(PRESET_IMAGE_TAG), by);
        } else if (sv_present(whole_by)) {
            note(r, SV(PRESET_IMAGE), whole_by);
        }
    } else if (now.ok && sv_present(again) && sv_eq(again, image) &&
               sv_eq(flink_note_giver(r->carried, SV(PRESET_IMAGE_TAG)), by)) {
        note(r, SV(PRESET_IMAGE_TAG), by);
    }
}

static void give_image(struct presets_run *r)
{
    struct flink_preset_text image = r->presets->image;
    struct tagged t = split(r, image.value);
    struct strview tagged = t.untagged ? with_tag(r, image.value) : SV_NONE;
    if (sv_present(tagged)) {
        image.value = tagged;
    }
    if (!give_text(r, PRESET_IMAGE, &image, &r->ret->image)) {
        tag_image(r);
    }
}

static struct presets_run begin(const struct flink_defaults_input *in, struct arena *arena)
{
    struct presets_run r = {
        .now = in->now,
        .old = in->old,
        .presets = in->presets != NULL ? in->presets : &NO_PRESETS,
        .arena = arena,
        .owners = {.c = in->now, .arena = arena},
    };
    struct violations none = VIOLATIONS(arena, 0);
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path path = PATH_FIELD_OF(&spec, SV("flinkConfiguration"));
    flink_conf_read(in->now->spec.flink_configuration, &path, arena, &none, &r.conf);
    return r;
}

static int by_path(const void *a, const void *b)
{
    const struct flink_note_given *x = a;
    const struct flink_note_given *y = b;
    return sv_cmp(x->path, y->path);
}

void defaults_presets(const struct flink_defaults_input *in, const struct flink_note *carried,
                      const struct flink_note *old_note, struct defaults_edits *edits,
                      struct defaults_presets_result *ret)
{
    const struct cluster_spec *spec = &in->now->spec;
    *ret = (struct defaults_presets_result){.image = spec->image,
                                            .iam_role = spec->iam_role,
                                            .storage_root = spec->storage.root,
                                            .job_managers = spec->job_manager.replicas};
    bool same_image = in->old != NULL && sv_eq(spec->image, in->old->spec.image);
    if (old_note->n_given == 0 && (in->presets == NULL || same_image)) {
        return; // what the new object's note says of presets is nobody's
    }
    struct presets_run r = begin(in, edits->arena);
    const struct flink_presets *p = r.presets;
    r.carried = carried;
    r.old_note = old_note;
    r.edits = edits;
    r.ret = ret;
    r.cap = old_note->n_given + p->n_options + p->requests[0].n + p->requests[1].n + 8;
    r.cap = r.cap < FLINK_NOTE_GIVEN_MAX ? r.cap : FLINK_NOTE_GIVEN_MAX;
    r.given = ARENA_NEW_N(r.arena, struct flink_note_given, r.cap);
    if (r.given == NULL) {
        return;
    }
    if (in->old != NULL) {
        give_back(&r);
        if (sv_present(spec->image)) {
            tag_image(&r);
        }
    } else {
        struct flink_conf conf;
        give_image(&r);
        if (!is_unwanted(&r, SV(PRESET_IAM_ROLE))) {
            give_text(&r, PRESET_IAM_ROLE, &p->iam_role, &ret->iam_role);
        }
        give_options(&r, &conf);
        give_requests(&r, FLINK_JOB_MANAGER, &conf);
        give_requests(&r, FLINK_TASK_MANAGER, &conf);
        give_storage(&r, &conf);
        give_job_managers(&r, &conf);
    }
    qsort(r.given, ret->n_given, sizeof(*r.given), by_path);
    ret->given = r.given;
}

unsigned flink_presets_missing(const struct flink_defaults_input *in, struct arena *arena)
{
    const struct presets_run r = begin(in, arena);
    const struct flink_presets *p = r.presets;
    struct slot slot;
    unsigned bits = 0;
    if (sv_present(p->image.missing) && slot_read(SV(PRESET_IMAGE), &slot) && is_free(&r, &slot)) {
        bits |= FLINK_PRESET_IMAGE;
    }
    if (sv_present(p->iam_role.missing) && slot_read(SV(PRESET_IAM_ROLE), &slot) &&
        is_free(&r, &slot) && !is_unwanted(&r, SV(PRESET_IAM_ROLE))) {
        bits |= FLINK_PRESET_IAM_ROLE;
    }
    if (sv_present(p->storage_root.missing) && !flink_conf_storage_known(root_of(&r), &r.conf)) {
        bits |= FLINK_PRESET_STORAGE_ROOT;
    }
    return bits;
}
