// SPDX-License-Identifier: Apache-2.0
#include "webhook/review.h"

#include <check.h>
#include <stdio.h>

#include "common/base/mem.h"
#include "common/yaml/yaml.h"
#include "tests/fakes/review_case.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct case_answer answer;

static void setup(void)
{
    arena = ARENA((size_t)256 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

#define ENVELOPE "\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\""
#define KIND                                                                                       \
    "\"kind\":{\"group\":\"sluice.dev\",\"version\":\"v1beta1\",\"kind\":\"FlinkCluster\"},"       \
    "\"resource\":{\"group\":\"sluice.dev\",\"version\":\"v1beta1\",\"resource\":"                 \
    "\"flinkclusters\"},\"name\":\"c\",\"namespace\":\"ns\""
#define REVIEW(members) "{" ENVELOPE ",\"request\":{\"uid\":\"u-1\"," KIND "," members "}}"
#define CLUSTER(annotations, spec)                                                                 \
    "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkCluster\",\"metadata\":{"              \
    "\"name\":\"c\",\"namespace\":\"ns\",\"annotations\":{" annotations "}},\"spec\":{" spec "}}"
#define LEAN         "\"image\":\"registry.example.com/flink:1.20.1\""
#define FILLED       LEAN ",\"flinkVersion\":\"1.20\",\"parallelism\":1,\"taskManager\":{\"replicas\":1}"
#define CREATE(spec) REVIEW("\"operation\":\"CREATE\",\"object\":" CLUSTER("", spec))

static void run(const char *body, enum review_kind kind)
{
    case_review(sv_from(body), kind, &arena, &answer);
}

static void assert_refused(int code, const char *what)
{
    ck_assert_msg(answer.result.http_status == 200, "%s: HTTP %d", what, answer.result.http_status);
    ck_assert_msg(!answer.allowed && answer.code == code, "%s: %.*s", what, SV_ARG(answer.text));
    ck_assert_msg(sv_eq_lit(answer.uid, "u-1"), "%s: %.*s", what, SV_ARG(answer.uid));
}

// ---- reviews that are none ----------------------------------------------------------------------

START_TEST(review__malformed_json_is_refused_under_its_uid)
{
    static const char *const rows[] = {
        "{\"request\":{\"uid\":\"u-1\"",
        "{\"request\":{\"uid\":\"u-1\"}",
        "{\"request\":{\"uid\":\"u-1\",\"uid\":\"u-2\"}}",
        "{\"request\":{\"uid\":\"u-1\",\"a\":\"\xff\"}}",
        "{\"request\":{\"uid\":\"u-1\",\"a\":\"\\u0000\"}}",
        "{\"request\":{\"uid\":\"u-1\",\"a\":01}}",
        "{\"request\":{\"uid\":\"u-1\"}} {}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run(rows[i], i % 2 == 0 ? REVIEW_MUTATE : REVIEW_VALIDATE);
        assert_refused(400, rows[i]);
        ck_assert_int_eq(answer.result.verdict, REVIEW_MALFORMED);
    }
}
END_TEST

START_TEST(review__malformed_json_without_a_uid_is_http_400)
{
    static const char *const rows[] = {
        "", "{", "\xff", "[1,]", "{\"uid\":\"u-1\"", "{\"a\":{\"uid\":\"u-1\"}"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run(rows[i], REVIEW_VALIDATE);
        ck_assert_msg(answer.result.http_status == 400, "%s", rows[i]);
        ck_assert_int_eq(answer.result.code, 400);
    }
}
END_TEST

START_TEST(review__too_many_values_or_too_long_a_string_is_413)
{
    static char text[3 << 20];
    for (int with_uid = 0; with_uid < 2; with_uid++) {
        const char *lead = with_uid ? "{\"request\":{\"uid\":\"u-1\"},\"a\":" : "{\"a\":";
        for (int kind = 0; kind < 2; kind++) {
            size_t n = (size_t)snprintf(text, sizeof(text), "%s%s", lead, kind ? "\"" : "[");
            for (int i = 0; i < (kind ? 1100000 : 100001); i++) {
                text[n++] = kind ? 'x' : '1';
                text[n] = ',';
                n += !kind;
            }
            snprintf(text + n, sizeof(text) - n, "%s", kind ? "\"}" : "1]}");
            run(text, REVIEW_VALIDATE);
            if (with_uid) {
                assert_refused(413, "with a uid");
            } else {
                ck_assert_int_eq(answer.result.http_status, 413);
            }
        }
    }
}
END_TEST

START_TEST(review__what_is_no_review_of_a_flink_cluster_is_refused)
{
    static const char *const rows[] = {
        "{\"apiVersion\":\"admission.k8s.io/v1beta1\",\"kind\":\"AdmissionReview\",\"request\":{"
        "\"uid\":\"u-1\"}}",
        "{\"kind\":\"Pod\",\"request\":{\"uid\":\"u-1\"}}",
        "{" ENVELOPE ",\"request\":{\"uid\":\"u-1\"}}",
        "{" ENVELOPE ",\"request\":{\"uid\":\"u-1\",\"operation\":\"CREATE\",\"object\":{},"
        "\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}}}",
        "{" ENVELOPE ",\"request\":{\"uid\":\"u-1\",\"operation\":\"CREATE\",\"object\":{},"
        "\"kind\":{\"group\":\"sluice.dev\",\"version\":\"v1\",\"kind\":\"FlinkCluster\"}}}",
        REVIEW("\"operation\":\"CONNECT\""),
        REVIEW("\"operation\":\"PATCH\",\"object\":{}"),
        REVIEW("\"operation\":\"CREATE\""),
        REVIEW("\"operation\":\"CREATE\",\"object\":null"),
        REVIEW("\"operation\":\"CREATE\",\"object\":[]"),
        REVIEW("\"operation\":\"UPDATE\",\"object\":{}"),
        REVIEW("\"operation\":\"DELETE\",\"object\":{}"),
        REVIEW(
            "\"operation\":\"UPDATE\",\"subResource\":\"status\",\"object\":{},\"oldObject\":{}"),
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (enum review_kind k = REVIEW_MUTATE; k < REVIEW_KIND_COUNT; k++) {
            run(rows[i], k);
            assert_refused(400, rows[i]);
            ck_assert_int_eq(answer.result.verdict, REVIEW_MALFORMED);
        }
    }
}
END_TEST

START_TEST(review__a_review_without_a_uid_is_http_400)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "null",
        "{" ENVELOPE "}",
        "{" ENVELOPE ",\"request\":null}",
        "{" ENVELOPE ",\"request\":{}}",
        "{" ENVELOPE ",\"request\":{\"uid\":\"\"}}",
        "{" ENVELOPE ",\"request\":{\"uid\":7}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run(rows[i], REVIEW_VALIDATE);
        ck_assert_msg(answer.result.http_status == 400, "%s", rows[i]);
    }
}
END_TEST

// ---- mutate -------------------------------------------------------------------------------------

START_TEST(mutate__what_was_left_out_is_patched_in_and_the_second_pass_is_quiet)
{
    run(CREATE(LEAN), REVIEW_MUTATE);
    ck_assert(answer.allowed && sv_present(answer.patch));
    ck_assert_int_eq(answer.result.verdict, REVIEW_PATCHED);
    struct strview body = case_review_patched(SV(CREATE(LEAN)), answer.patch, &arena);
    case_review(body, REVIEW_MUTATE, &arena, &answer);
    ck_assert(answer.allowed && !sv_present(answer.patch));
    ck_assert_int_eq(answer.result.verdict, REVIEW_ALLOWED);
    case_review(body, REVIEW_VALIDATE, &arena, &answer);
    ck_assert_msg(answer.allowed, "%.*s", SV_ARG(answer.text));
}
END_TEST

START_TEST(mutate__a_whole_object_is_left_alone)
{
    run(CREATE(FILLED), REVIEW_MUTATE);
    ck_assert(answer.allowed && !sv_present(answer.patch));
    ck_assert_ptr_null(answer.warnings);
    ck_assert_ptr_null(answer.audit);
}
END_TEST

START_TEST(mutate__a_fault_of_a_rule_waits_for_validation)
{
    static const char body[] = CREATE("\"image\":\"Bad Image\",\"flinkVersion\":\"1.20\","
                                      "\"parallelism\":1,\"taskManager\":{\"replicas\":1}");
    run(body, REVIEW_MUTATE);
    ck_assert(answer.allowed);
    run(body, REVIEW_VALIDATE);
    assert_refused(422, "validate");
    ck_assert(case_has_cause(&answer, "spec.image"));
}
END_TEST

/// The sample's first document as the review that a create of it is.
static struct strview review_of_sample(const char *path)
{
    struct strview full = arena_printf(&arena, SLUICE_SOURCE_DIR "/%s", path);
    FILE *f = fopen(full.ptr, "re");
    ck_assert_msg(f != NULL, "%s", path);
    char text[8192];
    size_t n = fread(text, 1, sizeof(text), f);
    (void)fclose(f);
    struct yaml_document *docs;
    size_t count;
    struct err err = {.code = E_OK};
    ck_assert_msg(yaml_to_json(sv_make(text, n), NULL, &arena, &docs, &count, &err) == 0, "%s",
                  err.msg);
    return arena_printf(&arena,
                        "{" ENVELOPE ",\"request\":{\"uid\":\"u-1\"," KIND
                        ",\"operation\":\"CREATE\",\"object\":%.*s}}",
                        SV_ARG(docs[0].json));
}

START_TEST(mutate__all_five_faults_are_named_at_once_when_the_schema_refuses_anyway)
{
    static const char *const fields[] = {"spec.image", "spec.iamRole", "spec.parallelism",
                                         "spec.taskManager.resources.requests[memory]",
                                         "spec.job.upgradeMode"};
    struct strview body = review_of_sample("manifests/samples/bad/five-faults.yaml");
    case_review(body, REVIEW_MUTATE, &arena, &answer);
    assert_refused(422, "five faults");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        ck_assert_msg(case_has_cause(&answer, fields[i]), "%s: %.*s", fields[i],
                      SV_ARG(answer.text));
    }
    ck_assert_uint_eq(json_count(answer.causes), ARRAY_LEN(fields));
    ck_assert_uint_eq(answer.result.causes, ARRAY_LEN(fields));
    struct strview rules = json_get_string(answer.audit, SV("rules"));
    ck_assert(sv_find(rules, SV("image_reference")) != SIZE_MAX &&
              sv_find(rules, SV("schema.")) != SIZE_MAX);
}
END_TEST

// ---- validate -----------------------------------------------------------------------------------

#define NOTE                                                                                       \
    "\"sluice.dev/defaulted\":\"{\\\"flinkVersion\\\":{\\\"value\\\":\\\"1.20\\\",\\\"tag\\\":"    \
    "\\\"1.20.1\\\"},\\\"taskManager.replicas\\\":{\\\"value\\\":4,\\\"parallelism\\\":4,"         \
    "\\\"slots\\\":1}}\""
#define NOTED(image, rest)                                                                         \
    CLUSTER(NOTE,                                                                                  \
            "\"image\":\"" image "\",\"flinkVersion\":\"1.20\",\"taskManager\":{\"replicas\":4},"  \
            "\"plugins\":[\"s3-hadoop\"],\"job\":" rest)
#define NOTED_UPDATE(image, rest)                                                                  \
    REVIEW("\"operation\":\"UPDATE\",\"object\":" NOTED(image, rest) ",\"oldObject\":" NOTED(      \
        "flink:1.20.1", "{\"upgradeMode\":\"Stateless\"},\"parallelism\":4"))

START_TEST(mutate__a_default_that_would_follow_is_no_fault_beside_those_of_the_schema)
{
    run(NOTED_UPDATE("flink:2.0.0", "{\"upgradeMode\":\"stateless\"},\"parallelism\":8"),
        REVIEW_MUTATE);
    assert_refused(422, "an enum");
    ck_assert(case_has_cause(&answer, "spec.job.upgradeMode"));
    ck_assert_uint_eq(json_count(answer.causes), 1);
    run(NOTED_UPDATE("flink:2.0.0", "{\"upgradeMode\":\"Stateless\"},\"parallelism\":\"8\""),
        REVIEW_MUTATE);
    assert_refused(422, "a type");
    ck_assert(case_has_cause(&answer, "spec.parallelism"));
    ck_assert_uint_eq(json_count(answer.causes), 1);
}
END_TEST

START_TEST(validate__an_object_without_its_defaults_is_told_that_mutation_did_not_run)
{
    run(CREATE(LEAN), REVIEW_VALIDATE);
    assert_refused(422, "not mutated");
    ck_assert(case_has_cause(&answer, "spec.parallelism"));
    ck_assert(case_has_cause(&answer, "spec.taskManager.replicas"));
}
END_TEST

START_TEST(validate__what_is_right_is_allowed_with_its_audit_annotations)
{
    run(CREATE(FILLED), REVIEW_VALIDATE);
    ck_assert_msg(answer.allowed, "%.*s", SV_ARG(answer.text));
    ck_assert(sv_eq_lit(json_get_string(answer.audit, SV("enforcement")), "Deny"));
    ck_assert(!sv_present(json_get_string(answer.audit, SV("policies"))));
}
END_TEST

START_TEST(validate__audit_names_each_rule_that_spoke_once)
{
    run(CREATE(FILLED ",\"iamRole\":\"x\",\"imagePullSecrets\":[{\"name\":\"\"},{\"name\":\"\"}]"),
        REVIEW_VALIDATE);
    assert_refused(422, "two rules");
    struct strview rules = json_get_string(answer.audit, SV("rules"));
    size_t at = sv_find(rules, SV("pull_secret_names"));
    ck_assert_msg(at != SIZE_MAX && sv_find(rules, SV("iam_role_form")) != SIZE_MAX, "%.*s",
                  SV_ARG(rules));
    ck_assert(sv_find(sv_from_pos(rules, at + 1), SV("pull_secret_names")) == SIZE_MAX);
}
END_TEST

START_TEST(validate__warnings_are_short_and_name_their_field)
{
    run(CREATE(LEAN
               ",\"flinkVersion\":\"v1_20\",\"parallelism\":1,\"taskManager\":{\"replicas\":9},"
               "\"flinkConfiguration\":{\"kubernetes.operator.savepoint.history.max.count\":\"1\","
               "\"job.autoscaler.enabled\":\"true\"}"),
        REVIEW_VALIDATE);
    ck_assert_msg(answer.allowed, "%.*s", SV_ARG(answer.text));
    ck_assert_uint_ge(json_count(answer.warnings), 3);
    json_each(warning, answer.warnings) {
        ck_assert(sv_starts(json_string(warning), SV("spec.")));
    }
}
END_TEST

START_TEST(validate__any_number_of_faults_fits_into_a_bounded_answer)
{
    struct strview keys = SV("");
    for (int i = 0; i < 1000; i++) {
        keys = arena_printf(&arena, "%.*s%s\"\"", SV_ARG(keys), i != 0 ? "," : "");
    }
    struct strview body = arena_printf(
        &arena,
        "{" ENVELOPE ",\"request\":{\"uid\":\"u-1\"," KIND ",\"operation\":\"CREATE\",\"object\":{"
        "\"metadata\":{\"name\":\"c\"},\"spec\":{" FILLED ",\"imagePullSecrets\":[%.*s]}}}}",
        SV_ARG(keys));
    case_review(body, REVIEW_MUTATE, &arena, &answer);
    assert_refused(422, "a thousand faults");
    ck_assert_uint_le(answer.text.len, 128 << 10);
    ck_assert(sv_find(answer.message, SV("more")) != SIZE_MAX);
}
END_TEST

START_TEST(validate__a_dry_run_gets_the_same_answer)
{
    static const char *const specs[] = {CREATE(FILLED), CREATE(LEAN)};
    static const char *const dry[] = {
        REVIEW("\"dryRun\":true,\"operation\":\"CREATE\",\"object\":" CLUSTER("", FILLED)),
        REVIEW("\"dryRun\":true,\"operation\":\"CREATE\",\"object\":" CLUSTER("", LEAN))};
    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        for (enum review_kind k = REVIEW_MUTATE; k < REVIEW_KIND_COUNT; k++) {
            run(specs[i], k);
            struct strview wet = answer.text;
            run(dry[i], k);
            ck_assert(sv_eq(wet, answer.text));
        }
    }
}
END_TEST

START_TEST(validate__an_old_fault_is_a_warning_and_a_new_one_a_denial)
{
    run(REVIEW("\"operation\":\"UPDATE\",\"object\":" CLUSTER(
            "\"a\":\"b\"", FILLED
            ",\"iamRole\":\"x\"") ",\"oldObject\":" CLUSTER("", FILLED ",\"iamRole\":\"x\"")),
        REVIEW_VALIDATE);
    ck_assert_msg(answer.allowed, "%.*s", SV_ARG(answer.text));
    ck_assert_uint_ge(json_count(answer.warnings), 1);
    run(REVIEW("\"operation\":\"UPDATE\",\"object\":" CLUSTER(
            "", FILLED ",\"iamRole\":\"y\"") ",\"oldObject\":" CLUSTER("", FILLED
                                                                       ",\"iamRole\":\"x\"")),
        REVIEW_VALIDATE);
    assert_refused(422, "a new fault");
}
END_TEST

START_TEST(delete__is_refused_only_while_the_annotation_stands)
{
#define PROTECT "\"sluice.dev/deletion-protection\":"
    run(REVIEW("\"operation\":\"DELETE\",\"oldObject\":" CLUSTER(PROTECT "\"true\"", FILLED)),
        REVIEW_VALIDATE);
    assert_refused(403, "protected");
    ck_assert(sv_find(answer.message, SV("deletion-protection")) != SIZE_MAX);
    static const char *const free_ones[] = {
        REVIEW("\"operation\":\"DELETE\",\"oldObject\":" CLUSTER("", FILLED)),
        REVIEW("\"operation\":\"DELETE\",\"oldObject\":" CLUSTER(PROTECT "\"false\"", FILLED)),
        REVIEW("\"operation\":\"DELETE\",\"oldObject\":" CLUSTER(PROTECT "true", FILLED)),
        REVIEW("\"operation\":\"DELETE\",\"object\":null,\"oldObject\":{}"),
    };
    for (size_t i = 0; i < ARRAY_LEN(free_ones); i++) {
        run(free_ones[i], REVIEW_VALIDATE);
        ck_assert_msg(answer.allowed, "%s", free_ones[i]);
        run(free_ones[i], REVIEW_MUTATE);
        ck_assert(answer.allowed && !sv_present(answer.patch));
    }
}
END_TEST

// ---- namespaces -------------------------------------------------------------------------------

START_TEST(review__outside_the_namespaces_everything_passes_as_it_is)
{
    static const char *const elsewhere[] = {"other", "n", "ns2", ""};
    const struct strview bad = SV(CREATE("\"image\":7"));
    for (size_t i = 0; i <= ARRAY_LEN(elsewhere); i++) {
        bool among = i == ARRAY_LEN(elsewhere);
        const char *const names[] = {"first", among ? "ns" : elsewhere[i]};
        const struct review_context context = {
            .scope = {.namespaces = names, .count = ARRAY_LEN(names)}};
        for (enum review_kind k = REVIEW_MUTATE; k < REVIEW_KIND_COUNT; k++) {
            CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
            struct review_result ret;
            review_run(&context, bad, k, &arena, &out, &ret);
            ck_assert_int_eq(ret.code, among ? 422 : 0);
            ck_assert_int_eq(ret.verdict, among ? REVIEW_DENIED : REVIEW_ALLOWED);
        }
    }
}
END_TEST

UNIT_MAIN(setup, teardown, review__malformed_json_is_refused_under_its_uid,
          review__malformed_json_without_a_uid_is_http_400,
          review__too_many_values_or_too_long_a_string_is_413,
          review__what_is_no_review_of_a_flink_cluster_is_refused,
          review__a_review_without_a_uid_is_http_400,
          mutate__what_was_left_out_is_patched_in_and_the_second_pass_is_quiet,
          mutate__a_whole_object_is_left_alone, mutate__a_fault_of_a_rule_waits_for_validation,
          mutate__all_five_faults_are_named_at_once_when_the_schema_refuses_anyway,
          mutate__a_default_that_would_follow_is_no_fault_beside_those_of_the_schema,
          validate__an_object_without_its_defaults_is_told_that_mutation_did_not_run,
          validate__what_is_right_is_allowed_with_its_audit_annotations,
          validate__audit_names_each_rule_that_spoke_once,
          validate__warnings_are_short_and_name_their_field,
          validate__any_number_of_faults_fits_into_a_bounded_answer,
          validate__a_dry_run_gets_the_same_answer,
          validate__an_old_fault_is_a_warning_and_a_new_one_a_denial,
          delete__is_refused_only_while_the_annotation_stands,
          review__outside_the_namespaces_everything_passes_as_it_is)
