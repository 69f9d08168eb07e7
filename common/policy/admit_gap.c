// SPDX-License-Identifier: Apache-2.0
// What a policy leaves open that its author likely took for closed.
#include "common/policy/admit_run.h"

static bool is_true(struct field_bool b)
{
    return b.set && b.v;
}

static void roles(struct admit_run *r)
{
    const struct policy_roles *roles = &r->p->spec.iam_roles;
    const struct path *block = UNDER(SPEC, "iamRoles");
    if (is_true(roles->required)) {
        return;
    }
    if (roles->allowed.set && !sv_present(roles->dflt)) {
        admit_warn(r, UNDER(block, "required"),
                   "without it one that names no role is let in, and may act with the node's");
    } else if (is_true(roles->unique) && !roles->allowed.set) {
        admit_warn(r, UNDER(block, "unique"),
                   "those with the same serviceAccountName share its role: set required");
    }
}

/// Whether BLOCK demands or gives something.
static bool says_something(const struct json *block)
{
    json_each(member, block) {
        if (!sv_eq_lit(json_key(member), "enforcement")) {
            return true;
        }
    }
    return false;
}

static bool is_block(struct strview name)
{
    static const char *const BLOCKS[] = {
        "images",    "iamRoles",           "parallelism", "jobManager", "taskManager",
        "resources", "flinkConfiguration", "storage",     "pods",       "job"};
    for (size_t i = 0; i < ARRAY_LEN(BLOCKS); i++) {
        if (sv_eq_lit(name, BLOCKS[i])) {
            return true;
        }
    }
    return false;
}

/// A field that is misspelled is dropped by the API server, before anybody sees it.
static void blocks(struct admit_run *r)
{
    bool any = false;
    json_each(block, r->p->spec.self) {
        if (!is_block(json_key(block)) || json_type(block) != JSON_OBJECT) {
            continue;
        }
        if (says_something(block)) {
            any = true;
        } else {
            admit_warn(r, &PATH_FIELD_OF(SPEC, json_key(block)),
                       "demands and gives nothing: was one of its fields misspelled?");
        }
    }
    if (!any) {
        admit_warn(r, SPEC, "demands and gives nothing");
    }
}

void admit_gap(struct admit_run *r)
{
    blocks(r);
    roles(r);
}
