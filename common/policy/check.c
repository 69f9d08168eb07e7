// SPDX-License-Identifier: Apache-2.0
#include "common/policy/check.h"

#include "common/policy/judge_run.h"

static const struct {
    void (*judge)(struct judge_run *r);
    const char *id;
} RULES[POLICY_RULES] = {
#define POLICY_RULE(name, id, block, flags, summary, why) {judge_##name, id},
#include "common/policy/rules.def"
#undef POLICY_RULE
};

static const struct policy_rule_info INFOS[] = {
#define POLICY_RULE(name, id_, block, flags, summary_, why_)                                       \
    {.id = id_,                                                                                    \
     .summary = summary_,                                                                          \
     .why = why_,                                                                                  \
     .when = "create, update, where a FlinkPolicy asks for it",                                    \
     .exempts = true},
#include "common/policy/rules.def"
#undef POLICY_RULE
    {.id = POLICY_RULE_ACCOUNT,
     .summary = "No FlinkCluster names the ServiceAccount that Sluice made for another (`x-flink` "
                "is x's alone)",
     .why = "It carries the other's role. This holds with and without policies.",
     .when = "create, update, with and without policies"},
#define POLICY_DEFAULT(id_, field)                                                                 \
    {.id = id_,                                                                                    \
     .summary = "The policy's default for `" field "` can be filled in",                           \
     .why =                                                                                        \
         "A name that generateName makes comes after defaults, and a version that nobody gives "   \
         "is not known.",                                                                          \
     .when = "create, where a FlinkPolicy gives this default"},
    POLICY_DEFAULTS(POLICY_DEFAULT)
#undef POLICY_DEFAULT
};

const struct policy_rule_info *policy_rule_infos(size_t *count)
{
    *count = ARRAY_LEN(INFOS);
    return INFOS;
}

/// Whether the object is sound by that rule of that policy.
static bool judge_by_rule(struct judge_run *r, const struct policy_ask *ask)
{
    r->rule = RULES[ask->rule].id;
    r->enforcement = ask->enforcement;
    r->nearer = false;
    r->enough = false;
    r->exempt = false;
    r->said = 0;
    RULES[ask->rule].judge(r);
    return r->said == 0 && !r->enough && arena_ok(r->arena);
}

/// Policies of one platform often ask the same: what was sound by one need not be looked at again.
static void judge_by(struct judge_run *r, const struct policy *p, const uint32_t *numbers)
{
    r->policy = p;
    for (size_t i = 0; i < p->n_asks; i++) {
        const struct policy_ask *ask = &p->asks[i];
        uint32_t *sound = &r->now->sound[ask->rule];
        if (*sound == numbers[i] || (r->in->scale && !ask->of_sizes)) {
            continue;
        }
        if (judge_by_rule(r, ask)) {
            *sound = numbers[i];
        } else if (!arena_ok(r->arena)) {
            return;
        }
    }
}

/// The labels of the request's namespace, when a policy needs them and they are known.
static const struct labels *labels_of(const struct policy_input *in, struct labels *labels)
{
    const struct policy_world *w = in->world;
    bool known = in->set->needs_labels && w != NULL && w->namespace_labels != NULL &&
                 w->namespace_labels(w->ctx, in->ns, labels);
    return known ? labels : NULL;
}

/// Every rule over the object of NOW; OLD: what it was, for what gets nearer to its limit.
static void judge(const struct policy_input *in, struct judge_facts *now, struct judge_facts *old,
                  struct violations *out)
{
    struct judge_run r = {.in = in,
                          .now = now,
                          .old = old,
                          .arena = out->arena,
                          .out = out,
                          .enforcement = ENFORCE_DENY};
    if (!in->scale) {
        r.rule = POLICY_RULE_ACCOUNT;
        judge_foreign_account(&r);
    }
    if (in->set == NULL) {
        return;
    }
    struct labels labels;
    const struct labels *known = labels_of(in, &labels);
    const struct policy *p;
    for (size_t at = 0; (p = policy_set_next(in->set, in->ns, known, &at)) != NULL;) {
        judge_by(&r, p, in->set->numbers[at - 1]);
    }
}

/// Denials that OLD has as well, under today's policies, become warnings.
static void ratchet(const struct policy_input *in, struct judge_facts *old,
                    struct violations *found)
{
    struct violations before = VIOLATIONS(found->arena, found->max);
    judge(in, old, NULL, &before);
    violations_ratchet(found, &before);
}

void policy_check(const struct policy_input *in, struct violations *out)
{
    if (json_type(in->now->spec.self) != JSON_OBJECT) {
        return; // the schema refuses it, and there is nothing to judge
    }
    struct violations found = VIOLATIONS(out->arena, out->max);
    UNINITIALIZED struct judge_room rooms[2];
    struct judge_facts now = {.c = in->now,
                              .ns = in->ns,
                              .arena = out->arena,
                              .effective = in->effective,
                              .room = &rooms[0]};
    UNINITIALIZED struct judge_facts old; // on an update alone
    if (in->old != NULL) {
        old = (struct judge_facts){
            .c = in->old, .ns = in->ns, .arena = out->arena, .room = &rooms[1]};
    }
    judge(in, &now, in->old != NULL ? &old : NULL, &found);
    if (in->old != NULL && found.denials != 0) {
        ratchet(in, &old, &found);
    }
    size_t denials = out->denials, audits = out->audits;
    for (size_t i = 0; i < found.count; i++) {
        violation_add(out, &found.items[i]);
    }
    // What was not kept counts all the same.
    out->dropped += found.dropped;
    out->denials = denials + found.denials;
    out->audits = audits + found.audits;
}
