// SPDX-License-Identifier: Apache-2.0
// The `scale` of a FlinkCluster: only the number of TaskManagers changes, so the stored object is
// judged with another one. Source: the scale subresource of CRDs, autoscaling/v1.
#include "common/flink/decode.h"
#include "common/flink/law.h"
#include "common/flink/rules.h"
#include "webhook/review_run.h"

/// spec.replicas of a Scale; what is absent is 0, as its Go type has it.
static bool replicas_of(const struct json *scale, int64_t *ret)
{
    const struct json *v = json_get_path(scale, "spec", "replicas", NULL);
    *ret = 0;
    return v == NULL || json_type(v) == JSON_NULL || json_int(v, ret);
}

/// The schema's bounds, which the API server looks at only after this.
static bool check_bounds(struct review *r, int64_t *ret)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path path = PATH_FIELD_OF(&spec, SV("replicas"));
    if (!replicas_of(r->request.object, ret)) {
        violation_deny(&r->violations, "schema.type", CAUSE_TYPE_INVALID, &path, SV_NONE,
                       "must be an integer");
        return false;
    }
    if (*ret < 1 || *ret > LAW_REPLICAS_MAX) {
        violation_deny(&r->violations, *ret < 1 ? "schema.min" : "schema.max", CAUSE_INVALID, &path,
                       arena_printf(r->arena, "%lld", (long long)*ret),
                       "must be 1 to %d: a job is stopped by job.state Suspended",
                       LAW_REPLICAS_MAX);
        return false;
    }
    return true;
}

/// The stored object as far as it is known. The Scale's old number is the newest there is.
static bool read_stored(struct review *r, struct flink_cluster *ret)
{
    const struct review_context *c = r->context;
    struct violations ignored = VIOLATIONS(r->arena, 0);
    struct strview text;
    const struct json *kept;
    int64_t replicas;
    if (!c->stored(c->stored_ctx, r->request.namespace_, r->request.name, &text) ||
        json_parse(text, &JSON_LIMITS_DEFAULT, r->arena, &kept, NULL) != 0) {
        return false;
    }
    flink_decode(kept, ret, &ignored);
    if (replicas_of(r->request.old_object, &replicas) && replicas > 0) {
        ret->spec.task_manager.replicas = (struct field_int){.v = replicas, .set = true};
    }
    return true;
}

void review_scale(struct review *r)
{
    struct flink_cluster now, old;
    int64_t replicas;
    if (r->kind == REVIEW_MUTATE || r->request.operation != ADMISSION_UPDATE) {
        review_allow(r);
        return;
    }
    if (r->context->stored == NULL || !check_bounds(r, &replicas)) {
        review_answer_violations(r);
        return;
    }
    if (!read_stored(r, &old)) {
        review_answer_unknown(r,
                              arena_printf(r->arena, FLINK_KIND " \"%.*s/%.*s\"",
                                           SV_ARG(r->request.namespace_), SV_ARG(r->request.name)));
        return;
    }
    now = old;
    now.spec.task_manager.replicas = (struct field_int){.v = replicas, .set = true};
    struct flink_rules_input rules = {.now = &now, .old = &old, .scale = true};
    flink_rules_check(&rules, &r->violations);
    const struct review_judged judged = {.now = &now, .old = &old, .scale = true};
    if (!review_judge(r, &judged)) {
        review_answer_unknown_namespace(r);
        return;
    }
    review_answer_violations(r);
}
