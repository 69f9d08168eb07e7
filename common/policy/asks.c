// SPDX-License-Identifier: Apache-2.0
#include "common/policy/asks.h"

#include "common/base/macros.h"
#include "common/base/strbuf.h"
#include "common/json/out.h"

#define OPERAND_MAX 16384 // bytes; who asks with longer lists asks alone

#define SIZE     0U
#define OBJECT   1U
#define ACCOUNTS 2U
#define OPTIONS  4U

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
        return SV("");
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
