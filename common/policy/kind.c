// SPDX-License-Identifier: Apache-2.0
#include "common/policy/kind.h"

#include "common/base/macros.h"
#include "common/flink/cluster.h"
#include "common/policy/policy.h"
#include "common/policy/status.h"

static const struct kind_column COLUMNS[] = {
    {"Enforcement", "string", ".spec.enforcement", "What happens to a fault; empty: Deny.", false},
    {"Priority", "integer", ".spec.priority", "Whose defaults count; empty: 0.", false},
    {"Audited", "integer", ".status.audited", "FlinkClusters that were judged.", false},
    {"Violations", "integer", ".status.violations", "Findings in them.", false},
    {"Last-Audit", "date", ".status.lastAudit", "Time since the last audit.", false},
    {"Age", "date", ".metadata.creationTimestamp", "Time since the creation.", false},
    {"Denied", "integer", ".status.denied", "Findings of rules with Deny.", true},
    {"Exempted", "integer", ".status.exempted", "Findings that exemptions took out.", true},
};

static const char ABOUT[] =
    "Every policy that matches a namespace is asked, and their rules add up: no policy\n"
    "takes back what another demands. `Deny` refuses, `Warn` lets in with a warning,\n"
    "`Audit` only notes; a block's own `enforcement` counts before the policy's. A\n"
    "default comes from the matching policy with the highest `priority` that has one,\n"
    "then the first name.\n"
    "\n"
    "A fault that the stored FlinkCluster has already is only warned of: a policy refuses\n"
    "what is new, never the next edit of what runs.\n"
    "\n"
    "A list that is absent allows everything, an empty one (`[]`) nothing.\n"
    "\n"
    "What patterns match is told in [patterns.md](../patterns.md), what each rule demands and\n"
    "what a policy itself must be in [policy-rules.md](policy-rules.md).\n";

static const char *const SAMPLE[] = {
    "registry.example.com/flink/**",
    "{flinkVersion}",
    "1.18..1.20",
    "2.x",
    "arn:aws:iam::123456789012:role/{namespace}/*",
    "s3://flink-{namespace}/**",
    "regex:^a(b|c)*$",
    "[!a-z]",
    "\"32Gi\"",
    "2027-01-01T00:00:00Z",
    NULL,
};

const struct kind policy_kind = {
    .group = FLINK_GROUP,
    .version = FLINK_VERSION,
    .name = POLICY_KIND,
    .plural = POLICY_PLURAL,
    .singular = "flinkpolicy",
    .short_name = "fp",
    .namespaced = false,
    .doc = "What FlinkClusters must be in some namespaces, and what they are given.",
    .spec = &policy_spec_type,
    .status = &policy_status_type,
    .spec_doc = "What the policy demands and gives.",
    .status_doc = "What the last audit found; written by the controller.",
    .columns = COLUMNS,
    .n_columns = ARRAY_LEN(COLUMNS),
    .sources = "common/policy/{policy,status}.def",
    .spec_source = "common/policy/policy.def",
    .explain_path = "flinkpolicy.spec",
    .about = ABOUT,
    .sample = SAMPLE,
};
