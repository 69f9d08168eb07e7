// SPDX-License-Identifier: Apache-2.0
// Environment variables, JVM options and Flink options that carry cloud credentials. Sources: AWS
// SDK for Java 1 and 2 (environment and system properties), Google's application default
// credentials, Azure Identity (EnvironmentCredential), Hadoop's S3A, ABFS, GCS and OSS connectors,
// presto-hive (PrestoS3FileSystem), and Flink's file systems, which hand keys on under several
// prefixes (HadoopConfigLoader, flink-s3-fs-native).
#include "common/policy/ways.h"

#include <strings.h>

#include "common/base/macros.h"

static const char STATIC_KEY[] = "a key is an identity that no list of roles knows: use iamRole";
static const char PROFILE[] = "a file of credentials is not seen here: use iamRole";
static const char ELSEWHERE[] = "another place to take credentials from: use iamRole";
static const char TOKEN_FILE[] = "another token than the one that comes with the account may stand "
                                 "for another one: leave it out";
static const char PROVIDER[] =
    "its identity can't be told: use the web identity provider, or leave it out";
static const char UNSEEN[] = "what it holds is not seen here: it must not bring cloud credentials";
static const char NODE_ROLE[] = "it takes the node's own role: use the web identity provider";

// The first two letters of what is listed below; the first alone tells most others.
// clang-format off
#define VARIABLE_STARTS(X) X('A', 'W') X('A', 'Z') X('G', 'O') X('G', 'C') X('C', 'L') X('H', 'A') \
                           X('J', 'A') X('J', 'D') X('J', 'V') X('_', 'J') X('F', 'L')
#define OPTION_STARTS(X) X('s', '3') X('f', 's') X('p', 'r') X('g', 's') X('g', 'o') X('a', 'z') \
                         X('h', 'a') X('s', 'e') X('f', 'l') X('c', 'o') X('e', 'n')
// clang-format on
#define FIRST(a, b)          | 1U << ((a)&31)
#define MAY_BEGIN(s, STARTS) (((0U STARTS(FIRST)) >> ((s).ptr[0] & 31) & 1) != 0)
#define BEGINS(a, b)         || (s.ptr[0] == (a) && s.ptr[1] == (b))

// ---- environment --------------------------------------------------------------------------------

enum variable {
    VARIABLE_ROLE,
    VARIABLE_HIDDEN,
    VARIABLE_TOKEN,
    VARIABLE_JAVA,
    VARIABLE_UNSEEN,
};

/// X(kind, "name", why)
#define VARIABLES(X)                                                                               \
    X(ROLE, "AWS_ROLE_ARN", NULL)                                                                  \
    X(ROLE, "AZURE_CLIENT_ID", NULL)                                                               \
    X(TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE)                                            \
    X(TOKEN, "AZURE_FEDERATED_TOKEN_FILE", TOKEN_FILE)                                             \
    X(HIDDEN, "AWS_ACCESS_KEY_ID", STATIC_KEY)                                                     \
    X(HIDDEN, "AWS_ACCESS_KEY", STATIC_KEY)                                                        \
    X(HIDDEN, "AWS_SECRET_ACCESS_KEY", STATIC_KEY)                                                 \
    X(HIDDEN, "AWS_SECRET_KEY", STATIC_KEY)                                                        \
    X(HIDDEN, "AWS_SESSION_TOKEN", STATIC_KEY)                                                     \
    X(HIDDEN, "AWS_PROFILE", PROFILE)                                                              \
    X(HIDDEN, "AWS_DEFAULT_PROFILE", PROFILE)                                                      \
    X(HIDDEN, "AWS_CONFIG_FILE", PROFILE)                                                          \
    X(HIDDEN, "AWS_SHARED_CREDENTIALS_FILE", PROFILE)                                              \
    X(HIDDEN, "AWS_CREDENTIAL_PROFILES_FILE", PROFILE)                                             \
    X(HIDDEN, "AWS_CONTAINER_CREDENTIALS_FULL_URI", ELSEWHERE)                                     \
    X(HIDDEN, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ELSEWHERE)                                 \
    X(HIDDEN, "AWS_CONTAINER_AUTHORIZATION_TOKEN", ELSEWHERE)                                      \
    X(HIDDEN, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", ELSEWHERE)                                 \
    X(HIDDEN, "AWS_EC2_METADATA_SERVICE_ENDPOINT", ELSEWHERE)                                      \
    X(HIDDEN, "GOOGLE_APPLICATION_CREDENTIALS", PROFILE)                                           \
    X(HIDDEN, "CLOUDSDK_CONFIG", PROFILE)                                                          \
    X(HIDDEN, "GCE_METADATA_HOST", ELSEWHERE)                                                      \
    X(HIDDEN, "AZURE_CLIENT_SECRET", STATIC_KEY)                                                   \
    X(HIDDEN, "AZURE_CLIENT_CERTIFICATE_PATH", PROFILE)                                            \
    X(HIDDEN, "AZURE_USERNAME", STATIC_KEY)                                                        \
    X(HIDDEN, "AZURE_PASSWORD", STATIC_KEY)                                                        \
    X(HIDDEN, "AZURE_STORAGE_KEY", STATIC_KEY)                                                     \
    X(HIDDEN, "HADOOP_CREDSTORE_PASSWORD", STATIC_KEY)                                             \
    X(UNSEEN, "HADOOP_CONF_DIR", UNSEEN)                                                           \
    X(JAVA, "JAVA_TOOL_OPTIONS", NULL)                                                             \
    X(JAVA, "JDK_JAVA_OPTIONS", NULL)                                                              \
    X(JAVA, "_JAVA_OPTIONS", NULL)                                                                 \
    X(JAVA, "JVM_ARGS", NULL)                                                                      \
    X(JAVA, "FLINK_ENV_JAVA_OPTS", NULL)                                                           \
    X(JAVA, "FLINK_ENV_JAVA_OPTS_JM", NULL)                                                        \
    X(JAVA, "FLINK_ENV_JAVA_OPTS_TM", NULL)

static const struct {
    struct strview name;
    enum variable kind;
    const char *why;
} VARIABLE[] = {
#define X(kind, name, why) {SV_INIT(name), VARIABLE_##kind, why},
    VARIABLES(X)
#undef X
};

/// Where the clouds' own webhooks mount the token of the pod's account.
static bool is_own_token(struct strview file)
{
    return sv_eq_lit(file, "/var/run/secrets/eks.amazonaws.com/serviceaccount/token") ||
           sv_eq_lit(file, "/var/run/secrets/azure/tokens/azure-identity-token");
}

bool ways_may_be_variable(struct strview s)
{
    return s.len > 2 && MAY_BEGIN(s, VARIABLE_STARTS) && (false VARIABLE_STARTS(BEGINS));
}

bool ways_may_be_option(struct strview s)
{
    return s.len > 2 && MAY_BEGIN(s, OPTION_STARTS) && (false OPTION_STARTS(BEGINS));
}

void ways_of_variable(struct ways *list, const struct path *path, struct strview name,
                      struct strview value)
{
    size_t i = 0;
    while (i < ARRAY_LEN(VARIABLE) &&
           (VARIABLE[i].name.len != name.len || !sv_eq(VARIABLE[i].name, name))) {
        i++;
    }
    if (i == ARRAY_LEN(VARIABLE)) {
        return;
    }
    switch (VARIABLE[i].kind) {
    case VARIABLE_HIDDEN:
        ways_add(list, WAY_SECRET, path, value, VARIABLE[i].why);
        break;
    case VARIABLE_TOKEN:
        if (!is_own_token(value)) {
            ways_add(list, WAY_HIDDEN, path, value, VARIABLE[i].why);
        }
        break;
    case VARIABLE_ROLE:
        if (sv_present(value)) {
            ways_add(list, WAY_ROLE, path, value, NULL);
        } else {
            ways_add(list, WAY_HIDDEN, path, SV_NONE,
                     "a role whose value is not seen here can't be judged: use iamRole");
        }
        break;
    case VARIABLE_JAVA:
        if (sv_present(value)) {
            ways_of_java(list, path, value);
        }
        if (!sv_present(value) || sv_find(value, SV("$(")) != SIZE_MAX) {
            ways_add(list, WAY_UNSEEN, path, SV_NONE, UNSEEN);
        }
        break;
    case VARIABLE_UNSEEN:
        ways_add(list, WAY_UNSEEN, path, SV_NONE, VARIABLE[i].why);
        break;
    }
}

// ---- JVM options --------------------------------------------------------------------------------

/// The value of a system property: up to white space, without quotes around it.
static struct strview property_value(struct strview rest)
{
    size_t end = 0;
    while (end < rest.len && strchr(" \t\r\n\"'", rest.ptr[end]) == NULL) {
        end++;
    }
    return sv_sub(rest, 0, end);
}

void ways_of_java(struct ways *list, const struct path *path, struct strview options)
{
    static const struct {
        struct strview name;
        const char *why; // NULL: a role
    } PROPERTIES[] = {
        {SV_INIT("roleArn="), NULL},
        {SV_INIT("accessKeyId"), STATIC_KEY},
        {SV_INIT("secretKey"), STATIC_KEY},
        {SV_INIT("secretAccessKey"), STATIC_KEY},
        {SV_INIT("sessionToken"), STATIC_KEY},
        {SV_INIT("webIdentityTokenFile"), TOKEN_FILE},
        {SV_INIT("profile"), PROFILE},
        {SV_INIT("configFile"), PROFILE},
        {SV_INIT("sharedCredentialsFile"), PROFILE},
        {SV_INIT("container"), ELSEWHERE},
    };
    const struct strview all = options;
    for (;;) {
        size_t at = sv_find(options, SV("-Daws."));
        if (at == SIZE_MAX) {
            return;
        }
        options = sv_from_pos(options, at + sizeof("-Daws.") - 1);
        for (size_t i = 0; i < ARRAY_LEN(PROPERTIES); i++) {
            if (!sv_starts(options, PROPERTIES[i].name)) {
                continue;
            }
            if (PROPERTIES[i].why == NULL) {
                ways_add(list, WAY_ROLE, path,
                         property_value(sv_from_pos(options, PROPERTIES[i].name.len)), NULL);
            } else {
                ways_add(list, WAY_SECRET, path, all, PROPERTIES[i].why);
            }
        }
    }
}

// ---- Flink options ------------------------------------------------------------------------------

enum option {
    OPTION_ROLE,
    OPTION_HIDDEN,
    OPTION_PROVIDER,
};

struct option_end {
    struct strview end; // the key's end; '.' stands for '-' too
    enum option kind;
    const char *why;
};

/// Also below `bucket.NAME.`: buckets have settings of their own. X(text, kind, why)
#define S3_ENDS(X)                                                                                 \
    X("assumed.role.arn", ROLE, NULL)          /* S3A */                                           \
    X("delegation.token.role.arn", ROLE, NULL) /* S3A */                                           \
    X("iam.role", ROLE, NULL)                  /* presto */                                        \
    X("assume.role.arn", ROLE, NULL)           /* Flink's own, 2.3 */                              \
    X("credentials.provider", PROVIDER, NULL)  /* all of them */                                   \
    X("access.key", HIDDEN, STATIC_KEY)                                                            \
    X("secret.key", HIDDEN, STATIC_KEY)                                                            \
    X("session.token", HIDDEN, STATIC_KEY)                                                         \
    X("use.instance.credentials", HIDDEN, NODE_ROLE)                                               \
    X("delegation.token.binding", HIDDEN, PROVIDER)                                                \
    X("credential.provider.path", HIDDEN, PROFILE)
#define S3_END(text, kind, why)  {SV_INIT(text), OPTION_##kind, why},
#define S3_LAST(text, kind, why) | 1U << ((text)[sizeof(text) - 2] - 'a')
static const struct option_end S3[] = {S3_ENDS(S3_END)};
// Their last letters. A store may have many keys, and nearly none ends with one of these.
static const unsigned S3_LAST_LETTERS = 0U S3_ENDS(S3_LAST);

static const struct option_end GS[] = {
    {SV_INIT("auth.impersonation.service.account"), OPTION_ROLE, NULL},
    {SV_INIT("auth.service.account.json.keyfile"), OPTION_HIDDEN, PROFILE},
    {SV_INIT("auth.service.account.keyfile"), OPTION_HIDDEN, PROFILE},
    {SV_INIT("auth.service.account.email"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("auth.service.account.private.key"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("auth.service.account.private.key.id"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("auth.client.id"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("auth.client.secret"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("auth.client.file"), OPTION_HIDDEN, PROFILE},
    {SV_INIT("auth.refresh.token"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("auth.access.token.provider"), OPTION_HIDDEN, PROVIDER},
    {SV_INIT("auth.access.token.provider.impl"), OPTION_HIDDEN, PROVIDER},
};

static const struct option_end OSS[] = {
    {SV_INIT("accesskeyid"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("accesskeysecret"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("securitytoken"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("credentials.provider"), OPTION_HIDDEN, PROVIDER},
};

static const struct option_end HADOOP[] = {
    {SV_INIT("credential.provider.path"), OPTION_HIDDEN, PROFILE},
};

/// Whose keys have the account or user at their end, so that the beginning tells.
static const struct option_end AZURE[] = {
    {SV_INIT("account.key"), OPTION_HIDDEN, STATIC_KEY}, // and account.keyprovider
    {SV_INIT("sas."), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("account.oauth2.client.id"), OPTION_ROLE, NULL},
    {SV_INIT("account.oauth2.client.secret"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("account.oauth2.user."), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("account.oauth2.refresh.token"), OPTION_HIDDEN, STATIC_KEY},
    {SV_INIT("account.oauth2.token.file"), OPTION_HIDDEN, TOKEN_FILE},
};
static const struct option_end GS_PER_USER[] = {
    {SV_INIT("auth.impersonation.service.account.for."), OPTION_ROLE, NULL},
};

/// Those of one first letter stand together.
static const struct family {
    struct strview prefix;
    const struct option_end *ends;
    size_t n;
    bool begins; // ENDS are beginnings of what follows the prefix
} FAMILIES[] = {
    {SV_INIT("s3."), S3, ARRAY_LEN(S3), false},
    {SV_INIT("s3a."), S3, ARRAY_LEN(S3), false},
    {SV_INIT("security.delegation.token.provider."), S3, ARRAY_LEN(S3), false},
    {SV_INIT("presto.s3."), S3, ARRAY_LEN(S3), false},
    {SV_INIT("fs.s3a."), S3, ARRAY_LEN(S3), false},
    {SV_INIT("fs.s3."), S3, ARRAY_LEN(S3), false},
    {SV_INIT("fs.gs."), GS, ARRAY_LEN(GS), false},
    {SV_INIT("fs.gs."), GS_PER_USER, ARRAY_LEN(GS_PER_USER), true},
    {SV_INIT("fs.azure."), AZURE, ARRAY_LEN(AZURE), true},
    {SV_INIT("fs.oss."), OSS, ARRAY_LEN(OSS), false},
    {SV_INIT("gs."), GS, ARRAY_LEN(GS), false},
    {SV_INIT("gs."), GS_PER_USER, ARRAY_LEN(GS_PER_USER), true},
    {SV_INIT("google.cloud."), GS, ARRAY_LEN(GS), false},
    {SV_INIT("google.cloud."), GS_PER_USER, ARRAY_LEN(GS_PER_USER), true},
    {SV_INIT("azure."), AZURE, ARRAY_LEN(AZURE), true},
    {SV_INIT("hadoop.security."), HADOOP, ARRAY_LEN(HADOOP), false},
};

static char folded(char c)
{
    return c == '-' ? '.' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_folded(struct strview a, struct strview b)
{
    for (size_t i = 0; i < a.len; i++) {
        if (folded(a.ptr[i]) != folded(b.ptr[i])) {
            return false;
        }
    }
    return a.len == b.len;
}

static bool fits(const struct family *f, const struct option_end *it, struct strview rest)
{
    struct strview end = it->end;
    if (rest.len < end.len || f->begins) {
        return same_folded(sv_sub(rest, 0, end.len), end);
    }
    size_t at = rest.len - end.len;
    return same_folded(sv_from_pos(rest, at), end) && (at == 0 || folded(rest.ptr[at - 1]) == '.');
}

/// The first of F's that REST, what follows the prefix, is.
static const struct option_end *find_end(const struct family *f, struct strview rest)
{
    char last = rest.len != 0 ? folded(rest.ptr[rest.len - 1]) : '\0';
    bool may = last >= 'a' && last <= 'z' && (S3_LAST_LETTERS >> (last - 'a') & 1) != 0;
    if (f->ends == S3 && !may) {
        return NULL;
    }
    for (size_t i = 0; i < f->n; i++) {
        if (fits(f, &f->ends[i], rest)) {
            return &f->ends[i];
        }
    }
    return NULL;
}

/// What is wrong with one class of a list of credentials providers, or NULL. Known are those that
/// take the identity of the pod's account, or none at all; what the chains look at beside it (the
/// environment, properties) is judged by itself.
static const char *provider_fault(struct strview name)
{
    static const char *const GOOD[] = {
        "WebIdentityTokenCredentialsProvider", "WebIdentityTokenFileCredentialsProvider",
        "ContainerCredentialsProvider",        "EC2ContainerCredentialsProviderWrapper",
        "DefaultAWSCredentialsProviderChain",  "DefaultCredentialsProvider",
        "AnonymousAWSCredentialsProvider",     "AnonymousCredentialsProvider",
        "AssumedRoleCredentialProvider", // its role is judged by itself
    };
    static const char *const PACKAGES[] = {
        "com.amazonaws.auth.",
        "software.amazon.awssdk.auth.credentials.",
        "org.apache.hadoop.fs.s3a.",
        "org.apache.hadoop.fs.s3a.auth.",
    };
    size_t dot = sv_find_last_char(name, '.');
    struct strview package = dot == SIZE_MAX ? SV("") : sv_sub(name, 0, dot + 1);
    struct strview class = dot == SIZE_MAX ? name : sv_from_pos(name, dot + 1);
    if (sv_find(class, SV("Instance")) != SIZE_MAX) {
        return NODE_ROLE;
    }
    bool known = package.len == 0;
    for (size_t i = 0; i < ARRAY_LEN(PACKAGES); i++) {
        known = known || sv_eq_lit(package, PACKAGES[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(GOOD) && known; i++) {
        if (sv_eq_lit(class, GOOD[i])) {
            return NULL;
        }
    }
    return PROVIDER;
}

static void of_providers(struct ways *list, const struct path *path, struct strview value)
{
    struct strview rest = value, one;
    while (sv_split(&rest, ',', &one)) {
        struct strview name = sv_trim(one);
        const char *why = name.len != 0 ? provider_fault(name) : NULL;
        if (why != NULL) {
            ways_add(list, WAY_HIDDEN, path, name, why);
        }
    }
}

static bool is_false(struct strview value)
{
    struct strview v = sv_trim(value);
    return v.len == 5 && strncasecmp(v.ptr, "false", 5) == 0;
}

static void of_store(struct ways *list, const struct path *path, const struct option_end *it,
                     struct strview value)
{
    switch (it->kind) {
    case OPTION_ROLE:
        ways_add(list, WAY_ROLE, path, sv_trim(value), NULL);
        break;
    case OPTION_PROVIDER:
        of_providers(list, path, value);
        break;
    case OPTION_HIDDEN:
        if (!is_false(value)) {
            ways_add(list, WAY_SECRET, path, value, it->why);
        }
        break;
    }
}

/// NAME of `containerized.master.env.NAME`, or SV_NONE.
static struct strview container_variable(struct strview key)
{
    size_t at = sv_starts(key, SV("containerized.")) ? sv_find(key, SV(".env.")) : SIZE_MAX;
    return at != SIZE_MAX ? sv_from_pos(key, at + sizeof(".env.") - 1) : SV_NONE;
}

void ways_of_option(struct ways *list, const struct path *path, struct strview key,
                    struct strview value)
{
    struct strview variable = container_variable(key);
    if (sv_present(variable)) {
        ways_of_variable(list, path, variable, value);
        return;
    }
    if (sv_eq_lit(key, "env.hadoop.conf.dir")) {
        ways_add(list, WAY_UNSEEN, path, SV_NONE, UNSEEN);
        return;
    }
    if (sv_starts(key, SV("env.java."))) {
        ways_of_java(list, path, value);
        return;
    }
    bool to_hadoop = sv_starts(key, SV("flink.hadoop.")); // handed on without it
    struct strview name = to_hadoop ? sv_from_pos(key, sizeof("flink.hadoop.") - 1) : key;
    const struct family *f = FAMILIES, *limit = FAMILIES + ARRAY_LEN(FAMILIES);
    while (f < limit && (name.len == 0 || f->prefix.ptr[0] != name.ptr[0])) {
        f++;
    }
    for (; f < limit && f->prefix.ptr[0] == name.ptr[0]; f++) {
        const struct option_end *end =
            sv_starts(name, f->prefix) ? find_end(f, sv_from_pos(name, f->prefix.len)) : NULL;
        if (end != NULL) {
            of_store(list, path, end, value);
        }
    }
}
