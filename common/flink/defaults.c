// SPDX-License-Identifier: Apache-2.0
#include "common/flink/defaults.h"

#include "common/base/macros.h"
#include "common/flink/defaults_edits.h"
#include "common/flink/defaults_note.h"
#include "common/flink/defaults_preset.h"
#include "common/flink/defaults_solve.h"
#include "common/flink/effective.h"

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

/// The annotation, when it doesn't say NOTE already. An empty note is written only over another
/// one.
static int edit_note(struct defaults_edits *edits, const struct flink_cluster *c,
                     const struct flink_note *note, struct err *err)
{
    static const struct strview KEYS[] = {SV_INIT("metadata"), SV_INIT("annotations"),
                                          SV_INIT(FLINK_DEFAULTED_ANNOTATION)};
    const struct json *annotations = json_get_lit(c->metadata, "annotations");
    struct strview carried = json_get_string(annotations, SV(FLINK_DEFAULTED_ANNOTATION));
    if (!sv_present(carried) && flink_note_is_empty(note)) {
        return 0;
    }
    CLEANUP(strbuf_done) struct strbuf b = STRBUF_IN(edits->arena, FLINK_NOTE_MAX);
    flink_note_put(&b, note);
    if (!strbuf_ok(&b)) {
        return b.no_memory ? err_set(err, E_NOMEM, "no memory for the note of defaults")
                           : err_set(err, E_TOO_LARGE, "more defaults than their note can hold");
    }
    if (!sv_present(carried) || !sv_eq(carried, strbuf_view(&b))) {
        defaults_edits_add_string(edits, DEFAULTS_RANK_NOTE, KEYS, ARRAY_LEN(KEYS),
                                  strbuf_view(&b));
    }
    return 0;
}

static void edit_fields(struct defaults_edits *edits, const struct defaults_fields *was,
                        const struct defaults_solution *to)
{
    static const struct strview VERSION[] = {SV_INIT("spec"), SV_INIT("flinkVersion")};
    static const struct strview PARALLELISM[] = {SV_INIT("spec"), SV_INIT("parallelism")};
    static const struct strview REPLICAS[] = {SV_INIT("spec"), SV_INIT("taskManager"),
                                              SV_INIT("replicas")};
    if (sv_present(to->version) && !sv_eq(to->version, was->version)) {
        defaults_edits_add_string(edits, DEFAULTS_RANK_VERSION, VERSION, 2, to->version);
    }
    if (to->parallelism != was->parallelism) {
        defaults_edits_add_int(edits, DEFAULTS_RANK_PARALLELISM, PARALLELISM, 2, to->parallelism);
    }
    if (to->replicas != was->replicas) {
        defaults_edits_add_int(edits, DEFAULTS_RANK_TASK_MANAGER, REPLICAS, 3, to->replicas);
    }
}

/// The problem of the three fields, once presets have had their say (EDITS, *PRESETS).
static struct defaults_problem read_problem(const struct flink_defaults_input *in,
                                            struct defaults_edits *edits,
                                            struct defaults_presets_result *presets)
{
    struct arena *arena = edits->arena;
    int64_t preset = in->presets != NULL ? in->presets->parallelism.value : 0;
    struct defaults_problem p = {
        .now = read_fields(in->now),
        .update = in->old != NULL,
        .fallback = preset > 0 ? preset : 1,
        .fallback_by = preset > 0 ? in->presets->parallelism.by : SV_NONE,
        .arena = arena,
    };
    flink_note_read(in->now, arena, &p.carried);
    if (in->old != NULL) {
        p.old = read_fields(in->old);
        flink_note_read(in->old, arena, &p.old_note);
    }
    defaults_presets(in, &p.carried, &p.old_note, edits, presets);
    p.now.image = presets->image;
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
    struct defaults_edits edits = DEFAULTS_EDITS(arena);
    struct defaults_presets_result presets;
    struct defaults_problem p = read_problem(in, &edits, &presets);
    struct defaults_solution to;
    defaults_solve(&p, &to);
    to.note.given = presets.given;
    to.note.n_given = presets.n_given;
    edit_fields(&edits, &p.now, &to);
    if (edit_note(&edits, in->now, &to.note, err) != 0) {
        return -1;
    }
    if (!arena_ok(arena)) {
        return err_set(err, E_NOMEM, "no memory left to work out defaults");
    }
    return defaults_edits_put(&edits, in->now->self, patch, err);
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
    struct defaults_edits edits = DEFAULTS_EDITS(arena);
    struct defaults_presets_result presets;
    struct defaults_problem p = read_problem(in, &edits, &presets);
    spec->image = presets.image;
    spec->iam_role = presets.iam_role;
    spec->storage.root = presets.storage_root;
    spec->job_manager.replicas = presets.job_managers;
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
