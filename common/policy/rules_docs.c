// SPDX-License-Identifier: Apache-2.0
#include "common/policy/rules_docs.h"

#include "common/flink/rules_docs.h"
#include "common/policy/admit.h"
#include "common/policy/check.h"

static const char HEAD[] =
    "<!-- Made from common/policy/{rules,admit}.def by sluice-gen-policy; don't edit. -->\n"
    "# Rules of a FlinkPolicy\n\n"
    "What a policy demands of the FlinkClusters that it is for, and why; `sluice explain RULE` "
    "prints "
    "the same. A rule is named by the field of the policy that asks for it, and is silent without "
    "it. Every matching policy is asked: what two of them demand is said twice, each time with the "
    "policy's name.\n\n"
    "`enforcement` of the block, else of the policy, decides what becomes of a fault: `Deny` "
    "refuses, "
    "`Warn` warns, `Audit` only notes it. On an update a fault that the stored object has already "
    "(same rule, policy, field and value) is a warning, and so is a number that comes nearer to "
    "its "
    "bound; a create is judged in full. `exempt` lets single FlinkClusters off rules for a "
    "time.\n\n"
    "| rule | demands | why |\n|---|---|---|\n";

static const char ADMIT_HEAD[] =
    "\n## What a policy itself must be\n\n"
    "Beyond its schema, a FlinkPolicy is judged by these when it is written. On an update a fault "
    "that the stored policy has already is a warning. A policy that came around the webhook is "
    "read so that it lets in less.\n\n"
    "| rule | demands | why |\n|---|---|---|\n";

void policy_rules_docs(struct strbuf *out)
{
    size_t n = 0;
    const struct policy_rule_info *rules = policy_rule_infos(&n);
    strbuf_put_str(out, HEAD);
    for (size_t i = 0; i < n; i++) {
        rules_docs_put_row(out, rules[i].id, rules[i].summary, rules[i].why);
    }
    strbuf_put_str(out, ADMIT_HEAD);
    const struct policy_admit_info *own = policy_admit_infos(&n);
    for (size_t i = 0; i < n; i++) {
        rules_docs_put_row(out, own[i].id, own[i].summary, own[i].why);
    }
}
