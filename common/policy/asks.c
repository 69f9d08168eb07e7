// SPDX-License-Identifier: Apache-2.0
#include "common/policy/asks.h"

#include "common/base/macros.h"
#include "common/base/map.h"
#include "common/base/strbuf.h"
#include "common/json/out.h"

#define OPERAND_MAX 16384 // bytes; who asks with longer lists asks like no other

#define SIZE     1U
#define OBJECT   2U
#define ACCOUNTS 4U
#define OPTIONS  8U

static const struct {
    const char *id; // also the path of what it reads
    size_t enforcement;
    unsigned flags;
} RULES[POLICY_RULES] = {
#define POLICY_RULE(name, id, block, flags, summary, why)                                          \
    {id, offsetof(struct policy, enforce.block), flags},
#include "common/policy/rules.def"
#undef POLICY_RULE
};

static const struct json *follow(const struct json *spec, struct strview path)
{
    struct strview key;
    while (sv_split(&path, '.', &key)) {
        spec = json_get(spec, key);
    }
    return spec;
}

/// Behind a space, which divides it from what stands before.
static void put_more(struct strbuf *b, const struct json *spec, struct strview path)
{
    const struct json *value = follow(spec, path);
    strbuf_put(b, SV(" "));
    if (value != NULL) {
        json_out_value(&JSON_OUT(b), value);
    }
}

/// All that the rule reads of the policy, as text; absent when that is too long.
static struct strview operand_of(const struct json *spec, const struct json *value, unsigned flags,
                                 struct arena *arena)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(OPERAND_MAX);
    if ((flags & OBJECT) != 0) {
        return SV("any");
    }
    json_out_value(&JSON_OUT(&b), value);
    if ((flags & ACCOUNTS) != 0) {
        put_more(&b, spec, SV("pods.serviceAccounts"));
    }
    if ((flags & OPTIONS) != 0) {
        put_more(&b, spec, SV("flinkConfiguration.required"));
    }
    return strbuf_ok(&b) ? arena_copy(arena, strbuf_view(&b)) : SV_NONE;
}

void policy_asks_read(struct policy *p, struct arena *arena)
{
    struct policy_ask asks[POLICY_RULES];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        enum enforcement e =
            *(const enum enforcement *)(const void *)((const char *)p + RULES[i].enforcement);
        const struct json *value = follow(p->spec.self, sv_from(RULES[i].id));
        if (e != ENFORCE_ALLOW && value != NULL) {
            asks[n++] = (struct policy_ask){
                .rule = (uint8_t)i,
                .of_sizes = (RULES[i].flags & SIZE) != 0,
                .enforcement = e,
                .operand = operand_of(p->spec.self, value, RULES[i].flags, arena)};
        }
    }
    struct policy_ask *kept = ARENA_NEW_N(arena, struct policy_ask, n + 1);
    if (kept != NULL) {
        memcpy(kept, asks, n * sizeof(*kept));
        p->asks = kept;
        p->n_asks = n;
    }
}

/// Fills in the NUMBERS of P's asks. KNOWN: operands, and the number of the first that has each.
static bool number(const struct policy *p, struct map *known, uint32_t *last, uint32_t *numbers)
{
    for (size_t i = 0; i < p->n_asks; i++) {
        struct strview operand = p->asks[i].operand;
        const uint32_t *same = sv_present(operand) ? map_get(known, operand) : NULL;
        numbers[i] = same != NULL ? *same : ++*last;
        if (same == NULL && sv_present(operand) && !map_put(known, operand, &numbers[i])) {
            return false;
        }
    }
    return true;
}

int policy_asks_number(struct policy_set *set, struct arena *arena, struct err *err)
{
    CLEANUP(map_done) struct map known = {0};
    const uint32_t **all = ARENA_NEW_N(arena, const uint32_t *, set->n + 1);
    uint32_t last = 0;
    for (size_t i = 0; all != NULL && i < set->n; i++) {
        const struct policy *p = set->items[i];
        uint32_t *own = ARENA_NEW_N(arena, uint32_t, p->n_asks + 1);
        if (own == NULL || !number(p, &known, &last, own)) {
            return err_set(err, E_NOMEM, "no memory for %zu policies", set->n);
        }
        all[i] = own;
    }
    set->numbers = all;
    return all != NULL ? 0 : err_set(err, E_NOMEM, "no memory for %zu policies", set->n);
}
