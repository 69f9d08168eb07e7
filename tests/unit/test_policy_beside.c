// SPDX-License-Identifier: Apache-2.0
// What reaches a pod beside the fields that a policy names: mounts over Flink's configuration,
// lists in one string, accounts of one's own making, sums that a merge makes, values that are not
// told. And that no object makes a review slow.
#include <check.h>
#include <time.h>

#include "common/flink/rules.h"
#include "tests/unit/flink_case.h"
#include "tests/unit/policy_case.h"
#include "tests/unit/unit.h"

static struct arena arena;

static void setup(void)
{
    arena = ARENA(CASE_ARENA_MAX);
}

static void teardown(void)
{
    arena_done(&arena);
}

/// A FlinkCluster with MORE behind an image and a job; what stands in MORE closes nothing.
static const struct json *cluster(const char *more)
{
    return case_parse(
        &arena,
        arena_printf(&arena,
                     "{\"metadata\":{\"name\":\"fraud\",\"namespace\":\"payments\"},\"spec\":{"
                     "\"flinkVersion\":\"1.20\",\"parallelism\":1,\"image\":\"registry.io/org/"
                     "app:1.20.1\",\"taskManager\":{\"replicas\":1,\"resources\":{\"limits\":{"
                     "\"memory\":\"2Gi\"}}}%s%s}}",
                     strstr(more, "\"job\"") != NULL ? ""
                                                     : ",\"job\":{\"upgradeMode\":\"Stateless\"}",
                     more));
}

static const struct policy_set *policy(const char *spec)
{
    return policy_case_set(&arena, case_parse(&arena, arena_printf(&arena,
                                                                   "{\"metadata\":{\"name\":\"p\"},"
                                                                   "\"spec\":{%s}}",
                                                                   spec)));
}

/// What Sluice's rules and a policy together say of an object with MORE.
static struct violations judged(const char *spec, const char *more)
{
    const struct json *now = cluster(more);
    struct violations v = policy_case_judge(&arena, policy(spec), NULL, now, NULL);
    struct flink_rules_input in = {.now = case_decode(&arena, now)};
    flink_rules_check(&in, &v);
    return v;
}

/// RULE: the one that must refuse it; NULL: it must be let in.
static void must(const char *rule, const char *spec, const char *more)
{
    struct violations v = judged(spec, more);
    bool refused = rule == NULL ? v.denials != 0 : policy_case_count(&v, rule, SEVERITY_DENY) != 0;
    ck_assert_msg(refused == (rule != NULL), "%s was %s%s", more, refused ? "refused" : "let in",
                  policy_case_said(&arena, &v));
}

// ---- Flink's configuration ----------------------------------------------------------------------

#define MAIN(more)                                                                                 \
    ",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"flink-main-container\"," more "}]}}"
#define MOUNT(path) MAIN("\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"" path "\"}]")

START_TEST(configuration__is_not_replaced_by_a_mount)
{
    must("pod_template_environment", "", MOUNT("/opt/flink/conf"));
    must("pod_template_environment", "", MOUNT("/opt/flink/conf/"));
    must("pod_template_environment", "", MOUNT("/opt/flink/conf/flink-conf.yaml"));
    must("pod_template_environment", "", MOUNT("/opt//flink/./conf/x"));
    must("pod_template_environment", "", MOUNT("/opt/flink/lib/../conf"));
    must("pod_template_environment", "", MOUNT("opt/flink/conf"));
    must(NULL, "", MOUNT("/opt/flink/usrlib"));
    must(NULL, "", MOUNT("/opt/flink/conf-of-mine"));
    must(NULL, "", MOUNT("/conf"));
    must(NULL, "",
         ",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"s\",\"image\":\"a.io/s:1\","
         "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/opt/flink/conf\"}]}]}}");
}
END_TEST

START_TEST(configuration__is_not_looked_for_elsewhere)
{
    must("pod_template_environment", "",
         MAIN("\"env\":[{\"name\":\"FLINK_CONF_DIR\",\"value\":\"/x\"}]"));
    must("pod_template_environment", "",
         MAIN("\"env\":[{\"name\":\"FLINK_HOME\",\"value\":\"/x\"}]"));
    must(NULL, "", MAIN("\"env\":[{\"name\":\"TZ\",\"value\":\"UTC\"}]"));
}
END_TEST

// ---- code ---------------------------------------------------------------------------------------

#define JAR(uri) ",\"job\":{\"upgradeMode\":\"Stateless\",\"jarURI\":\"" uri "\"}"

START_TEST(jars__one_uri_is_one_jar)
{
    // Flink splits --jars at commas, and pipeline.classpaths at semicolons.
    must("jar_uri_form", "", JAR("local:///opt/flink/a.jar,https://evil.example.com/x.jar"));
    must("jar_uri_form", "", JAR("local:///opt/flink/a.jar;https://evil.example.com/x.jar"));
    must("jar_uri_form", "", JAR("local:///opt/flink/usrlib/a.jar,https://evil.example.com/x.jar"));
    must(NULL, "", JAR("local:///opt/flink/usrlib/a.jar"));
}
END_TEST

// ---- storage and identities by other words ------------------------------------------------------

#define STORE      "\"storage\":{\"allowed\":[\"s3://flink-{namespace}/**\"]}"
#define CONF(k, v) ",\"flinkConfiguration\":{\"" k "\":\"" v "\"}"

START_TEST(storage__what_is_written_besides_state_counts)
{
    must("storage.allowed", STORE, CONF("jobmanager.archive.fs.dir", "s3://other/x"));
    must("storage.allowed", STORE, CONF("job-result-store.storage-path", "s3://other/x"));
    must(NULL, STORE, CONF("jobmanager.archive.fs.dir", "s3://flink-payments/x"));
}
END_TEST

START_TEST(storage__another_server_is_warned_of)
{
    static const char *const KEYS[] = {"s3.endpoint", "fs.s3a.endpoint",
                                       "fs.s3a.bucket.flink-payments.endpoint",
                                       "gs.storage.root.url"};
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        const char *more =
            arena_printf(&arena, ",\"flinkConfiguration\":{\"%s\":\"https://evil.example.com\"}",
                         KEYS[i])
                .ptr;
        struct violations v = judged(STORE, more);
        ck_assert_msg(policy_case_count(&v, "storage.allowed", SEVERITY_WARN) == 1, "%s", KEYS[i]);
        ck_assert_uint_eq(v.denials, 0);
    }
    struct violations v =
        judged(STORE ",\"flinkConfiguration\":{\"required\":{\"s3.endpoint\":\"https://minio\"}}",
               CONF("s3.endpoint", "https://minio"));
    ck_assert_uint_eq(policy_case_count(&v, "storage.allowed", SEVERITY_WARN), 0);
}
END_TEST

START_TEST(roles__what_a_variable_takes_in_is_warned_of)
{
    struct violations v =
        judged("\"iamRoles\":{\"allowed\":[]}",
               MAIN("\"env\":[{\"name\":\"X\",\"value\":\"-Daws.roleArn=arn:aws:iam::1:role/x\"},"
                    "{\"name\":\"JAVA_TOOL_OPTIONS\",\"value\":\"$(X)\"}]"));
    ck_assert_uint_eq(policy_case_count(&v, "iamRoles.allowed", SEVERITY_WARN), 1);
}
END_TEST

// ---- accounts -----------------------------------------------------------------------------------

#define ROLES         "\"iamRoles\":{\"allowed\":[\"arn:aws:iam::123456789012:role/payments/*\"]}"
#define ACCOUNT(name) ",\"serviceAccountName\":\"" name "\""

START_TEST(accounts__one_that_is_named_is_not_one_that_sluice_makes)
{
    // A given account is left as it is, with the role that somebody put on it.
    must("iamRoles.allowed", ROLES, ACCOUNT("fraud-flink"));
    must(NULL, ROLES, "");
}
END_TEST

START_TEST(accounts__wildcards_do_not_excuse_those_that_sluice_makes_for_others)
{
    // The other FlinkCluster may come later, and bring its role along.
    static const char WILD[] = ROLES ",\"pods\":{\"serviceAccounts\":[\"*-flink\"]}";
    static const char NAMED[] =
        ROLES ",\"pods\":{\"serviceAccounts\":[\"{name}-flink\",\"team-flink\",\"batch-*\"]}";
    must("iamRoles.allowed", WILD, ACCOUNT("score-flink"));
    must("iamRoles.allowed", WILD, ACCOUNT("fraud-flink"));
    must("iamRoles.allowed", NAMED, ACCOUNT("fraud-flink"));
    must(NULL, WILD, "");
    must(NULL, NAMED, ACCOUNT("team-flink"));
    must(NULL, NAMED, ACCOUNT("batch-1"));
}
END_TEST

// ---- what a pod takes ---------------------------------------------------------------------------

#define MAX "\"resources\":{\"taskManager\":{\"max\":{\"memory\":\"4Gi\"}}}"
#define INIT(name, more, memory)                                                                   \
    "{\"name\":\"" name "\",\"image\":\"a.io/a:1\"" more                                           \
    ",\"resources\":{\"limits\":{\"memory\":\"" memory "\"}}}"

START_TEST(resources__an_init_container_runs_beside_sidecars)
{
    must("resources.taskManager.max", MAX,
         ",\"podTemplate\":{\"spec\":{\"initContainers\":[" INIT(
             "s", ",\"restartPolicy\":\"Always\"", "2Gi") "," INIT("i", "", "3Gi") "]}}");
    must(NULL, MAX,
         ",\"podTemplate\":{\"spec\":{\"initContainers\":[" INIT(
             "s", ",\"restartPolicy\":\"Always\"", "2Gi") "," INIT("i", "", "2Gi") "]}}");
}
END_TEST

START_TEST(resources__a_container_is_a_sidecar_by_any_template)
{
    static const char JM[] = "\"resources\":{\"jobManager\":{\"max\":{\"memory\":\"4Gi\"}}}";
#define BY(template, more)                                                                         \
    ",\"podTemplate\":{\"spec\":{\"initContainers\":[" INIT(                                       \
        "s", "", "3Gi") "]}},\"" template "\":{\"podTemplate\":{\"spec\":{\"initContainers\":[{"   \
                                          "\"name\":\"s\"" more "}]}}}"
    must("resources.jobManager.max", JM, BY("jobManager", ",\"restartPolicy\":\"Always\""));
    must(NULL, JM, BY("jobManager", ""));
}
END_TEST

// ---- the ratchet --------------------------------------------------------------------------------

#define KEY_FROM(secret)                                                                           \
    MAIN("\"env\":[{\"name\":\"AWS_ACCESS_KEY_ID\",\"valueFrom\":{\"secretKeyRef\":{\"name\":"     \
         "\"" secret "\",\"key\":\"id\"}}}]")

START_TEST(ratchet__another_secret_is_another_fault)
{
    const struct policy_set *set = policy(ROLES);
    const struct json *old = cluster(KEY_FROM("mine"));
    ck_assert_uint_eq(policy_case_judge(&arena, set, NULL, old, old).denials, 0);
    ck_assert_uint_eq(
        policy_case_judge(&arena, set, NULL, cluster(KEY_FROM("theirs")), old).denials, 1);
}
END_TEST

START_TEST(ratchet__an_old_flink_version_does_not_excuse_an_older_image)
{
    const struct policy_set *set = policy("\"images\":{\"flinkVersions\":[\"2.x\"]}");
    const struct json *old = cluster("");
    const struct json *now = case_parse(
        &arena, SV("{\"metadata\":{\"name\":\"fraud\",\"namespace\":\"payments\"},\"spec\":{"
                   "\"flinkVersion\":\"1.20\",\"parallelism\":1,\"image\":\"registry.io/org/"
                   "app:1.17.2\",\"taskManager\":{\"replicas\":1}}}"));
    ck_assert_uint_eq(policy_case_judge(&arena, set, NULL, old, old).denials, 0);
    ck_assert_uint_eq(policy_case_judge(&arena, set, NULL, now, old).denials, 1);
}
END_TEST

// ---- work ---------------------------------------------------------------------------------------

/// A policy of 256 patterns, of which only the last matches.
static const struct policy_set *long_list(const char *before, const char *behind)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    strbuf_put_str(&b, "\"images\":{\"allowed\":[");
    for (int i = 0; i < 255; i++) {
        strbuf_printf(&b, "\"%s%d%s\",", before, i, behind);
    }
    strbuf_put_str(&b, "\"registry.io/**\"]}");
    return policy(arena_copy(&arena, strbuf_view(&b)).ptr);
}

/// N containers, each with an image of its own.
static const struct json *many_images(int n)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 22);
    strbuf_put_str(&b, ",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"m\"}");
    for (int i = 0; i < n; i++) {
        strbuf_printf(&b, ",{\"name\":\"c%d\",\"image\":\"registry.io/org/a/b/c/d/e:%d\"}", i, i);
    }
    strbuf_put_str(&b, "]}}");
    return cluster(arena_copy(&arena, strbuf_view(&b)).ptr);
}

static void takes_little(const struct policy_set *set)
{
    const struct json *object = many_images(15000);
    clock_t start = clock();
    struct violations v = policy_case_judge(&arena, set, NULL, object, object);
    ck_assert_int_lt((clock() - start) / (CLOCKS_PER_SEC / 1000), 3000); // ms; about 50 are needed
    // What was not looked at is refused, also where it stood before.
    ck_assert_uint_eq(v.denials, 1);
    ck_assert_ptr_nonnull(strstr(policy_case_said(&arena, &v), "not all of it was looked at"));
}

START_TEST(work__of_one_object_has_an_end)
{
    takes_little(long_list("registry.io/team-", "/**/x*"));
    takes_little(long_list("regex:registry\\\\.io/([a-z]*/?){1,60}x", ""));
}
END_TEST

START_TEST(work__of_real_objects_does_not_reach_it)
{
    const struct policy_set *set = long_list("registry.io/team-", "/**/x*");
    ck_assert_uint_eq(policy_case_judge(&arena, set, NULL, many_images(1000), NULL).denials, 0);
    set = long_list("regex:registry\\\\.io/team-", "/([a-z]+/)*[a-z]+");
    ck_assert_uint_eq(policy_case_judge(&arena, set, NULL, many_images(20), NULL).denials, 0);
}
END_TEST

UNIT_MAIN(setup, teardown, configuration__is_not_replaced_by_a_mount,
          configuration__is_not_looked_for_elsewhere, jars__one_uri_is_one_jar,
          storage__what_is_written_besides_state_counts, storage__another_server_is_warned_of,
          roles__what_a_variable_takes_in_is_warned_of,
          accounts__one_that_is_named_is_not_one_that_sluice_makes,
          accounts__wildcards_do_not_excuse_those_that_sluice_makes_for_others,
          resources__an_init_container_runs_beside_sidecars,
          resources__a_container_is_a_sidecar_by_any_template,
          ratchet__another_secret_is_another_fault,
          ratchet__an_old_flink_version_does_not_excuse_an_older_image,
          work__of_one_object_has_an_end, work__of_real_objects_does_not_reach_it)
