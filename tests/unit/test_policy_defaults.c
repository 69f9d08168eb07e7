// SPDX-License-Identifier: Apache-2.0
#include "common/policy/defaults.h"

#include "tests/unit/policy_made.h"

static bool label_tier(const void *ctx, struct strview ns, struct labels *ret)
{
    static const struct label prod[] = {{SV_INIT("tier"), SV_INIT("prod")}};
    *ret = (struct labels){.items = prod, .count = sv_eq(ns, SV("payments")) ? 1 : 0};
    return ctx == NULL;
}

static const struct policy_world WORLD = {.namespace_labels = label_tier};

static struct policy_defaults gather(const struct policy_set *set, struct strview name)
{
    struct policy_defaults d;
    policy_defaults_gather(set, &WORLD, SV("payments"), name, SV("1.20"), &arena, &d);
    ck_assert(arena_ok(&arena));
    return d;
}

START_TEST(policy_defaults__come_from_the_highest_priority_then_the_first_name)
{
    const struct policy *policies[] = {
        policy_of("b", "{\"parallelism\":{\"default\":2},\"images\":{\"default\":\"b.io/x\"}}"),
        policy_of(
            "a", "{\"parallelism\":{\"default\":3},\"jobManager\":{\"replicas\":{\"default\":1}}}"),
        policy_of("z", "{\"priority\":1,\"jobManager\":{\"replicas\":{\"default\":2}}}"),
        policy_of("x", "{\"priority\":9,\"match\":{\"namespaces\":[\"other\"]},"
                       "\"parallelism\":{\"default\":9}}"),
        policy_of("y", "{\"priority\":8,\"match\":{\"namespaceSelector\":{\"matchLabels\":"
                       "{\"tier\":\"dev\"}}},\"parallelism\":{\"default\":8}}")};
    struct policy_set set = set_of(policies, ARRAY_LEN(policies));
    struct policy_defaults d = gather(&set, SV("fraud"));
    ck_assert_int_eq(d.parallelism.value, 3);
    ck_assert(sv_eq_lit(d.parallelism.by, "a"));
    ck_assert_int_eq(d.job_manager_replicas.value, 2);
    ck_assert(sv_eq_lit(d.job_manager_replicas.by, "z"));
    ck_assert(sv_eq_lit(d.image.value, "b.io/x") && sv_eq_lit(d.image.by, "b"));
    ck_assert(!sv_present(d.iam_role.by) && !sv_present(d.storage_root.value));
    ck_assert(d.jm_resources == NULL && d.tm_resources == NULL && d.n_options == 0);
    // Labels that nobody knows: the stricter reading, the policy is for the namespace.
    policy_defaults_gather(&set, NULL, SV("payments"), SV("fraud"), SV_NONE, &arena, &d);
    ck_assert_int_eq(d.parallelism.value, 8);
}
END_TEST

START_TEST(policy_defaults__placeholders_are_filled_in_and_missing_ones_told)
{
    const struct policy *policies[] = {
        policy_of("p",
                  "{\"images\":{\"defaultTag\":\"{flinkVersion}\"},\"storage\":{\"defaultRoot\":"
                  "\"s3://flink-{namespace}\"},\"iamRoles\":{\"default\":"
                  "\"arn:aws:iam::123456789012:role/{namespace}/{name}\"}}"),
        policy_of("q", "{\"iamRoles\":{\"default\":\"arn:aws:iam::123456789012:role/q\"}}")};
    struct policy_set set = set_of(policies, ARRAY_LEN(policies));
    struct policy_defaults d = gather(&set, SV("fraud"));
    ck_assert(sv_eq_lit(d.default_tag.value, "1.20"));
    ck_assert(sv_eq_lit(d.storage_root.value, "s3://flink-payments"));
    ck_assert(sv_eq_lit(d.iam_role.value, "arn:aws:iam::123456789012:role/payments/fraud"));
    ck_assert(!sv_present(d.iam_role.missing));
    // Under generateName: no other policy's role takes its place.
    d = gather(&set, SV_NONE);
    ck_assert(!sv_present(d.iam_role.value) && sv_eq_lit(d.iam_role.missing, "name"));
    ck_assert(sv_eq_lit(d.iam_role.by, "p"));
    ck_assert(sv_eq_lit(d.storage_root.value, "s3://flink-payments"));
}
END_TEST

START_TEST(policy_defaults__resources_and_options_come_each_from_their_own_policy)
{
    const struct policy *policies[] = {
        policy_of("a", "{\"resources\":{\"taskManager\":{\"default\":{\"cpu\":\"2\"}}},"
                       "\"flinkConfiguration\":{\"defaults\":{\"state.backend\":\"hashmap\",\"b\":{"
                       "\"c\":1}}}}"),
        policy_of(
            "b", "{\"resources\":{\"taskManager\":{\"default\":{\"cpu\":\"4\",\"memory\":\"4Gi\"}},"
                 "\"jobManager\":{\"default\":{\"memory\":\"2Gi\"}}},"
                 "\"flinkConfiguration\":{\"defaults\":{\"state.backend.type\":\"rocksdb\",\"a\":"
                 "\"x\"}}}")};
    struct policy_set set = set_of(policies, ARRAY_LEN(policies));
    struct policy_defaults d = gather(&set, SV("fraud"));
    ck_assert_uint_eq(d.tm_resources->n, 2);
    ck_assert(sv_eq_lit(d.tm_resources->items[0].text, "2"));
    ck_assert(sv_eq_lit(d.tm_resources->items[1].text, "4Gi"));
    ck_assert(sv_eq_lit(d.tm_resources_by, "a") && sv_eq_lit(d.jm_resources_by, "b"));
    ck_assert_uint_eq(d.jm_resources->n, 1);
    // state.backend and state.backend.type are one option.
    ck_assert_uint_eq(d.n_options, 3);
    ck_assert(sv_eq_lit(d.options[0].key, "a") && sv_eq_lit(d.options[0].by, "b"));
    ck_assert(sv_eq_lit(d.options[1].key, "b.c") && json_type(d.options[1].value) == JSON_NUMBER);
    ck_assert(sv_eq_lit(d.options[2].key, "state.backend") && sv_eq_lit(d.options[2].by, "a"));
    ck_assert(sv_eq_lit(json_string(d.options[2].value), "hashmap"));
}
END_TEST

START_TEST(policy_defaults__no_policy_has_none_and_a_full_arena_shows)
{
    struct policy_set none = {0};
    struct policy_defaults d = gather(&none, SV("fraud"));
    ck_assert(!sv_present(d.image.by) && d.parallelism.value == 0);
    const struct policy *policies[] = {policy_of(
        "a", "{\"images\":{\"default\":\"x\"},\"flinkConfiguration\":{\"defaults\":{\"a\":1}},"
             "\"resources\":{\"jobManager\":{\"default\":{\"cpu\":1}}}}")};
    struct policy_set set = set_of(policies, 1);
    for (size_t max = 1; max < 600; max += 16) {
        CLEANUP(arena_done) struct arena small = ARENA(max);
        policy_defaults_gather(&set, &WORLD, SV("payments"), SV("f"), SV_NONE, &small, &d);
        ck_assert(!arena_ok(&small) || (d.n_options == 1 && d.jm_resources->n == 1));
    }
}
END_TEST

UNIT_MAIN(setup, teardown, policy_defaults__come_from_the_highest_priority_then_the_first_name,
          policy_defaults__placeholders_are_filled_in_and_missing_ones_told,
          policy_defaults__resources_and_options_come_each_from_their_own_policy,
          policy_defaults__no_policy_has_none_and_a_full_arena_shows)
