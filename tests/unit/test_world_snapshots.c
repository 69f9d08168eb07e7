// SPDX-License-Identifier: Apache-2.0
#include "common/world/snapshots.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "common/base/lane.h"
#include "common/base/mem.h"
#include "common/json/view.h"
#include "common/policy/set.h"
#include "common/policy/world.h"
#include "tests/unit/unit.h"
#include "webhook/context.h"

#ifdef __SANITIZE_ADDRESS__
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifdef ASAN
#include <sanitizer/asan_interface.h>
#define IS_GONE(p) __asan_address_is_poisoned(p)
#else
#define IS_GONE(p) ((p) != NULL) // only AddressSanitizer knows
#endif

#define ROLE(name) "arn:aws:iam::123456789012:role/" name

static struct snapshots *snapshots;
static struct snapshot_feed *policies, *namespaces, *clusters;
static struct snapshot *snap;
static struct review_context context;
static struct arena arena = {.max = (size_t)64 << 20};
static struct err err;

static void setup(void)
{
    ck_assert_int_eq(snapshots_new(&snapshots, &err), 0);
    policies = snapshots_feed(snapshots, SNAPSHOT_POLICIES, SV(""));
    namespaces = snapshots_feed(snapshots, SNAPSHOT_NAMESPACES, SV(""));
    clusters = snapshots_feed(snapshots, SNAPSHOT_CLUSTERS, SV(""));
    ck_assert_int_eq(snapshots_start(snapshots, &err), 0);
}

static void teardown(void)
{
    snapshot_unref(snap);
    snap = NULL;
    snapshots_free(snapshots);
    arena_done(&arena);
}

static int tell(struct snapshot_feed *f, enum kube_event e, struct strview text)
{
    err = (struct err){.code = E_OK};
    return snapshot_feed_event(f, e, text, &err);
}

static void told(struct snapshot_feed *f, enum kube_event e, struct strview text)
{
    ck_assert_msg(tell(f, e, text) == 0, "%s", err.msg);
}

static void begin(struct snapshot_feed *f)
{
    told(f, KUBE_RESET_BEGIN, SV_NONE);
}

static void end(struct snapshot_feed *f)
{
    told(f, KUBE_RESET_END, SV_NONE);
}

static void list_all_empty(void)
{
    struct snapshot_feed *const feeds[] = {policies, namespaces, clusters};
    for (size_t i = 0; i < ARRAY_LEN(feeds); i++) {
        begin(feeds[i]);
        end(feeds[i]);
    }
}

PRINTF(1, 2) static struct strview text(const char *fmt, ...)
{
    char buf[8192];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(buf, sizeof(buf), fmt, args);
    va_end(args);
    ck_assert(n > 0 && (size_t)n < sizeof(buf));
    return arena_copy(&arena, sv_make(buf, (size_t)n));
}

static struct strview cluster(const char *ns, const char *name, const char *spec)
{
    return text("{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkCluster\",\"metadata\":{"
                "\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"u\",\"managedFields\":[]},"
                "\"spec\":{%s}}",
                name, ns, spec);
}

static struct strview policy(const char *name, int generation, const char *spec)
{
    return text("{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkPolicy\",\"metadata\":{"
                "\"name\":\"%s\",\"uid\":\"u-%s\",\"generation\":%d},\"spec\":{%s},"
                "\"status\":{\"violations\":%d}}",
                name, name, generation, spec, generation);
}

static struct strview namespace(const char *name, const char *labels)
{
    return text("{\"metadata\":{\"name\":\"%s\",\"labels\":%s}}", name, labels);
}

/// The current snapshot, as a review sees it.
static const struct review_context *now(void)
{
    snapshot_unref(snap);
    snap = snapshots_take(snapshots);
    ck_assert_ptr_nonnull(snap);
    context = (struct review_context){0};
    context_put(snap, &context);
    return &context;
}

static bool exists(const char *ns, const char *name)
{
    const struct policy_world *w = now()->world;
    return w->cluster_exists(w->ctx, sv_from(ns), sv_from(name));
}

static int64_t total(const char *ns, const char *but)
{
    const struct policy_world *w = now()->world;
    return w->namespace_parallelism(w->ctx, sv_from(ns), sv_from(but));
}

static void role_is_of(const char *role, const char *self_ns, const char *self, const char *want)
{
    const struct policy_world *w = now()->world;
    struct policy_cluster_id id = {sv_from(self_ns), sv_from(self)}, found;
    struct strview got = SV("nobody");
    if (w->role_user(w->ctx, sv_from(role), &id, &found)) {
        got = text("%.*s/%.*s", SV_ARG(found.ns), SV_ARG(found.name));
    }
    ck_assert_msg(sv_eq_lit(got, want), "%.*s, not %s", SV_ARG(got), want);
}

static struct strview stored(const char *ns, const char *name)
{
    struct strview ret = SV_NONE;
    const struct review_context *c = now();
    return c->stored(c->stored_ctx, sv_from(ns), sv_from(name), &ret) ? ret : SV_NONE;
}

static void stored_is(const char *ns, const char *name, const char *want)
{
    struct strview got = stored(ns, name);
    ck_assert_msg(sv_eq_lit(got, want), "%.*s", SV_ARG(got));
}

// ---- when there is one --------------------------------------------------------------------------

START_TEST(snapshots__there_is_none_before_every_collection_was_listed)
{
    begin(policies);
    end(policies);
    begin(namespaces);
    end(namespaces);
    begin(clusters);
    told(clusters, KUBE_RESET_ITEM, cluster("a", "one", ""));
    ck_assert_ptr_null(snapshots_take(snapshots));
    end(clusters);
    ck_assert(exists("a", "one"));
}
END_TEST

START_TEST(snapshots__without_a_watch_there_is_one_at_once_and_nothing_is_known)
{
    struct snapshots *alone;
    ck_assert_int_eq(snapshots_new(&alone, &err), 0);
    ck_assert_int_eq(snapshots_add_policy(alone, policy("p", 1, ""), &err), 0);
    ck_assert_ptr_null(snapshots_take(alone));
    ck_assert_int_eq(snapshots_start(alone, &err), 0);
    struct snapshot *s = snapshots_take(alone);
    ck_assert_ptr_nonnull(s);
    struct review_context c = {0};
    context_put(s, &c);
    ck_assert_uint_eq(c.policies->n, 1);
    ck_assert(c.stored == NULL);
    ck_assert(c.world->namespace_labels == NULL);
    ck_assert(c.world->role_user == NULL);
    ck_assert(c.world->namespace_parallelism == NULL);
    ck_assert(c.world->cluster_exists == NULL);
    snapshot_unref(s);
    snapshots_free(alone);
}
END_TEST

START_TEST(snapshots__a_list_that_breaks_off_takes_nothing_away)
{
    list_all_empty();
    told(clusters, KUBE_ADDED, cluster("a", "one", ""));
    told(clusters, KUBE_ADDED, cluster("a", "two", ""));
    begin(clusters);
    told(clusters, KUBE_RESET_ITEM, cluster("a", "two", ""));
    begin(clusters);
    ck_assert(exists("a", "one"));
    told(clusters, KUBE_RESET_ITEM, cluster("a", "three", ""));
    told(clusters, KUBE_RESET_ITEM, cluster("a", "one", ""));
    end(clusters);
    ck_assert(exists("a", "one") && exists("a", "three"));
    ck_assert(!exists("a", "two"));
}
END_TEST

START_TEST(snapshots__who_holds_one_sees_it_unchanged)
{
    list_all_empty();
    told(clusters, KUBE_ADDED, cluster("a", "one", "\"parallelism\":3"));
    told(policies, KUBE_ADDED, policy("p", 1, ""));
    struct review_context old = *now();
    struct snapshot *held = snapshot_ref(snap);
    told(clusters, KUBE_MODIFIED, cluster("a", "one", "\"parallelism\":9"));
    told(clusters, KUBE_DELETED, cluster("a", "one", "\"parallelism\":9"));
    told(policies, KUBE_DELETED, policy("p", 1, ""));
    ck_assert_int_eq(total("a", ""), 0);
    ck_assert_uint_eq(now()->policies->n, 0);
    ck_assert_int_eq(old.world->namespace_parallelism(old.world->ctx, SV("a"), SV("")), 3);
    ck_assert_uint_eq(old.policies->n, 1);
    ck_assert(sv_eq_lit(old.policies->items[0]->name, "p"));
    snapshot_unref(held);
}
END_TEST

START_TEST(snapshots__each_watch_takes_away_only_what_is_its_own)
{
    struct snapshots *scoped;
    ck_assert_int_eq(snapshots_new(&scoped, &err), 0);
    struct snapshot_feed *a = snapshots_feed(scoped, SNAPSHOT_CLUSTERS, SV("a"));
    struct snapshot_feed *ab = snapshots_feed(scoped, SNAPSHOT_CLUSTERS, SV("a-b"));
    struct snapshot_feed *na = snapshots_feed(scoped, SNAPSHOT_NAMESPACES, SV("a"));
    struct snapshot_feed *nab = snapshots_feed(scoped, SNAPSHOT_NAMESPACES, SV("a-b"));
    ck_assert_int_eq(snapshots_start(scoped, &err), 0);
    begin(a);
    begin(ab);
    begin(na);
    begin(nab);
    told(a, KUBE_RESET_ITEM, cluster("a", "one", ""));
    told(ab, KUBE_RESET_ITEM, cluster("a-b", "one", ""));
    told(na, KUBE_RESET_ITEM, namespace("a", "{}"));
    told(nab, KUBE_RESET_ITEM, namespace("a-b", "{}"));
    end(a);
    end(ab);
    end(na);
    end(nab);
    begin(a);
    end(a);
    begin(na);
    end(na);
    struct snapshot *s = snapshots_take(scoped);
    struct snapshot_counts n;
    snapshot_count(s, &n);
    ck_assert_uint_eq(n.clusters, 1);
    ck_assert_uint_eq(n.namespaces, 1);
    struct review_context c = {0};
    context_put(s, &c);
    ck_assert(c.world->cluster_exists(c.world->ctx, SV("a-b"), SV("one")));
    snapshot_unref(s);
    snapshots_free(scoped);
}
END_TEST

// ---- what is known ------------------------------------------------------------------------------

START_TEST(snapshots__namespaces_are_known_by_their_labels)
{
    list_all_empty();
    struct labels l;
    ck_assert(!now()->world->namespace_labels(snap, SV("shop"), &l));
    told(namespaces, KUBE_ADDED, namespace("shop", "{\"tier\":\"prod\",\"a\":\"b\"}"));
    ck_assert(now()->world->namespace_labels(context.world->ctx, SV("shop"), &l));
    ck_assert_uint_eq(l.count, 2);
    ck_assert(sv_eq_lit(labels_get(&l, SV("tier")), "prod"));
    told(namespaces, KUBE_MODIFIED, namespace("shop", "{\"tier\":\"test\"}"));
    ck_assert(now()->world->namespace_labels(context.world->ctx, SV("shop"), &l));
    ck_assert(sv_eq_lit(labels_get(&l, SV("tier")), "test"));
    told(namespaces, KUBE_DELETED, namespace("shop", "{}"));
    ck_assert(!now()->world->namespace_labels(context.world->ctx, SV("shop"), &l));
}
END_TEST

START_TEST(snapshots__a_role_is_of_the_first_by_namespace_then_name)
{
    list_all_empty();
    const char *spec = "\"iamRole\":\"" ROLE("x") "\"";
    told(clusters, KUBE_ADDED, cluster("a-b", "a", spec));
    told(clusters, KUBE_ADDED, cluster("a", "z", spec));
    told(clusters, KUBE_ADDED, cluster("a", "b", "\"iamRole\":\"" ROLE("xy") "\""));
    role_is_of(ROLE("x"), "c", "new", "a/z");
    role_is_of(ROLE("x"), "a", "z", "a-b/a");
    role_is_of(ROLE("xy"), "a", "b", "nobody");
    role_is_of(ROLE("xy"), "", "", "a/b");
    told(clusters, KUBE_MODIFIED, cluster("a", "z", "\"iamRole\":\"" ROLE("xy") "\""));
    role_is_of(ROLE("x"), "c", "new", "a-b/a");
    role_is_of(ROLE("xy"), "a", "b", "a/z");
    told(clusters, KUBE_MODIFIED, cluster("a", "z", ""));
    role_is_of(ROLE("xy"), "a", "b", "nobody");
    told(clusters, KUBE_DELETED, cluster("a-b", "a", ""));
    role_is_of(ROLE("x"), "c", "new", "nobody");
}
END_TEST

START_TEST(snapshots__the_parallelism_of_a_namespace_adds_up)
{
    list_all_empty();
    told(clusters, KUBE_ADDED, cluster("a", "one", "\"parallelism\":3"));
    told(clusters, KUBE_ADDED,
         cluster("a", "two", "\"taskManager\":{\"replicas\":4,\"slots\":2},\"job\":{}"));
    told(clusters, KUBE_ADDED, cluster("a", "three", ""));
    told(clusters, KUBE_ADDED, cluster("a-b", "one", "\"parallelism\":100"));
    ck_assert_int_eq(total("a", ""), 12);
    ck_assert_int_eq(total("a", "two"), 4);
    ck_assert_int_eq(total("a", "new"), 12);
    ck_assert_int_eq(total("", ""), 0);
    ck_assert_int_eq(total("b", ""), 0);
    told(clusters, KUBE_MODIFIED, cluster("a", "one", "\"parallelism\":5"));
    ck_assert_int_eq(total("a", ""), 14);
}
END_TEST

START_TEST(snapshots__a_stored_cluster_has_what_sizes_depend_on_alone)
{
    list_all_empty();
    told(clusters, KUBE_ADDED,
         cluster("a", "job",
                 "\"image\":\"flink:1.20.1\",\"parallelism\":4,\"iamRole\":\"" ROLE(
                     "x") "\","
                          "\"taskManager\":{\"replicas\":2,\"slots\":2,\"resources\":{}},"
                          "\"job\":{\"jarURI\":\"local:///a.jar\"},"
                          "\"flinkConfiguration\":{\"jobmanager\":{\"scheduler\":\"Adaptive\"},"
                          "\"a\":1}"));
    stored_is("a", "job",
              "{\"metadata\":{\"name\":\"job\",\"namespace\":\"a\"},\"spec\":{\"parallelism\":4,"
              "\"taskManager\":{\"replicas\":2,\"slots\":2},"
              "\"flinkConfiguration\":{\"jobmanager.scheduler\":\"adaptive\"},\"job\":{}}}");
    told(clusters, KUBE_ADDED, cluster("a", "session", "\"taskManager\":{\"replicas\":2}"));
    stored_is("a", "session",
              "{\"metadata\":{\"name\":\"session\",\"namespace\":\"a\"},"
              "\"spec\":{\"taskManager\":{\"replicas\":2}}}");
    ck_assert(!sv_present(stored("a", "other")));
    ck_assert(!sv_present(stored("b", "job")));
}
END_TEST

static struct strview noted(const char *name, const char *owned, int replicas)
{
    return text(
        "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"a\",\"annotations\":{"
        "\"sluice.dev/defaulted\":\"{\\\"parallelism\\\":{\\\"value\\\":4,\\\"replicas\\\":2,"
        "\\\"slots\\\":2}}\"},\"managedFields\":[{\"manager\":\"m\",\"operation\":\"Apply\","
        "\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:spec\":{%s}}}]},"
        "\"spec\":{\"parallelism\":4,\"taskManager\":{\"replicas\":%d,\"slots\":2}}}",
        name, owned, replicas);
}

START_TEST(snapshots__a_noted_parallelism_gives_way_to_a_scale_unless_a_user_owns_it)
{
    list_all_empty();
    told(clusters, KUBE_ADDED, noted("ours", "\"f:image\":{}", 2));
    struct strview kept = stored("a", "ours");
    if (sv_find(kept, SV("sluice.dev/defaulted")) == SIZE_MAX) {
        ck_abort_msg("the note is not kept: %.*s", SV_ARG(kept));
    }
    ck_assert_int_eq(total("a", ""), 4);
    told(clusters, KUBE_MODIFIED, noted("ours", "\"f:image\":{}", 5));
    ck_assert_int_eq(total("a", ""), 10);
    told(clusters, KUBE_ADDED, noted("theirs", "\"f:parallelism\":{}", 5));
    ck_assert_int_eq(total("a", "ours"), 4);
}
END_TEST

// ---- policies -----------------------------------------------------------------------------------

START_TEST(snapshots__policies_are_compiled_once_for_each_change_of_their_spec)
{
    list_all_empty();
    told(policies, KUBE_ADDED, policy("p", 1, "\"priority\":1"));
    const struct policy *first = now()->policies->items[0];
    // Its status, and clusters, change all the time.
    told(policies, KUBE_MODIFIED,
         text("{\"metadata\":{\"name\":\"p\",\"uid\":\"u-p\","
              "\"generation\":1},\"spec\":{},\"status\":{\"x\":1}}"));
    told(clusters, KUBE_ADDED, cluster("a", "one", ""));
    ck_assert_ptr_eq(now()->policies->items[0], first);
    ck_assert_int_eq(first->priority, 1);
    told(policies, KUBE_MODIFIED, policy("p", 2, "\"priority\":2"));
    ck_assert_int_eq(now()->policies->items[0]->priority, 2);
    // The same name and generation, made anew.
    told(policies, KUBE_MODIFIED,
         text("{\"metadata\":{\"name\":\"p\",\"uid\":\"other\","
              "\"generation\":2},\"spec\":{\"priority\":3}}"));
    ck_assert_int_eq(now()->policies->items[0]->priority, 3);
}
END_TEST

START_TEST(snapshots__of_a_faulty_policy_the_good_parts_count)
{
    list_all_empty();
    told(policies, KUBE_ADDED,
         policy("bad", 1, "\"priority\":7,\"enforcement\":3,\"parallelism\":{\"max\":5}"));
    told(policies, KUBE_ADDED, policy("good", 1, ""));
    ck_assert_uint_eq(now()->policies->n, 2);
    ck_assert_int_eq(context.policies->items[0]->priority, 7);
    ck_assert_int_eq(context.policies->items[0]->spec.parallelism.max.v, 5);
    struct snapshot_counts n;
    snapshot_count(snap, &n);
    ck_assert_uint_eq(n.policies, 2);
    ck_assert_uint_eq(n.faulty_policies, 1);
}
END_TEST

START_TEST(snapshots__an_added_policy_stands_in_the_place_of_a_watched_one)
{
    struct snapshots *both;
    ck_assert_int_eq(snapshots_new(&both, &err), 0);
    struct snapshot_feed *f = snapshots_feed(both, SNAPSHOT_POLICIES, SV(""));
    ck_assert_int_eq(snapshots_add_policy(both, policy("p", 1, "\"priority\":5"), &err), 0);
    ck_assert_int_eq(snapshots_add_policy(both, policy("p", 1, ""), &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_int_eq(snapshots_add_policy(both, policy("q", 1, "\"priority\":\"x\""), &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_int_eq(snapshots_start(both, &err), 0);
    begin(f);
    told(f, KUBE_RESET_ITEM, policy("p", 1, "\"priority\":9"));
    told(f, KUBE_RESET_ITEM, policy("r", 1, "\"priority\":1"));
    end(f);
    struct snapshot *s = snapshots_take(both);
    struct review_context c = {0};
    context_put(s, &c);
    ck_assert_uint_eq(c.policies->n, 2);
    ck_assert_int_eq(c.policies->items[0]->priority, 5);
    ck_assert(sv_eq_lit(c.policies->items[1]->name, "r"));
    snapshot_unref(s);
    snapshots_free(both);
}
END_TEST

START_TEST(snapshots__policies_are_bounded)
{
    list_all_empty();
    char name[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        told(policies, KUBE_ADDED, policy(name, 1, ""));
    }
    ck_assert_int_eq(tell(policies, KUBE_ADDED, policy("one-more", 1, "")), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    told(policies, KUBE_MODIFIED, policy("p7", 2, ""));
    ck_assert_uint_eq(now()->policies->n, 1000);
}
END_TEST

// ---- hostile objects ----------------------------------------------------------------------------

START_TEST(snapshots__what_is_null_or_badly_typed_is_left_out)
{
    static const char *const VALUES[] = {"null",  "1",         "-1.5",         "\"x\"",
                                         "true",  "[]",        "{}",           "[1]",
                                         "1e300", "{\"a\":1}", "{\"a\":null}", "[null,{}]"};
    static const char *const SPECS[] = {"\"parallelism\":%s",
                                        "\"taskManager\":%s",
                                        "\"taskManager\":{\"replicas\":%s,\"slots\":%s}",
                                        "\"iamRole\":%s",
                                        "\"job\":%s",
                                        "\"flinkConfiguration\":%s",
                                        "\"flinkConfiguration\":{\"scheduler-mode\":%s}",
                                        "\"images\":%s",
                                        "\"match\":{\"namespaceSelector\":%s}",
                                        "\"parallelism\":{\"max\":%s}",
                                        "\"exempt\":[%s]"};
    list_all_empty();
    char spec[256];
    for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
        const char *v = VALUES[i];
        for (size_t k = 0; k < ARRAY_LEN(SPECS); k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(spec, sizeof(spec), SPECS[k], v, v);
#pragma GCC diagnostic pop
            told(clusters, KUBE_MODIFIED, cluster("a", "one", spec));
            told(policies, KUBE_MODIFIED, policy("p", (int)(i * 100 + k + 1), spec));
        }
        told(clusters, KUBE_MODIFIED,
             text("{\"metadata\":{\"name\":\"two\",\"namespace\":\"a\",\"annotations\":%s,"
                  "\"managedFields\":%s,\"labels\":%s},\"spec\":%s,\"status\":%s}",
                  v, v, v, v, v));
        told(clusters, KUBE_MODIFIED,
             text("{\"metadata\":{\"name\":\"two\",\"namespace\":%s,\"annotations\":{"
                  "\"sluice.dev/defaulted\":%s}}}",
                  v, v));
        told(namespaces, KUBE_MODIFIED, namespace("a", v));
        told(namespaces, KUBE_MODIFIED,
             text("{\"metadata\":{\"name\":\"a\",\"labels\":{\"k\":%s,"
                  "\"l\":\"m\"}},\"spec\":%s}",
                  v, v));
        told(policies, KUBE_MODIFIED, text("{\"metadata\":{\"name\":\"p\"},\"spec\":%s}", v));
    }
    ck_assert(exists("a", "one") && exists("a", "two"));
    struct labels l;
    ck_assert(context.world->namespace_labels(context.world->ctx, SV("a"), &l));
    ck_assert(sv_eq_lit(labels_get(&l, SV("l")), "m"));
    const struct json *tree;
    ck_assert_int_eq(json_parse(stored("a", "two"), &JSON_LIMITS_DEFAULT, &arena, &tree, &err), 0);
}
END_TEST

START_TEST(snapshots__what_is_no_object_is_an_error_and_changes_nothing)
{
    list_all_empty();
    told(clusters, KUBE_ADDED, cluster("a", "one", "\"parallelism\":3"));
    static const char *const TEXTS[] = {"",
                                        "{",
                                        "null",
                                        "[]",
                                        "{}",
                                        "{\"metadata\":null}",
                                        "{\"metadata\":{\"name\":\"\"}}",
                                        "{\"metadata\":{\"name\":1,\"namespace\":\"a\"}}",
                                        "\xff"};
    struct snapshot_feed *const feeds[] = {policies, namespaces, clusters};
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        for (size_t f = 0; f < ARRAY_LEN(feeds); f++) {
            ck_assert_int_eq(tell(feeds[f], KUBE_MODIFIED, sv_from(TEXTS[i])), -1);
            ck_assert_int_eq(tell(feeds[f], KUBE_DELETED, sv_from(TEXTS[i])), -1);
        }
    }
    ck_assert_int_eq(total("a", ""), 3);
}
END_TEST

START_TEST(snapshots__an_object_too_deep_to_read_is_known_by_its_name)
{
    list_all_empty();
    char deep[4096];
    memset(deep, '[', 2000);
    memset(deep + 2000, ']', 2000);
    deep[4000] = '\0';
    told(clusters, KUBE_ADDED,
         text("{\"metadata\":{\"name\":\"one\",\"namespace\":\"a\"},\"spec\":{\"parallelism\":5,"
              "\"x\":%s}}",
              deep));
    ck_assert(exists("a", "one"));
    ck_assert_int_eq(total("a", ""), 1);
    told(policies, KUBE_ADDED,
         text("{\"metadata\":{\"name\":\"p\",\"generation\":1},\"spec\":{\"x\":%s}}", deep));
    struct snapshot_counts n;
    ck_assert_uint_eq(now()->policies->n, 1);
    snapshot_count(snap, &n);
    ck_assert_uint_eq(n.faulty_policies, 1);
}
END_TEST

START_TEST(snapshots__names_and_roles_as_long_as_an_object_may_be_are_nobodys)
{
    list_all_empty();
    size_t len = 100000;
    char *huge = arena_alloc(&arena, len + 1);
    memset(huge, 'x', len);
    huge[len] = '\0';
    struct strbuf b = STRBUF(1 << 20);
    strbuf_printf(&b,
                  "{\"metadata\":{\"name\":\"one\",\"namespace\":\"a\",\"annotations\":{\"x\":"
                  "\"%s\",\"sluice.dev/defaulted\":\"%s\"}},\"spec\":{\"iamRole\":\"%s\"}}",
                  huge, huge, huge);
    told(clusters, KUBE_ADDED, strbuf_view(&b));
    strbuf_done(&b);
    ck_assert(exists("a", "one"));
    ck_assert(!exists(huge, huge));
    ck_assert(!exists("a", huge));
    ck_assert_int_eq(total(huge, "one"), 0);
    role_is_of(huge, "", "", "nobody");
    ck_assert_uint_lt(stored("a", "one").len, 200);
}
END_TEST

START_TEST(snapshots__one_name_twice_in_a_list_counts_once_and_a_new_uid_is_another_object)
{
    list_all_empty();
    begin(clusters);
    told(clusters, KUBE_RESET_ITEM, cluster("a", "one", "\"parallelism\":3"));
    told(clusters, KUBE_RESET_ITEM, cluster("a", "one", "\"parallelism\":4"));
    told(clusters, KUBE_RESET_ITEM, cluster("a", "two", "\"parallelism\":5"));
    // Deleted while the list was read, and told so by the stream before the list's end.
    told(clusters, KUBE_DELETED, cluster("a", "two", ""));
    end(clusters);
    ck_assert_int_eq(total("a", ""), 4);
    struct snapshot_counts n;
    snapshot_count(snap, &n);
    ck_assert_uint_eq(n.clusters, 1);
}
END_TEST

START_TEST(snapshots__after_a_failed_allocation_the_next_list_mends_all)
{
    list_all_empty();
    for (size_t fail = 1; fail < 400; fail++) {
        const char *spec = fail % 2 == 0 ? "\"parallelism\":2,\"iamRole\":\"" ROLE("x") "\""
                                         : "\"parallelism\":3,\"iamRole\":\"" ROLE("y") "\"";
        struct strview c = cluster("a", "one", spec), gone = cluster("a", "two", spec);
        struct strview p = policy("p", (int)fail, ""), n = namespace("a", "{\"k\":\"v\"}");
        told(clusters, KUBE_ADDED, gone);
        mem_fail_after(fail);
        (void)tell(clusters, KUBE_MODIFIED, c);
        (void)tell(clusters, KUBE_DELETED, gone);
        (void)tell(policies, KUBE_MODIFIED, p);
        (void)tell(namespaces, KUBE_MODIFIED, n);
        mem_fail_after(0);
        begin(clusters);
        told(clusters, KUBE_RESET_ITEM, c);
        end(clusters);
        told(policies, KUBE_MODIFIED, p);
        told(namespaces, KUBE_MODIFIED, n);
        ck_assert_int_eq(total("a", ""), fail % 2 == 0 ? 2 : 3);
        role_is_of(ROLE("x"), "", "", fail % 2 == 0 ? "a/one" : "nobody");
        role_is_of(ROLE("y"), "", "", fail % 2 == 0 ? "nobody" : "a/one");
        ck_assert_uint_eq(now()->policies->n, 1);
        arena_reset(&arena, (size_t)1 << 20);
    }
}
END_TEST

// ---- given back ---------------------------------------------------------------------------------

START_TEST(snapshots__one_that_was_given_back_is_taken_again)
{
    list_all_empty();
    struct snapshot *one = snapshots_take(snapshots);
    snapshots_give_back(snapshots, one);
    ck_assert_ptr_eq(snapshots_take(snapshots), one);
    struct snapshot *two = snapshots_take(snapshots); // the lane has only one
    ck_assert_ptr_eq(two, one);
    snapshots_give_back(snapshots, one);
    snapshots_give_back(snapshots, two);
    snapshots_give_back(snapshots, NULL);
    ck_assert_ptr_eq(one = snapshots_take(snapshots), two);
    snapshot_unref(one);
}
END_TEST

START_TEST(snapshots__an_old_one_is_dropped_when_the_next_comes_or_when_it_is_given_back)
{
    list_all_empty();
    struct snapshot *idle = snapshots_take(snapshots);
    snapshots_give_back(snapshots, idle);
    told(namespaces, KUBE_ADDED, namespace("a", "{}"));
    ck_assert(IS_GONE(idle));
    struct snapshot *busy = snapshots_take(snapshots);
    told(namespaces, KUBE_ADDED, namespace("b", "{}"));
    snapshots_give_back(snapshots, busy);
    ck_assert(IS_GONE(busy));
    struct labels l;
    const struct policy_world *w = now()->world;
    ck_assert(w->namespace_labels(w->ctx, SV("b"), &l));
}
END_TEST

// ---- threads ------------------------------------------------------------------------------------

static atomic_bool writing = true;

/// Of cluster x in each of the namespaces the writer changes the parallelism from 1 to 2 and back;
/// every snapshot is one of the states between two events.
static void *reader(void *arg)
{
    struct snapshots *s = arg;
    while (atomic_load(&writing)) {
        struct snapshot *one = snapshots_take(s);
        struct review_context c = {0};
        context_put(one, &c);
        struct labels l;
        struct strview kept;
        ck_assert(c.world->namespace_labels(c.world->ctx, SV("a"), &l));
        ck_assert(c.stored(c.stored_ctx, SV("a"), SV("c5"), &kept));
        int64_t sum = c.world->namespace_parallelism(c.world->ctx, SV("a"), SV("none"));
        ck_assert_int_ge(sum, 300);
        ck_assert_int_le(sum, 600);
        ck_assert_uint_eq(c.policies->n, 1);
        ck_assert_int_ge(c.policies->items[0]->priority, 0);
        ck_assert_int_eq(sum, c.world->namespace_parallelism(c.world->ctx, SV("a"), SV("none")));
        snapshots_give_back(s, one);
    }
    return NULL;
}

START_TEST(snapshots__reviews_and_the_watch_do_not_disturb_each_other)
{
    pthread_t threads[LANES + 1]; // two share a lane
    char name[16], spec[64];
    list_all_empty();
    told(namespaces, KUBE_ADDED, namespace("a", "{\"k\":\"v\"}"));
    told(policies, KUBE_ADDED, policy("p", 1, ""));
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        told(clusters, KUBE_ADDED, cluster("a", name, "\"parallelism\":1"));
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, snapshots), 0);
    }
    for (int i = 0; i < 1500; i++) {
        snprintf(name, sizeof(name), "c%d", i % 300);
        snprintf(spec, sizeof(spec), "\"parallelism\":%d", 1 + i / 300 % 2);
        told(clusters, KUBE_MODIFIED, cluster("a", name, spec));
        if (i % 10 == 0) {
            snprintf(spec, sizeof(spec), "\"priority\":%d", i);
            told(policies, KUBE_MODIFIED, policy("p", i + 2, spec));
            told(namespaces, KUBE_MODIFIED, namespace("a", i % 20 == 0 ? "{}" : "{\"k\":\"w\"}"));
        }
        arena_reset(&arena, (size_t)1 << 20);
    }
    atomic_store(&writing, false);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, snapshots__there_is_none_before_every_collection_was_listed,
          snapshots__without_a_watch_there_is_one_at_once_and_nothing_is_known,
          snapshots__a_list_that_breaks_off_takes_nothing_away,
          snapshots__who_holds_one_sees_it_unchanged,
          snapshots__each_watch_takes_away_only_what_is_its_own,
          snapshots__namespaces_are_known_by_their_labels,
          snapshots__a_role_is_of_the_first_by_namespace_then_name,
          snapshots__the_parallelism_of_a_namespace_adds_up,
          snapshots__a_stored_cluster_has_what_sizes_depend_on_alone,
          snapshots__a_noted_parallelism_gives_way_to_a_scale_unless_a_user_owns_it,
          snapshots__policies_are_compiled_once_for_each_change_of_their_spec,
          snapshots__of_a_faulty_policy_the_good_parts_count,
          snapshots__an_added_policy_stands_in_the_place_of_a_watched_one,
          snapshots__policies_are_bounded, snapshots__what_is_null_or_badly_typed_is_left_out,
          snapshots__what_is_no_object_is_an_error_and_changes_nothing,
          snapshots__an_object_too_deep_to_read_is_known_by_its_name,
          snapshots__names_and_roles_as_long_as_an_object_may_be_are_nobodys,
          snapshots__one_name_twice_in_a_list_counts_once_and_a_new_uid_is_another_object,
          snapshots__after_a_failed_allocation_the_next_list_mends_all,
          snapshots__one_that_was_given_back_is_taken_again,
          snapshots__an_old_one_is_dropped_when_the_next_comes_or_when_it_is_given_back,
          snapshots__reviews_and_the_watch_do_not_disturb_each_other)
