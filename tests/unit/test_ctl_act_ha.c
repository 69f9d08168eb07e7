// SPDX-License-Identifier: Apache-2.0
// Steps on Flink's HA ConfigMaps and on the cluster's finalizers.
#include "tests/unit/ctl_act.h"

#define MAPS               API "configmaps"
#define MAP                "c-0001-cluster-config-map"
#define PODS_OF_RUN(items) "{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" items "]}"

static const struct action ADOPT = {.verb = ACTION_ADOPT,
                                    .kind = CHILD_CONFIG_MAP,
                                    .name = SV_INIT(MAP),
                                    .uid = SV_INIT("m1"),
                                    .body = SV_INIT("{\"metadata\":{\"uid\":\"m1\"}}")};
static const struct action DELETE_MAP = {.verb = ACTION_DELETE,
                                         .kind = CHILD_CONFIG_MAP,
                                         .name = SV_INIT(MAP),
                                         .uid = SV_INIT("m1"),
                                         .run = SV_INIT("0001")};
static const struct action FINALIZERS = {.verb = ACTION_FINALIZERS,
                                         .body = SV_INIT("{\"metadata\":{\"finalizers\":[]}}")};

START_TEST(act__an_adoption_adds_to_the_owners)
{
    answer("PATCH", MAPS "/" MAP, 200, "{}");
    ck_assert_int_eq(run_one(ADOPT), 0);
    asked(0, "PATCH", MAPS "/" MAP);
    ck_assert_str_eq(seen.content_type, "application/strategic-merge-patch+json");
    ck_assert_str_eq(seen.body, "{\"metadata\":{\"uid\":\"m1\"}}");
}
END_TEST

START_TEST(act__one_that_is_gone_needs_no_owner)
{
    ck_assert_int_eq(run_one(ADOPT), 0);
}
END_TEST

START_TEST(act__an_adoption_of_another_is_a_conflict)
{
    answer("PATCH", NULL, 422, STATUS("422", "Invalid", "metadata.uid: field is immutable"));
    ck_assert_int_eq(run_one(ADOPT), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
}
END_TEST

START_TEST(act__metadata_go_when_the_run_has_no_pod)
{
    answer("GET", PODS, 200, PODS_OF_RUN(POD(OWNED_BY("u1"), "Succeeded")));
    answer("DELETE", NULL, 200, "{}");
    ck_assert_int_eq(run_one(DELETE_MAP), 0);
    asked(0, "GET", PODS);
    ck_assert_str_eq(seen.query,
                     "labelSelector=sluice.dev/cluster=c,sluice.dev/run=0001&limit=500");
    asked(1, "DELETE", MAPS "/" MAP);
    ck_assert_ptr_nonnull(strstr(seen.body, "\"uid\":\"m1\""));
}
END_TEST

START_TEST(act__metadata_stay_while_a_pod_of_the_run_may_live)
{
    answer("GET", PODS, 200, PODS_OF_RUN(POD(OWNED_BY("u1") "," VISIBLE, "Running")));
    ck_assert_int_eq(run_one(DELETE_MAP), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_uint_eq(stub_count(stub), 1);
}
END_TEST

START_TEST(act__a_pod_that_we_could_not_see_becomes_visible)
{
    answer("GET", PODS, 200, PODS_OF_RUN(POD(OWNED_BY("u1"), "Pending")));
    answer("PATCH", PODS "/p", 200, "{}");
    ck_assert_int_eq(run_one(DELETE_MAP), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    asked(1, "PATCH", PODS "/p");
    ck_assert_str_eq(seen.body, LABEL_PATCH("p1"));
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(act__an_orphaned_pod_keeps_the_metadata_too)
{
    answer("GET", PODS, 200, PODS_OF_RUN(POD(VISIBLE, "Running")));
    ck_assert_int_eq(run_one(DELETE_MAP), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    ck_assert_uint_eq(stub_count(stub), 1);
}
END_TEST

START_TEST(act__metadata_stay_while_nobody_can_tell)
{
    answer("GET", PODS, 503, STATUS("503", "ServiceUnavailable", "later"));
    ck_assert_int_eq(run_one(DELETE_MAP), -1);
    ck_assert_uint_eq(stub_count(stub), 1);
    answer("GET", PODS, 200, "{\"metadata\":{\"continue\":\"more\"},\"items\":[]}");
    ck_assert_int_eq(run_one(DELETE_MAP), -1);
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(act__finalizers_are_merged_into_the_cluster)
{
    answer("PATCH", CLUSTER, 200, "{}");
    ck_assert_int_eq(run_one(FINALIZERS), 0);
    asked(0, "PATCH", CLUSTER);
    ck_assert_str_eq(seen.content_type, "application/merge-patch+json");
    ck_assert_str_eq(seen.body, "{\"metadata\":{\"finalizers\":[]}}");
}
END_TEST

START_TEST(act__finalizers_of_a_changed_cluster_are_a_conflict)
{
    answer("PATCH", CLUSTER, 409, STATUS("409", "Conflict", "modified"));
    ck_assert_int_eq(run_one(FINALIZERS), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
}
END_TEST

/// The last one: nothing of the cluster is to be left.
static int end_cluster(void)
{
    struct action last = FINALIZERS;
    last.live_read = true;
    return run_one(last);
}

START_TEST(act__a_cluster_does_not_go_before_a_pod_that_we_could_not_see)
{
    answer("GET", PODS, 200, PODS_OF_RUN(POD(OWNED_BY("u1"), "Pending")));
    answer("PATCH", PODS "/p", 200, "{}");
    ck_assert_int_eq(end_cluster(), -1);
    ck_assert_int_eq(err.code, E_CONFLICT);
    asked(0, "GET", PODS);
    ck_assert_str_eq(seen.query, "labelSelector=sluice.dev/cluster=c&limit=500");
    ck_assert_uint_eq(stub_count(stub), 2);
}
END_TEST

START_TEST(act__a_cluster_waits_for_no_ended_pod_and_no_orphan)
{
    answer("GET", PODS, 200,
           PODS_OF_RUN(POD(OWNED_BY("u1"), "Failed") "," POD(OWNED_BY("u0"), "Running")));
    answer("PATCH", CLUSTER, 200, "{}");
    ck_assert_int_eq(end_cluster(), 0);
    asked(1, "PATCH", CLUSTER);
}
END_TEST

UNIT_MAIN(setup, teardown, act__an_adoption_adds_to_the_owners,
          act__one_that_is_gone_needs_no_owner, act__an_adoption_of_another_is_a_conflict,
          act__metadata_go_when_the_run_has_no_pod,
          act__metadata_stay_while_a_pod_of_the_run_may_live,
          act__a_pod_that_we_could_not_see_becomes_visible,
          act__an_orphaned_pod_keeps_the_metadata_too, act__metadata_stay_while_nobody_can_tell,
          act__finalizers_are_merged_into_the_cluster,
          act__finalizers_of_a_changed_cluster_are_a_conflict,
          act__a_cluster_does_not_go_before_a_pod_that_we_could_not_see,
          act__a_cluster_waits_for_no_ended_pod_and_no_orphan)
