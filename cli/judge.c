// SPDX-License-Identifier: Apache-2.0
#include "cli/judge.h"

#include "common/flink/cluster.h"
#include "common/flink/kind.h"
#include "common/k8s/labels.h"
#include "common/k8s/names.h"
#include "common/kind/unknown.h"
#include "common/policy/admit.h"

/// What the API server itself demands of every object, before any webhook is asked.
static void judge_metadata(const struct json *object, struct violations *v)
{
    const struct json *given = json_get_lit(object, "metadata");
    const struct path metadata = PATH_FIELD_OF(NULL, SV("metadata"));
    const struct path name = PATH_FIELD_OF(&metadata, SV("name"));
    const struct path labels = PATH_FIELD_OF(&metadata, SV("labels"));
    const struct path annotations = PATH_FIELD_OF(&metadata, SV("annotations"));
    const struct json *text = json_get_lit(given, "name");
    if ((text == NULL || json_type(text) == JSON_NULL) &&
        json_get_string(given, SV("generateName")).len == 0) {
        violation_deny(v, "schema.metadata", CAUSE_REQUIRED, &name, SV_NONE,
                       "name or generateName is required");
    }
    labels_check(json_get_lit(given, "labels"), &labels, "schema.metadata", v);
    annotations_check(json_get_lit(given, "annotations"), &annotations, "schema.metadata", v);
}

int judge_create(const struct review_context *context, const struct json *object, struct strview ns,
                 struct violations *v, const struct json **ret, struct err *err)
{
    int rc = review_write(context, object, NULL, ns, v, ret, err);
    judge_metadata(object, v);
    // The API server prunes these, or refuses them under strict field validation, kubectl's
    // default.
    kind_unknown_fields(&flink_kind, object, v);
    return rc;
}

void judge_create_policy(const struct review_context *context, const struct json *object,
                         struct violations *v)
{
    struct flink_policy now;
    policy_decode(object, &now, v);
    judge_metadata(object, v);
    if (sv_present(now.name)) {
        const struct path metadata = PATH_FIELD_OF(NULL, SV("metadata"));
        const struct path name = PATH_FIELD_OF(&metadata, SV("name"));
        const char *fault = name_fault(NAME_DNS1123_SUBDOMAIN, now.name);
        if (fault != NULL) {
            violation_deny(v, "schema.metadata", CAUSE_INVALID, &name,
                           violation_quote(v->arena, now.name), "%s", fault);
        }
    }
    const struct policy_admit_input input = {
        .now = &now, .others = context->policies, .now_ms = context->now_ms};
    policy_admit(&input, v);
}
