// SPDX-License-Identifier: Apache-2.0
#include "controller/ask.h"

#include "ctl_world_run.h"
#include "unit.h"

#define RUNNING(ip, started)                                                                       \
    "{'phase':'Running','podIP':'" ip "','conditions':[{'type':'Ready','status':'True'}],"         \
    "'containerStatuses':[{'name':'flink-main-container','ready':true,"                            \
    "'state':{'running':{'startedAt':'" started "'}}}]}"

#define SPEC(conf)                                                                                 \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,'taskManager':{'replicas':2,"   \
    "'slots':2},'flinkConfiguration':{" conf                                                       \
    "},'job':{'entryClass':'a.B','upgradeMode':'Stateless'}}"

#define HA                                                                                         \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':4,'taskManager':{'replicas':2,"   \
    "'slots':2},'storage':{'root':'s3://b'},'plugins':['s3-hadoop'],'jobManager':{'replicas':2},"  \
    "'job':{'entryClass':'a.B'}}"

static struct world w;

static void done(void)
{
    world_done(&w);
}

static const struct probe_target *ask_of(const char *spec)
{
    world_init(&w, spec);
    world_converge(&w);
    world_pod(&w, POD_JOB_MANAGER, 0)->told = RUNNING("10.244.0.5", "2026-01-01T00:00:00Z");
    return &world_plan(&w)->ask;
}

START_TEST(ask__the_only_jobmanager_is_asked_at_its_own_address)
{
    const struct probe_target *t = ask_of(SPEC(""));
    ck_assert(sv_eq(t->pod, world_pod(&w, POD_JOB_MANAGER, 0)->name));
    ck_assert(sv_eq_lit(t->ip, "10.244.0.5"));
    ck_assert_uint_eq(t->port, 8081);
    ck_assert(!t->https);
    ck_assert_uint_eq(t->job_id.len, 32);
    ck_assert_int_eq(t->task_managers, 2);
    uint64_t process = t->process;
    world_pod(&w, POD_JOB_MANAGER, 0)->told = RUNNING("10.244.0.5", "2026-01-01T00:00:09Z");
    ck_assert_uint_ne(world_plan(&w)->ask.process, process);
    uint64_t hint = world_plan(&w)->ask.hint;
    ck_assert_uint_eq(world_plan(&w)->ask.hint, hint);
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "killed");
    ck_assert_uint_ne(world_plan(&w)->ask.hint, hint);
}
END_TEST

START_TEST(ask__a_pod_without_an_address_is_not_asked)
{
    world_init(&w, SPEC(""));
    world_converge(&w);
    ck_assert_uint_eq(world_plan(&w)->ask.ip.len, 0);
}
END_TEST

START_TEST(ask__of_two_jobmanagers_the_one_that_leads)
{
    world_init(&w, HA);
    world_converge(&w);
    world_pod(&w, POD_JOB_MANAGER, 0)->told = RUNNING("10.244.0.5", "2026-01-01T00:00:00Z");
    world_pod(&w, POD_JOB_MANAGER, 1)->told = RUNNING("10.244.0.6", "2026-01-01T00:00:00Z");
    ck_assert_uint_eq(world_plan(&w)->ask.ip.len, 0);
    (void)world_ha(&w, world_run(&w), SV_NONE, "10.244.0.6");
    const struct probe_target *t = &world_plan(&w)->ask;
    ck_assert(sv_eq_lit(t->ip, "10.244.0.6"));
    ck_assert(sv_eq(t->pod, world_pod(&w, POD_JOB_MANAGER, 1)->name));
}
END_TEST

START_TEST(ask__over_tls_when_the_configuration_says_so)
{
    static const struct {
        const char *spec;
        bool https;
    } CASES[] = {
        {SPEC("'security.ssl.rest.enabled':true"), true},
        {SPEC("'security.ssl.rest.enabled':'TRUE'"), true},
        {SPEC("'security.ssl.enabled':'true'"), true},
        {SPEC("'security.ssl.enabled':'true','security.ssl.rest.enabled':'false'"), false},
        {SPEC("'security.ssl.internal.enabled':'true'"), false},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const struct probe_target *t = ask_of(CASES[i].spec);
        ck_assert_msg(t->https == CASES[i].https, "%s", CASES[i].spec);
        ck_assert(!t->https || sv_eq_lit(t->tls_name, "fraud-rest.payments.svc"));
        done();
    }
    world_init(&w, SPEC(""));
}
END_TEST

START_TEST(ask__a_cluster_that_is_deleted_is_asked_no_more)
{
    (void)ask_of(SPEC(""));
    w.deleting = true;
    ck_assert_uint_eq(world_plan(&w)->ask.ip.len, 0);
}
END_TEST

UNIT_MAIN(NULL, done, ask__the_only_jobmanager_is_asked_at_its_own_address,
          ask__a_pod_without_an_address_is_not_asked, ask__of_two_jobmanagers_the_one_that_leads,
          ask__over_tls_when_the_configuration_says_so,
          ask__a_cluster_that_is_deleted_is_asked_no_more)
