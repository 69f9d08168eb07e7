// SPDX-License-Identifier: Apache-2.0
#include "common/policy/set.h"

#include <stdlib.h>

#include "common/policy/asks.h"
#include "common/refs/role.h"

static const char *const NAMES[ENFORCE_COUNT] = {
#define X(id, text) [ENFORCE_##id] = (text),
    POLICY_ENFORCEMENT_LIST(X)
#undef X
};

const char *enforcement_name(enum enforcement e)
{
    return (unsigned)e < ENFORCE_COUNT ? NAMES[e] : "";
}

#define BITS  64
#define BYTES 256

static int by_rank(const void *a, const void *b)
{
    const struct policy *p = *(const struct policy *const *)a;
    const struct policy *q = *(const struct policy *const *)b;
    if (p->priority != q->priority) {
        return p->priority > q->priority ? -1 : 1;
    }
    return sv_cmp(p->name, q->name);
}

/// Notes the policy at I in the rows of the bytes with which a namespace may begin that it is for.
static void note_first(const struct policy *p, uint64_t *may, size_t words, size_t i)
{
    const struct patterns *list = &p->match.namespaces;
    bool any = list->n == 0;
    for (size_t k = 0; k < list->n && !any; k++) {
        struct strview begin = pattern_beginning(list->items[k]);
        any = begin.len == 0;
        if (!any) {
            may[(unsigned char)begin.ptr[0] * words + i / BITS] |= (uint64_t)1 << i % BITS;
        }
    }
    for (size_t c = 0; c < BYTES && any; c++) {
        may[c * words + i / BITS] |= (uint64_t)1 << i % BITS;
    }
}

int policy_set_make(const struct policy *const *policies, size_t n, struct arena *arena,
                    struct policy_set *ret, struct err *err)
{
    const struct policy **items = ARENA_NEW_N(arena, const struct policy *, n + 1);
    struct policy_set set = {.items = items, .n = n, .words = n / BITS + 1};
    uint64_t *may = ARENA_NEW_N(arena, uint64_t, BYTES * set.words);
    if (items == NULL || may == NULL) {
        return err_set(err, E_NOMEM, "no memory for %zu policies", n);
    }
    for (size_t i = 0; i < n; i++) {
        const struct policy *p = policies[i];
        items[i] = p;
        set.needs_labels |= p->match.has_selector;
        set.needs_roles |= p->spec.iam_roles.unique.set && p->spec.iam_roles.unique.v;
        set.needs_totals |= p->spec.parallelism.namespace_total.set;
    }
    qsort(items, n, sizeof(*items), by_rank);
    for (size_t i = 0; i < n; i++) {
        note_first(items[i], may, set.words, i);
    }
    set.may = may;
    *ret = set;
    return policy_asks_number(ret, arena, err);
}

bool policy_matches(const struct policy *p, struct strview ns, const struct labels *labels)
{
    const struct patterns *namespaces = &p->match.namespaces;
    // Exclusions first: who has them has mostly `*` beside them.
    if (patterns_match(&p->match.exclude, ns, NULL) ||
        (namespaces->n != 0 && !patterns_match(namespaces, ns, NULL))) {
        return false;
    }
    return !p->match.has_selector || labels == NULL ||
           label_selector_matches(&p->match.selector, labels);
}

const struct policy *policy_set_next(const struct policy_set *set, struct strview ns,
                                     const struct labels *labels, size_t *at)
{
    while (*at < set->n) {
        size_t word = *at / BITS;
        uint64_t left = ns.len != 0 ? set->may[(unsigned char)ns.ptr[0] * set->words + word]
                                    : UINT64_MAX; // of no namespace nothing is known
        left >>= *at % BITS;
        if (left == 0) {
            *at = (word + 1) * BITS;
            continue;
        }
        *at += (size_t)__builtin_ctzll(left);
        if (*at < set->n && policy_matches(set->items[(*at)++], ns, labels)) {
            return set->items[*at - 1];
        }
    }
    return NULL;
}

/// Whether BLOCK ("images.tags") is RULE ("images.tags.denied") or above it.
static bool covers(struct strview block, struct strview rule)
{
    struct strview rest = sv_from_pos(rule, block.len);
    return sv_starts(rule, block) && (rest.len == 0 || sv_starts(rest, SV(".")));
}

static bool is_for_rule(const struct policy_exemption *e, struct strview rule)
{
    for (size_t i = 0; i < e->rules.n; i++) {
        if (covers(e->rules.items[i], rule)) {
            return true;
        }
    }
    return !e->rules.set; // an empty list names no rule
}

/// Of an object that has no name yet nobody knows whether the exemption is for it.
static bool is_for_name(const struct policy_exemption *e, struct strview name)
{
    struct strview pattern = pattern_text(e->name);
    return sv_present(name) ? pattern_match(e->name, name, NULL)
                            : sv_eq(pattern, SV("*")) || sv_eq(pattern, SV("**"));
}

bool policy_exempts(const struct policy *p, struct strview ns, struct strview name,
                    const char *rule, int64_t now_ms)
{
    for (size_t i = 0; i < p->n_exempt; i++) {
        const struct policy_exemption *e = &p->exempt[i];
        if (now_ms < e->until_ms && is_for_rule(e, sv_from(rule)) && is_for_name(e, name) &&
            pattern_match(e->ns, ns, NULL)) {
            return true;
        }
    }
    return false;
}

struct strview policy_role_key(struct strview s, struct arena *arena)
{
    struct role role;
    if (!role_parse(s, &role, NULL) || role.form != ROLE_AZURE) {
        return s;
    }
    char *key = arena_alloc(arena, s.len + 1);
    if (key == NULL) {
        return s;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        key[i] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    }
    key[s.len] = '\0';
    return sv_make(key, s.len);
}
