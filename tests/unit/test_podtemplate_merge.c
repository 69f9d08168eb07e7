// SPDX-License-Identifier: Apache-2.0
#include "common/flink/podtemplate_merge.h"

#include "unit.h"

static struct arena a;

static void start(void)
{
    a = ARENA(1 << 22);
}

static void done(void)
{
    arena_done(&a);
}

static const struct json *parse(const char *text)
{
    size_t len = strlen(text);
    char copy[2048];
    const struct json *v = NULL;
    ck_assert_uint_lt(len, sizeof(copy));
    for (size_t i = 0; i < len; i++) {
        copy[i] = text[i] == '\'' ? '"' : text[i];
    }
    ck_assert_int_eq(json_parse(sv_make(copy, len), &JSON_LIMITS_DEFAULT, &a, &v, NULL), 0);
    return v;
}

static void assert_merge(const char *base, const char *top, const char *want)
{
    struct strbuf b = STRBUF(65536);
    struct json_out o = JSON_OUT(&b);
    podtemplate_merge_put(&o, base != NULL ? parse(base) : NULL, top != NULL ? parse(top) : NULL);
    const struct json *got = NULL;
    ck_assert_int_eq(json_parse(strbuf_view(&b), &JSON_LIMITS_DEFAULT, &a, &got, NULL), 0);
    ck_assert_msg(json_equal(got, parse(want)), "%s", b.ptr);
    strbuf_done(&b);
}

START_TEST(merge__one_side_alone_is_taken_as_it_is)
{
    assert_merge("{'a':{'b':[1,2]}}", NULL, "{'a':{'b':[1,2]}}");
    assert_merge(NULL, "{'a':1}", "{'a':1}");
    assert_merge("{'a':1}", "{'a':null}", "{'a':1}");
}
END_TEST

START_TEST(merge__maps_are_merged_and_scalars_replaced)
{
    assert_merge("{'metadata':{'labels':{'a':'1','b':'1'}}}",
                 "{'metadata':{'labels':{'b':'2','c':'2'}}}",
                 "{'metadata':{'labels':{'a':'1','b':'2','c':'2'}}}");
}
END_TEST

START_TEST(merge__containers_are_merged_by_name)
{
    assert_merge(
        "{'containers':[{'name':'m','image':'x','args':['1','2']},{'name':'s'}]}",
        "{'containers':[{'name':'m','args':['3']},{'name':'t'}]}",
        "{'containers':[{'name':'t'},{'name':'m','image':'x','args':['3']},{'name':'s'}]}");
}
END_TEST

START_TEST(merge__mounts_go_by_path_and_ports_by_number)
{
    assert_merge("{'volumeMounts':[{'mountPath':'/a','name':'x'}],'ports':[{'containerPort':1}]}",
                 "{'volumeMounts':[{'mountPath':'/a','name':'y'},{'mountPath':'/b','name':'x'}],"
                 "'ports':[{'containerPort':1,'name':'p'}]}",
                 "{'volumeMounts':[{'mountPath':'/b','name':'x'},{'mountPath':'/a','name':'y'}],"
                 "'ports':[{'containerPort':1,'name':'p'}]}");
}
END_TEST

START_TEST(merge__what_may_have_one_form_only_is_replaced_whole)
{
    assert_merge("{'env':[{'name':'A','value':'1'}]}", "{'env':[{'name':'A','valueFrom':{'x':1}}]}",
                 "{'env':[{'name':'A','valueFrom':{'x':1}}]}");
    assert_merge("{'volumes':[{'name':'v','emptyDir':{}}]}",
                 "{'volumes':[{'name':'v','secret':{'secretName':'s'}}]}",
                 "{'volumes':[{'name':'v','secret':{'secretName':'s'}}]}");
    assert_merge("{'livenessProbe':{'exec':{},'periodSeconds':1}}",
                 "{'livenessProbe':{'tcpSocket':{}}}", "{'livenessProbe':{'tcpSocket':{}}}");
}
END_TEST

START_TEST(merge__other_lists_are_replaced)
{
    assert_merge("{'tolerations':[{'key':'a'}]}", "{'tolerations':[{'key':'b'}]}",
                 "{'tolerations':[{'key':'b'}]}");
}
END_TEST

START_TEST(merge__odd_types_do_no_harm)
{
    assert_merge("{'containers':{'x':1}}", "{'containers':[{'name':'m'}]}",
                 "{'containers':[{'name':'m'}]}");
    assert_merge("{'containers':[1,'x',{'nameless':true}]}", "{'containers':[{'name':'m'}]}",
                 "{'containers':[{'name':'m'},1,'x',{'nameless':true}]}");
    assert_merge("{'spec':1}", "{'spec':{'a':1}}", "{'spec':{'a':1}}");
    assert_merge("{'spec':{'a':1}}", "{'spec':1}", "{'spec':1}");
}
END_TEST

UNIT_MAIN(start, done, merge__one_side_alone_is_taken_as_it_is,
          merge__maps_are_merged_and_scalars_replaced, merge__containers_are_merged_by_name,
          merge__mounts_go_by_path_and_ports_by_number,
          merge__what_may_have_one_form_only_is_replaced_whole, merge__other_lists_are_replaced,
          merge__odd_types_do_no_harm)
