// SPDX-License-Identifier: Apache-2.0
#include "common/policy/defaults.h"

#include <stdlib.h>

/// The policies that are for the namespace, in their order.
struct gatherer {
    const struct policy **policies;
    size_t n;
    struct pattern_vars vars;
    struct arena *arena;
};

/// A default before the choice: of the same key the first in order stays.
struct candidate {
    struct policy_option option;
    size_t order;
};

static void take_text(const struct gatherer *g, const struct policy *p, struct strview text,
                      unsigned allowed, struct policy_text *ret)
{
    if (sv_present(text) && !sv_present(ret->by)) {
        ret->by = p->name;
        ret->value = pattern_fill(text, allowed, &g->vars, g->arena, &ret->missing);
    }
}

static void take_number(const struct policy *p, struct field_int n, struct policy_number *ret)
{
    if (n.set && !sv_present(ret->by)) {
        *ret = (struct policy_number){.value = n.v, .by = p->name};
    }
}

static bool has_quantity(const struct policy_quantity *items, size_t n, struct strview name)
{
    for (size_t i = 0; i < n; i++) {
        if (sv_eq(items[i].name, name)) {
            return true;
        }
    }
    return false;
}

/// Of each name the first policy's; which list of a policy, OF tells.
static const struct policy_quantities *
gather_quantities(const struct gatherer *g,
                  const struct policy_quantities *(*of)(const struct policy *), struct strview *by)
{
    size_t max = 0;
    for (size_t i = 0; i < g->n; i++) {
        max += of(g->policies[i])->n;
    }
    if (max == 0) {
        return NULL;
    }
    struct policy_quantities *ret = ARENA_NEW(g->arena, struct policy_quantities);
    struct policy_quantity *items = ARENA_NEW_N(g->arena, struct policy_quantity, max);
    if (ret == NULL || items == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < g->n; i++) {
        const struct policy_quantities *list = of(g->policies[i]);
        for (size_t k = 0; k < list->n; k++) {
            if (!has_quantity(items, ret->n, list->items[k].name)) {
                *by = ret->n == 0 ? g->policies[i]->name : *by;
                items[ret->n++] = list->items[k];
            }
        }
    }
    ret->items = items;
    return ret;
}

static const struct policy_quantities *jm_default(const struct policy *p)
{
    return &p->jm_default;
}

static const struct policy_quantities *tm_default(const struct policy *p)
{
    return &p->tm_default;
}

static int by_key(const void *a, const void *b)
{
    const struct candidate *p = a, *q = b;
    int cmp = sv_cmp(p->option.canonical, q->option.canonical);
    return cmp != 0 ? cmp : (p->order > q->order) - (p->order < q->order);
}

/// Every policy's, in order; how many.
static size_t list_options(const struct gatherer *g, struct candidate *all)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct flink_conf *conf = &g->policies[i]->conf_defaults;
        for (size_t k = 0; k < conf->count; k++) {
            all[n] = (struct candidate){.option = {.key = conf->items[k].key,
                                                   .canonical = conf->items[k].canonical,
                                                   .value = conf->items[k].json,
                                                   .by = g->policies[i]->name},
                                        .order = n};
            n++;
        }
    }
    return n;
}

static void gather_options(const struct gatherer *g, struct policy_defaults *ret)
{
    size_t max = 0;
    for (size_t i = 0; i < g->n; i++) {
        max += g->policies[i]->conf_defaults.count;
    }
    if (max == 0) {
        return;
    }
    struct candidate *all = ARENA_NEW_N(g->arena, struct candidate, max);
    struct policy_option *options = ARENA_NEW_N(g->arena, struct policy_option, max);
    if (all == NULL || options == NULL) {
        return;
    }
    size_t n = list_options(g, all);
    qsort(all, n, sizeof(*all), by_key);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !sv_eq(all[i].option.canonical, all[i - 1].option.canonical)) {
            options[ret->n_options++] = all[i].option;
        }
    }
    ret->options = options;
}

/// False: the arena is full.
static bool find_policies(struct gatherer *g, const struct policy_set *set,
                          const struct policy_world *world)
{
    struct strview ns = g->vars.value[PATTERN_NAMESPACE];
    struct labels labels;
    bool known = set->needs_labels && world != NULL && world->namespace_labels != NULL &&
                 world->namespace_labels(world->ctx, ns, &labels);
    g->policies = ARENA_NEW_N(g->arena, const struct policy *, set->n);
    if (g->policies == NULL) {
        return false;
    }
    const struct policy *p;
    for (size_t at = 0; (p = policy_set_next(set, ns, known ? &labels : NULL, &at)) != NULL;) {
        g->policies[g->n++] = p;
    }
    return true;
}

void policy_defaults_gather(const struct policy_set *set, const struct policy_world *world,
                            struct strview ns, struct strview name, struct strview flink_version,
                            struct arena *arena, struct policy_defaults *ret)
{
    struct gatherer g = {.arena = arena};
    *ret = (struct policy_defaults){0};
    g.vars.value[PATTERN_NAMESPACE] = ns;
    g.vars.value[PATTERN_NAME] = name;
    g.vars.value[PATTERN_FLINK_VERSION] = flink_version;
    if (set->n == 0 || !find_policies(&g, set, world)) {
        return;
    }
    for (size_t i = 0; i < g.n; i++) {
        const struct policy *p = g.policies[i];
        const struct policy_spec *s = &p->spec;
        take_text(&g, p, s->images.dflt, POLICY_IMAGE_PLACEHOLDERS, &ret->image);
        take_text(&g, p, s->images.default_tag, POLICY_IMAGE_PLACEHOLDERS, &ret->default_tag);
        take_text(&g, p, s->iam_roles.dflt, POLICY_OWNER_PLACEHOLDERS, &ret->iam_role);
        take_text(&g, p, s->storage.default_root, POLICY_OWNER_PLACEHOLDERS, &ret->storage_root);
        take_number(p, s->parallelism.dflt, &ret->parallelism);
        take_number(p, s->job_manager.replicas.dflt, &ret->job_manager_replicas);
    }
    ret->jm_resources = gather_quantities(&g, jm_default, &ret->jm_resources_by);
    ret->tm_resources = gather_quantities(&g, tm_default, &ret->tm_resources_by);
    gather_options(&g, ret);
}
