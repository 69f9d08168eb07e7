// SPDX-License-Identifier: Apache-2.0
#include "common/policy/admit.h"

#include "common/kind/unknown.h"
#include "common/policy/admit_run.h"
#include "common/policy/kind.h"

static const struct {
    void (*judge)(struct admit_run *r);
    const char *id;
} RULES[] = {
#define COMPILE_RULE(id, summary, why)
#define ADMIT_RULE(name, id, summary, why) {admit_##name, (id)},
#include "common/policy/admit.def"
#undef ADMIT_RULE
#undef COMPILE_RULE
};

static const struct policy_admit_info INFOS[] = {
#define COMPILE_RULE(id, summary, why)     {(id), (summary), (why)},
#define ADMIT_RULE(name, id, summary, why) {(id), (summary), (why)},
#include "common/policy/admit.def"
#undef ADMIT_RULE
#undef COMPILE_RULE
};

const struct policy_admit_info *policy_admit_infos(size_t *count)
{
    *count = ARRAY_LEN(INFOS);
    return INFOS;
}

static void judge(const struct policy_admit_input *in, struct violations *out)
{
    struct admit_run r = {.in = in, .arena = out->arena, .out = out};
    kind_unknown_fields(&policy_kind, in->now->self, out);
    r.p = policy_compile(in->now, out->arena, out);
    for (size_t i = 0; r.p != NULL && i < ARRAY_LEN(RULES) && arena_ok(out->arena); i++) {
        r.rule = RULES[i].id;
        RULES[i].judge(&r);
    }
}

/// Denials that OLD has as well become warnings.
static void ratchet(const struct policy_admit_input *in, struct violations *found)
{
    struct violations before = VIOLATIONS(found->arena, found->max);
    struct policy_admit_input old = {.now = in->old, .now_ms = in->now_ms};
    judge(&old, &before);
    violations_ratchet(found, &before);
}

void policy_admit(const struct policy_admit_input *input, struct violations *out)
{
    if (json_type(input->now->spec.self) != JSON_OBJECT) {
        return; // the schema refuses it, and there is nothing to judge
    }
    struct violations found = VIOLATIONS(out->arena, out->max);
    judge(input, &found);
    if (input->old != NULL && found.denials != 0) {
        ratchet(input, &found);
    }
    size_t kept = out->denials;
    for (size_t i = 0; i < found.count; i++) {
        violation_add(out, &found.items[i]);
    }
    // What was not kept counts all the same.
    out->dropped += found.dropped;
    out->denials = kept + found.denials;
}

void admit_count(struct admit_run *r)
{
    const struct policy_set *others = r->in->others;
    if (others == NULL || r->in->old != NULL || others->n < POLICY_SET_MAX) {
        return;
    }
    for (size_t i = 0; i < others->n; i++) {
        if (sv_eq(others->items[i]->name, r->p->name)) {
            return; // it is one of them
        }
    }
    admit_deny(r, UNDER(NULL, "metadata"), SV_NONE,
               "there are %zu policies already, and %d are the most", others->n, POLICY_SET_MAX);
}
