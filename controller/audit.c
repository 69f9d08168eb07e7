// SPDX-License-Identifier: Apache-2.0
#include "controller/audit.h"

#include <string.h>

#include "common/flink/decode.h"
#include "common/policy/check.h"
#include "controller/claim.h"

/// Findings in one FlinkCluster that are told apart.
#define FINDINGS_MAX 4096
#define FIRST_COUNTS 4
#define RULES_SHOWN  8

// ---- the world ----------------------------------------------------------------------------------

static bool namespace_labels(const void *ctx, struct strview ns, struct labels *ret)
{
    const struct audit *a = ctx;
    const struct policy_world *w = a->labels;
    return w != NULL && w->namespace_labels != NULL && w->namespace_labels(w->ctx, ns, ret);
}

static bool role_user(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret)
{
    const struct audit *a = ctx;
    return clusters_role_user(&a->stored, key, self, ret);
}

static int64_t namespace_parallelism(const void *ctx, struct strview ns, struct strview name)
{
    const struct audit *a = ctx;
    return clusters_parallelism(&a->stored, ns, name);
}

int audit_begin(struct audit *a, const struct policy_set *set, const struct policy_world *labels,
                struct err *err)
{
    *a = (struct audit){.arena = ARENA(AUDIT_ARENA_MAX), .set = set, .labels = labels};
    a->world = (struct policy_world){.ctx = a,
                                     .namespace_labels = namespace_labels,
                                     .role_user = role_user,
                                     .namespace_parallelism = namespace_parallelism};
    a->policies = ARENA_NEW_N(&a->arena, struct audit_policy, set->n + 1);
    if (a->policies == NULL || clusters_init(&a->stored, err) != 0) {
        audit_done(a);
        return err_set(err, E_NOMEM, "no memory for an audit");
    }
    memset(a->policies, 0, (set->n + 1) * sizeof(*a->policies));
    for (size_t i = 0; i < set->n; i++) {
        a->policies[i].policy = set->items[i];
    }
    return 0;
}

void audit_done(struct audit *a)
{
    clusters_done(&a->stored);
    arena_done(&a->arena);
}

bool audit_must_learn(const struct audit *a)
{
    return a->set->needs_roles || a->set->needs_totals;
}

int audit_learn(struct audit *a, const struct json *cluster, struct arena *scratch, struct err *err)
{
    struct flink_cluster c;
    struct flink_effective e;
    struct violations faults = VIOLATIONS(scratch, 0);
    flink_decode(cluster, &c, &faults);
    flink_effective_read(&c, scratch, NULL, &e);
    struct claim claim = claim_of(&c, &e, scratch);
    struct row *row =
        arena_ok(scratch) ? clusters_row_new(c.ns, c.name, claim.role, claim.parallelism, 0) : NULL;
    bool ok = row != NULL && clusters_put(&a->stored, row);
    row_unref(row);
    return ok ? 0 : err_set(err, E_NOMEM, "no memory to learn a FlinkCluster");
}

// ---- counting -----------------------------------------------------------------------------------

static bool count_rule(struct audit *a, struct audit_policy *p, const struct violation *v)
{
    for (size_t i = 0; i < p->n_counts; i++) {
        struct audit_count *c = &p->counts[i];
        if (c->severity == v->severity && strcmp(c->rule, v->rule) == 0) {
            c->findings++;
            return true;
        }
    }
    if (p->n_counts == p->cap_counts) {
        size_t cap = p->cap_counts != 0 ? p->cap_counts * 2 : FIRST_COUNTS;
        struct audit_count *more = ARENA_NEW_N(&a->arena, struct audit_count, cap);
        if (more == NULL) {
            return false;
        }
        if (p->n_counts != 0) {
            memcpy(more, p->counts, p->n_counts * sizeof(*more));
        }
        p->counts = more;
        p->cap_counts = cap;
    }
    p->counts[p->n_counts++] =
        (struct audit_count){.rule = v->rule, .severity = v->severity, .findings = 1};
    return true;
}

static int compare(const struct audit_example *x, const struct audit_example *y)
{
    const struct strview *const parts[][2] = {
        {&x->ns, &y->ns}, {&x->name, &y->name}, {&x->rule, &y->rule}, {&x->field, &y->field}};
    if (x->severity != y->severity) {
        return x->severity < y->severity ? -1 : 1;
    }
    int c = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts) && c == 0; i++) {
        c = sv_cmp(*parts[i][0], *parts[i][1]);
    }
    return c;
}

/// S at most MAX bytes long, cut between characters.
static struct strview cut(struct strview s, size_t max)
{
    if (s.len <= max) {
        return s;
    }
    size_t n = max;
    while (n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80) {
        n--;
    }
    return sv_sub(s, 0, n);
}

/// Keeps V when it is one of the first ones; its texts are copied only then.
static void add_example(struct audit *a, struct audit_policy *p, const struct flink_cluster *c,
                        const struct violation *v)
{
    struct audit_example e = {.ns = c->ns,
                              .name = c->name,
                              .rule = sv_from(v->rule),
                              .field = v->path,
                              .message = cut(v->message, AUDIT_MESSAGE_MAX),
                              .severity = v->severity};
    size_t at = p->n_examples;
    while (at > 0 && compare(&e, &p->examples[at - 1]) < 0) {
        at--;
    }
    if (at == POLICY_EXAMPLES_MAX) {
        return;
    }
    struct strview *const texts[] = {&e.ns, &e.name, &e.field, &e.message};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = arena_copy(&a->arena, *texts[i]);
    }
    if (p->n_examples < POLICY_EXAMPLES_MAX) {
        p->n_examples++;
    }
    memmove(&p->examples[at + 1], &p->examples[at],
            (p->n_examples - at - 1) * sizeof(p->examples[0]));
    p->examples[at] = e;
}

/// That of the policy whose name V has; findings come policy by policy, so the search goes on where
/// it ended (*AT).
static struct audit_policy *policy_of(struct audit *a, const struct violation *v, size_t *at)
{
    for (size_t i = 0; sv_present(v->policy) && i < a->set->n; i++) {
        size_t k = (*at + i) % a->set->n;
        if (sv_eq(a->set->items[k]->name, v->policy)) {
            *at = k;
            return &a->policies[k];
        }
    }
    return NULL; // a rule of Sluice itself: none of a policy's
}

static bool count(struct audit *a, const struct flink_cluster *c, const struct violations *found)
{
    bool ok = true;
    size_t at = 0;
    for (size_t i = 0; i < found->count && ok; i++) {
        const struct violation *v = &found->items[i];
        struct audit_policy *p = policy_of(a, v, &at);
        if (p != NULL) {
            p->findings[v->severity]++;
            p->is_violating = true;
            ok = count_rule(a, p, v);
            add_example(a, p, c, v);
        }
    }
    return ok;
}

static void count_exempted(void *ctx, const struct policy *policy)
{
    struct audit *a = ctx;
    for (size_t i = 0; i < a->set->n; i++) {
        if (a->set->items[i] == policy) {
            a->policies[i].exempted++;
            return;
        }
    }
}

int audit_judge(struct audit *a, const struct json *cluster, int64_t now_ms, struct arena *scratch,
                struct err *err)
{
    struct flink_cluster c;
    struct violations faults = VIOLATIONS(scratch, 0);
    struct violations found = VIOLATIONS(scratch, FINDINGS_MAX);
    struct labels labels;
    flink_decode(cluster, &c, &faults);
    policy_check(&(struct policy_input){.now = &c,
                                        .ns = c.ns,
                                        .set = a->set,
                                        .world = &a->world,
                                        .now_ms = now_ms,
                                        .exempted = count_exempted,
                                        .exempted_ctx = a},
                 &found);
    bool ok = arena_ok(scratch) && count(a, &c, &found);
    bool known = a->set->needs_labels && namespace_labels(a, c.ns, &labels);
    for (size_t i = 0; i < a->set->n; i++) {
        struct audit_policy *p = &a->policies[i];
        p->audited += policy_matches(p->policy, c.ns, known ? &labels : NULL);
        p->violating += p->is_violating;
        p->is_violating = false;
    }
    return ok && arena_ok(&a->arena) ? 0
                                     : err_set(err, E_NOMEM, "no memory to judge a FlinkCluster");
}

// ---- telling ------------------------------------------------------------------------------------

int64_t audit_violations(const struct audit_policy *p)
{
    return p->findings[SEVERITY_DENY] + p->findings[SEVERITY_WARN] + p->findings[SEVERITY_AUDIT];
}

struct strview audit_sentence(const struct audit_policy *p, struct arena *arena)
{
    struct strview text =
        arena_printf(arena, "%lld of %lld FlinkClusters break rules: ", (long long)p->violating,
                     (long long)p->audited);
    for (size_t i = 0; i < p->n_counts && i < RULES_SHOWN; i++) {
        text = arena_printf(arena, "%.*s%s%s (%lld)", SV_ARG(text), i != 0 ? ", " : "",
                            p->counts[i].rule, (long long)p->counts[i].findings);
    }
    return p->n_counts <= RULES_SHOWN
               ? text
               : arena_printf(arena, "%.*s and %zu more", SV_ARG(text), p->n_counts - RULES_SHOWN);
}
