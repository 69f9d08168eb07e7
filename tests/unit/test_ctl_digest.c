// SPDX-License-Identifier: Apache-2.0
#include "controller/digest.h"

#include "common/base/strbuf.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct err err;

static void setup(void)
{
    arena = ARENA((size_t)4 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

/// The text that stays of TEXT (with ' for "), in the arena.
static const char *digest(enum child_kind kind, const char *text)
{
    CLEANUP(strbuf_done) struct strbuf in = STRBUF(1 << 20);
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(1 << 20);
    const struct json *object;
    for (; *text != '\0'; text++) {
        strbuf_put_char(&in, *text == '\'' ? '"' : *text);
    }
    ck_assert_int_eq(json_parse(strbuf_view(&in), &JSON_LIMITS_DEFAULT, &arena, &object, &err), 0);
    struct json_out o = JSON_OUT(&out);
    digest_put(kind, object, &o);
    ck_assert(strbuf_ok(&out));
    return arena_copy(&arena, strbuf_view(&out)).ptr;
}

START_TEST(digest__of_a_pod_stays_what_the_plan_reads)
{
    ck_assert_str_eq(
        digest(CHILD_POD,
               "{'metadata':{'name':'p','uid':'u','resourceVersion':'5','labels':{'a':'b'},"
               "'ownerReferences':[{'apiVersion':'v1','kind':'K','name':'c','uid':'o',"
               "'controller':true,'blockOwnerDeletion':true}]},"
               "'spec':{'nodeName':'n','volumes':[{'name':'v'}],'containers':[{'name':'m',"
               "'image':'i','command':['x'],'resources':{'limits':{'cpu':'1'}}}]},"
               "'status':{'phase':'Running','hostIP':'1.1.1.1','podIP':'2.2.2.2','conditions':["
               "{'type':'Initialized','status':'True'},"
               "{'type':'Ready','status':'True','lastProbeTime':null,'lastTransitionTime':'t'}],"
               "'containerStatuses':[{'name':'m','ready':true,'imageID':'sha','containerID':'x',"
               "'state':{'running':{'startedAt':'s'}}}]}}"),
        "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"labels\":{\"a\":\"b\"},"
        "\"ownerReferences\":[{\"kind\":\"K\",\"name\":\"c\",\"uid\":\"o\",\"controller\":true}]},"
        "\"spec\":{\"containers\":[{\"name\":\"m\",\"image\":\"i\","
        "\"resources\":{\"limits\":{\"cpu\":\"1\"}}}]},"
        "\"status\":{\"phase\":\"Running\",\"podIP\":\"2.2.2.2\",\"conditions\":["
        "{\"type\":\"Ready\",\"status\":\"True\",\"lastTransitionTime\":\"t\"}],"
        "\"containerStatuses\":[{\"name\":\"m\","
        "\"state\":{\"running\":{\"startedAt\":\"s\"}}}]}}");
}
END_TEST

START_TEST(digest__a_heartbeat_changes_nothing)
{
    const char *before = digest(CHILD_PDB, "{'metadata':{'name':'p'},'spec':{'minAvailable':1},"
                                           "'status':{'currentHealthy':1}}");
    const char *after = digest(CHILD_PDB, "{'metadata':{'name':'p','resourceVersion':'9'},"
                                          "'spec':{'minAvailable':1},"
                                          "'status':{'currentHealthy':2}}");
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(digest__of_a_config_map_no_data_stay)
{
    ck_assert_str_eq(digest(CHILD_CONFIG_MAP, "{'metadata':{'name':'c'},'immutable':true,"
                                              "'data':{'config.yaml':'x'}}"),
                     "{\"metadata\":{\"name\":\"c\"},\"immutable\":true}");
}
END_TEST

START_TEST(digest__what_has_another_shape_stays_as_it_is)
{
    ck_assert_str_eq(digest(CHILD_POD, "{'metadata':7,'spec':{'containers':['x',null]},"
                                       "'status':[1,{'phase':'Running','x':1}]}"),
                     "{\"metadata\":7,\"spec\":{\"containers\":[\"x\",null]},"
                     "\"status\":[1,{\"phase\":\"Running\"}]}");
}
END_TEST

START_TEST(digest__revisions_are_kept_whole)
{
    ck_assert(!digest_is_for(CHILD_REVISION));
    ck_assert(digest_is_for(CHILD_POD));
}
END_TEST

UNIT_MAIN(setup, teardown, digest__of_a_pod_stays_what_the_plan_reads,
          digest__a_heartbeat_changes_nothing, digest__of_a_config_map_no_data_stay,
          digest__what_has_another_shape_stays_as_it_is, digest__revisions_are_kept_whole)
