// SPDX-License-Identifier: Apache-2.0
// The reviews of a FlinkCluster.
#include "common/base/macros.h"
#include "common/flink/decode.h"
#include "common/flink/rules.h"
#include "webhook/review_run.h"

/// The object, and the stored one.
struct pair {
    struct flink_cluster now, old_cluster;
    const struct flink_cluster *old; // NULL on a create
};

/// Both objects and the faults of the new one's types; the old one's own are not the user's now.
static void decode_both(struct review *r, struct pair *p)
{
    struct violations ignored = VIOLATIONS(r->arena, 0);
    const struct json *old = r->request.old_object;
    flink_decode_update(r->request.object, old, &p->now, &r->violations);
    p->old = old != NULL ? &p->old_cluster : NULL;
    if (old != NULL) {
        flink_decode(old, &p->old_cluster, &ignored);
    }
}

/// The schema's rules over the object as the API server will see it: with what is filled in.
static void foresee_schema_rules(struct review *r, const struct flink_defaults_input *in)
{
    struct violations so_far = r->violations;
    flink_schema_rules(in->now, in->old, &r->violations);
    if (r->violations.denials == so_far.denials) {
        return;
    }
    r->violations = so_far;
    struct flink_cluster foreseen;
    flink_defaults_foresee(in, r->arena, &foreseen);
    flink_schema_rules(&foreseen, in->old, &r->violations);
}

/// The API server would now stop at the schema and report that alone; so all is said here. Policies
/// whose namespace is not known are left out: the verdict stands without them.
static void refuse_at_once(struct review *r, const struct flink_defaults_input *in)
{
    struct flink_cluster foreseen;
    flink_defaults_foresee(in, r->arena, &foreseen);
    struct flink_rules_input rules = {.now = &foreseen, .old = in->old, .before_defaults = true};
    flink_rules_check(&rules, &r->violations);
    struct violations so_far = r->violations;
    const struct review_judged judged = {.now = &foreseen, .old = in->old, .before_defaults = true};
    if (!review_judge(r, &judged)) {
        r->violations = so_far;
    }
    review_answer_violations(r);
}

static void answer_patch(struct review *r)
{
    if (r->patch.count == 0) {
        review_allow(r);
        return;
    }
    r->response.patch = json_patch_end(&r->patch);
    if (!sv_present(r->response.patch)) {
        review_refuse(r, REVIEW_ERROR, 500, "InternalError",
                      SV("the defaults do not fit into a patch"));
        return;
    }
    review_allow(r);
    r->result->verdict = REVIEW_PATCHED;
}

static void mutate(struct review *r)
{
    UNINITIALIZED struct pair p;
    decode_both(r, &p);
    struct flink_defaults_input in = {.now = &p.now, .old = p.old};
    bool known = review_presets(r, &p.now, p.old, &in.presets);
    foresee_schema_rules(r, &in);
    if (!known && r->violations.denials == 0) {
        review_answer_unknown_namespace(r);
        return;
    }
    if (p.old == NULL && in.presets != NULL) {
        review_presets_missing(r, &p.now, in.presets);
    }
    if (r->violations.denials != 0) {
        refuse_at_once(r, &in);
        return;
    }
    // Any other fault waits for validation, which sees the final object; so do the warnings.
    struct err err;
    if (flink_defaults(&in, r->arena, &r->patch, &err) != 0) {
        review_refuse(r, REVIEW_ERROR, 500, "InternalError",
                      arena_printf(r->arena, "the defaults could not be worked out: %s", err.msg));
        return;
    }
    answer_patch(r);
}

static void validate(struct review *r)
{
    UNINITIALIZED struct pair p;
    decode_both(r, &p);
    flink_schema_rules(&p.now, p.old, &r->violations);
    struct flink_effective e = {0};
    struct flink_rules_input rules = {.now = &p.now, .old = p.old, .effective = &e};
    flink_rules_check(&rules, &r->violations);
    const struct review_judged judged = {.now = &p.now, .old = p.old, .effective = &e};
    if (!review_judge(r, &judged)) {
        review_answer_unknown_namespace(r);
        return;
    }
    review_answer_violations(r);
}

static void validate_delete(struct review *r)
{
    struct flink_cluster old;
    struct violations ignored = VIOLATIONS(r->arena, 0);
    flink_decode(r->request.old_object, &old, &ignored);
    flink_rules_check_delete(&old, &r->violations);
    if (r->violations.count == 0) {
        review_allow(r);
        return;
    }
    const struct violation *why = &r->violations.items[0];
    review_refuse(r, REVIEW_DENIED, 403, "Forbidden",
                  arena_printf(r->arena,
                               "flinkclusters." FLINK_GROUP " \"%.*s\" is forbidden: %.*s: %.*s",
                               SV_ARG(r->request.name), SV_ARG(why->path), SV_ARG(why->message)));
    review_note_audit(r);
}

void review_cluster(struct review *r)
{
    if (r->request.operation == ADMISSION_DELETE) {
        r->kind == REVIEW_MUTATE ? review_allow(r) : validate_delete(r);
    } else {
        r->kind == REVIEW_MUTATE ? mutate(r) : validate(r);
    }
}
