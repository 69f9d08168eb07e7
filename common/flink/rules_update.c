// SPDX-License-Identifier: Apache-2.0
// What a change does to state, and to the object itself.
#include "common/flink/rules_run.h"

#include <inttypes.h>

#include "common/base/parse_num.h"
#include "common/flink/rules.h"

/// What Flink derives from a parallelism (KeyGroupRangeAssignment.computeDefaultMaxParallelism).
static int64_t derived_max_parallelism(int64_t parallelism)
{
    int64_t want = parallelism + parallelism / 2;
    int64_t power = 128;
    while (power < want && power < 32768) {
        power *= 2;
    }
    return power;
}

/// pipeline.max-parallelism as given; 0: not.
static int64_t given_max_parallelism(const struct flink_effective *e)
{
    struct strview text = flink_conf_get_canonical(&e->conf, SV("pipeline.max-parallelism"));
    int64_t v = 0;
    return sv_present(text) && parse_i64(sv_trim(text), &v) && v > 0 ? v : 0;
}

void rule_max_parallelism_kept(struct rule_run *r)
{
    if (!rule_carries_state(r) || r->old_e->session) {
        return;
    }
    int64_t was = given_max_parallelism(r->old_e);
    int64_t is = given_max_parallelism(r->e);
    int64_t state = was != 0 ? was : derived_max_parallelism(r->old_e->numbers.parallelism);
    if (is != 0 && is != state) {
        const struct path conf = PATH_FIELD_OF(SPEC, SV("flinkConfiguration"));
        rule_warn(r, &PATH_KEY_OF(&conf, SV("pipeline.max-parallelism")),
                  "the state has %" PRId64 ": restoring it with %" PRId64 " will fail", state, is);
    }
    if (r->e->numbers.parallelism > state &&
        r->e->numbers.parallelism != r->old_e->numbers.parallelism) {
        rule_warn(r, UNDER(SPEC, "parallelism"),
                  "%" PRId64 " is above the state's max parallelism, %" PRId64
                  ": restoring it will fail",
                  r->e->numbers.parallelism, state);
    }
}

void rule_version_keeps_state(struct rule_run *r)
{
    const struct flink_effective *was = r->old_e;
    const struct flink_effective *is = r->e;
    if (!rule_carries_state(r) || !was->version_known || !is->version_known ||
        was->version.major != 1 || is->version.major < 2 ||
        sv_eq_lit(rule_annotation(r->now, FLINK_ACCEPT_STATE_RISK_ANNOTATION), "true")) {
        return;
    }
    rule_deny(r, CAUSE_FORBIDDEN, UNDER(SPEC, "flinkVersion"),
              rule_quote(r, flink_version_text(r->arena, is->version)),
              "state of Flink %d.%d may not restore: try it with a copy, then annotate "
              "%s: \"true\", or use job.upgradeMode: Stateless",
              was->version.major, was->version.minor, FLINK_ACCEPT_STATE_RISK_ANNOTATION);
}

void rule_version_downgrade(struct rule_run *r)
{
    const struct flink_effective *was = r->old_e;
    const struct flink_effective *is = r->e;
    if (rule_carries_state(r) && was->version_known && is->version_known &&
        flink_version_cmp(is->version, was->version) < 0) {
        rule_warn(r, UNDER(SPEC, "flinkVersion"),
                  "%d.%d is older than %d.%d: it may not read the state", is->version.major,
                  is->version.minor, was->version.major, was->version.minor);
    }
}

void rule_deletion_protection(struct rule_run *r)
{
    if (sv_eq_lit(rule_annotation(r->now, FLINK_DELETION_PROTECTION_ANNOTATION), "true")) {
        const struct path metadata = PATH_FIELD_OF(NULL, SV("metadata"));
        const struct path annotations = PATH_FIELD_OF(&metadata, SV("annotations"));
        rule_deny(r, CAUSE_FORBIDDEN,
                  &PATH_KEY_OF(&annotations, SV(FLINK_DELETION_PROTECTION_ANNOTATION)), SV_NONE,
                  "the cluster is protected: take the annotation off, then delete it");
    }
}
