// SPDX-License-Identifier: Apache-2.0
#include "common/flink/plugins.h"

#include <stddef.h>
#include <stdint.h>

#include "common/base/macros.h"
#include "common/base/strbuf.h"

#define SCHEME_MAX 32
#define JAR_MAX    128

/// Short name, the jar's name without version, schemes.
#define PLUGINS(X)                                                                                 \
    X("azure-fs-hadoop", "flink-azure-fs-hadoop", "wasb wasbs abfs abfss")                         \
    X("gs-fs-hadoop", "flink-gs-fs-hadoop", "gs")                                                  \
    X("oss-fs-hadoop", "flink-oss-fs-hadoop", "oss")                                               \
    X("s3-hadoop", "flink-s3-fs-hadoop", "s3 s3a")                                                 \
    X("s3-presto", "flink-s3-fs-presto", "s3 s3p")

static const struct plugin {
    struct strview name, jar, schemes;
} TABLE[] = {
#define X(name_, jar_, schemes_)                                                                   \
    {.name = SV_INIT(name_), .jar = SV_INIT(jar_), .schemes = SV_INIT(schemes_)},
    PLUGINS(X)
#undef X
};

/// Every way to name a plugin is brought to one: without `flink-` and without `-fs`.
static bool same_name(struct strview a, struct strview b)
{
    char text[2][JAR_MAX];
    struct strview in[2] = {a, b};
    size_t len[2] = {0, 0};
    for (size_t n = 0; n < 2; n++) {
        struct strview s = sv_starts(in[n], SV("flink-")) ? sv_from_pos(in[n], 6) : in[n];
        for (size_t i = 0; i < s.len && len[n] < JAR_MAX;) {
            if (sv_starts(sv_from_pos(s, i), SV("-fs-"))) {
                i += 3;
            } else {
                text[n][len[n]++] = s.ptr[i++];
            }
        }
    }
    return sv_eq(sv_make(text[0], len[0]), sv_make(text[1], len[1]));
}

static const struct plugin *find(struct strview name)
{
    for (size_t i = 0; i < ARRAY_LEN(TABLE); i++) {
        if (sv_eq(name, TABLE[i].name)) {
            return &TABLE[i];
        }
    }
    for (size_t i = 0; name.len < JAR_MAX && i < ARRAY_LEN(TABLE); i++) {
        if (same_name(name, TABLE[i].name)) {
            return &TABLE[i];
        }
    }
    return NULL;
}

static bool is_jar(struct strview name)
{
    if (name.len <= 4 || name.len > JAR_MAX || !sv_ends(name, SV(".jar"))) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        // The entry point splits the list at ';' and looks in /opt/flink/opt.
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    (i != 0 && (c == '.' || c == '-' || c == '_' || c == '+'));
        if (!fine) {
            return false;
        }
    }
    return true;
}

bool flink_plugin_is_valid(struct strview plugin)
{
    return is_jar(plugin) || find(plugin) != NULL;
}

struct strview flink_plugin_jar(struct arena *arena, struct strview plugin, struct strview patch)
{
    if (is_jar(plugin)) {
        return plugin;
    }
    const struct plugin *p = find(plugin);
    if (p == NULL || patch.len == 0) {
        return SV_NONE;
    }
    CLEANUP(strbuf_done) struct strbuf name = STRBUF_IN(arena, (size_t)2 * JAR_MAX);
    strbuf_put(&name, p->jar);
    strbuf_put_char(&name, '-');
    strbuf_put(&name, patch);
    strbuf_put_str(&name, ".jar");
    return strbuf_view(&name);
}

const char *flink_plugin_names(void)
{
    return "azure-fs-hadoop, gs-fs-hadoop, oss-fs-hadoop, s3-hadoop, s3-presto";
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

struct strview flink_uri_scheme(struct arena *arena, struct strview uri)
{
    bool same = true;
    size_t n = 0;
    for (; n < uri.len && n <= SCHEME_MAX && uri.ptr[n] != ':'; n++) {
        char c = uri.ptr[n];
        bool letter = (c >= 'a' && c <= 'z') || is_upper(c);
        bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!letter && (n == 0 || !other)) {
            return SV_NONE;
        }
        same = same && !is_upper(c);
    }
    if (n == 0 || n > SCHEME_MAX || !sv_starts(sv_from_pos(uri, n), SV(":/"))) {
        return SV_NONE;
    }
    if (same) {
        return sv_sub(uri, 0, n);
    }
    char text[SCHEME_MAX];
    for (size_t i = 0; i < n; i++) {
        text[i] = (char)(is_upper(uri.ptr[i]) ? uri.ptr[i] + ('a' - 'A') : uri.ptr[i]);
    }
    return arena_copy(arena, sv_make(text, n));
}

static bool lists(struct strview schemes, struct strview scheme)
{
    struct strview one;
    while (sv_split(&schemes, ' ', &one)) {
        if (sv_eq(one, scheme)) {
            return true;
        }
    }
    return false;
}

bool flink_scheme_needs_plugin(struct strview scheme, const char **want)
{
    static const struct {
        const char *schemes, *want;
    } WANTS[] = {
        {"s3", "s3-hadoop or s3-presto"},
        {"s3a", "s3-hadoop"},
        {"s3p", "s3-presto"},
        {"gs", "gs-fs-hadoop"},
        {"wasb wasbs abfs abfss", "azure-fs-hadoop"},
        {"oss", "oss-fs-hadoop"},
    };
    for (size_t i = 0; i < ARRAY_LEN(WANTS); i++) {
        if (lists(sv_from(WANTS[i].schemes), scheme)) {
            if (want != NULL) {
                *want = WANTS[i].want;
            }
            return true;
        }
    }
    return false;
}

bool flink_plugin_serves(struct strview plugin, struct strview scheme)
{
    const struct plugin *p = find(plugin);
    if (p != NULL) {
        return lists(p->schemes, scheme);
    }
    for (size_t i = 0; is_jar(plugin) && i < ARRAY_LEN(TABLE); i++) {
        struct strview rest = sv_from_pos(plugin, TABLE[i].jar.len);
        if (sv_starts(plugin, TABLE[i].jar) && sv_starts(rest, SV("-"))) {
            return lists(TABLE[i].schemes, scheme);
        }
    }
    // A jar of the user's own, of whose schemes nothing is known.
    return is_jar(plugin) && !sv_starts(plugin, SV("flink-"));
}

const char *flink_aws_provider(struct flink_version version)
{
    return flink_version_standing(version) == FLINK_NEWER
               ? "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider"
               : "com.amazonaws.auth.WebIdentityTokenCredentialsProvider";
}
