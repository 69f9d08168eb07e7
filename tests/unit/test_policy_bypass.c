// SPDX-License-Identifier: Apache-2.0
// The ways past a policy that others left open, each tried: against Sluice's own rules and a policy
// together, as admission asks them. Sources: CVE-2023-2727, Gatekeeper's K8sAllowedRepos and
// K8sDisallowedTags, kube2iam and kiam, Hadoop's and Flink's credential settings.
#include <check.h>

#include "common/flink/rules.h"
#include "tests/unit/flink_case.h"
#include "tests/unit/policy_case.h"
#include "tests/unit/unit.h"

#define ROLE "arn:aws:iam::123456789012:role/payments/fraud"

static struct arena arena;

static void setup(void)
{
    arena = ARENA(CASE_ARENA_MAX);
}

static void teardown(void)
{
    arena_done(&arena);
}

/// Denials of a FlinkCluster whose spec has MORE beside what one needs, under a policy of spec
/// POLICY.
static struct violations judged(const char *policy, const char *more)
{
    struct strview object = arena_printf(
        &arena,
        "{\"metadata\":{\"name\":\"fraud\",\"namespace\":\"payments\"},\"spec\":{\"flinkVersion\":"
        "\"1.20\",\"parallelism\":1,\"taskManager\":{\"replicas\":1%s",
        more);
    const struct json *now = case_parse(&arena, object);
    struct strview text =
        arena_printf(&arena, "{\"metadata\":{\"name\":\"p\"},\"spec\":{%s}}", policy);
    const struct policy_set *set = policy_case_set(&arena, case_parse(&arena, text));
    struct violations v = policy_case_judge(&arena, set, NULL, now, NULL);
    struct flink_rules_input in = {.now = case_decode(&arena, now)};
    flink_rules_check(&in, &v);
    return v;
}

/// RULE: the one that must refuse it; "": any; NULL: it must be let in.
static void must(const char *rule, const char *policy, const char *more)
{
    struct violations v = judged(policy, more);
    bool refused = rule == NULL || *rule == '\0' ? v.denials != 0
                                                 : policy_case_count(&v, rule, SEVERITY_DENY) != 0;
    ck_assert_msg(refused == (rule != NULL), "%s was %s%s", more, refused ? "refused" : "let in",
                  policy_case_said(&arena, &v));
}

#define JOB "},\"job\":{\"upgradeMode\":\"Stateless\"}"

/// The spec with that image.
static const char *with_image(const char *image)
{
    return arena_printf(&arena, JOB ",\"image\":\"%s\"}}", image).ptr;
}

// ---- images -------------------------------------------------------------------------------------

#define WITH_DIGEST(name) (name DIGEST)
#define DIGEST            "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

START_TEST(images__what_looks_like_an_allowed_one_is_refused)
{
    static const char ORG[] = "\"images\":{\"allowed\":[\"registry.io/org/**\"]}";
    static const char *const GOOD[] = {"registry.io/org/app:1.20.1", "registry.io/org/a/b:1.20.1",
                                       WITH_DIGEST("registry.io/org/app")};
    static const char *const BAD[] = {
        "registry.io/org-evil/app:1.20.1",
        "registry.io/orgevil/app:1.20.1",
        "registry.io/org:1.20.1",
        "registry.io.evil/org/app:1.20.1",
        "registry.io.evil.com/org/app:1.20.1",
        "evil.com/registry.io/org/app:1.20.1",
        "xregistry.io/org/app:1.20.1",
        "sub.registry.io/org/app:1.20.1",
        "registry.io:443/org/app:1.20.1",
        "registry.io:5000/org/app:1.20.1",
        "registry.io./org/app:1.20.1",
        "REGISTRY.IO/org/app:1.20.1",
        "Registry.io/org/app:1.20.1",
        "registry.io/ORG/app:1.20.1",
        "registry.io/org/../evil/app:1.20.1",
        "registry.io//org/app:1.20.1",
        "registry.io/org%2fapp:1.20.1",
        "https://registry.io/org/app:1.20.1",
        "user@registry.io/org/app:1.20.1",
        "registry.io@evil.com/org/app:1.20.1",
        " registry.io/org/app:1.20.1",
        "registry.io/org/app:1.20.1\\n",
        "registr\\u0443.io/org/app:1.20.1",             // Cyrillic
        "registry.io/\\uff4f\\uff52\\uff47/app:1.20.1", // full width
        "registry\\u3002io/org/app:1.20.1",             // ideographic full stop
        "org/app:1.20.1",
        "app:1.20.1",
        "docker.io/org/app:1.20.1",
    };
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        must(NULL, ORG, with_image(GOOD[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        must("", ORG, with_image(BAD[i]));
    }
}
END_TEST

START_TEST(images__short_names_are_what_the_runtime_pulls)
{
    static const char HUB[] = "\"images\":{\"allowed\":[\"docker.io/library/flink\"]}";
    static const char *const GOOD[] = {"flink:1.20.1", "library/flink:1.20.1",
                                       "docker.io/flink:1.20.1",
                                       "index.docker.io/library/flink:1.20.1"};
    static const char *const BAD[] = {"evil/flink:1.20.1", "localhost/flink:1.20.1",
                                      "flink.io/flink:1.20.1", "docker.io/evil/flink:1.20.1"};
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        must(NULL, HUB, with_image(GOOD[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        must("images.allowed", HUB, with_image(BAD[i]));
    }
}
END_TEST

START_TEST(tags__a_port_is_none_and_a_digest_excuses_none)
{
    static const char LATEST[] = "\"images\":{\"tags\":{\"denied\":[\"latest\"]}}";
    static const char REQUIRED[] = "\"images\":{\"tags\":{\"required\":true}}";
    must("images.tags.denied", LATEST, with_image("host.io:443/img"));
    must("images.tags.required", REQUIRED, with_image("host.io:443/img"));
    must("images.tags.denied", LATEST, with_image("host.io:443/img:latest"));
    must("images.tags.denied", LATEST, with_image("img:latest" DIGEST));
    must("images.tags.denied", LATEST, with_image("img"));
    must(NULL, LATEST, with_image("host.io:443/img:1.20.1"));
    must(NULL, LATEST, with_image("img" DIGEST));
    must(NULL, LATEST, with_image("latest:1.20.1"));
    must(NULL, LATEST, with_image("host.io/latest/img:1.20.1"));
}
END_TEST

/// The same under each of the three pod templates.
static void each_template(const char *rule, const char *policy, const char *template)
{
    must(rule, policy,
         arena_printf(&arena, JOB ",\"image\":\"registry.io/org/app:1.20.1\",\"podTemplate\":%s}}",
                      template)
             .ptr);
    must(rule, policy,
         arena_printf(&arena,
                      JOB ",\"image\":\"registry.io/org/app:1.20.1\",\"jobManager\":{"
                          "\"podTemplate\":%s}}}",
                      template)
             .ptr);
    must(rule, policy,
         arena_printf(&arena,
                      ",\"podTemplate\":%s" JOB ",\"image\":\"registry.io/org/app:1.20.1\"}}",
                      template)
             .ptr);
}

START_TEST(images__of_every_container_and_volume_of_every_template_count)
{
    static const char ORG[] = "\"images\":{\"allowed\":[\"registry.io/org/**\"]}";
    static const char *const BAD[] = {
        "{\"spec\":{\"containers\":[{\"name\":\"s\",\"image\":\"evil.io/s:1\"}]}}",
        "{\"spec\":{\"initContainers\":[{\"name\":\"i\",\"image\":\"evil.io/s:1\"}]}}",
        "{\"spec\":{\"initContainers\":[{\"name\":\"i\",\"restartPolicy\":\"Always\",\"image\":"
        "\"evil.io/s:1\"}]}}",
        "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"e\",\"image\":\"evil.io/s:1\"}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"flink-main-container\",\"image\":\"evil.io/s:1\"}]}"
        "}",
        "{\"spec\":{\"volumes\":[{\"name\":\"v\",\"image\":{\"reference\":\"evil.io/s:1\"}}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"registry.io/org/a:1\"},{\"name\":"
        "\"s\",\"image\":\"evil.io/s:1\"}]}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        each_template("images.allowed", ORG, BAD[i]);
    }
    each_template(
        NULL, ORG,
        "{\"spec\":{\"containers\":[{\"name\":\"s\",\"image\":\"registry.io/org/s:1\"}]}}");
}
END_TEST

// ---- roles --------------------------------------------------------------------------------------

static const char ROLES[] =
    "\"iamRoles\":{\"allowed\":[\"arn:aws:iam::123456789012:role/{namespace}/*\"]}";

static const char *with_spec(const char *member)
{
    return arena_printf(&arena, JOB ",\"image\":\"registry.io/org/app:1.20.1\",%s}}", member).ptr;
}

static const char *with_role(const char *role)
{
    return with_spec(arena_printf(&arena, "\"iamRole\":\"%s\"", role).ptr);
}

START_TEST(roles__what_looks_like_an_allowed_one_is_refused)
{
    static const char *const BAD[] = {
        "fraud",
        "payments/fraud",
        "arn:aws-cn:iam::123456789012:role/payments/fraud",
        "arn:aws:iam::123456789013:role/payments/fraud",
        "arn:aws:iam::123456789012:role/payments-evil/fraud",
        "arn:aws:iam::123456789012:role/paymentsx",
        "arn:aws:iam::123456789012:role/fraud",
        "arn:aws:iam::123456789012:role/payments/admin/fraud",
        "arn:aws:iam::123456789012:role/x/payments/fraud",
        "arn:aws:iam::123456789012:role//payments/fraud",
        "arn:aws:iam::123456789012:role/payments/../admin",
        "arn:aws:iam::123456789012:role/payments/",
        "arn:aws:iam::123456789012:Role/payments/fraud",
        "ARN:aws:iam::123456789012:role/payments/fraud",
        "arn:aws:iam::123456789012:role/Payments/fraud",
        "arn:aws:iam:us-east-1:123456789012:role/payments/fraud",
        "arn:aws:sts::123456789012:assumed-role/payments/fraud",
        "arn:aws:iam::123456789012:assumed-role/payments/fraud",
        "arn:aws:iam::123456789012:user/payments/fraud",
        "arn:aws:iam::123456789012:instance-profile/payments/fraud",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:role/payments/*",
        " " ROLE,
        ROLE "\\n",
        "arn:aws:iam::123456789012:role/p\\u0430yments/fraud", // Cyrillic
        "arn:aws:iam::\\uff11\\uff12\\uff13456789012:role/payments/fraud",
        "fraud@project.iam.gserviceaccount.com",
        "11111111-2222-3333-4444-555555555555",
    };
    must(NULL, ROLES, with_role(ROLE));
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        must("", ROLES, with_role(BAD[i]));
    }
}
END_TEST

/// Two refusals with the same words tell nobody what to do.
START_TEST(roles__each_kind_of_fault_has_its_own_reason)
{
    static const char *const ENV[] = {"fraud",
                                      "arn:aws-cn:iam::123456789012:role/payments/fraud",
                                      "arn:aws:iam::999999999999:role/payments/fraud",
                                      "arn:aws:sts::123456789012:assumed-role/p/f",
                                      "arn:aws:iam::123456789012:user/payments/fraud",
                                      "arn:aws:iam::123456789012:role/risk/fraud"};
    static const char *const SAID[] = {"bare role name",    "another partition", "another account",
                                       "assumed-role is a", "not users",         "not among"};
    for (size_t i = 0; i < ARRAY_LEN(ENV); i++) {
        const char *member =
            arena_printf(&arena,
                         "\"podTemplate\":{\"metadata\":{\"annotations\":{\"iam.amazonaws.com/"
                         "role\":\"%s\"}}}",
                         ENV[i])
                .ptr;
        struct violations v = judged(ROLES, with_spec(member));
        ck_assert_uint_eq(v.denials, 1);
        ck_assert_msg(sv_find(v.items[0].message, sv_from(SAID[i])) != SIZE_MAX, "%s",
                      policy_case_said(&arena, &v));
        ck_assert_str_eq(v.items[0].path.ptr,
                         "spec.podTemplate.metadata.annotations[iam.amazonaws.com/role]");
    }
}
END_TEST

START_TEST(roles__of_a_pods_metadata_count)
{
#define META(kind, key, value) "{\"metadata\":{\"" kind "\":{\"" key "\":\"" value "\"}}}"
    static const char *const BAD[] = {
        META("annotations", "iam.amazonaws.com/role", "admin"),
        META("annotations", "eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/admin"),
        META("annotations", "eks.example.com/role-arn", "arn:aws:iam::123456789012:role/admin"),
        META("annotations", "team.example.com/role", "arn:aws:iam::123456789012:role/admin"),
        META("annotations", "iam.gke.io/gcp-service-account",
             "admin1@project.iam.gserviceaccount.com"),
        META("annotations", "azure.workload.identity/client-id",
             "11111111-2222-3333-4444-555555555555"),
        META("labels", "azure.workload.identity/client-id", "11111111-2222-3333-4444-555555555555"),
        META("labels", "aadpodidbinding", "admin"),
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        each_template("iamRoles.allowed", ROLES, BAD[i]);
    }
    each_template(NULL, ROLES, META("annotations", "iam.amazonaws.com/role", ROLE));
    each_template(NULL, ROLES, META("annotations", "example.com/owner", "payments"));
}
END_TEST

START_TEST(roles__of_the_environment_of_any_container_count)
{
#define ENV(list, name, value)                                                                     \
    "{\"spec\":{\"" list "\":[{\"name\":\"c\",\"image\":\"registry.io/org/c:1\",\"env\":[{"        \
    "\"name\":\"A\",\"value\":\"1\"},{\"name\":\"" name "\"," value "}]}]}}"
    static const char *const BAD[] = {
        ENV("containers", "AWS_ROLE_ARN", "\"value\":\"arn:aws:iam::123456789012:role/admin\""),
        ENV("initContainers", "AWS_ROLE_ARN", "\"value\":\"arn:aws:iam::123456789012:role/admin\""),
        ENV("ephemeralContainers", "AWS_ROLE_ARN",
            "\"value\":\"arn:aws:iam::123456789012:role/admin\""),
        ENV("containers", "AWS_ROLE_ARN", "\"value\":\"admin\""),
        ENV("containers", "AWS_ROLE_ARN", "\"value\":\"$(OTHER)\""),
        ENV("containers", "AWS_ROLE_ARN",
            "\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}"),
        ENV("containers", "AWS_WEB_IDENTITY_TOKEN_FILE", "\"value\":\"/mnt/token\""),
        ENV("containers", "AWS_ACCESS_KEY_ID",
            "\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}"),
        ENV("containers", "AWS_SECRET_ACCESS_KEY", "\"value\":\"x\""),
        ENV("containers", "AWS_PROFILE", "\"value\":\"admin\""),
        ENV("containers", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "\"value\":\"http://x\""),
        ENV("containers", "GOOGLE_APPLICATION_CREDENTIALS", "\"value\":\"/mnt/key.json\""),
        ENV("containers", "AZURE_CLIENT_ID", "\"value\":\"11111111-2222-3333-4444-555555555555\""),
        ENV("containers", "AZURE_CLIENT_SECRET", "\"value\":\"x\""),
        ENV("containers", "JAVA_TOOL_OPTIONS",
            "\"value\":\"-Xmx1g -Daws.roleArn=arn:aws:iam::123456789012:role/admin\""),
        ENV("containers", "JDK_JAVA_OPTIONS", "\"value\":\"'-Daws.accessKeyId=AKIA'\""),
        ENV("containers", "_JAVA_OPTIONS", "\"value\":\"-Daws.accessKeyId=AKIA\""),
        ENV("containers", "JVM_ARGS", "\"value\":\"-Daws.accessKeyId=AKIA\""),
        ENV("containers", "FLINK_ENV_JAVA_OPTS_TM", "\"value\":\"-Daws.accessKeyId=AKIA\""),
        ENV("containers", "CLOUDSDK_CONFIG", "\"value\":\"/mnt\""),
        ENV("containers", "GCE_METADATA_HOST", "\"value\":\"x\""),
        ENV("containers", "HADOOP_CREDSTORE_PASSWORD", "\"value\":\"x\""),
    };
    static const char *const GOOD[] = {
        ENV("containers", "AWS_ROLE_ARN", "\"value\":\"" ROLE "\""),
        ENV("containers", "AWS_REGION", "\"value\":\"eu-central-1\""),
        ENV("containers", "AWS_WEB_IDENTITY_TOKEN_FILE",
            "\"value\":\"/var/run/secrets/eks.amazonaws.com/serviceaccount/token\""),
        ENV("containers", "JAVA_TOOL_OPTIONS",
            "\"value\":\"-Daws.region=eu-central-1 -Daws.roleArn=" ROLE " -Dx=y\""),
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        each_template("iamRoles.allowed", ROLES, BAD[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        each_template(NULL, ROLES, GOOD[i]);
    }
}
END_TEST

START_TEST(roles__what_is_not_seen_here_is_warned_of)
{
    static const char *const MEMBERS[] = {
        "\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"flink-main-container\",\"envFrom\":"
        "[{"
        "\"secretRef\":{\"name\":\"s\"}}]}]}}",
        "\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"flink-main-container\",\"env\":[{"
        "\"name\":\"HADOOP_CONF_DIR\",\"value\":\"/x\"}]}]}}",
        "\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"flink-main-container\",\"env\":[{"
        "\"name\":\"JAVA_TOOL_OPTIONS\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"a\",\"key\":"
        "\"b\"}}}]}]}}",
        "\"flinkConfiguration\":{\"env.hadoop.conf.dir\":\"/x\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
        struct violations v = judged(ROLES, with_spec(MEMBERS[i]));
        ck_assert_msg(v.denials == 0, "%s", policy_case_said(&arena, &v));
        ck_assert_uint_eq(policy_case_count(&v, "iamRoles.allowed", SEVERITY_WARN), 1);
    }
}
END_TEST

START_TEST(roles__tokens_for_others_than_the_api_server_are_refused)
{
#define TOKEN(audience)                                                                            \
    "{\"spec\":{\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":[{\"configMap\":{"         \
    "\"name\":"                                                                                    \
    "\"c\"}},{\"serviceAccountToken\":{\"path\":\"t\"" audience "}}]}}]}}"
    static const char *const BAD[] = {"sts.amazonaws.com",
                                      "sts.amazonaws.com.cn",
                                      "api://AzureADTokenExchange",
                                      "project.svc.id.goog",
                                      "https://kubernetes.default.svc.evil",
                                      "vault"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        each_template("iamRoles.allowed", ROLES,
                      arena_printf(&arena, TOKEN(",\"audience\":\"%s\""), BAD[i]).ptr);
    }
    each_template(NULL, ROLES, TOKEN(""));
    each_template(NULL, ROLES, TOKEN(",\"audience\":\"https://kubernetes.default.svc\""));
}
END_TEST

START_TEST(roles__accounts_are_ways_in)
{
    must("iamRoles.allowed", ROLES, with_spec("\"serviceAccountName\":\"batch\""));
    must("iamRoles.allowed", ROLES, with_spec("\"serviceAccountName\":\"default\""));
    must("iamRoles.allowed", ROLES, with_spec("\"serviceAccountName\":\"score-flink\""));
    each_template("iamRoles.allowed", ROLES, "{\"spec\":{\"serviceAccountName\":\"batch\"}}");
    each_template("iamRoles.allowed", ROLES, "{\"spec\":{\"serviceAccount\":\"batch\"}}");
}
END_TEST

START_TEST(roles__of_flinks_own_keys_count)
{
    static const char *const BAD[][2] = {
        {"s3.access-key", "AKIA"},
        {"s3.access.key", "AKIA"},
        {"s3.secret-key", "x"},
        {"s3a.access.key", "AKIA"},
        {"fs.s3a.access.key", "AKIA"},
        {"fs.s3a.session.token", "x"},
        {"fs.s3a.bucket.other.access.key", "AKIA"},
        {"s3.bucket.my.bucket.secret-key", "x"},
        {"flink.hadoop.fs.s3a.access.key", "AKIA"},
        {"presto.s3.access-key", "AKIA"},
        {"presto.s3.iam-role", "arn:aws:iam::123456789012:role/admin"},
        {"presto.s3.use-instance-credentials", "true"},
        {"fs.s3a.assumed.role.arn", "arn:aws:iam::123456789012:role/admin"},
        {"s3.assumed.role.arn", "admin"},
        {"s3.assume-role.arn", "arn:aws:iam::123456789012:role/admin"},
        {"s3.bucket.b.assume-role.arn", "arn:aws:iam::123456789012:role/admin"},
        {"fs.s3a.delegation.token.role.arn", "arn:aws:iam::123456789012:role/admin"},
        {"fs.s3a.aws.credentials.provider", "com.example.Mine"},
        {"fs.s3a.aws.credentials.provider",
         "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"},
        {"s3.aws.credentials.provider", "com.amazonaws.auth.InstanceProfileCredentialsProvider"},
        {"s3.aws.credentials.provider",
         "com.amazonaws.auth.WebIdentityTokenCredentialsProvider,com.example.Mine"},
        {"s3.aws.credentials.provider", "com.example.WebIdentityTokenCredentialsProvider"},
        {"presto.s3.credentials-provider", "com.example.Mine"},
        {"fs.s3a.assumed.role.credentials.provider", "com.example.Mine"},
        {"fs.s3a.security.credential.provider.path", "jceks://file/x"},
        {"hadoop.security.credential.provider.path", "jceks://file/x"},
        {"flink.hadoop.hadoop.security.credential.provider.path", "jceks://file/x"},
        {"security.delegation.token.provider.s3-hadoop.access-key", "AKIA"},
        {"fs.gs.auth.service.account.json.keyfile", "/mnt/k.json"},
        {"gs.auth.impersonation.service.account", "admin1@project.iam.gserviceaccount.com"},
        {"fs.gs.auth.impersonation.service.account.for.user.x",
         "admin1@project.iam.gserviceaccount.com"},
        {"fs.azure.account.key.x.blob.core.windows.net", "x"},
        {"azure.account.oauth2.client.id", "11111111-2222-3333-4444-555555555555"},
        {"fs.azure.account.oauth2.client.secret", "x"},
        {"fs.azure.sas.container.account", "x"},
        {"fs.oss.accessKeyId", "x"},
        {"fs.s3.access-key", "AKIA"},
        {"fs.gs.auth.access.token.provider.impl", "com.example.Mine"},
        {"gs.auth.impersonation.service.account.for.user.x",
         "admin1@project.iam.gserviceaccount.com"},
        {"google.cloud.auth.client.secret", "x"},
        {"google.cloud.auth.impersonation.service.account.for.user.x",
         "admin1@project.iam.gserviceaccount.com"},
        {"azure.sas.container.account", "x"},
        {"flink.hadoop.google.cloud.auth.refresh.token", "x"},
        {"containerized.master.env.AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/admin"},
        {"containerized.taskmanager.env.AWS_ACCESS_KEY_ID", "AKIA"},
        {"env.java.opts.all", "-Daws.roleArn=arn:aws:iam::123456789012:role/admin"},
        {"env.java.opts.taskmanager", "-Daws.accessKeyId=AKIA"},
        {"env.java.default-opts.all", "-Daws.webIdentityTokenFile=/x"},
    };
    static const char *const GOOD[][2] = {
        {"fs.s3a.assumed.role.arn", ROLE},
        {"s3.endpoint", "https://s3.example.com"},
        {"s3.path.style.access", "true"},
        {"fs.s3a.aws.credentials.provider",
         "com.amazonaws.auth.WebIdentityTokenCredentialsProvider"},
        {"presto.s3.use-instance-credentials", "false"},
        {"env.java.opts.all", "-Daws.region=eu-central-1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        must("iamRoles.allowed", ROLES,
             with_spec(arena_printf(&arena, "\"flinkConfiguration\":{\"%s\":\"%s\"}", BAD[i][0],
                                    BAD[i][1])
                           .ptr));
    }
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        must(NULL, ROLES,
             with_spec(arena_printf(&arena, "\"flinkConfiguration\":{\"%s\":\"%s\"}", GOOD[i][0],
                                    GOOD[i][1])
                           .ptr));
    }
    must("iamRoles.allowed", ROLES,
         with_spec("\"flinkConfiguration\":{\"s3\":{\"access-key\":\"AKIA\"}}")); // nested
}
END_TEST

// ---- JSON ---------------------------------------------------------------------------------------

static bool parses(const char *text)
{
    const struct json *v;
    struct err err;
    return json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &v, &err) == 0;
}

START_TEST(json__an_escaped_key_is_the_key)
{
    must("iamRoles.allowed", ROLES,
         with_spec("\"i\\u0061mRole\":\"arn:aws:iam::123456789012:role/admin\""));
    must("images.allowed", "\"images\":{\"allowed\":[\"registry.io/org/**\"]}",
         JOB ",\"im\\u0061ge\":\"evil\\u002eio/x:1.20.1\"}}");
    must("images.allowed", "\"images\":{\"allowed\":[\"registry.io/org/**\"]}",
         with_spec("\"podTemplate\":{\"sp\\u0065c\":{\"contain\\u0065rs\":[{\"name\":\"s\","
                   "\"imag\\u0065\":\"evil.io/s:1\"}]}}"));
    must("iamRoles.allowed", ROLES,
         with_spec("\"flinkConfiguration\":{\"s3.acc\\u0065ss-key\":\"AKIA\"}"));
}
END_TEST

START_TEST(json__a_key_stands_once)
{
    ck_assert(!parses("{\"iamRole\":\"" ROLE "\",\"iamRole\":\"x\"}"));
    ck_assert(!parses("{\"iamRole\":\"" ROLE "\",\"i\\u0061mRole\":\"x\"}"));
    ck_assert(!parses("{\"spec\":{\"containers\":[{\"image\":\"a\",\"im\\u0061ge\":\"b\"}]}}"));
    ck_assert(!parses("{\"image\":\"registry.io\\u0000.evil/a\"}"));
    ck_assert(parses("{\"iamRole\":\"" ROLE "\",\"IamRole\":\"x\"}")); // another key: not read
}
END_TEST

// ---- leaving a policy ---------------------------------------------------------------------------

START_TEST(selectors__labels_of_the_cluster_have_no_say)
{
    const struct policy_set *set = policy_case_set(
        &arena,
        case_parse(&arena, SV("{\"metadata\":{\"name\":\"p\"},\"spec\":{\"match\":{"
                              "\"namespaceSelector\":{\"matchLabels\":{\"tier\":\"prod\"}}},"
                              "\"images\":{\"digest\":{\"required\":true}}}}")));
    const struct policy_world *prod =
        policy_case_world(&arena, case_parse(&arena, SV("{\"labels\":{\"tier\":\"prod\"}}")));
    const struct policy_world *dev =
        policy_case_world(&arena, case_parse(&arena, SV("{\"labels\":{\"tier\":\"dev\"}}")));
    const struct json *old = case_parse(
        &arena, SV("{\"metadata\":{\"name\":\"c\",\"namespace\":\"n\",\"labels\":{\"tier\":"
                   "\"prod\"}},\"spec\":{\"image\":\"a.io/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}"));
    const struct json *now = case_parse(
        &arena, SV("{\"metadata\":{\"name\":\"c\",\"namespace\":\"n\",\"labels\":{\"tier\":"
                   "\"dev\"}},\"spec\":{\"image\":\"a.io/a:1\"}}"));
    ck_assert_uint_eq(policy_case_judge(&arena, set, prod, now, old).denials, 1);
    // Where the namespace's labels are not known, the policy counts.
    ck_assert_uint_eq(policy_case_judge(&arena, set, NULL, now, old).denials, 1);
    ck_assert_uint_eq(policy_case_judge(&arena, set, dev, now, old).denials, 0);
}
END_TEST

UNIT_MAIN(setup, teardown, images__what_looks_like_an_allowed_one_is_refused,
          images__short_names_are_what_the_runtime_pulls,
          tags__a_port_is_none_and_a_digest_excuses_none,
          images__of_every_container_and_volume_of_every_template_count,
          roles__what_looks_like_an_allowed_one_is_refused,
          roles__each_kind_of_fault_has_its_own_reason, roles__of_a_pods_metadata_count,
          roles__of_the_environment_of_any_container_count,
          roles__what_is_not_seen_here_is_warned_of,
          roles__tokens_for_others_than_the_api_server_are_refused, roles__accounts_are_ways_in,
          roles__of_flinks_own_keys_count, json__an_escaped_key_is_the_key, json__a_key_stands_once,
          selectors__labels_of_the_cluster_have_no_say)
