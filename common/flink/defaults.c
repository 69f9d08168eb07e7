// SPDX-License-Identifier: Apache-2.0
#include "common/flink/defaults.h"

#include "common/base/macros.h"
#include "common/flink/defaults_note.h"
#include "common/flink/defaults_solve.h"
#include "common/flink/effective.h"
#include "common/json/out.h"

#define VALUE_MAX (2 * FLINK_NOTE_MAX + 64) // a note as a JSON string, or an object that holds one

/// V is of type WANT, or as good as absent.
static bool typed(const struct json *v, enum json_type want)
{
    enum json_type t = json_type(v);
    return t == want || t == JSON_ABSENT || t == JSON_NULL;
}

/// V is absent, or was decoded (SET); a member with a schema fault is neither.
static bool decoded(const struct json *v, bool set)
{
    return set || typed(v, JSON_ABSENT);
}

/// Whether every member that matters here can be read and written.
static bool is_sound(const struct flink_cluster *c)
{
    const struct cluster_spec *spec = &c->spec;
    const struct json *json = json_get_lit(c->self, "spec");
    const struct json *tm = json_get_lit(json, "taskManager");
    const struct json *annotations = json_get_lit(c->metadata, "annotations");
    return json_type(json) == JSON_OBJECT && typed(tm, JSON_OBJECT) &&
           json_type(c->metadata) == JSON_OBJECT && typed(annotations, JSON_OBJECT) &&
           typed(json_get_lit(annotations, FLINK_DEFAULTED_ANNOTATION), JSON_STRING) &&
           decoded(json_get_lit(json, "image"), sv_present(spec->image)) &&
           decoded(json_get_lit(json, "flinkVersion"), sv_present(spec->flink_version)) &&
           decoded(json_get_lit(json, "parallelism"), spec->parallelism.set) &&
           decoded(json_get_lit(tm, "replicas"), spec->task_manager.replicas.set) &&
           decoded(json_get_lit(tm, "slots"), spec->task_manager.slots.set);
}

static struct defaults_fields read_fields(const struct flink_cluster *c)
{
    const struct cluster_spec *spec = &c->spec;
    return (struct defaults_fields){
        .image = spec->image,
        .version = spec->flink_version,
        .parallelism = spec->parallelism.set ? spec->parallelism.v : 0,
        .replicas = spec->task_manager.replicas.set ? spec->task_manager.replicas.v : 0,
        .slots = flink_effective_slots(c),
    };
}

/// Which fields matter for ownership: left out, or noted by us somewhere.
static unsigned candidates(const struct defaults_problem *p)
{
    const struct flink_note *a = &p->carried;
    const struct flink_note *b = &p->old_note;
    unsigned bits = 0;
    if (!sv_present(p->now.version) || sv_present(a->version) || sv_present(b->version)) {
        bits |= FLINK_NOTED_BIT(FLINK_NOTED_VERSION);
    }
    if (p->now.parallelism == 0 || a->parallelism.value != 0 || b->parallelism.value != 0) {
        bits |= FLINK_NOTED_BIT(FLINK_NOTED_PARALLELISM);
    }
    if (p->now.replicas == 0 || a->replicas.value != 0 || b->replicas.value != 0) {
        bits |= FLINK_NOTED_BIT(FLINK_NOTED_REPLICAS);
    }
    return bits;
}

/// Sets the member KEY of the object at PARENT (N keys; the last may be absent or null) to VALUE.
static int set(struct json_patch *patch, const struct json *root, const struct strview *parent,
               size_t n, struct strview key, struct strview value, struct err *err)
{
    const struct json *at = root;
    for (size_t i = 0; i < n; i++) {
        at = json_get(at, parent[i]);
    }
    if (json_type(at) != JSON_NULL) {
        struct strview keys[3] = {parent[0], n > 1 ? parent[1] : key, key};
        return json_patch_set(patch, root, keys, n + 1, value, err);
    }
    // A parent that is null gives way to an object with this one member.
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(VALUE_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_key(&o, key);
    json_out_raw(&o, value);
    json_out_end_object(&o);
    return strbuf_ok(&b) ? json_patch_set(patch, root, parent, n, strbuf_view(&b), err)
                         : err_set(err, E_NOMEM, "no memory for a default");
}

static int set_number(struct json_patch *patch, const struct json *root,
                      const struct strview *parent, size_t n, struct strview key, int64_t value,
                      struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(32);
    strbuf_put_i64(&b, value);
    return strbuf_ok(&b) ? set(patch, root, parent, n, key, strbuf_view(&b), err)
                         : err_set(err, E_NOMEM, "no memory for a default");
}

static int set_text(struct json_patch *patch, const struct json *root, const struct strview *parent,
                    size_t n, struct strview key, struct strview value, struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(VALUE_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_string(&o, value);
    return strbuf_ok(&b) ? set(patch, root, parent, n, key, strbuf_view(&b), err)
                         : err_set(err, E_NOMEM, "no memory for a default");
}

/// The annotation, when it doesn't say NOTE already. An empty note is written only over another
/// one.
static int patch_note(struct json_patch *patch, const struct flink_cluster *c,
                      const struct flink_note *note, struct err *err)
{
    static const struct strview PARENT[] = {SV_INIT("metadata"), SV_INIT("annotations")};
    const struct json *annotations = json_get_lit(c->metadata, "annotations");
    struct strview carried = json_get_string(annotations, SV(FLINK_DEFAULTED_ANNOTATION));
    if (!sv_present(carried) && flink_note_is_empty(note)) {
        return 0;
    }
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(FLINK_NOTE_MAX);
    flink_note_put(&b, note);
    if (!strbuf_ok(&b)) {
        return err_set(err, E_NOMEM, "no memory for the note of defaults");
    }
    if (sv_present(carried) && sv_eq(carried, strbuf_view(&b))) {
        return 0;
    }
    return set_text(patch, c->self, PARENT, ARRAY_LEN(PARENT), SV(FLINK_DEFAULTED_ANNOTATION),
                    strbuf_view(&b), err);
}

static int make_patch(struct json_patch *patch, const struct flink_cluster *c,
                      const struct defaults_fields *was, const struct defaults_solution *to,
                      struct err *err)
{
    static const struct strview PARENT[] = {SV_INIT("spec"), SV_INIT("taskManager")};
    const struct json *root = c->self;
    if (sv_present(to->version) && !sv_eq(to->version, was->version) &&
        set_text(patch, root, PARENT, 1, SV("flinkVersion"), to->version, err) != 0) {
        return -1;
    }
    if (to->parallelism != was->parallelism &&
        set_number(patch, root, PARENT, 1, SV("parallelism"), to->parallelism, err) != 0) {
        return -1;
    }
    if (to->replicas != was->replicas &&
        set_number(patch, root, PARENT, 2, SV("replicas"), to->replicas, err) != 0) {
        return -1;
    }
    return patch_note(patch, c, &to->note, err);
}

static struct defaults_problem read_problem(const struct flink_defaults_input *in,
                                            struct arena *arena)
{
    struct defaults_problem p = {
        .now = read_fields(in->now),
        .update = in->old != NULL,
        .fallback = in->parallelism > 0 ? in->parallelism : 1,
        .arena = arena,
    };
    flink_note_read(in->now, arena, &p.carried);
    if (in->old != NULL) {
        p.old = read_fields(in->old);
        flink_note_read(in->old, arena, &p.old_note);
    }
    unsigned open = candidates(&p);
    const unsigned numbers =
        FLINK_NOTED_BIT(FLINK_NOTED_PARALLELISM) | FLINK_NOTED_BIT(FLINK_NOTED_REPLICAS);
    // Reading the whole configuration is only worth it when a number may be ours.
    p.reactive = (open & numbers) != 0 && flink_effective_is_reactive(in->now, arena);
    p.users = flink_users_fields(in->now, open, arena);
    return p;
}

int flink_defaults(const struct flink_defaults_input *in, struct arena *arena,
                   struct json_patch *patch, struct err *err)
{
    if (!is_sound(in->now)) {
        return 0;
    }
    struct defaults_problem p = read_problem(in, arena);
    struct defaults_solution to;
    defaults_solve(&p, &to);
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory left to work out defaults");
    }
    return make_patch(patch, in->now, &p.now, &to, err);
}

static struct field_int number(int64_t v)
{
    return (struct field_int){.v = v, .set = v != 0};
}

/// Whether NOW still has what the old note says we filled in, and no user owns it.
static bool is_ours(const struct defaults_problem *p, enum flink_noted field, bool stands)
{
    return stands && (p->users & FLINK_NOTED_BIT(field)) == 0;
}

void flink_defaults_foresee(const struct flink_defaults_input *in, struct arena *arena,
                            struct flink_cluster *ret)
{
    *ret = *in->now;
    struct cluster_spec *spec = &ret->spec;
    struct defaults_problem p = read_problem(in, arena);
    if (is_sound(in->now)) {
        struct defaults_solution to;
        defaults_solve(&p, &to);
        spec->flink_version = to.version;
        spec->parallelism = number(to.parallelism);
        spec->task_manager.replicas = number(to.replicas);
        return;
    }
    const struct flink_note *note = &p.old_note;
    if (is_ours(&p, FLINK_NOTED_VERSION, sv_eq(note->version, p.now.version))) {
        spec->flink_version = SV_NONE;
    }
    if (is_ours(&p, FLINK_NOTED_PARALLELISM, note->parallelism.value == p.now.parallelism)) {
        spec->parallelism = number(0);
    }
    if (is_ours(&p, FLINK_NOTED_REPLICAS, note->replicas.value == p.now.replicas)) {
        spec->task_manager.replicas = number(0);
    }
}
