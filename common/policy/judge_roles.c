// SPDX-License-Identifier: Apache-2.0
// Cloud identities, by every way in.
#include "common/policy/judge_run.h"

void judge_roles_required(struct judge_run *r)
{
    const struct cluster_spec *spec = &r->now->c->spec;
    if (!r->policy->spec.iam_roles.required.v || r->in->before_defaults ||
        judge_stands(spec->self, "iamRole")) {
        return;
    }
    judge_say(r, CAUSE_REQUIRED, UNDER(SPEC, "iamRole"), JUDGE_NOTHING, "a role is required%s",
              sv_present(spec->service_account_name)
                  ? ": have it in place of serviceAccountName, whose role is not seen here"
                  : "");
}

#define STEPS_OF_LOOKUP 16

// ---- allowed ------------------------------------------------------------------------------------

/// The N-th field of an ARN, or of a pattern of one.
static struct strview arn_field(struct strview text, size_t n)
{
    struct strview piece = SV_NONE;
    for (size_t i = 0; i <= n; i++) {
        if (!sv_split(&text, ':', &piece)) {
            return SV_NONE;
        }
    }
    return piece;
}

static bool is_literal(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr("*?[{\\", s.ptr[i]) != NULL) {
            return false;
        }
    }
    return sv_present(s);
}

/// Whether no pattern of an ARN could have FIELD as its N-th field.
static bool is_foreign(const struct patterns *list, size_t n, struct strview field)
{
    for (size_t i = 0; i < list->n; i++) {
        struct strview text = pattern_text(list->items[i]);
        struct strview theirs = arn_field(text, n);
        bool is_arn = sv_starts(text, SV("arn:"));
        if (sv_starts(text, SV("regex:")) ||
            (is_arn && (!is_literal(theirs) || sv_eq(theirs, field)))) {
            return false;
        }
    }
    return true;
}

/// At PATH, which is text already.
static void say(struct judge_run *r, const struct way *w, enum cause_reason reason,
                struct shown value, const char *lead, struct strview rest)
{
    const struct path at = PATH_FIELD_OF(NULL, w->path);
    judge_say(r, reason, &at, value, "%s%.*s", lead, SV_ARG(rest));
}

static void judge_role(struct judge_run *r, const struct way *w)
{
    const struct patterns *allowed = &r->policy->roles_allowed;
    const struct role *role = &w->role;
    if (w->fault != NULL) {
        if (!w->own) { // spec.iamRole has the fault of a built-in rule
            say(r, w, CAUSE_INVALID, judge_text(r, w->text), w->fault, SV(""));
        }
        return;
    }
    if (patterns_match_role(allowed, role, judge_vars(r->now))) {
        return;
    }
    struct strview list = judge_patterns(r, allowed);
    const char *lead = "is not among the allowed roles: ";
    if (role->form == ROLE_AWS && is_foreign(allowed, 1, role->partition)) {
        lead = "is of another partition than the allowed roles: ";
    } else if (role->form == ROLE_AWS && is_foreign(allowed, 4, role->account)) {
        lead = "is of another account than the allowed roles: ";
    }
    say(r, w, CAUSE_INVALID, judge_text(r, w->text), lead, list);
}

/// Whether the policy vouches for the account. Where that is called as one that Sluice makes, only
/// by its whole name: `*-flink` and `{name}-flink` let in those that are made, whose role is seen
/// here; what somebody names may be older than the FlinkCluster, or come later with another's.
static bool is_vouched_for(const struct judge_run *r, struct strview account)
{
    const struct patterns *list = &r->policy->service_accounts;
    bool made = sv_ends(account, SV("-flink"));
    for (size_t i = 0; i < list->n; i++) {
        bool good = made ? sv_eq(pattern_text(list->items[i]), account)
                         : pattern_match(list->items[i], account, judge_vars(r->now));
        if (good) {
            return true;
        }
    }
    return false;
}

/// Also an account called as the one that Sluice would make for this FlinkCluster: one that is
/// named is left as it is, with the role that somebody put on it.
static void judge_account(struct judge_run *r, const struct way *w)
{
    if (!is_vouched_for(r, w->text)) {
        say(r, w, CAUSE_FORBIDDEN, judge_text(r, w->text),
            "the account's role is not seen here: use iamRole, or have the account among "
            "pods.serviceAccounts of the policy",
            SV(""));
    }
}

void judge_roles_allowed(struct judge_run *r)
{
    if (!r->policy->roles_allowed.set) {
        return;
    }
    size_t n;
    const struct way *ways = judge_ways(r->now, &n);
    for (size_t i = 0; i < n && !r->enough; i++) {
        const struct way *w = &ways[i];
        const struct patterns *list =
            w->kind == WAY_ACCOUNT ? &r->policy->service_accounts : &r->policy->roles_allowed;
        if (!judge_works(r, 1 + patterns_steps(list, w->text.len))) {
            return;
        }
        switch (w->kind) {
        case WAY_ROLE:
            judge_role(r, w);
            break;
        case WAY_ACCOUNT:
            judge_account(r, w);
            break;
        case WAY_HIDDEN:
            say(r, w, CAUSE_FORBIDDEN,
                sv_present(w->text) ? judge_text(r, w->text) : (struct shown){.whole = w->source},
                w->why, SV(""));
            break;
        case WAY_SECRET:
            say(r, w, CAUSE_FORBIDDEN,
                (struct shown){.whole = sv_present(w->text) ? w->text : w->source}, w->why, SV(""));
            break;
        case WAY_UNSEEN:
            r->nearer = true; // never more than a warning
            say(r, w, CAUSE_FORBIDDEN, JUDGE_NOTHING, w->why, SV(""));
            r->nearer = false;
            break;
        }
    }
}

// ---- unique -------------------------------------------------------------------------------------

void judge_roles_unique(struct judge_run *r)
{
    const struct policy_world *world = r->in->world;
    if (!r->policy->spec.iam_roles.unique.v || world == NULL || world->role_user == NULL) {
        return;
    }
    const struct policy_cluster_id self = {.ns = r->now->ns, .name = r->now->c->name};
    size_t n;
    const struct way *ways = judge_ways(r->now, &n);
    for (size_t i = 0; i < n && !r->enough; i++) {
        struct policy_cluster_id other;
        if (!judge_works(r, STEPS_OF_LOOKUP) || ways[i].kind != WAY_ROLE || ways[i].fault != NULL ||
            !world->role_user(world->ctx, policy_role_key(ways[i].text, r->arena), &self, &other)) {
            continue;
        }
        say(r, &ways[i], CAUSE_DUPLICATE, judge_text(r, ways[i].text),
            "each FlinkCluster has a role of its own, and this one is that of ",
            arena_printf(r->arena, "%.*s/%.*s", SV_ARG(other.ns), SV_ARG(other.name)));
    }
}

// ---- accounts of others -------------------------------------------------------------------------

/// At FIELD of the template P, or without one of the object's spec.
static void judge_one_account(struct judge_run *r, const struct place *p, struct strview field,
                              struct strview account)
{
    const struct policy_world *world = r->in->world;
    const struct strview suffix = SV("-flink");
    if (account.len <= suffix.len || !sv_ends(account, suffix)) {
        return;
    }
    struct strview owner = sv_sub(account, 0, account.len - suffix.len);
    if (!sv_eq(owner, r->now->c->name) && world->cluster_exists(world->ctx, r->now->ns, owner)) {
        struct path nodes[PLACE_NODES];
        const struct path *up = p != NULL ? place_path(p, nodes) : NULL;
        const struct path spec = PATH_FIELD_OF(up, SV("spec"));
        judge_say(
            r, CAUSE_FORBIDDEN, &PATH_FIELD_OF(&spec, field), judge_text(r, account),
            "Sluice made this account for FlinkCluster %.*s, with its rights and role, for it "
            "alone: leave the account out, or name another",
            SV_ARG(owner));
    }
}

void judge_foreign_account(struct judge_run *r)
{
    static const struct strview FIELDS[] = {SV_INIT("serviceAccountName"),
                                            SV_INIT("serviceAccount")};
    if (r->in->world == NULL || r->in->world->cluster_exists == NULL) {
        return;
    }
    judge_one_account(r, NULL, FIELDS[0], r->now->c->spec.service_account_name);
    struct places walk = PLACES(r->now->c, PLACES_TEMPLATES);
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
            judge_one_account(r, p, FIELDS[i], json_get_string(p->pod, FIELDS[i]));
        }
    }
}
