// SPDX-License-Identifier: Apache-2.0
// Helpers of the tests of policies: a FlinkPolicy from its spec as JSON, compiled, and sets of
// them.
#ifndef SLUICE_UNIT_POLICY_MADE_H
#define SLUICE_UNIT_POLICY_MADE_H

#include "common/policy/set.h"
#include "tests/unit/k8s.h"

/// Policy NAME with that SPEC; faults go to FAULTS.
UNUSED static const struct policy *policy_with(const char *name, const char *spec,
                                               struct violations *faults)
{
    struct flink_policy decoded;
    const struct json *object =
        json_of(arena_printf(&arena,
                             "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkPolicy\","
                             "\"metadata\":{\"name\":\"%s\",\"generation\":7},\"spec\":%s}",
                             name, spec));
    policy_decode(object, &decoded, faults);
    ck_assert_msg(faults->count == 0, "%s", violations_text(faults));
    const struct policy *p = policy_compile(&decoded, &arena, faults);
    ck_assert_ptr_nonnull(p);
    return p;
}

/// The same without a fault.
UNUSED static const struct policy *policy_of(const char *name, const char *spec)
{
    struct violations faults = VIOLATIONS(&arena, 64);
    const struct policy *p = policy_with(name, spec, &faults);
    ck_assert_msg(faults.count == 0, "%s", violations_text(&faults));
    return p;
}

UNUSED static struct policy_set set_of(const struct policy *const *policies, size_t n)
{
    struct policy_set set;
    ck_assert_int_eq(policy_set_make(policies, n, &arena, &set, NULL), 0);
    return set;
}

#endif
