// SPDX-License-Identifier: Apache-2.0
// What a review leaves behind beside its verdict: audit annotations, and findings for the metrics.
#include "common/base/macros.h"
#include "common/policy/set.h"
#include "webhook/review_run.h"

/// Entries of one annotation: beyond, and beyond its bytes, the last ones are left out.
#define NOTED_MAX 32

/// A list of words, each once, in the order in which they came.
struct word_list {
    struct strview words[NOTED_MAX];
    size_t n;
    size_t bytes;
};

/// Empties L; its words are written as they come.
static void list_begin(struct word_list *l)
{
    l->n = 0;
    l->bytes = 0;
}

static void list_add(struct word_list *l, struct strview word)
{
    for (size_t i = 0; i < l->n; i++) {
        if (sv_eq(l->words[i], word)) {
            return;
        }
    }
    if (l->n < NOTED_MAX && l->bytes + word.len + 1 <= ADMISSION_AUDIT_VALUE_BYTES) {
        l->words[l->n++] = word;
        l->bytes += word.len + 1;
    }
}

/// With commas; SV_NONE when it is empty.
static struct strview list_text(const struct word_list *l, struct arena *arena)
{
    struct strview text = SV_NONE;
    for (size_t i = 0; i < l->n; i++) {
        text = i == 0 ? l->words[0]
                      : arena_printf(arena, "%.*s,%.*s", SV_ARG(text), SV_ARG(l->words[i]));
    }
    return text;
}

/// For the audit log: which rules spoke, for which policies, how hard the hardest of them is meant,
/// and what was only to be noted.
void review_note_audit(struct review *r)
{
    UNINITIALIZED struct word_list rules, policies, notes;
    list_begin(&rules);
    list_begin(&policies);
    list_begin(&notes);
    enum severity hardest = r->violations.count != 0 ? SEVERITY_AUDIT : SEVERITY_DENY;
    for (size_t i = 0; i < r->violations.count; i++) {
        const struct violation *v = &r->violations.items[i];
        list_add(&rules, sv_from(v->rule));
        hardest = v->severity < hardest ? v->severity : hardest;
        if (sv_present(v->policy)) {
            list_add(&policies, v->policy);
        }
        if (v->severity == SEVERITY_AUDIT) {
            list_add(&notes, arena_printf(r->arena, "%.*s/%s", SV_ARG(v->policy), v->rule));
        }
    }
    static const enum enforcement BY_SEVERITY[] = {[SEVERITY_DENY] = ENFORCE_DENY,
                                                   [SEVERITY_WARN] = ENFORCE_WARN,
                                                   [SEVERITY_AUDIT] = ENFORCE_AUDIT};
    admission_audit_add(&r->response, "rules", list_text(&rules, r->arena));
    admission_audit_add(&r->response, "policies", list_text(&policies, r->arena));
    admission_audit_add(&r->response, "enforcement",
                        sv_from(enforcement_name(BY_SEVERITY[hardest])));
    admission_audit_add(&r->response, "audit", list_text(&notes, r->arena));
}

/// NAME as the text of the context's policies, which outlives the review; SV_NONE: none of them.
static struct strview policy_name(const struct review *r, struct strview name)
{
    const struct policy_set *set = r->context->policies;
    for (size_t i = 0; sv_present(name) && set != NULL && i < set->n; i++) {
        if (sv_eq(set->items[i]->name, name)) {
            return set->items[i]->name;
        }
    }
    return SV_NONE;
}

/// One more finding of a rule.
static void count_finding(struct review *r, const struct violation *v)
{
    struct review_result *ret = r->result;
    struct strview policy = policy_name(r, v->policy);
    size_t i = 0;
    while (i < ret->finding_count && (ret->findings[i].severity != v->severity ||
                                      strcmp(ret->findings[i].rule, v->rule) != 0 ||
                                      !sv_eq(ret->findings[i].policy, policy))) {
        i++;
    }
    if (i == REVIEW_FINDINGS_MAX) {
        return;
    }
    if (i == ret->finding_count) {
        ret->findings[ret->finding_count++] =
            (struct review_finding){.policy = policy, .rule = v->rule, .severity = v->severity};
    }
    ret->findings[i].count++;
}

void review_count_findings(struct review *r)
{
    struct review_result *ret = r->result;
    for (size_t i = 0; i < r->violations.count; i++) {
        const struct violation *v = &r->violations.items[i];
        size_t *const by_severity[] = {[SEVERITY_DENY] = &ret->causes,
                                       [SEVERITY_WARN] = &ret->warnings,
                                       [SEVERITY_AUDIT] = &ret->audits};
        (*by_severity[v->severity])++;
        count_finding(r, v);
    }
}
