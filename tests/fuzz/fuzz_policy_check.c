// SPDX-License-Identifier: Apache-2.0
// Any JSON as a FlinkCluster, judged by a policy that has every rule. Beside no crash: the same
// object has the same faults; one that was stored as it is is let in, unless its faults are without
// number; a policy less has no fault more; and each fault says where, by which rule and policy.
#include "common/flink/decode.h"
#include "common/policy/check.h"
#include "tests/fuzz/fuzz.h"

#define TREE_BYTES   ((size_t)256 << 20)
#define FINDINGS_MAX 4096 // more than all rules of two policies can have

#define EVERYTHING(name, enforcement)                                                              \
    "{\"metadata\":{\"name\":\"" name "\"},\"spec\":{\"enforcement\":\"" enforcement "\","         \
    "\"images\":{\"allowed\":[\"registry.example.com/flink/**\"],\"tags\":{\"required\":true,"     \
    "\"denied\":[\"latest\"],\"pattern\":\"[0-9]*\"},\"digest\":{\"required\":true},"              \
    "\"flinkVersions\":[\"1.18..1.20\",\"2.x\"]},\"iamRoles\":{\"required\":true,\"allowed\":["    \
    "\"arn:aws:iam::123456789012:role/{namespace}/"                                                \
    "*\"],\"unique\":true},\"parallelism\":{\"min\":2,"                                            \
    "\"max\":8,\"namespaceTotal\":100},\"jobManager\":{\"replicas\":{\"min\":2,\"max\":2}},"       \
    "\"taskManager\":{\"replicas\":{\"min\":2,\"max\":4}},\"resources\":{\"jobManager\":{\"max\":" \
    "{"                                                                                            \
    "\"cpu\":\"2\",\"memory\":\"4Gi\"}},\"taskManager\":{\"max\":{\"cpu\":\"2\",\"memory\":"       \
    "\"4Gi\","                                                                                     \
    "\"nvidia.com/gpu\":\"0\"}}},\"flinkConfiguration\":{\"required\":{\"execution.checkpointing." \
    "interval\":\"60s\"},\"denied\":[\"security.*\",\"state.checkpoints.dir\",\"fs.s3a.*\"]},"     \
    "\"storage\":{\"required\":true,\"allowed\":[\"s3://flink-{namespace}/**\"]},\"pods\":{"       \
    "\"hostPath\":\"Deny\",\"privileged\":\"Deny\",\"hostNetwork\":\"Deny\",\"hostPID\":\"Deny\"," \
    "\"hostIPC\":\"Deny\",\"serviceAccounts\":[\"{name}-flink\"]},\"job\":{\"jarSchemes\":["       \
    "\"local\"],\"requiredLabels\":[\"team\"]}}}"

static bool role_user(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret)
{
    (void)ctx;
    (void)self;
    *ret = (struct policy_cluster_id){.ns = SV("risk"), .name = SV("score")};
    return key.len % 2 == 0;
}

static int64_t namespace_parallelism(const void *ctx, struct strview ns, struct strview name)
{
    (void)ctx;
    (void)ns;
    return (int64_t)name.len * 10;
}

static bool cluster_exists(const void *ctx, struct strview ns, struct strview name)
{
    (void)ctx;
    (void)ns;
    return name.len > 1;
}

static const struct policy_world WORLD = {.role_user = role_user,
                                          .namespace_parallelism = namespace_parallelism,
                                          .cluster_exists = cluster_exists};

static const struct policy *policy_of(const char *text, struct arena *arena)
{
    const struct json *json = NULL;
    struct violations faults = VIOLATIONS(arena, 8);
    struct flink_policy *decoded = ARENA_NEW(arena, struct flink_policy);
    ASSERT(decoded != NULL &&
           json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, arena, &json, NULL) == 0);
    policy_decode(json, decoded, &faults);
    const struct policy *p = policy_compile(decoded, arena, &faults);
    ASSERT(p != NULL && faults.count == 0);
    return p;
}

static struct violations judged(const struct policy *const *policies, size_t n,
                                const struct flink_cluster *now, const struct flink_cluster *old,
                                struct arena *arena)
{
    struct policy_set set;
    struct violations v = VIOLATIONS(arena, FINDINGS_MAX);
    ASSERT(policy_set_make(policies, n, arena, &set, NULL) == 0);
    const struct policy_input in = {
        .now = now, .old = old, .ns = SV("payments"), .set = &set, .world = &WORLD};
    policy_check(&in, &v);
    ASSERT(arena_ok(arena) && v.dropped == 0);
    return v;
}

static void check_each(const struct violations *v)
{
    size_t denials = 0, audits = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct violation *it = &v->items[i];
        denials += it->severity == SEVERITY_DENY;
        audits += it->severity == SEVERITY_AUDIT;
        ASSERT(it->path.len != 0 && it->message.len != 0);
        ASSERT((it->policy.len != 0) == (strcmp(it->rule, POLICY_RULE_ACCOUNT) != 0));
        ASSERT(it->policy.len == 0 || sv_ends(it->message, SV(")")));
    }
    ASSERT(denials == v->denials && audits == v->audits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(TREE_BYTES);
    struct violations faults = VIOLATIONS(&arena, 0);
    const struct json *object = NULL;
    struct flink_cluster c;
    if (json_parse(sv_make((const char *)data, size), &JSON_LIMITS_DEFAULT, &arena, &object,
                   NULL) != 0) {
        return 0;
    }
    flink_decode(object, &c, &faults);
    const struct policy *const both[] = {policy_of(EVERYTHING("a", "Deny"), &arena),
                                         policy_of(EVERYTHING("b", "Audit"), &arena)};
    struct violations all = judged(both, ARRAY_LEN(both), &c, NULL, &arena);
    struct violations again = judged(both, ARRAY_LEN(both), &c, NULL, &arena);
    struct violations one = judged(both, 1, &c, NULL, &arena);
    struct violations kept = judged(both, ARRAY_LEN(both), &c, &c, &arena);
    check_each(&all);
    check_each(&kept);
    ASSERT(all.count == again.count && kept.count == all.count && one.count <= all.count);
    ASSERT(one.denials <= all.denials && one.audits == 0);
    for (size_t i = 0; i < all.count; i++) {
        ASSERT(sv_eq(all.items[i].message, again.items[i].message));
        ASSERT(kept.items[i].severity != SEVERITY_DENY || kept.items[i].alone);
    }
    return 0;
}
