// SPDX-License-Identifier: Apache-2.0
// Any JSON as a stored FlinkPolicy: it compiles, asks and fills in without a crash, and what is not
// known never makes it let in more.
#include "common/policy/defaults.h"
#include "tests/fuzz/fuzz.h"

#define TREE_BYTES ((size_t)64 << 20)
#define FAULTS_MAX 64

static const struct strview NS = SV_INIT("payments"), NAME = SV_INIT("fraud");

static void ask(const struct policy *p)
{
    static const struct label items[] = {{SV_INIT("tier"), SV_INIT("prod")}};
    const struct labels prod = {.items = items, .count = 1}, none = {0};
    bool known = policy_matches(p, NS, &prod) || policy_matches(p, NS, &none);
    ASSERT(!known || policy_matches(p, NS, NULL));
    // What is exempt from a block is from its rules, and what is later was so before.
    bool block = policy_exempts(p, NS, NAME, "images.tags", 1000);
    ASSERT(!block || policy_exempts(p, NS, NAME, "images.tags.denied", 1000));
    ASSERT(!block || policy_exempts(p, NS, NAME, "images.tags", 0));
    ASSERT(!policy_exempts(p, NS, SV_NONE, "images", 0) ||
           policy_exempts(p, NS, NAME, "images", 0));
    ASSERT(p->images_allowed.n == p->spec.images.allowed.n);
    ASSERT(p->n_versions == p->spec.images.flink_versions.n);
    for (size_t i = 0; i < p->n_exempt; i++) {
        ASSERT(p->exempt[i].ns != NULL && p->exempt[i].name != NULL);
    }
}

static void gather(const struct policy_set *set, struct arena *arena)
{
    struct policy_defaults d;
    policy_defaults_gather(set, NULL, NS, SV_NONE, SV("1.20"), arena, &d);
    ASSERT(arena_ok(arena));
    ASSERT(!sv_present(d.iam_role.value) || !sv_present(d.iam_role.missing));
    for (size_t i = 1; i < d.n_options; i++) {
        ASSERT(sv_cmp(d.options[i - 1].canonical, d.options[i].canonical) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(TREE_BYTES);
    struct violations faults = VIOLATIONS(&arena, FAULTS_MAX);
    const struct json *object = NULL;
    struct flink_policy decoded;
    struct policy_set set;
    if (json_parse(sv_make((const char *)data, size), &JSON_LIMITS_DEFAULT, &arena, &object,
                   NULL) != 0) {
        return 0;
    }
    policy_decode(object, &decoded, &faults);
    const struct policy *p = policy_compile(&decoded, &arena, &faults);
    if (p == NULL) {
        ASSERT(!arena_ok(&arena));
        return 0;
    }
    const struct policy *const both[] = {p, p};
    ASSERT(policy_set_make(both, ARRAY_LEN(both), &arena, &set, NULL) == 0);
    ask(p);
    gather(&set, &arena);
    return 0;
}
