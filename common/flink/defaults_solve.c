// SPDX-License-Identifier: Apache-2.0
// Two ways to read a value that stands in NOW: as the user's, or as ours. It is ours when OLD's
// note says so and NOW left it as it was; or when NOW's own note says what would be worked out
// anyway, which is how a second pass over the first one's result finds nothing to do.
#include "common/flink/defaults_solve.h"

#include "common/flink/law.h"
#include "common/flink/version.h"
#include "common/refs/image.h"

static bool users(const struct defaults_problem *p, enum flink_noted field)
{
    return (p->users & FLINK_NOTED_BIT(field)) != 0;
}

// ---- flinkVersion -------------------------------------------------------------------------------

struct version_solution {
    struct strview value, tag; // TAG absent: not noted
};

static bool old_version_is_ours(const struct defaults_problem *p)
{
    return p->update && sv_present(p->old_note.version) &&
           sv_eq(p->old.version, p->old_note.version);
}

/// What stands there when the user gave none.
static struct version_solution work_out_version(const struct defaults_problem *p)
{
    if (old_version_is_ours(p) && sv_eq(p->now.image, p->old.image)) {
        return (struct version_solution){p->old_note.version, p->old_note.tag};
    }
    struct image_ref ref;
    struct flink_version v;
    if (!image_parse(p->now.image, p->arena, &ref, NULL) || !sv_present(ref.tag) ||
        !flink_version_from_tag(ref.tag, &v, NULL)) {
        return (struct version_solution){p->now.version, SV_NONE};
    }
    return (struct version_solution){flink_version_text(p->arena, v), ref.tag};
}

static void solve_version(const struct defaults_problem *p, struct defaults_solution *ret)
{
    bool given = sv_present(p->now.version);
    bool is_users = users(p, FLINK_NOTED_VERSION);
    struct version_solution to = work_out_version(p);
    bool carried = given && sv_eq(p->carried.version, p->now.version) &&
                   sv_eq(to.value, p->now.version) && sv_present(to.tag) &&
                   sv_eq(to.tag, p->carried.tag);
    bool kept = given && old_version_is_ours(p) && sv_eq(p->now.version, p->old.version);
    if (given && (is_users || (!carried && !kept))) {
        to = (struct version_solution){p->now.version, SV_NONE};
    }
    ret->version = to.value;
    if (sv_present(to.tag) && !is_users) {
        ret->note.version = to.value;
        ret->note.tag = to.tag;
    }
}

// ---- parallelism and replicas -------------------------------------------------------------------

/// Which of the two count as left out: the user gave none, or what stands there is ours.
struct open_numbers {
    bool parallelism, replicas;
};

struct number_solution {
    int64_t parallelism, replicas;
    struct flink_note_number note_parallelism, note_replicas;
};

static bool ours(const struct flink_note_number *noted, int64_t stands)
{
    return noted->value != 0 && noted->value == stands;
}

/// OLD's numbers as its user gave them; all 0 on a create.
static struct law_input old_given(const struct defaults_problem *p)
{
    struct law_input in = {.slots = p->old.slots};
    if (!ours(&p->old_note.parallelism, p->old.parallelism)) {
        in.parallelism = p->old.parallelism;
    }
    if (!ours(&p->old_note.replicas, p->old.replicas)) {
        in.replicas = p->old.replicas;
    }
    return in;
}

/// By the law, from what the user gave; FALLBACK_BY is whose in.fallback is. Nothing that would not
/// pass the schema.
static struct number_solution by_law(struct law_input in, struct strview fallback_by)
{
    struct law_result r = law_apply(in);
    struct number_solution to = {.parallelism = r.parallelism, .replicas = r.replicas};
    if (to.parallelism > LAW_PARALLELISM_MAX || to.replicas > LAW_REPLICAS_MAX) {
        return (struct number_solution){.parallelism = in.parallelism, .replicas = in.replicas};
    }
    if (in.parallelism == 0) {
        to.note_parallelism = (struct flink_note_number){
            .value = to.parallelism, .with = to.replicas, .slots = in.slots};
        to.note_parallelism.by = in.replicas == 0 ? fallback_by : SV_NONE;
    }
    if (in.replicas == 0) {
        to.note_replicas = (struct flink_note_number){
            .value = to.replicas, .with = to.parallelism, .slots = in.slots};
    }
    return to;
}

/// Reactive mode: nothing is filled in; what we filled in before stays, and stays noted.
static struct number_solution keep(const struct defaults_problem *p, struct open_numbers open)
{
    struct number_solution to = {.parallelism = p->now.parallelism, .replicas = p->now.replicas};
    if (open.parallelism && ours(&p->old_note.parallelism, to.parallelism)) {
        to.note_parallelism = p->old_note.parallelism;
    }
    if (open.replicas && ours(&p->old_note.replicas, to.replicas)) {
        to.note_replicas = p->old_note.replicas;
    }
    return to;
}

/// Whether this request changes one of the numbers in the spec: gives another value than the stored
/// one, or takes away one that a user gave. A value equal to the stored one is no change, even when
/// it was ours until now.
static bool number_changes(bool open, int64_t now, int64_t old, int64_t old_as_given)
{
    return open ? old_as_given != 0 : now != old;
}

static struct number_solution work_out_numbers(const struct defaults_problem *p,
                                               struct open_numbers open)
{
    if (p->reactive) {
        return keep(p, open);
    }
    struct law_input in = {
        .parallelism = open.parallelism ? 0 : p->now.parallelism,
        .replicas = open.replicas ? 0 : p->now.replicas,
        .slots = p->now.slots,
        .fallback = p->fallback,
    };
    struct law_input old = old_given(p);
    if (!p->update) {
        return by_law(in, p->fallback_by);
    }
    if (number_changes(open.parallelism, in.parallelism, p->old.parallelism, old.parallelism) ||
        number_changes(open.replicas, in.replicas, p->old.replicas, old.replicas) ||
        in.slots != old.slots) {
        // A parallelism that came from nothing in the object (a preset) is set once.
        struct strview by = p->fallback_by;
        if (old.parallelism == 0 && old.replicas == 0 && p->old.parallelism != 0) {
            in.fallback = p->old.parallelism;
            by = p->old_note.parallelism.by;
        }
        return by_law(in, by);
    }
    // Nothing that they are computed from changes: what is stored stays.
    struct law_input stored = in;
    stored.parallelism = in.parallelism != 0 ? in.parallelism : p->old.parallelism;
    stored.replicas = in.replicas != 0 ? in.replicas : p->old.replicas;
    struct number_solution to = by_law(stored, p->fallback_by);
    if (in.parallelism == 0 && stored.parallelism != 0) {
        to.note_parallelism = p->old_note.parallelism;
    }
    if (in.replicas == 0 && stored.replicas != 0) {
        to.note_replicas = p->old_note.replicas;
    }
    return to;
}

/// What users own is theirs also when it is absent in NOW and has just been filled in.
static struct number_solution without_users(const struct defaults_problem *p,
                                            struct open_numbers open)
{
    struct defaults_problem q = *p;
    struct number_solution to = work_out_numbers(&q, open);
    for (int round = 0; round < 2; round++) {
        bool again = false;
        if (open.parallelism && users(p, FLINK_NOTED_PARALLELISM) && to.parallelism != 0) {
            open.parallelism = false;
            q.now.parallelism = to.parallelism;
            again = true;
        }
        if (open.replicas && users(p, FLINK_NOTED_REPLICAS) && to.replicas != 0) {
            open.replicas = false;
            q.now.replicas = to.replicas;
            again = true;
        }
        if (!again) {
            break;
        }
        to = work_out_numbers(&q, open);
    }
    return to;
}

/// Whether NOW's own note says what is worked out anyway when the values that it notes are open.
static bool carried_counts(const struct defaults_problem *p, struct open_numbers carried,
                           const struct number_solution *to)
{
    return (carried.parallelism || carried.replicas) &&
           (!carried.parallelism ||
            (to->parallelism == p->now.parallelism &&
             flink_note_number_eq(to->note_parallelism, p->carried.parallelism))) &&
           (!carried.replicas || (to->replicas == p->now.replicas &&
                                  flink_note_number_eq(to->note_replicas, p->carried.replicas)));
}

static struct number_solution solve_numbers(const struct defaults_problem *p)
{
    bool user_p = users(p, FLINK_NOTED_PARALLELISM);
    bool user_r = users(p, FLINK_NOTED_REPLICAS);
    struct open_numbers absent = {p->now.parallelism == 0, p->now.replicas == 0};
    struct open_numbers carried = {
        !absent.parallelism && !user_p && ours(&p->carried.parallelism, p->now.parallelism),
        !absent.replicas && !user_r && ours(&p->carried.replicas, p->now.replicas),
    };
    struct open_numbers open = {absent.parallelism || carried.parallelism,
                                absent.replicas || carried.replicas};
    struct number_solution to = without_users(p, open);
    if (carried_counts(p, carried, &to)) {
        return to;
    }
    open = absent;
    if (p->update && !user_p && p->now.parallelism == p->old.parallelism &&
        ours(&p->old_note.parallelism, p->old.parallelism)) {
        open.parallelism = true;
    }
    if (p->update && !user_r && p->now.replicas == p->old.replicas &&
        ours(&p->old_note.replicas, p->old.replicas)) {
        open.replicas = true;
    }
    return without_users(p, open);
}

static bool same_or_new(int64_t now, int64_t old)
{
    return now == old || old == 0;
}

/// `scale` goes around the webhook and may make an entry void. It stays until one of the numbers
/// changes, so that no other update writes for its sake.
static void keep_void(const struct defaults_problem *p, struct number_solution *to)
{
    const struct flink_note *note = &p->old_note;
    if (!p->update || !same_or_new(to->parallelism, p->old.parallelism) ||
        !same_or_new(to->replicas, p->old.replicas) || p->now.slots != p->old.slots) {
        return;
    }
    if (to->note_parallelism.value == 0 && note->parallelism.value != to->parallelism) {
        to->note_parallelism = note->parallelism;
    }
    if (to->note_replicas.value == 0 && note->replicas.value != to->replicas) {
        to->note_replicas = note->replicas;
    }
}

void defaults_solve(const struct defaults_problem *p, struct defaults_solution *ret)
{
    *ret = (struct defaults_solution){0};
    solve_version(p, ret);
    struct number_solution to = solve_numbers(p);
    keep_void(p, &to);
    ret->parallelism = to.parallelism;
    ret->replicas = to.replicas;
    ret->note.parallelism = to.note_parallelism;
    ret->note.replicas = to.note_replicas;
}
