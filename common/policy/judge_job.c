// SPDX-License-Identifier: Apache-2.0
// Where the job's code comes from, and labels.
#include <strings.h>

#include "common/flink/plugins.h"
#include "common/policy/judge_run.h"

static bool is_allowed_scheme(const struct judge_run *r, struct strview scheme)
{
    const struct field_strings *list = &r->policy->spec.job.jar_schemes;
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].len == scheme.len &&
            strncasecmp(list->items[i].ptr, scheme.ptr, scheme.len) == 0) {
            return true;
        }
    }
    return false;
}

static void say_scheme(struct judge_run *r, const struct path *path, struct strview uri)
{
    const struct field_strings *list = &r->policy->spec.job.jar_schemes;
    judge_say(r, CAUSE_INVALID, path, judge_text(r, uri), "the scheme must be one of %.*s",
              SV_ARG(judge_strings(r, list->items, list->n)));
}

/// Each URI of a list as Flink reads it: `a;b`, `a,b`, or `[a, b]` in YAML's way. What has no
/// scheme is a path in the image.
static void judge_uris(struct judge_run *r, const struct path *path, struct strview text)
{
    size_t from = 0;
    for (size_t i = 0; i <= text.len && !r->enough; i++) {
        if (i < text.len && strchr(";,[]\"' \t\n", text.ptr[i]) == NULL) {
            continue;
        }
        struct strview one = sv_sub(text, from, i - from);
        from = i + 1;
        struct strview scheme = flink_uri_scheme(r->arena, one);
        if (judge_works(r, 1 + r->policy->spec.job.jar_schemes.n) && sv_present(scheme) &&
            !is_allowed_scheme(r, scheme)) {
            say_scheme(r, path, one);
        }
    }
}

void judge_job_jar_schemes(struct judge_run *r)
{
    // What else brings code: pipeline.jars is refused by a built-in rule.
    static const struct strview KEYS[] = {
        SV_INIT("pipeline.classpaths"), SV_INIT("user.artifacts.artifact-list"),
        SV_INIT("python.files"),        SV_INIT("python.archives"),
        SV_INIT("python.requirements"),
    };
    _Static_assert(ARRAY_LEN(KEYS) <= JUDGE_ENTRIES_MAX, "none is left out");
    const struct job_spec *job = &r->now->c->spec.job;
    if (!r->policy->spec.job.jar_schemes.set) {
        return;
    }
    if (sv_present(job->jar_uri)) {
        if (!r->now->has_jar_scheme) {
            r->now->has_jar_scheme = true;
            r->now->jar_scheme = flink_uri_scheme(r->now->arena, job->jar_uri);
        }
        if (!sv_present(r->now->jar_scheme) || !is_allowed_scheme(r, r->now->jar_scheme)) {
            say_scheme(r, UNDER(UNDER(SPEC, "job"), "jarURI"), job->jar_uri);
        }
    }
    const struct judge_entries *set = judge_entries(r->now, &r->now->code, KEYS, ARRAY_LEN(KEYS));
    for (size_t i = 0; i < set->n; i++) {
        judge_uris(r, &PATH_KEY_OF(UNDER(SPEC, "flinkConfiguration"), set->items[i]->key),
                   set->items[i]->value);
    }
}

void judge_job_required_labels(struct judge_run *r)
{
    const struct field_strings *list = &r->policy->spec.job.required_labels;
    const struct json *labels = json_get_lit(r->now->c->metadata, "labels");
    const struct path path = PATH_FIELD_OF(UNDER(NULL, "metadata"), SV("labels"));
    size_t steps = list->n != 0 ? 1 + json_count(labels) : 0; // all are looked through for each
    for (size_t i = 0; i < list->n && judge_works(r, steps); i++) {
        if (json_get_string(labels, list->items[i]).len == 0) {
            judge_say(r, CAUSE_REQUIRED, &PATH_KEY_OF(&path, list->items[i]), JUDGE_NOTHING,
                      "the label is required, with a value");
        }
    }
}
