// SPDX-License-Identifier: Apache-2.0
#include "webhook/findings.h"

#include <stdio.h>
#include <string.h>

#include "common/policy/check.h"

static const char *const RULES[] = {
#define RULE(id, when, summary, why) #id,
#include "common/flink/rules.def"
#undef RULE
#define POLICY_RULE(name, id, enforcement, flags, summary, why) id,
#include "common/policy/rules.def"
#undef POLICY_RULE
    POLICY_RULE_ACCOUNT,
#define POLICY_DEFAULT(id, field) id,
    POLICY_DEFAULTS(POLICY_DEFAULT)
#undef POLICY_DEFAULT
#define COMPILE_RULE(id, summary, why)     id,
#define ADMIT_RULE(name, id, summary, why) id,
#include "common/policy/admit.def"
#undef COMPILE_RULE
#undef ADMIT_RULE
        "schema",
    "other",
};
#define RULE_SCHEMA (ARRAY_LEN(RULES) - 2)
#define RULE_OTHER  (ARRAY_LEN(RULES) - 1)

static const char *const ENFORCEMENTS[] = {
    [SEVERITY_DENY] = "Deny", [SEVERITY_WARN] = "Warn", [SEVERITY_AUDIT] = "Audit"};

const struct metric_label FINDING_RULES = {"rule", RULES, ARRAY_LEN(RULES)};
const struct metric_label FINDING_ENFORCEMENTS = {"enforcement", ENFORCEMENTS,
                                                  ARRAY_LEN(ENFORCEMENTS)};

static size_t rule_index(const char *rule)
{
    if (strncmp(rule, "schema.", sizeof("schema.") - 1) == 0) {
        return RULE_SCHEMA;
    }
    size_t i = 0;
    while (i < RULE_SCHEMA && strcmp(rule, RULES[i]) != 0) {
        i++;
    }
    return i < RULE_SCHEMA ? i : RULE_OTHER;
}

struct metric_at finding_at(const struct review_finding *f)
{
    return METRIC_AT((unsigned)rule_index(f->rule), (unsigned)f->severity);
}

void findings_count(struct metrics *m, unsigned id, unsigned by_policy,
                    const struct review_result *res)
{
    for (size_t i = 0; i < res->finding_count && !res->dry_run; i++) {
        const struct review_finding *f = &res->findings[i];
        metrics_add(m, id, finding_at(f), f->count);
        if (f->policy.len != 0) {
            const struct strview values[] = {f->policy, sv_from(f->rule),
                                             sv_from(ENFORCEMENTS[f->severity])};
            metrics_add_free(m, by_policy, values, f->count);
        }
    }
}

struct strview findings_text(const struct review_result *res, char buf[FINDINGS_TEXT_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < res->finding_count; i++) {
        const struct review_finding *f = &res->findings[i];
        int n = snprintf(buf + len, FINDINGS_TEXT_MAX - len, "%s%.*s%s%s", len != 0 ? "," : "",
                         SV_ARG(f->policy), f->policy.len != 0 ? "/" : "", f->rule);
        if (n < 0 || (size_t)n >= FINDINGS_TEXT_MAX - len) {
            break; // as a whole or not at all
        }
        len += (size_t)n;
    }
    return sv_make(buf, len);
}
