// SPDX-License-Identifier: Apache-2.0
// The cloud identity and the ServiceAccount.
#include "common/flink/rules_run.h"

#include "common/k8s/names.h"

void rule_iam_role_form(struct rule_run *r)
{
    struct strview text = r->now->spec.iam_role;
    const char *fault = r->e->role_fault;
    if (fault != NULL) {
        rule_deny(r, CAUSE_INVALID, UNDER(SPEC, "iamRole"), rule_quote(r, text), "%s", fault);
    }
}

void rule_iam_role_alone(struct rule_run *r)
{
    const struct cluster_spec *spec = &r->now->spec;
    if (sv_present(spec->iam_role) && sv_present(spec->service_account_name)) {
        rule_deny(
            r, CAUSE_FORBIDDEN, UNDER(SPEC, "iamRole"), rule_quote(r, spec->iam_role),
            "not together with serviceAccountName: a given account is left as it is, so put the "
            "role on it and drop iamRole, or drop serviceAccountName");
    }
}

void rule_service_account_name(struct rule_run *r)
{
    struct strview name = r->now->spec.service_account_name;
    const char *fault = sv_present(name) ? name_fault(NAME_DNS1123_SUBDOMAIN, name) : NULL;
    if (fault != NULL) {
        rule_deny(r, CAUSE_INVALID, UNDER(SPEC, "serviceAccountName"), rule_quote(r, name), "%s",
                  fault);
    }
}
