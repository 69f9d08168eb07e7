// SPDX-License-Identifier: Apache-2.0
#include "common/flink/decode.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

static struct arena arena;
static struct violations faults;
static struct flink_cluster c;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
    faults = VIOLATIONS(&arena, 100);
}

static void teardown(void)
{
    arena_done(&arena);
}

static const struct json *parse(const char *text)
{
    const struct json *v;
    struct err err = {0};
    if (json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &v, &err) != 0) {
        ck_abort_msg("%s: %s", text, err.msg);
    }
    return v;
}

/// A cluster with that spec.
static const struct json *object(const char *spec)
{
    struct strview text =
        arena_printf(&arena,
                     "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkCluster\","
                     "\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":%s}",
                     spec);
    return parse(text.ptr);
}

static void decode(const char *spec)
{
    faults = VIOLATIONS(&arena, 100);
    flink_decode(object(spec), &c, &faults);
}

/// The single fault, as "path: message".
static void expect(const char *spec, const char *want)
{
    decode(spec);
    ck_assert_msg(faults.count == 1, "%s: %zu faults", spec, faults.count);
    struct strview got = arena_printf(&arena, "%.*s: %.*s", SV_ARG(faults.items[0].path),
                                      SV_ARG(faults.items[0].message));
    ck_assert_str_eq(got.ptr, want);
}

static void expect_good(const char *spec)
{
    decode(spec);
    ck_assert_msg(faults.count == 0, "%s: %.*s: %.*s", spec,
                  SV_ARG(faults.count != 0 ? faults.items[0].path : SV_NONE),
                  SV_ARG(faults.count != 0 ? faults.items[0].message : SV_NONE));
}

START_TEST(decode__every_kind_of_field_is_read)
{
    expect_good("{\"image\":\"i\",\"parallelism\":8,\"imagePullPolicy\":\"Always\","
                "\"plugins\":[\"s3\",\"gs\"],\"storage\":{\"root\":\"s3://x\"},"
                "\"jobManager\":{\"replicas\":2,\"resources\":{\"limits\":{\"cpu\":1,\"memory\":"
                "\"2Gi\"}}},\"flinkConfiguration\":{\"a\":1,\"b\":{\"c\":null}},"
                "\"logConfiguration\":{\"f\":\"t\"},\"restartNonce\":-9007199254740991,"
                "\"job\":{\"drain\":true,\"args\":[]},\"imagePullSecrets\":[{\"name\":\"s\"}],"
                "\"podTemplate\":{\"spec\":{}}}");
    ck_assert(sv_eq_lit(c.name, "a"));
    ck_assert(sv_eq_lit(c.ns, "n"));
    ck_assert(sv_eq_lit(c.spec.image, "i"));
    ck_assert(c.spec.parallelism.set);
    ck_assert_int_eq(c.spec.parallelism.v, 8);
    ck_assert(sv_eq_lit(c.spec.image_pull_policy, "Always"));
    ck_assert_uint_eq(c.spec.plugins.n, 2);
    ck_assert(sv_eq_lit(c.spec.plugins.items[1], "gs"));
    ck_assert(sv_eq_lit(c.spec.storage.root, "s3://x"));
    ck_assert_int_eq(c.spec.job_manager.replicas.v, 2);
    ck_assert_uint_eq(json_count(c.spec.job_manager.resources.limits), 2);
    ck_assert_uint_eq(json_count(c.spec.flink_configuration), 2);
    ck_assert_uint_eq(json_count(c.spec.log_configuration), 1);
    ck_assert_int_eq(c.spec.restart_nonce.v, -9007199254740991);
    ck_assert(c.spec.job.drain.set && c.spec.job.drain.v);
    ck_assert(c.spec.job.args.set);
    ck_assert_uint_eq(c.spec.job.args.n, 0);
    ck_assert_uint_eq(json_count(c.spec.image_pull_secrets), 1);
    ck_assert_ptr_nonnull(c.spec.pod_template);
    ck_assert_ptr_null(c.spec.task_manager.self);
    ck_assert_ptr_nonnull(c.spec.job.self);
}
END_TEST

START_TEST(decode__absent_fields_stay_absent)
{
    expect_good("{}");
    ck_assert_ptr_nonnull(c.spec.self);
    ck_assert(!sv_present(c.spec.image));
    ck_assert(!c.spec.parallelism.set);
    ck_assert(!c.spec.job.args.set);
    ck_assert_ptr_null(c.spec.flink_configuration);
    ck_assert(!sv_present(c.generate_name));
}
END_TEST

START_TEST(decode__null_reads_as_absent)
{
    expect_good("{\"image\":null,\"parallelism\":null,\"plugins\":null,\"job\":null,"
                "\"logConfiguration\":{\"a\":null},\"podTemplate\":null,\"mode\":null}");
    ck_assert(!sv_present(c.spec.image));
    ck_assert_ptr_null(c.spec.job.self);
}
END_TEST

START_TEST(decode__null_in_a_list_is_a_fault)
{
    expect("{\"plugins\":[\"a\",null]}", "spec.plugins[1]: Invalid value: null: must be a string");
    expect("{\"imagePullSecrets\":[null]}",
           "spec.imagePullSecrets[0]: Invalid value: null: must be an object");
}
END_TEST

START_TEST(decode__wrong_types_are_named)
{
    expect("{\"parallelism\":\"eight\"}",
           "spec.parallelism: Invalid value: \"eight\": must be an integer");
    expect("{\"parallelism\":1.5}", "spec.parallelism: Invalid value: 1.5: must be an integer");
    expect("{\"flinkVersion\":1.20}", "spec.flinkVersion: Invalid value: 1.2: must be a "
                                      "string; quote it: YAML reads 1.20 as 1.2");
    expect("{\"job\":[]}", "spec.job: Invalid value: \"array\": must be an object");
    expect("{\"job\":{\"drain\":\"true\"}}",
           "spec.job.drain: Invalid value: \"true\": must be true or false");
    expect("{\"plugins\":\"s3\"}",
           "spec.plugins: Invalid value: \"s3\": must be a list of strings");
    expect("{\"job\":{\"args\":[true]}}",
           "spec.job.args[0]: Invalid value: true: must be a string");
    expect("{\"logConfiguration\":[]}",
           "spec.logConfiguration: Invalid value: \"array\": must be a map");
    expect("{\"logConfiguration\":{\"a\":1}}",
           "spec.logConfiguration[a]: Invalid value: 1: must be a string (quote it)");
    expect("{\"podTemplate\":\"x\"}", "spec.podTemplate: Invalid value: \"x\": must be a map");
    expect("{\"jobManager\":{\"resources\":{\"limits\":{\"cpu\":0.5}}}}",
           "spec.jobManager.resources.limits[cpu]: Invalid value: 0.5: must be a quantity "
           "such as \"500m\" or \"2Gi\"");
    expect("{\"ingress\":{\"tls\":[{\"hosts\":[1]}]}}",
           "spec.ingress.tls[0].hosts[0]: Invalid value: 1: must be a string");
    expect("{\"flinkConfiguration\":{\"high-availability.storageDir\":5}}",
           "spec.flinkConfiguration[high-availability.storageDir]: Invalid value: 5: must "
           "be a string");
}
END_TEST

START_TEST(decode__a_fault_leaves_its_member_absent_and_the_others_read)
{
    decode("{\"image\":\"i\",\"parallelism\":0,\"plugins\":[1],\"logConfiguration\":{\"a\":1}}");
    ck_assert_uint_eq(faults.denials, 3);
    ck_assert(sv_eq_lit(c.spec.image, "i"));
    ck_assert(!c.spec.parallelism.set);
    ck_assert(!c.spec.plugins.set);
    ck_assert_ptr_null(c.spec.log_configuration);
}
END_TEST

START_TEST(decode__bounds_are_inclusive)
{
    expect_good("{\"jobManager\":{\"replicas\":1}}");
    expect_good("{\"jobManager\":{\"replicas\":16}}");
    expect("{\"jobManager\":{\"replicas\":0}}",
           "spec.jobManager.replicas: Invalid value: 0: must be greater than or equal to 1");
    expect("{\"jobManager\":{\"replicas\":17}}",
           "spec.jobManager.replicas: Invalid value: 17: must be less than or equal to 16");
    expect("{\"restartNonce\":9007199254740992}", "spec.restartNonce: Invalid value: "
                                                  "9007199254740992: must be less than or equal to "
                                                  "9007199254740991");
    expect("{\"restartNonce\":-1e300}",
           "spec.restartNonce: Invalid value: -1.0000000000000001e+300: must be greater than or "
           "equal to -9007199254740991");
}
END_TEST

START_TEST(decode__integral_numbers_are_integers_however_written)
{
    expect_good("{\"parallelism\":2.0}");
    ck_assert_int_eq(c.spec.parallelism.v, 2);
    expect_good("{\"parallelism\":1e3}");
    ck_assert_int_eq(c.spec.parallelism.v, 1000);
}
END_TEST

START_TEST(decode__enums_are_case_sensitive)
{
    expect("{\"job\":{\"state\":\"running\"}}",
           "spec.job.state: Unsupported value: \"running\": supported values: \"Running\", "
           "\"Suspended\"");
    expect("{\"job\":{\"state\":\"\"}}",
           "spec.job.state: Unsupported value: \"\": supported values: "
           "\"Running\", \"Suspended\"");
}
END_TEST

START_TEST(decode__lengths_count_characters_not_bytes)
{
    struct strbuf b = STRBUF(8192);
    strbuf_put_str(&b, "{\"flinkVersion\":\"");
    for (int i = 0; i < 16; i++) {
        strbuf_put_str(&b, "€");
    }
    struct strview good = arena_printf(&arena, "%.*s\"}", SV_ARG(strbuf_view(&b)));
    struct strview bad = arena_printf(&arena, "%.*s.\"}", SV_ARG(strbuf_view(&b)));
    expect_good(good.ptr);
    expect(bad.ptr, "spec.flinkVersion: Too long: may not be more than 16 characters");
    expect("{\"image\":\"\"}", "spec.image: Invalid value: \"\": must not be empty");
    strbuf_done(&b);
}
END_TEST

START_TEST(decode__lengths_in_a_map_count_characters_not_bytes)
{
    struct strbuf b = STRBUF(8192);
    strbuf_put_str(&b, "{\"ingress\":{\"labels\":{\"short\":\"v\",\"long\":\"");
    for (int i = 0; i < 63; i++) {
        strbuf_put_str(&b, "€");
    }
    struct strview good = arena_printf(&arena, "%.*s\"}}}", SV_ARG(strbuf_view(&b)));
    struct strview bad = arena_printf(&arena, "%.*s.\"}}}", SV_ARG(strbuf_view(&b)));
    expect_good(good.ptr);
    expect(bad.ptr, "spec.ingress.labels[long]: Too long: may not be more than 63 characters");
    strbuf_done(&b);
}
END_TEST

START_TEST(decode__counts_are_bounded)
{
    struct strbuf b = STRBUF(8192);
    for (int i = 0; i < 32; i++) {
        strbuf_printf(&b, "\"k%d\":\"v\",", i);
    }
    struct strview most =
        arena_printf(&arena, "{\"jobManager\":{\"resources\":{\"limits\":{%.*s\"z\":null}}}}",
                     SV_ARG(strbuf_view(&b)));
    struct strview over =
        arena_printf(&arena, "{\"jobManager\":{\"resources\":{\"limits\":{%.*s\"z\":\"1\"}}}}",
                     SV_ARG(strbuf_view(&b)));
    expect_good(most.ptr);
    expect(over.ptr, "spec.jobManager.resources.limits: Too many: 33: must have at most 32 items");
    strbuf_done(&b);
}
END_TEST

START_TEST(decode__a_required_field_is_missed)
{
    expect("{\"imagePullSecrets\":[{\"name\":\"a\"},{}]}",
           "spec.imagePullSecrets[1].name: Required value: Name of a Secret in the cluster's "
           "namespace.");
    decode("{\"imagePullSecrets\":[{\"name\":null}]}");
    ck_assert_uint_eq(faults.denials, 1);
    ck_assert_int_eq(faults.items[0].reason, CAUSE_REQUIRED);
}
END_TEST

START_TEST(decode__all_faults_are_gathered)
{
    decode("{\"image\":5,\"parallelism\":\"x\",\"imagePullPolicy\":\"Sometimes\","
           "\"job\":{\"args\":[1,2],\"state\":false},\"taskManager\":{\"slots\":0}}");
    ck_assert_uint_eq(faults.denials, 7);
    ck_assert_uint_eq(faults.count, 7);
}
END_TEST

START_TEST(decode__objects_that_are_none_are_refused_not_read)
{
    static const char *const TEXTS[] = {"[]",
                                        "\"x\"",
                                        "5",
                                        "true",
                                        "null",
                                        "{\"spec\":[]}",
                                        "{\"spec\":5,\"metadata\":[]}",
                                        "{\"metadata\":{\"name\":5},\"spec\":{}}",
                                        "{}",
                                        "{\"spec\":null}"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        faults = VIOLATIONS(&arena, 100);
        flink_decode(parse(TEXTS[i]), &c, &faults);
        ck_assert_msg(faults.denials != 0, "%s", TEXTS[i]);
        flink_schema_rules(&c, NULL, &faults);
        flink_schema_rules(&c, &c, &faults);
    }
}
END_TEST

START_TEST(decode__fields_of_others_and_unknown_ones_are_no_schema_faults)
{
    expect_good(
        "{\"mode\":\"native\",\"scaling\":{\"x\":1},\"nonsense\":[1],\"job\":{\"parallelism\":2}}");
}
END_TEST

START_TEST(decode__fields_of_others_are_told)
{
    static const struct {
        const char *spec;
        bool foreign;
    } CASES[] = {
        {"{\"image\":\"a\",\"job\":{\"jarURI\":\"local:///a.jar\"}}", false},
        {"{\"mode\":\"native\"}", true},
        {"{\"job\":{\"parallelism\":2}}", true},
        {"{\"taskManager\":{\"replicas\":0,\"resource\":{\"cpu\":1}}}", true},
        {"{\"mode\":null,\"job\":{\"parallelism\":null}}", false},
        {"{\"podTemplate\":{\"mode\":1},\"flinkConfiguration\":{\"mode\":1}}", false},
        {"{\"job\":[{\"parallelism\":2}]}", false},
        {"[]", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        decode(CASES[i].spec);
        ck_assert_msg(c.foreign == CASES[i].foreign, "%s", CASES[i].spec);
    }
}
END_TEST

START_TEST(decode__faults_beyond_the_limit_are_counted)
{
    faults = VIOLATIONS(&arena, 2);
    flink_decode(object("{\"job\":{\"args\":[1,2,3,4,5]}}"), &c, &faults);
    ck_assert_uint_eq(faults.count, 2);
    ck_assert_uint_eq(faults.dropped, 3);
    ck_assert(!c.spec.job.args.set);
}
END_TEST

START_TEST(decode__a_full_arena_never_crashes)
{
    const struct json *o =
        object("{\"job\":{\"args\":[\"a\",\"b\",1]},\"plugins\":[\"x\"],\"image\":5}");
    for (size_t max = 0; max < 4096; max += 16) {
        struct arena small = ARENA(max);
        struct violations few = VIOLATIONS(&small, 100);
        flink_decode(o, &c, &few);
        ck_assert_uint_eq(few.denials, 2);
        arena_done(&small);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, decode__every_kind_of_field_is_read, decode__absent_fields_stay_absent,
          decode__null_reads_as_absent, decode__null_in_a_list_is_a_fault,
          decode__wrong_types_are_named,
          decode__a_fault_leaves_its_member_absent_and_the_others_read,
          decode__bounds_are_inclusive, decode__integral_numbers_are_integers_however_written,
          decode__enums_are_case_sensitive, decode__lengths_count_characters_not_bytes,
          decode__lengths_in_a_map_count_characters_not_bytes, decode__counts_are_bounded,
          decode__a_required_field_is_missed, decode__all_faults_are_gathered,
          decode__objects_that_are_none_are_refused_not_read,
          decode__fields_of_others_and_unknown_ones_are_no_schema_faults,
          decode__fields_of_others_are_told, decode__faults_beyond_the_limit_are_counted,
          decode__a_full_arena_never_crashes)
