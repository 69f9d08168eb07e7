// SPDX-License-Identifier: Apache-2.0
#include "controller/claim.h"

#include "common/flink/decode.h"
#include "common/policy/set.h"

struct claim claim_of(const struct flink_cluster *c, const struct flink_effective *e,
                      struct arena *arena)
{
    struct strview role = c->spec.iam_role;
    return (struct claim){.role = role.len != 0 ? policy_role_key(role, arena) : SV_NONE,
                          .parallelism = e->numbers.parallelism};
}

bool claim_of_record(const struct json *record, struct arena *arena, struct claim *ret)
{
    const struct json *data = json_get_lit(record, "data");
    struct flink_cluster c;
    struct flink_effective e;
    struct violations faults = VIOLATIONS(arena, 0);
    int64_t number;
    if (!json_int(json_get_lit(record, "revision"), &number) || number < 1 ||
        json_type(json_get_lit(data, "sluice")) != JSON_OBJECT) {
        return false;
    }
    flink_decode(data, &c, &faults);
    flink_effective_read(&c, arena, NULL, &e);
    *ret = claim_of(&c, &e, arena);
    ret->number = number;
    return true;
}
