// SPDX-License-Identifier: Apache-2.0
// What is read out of Flink's HA ConfigMaps, in the forms of Flink 1.17 to 2.3, and who leads.
#include "controller/ha.h"

#include "controller/observed.h"
#include "unit.h"

#define JOB "0123456789abcdef0123456789abcdef"

static struct arena arena;
static struct ha_map map;

static void setup(void)
{
    arena = ARENA((size_t)4 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

static const struct json *parse(struct strview text)
{
    const struct json *v = NULL;
    struct err err = {0};
    char *copy = arena_alloc(&arena, text.len + 1);
    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = text.ptr[i] == '\'' ? '"' : text.ptr[i];
    }
    int rc = json_parse(sv_make(copy, text.len), &JSON_LIMITS_DEFAULT, &arena, &v, &err);
    ck_assert_msg(rc == 0, "%s", err.msg);
    return v;
}

static bool read_with(const char *name, const char *metadata, const char *data)
{
    return ha_map_read(
        parse(arena_printf(&arena, "{'metadata':{'name':'%s','uid':'m1'%s},'data':%s}", name,
                           metadata, data)),
        &map);
}

static bool read_name(const char *name)
{
    return read_with(name, "", "{}");
}

static void assert_sv(struct strview got, const char *want)
{
    ck_assert_msg(sv_eq_lit(got, want), "\"%.*s\" is not \"%s\"", SV_ARG(got), want);
}

START_TEST(ha__names_tell_cluster_run_and_job)
{
    ck_assert(read_name("fraud-a1b2-cluster-config-map"));
    assert_sv(map.cluster, "fraud");
    assert_sv(map.run, "a1b2");
    ck_assert(!sv_present(map.job_id));
    ck_assert(read_name("a-cluster-0000-" JOB "-config-map"));
    assert_sv(map.cluster, "a-cluster");
    assert_sv(map.run, "0000");
    assert_sv(map.job_id, JOB);
}
END_TEST

START_TEST(ha__other_names_are_not_read)
{
    static const char *const NAMES[] = {
        "",
        "fraud",
        "-config-map",
        "-cluster-config-map",
        "a1b2-cluster-config-map",
        "-a1b2-cluster-config-map",
        "fraud-a1b2-config-map",
        "fraud-A1B2-cluster-config-map",
        "fraud-a1b-cluster-config-map",
        "fraud-a1b2c-cluster-config-map",
        "fraud-a1b2-" JOB "0-config-map",
        "fraud-a1b2-0123456789ABCDEF0123456789abcdef-config-map",
        "fraud-a1b2-cluster-config-map2",
        JOB "-config-map",
    };
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        ck_assert_msg(!read_name(NAMES[i]), "%s", NAMES[i]);
    }
}
END_TEST

START_TEST(ha__the_leader_s_address_is_where_its_rest_server_listens)
{
    static const struct {
        const char *value, *host;
        int64_t port;
    } CASES[] = {
        {"5f2d,http://10.244.0.5:8081", "10.244.0.5", 8081},
        {"5f2d,https://10.244.0.5:443/", "10.244.0.5", 443},
        {"5f2d,http://[fd00::5]:8081", "fd00::5", 8081},
        {"http://jm.example:1", "jm.example", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct strview data =
            arena_printf(&arena, "{'org.apache.flink.k8s.leader.restserver':'%s'}", CASES[i].value);
        ck_assert(read_with("f-a1b2-cluster-config-map", "", data.ptr));
        assert_sv(map.host, CASES[i].host);
        ck_assert_int_eq(map.port, CASES[i].port);
    }
}
END_TEST

START_TEST(ha__an_address_that_is_none_is_no_leader)
{
    static const char *const VALUES[] = {
        "'5f2d'",
        "''",
        "'5f2d,10.0.0.1:8081'",
        "'a,http://'",
        "'a,http://:1'",
        "'a,http://x'",
        "'a,http://x:0'",
        "'a,http://x:65536'",
        "'a,http://x:99999999999999999999'",
        "'a,http://x:8a'",
        "7",
        "null",
        "{'a':'b'}",
        "['http://x:1']",
    };
    for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
        struct strview data =
            arena_printf(&arena, "{'org.apache.flink.k8s.leader.restserver':%s}", VALUES[i]);
        ck_assert(read_with("f-a1b2-cluster-config-map", "", data.ptr));
        ck_assert_msg(map.host.len == 0 && map.port == 0, "%s", VALUES[i]);
    }
}
END_TEST

START_TEST(ha__checkpoints_are_seen)
{
    ck_assert(read_with("f-a1b2-" JOB "-config-map", "",
                        "{'checkpointID-0000000000000000032':'rO0','counter':'33'}"));
    ck_assert(map.checkpoint);
    ck_assert(read_with("f-a1b2-" JOB "-config-map", "", "{'counter':'33'}"));
    ck_assert(!map.checkpoint);
    ck_assert(read_with("f-a1b2-" JOB "-config-map", "", "null"));
    ck_assert(read_with("f-a1b2-" JOB "-config-map", "", "['counter']"));
}
END_TEST

START_TEST(ha__a_renewal_and_a_next_checkpoint_are_no_news)
{
    ck_assert(read_with("f-a1b2-" JOB "-config-map",
                        ",'annotations':{'control-plane.alpha.kubernetes.io/leader':"
                        "'{\\'leaseDuration\\':15.000000000}'}",
                        "{'checkpointID-1':'a','counter':'2'}"));
    struct ha_map before = map;
    ck_assert(read_with("f-a1b2-" JOB "-config-map",
                        ",'annotations':{'control-plane.alpha.kubernetes.io/leader':"
                        "'{\\'leaseDuration\\':\\'PT4S\\'}'}",
                        "{'checkpointID-2':'b','counter':'3'}"));
    ck_assert(ha_map_equal(&before, &map));
}
END_TEST

START_TEST(ha__what_matters_is_news)
{
    const char *name = "f-a1b2-cluster-config-map";
    ck_assert(read_with(name, "", "{}"));
    struct ha_map before = map;
    ck_assert(read_with(name, ",'ownerReferences':[{'uid':'o','controller':true}]", "{}"));
    assert_sv(map.owner_uid, "o");
    ck_assert(!ha_map_equal(&before, &map));
    ck_assert(read_with(name, ",'deletionTimestamp':'2026-01-01T00:00:00Z'", "{}"));
    ck_assert(!ha_map_equal(&before, &map));
    ck_assert(
        read_with(name, "", "{'org.apache.flink.k8s.leader.restserver':'a,http://10.0.0.1:1'}"));
    ck_assert(!ha_map_equal(&before, &map));
    ck_assert(read_with(name, "", "{'checkpointID-1':'x'}"));
    ck_assert(!ha_map_equal(&before, &map));
}
END_TEST

START_TEST(ha__an_owner_that_is_no_controller_is_none)
{
    ck_assert(
        read_with("f-a1b2-cluster-config-map", ",'ownerReferences':[{'uid':'o'},7,null]", "{}"));
    ck_assert_uint_eq(map.owner_uid.len, 0);
}
END_TEST

// ---- who leads ------------------------------------------------------------------------------

static struct observed observed;
static struct ha_map maps[2];

static const struct json *job_manager(const char *name, const char *ip, const char *phase)
{
    return parse(arena_printf(&arena,
                              "{'metadata':{'name':'%s','uid':'%s-uid'},"
                              "'status':{'phase':'%s','podIP':'%s'}}",
                              name, name, phase, ip));
}

/// A cluster f in its run a1b2, with JobManagers 0 at 10.0.0.1 (PHASE) and 1 at IP (NULL: none).
static void observe(const char *phase, const char *ip, size_t n_maps)
{
    const struct json *pods[] = {
        job_manager("f-jm-aaaaaaaa-0-0", "10.0.0.1", phase),
        job_manager("f-jm-aaaaaaaa-1-0", ip != NULL ? ip : "", "Running"),
        job_manager("f-jm-bbbbbbbb-0-0", "10.0.0.2", "Running"), // of another revision
    };
    const struct json *record = parse(SV(
        "{'metadata':{'name':'f-r1'},'revision':1,'data':{'sluice':{'generation':1,"
        "'renderFormat':1,'podHash':'x','revision':'aaaaaaaa','run':'a1b2','jobId':'" JOB "'}}}"));
    struct children children[CHILD_KIND_COUNT] = {
        [CHILD_REVISION] = {&record, 1},
    };
    if (ip == NULL) {
        pods[1] = pods[2];
    }
    children[CHILD_POD] = (struct children){pods, ip != NULL ? 3 : 2};
    const struct json *cluster = parse(SV("{'metadata':{'name':'f','namespace':'n','uid':'u'}}"));
    struct err err = {0};
    ck_assert_int_eq(observed_make(cluster, children, 0, &arena, &observed, &err), 0);
    ck_assert_int_eq(observed_add_ha(&observed, maps, n_maps, &arena, &err), 0);
}

static void lead(const char *host)
{
    maps[0] = (struct ha_map){.name = SV("f-a1b2-cluster-config-map"),
                              .cluster = SV("f"),
                              .run = SV("a1b2"),
                              .host = sv_from(host),
                              .port = 8082};
}

START_TEST(leader__is_the_pod_at_the_address_in_the_config_map)
{
    lead("fd00::5");
    observe("Running", "fd00:0:0:0::5", 1);
    assert_sv(observed.ha.leader, "f-jm-aaaaaaaa-1-0");
    assert_sv(observed.ha.leader_uid, "f-jm-aaaaaaaa-1-0-uid");
    assert_sv(observed.ha.leader_ip, "fd00:0:0:0::5");
    ck_assert_int_eq(observed.ha.leader_port, 8082);
    ck_assert(observed.ha.told);
}
END_TEST

START_TEST(leader__is_nobody_when_the_address_is_of_none_of_the_run_s_pods)
{
    lead("10.0.0.2");
    observe("Running", "10.0.0.3", 1);
    ck_assert_uint_eq(observed.ha.leader.len, 0);
    lead("10.0.0.1");
    observe("Failed", "10.0.0.3", 1);
    ck_assert_uint_eq(observed.ha.leader.len, 0);
    lead("");
    observe("Running", NULL, 1); // the leader gave up: alone or not, nobody leads
    ck_assert_uint_eq(observed.ha.leader.len, 0);
}
END_TEST

START_TEST(leader__is_the_only_job_manager_while_nothing_is_told)
{
    observe("Running", NULL, 0);
    assert_sv(observed.ha.leader, "f-jm-aaaaaaaa-0-0");
    ck_assert_int_eq(observed.ha.leader_port, 8081);
    ck_assert(!observed.ha.told);
    observe("Running", "10.0.0.3", 0); // two: nobody knows
    ck_assert_uint_eq(observed.ha.leader.len, 0);
    observe("Failed", NULL, 0);
    ck_assert_uint_eq(observed.ha.leader.len, 0);
}
END_TEST

START_TEST(view__has_the_config_maps_of_the_current_run)
{
    lead("10.0.0.1");
    maps[1] = maps[0];
    maps[1].job_id = SV(JOB);
    observe("Running", NULL, 2);
    ck_assert_ptr_eq(observed.ha.cluster, &maps[0]);
    ck_assert_ptr_eq(observed.ha.job, &maps[1]);
    maps[0].run = SV("zzzz");
    maps[1].deleting = true;
    observe("Running", NULL, 2);
    ck_assert_ptr_null(observed.ha.cluster);
    ck_assert_ptr_null(observed.ha.job);
    ck_assert_uint_eq(observed.ha.n, 2);
}
END_TEST

UNIT_MAIN(setup, teardown, ha__names_tell_cluster_run_and_job, ha__other_names_are_not_read,
          ha__the_leader_s_address_is_where_its_rest_server_listens,
          ha__an_address_that_is_none_is_no_leader, ha__checkpoints_are_seen,
          ha__a_renewal_and_a_next_checkpoint_are_no_news, ha__what_matters_is_news,
          ha__an_owner_that_is_no_controller_is_none,
          leader__is_the_pod_at_the_address_in_the_config_map,
          leader__is_nobody_when_the_address_is_of_none_of_the_run_s_pods,
          leader__is_the_only_job_manager_while_nothing_is_told,
          view__has_the_config_maps_of_the_current_run)
