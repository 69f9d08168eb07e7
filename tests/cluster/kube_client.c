// SPDX-License-Identifier: Apache-2.0
// The client against the API server of SLUICE_TEST_KUBECONFIG; SLUICE_TEST_RESTART (optional) is
// the command that restarts it. Run by kube_client.sh.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/kube/client.h"
#include "common/kube/events.h"
#include "common/kube/lease.h"
#include "common/kube/store.h"
#include "common/kube/watcher.h"
#include "tests/unit/unit.h"

static struct kube_config *config;
static struct kube *kube;
static struct arena arena = {.max = 32 << 20};
static const struct json *got;
static struct err err;
static char ns_name[64];
static struct kube_ref maps, map;
static struct arena names = {.max = 4096};

static void setup(void)
{
    struct kube_config_source s = {.kubeconfig = getenv("SLUICE_TEST_KUBECONFIG"),
                                   .user_agent = "sluice-test"};
    ck_assert_int_eq(kube_global_init(&err), 0);
    ck_assert_msg(kube_config_load(&s, &config, &err) == 0, "%s", err.msg);
    ck_assert_int_eq(kube_open(config, NULL, &kube, &err), 0);
    snprintf(ns_name, sizeof(ns_name), "kube-test-%lld-%ld", (long long)clock_wall_ms(),
             (long)getpid());
    struct kube_ref all = {.resource = &KUBE_NAMESPACES};
    struct strview body = arena_printf(
        &names, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s\"}}",
        ns_name);
    ck_assert_msg(kube_create(kube, &all, body, NULL, NULL, &err) == 0, "%s", err.msg);
    maps = (struct kube_ref){.resource = &KUBE_CONFIGMAPS, .ns = sv_from(ns_name)};
    map = maps;
    map.name = SV("m");
}

static void teardown(void)
{
    struct kube_ref ns = {.resource = &KUBE_NAMESPACES, .name = sv_from(ns_name)};
    ck_assert_int_eq(kube_delete(kube, &ns, NULL, &err), 0);
    kube_close(kube);
    kube_config_free(config);
    arena_done(&arena);
    arena_done(&names);
}

static struct strview config_map(const char *name, const char *value)
{
    return arena_printf(
        &arena,
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"},"
        "\"data\":{\"k\":\"%s\"}}",
        name, value);
}

static void make(const char *name, const char *value)
{
    ck_assert_msg(kube_create(kube, &maps, config_map(name, value), &arena, &got, &err) == 0, "%s",
                  err.msg);
}

static struct strview field(const char *a, const char *b)
{
    return json_string(json_get_path(got, a, b, NULL));
}

START_TEST(cluster__an_object_lives_through_every_verb)
{
    make("m", "one");
    struct strview uid = arena_copy(&arena, field("metadata", "uid"));
    ck_assert_int_eq(kube_create(kube, &maps, config_map("m", "x"), &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_int_eq(kube_apply(kube, &map, config_map("m", "two"), false, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_int_eq(kube_apply(kube, &map, config_map("m", "two"), true, &arena, &got, &err), 0);
    ck_assert(sv_eq_lit(field("data", "k"), "two"));
    ck_assert_int_eq(kube_patch(kube, &map, KUBE_PATCH_MERGE, SV("{\"data\":{\"k\":\"3\"}}"),
                                &arena, &got, &err),
                     0);
    ck_assert(sv_eq_lit(field("data", "k"), "3"));
    ck_assert_int_eq(kube_patch(kube, &map, KUBE_PATCH_JSON,
                                SV("[{\"op\":\"add\",\"path\":\"/data/l\",\"value\":\"4\"}]"),
                                &arena, &got, &err),
                     0);
    ck_assert_int_eq(kube_replace(kube, &map, config_map("m", "5"), &arena, &got, &err), 0);
    ck_assert_int_eq(kube_get(kube, &map, &arena, &got, &err), 0);
    ck_assert(sv_eq_lit(field("data", "k"), "5"));
    struct kube_delete_options opt = {.uid = SV("another")};
    ck_assert_int_eq(kube_delete(kube, &map, &opt, &err), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    opt.uid = uid;
    ck_assert_int_eq(kube_delete(kube, &map, &opt, &err), 0);
    ck_assert_int_eq(kube_get(kube, &map, &arena, &got, &err), -1);
    ck_assert_int_eq(err.code, E_NOT_FOUND);
}
END_TEST

static atomic_int adds, mods, dels;

static void on_change(void *ctx, const struct kube_object *old, const struct kube_object *now)
{
    (void)ctx;
    const struct kube_object *o = now != NULL ? now : old;
    // An item of a list has no kind, what a watch shows has: a list that is read again, as after a
    // restart, tells of the same object once more.
    bool same = old != NULL && now != NULL && sv_eq(old->resource_version, now->resource_version);
    if (sv_eq_lit(o->name, "m") && !same) {
        atomic_fetch_add(old == NULL ? &adds : now == NULL ? &dels : &mods, 1);
    }
}

static bool soon(atomic_int *what, int n)
{
    int64_t until = clock_mono_ms() + 10000;
    while (atomic_load(what) < n && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    return atomic_load(what) == n;
}

static bool wait_synced(const struct kube_watcher *w)
{
    for (int i = 0; i < 1000 && !kube_watcher_synced(w); i++) {
        clock_sleep_ms(10);
    }
    return kube_watcher_synced(w);
}

START_TEST(cluster__a_watch_follows_an_object)
{
    struct kube_store *store;
    struct kube_watcher *watcher;
    ck_assert_int_eq(kube_store_new(1000, on_change, NULL, &store, &err), 0);
    ck_assert_int_eq(kube_watcher_new(config, NULL, NULL, &watcher, &err), 0);
    struct kube_watch_spec spec = {.resource = &KUBE_CONFIGMAPS,
                                   .ns = sv_from(ns_name),
                                   .event = kube_store_event,
                                   .event_ctx = store};
    ck_assert_int_eq(kube_watcher_add(watcher, &spec, &err), 0);
    ck_assert_int_eq(kube_watcher_start(watcher, &err), 0);
    ck_assert(wait_synced(watcher));
    make("m", "one");
    ck_assert(soon(&adds, 1));
    ck_assert_int_eq(kube_apply(kube, &map, config_map("m", "two"), true, NULL, NULL, &err), 0);
    ck_assert(soon(&mods, 1));
    struct kube_object *o = kube_store_get(store, sv_from(ns_name), SV("m"));
    ck_assert_ptr_nonnull(o);
    ck_assert_ptr_null(json_get_path(o->json, "metadata", "managedFields", NULL));
    kube_object_unref(o);
    ck_assert_int_eq(kube_delete(kube, &map, NULL, &err), 0);
    ck_assert(soon(&dels, 1));
    kube_watcher_free(watcher);
    kube_store_free(store);
}
END_TEST

START_TEST(cluster__a_watch_outlives_a_restart_of_the_server)
{
    const char *restart = getenv("SLUICE_TEST_RESTART");
    if (restart == NULL) {
        return;
    }
    struct kube_store *store;
    struct kube_watcher *watcher;
    ck_assert_int_eq(kube_store_new(1000, on_change, NULL, &store, &err), 0);
    ck_assert_int_eq(kube_watcher_new(config, NULL, NULL, &watcher, &err), 0);
    struct kube_watch_spec spec = {
        .resource = &KUBE_CONFIGMAPS, .event = kube_store_event, .event_ctx = store};
    ck_assert_int_eq(kube_watcher_add(watcher, &spec, &err), 0);
    ck_assert_int_eq(kube_watcher_start(watcher, &err), 0);
    ck_assert(wait_synced(watcher));
    make("m", "one");
    ck_assert(soon(&adds, 1));
    ck_assert_int_eq(system(restart), 0);
    // The handle's connection broke, too: its first call may fail, its next may not.
    int rc = -1;
    for (int i = 0; rc != 0 && i < 50; i++) {
        rc = kube_apply(kube, &map, config_map("m", "two"), true, NULL, NULL, &err);
        clock_sleep_ms(rc == 0 ? 0 : 200);
    }
    ck_assert_msg(rc == 0, "%s", err.msg);
    ck_assert(soon(&mods, 1));
    ck_assert_int_eq(atomic_load(&dels), 0);
    ck_assert_int_eq(atomic_load(&adds), 1);
    kube_watcher_free(watcher);
    kube_store_free(store);
}
END_TEST

static atomic_int started, lost;

static void on_started(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&started, 1);
}

static void on_lost(void *ctx, const struct err *why)
{
    (void)ctx;
    (void)why;
    atomic_fetch_add(&lost, 1);
}

START_TEST(cluster__a_lease_goes_from_one_to_the_next)
{
    struct kube_lease_options opt = {.ns = ns_name,
                                     .name = "l",
                                     .identity = "one",
                                     .release = true,
                                     .started = on_started,
                                     .lost = on_lost};
    struct kube_lease *one, *two;
    ck_assert_int_eq(kube_lease_start(config, &opt, &one, &err), 0);
    ck_assert(soon(&started, 1));
    ck_assert(kube_lease_valid(one));
    opt.identity = "two";
    ck_assert_int_eq(kube_lease_start(config, &opt, &two, &err), 0);
    clock_sleep_ms(500);
    ck_assert(!kube_lease_valid(two));
    kube_lease_stop(one);
    ck_assert(soon(&started, 2));
    ck_assert(kube_lease_valid(two));
    ck_assert_int_eq(atomic_load(&lost), 0);
    kube_lease_stop(two);
}
END_TEST

START_TEST(cluster__events_are_taken_and_counted)
{
    struct kube_events *events;
    make("m", "one");
    struct kube_event_object about = {.resource = &KUBE_CONFIGMAPS,
                                      .ns = sv_from(ns_name),
                                      .name = SV("m"),
                                      .uid = field("metadata", "uid")};
    ck_assert_int_eq(kube_events_start(config, NULL, "sluice-test", &events, &err), 0);
    for (int i = 0; i < 3; i++) {
        kube_events_emit(events, &about, false, "Tested", "three times");
    }
    kube_events_stop(events, 5000);
    struct kube_ref all = {.resource = &KUBE_EVENTS, .ns = sv_from(ns_name)};
    ck_assert_int_eq(kube_get(kube, &all, &arena, &got, &err), 0);
    ck_assert_uint_eq(json_count(json_get_lit(got, "items")), 1);
    int64_t count = 0;
    ck_assert(json_int(json_get_lit(json_first(json_get_lit(got, "items")), "count"), &count));
    ck_assert_int_eq(count, 3);
}
END_TEST

int main(void)
{
    if (getenv("SLUICE_TEST_KUBECONFIG") == NULL) {
        fputs("SLUICE_TEST_KUBECONFIG is not set; run kube_client.sh\n", stderr);
        return EXIT_FAILURE;
    }
    const TTest *const tests[] = {
        cluster__an_object_lives_through_every_verb, cluster__a_watch_follows_an_object,
        cluster__a_watch_outlives_a_restart_of_the_server,
        cluster__a_lease_goes_from_one_to_the_next, cluster__events_are_taken_and_counted};
    return unit_run(tests, ARRAY_LEN(tests), setup, teardown);
}
