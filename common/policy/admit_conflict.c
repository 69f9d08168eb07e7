// SPDX-License-Identifier: Apache-2.0
// Two policies that no FlinkCluster of a namespace could satisfy at once. Blocks that only audit
// demand nothing.
#include <inttypes.h>

#include "common/policy/admit_run.h"
#include "common/policy/overlap.h"

#define OVERLAP_STEPS ((size_t)8 << 20)

/// Messages name the other policy first: a warning is cut at its end.
struct pair {
    struct admit_run *r;
    const struct policy *a, *b; // the one under admission, the other
    struct overlap_budget *budget;
};

static bool demands(enum enforcement a, enum enforcement b)
{
    return a != ENFORCE_AUDIT && b != ENFORCE_AUDIT;
}

// ---- do both match some namespace? --------------------------------------------------------------

/// Labels that must be equal, and can't be.
static bool selectors_differ(const struct policy *a, const struct policy *b)
{
    const struct json *left = a->spec.match.namespace_selector.match_labels;
    const struct json *right = b->spec.match.namespace_selector.match_labels;
    json_each(v, left) {
        const struct json *w = json_get(right, json_key(v));
        if (json_type(v) == JSON_STRING && json_type(w) == JSON_STRING && !json_equal(v, w)) {
            return true;
        }
    }
    return false;
}

/// Whether A is for a namespace that B names as a whole list; B without a list is for all.
static bool names_meet(const struct policy *a, const struct policy *b,
                       struct overlap_budget *budget)
{
    const struct patterns *list = &b->match.namespaces;
    for (size_t i = 0; i < list->n; i++) {
        struct strview name = pattern_text(list->items[i]);
        if (patterns_match(&a->match.exclude, name, NULL)) {
            continue; // right for a literal name; a glob that looks like one is no harm here
        }
        if (a->match.namespaces.n == 0) {
            return true;
        }
        for (size_t k = 0; k < a->match.namespaces.n; k++) {
            if (overlap_patterns(name, pattern_text(a->match.namespaces.items[k]), PATTERN_TEXT,
                                 budget)) {
                return true;
            }
        }
    }
    return list->n == 0;
}

static bool may_share_namespace(const struct policy *a, const struct policy *b,
                                struct overlap_budget *budget)
{
    return !selectors_differ(a, b) && names_meet(a, b, budget) && names_meet(b, a, budget);
}

// ---- what they contradict each other in ---------------------------------------------------------

/// What one policy says of a number.
struct bounds {
    struct field_int dflt, min, max;
    enum enforcement enforcement;
};

static void least_and_most(struct pair *t, const struct path *block, const struct bounds *a,
                           const struct bounds *b)
{
    if (a->min.set && b->max.set && a->min.v > b->max.v) {
        admit_warn(t->r, UNDER(block, "min"),
                   "policy %.*s wants at most %" PRId64 ", %.*s at least this", SV_ARG(t->b->name),
                   b->max.v, SV_ARG(t->a->name));
    }
    if (a->max.set && b->min.set && a->max.v < b->min.v) {
        admit_warn(t->r, UNDER(block, "max"),
                   "policy %.*s wants at least %" PRId64 ", %.*s at most this", SV_ARG(t->b->name),
                   b->min.v, SV_ARG(t->a->name));
    }
}

/// Whether the default of P counts beside OTHER, which may have one, too: policy_defaults_gather().
static bool gives(const struct policy *p, const struct bounds *mine, const struct policy *other,
                  const struct bounds *theirs)
{
    bool first = p->priority != other->priority ? p->priority > other->priority
                                                : sv_cmp(p->name, other->name) < 0;
    return mine->dflt.set && (first || !theirs->dflt.set);
}

/// The bound of B that N is beyond, or NULL.
static const char *beyond(struct field_int n, const struct bounds *b)
{
    return b->enforcement == ENFORCE_AUDIT ? NULL
           : b->min.set && n.v < b->min.v  ? "min"
           : b->max.set && n.v > b->max.v  ? "max"
                                           : NULL;
}

/// A default that the other policy lets nobody take.
static void defaults(struct pair *t, const struct path *block, const struct bounds *a,
                     const struct bounds *b)
{
    const char *bound = gives(t->a, a, t->b, b) ? beyond(a->dflt, b) : NULL;
    if (bound != NULL) {
        admit_warn(t->r, UNDER(block, "default"),
                   "policy %.*s has a `%s` that this of %.*s is beyond", SV_ARG(t->b->name), bound,
                   SV_ARG(t->a->name));
    }
    bound = gives(t->b, b, t->a, a) ? beyond(b->dflt, a) : NULL;
    if (bound != NULL) {
        const struct path at = PATH_FIELD_OF(block, sv_from(bound));
        admit_warn(t->r, &at, "policy %.*s has a default, %" PRId64 ", that this of %.*s refuses",
                   SV_ARG(t->b->name), b->dflt.v, SV_ARG(t->a->name));
    }
}

static void number(struct pair *t, const struct path *block,
                   struct bounds (*of)(const struct policy *p))
{
    const struct bounds a = of(t->a), b = of(t->b);
    defaults(t, block, &a, &b);
    if (demands(a.enforcement, b.enforcement)) {
        least_and_most(t, block, &a, &b);
    }
}

/// One FlinkCluster is never more than all of its namespace.
static void least_and_total(struct pair *t, const struct path *block,
                            const struct policy_parallelism *a, const struct policy_parallelism *b)
{
    if (a->min.set && b->namespace_total.set && a->min.v > b->namespace_total.v) {
        admit_warn(t->r, UNDER(block, "min"),
                   "policy %.*s wants at most %" PRId64 " in the namespace, %.*s at least this",
                   SV_ARG(t->b->name), b->namespace_total.v, SV_ARG(t->a->name));
    }
    if (a->namespace_total.set && b->min.set && a->namespace_total.v < b->min.v) {
        admit_warn(t->r, UNDER(block, "namespaceTotal"),
                   "policy %.*s wants at least %" PRId64 ", %.*s at most this", SV_ARG(t->b->name),
                   b->min.v, SV_ARG(t->a->name));
    }
}

static struct bounds parallelism_of(const struct policy *p)
{
    const struct policy_parallelism *it = &p->spec.parallelism;
    return (struct bounds){it->dflt, it->min, it->max, p->enforce.parallelism};
}

static struct bounds job_managers_of(const struct policy *p)
{
    const struct policy_jm_replicas *it = &p->spec.job_manager.replicas;
    return (struct bounds){it->dflt, it->min, it->max, p->enforce.job_manager};
}

static struct bounds task_managers_of(const struct policy *p)
{
    const struct policy_tm_replicas *it = &p->spec.task_manager.replicas;
    return (struct bounds){.min = it->min, .max = it->max, .enforcement = p->enforce.task_manager};
}

static void sizes(struct pair *t)
{
    number(t, UNDER(SPEC, "parallelism"), parallelism_of);
    number(t, UNDER(UNDER(SPEC, "jobManager"), "replicas"), job_managers_of);
    number(t, UNDER(UNDER(SPEC, "taskManager"), "replicas"), task_managers_of);
    if (demands(t->a->enforce.parallelism, t->b->enforce.parallelism)) {
        least_and_total(t, UNDER(SPEC, "parallelism"), &t->a->spec.parallelism,
                        &t->b->spec.parallelism);
    }
}

static void apart(struct pair *t, const struct path *path)
{
    admit_warn(t->r, path, "nothing satisfies both policy %.*s and %.*s", SV_ARG(t->b->name),
               SV_ARG(t->a->name));
}

static void lists(struct pair *t, const struct path *path, const struct patterns *a,
                  const struct patterns *b, enum pattern_kind kind)
{
    // An empty list has its own warning.
    if (a->n != 0 && b->n != 0 && !overlap_lists(a, b, kind, t->budget)) {
        apart(t, path);
    }
}

static void allowed_lists(struct pair *t)
{
    const struct policy *a = t->a, *b = t->b;
    if (demands(a->enforce.images, b->enforce.images)) {
        lists(t, UNDER(UNDER(SPEC, "images"), "allowed"), &a->images_allowed, &b->images_allowed,
              PATTERN_IMAGE);
    }
    if (demands(a->enforce.images, b->enforce.images) && a->tag_pattern != NULL &&
        b->tag_pattern != NULL &&
        !overlap_patterns(pattern_text(a->tag_pattern), pattern_text(b->tag_pattern), PATTERN_TEXT,
                          t->budget)) {
        apart(t, UNDER(UNDER(UNDER(SPEC, "images"), "tags"), "pattern"));
    }
    if (demands(a->enforce.roles, b->enforce.roles)) {
        lists(t, UNDER(UNDER(SPEC, "iamRoles"), "allowed"), &a->roles_allowed, &b->roles_allowed,
              PATTERN_ROLE);
    }
    if (demands(a->enforce.storage, b->enforce.storage)) {
        lists(t, UNDER(UNDER(SPEC, "storage"), "allowed"), &a->storage_allowed, &b->storage_allowed,
              PATTERN_URI);
    }
    if (demands(a->enforce.pods, b->enforce.pods)) {
        lists(t, UNDER(UNDER(SPEC, "pods"), "serviceAccounts"), &a->service_accounts,
              &b->service_accounts, PATTERN_TEXT);
    }
}

static void versions(struct pair *t)
{
    const struct policy *a = t->a, *b = t->b;
    bool meet = a->n_versions == 0 || b->n_versions == 0;
    for (size_t i = 0; i < a->n_versions && !meet; i++) {
        for (size_t k = 0; k < b->n_versions && !meet; k++) {
            meet = flink_version_cmp(a->versions[i].from, b->versions[k].to) <= 0 &&
                   flink_version_cmp(b->versions[k].from, a->versions[i].to) <= 0;
        }
    }
    if (!meet && demands(a->enforce.images, b->enforce.images)) {
        apart(t, UNDER(UNDER(SPEC, "images"), "flinkVersions"));
    }
}

static bool has_string(struct field_strings list, struct strview s)
{
    for (size_t i = 0; i < list.n; i++) {
        if (sv_eq(list.items[i], s)) {
            return true;
        }
    }
    return false;
}

static void schemes(struct pair *t)
{
    struct field_strings a = t->a->spec.job.jar_schemes, b = t->b->spec.job.jar_schemes;
    bool meet = a.n == 0 || b.n == 0;
    for (size_t i = 0; i < a.n && !meet; i++) {
        meet = has_string(b, a.items[i]);
    }
    if (!meet && demands(t->a->enforce.job, t->b->enforce.job)) {
        apart(t, UNDER(UNDER(SPEC, "job"), "jarSchemes"));
    }
}

static void options(struct pair *t)
{
    const struct flink_conf *a = &t->a->conf_required;
    const struct path *conf = UNDER(SPEC, "flinkConfiguration");
    const struct path *path = UNDER(conf, "required");
    if (!demands(t->a->enforce.conf, t->b->enforce.conf)) {
        return;
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct flink_conf_entry *it = &a->items[i];
        const struct flink_conf_entry *other =
            flink_conf_find_canonical(&t->b->conf_required, it->canonical);
        const struct path at = PATH_KEY_OF(path, it->key);
        if (other != NULL &&
            !judge_same_option(it, it->value, other->value, flink_version_newest())) {
            admit_warn(t->r, &at, "policy %.*s wants another value, %.*s this one",
                       SV_ARG(t->b->name), SV_ARG(t->a->name));
        }
        if (patterns_match(&t->b->conf_denied, it->canonical, NULL)) {
            admit_warn(t->r, &at, "policy %.*s denies the option, %.*s wants it",
                       SV_ARG(t->b->name), SV_ARG(t->a->name));
        }
    }
    for (size_t i = 0; i < t->b->conf_required.count; i++) {
        const struct flink_conf_entry *it = &t->b->conf_required.items[i];
        if (patterns_match(&t->a->conf_denied, it->canonical, NULL)) {
            admit_warn(t->r, UNDER(conf, "denied"), "policy %.*s wants %.*s, which %.*s denies",
                       SV_ARG(t->b->name), SV_ARG(it->canonical), SV_ARG(t->a->name));
        }
    }
}

void admit_conflict(struct admit_run *r)
{
    const struct policy_set *others = r->in->others;
    struct overlap_budget budget = {OVERLAP_STEPS};
    for (size_t i = 0; others != NULL && i < others->n; i++) {
        struct pair t = {.r = r, .a = r->p, .b = others->items[i], .budget = &budget};
        if (sv_eq(t.a->name, t.b->name) || !may_share_namespace(t.a, t.b, &budget)) {
            continue;
        }
        sizes(&t);
        allowed_lists(&t);
        versions(&t);
        schemes(&t);
        options(&t);
    }
}
