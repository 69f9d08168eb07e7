// SPDX-License-Identifier: Apache-2.0
// The write of a FlinkCluster from end to end, for those who have no API server: what mutation
// says, what the object then is, what validation says of that.
#include "common/json/patch_apply.h"
#include "webhook/review_run.h"

#define PATCHED_MAX ((size_t)16 << 20)

/// The object as it is after the patch of MUTATED; NULL: there is no memory for it.
static const struct json *patched(const struct review *mutated)
{
    struct arena *arena = mutated->arena;
    const struct json *patch = NULL, *object = NULL;
    struct strbuf text = STRBUF_IN(arena, PATCHED_MAX);
    struct err err;
    bool good =
        json_parse(mutated->response.patch, &JSON_LIMITS_DEFAULT, arena, &patch, &err) == 0 &&
        json_patch_apply(mutated->request.object, patch, &text, &err) == 0 &&
        json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, arena, &object, &err) == 0;
    return good ? object : NULL;
}

int review_write(const struct review_context *context, const struct json *object,
                 const struct json *old, struct strview ns, struct violations *out,
                 const struct json **ret, struct err *err)
{
    struct review_result result = {.verdict = REVIEW_ERROR};
    struct review r = {
        .arena = out->arena,
        .result = &result,
        .kind = REVIEW_MUTATE,
        .context = context,
        .request = {.operation = old != NULL ? ADMISSION_UPDATE : ADMISSION_CREATE,
                    .namespace_ = ns,
                    .name = json_get_string(json_get_lit(object, "metadata"), SV("name")),
                    .object = object,
                    .old_object = old},
        .violations = VIOLATIONS(out->arena, out->max),
        .patch = JSON_PATCH_IN(out->arena, REVIEW_PATCH_MAX)};
    review_cluster(&r);
    if (result.verdict == REVIEW_PATCHED) {
        r.request.object = patched(&r);
    }
    if (r.response.allowed && r.request.object != NULL) {
        r.kind = REVIEW_VALIDATE;
        r.violations = VIOLATIONS(out->arena, out->max); // what mutation warned of is said again
        review_cluster(&r);
    }
    if (ret != NULL) {
        *ret = r.response.allowed ? r.request.object : NULL;
    }
    json_patch_done(&r.patch);
    for (size_t i = 0; i < r.violations.count; i++) {
        violation_add(out, &r.violations.items[i]);
    }
    out->dropped += r.violations.dropped;
    if (result.verdict == REVIEW_RETRY) {
        return err_set(err, E_INVALID, "%.*s", SV_ARG(r.response.message));
    }
    bool whole = arena_ok(out->arena) && r.request.object != NULL && result.verdict != REVIEW_ERROR;
    return whole ? 0 : err_set(err, E_NOMEM, "no memory for the review of an object");
}
