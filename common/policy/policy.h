// SPDX-License-Identifier: Apache-2.0
// A FlinkPolicy as C sees it: views into the JSON tree that it was decoded from. Values, read-only
// after decoding; lives as long as the tree's arena. Evaluation works on the compiled form
// (policy/set.h).
#ifndef SLUICE_POLICY_POLICY_H
#define SLUICE_POLICY_POLICY_H

#include "common/json/view.h"
#include "common/k8s/violation.h"
#include "common/kind/field.h"
#include "common/policy/policy.def"

#define POLICY_KIND   "FlinkPolicy"
#define POLICY_PLURAL "flinkpolicies"

FIELD_DECLARE(policy_expression, POLICY_EXPRESSION_FIELDS)
FIELD_DECLARE(policy_selector, POLICY_SELECTOR_FIELDS)
FIELD_DECLARE(policy_match, POLICY_MATCH_FIELDS)
FIELD_DECLARE(policy_tags, POLICY_TAGS_FIELDS)
FIELD_DECLARE(policy_digest, POLICY_DIGEST_FIELDS)
FIELD_DECLARE(policy_images, POLICY_IMAGES_FIELDS)
FIELD_DECLARE(policy_roles, POLICY_ROLES_FIELDS)
FIELD_DECLARE(policy_parallelism, POLICY_PARALLELISM_FIELDS)
FIELD_DECLARE(policy_jm_replicas, POLICY_JM_REPLICAS_FIELDS)
FIELD_DECLARE(policy_jm, POLICY_JM_FIELDS)
FIELD_DECLARE(policy_tm_replicas, POLICY_TM_REPLICAS_FIELDS)
FIELD_DECLARE(policy_tm, POLICY_TM_FIELDS)
FIELD_DECLARE(policy_role_resources, POLICY_ROLE_RESOURCES_FIELDS)
FIELD_DECLARE(policy_resources, POLICY_RESOURCES_FIELDS)
FIELD_DECLARE(policy_conf, POLICY_CONF_FIELDS)
FIELD_DECLARE(policy_storage, POLICY_STORAGE_FIELDS)
FIELD_DECLARE(policy_pods, POLICY_PODS_FIELDS)
FIELD_DECLARE(policy_job, POLICY_JOB_FIELDS)
FIELD_DECLARE(policy_exempt, POLICY_EXEMPT_FIELDS)
FIELD_DECLARE(policy_spec, POLICY_FIELDS)

struct flink_policy {
    const struct json *self;     // the whole object
    const struct json *metadata; // read it with common/k8s/meta.h
    const struct json *status;
    struct strview name;          // SV_NONE under generateName
    struct strview generate_name; // SV_NONE when there is none
    struct policy_spec spec;
};

/// As flink_decode(): schema faults go to FAULTS, a member with a fault is left absent.
void policy_decode(const struct json *object, struct flink_policy *ret, struct violations *faults);

/// As flink_decode_update(): a schema fault of a value that OLD holds unchanged is a warning.
void policy_decode_update(const struct json *object, const struct json *old,
                          struct flink_policy *ret, struct violations *faults);

#endif
