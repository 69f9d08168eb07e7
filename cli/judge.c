// SPDX-License-Identifier: Apache-2.0
#include "cli/judge.h"

#include "common/flink/cluster.h"
#include "common/flink/decode.h"
#include "common/flink/kind.h"
#include "common/flink/rules.h"
#include "common/k8s/labels.h"
#include "common/kind/unknown.h"

/// What the API server itself demands of every object, before any webhook is asked.
static void judge_metadata(const struct flink_cluster *now, struct violations *v)
{
    const struct path metadata = PATH_FIELD_OF(NULL, SV("metadata"));
    const struct path name = PATH_FIELD_OF(&metadata, SV("name"));
    const struct path labels = PATH_FIELD_OF(&metadata, SV("labels"));
    const struct path annotations = PATH_FIELD_OF(&metadata, SV("annotations"));
    const struct json *given = json_get_lit(now->metadata, "name");
    if ((given == NULL || json_type(given) == JSON_NULL) && !sv_present(now->generate_name)) {
        violation_deny(v, "schema.metadata", CAUSE_REQUIRED, &name, SV_NONE,
                       "name or generateName is required");
    }
    labels_check(json_get_lit(now->metadata, "labels"), &labels, "schema.metadata", v);
    annotations_check(json_get_lit(now->metadata, "annotations"), &annotations, "schema.metadata",
                      v);
}

void judge_create(const struct json *object, struct violations *v)
{
    struct flink_cluster now;
    flink_decode(object, &now, v);
    flink_schema_rules(&now, NULL, v);
    judge_metadata(&now, v);
    struct flink_rules_input input = {.now = &now, .before_defaults = true};
    flink_rules_check(&input, v);
    // The API server prunes these, or refuses them under strict field validation, kubectl's
    // default.
    kind_unknown_fields(&flink_kind, object, v);
}
