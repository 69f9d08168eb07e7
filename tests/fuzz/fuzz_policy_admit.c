// SPDX-License-Identifier: Apache-2.0
// The input is JSON: {"now": a FlinkPolicy, "old": the stored one, "others": [the others]}.
// Whatever stands there, the same input gets the same answer, each fault has a path, an update that
// changes nothing is never refused by these rules, and a stored object only ever takes denials
// away.
#include "common/policy/admit.h"
#include "tests/fuzz/fuzz.h"

#include "common/base/macros.h"

#define ARENA_BYTES ((size_t)256 << 20)
#define FOUND_MAX   100000 // all of them: counts are compared
#define NOW_MS      1790000000000

static void decode(const struct json *o, struct arena *arena, struct flink_policy *ret)
{
    struct violations ignored = VIOLATIONS(arena, 0);
    policy_decode(o, ret, &ignored);
}

static struct violations admit(const struct flink_policy *now, const struct flink_policy *old,
                               const struct policy_set *others, struct arena *arena)
{
    struct violations found = VIOLATIONS(arena, FOUND_MAX);
    const struct policy_admit_input in = {
        .now = now, .old = old, .others = others, .now_ms = NOW_MS};
    policy_admit(&in, &found);
    return found;
}

static void read_others(const struct json *list, struct arena *arena, struct policy_set *ret)
{
    struct violations ignored = VIOLATIONS(arena, 0);
    struct err err = {0};
    const struct policy **items = ARENA_NEW_N(arena, const struct policy *, json_count(list) + 1);
    size_t n = 0;
    json_each(o, list) {
        struct flink_policy decoded;
        decode(o, arena, &decoded);
        const struct policy *p = items != NULL ? policy_compile(&decoded, arena, &ignored) : NULL;
        if (p != NULL) {
            items[n++] = p;
        }
    }
    *ret = (struct policy_set){0};
    if (items != NULL && policy_set_make(items, n, arena, ret, &err) != 0) {
        *ret = (struct policy_set){0};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_BYTES);
    const struct json *input = NULL;
    struct flink_policy now, old;
    struct policy_set others;
    if (json_parse(sv_make((const char *)data, size), &JSON_LIMITS_DEFAULT, &arena, &input, NULL) !=
        0) {
        return 0;
    }
    decode(json_get_lit(input, "now"), &arena, &now);
    decode(json_get_lit(input, "old"), &arena, &old);
    read_others(json_get_lit(input, "others"), &arena, &others);
    struct violations created = admit(&now, NULL, &others, &arena);
    struct violations again = admit(&now, NULL, &others, &arena);
    struct violations updated = admit(&now, &old, &others, &arena);
    struct violations unchanged = admit(&now, &now, &others, &arena);
    if (!arena_ok(&arena) || created.dropped != 0) {
        return 0;
    }
    ASSERT(created.count == again.count && created.denials == again.denials);
    ASSERT(updated.denials <= created.denials && unchanged.denials == 0);
    for (size_t i = 0; i < created.count; i++) {
        ASSERT(created.items[i].path.len != 0 && created.items[i].message.len != 0);
        ASSERT(sv_eq(created.items[i].message, again.items[i].message));
    }
    return 0;
}
