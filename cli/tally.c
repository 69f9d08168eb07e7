// SPDX-License-Identifier: Apache-2.0
#include "cli/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/policy/set.h"

static bool is_same(const struct violation *a, const struct violation *b)
{
    return a->severity == b->severity && strcmp(a->rule, b->rule) == 0 &&
           sv_eq(a->policy, b->policy);
}

static struct tally_row *row_of(struct tally *t, const struct violation *v)
{
    for (size_t i = 0; i < t->n; i++) {
        struct tally_row *row = &t->rows[i];
        if (row->severity == v->severity && strcmp(row->rule, v->rule) == 0 &&
            sv_eq(v->policy, row->policy)) {
            return row;
        }
    }
    if (t->n == TALLY_MAX) {
        return NULL;
    }
    struct tally_row *row = &t->rows[t->n++];
    *row = (struct tally_row){.rule = v->rule, .severity = v->severity};
    row->policy = sv_present(v->policy) ? arena_copy(&t->arena, v->policy) : SV_NONE;
    return row;
}

int tally_add(struct tally *t, const struct violations *v, struct err *err)
{
    if (t->rows == NULL) {
        t->rows = ARENA_NEW_N(&t->arena, struct tally_row, TALLY_MAX);
    }
    for (size_t i = 0; t->rows != NULL && i < v->count; i++) {
        size_t k = 0;
        while (k < i && !is_same(&v->items[k], &v->items[i])) {
            k++;
        }
        if (k != i) {
            continue; // that rule was counted for this object
        }
        struct tally_row *row = row_of(t, &v->items[i]);
        if (row != NULL) {
            row->objects++;
        } else {
            t->more++;
        }
    }
    return arena_ok(&t->arena) ? 0 : err_set(err, E_NOMEM, "no memory for sums");
}

static int worst_first(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    int by_severity = (x->severity > y->severity) - (x->severity < y->severity);
    int by_count = (x->objects < y->objects) - (x->objects > y->objects);
    int by_policy = sv_cmp(x->policy, y->policy);
    return by_severity != 0 ? by_severity
           : by_count != 0  ? by_count
           : by_policy != 0 ? by_policy
                            : strcmp(x->rule, y->rule);
}

void tally_print(struct tally *t)
{
    static const enum enforcement BY_SEVERITY[] = {[SEVERITY_DENY] = ENFORCE_DENY,
                                                   [SEVERITY_WARN] = ENFORCE_WARN,
                                                   [SEVERITY_AUDIT] = ENFORCE_AUDIT};
    if (t->n != 0) {
        qsort(t->rows, t->n, sizeof(*t->rows), worst_first);
        printf("\n%-11s %-8s %-28s %s\n", "ENFORCEMENT", "CLUSTERS", "RULE", "POLICY");
    }
    for (size_t i = 0; i < t->n; i++) {
        const struct tally_row *row = &t->rows[i];
        struct strview policy = sv_present(row->policy) ? row->policy : SV("(Sluice itself)");
        printf("%-11s %-8zu %-28s %.*s\n", enforcement_name(BY_SEVERITY[row->severity]),
               row->objects, row->rule, SV_ARG(policy));
    }
    if (t->more != 0) {
        printf("and %zu findings of further rules\n", t->more);
    }
}

void tally_done(struct tally *t)
{
    arena_done(&t->arena);
    t->rows = NULL;
    t->n = t->more = 0;
}
