// SPDX-License-Identifier: Apache-2.0
#include "common/policy/policy.h"

#include "common/kind/decode.h"
#include "common/policy/kind.h"

// The names of enum enforcement (policy/set.h): ALLOW stands in `pods` alone.
static const char *const POLICY_ENFORCEMENTS[] = {"Deny", "Warn", "Audit", NULL};
static const char *const POLICY_PERMISSIONS[] = {"Allow", "Deny", "Warn", "Audit", NULL};
static const char *const POLICY_OPERATORS[] = {"In", "NotIn", "Exists", "DoesNotExist", NULL};

#define FIELD_TAG policy_expression
FIELD_DEFINE(policy_expression, "LabelExpression", POLICY_EXPRESSION_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_selector
FIELD_DEFINE(policy_selector, "NamespaceSelector", POLICY_SELECTOR_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_match
FIELD_DEFINE(policy_match, "Match", POLICY_MATCH_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_tags
FIELD_DEFINE(policy_tags, "Tags", POLICY_TAGS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_digest
FIELD_DEFINE(policy_digest, "Digest", POLICY_DIGEST_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_images
FIELD_DEFINE(policy_images, "Images", POLICY_IMAGES_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_roles
FIELD_DEFINE(policy_roles, "IAMRoles", POLICY_ROLES_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_parallelism
FIELD_DEFINE(policy_parallelism, "Parallelism", POLICY_PARALLELISM_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_jm_replicas
FIELD_DEFINE(policy_jm_replicas, "JobManagerReplicas", POLICY_JM_REPLICAS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_jm
FIELD_DEFINE(policy_jm, "JobManager", POLICY_JM_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_tm_replicas
FIELD_DEFINE(policy_tm_replicas, "TaskManagerReplicas", POLICY_TM_REPLICAS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_tm
FIELD_DEFINE(policy_tm, "TaskManager", POLICY_TM_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_role_resources
FIELD_DEFINE(policy_role_resources, "RoleResources", POLICY_ROLE_RESOURCES_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_resources
FIELD_DEFINE(policy_resources, "Resources", POLICY_RESOURCES_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_conf
FIELD_DEFINE(policy_conf, "FlinkConfigurationRules", POLICY_CONF_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_storage
FIELD_DEFINE(policy_storage, "Storage", POLICY_STORAGE_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_pods
FIELD_DEFINE(policy_pods, "Pods", POLICY_PODS_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_job
FIELD_DEFINE(policy_job, "Job", POLICY_JOB_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_exempt
FIELD_DEFINE(policy_exempt, "Exemption", POLICY_EXEMPT_FIELDS)
#undef FIELD_TAG

#define FIELD_TAG policy_spec
FIELD_DEFINE(policy_spec, "FlinkPolicySpec", POLICY_FIELDS)
#undef FIELD_TAG

void policy_decode_update(const struct json *object, const struct json *old,
                          struct flink_policy *ret, struct violations *faults)
{
    struct kind_object o;
    kind_decode(&policy_kind, object, old, &o, &ret->spec, faults);
    ret->self = o.self;
    ret->metadata = o.metadata;
    ret->status = o.status;
    ret->name = o.name;
    ret->generate_name = o.generate_name;
}

void policy_decode(const struct json *object, struct flink_policy *ret, struct violations *faults)
{
    policy_decode_update(object, NULL, ret, faults);
}
