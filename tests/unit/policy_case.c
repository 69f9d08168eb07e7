// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/policy_case.h"

#include <check.h>

#include "common/json/view.h"
#include "tests/unit/flink_case.h"

#define POLICIES_MAX 128
#define SAID_MAX     (1 << 16)

const struct policy_set *policy_case_set(struct arena *a, const struct json *list)
{
    const struct policy **policies = ARENA_NEW_N(a, const struct policy *, POLICIES_MAX);
    struct policy_set *set = ARENA_NEW(a, struct policy_set);
    struct violations faults = VIOLATIONS(a, 16);
    struct err err = {0};
    size_t n = 0;
    const struct json *first = json_type(list) == JSON_ARRAY ? json_first(list) : list;
    for (const struct json *it = first; it != NULL;
         it = json_type(list) == JSON_ARRAY ? json_next(it) : NULL) {
        struct flink_policy *decoded = ARENA_NEW(a, struct flink_policy);
        ck_assert_uint_lt(n, POLICIES_MAX);
        policy_decode(it, decoded, &faults);
        policies[n++] = policy_compile(decoded, a, &faults);
    }
    ck_assert_msg(faults.count == 0, "a policy's faults: %s", policy_case_said(a, &faults));
    ck_assert_int_eq(policy_set_make(policies, n, a, set, &err), 0);
    return set;
}

// ---- the world ----------------------------------------------------------------------------------

struct world {
    struct policy_world it;
    struct arena *arena;
    const struct json *json;
};

static bool labels_of(const void *ctx, struct strview ns, struct labels *ret)
{
    const struct world *w = ctx;
    (void)ns;
    return labels_read(json_get_lit(w->json, "labels"), w->arena, ret);
}

static bool is_cluster(const struct json *c, struct strview ns, struct strview name)
{
    return sv_eq(json_get_string(c, SV("namespace")), ns) &&
           sv_eq(json_get_string(c, SV("name")), name);
}

static bool role_user(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret)
{
    const struct world *w = ctx;
    json_each(c, json_get_lit(w->json, "clusters")) {
        struct strview role = json_get_string(c, SV("iamRole"));
        if (sv_present(role) && sv_eq(policy_role_key(role, w->arena), key) &&
            !is_cluster(c, self->ns, self->name)) {
            *ret = (struct policy_cluster_id){json_get_string(c, SV("namespace")),
                                              json_get_string(c, SV("name"))};
            return true;
        }
    }
    return false;
}

static int64_t parallelism_of(const void *ctx, struct strview ns, struct strview name)
{
    const struct world *w = ctx;
    int64_t all = 0;
    json_each(c, json_get_lit(w->json, "clusters")) {
        int64_t v = 0;
        if (sv_eq(json_get_string(c, SV("namespace")), ns) && !is_cluster(c, ns, name) &&
            json_int(json_get_lit(c, "parallelism"), &v)) {
            all += v;
        }
    }
    return all;
}

static bool cluster_exists(const void *ctx, struct strview ns, struct strview name)
{
    const struct world *w = ctx;
    json_each(c, json_get_lit(w->json, "clusters")) {
        if (is_cluster(c, ns, name)) {
            return true;
        }
    }
    return false;
}

const struct policy_world *policy_case_world(struct arena *a, const struct json *json)
{
    struct world *w = ARENA_NEW(a, struct world);
    if (json == NULL) {
        return NULL;
    }
    *w = (struct world){.it = {.ctx = w,
                               .namespace_labels = labels_of,
                               .role_user = role_user,
                               .namespace_parallelism = parallelism_of,
                               .cluster_exists = cluster_exists},
                        .arena = a,
                        .json = json};
    return &w->it;
}

// ---- judging ------------------------------------------------------------------------------------

struct violations policy_case_judge(struct arena *a, const struct policy_set *set,
                                    const struct policy_world *world, const struct json *now,
                                    const struct json *old)
{
    struct violations v = VIOLATIONS(a, 256);
    const struct policy_input in = {
        .now = case_decode(a, now),
        .old = case_decode(a, old),
        .ns = json_get_string(json_get_lit(now, "metadata"), SV("namespace")),
        .set = set,
        .world = world,
        .now_ms = 1800000000000, // January 2027
    };
    policy_check(&in, &v);
    ck_assert(arena_ok(a));
    ck_assert_uint_eq(v.dropped, 0);
    return v;
}

struct violations policy_case_texts(struct arena *a, const char *policy, const char *spec)
{
    struct strview p = arena_printf(a, "{\"metadata\":{\"name\":\"p\"},\"spec\":%s}", policy);
    struct strview c = arena_printf(
        a, "{\"metadata\":{\"name\":\"fraud\",\"namespace\":\"payments\"},\"spec\":%s}", spec);
    return policy_case_judge(a, policy_case_set(a, case_parse(a, p)), NULL, case_parse(a, c), NULL);
}

const char *policy_case_said(struct arena *a, const struct violations *v)
{
    static const char *const SEVERITIES[] = {"deny", "warn", "audit"};
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(SAID_MAX);
    strbuf_put_str(&b, "");
    for (size_t i = 0; i < v->count; i++) {
        const struct violation *it = &v->items[i];
        strbuf_printf(&b, "\n  %s %s at %.*s: %.*s", SEVERITIES[it->severity], it->rule,
                      SV_ARG(it->path), SV_ARG(it->message));
    }
    return arena_copy(a, strbuf_view(&b)).ptr;
}

size_t policy_case_count(const struct violations *v, const char *rule, enum severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < v->count; i++) {
        n += v->items[i].severity == severity && strcmp(v->items[i].rule, rule) == 0;
    }
    return n;
}
