// SPDX-License-Identifier: Apache-2.0
#include "controller/ha_store.h"

#include "unit.h"

static struct ha_store *store;
static struct arena arena;
static struct err err;
static size_t told;
static char last[64];

static void changed(void *ctx, struct strview ns, struct strview cluster)
{
    (void)ctx;
    told++;
    ck_assert_uint_lt(ns.len + cluster.len + 2, sizeof(last));
    memcpy(last, ns.ptr, ns.len);
    last[ns.len] = '/';
    memcpy(last + ns.len + 1, cluster.ptr, cluster.len);
    last[ns.len + 1 + cluster.len] = '\0';
}

static void setup(void)
{
    arena = ARENA((size_t)4 << 20);
    told = 0;
    ck_assert_int_eq(ha_store_new(3, changed, NULL, &store, &err), 0);
}

static void teardown(void)
{
    ha_store_free(store);
    arena_done(&arena);
}

/// The watch tells EVENT of NAME in ns, written by Flink for the VERSIONth time.
static int event(enum kube_event event, const char *name, const char *uid, int version,
                 const char *host)
{
    struct strview text =
        arena_printf(&arena,
                     "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\",\"uid\":\"%s\","
                     "\"resourceVersion\":\"%d\",\"annotations\":{\"renewed\":\"%d\"}},\"data\":{"
                     "\"org.apache.flink.k8s.leader.restserver\":\"x,http://%s:8081\"}}",
                     name, uid, version, version, host);
    return ha_store_event(store, event, text, &err);
}

static size_t count(const char *cluster, struct ha_map **maps)
{
    size_t n = 0;
    struct ha_map *items;
    ck_assert_int_eq(ha_store_read(store, SV("ns"), sv_from(cluster), &arena, &items, &n, &err), 0);
    if (maps != NULL) {
        *maps = items;
    }
    return n;
}

START_TEST(ha_store__config_maps_are_found_by_their_cluster)
{
    struct ha_map *maps;
    ck_assert_int_eq(event(KUBE_ADDED, "a-0002-cluster-config-map", "2", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a-0001-cluster-config-map", "1", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a-b-0001-cluster-config-map", "3", 1, "h"), 0);
    ck_assert_uint_eq(told, 3);
    ck_assert_str_eq(last, "ns/a-b");
    ck_assert_uint_eq(count("a", &maps), 2);
    ck_assert(sv_eq_lit(maps[0].run, "0001"));
    ck_assert(sv_eq_lit(maps[1].run, "0002"));
    ck_assert(sv_eq_lit(maps[1].host, "h"));
    ck_assert_uint_eq(count("a-b", NULL), 1);
    ck_assert_uint_eq(count("b", NULL), 0);
}
END_TEST

START_TEST(ha_store__a_renewal_is_not_told_and_a_new_leader_is)
{
    struct ha_map *maps;
    ck_assert_int_eq(event(KUBE_ADDED, "a-0001-cluster-config-map", "1", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_MODIFIED, "a-0001-cluster-config-map", "1", 2, "h"), 0);
    ck_assert_uint_eq(told, 1);
    ck_assert_int_eq(event(KUBE_MODIFIED, "a-0001-cluster-config-map", "1", 3, "i"), 0);
    ck_assert_uint_eq(told, 2);
    ck_assert_uint_eq(count("a", &maps), 1);
    ck_assert(sv_eq_lit(maps[0].host, "i"));
}
END_TEST

START_TEST(ha_store__what_a_new_list_lacks_is_gone)
{
    ck_assert_int_eq(event(KUBE_ADDED, "a-0001-cluster-config-map", "1", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a-0002-cluster-config-map", "2", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "b-0001-cluster-config-map", "3", 1, "h"), 0);
    ck_assert_int_eq(ha_store_event(store, KUBE_RESET_BEGIN, SV_NONE, &err), 0);
    ck_assert_int_eq(event(KUBE_RESET_ITEM, "a-0002-cluster-config-map", "2", 1, "h"), 0);
    ck_assert_int_eq(ha_store_event(store, KUBE_RESET_END, SV_NONE, &err), 0);
    ck_assert_uint_eq(count("a", NULL), 1);
    ck_assert_uint_eq(count("b", NULL), 0);
    ck_assert_uint_eq(told, 5);
}
END_TEST

START_TEST(ha_store__a_deletion_is_of_one_object)
{
    ck_assert_int_eq(event(KUBE_ADDED, "a-0001-cluster-config-map", "1", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_DELETED, "a-0001-cluster-config-map", "0", 1, "h"), 0);
    ck_assert_uint_eq(count("a", NULL), 1);
    ck_assert_int_eq(event(KUBE_DELETED, "a-0001-cluster-config-map", "1", 1, "h"), 0);
    ck_assert_uint_eq(count("a", NULL), 0);
    ck_assert_uint_eq(told, 2);
}
END_TEST

START_TEST(ha_store__others_config_maps_are_not_kept)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(event(KUBE_ADDED, "native-cluster-config-map", "1", i, "h"), 0);
    }
    ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(ha_store__what_is_too_many_or_no_object_fails)
{
    ck_assert_int_eq(event(KUBE_ADDED, "a-0001-cluster-config-map", "1", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a-0002-cluster-config-map", "2", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a-0003-cluster-config-map", "3", 1, "h"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a-0004-cluster-config-map", "4", 1, "h"), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    ck_assert_int_eq(event(KUBE_MODIFIED, "a-0003-cluster-config-map", "3", 2, "i"), 0);
    ck_assert_int_eq(ha_store_event(store, KUBE_ADDED, SV("{"), &err), -1);
    ck_assert_uint_eq(count("a", NULL), 3);
}
END_TEST

UNIT_MAIN(setup, teardown, ha_store__config_maps_are_found_by_their_cluster,
          ha_store__a_renewal_is_not_told_and_a_new_leader_is,
          ha_store__what_a_new_list_lacks_is_gone, ha_store__a_deletion_is_of_one_object,
          ha_store__others_config_maps_are_not_kept, ha_store__what_is_too_many_or_no_object_fails)
