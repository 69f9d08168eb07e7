// SPDX-License-Identifier: Apache-2.0
#include "common/flink/podtemplate.h"

#include <check.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

static struct arena arena;
static struct violations found;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

static void judge(const char *text)
{
    const struct json *v;
    struct err err = {0};
    const struct path path = PATH_FIELD_OF(NULL, SV("podTemplate"));
    if (json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &v, &err) != 0) {
        ck_abort_msg("%s: %s", text, err.msg);
    }
    found = VIOLATIONS(&arena, 50);
    podtemplate_check(v, &path, "pod_template_shape", &found);
}

static void expect(const char *text, enum severity severity, const char *want)
{
    judge(text);
    ck_assert_msg(found.count == 1, "%s: %zu", text, found.count);
    ck_assert_int_eq(found.items[0].severity, severity);
    struct strview got = arena_printf(&arena, "%.*s: %.*s", SV_ARG(found.items[0].path),
                                      SV_ARG(found.items[0].message));
    ck_assert_str_eq(got.ptr, want);
}

START_TEST(podtemplate__what_people_write_is_accepted)
{
    judge("{\"metadata\":{\"labels\":{\"a\":\"b\"},\"annotations\":{}},\"spec\":{"
          "\"containers\":[{\"name\":\"flink-main-container\",\"env\":[{\"name\":\"A\",\"value\":"
          "\"1\"},"
          "{\"name\":\"B\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\","
          "\"optional\":"
          "true}}}],\"resources\":{\"limits\":{\"cpu\":1,\"memory\":\"2Gi\"}},\"ports\":[{"
          "\"containerPort\":80}],\"livenessProbe\":{\"httpGet\":{\"port\":\"http\"},"
          "\"periodSeconds\":5},\"command\":[\"a\"]}],"
          "\"volumes\":[{\"name\":\"v\",\"emptyDir\":{\"sizeLimit\":\"1Gi\"}},{\"name\":\"p\","
          "\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"path\":\"t\","
          "\"expirationSeconds\":"
          "3600}}],\"defaultMode\":420}}],"
          "\"tolerations\":[{\"key\":\"x\",\"operator\":\"Exists\",\"tolerationSeconds\":60}],"
          "\"nodeSelector\":{\"disk\":\"ssd\"},\"securityContext\":{\"runAsUser\":9999,"
          "\"supplementalGroups\":[1,2]},\"terminationGracePeriodSeconds\":30,"
          "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{"
          "\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"k\",\"operator\":\"In\","
          "\"values\":[\"v\"]}]}]}}},\"hostNetwork\":false,\"priority\":null}}");
    ck_assert_uint_eq(found.count, 0);
    judge("{}");
    ck_assert_uint_eq(found.count, 0);
    judge("null");
    ck_assert_uint_eq(found.count, 0);
}
END_TEST

START_TEST(podtemplate__a_wrong_type_is_denied_with_its_path)
{
    expect("[]", SEVERITY_DENY, "podTemplate: Invalid value: \"array\": must be an object");
    expect("{\"spec\":\"x\"}", SEVERITY_DENY,
           "podTemplate.spec: Invalid value: \"x\": must be an object");
    expect("{\"spec\":{\"containers\":{}}}", SEVERITY_DENY,
           "podTemplate.spec.containers: Invalid value: \"object\": must be a list of objects");
    expect("{\"spec\":{\"containers\":[null]}}", SEVERITY_DENY,
           "podTemplate.spec.containers[0]: Invalid value: null: must be an object");
    expect("{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"A\",\"value\":1}]}]}}", SEVERITY_DENY,
           "podTemplate.spec.containers[0].env[0].value: Invalid value: 1: must be a string "
           "(quote it)");
    expect("{\"spec\":{\"nodeSelector\":{\"a\":true}}}", SEVERITY_DENY,
           "podTemplate.spec.nodeSelector[a]: Invalid value: true: must be a string (quote "
           "it)");
    expect("{\"spec\":{\"hostNetwork\":\"false\"}}", SEVERITY_DENY,
           "podTemplate.spec.hostNetwork: Invalid value: \"false\": must be true or false");
    expect("{\"spec\":{\"priority\":2147483648}}", SEVERITY_DENY,
           "podTemplate.spec.priority: Invalid value: 2147483648: must be an integer of 32 bits");
    expect("{\"spec\":{\"priority\":1.5}}", SEVERITY_DENY,
           "podTemplate.spec.priority: Invalid value: 1.5: must be an integer of 32 bits");
    expect("{\"spec\":{\"containers\":[{\"command\":[\"a\",[]]}]}}", SEVERITY_DENY,
           "podTemplate.spec.containers[0].command[1]: Invalid value: \"array\": must be a string");
    expect("{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":{}}}}]}}", SEVERITY_DENY,
           "podTemplate.spec.containers[0].resources.limits[cpu]: Invalid value: \"object\": must "
           "be a "
           "quantity such as \"500m\" or \"2Gi\"");
    expect("{\"spec\":{\"securityContext\":{\"supplementalGroups\":[\"1\"]}}}", SEVERITY_DENY,
           "podTemplate.spec.securityContext.supplementalGroups[0]: Invalid value: \"1\": "
           "must be "
           "an integer");
    expect("{\"spec\":{\"containers\":[{\"livenessProbe\":{\"httpGet\":{\"port\":1.5}}}]}}",
           SEVERITY_DENY,
           "podTemplate.spec.containers[0].livenessProbe.httpGet.port: Invalid value: 1.5: "
           "must "
           "be an integer or a string");
}
END_TEST

START_TEST(podtemplate__members_may_stand_in_any_order)
{
    // The first and last of a Volume's fields, and each one asked for before those that follow it.
    judge("{\"spec\":{\"volumes\":[{\"vsphereVolume\":{},\"secret\":{},\"name\":\"v\","
          "\"awsElasticBlockStore\":{},\"storageos\":{},\"azureDisk\":{}}]},\"metadata\":{"
          "\"uid\":\"u\",\"name\":\"n\",\"annotations\":{},\"labels\":{}}}");
    ck_assert_uint_eq(found.count, 0);
    expect("{\"spec\":{\"volumes\":[{\"vsphereVolume\":{},\"nam\":\"v\",\"name\":\"v\"}]}}",
           SEVERITY_WARN,
           "podTemplate.spec.volumes[0].nam: no field of Volume; did you mean \"name\"?");
}
END_TEST

START_TEST(podtemplate__an_unknown_field_is_warned_of_with_the_nearest)
{
    expect("{\"spec\":{\"container\":[]}}", SEVERITY_WARN,
           "podTemplate.spec.container: no field of PodSpec; did you mean \"containers\"?");
    expect("{\"spec\":{\"containers\":[{\"Image\":\"x\"}]}}", SEVERITY_WARN,
           "podTemplate.spec.containers[0].Image: no field of Container; did you mean \"image\"?");
    expect("{\"zzzzzzzzzzzz\":{}}", SEVERITY_WARN,
           "podTemplate.zzzzzzzzzzzz: no field of PodTemplateSpec");
    expect("{\"\":{}}", SEVERITY_WARN, "podTemplate.: no field of PodTemplateSpec");
}
END_TEST

START_TEST(podtemplate__many_faults_cost_little)
{
    struct strbuf b = STRBUF((size_t)7 << 20);
    strbuf_put_str(&b, "{\"spec\":{");
    for (int i = 0; i < 45000; i++) {
        strbuf_printf(&b, "\"containers%d\":1,\"x%d\":1,", i, i);
    }
    strbuf_put_str(&b, "\"containers\":[");
    for (int i = 0; i < 9000; i++) {
        strbuf_put_str(&b, "1,");
    }
    strbuf_put_str(&b, "1]}}");
    ck_assert(strbuf_ok(&b));
    judge(b.ptr);
    ck_assert_uint_eq(found.count, 50);
    ck_assert_uint_eq(found.denials, 9001);
    ck_assert_uint_eq(found.dropped, 90000 + 9001 - 50);
    strbuf_done(&b);
}
END_TEST

UNIT_MAIN(setup, teardown, podtemplate__what_people_write_is_accepted,
          podtemplate__a_wrong_type_is_denied_with_its_path,
          podtemplate__members_may_stand_in_any_order,
          podtemplate__an_unknown_field_is_warned_of_with_the_nearest,
          podtemplate__many_faults_cost_little)
