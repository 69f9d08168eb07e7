// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/review_world.h"

#include "common/json/out.h"

#define FAULTS_MAX   64
#define POLICIES_MAX 64

static bool namespace_labels(const void *ctx, struct strview ns, struct labels *ret)
{
    const struct review_world *w = ctx;
    size_t i = 0;
    json_each(it, json_get_lit(w->json, "namespaces")) {
        if (sv_eq(json_key(it), ns)) {
            *ret = w->labels[i];
            return w->known[i];
        }
        i++;
    }
    return false;
}

static void read_namespaces(struct review_world *w)
{
    const struct json *namespaces = json_get_lit(w->json, "namespaces");
    size_t n = json_count(namespaces) + 1, i = 0;
    w->labels = ARENA_NEW_N(w->arena, struct labels, n);
    w->known = ARENA_NEW_N(w->arena, bool, n);
    ASSERT(w->labels != NULL && w->known != NULL);
    json_each(it, namespaces) {
        w->known[i] = labels_read(it, w->arena, &w->labels[i]);
        i++;
    }
}

static const struct json *metadata_of(const struct json *cluster)
{
    return json_get_lit(cluster, "metadata");
}

static bool is_cluster(const struct json *c, struct strview ns, struct strview name)
{
    return sv_eq(json_get_string(metadata_of(c), SV("namespace")), ns) &&
           sv_eq(json_get_string(metadata_of(c), SV("name")), name);
}

static bool role_user(const void *ctx, struct strview key, const struct policy_cluster_id *self,
                      struct policy_cluster_id *ret)
{
    const struct review_world *w = ctx;
    json_each(c, json_get_lit(w->json, "clusters")) {
        struct strview role = json_get_string(json_get_lit(c, "spec"), SV("iamRole"));
        if (sv_present(role) && sv_eq(policy_role_key(role, w->arena), key) &&
            !is_cluster(c, self->ns, self->name)) {
            *ret = (struct policy_cluster_id){json_get_string(metadata_of(c), SV("namespace")),
                                              json_get_string(metadata_of(c), SV("name"))};
            return true;
        }
    }
    return false;
}

static int64_t namespace_parallelism(const void *ctx, struct strview ns, struct strview name)
{
    const struct review_world *w = ctx;
    int64_t sum = 0;
    json_each(c, json_get_lit(w->json, "clusters")) {
        int64_t v = 0;
        if (sv_eq(json_get_string(metadata_of(c), SV("namespace")), ns) &&
            !is_cluster(c, ns, name) &&
            json_int(json_get_path(c, "spec", "parallelism", NULL), &v) && v > 0 && v < INT32_MAX) {
            sum += v;
        }
    }
    return sum;
}

static bool stored(const void *ctx, struct strview ns, struct strview name,
                   struct strview *ret_json)
{
    const struct review_world *w = ctx;
    size_t i = 0;
    json_each(c, json_get_lit(w->json, "clusters")) {
        if (is_cluster(c, ns, name)) {
            *ret_json = w->texts[i];
            return true;
        }
        i++;
    }
    return false;
}

static bool cluster_exists(const void *ctx, struct strview ns, struct strview name)
{
    struct strview unused;
    return stored(ctx, ns, name, &unused);
}

/// Beforehand, so that a review that is short of memory asks for none.
static void write_clusters(struct review_world *w)
{
    const struct json *clusters = json_get_lit(w->json, "clusters");
    size_t n = 0;
    w->texts = ARENA_NEW_N(w->arena, struct strview, json_count(clusters) + 1);
    ASSERT(w->texts != NULL);
    json_each(c, clusters) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF((size_t)16 << 20);
        struct json_out o = JSON_OUT(&b);
        json_out_value(&o, c);
        w->texts[n++] = arena_copy(w->arena, strbuf_view(&b));
    }
}

static bool may_wait(const void *ctx, struct strview uid)
{
    const struct review_world *w = ctx;
    ASSERT(sv_present(uid));
    return !w->last_chance;
}

static void read_policies(struct review_world *w)
{
    const struct policy **items = ARENA_NEW_N(w->arena, const struct policy *, POLICIES_MAX);
    size_t n = 0;
    ASSERT(items != NULL);
    json_each(it, json_get_lit(w->json, "policies")) {
        struct flink_policy *decoded = ARENA_NEW(w->arena, struct flink_policy);
        struct violations faults = VIOLATIONS(w->arena, FAULTS_MAX);
        ASSERT(decoded != NULL);
        policy_decode(it, decoded, &faults);
        const struct policy *compiled = policy_compile(decoded, w->arena, &faults);
        if (compiled != NULL && sv_present(compiled->name) && n < POLICIES_MAX) {
            items[n++] = compiled;
        }
    }
    struct err err = {.code = E_OK};
    ASSERT(policy_set_make(items, n, w->arena, &w->set, &err) == 0);
}

void review_world_read(const struct json *json, struct arena *arena, struct review_world *ret)
{
    bool has_clusters = json_type(json_get_lit(json, "clusters")) == JSON_ARRAY;
    bool has_namespaces = json_type(json_get_lit(json, "namespaces")) == JSON_OBJECT;
    *ret = (struct review_world){.arena = arena, .json = json};
    ret->world = (struct policy_world){
        .ctx = ret,
        .namespace_labels = has_namespaces ? namespace_labels : NULL,
        .role_user = has_clusters ? role_user : NULL,
        .namespace_parallelism = has_clusters ? namespace_parallelism : NULL,
        .cluster_exists = has_clusters ? cluster_exists : NULL,
    };
    read_namespaces(ret);
    read_policies(ret);
    write_clusters(ret);
    ret->context = (struct review_context){
        .policies = &ret->set,
        .world = &ret->world,
        .stored = has_clusters ? stored : NULL,
        .stored_ctx = ret,
        .may_wait = may_wait,
        .wait_ctx = ret,
    };
    (void)json_int(json_get_lit(json, "nowMs"), &ret->context.now_ms);
    (void)json_bool(json_get_lit(json, "lastChance"), &ret->last_chance);
}
