// SPDX-License-Identifier: Apache-2.0
#include "common/flink/conf_keys.h"

#include <stdint.h>

#include "common/base/macros.h"
#include "common/flink/memory_size.h"

#define TO(name)                                                                                   \
    static struct strview name(const struct conf_key *row UNUSED,                                  \
                               const struct flink_conf_inputs *in UNUSED,                          \
                               struct arena *arena UNUSED)

/// Flink's own list for Java 17 (conf/flink-conf.yaml of 1.18, conf/config.yaml of 2.x).
#define JAVA_OPTS                                                                                  \
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED "                                            \
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED "                                         \
    "--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED "                              \
    "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED "                             \
    "--add-exports=jdk.compiler/com.sun.tools.javac.parser=ALL-UNNAMED "                           \
    "--add-exports=jdk.compiler/com.sun.tools.javac.tree=ALL-UNNAMED "                             \
    "--add-exports=jdk.compiler/com.sun.tools.javac.util=ALL-UNNAMED "                             \
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED "                              \
    "--add-opens=java.base/java.lang=ALL-UNNAMED "                                                 \
    "--add-opens=java.base/java.net=ALL-UNNAMED "                                                  \
    "--add-opens=java.base/java.io=ALL-UNNAMED "                                                   \
    "--add-opens=java.base/java.nio=ALL-UNNAMED "                                                  \
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED "                                                \
    "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED "                                         \
    "--add-opens=java.base/java.text=ALL-UNNAMED "                                                 \
    "--add-opens=java.base/java.time=ALL-UNNAMED "                                                 \
    "--add-opens=java.base/java.util=ALL-UNNAMED "                                                 \
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED "                                      \
    "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED "                               \
    "--add-opens=java.base/java.util.concurrent.locks=ALL-UNNAMED"

TO(value_none)
{
    return SV_NONE;
}

TO(value_text)
{
    return sv_from(row->text);
}

TO(value_cluster_id)
{
    return in->cluster_id;
}

TO(value_namespace)
{
    return in->namespace;
}

TO(value_ha_dir)
{
    return in->ha_dir;
}

TO(value_checkpoint_dir)
{
    return in->checkpoint_dir;
}

TO(value_savepoint_dir)
{
    return in->savepoint_dir;
}

/// Below the HA directory in effect.
static struct strview results(const struct flink_conf_inputs *in, struct arena *arena,
                              const char *store)
{
    struct strview dir = flink_conf_get_lit(in->user, "high-availability.storageDir");
    if (dir.len == 0) {
        dir = in->ha_dir;
    }
    if (dir.len == 0) {
        return SV_NONE;
    }
    if (dir.ptr[dir.len - 1] == '/') {
        dir.len--;
    }
    return arena_printf(arena, "%.*s/%s/%.*s", SV_ARG(dir), store, SV_ARG(in->run));
}

TO(value_job_results)
{
    return results(in, arena, "job-result-store");
}

TO(value_application_results)
{
    return results(in, arena, "application-result-store");
}

/// Long enough for a controller that was away: a year, in seconds.
TO(value_job_store)
{
    return in->format_1 ? SV_NONE : sv_from(row->text);
}

/// In the first format they were the same at each start.
TO(value_job_manager_rpc)
{
    return in->format_1 ? SV("6123") : sv_from(row->text);
}

TO(value_task_manager_rpc)
{
    return in->format_1 ? SV("6122") : sv_from(row->text);
}

TO(value_parallelism)
{
    return in->parallelism > 0 ? arena_printf(arena, "%d", in->parallelism) : SV_NONE;
}

TO(value_slots)
{
    return in->slots > 0 ? arena_printf(arena, "%d", in->slots) : SV_NONE;
}

TO(value_classpath)
{
    return in->classpath;
}

static struct strview process_size(struct arena *arena, int64_t bytes, struct strview flink_size)
{
    return bytes > 0 && flink_size.len == 0 ? flink_memory_size_text(arena, bytes) : SV_NONE;
}

TO(value_job_manager_process)
{
    return process_size(arena, in->job_manager_process,
                        flink_conf_get_lit(in->user, "jobmanager.memory.flink.size"));
}

TO(value_task_manager_process)
{
    return process_size(arena, in->task_manager_process,
                        flink_conf_get_lit(in->user, "taskmanager.memory.flink.size"));
}

TO(value_java_opts)
{
    // 1.17 has no Java 17, and its scripts would hand them to a Java 8 that stops at them.
    return flink_version_at_least(in->version, 1, 18) ? SV(JAVA_OPTS) : SV_NONE;
}

TO(value_rpc_address)
{
    return in->rpc_address;
}

TO(value_aws_provider)
{
    // Flink hands all three prefixes to S3A.
    bool given = sv_present(flink_conf_get_lit(in->user, "s3.aws.credentials.provider")) ||
                 sv_present(flink_conf_get_lit(in->user, "s3a.aws.credentials.provider"));
    return given ? SV_NONE : in->aws_provider;
}

const struct conf_key CONF_KEYS[] = {
#define CONF_KEY(key_, mode_, when_, make_, text_, instead_, why_)                                 \
    {.key = SV_INIT(key_),                                                                         \
     .open = (key_)[sizeof(key_) - 2] == '*',                                                      \
     .mode = CONF_##mode_,                                                                         \
     .when = CONF_##when_,                                                                         \
     .value = value_##make_,                                                                       \
     .text = (text_),                                                                              \
     .instead = (instead_),                                                                        \
     .why = (why_)},
#define CONF_HINT(key_, text_)
#include "common/flink/conf_keys.def"
#undef CONF_KEY
#undef CONF_HINT
};
const size_t CONF_KEY_COUNT = ARRAY_LEN(CONF_KEYS);

const struct conf_hint CONF_HINTS[] = {
#define CONF_KEY(key_, mode_, when_, make_, text_, instead_, why_)
#define CONF_HINT(key_, text_)                                                                     \
    {.key = SV_INIT(key_), .open = (key_)[sizeof(key_) - 2] == '*', .text = (text_)},
#include "common/flink/conf_keys.def"
#undef CONF_KEY
#undef CONF_HINT
};
const size_t CONF_HINT_COUNT = ARRAY_LEN(CONF_HINTS);

// All rows: those of CONF_KEYS and, as in the file, behind them those of CONF_HINTS. What tells
// them apart stands side by side: whole keys have a mark of their length and first byte, open ones
// the byte that they begin with, and 0 stands for the other sort. Nearly all are passed over by it.
#define MARK(len, first) ((unsigned char)((len) + 41 * (first))) // spreads both over a byte
#define IS_OPEN(key)     ((key)[sizeof(key) - 2] == '*')
#define TEXT_OF(key)     SV_INIT(key),
#define MARK_OF(key)     IS_OPEN(key) ? 0 : MARK(sizeof(key) - 1, (unsigned char)(key)[0]),
#define FIRST_OF(key)    IS_OPEN(key) ? (unsigned char)(key)[0] : 0,

#define CONF_KEY(key_, mode_, when_, make_, text_, instead_, why_) EACH(key_)
#define CONF_HINT(key_, text_)                                     EACH(key_)
#define EACH                                                       TEXT_OF
static const struct strview TEXTS[] = {
#include "common/flink/conf_keys.def"
};
#undef EACH
#define EACH MARK_OF
static const unsigned char MARKS[] = {
#include "common/flink/conf_keys.def"
};
#undef EACH
#define EACH FIRST_OF
static const unsigned char FIRSTS[] = {
#include "common/flink/conf_keys.def"
};
#undef EACH
// The first bytes of open keys, as bits: few keys begin like one.
#define EACH(key) | (IS_OPEN(key) ? BIT((key)[0]) : 0)
#define BIT(c)    (UINT64_C(1) << (unsigned char)(c) % 64)
static const uint64_t OPEN_FIRSTS = 0
#include "common/flink/conf_keys.def"
    ;
#undef EACH
#undef CONF_KEY
#undef CONF_HINT

/// Where C stands next in BYTES, from I on and before END; or END.
static size_t next(const unsigned char *bytes, size_t end, size_t i, unsigned char c)
{
    const unsigned char *p = i < end ? memchr(bytes + i, c, end - i) : NULL;
    return p != NULL ? (size_t)(p - bytes) : end;
}

/// The first row that KEY is, or that, open, it begins with; or the count of them.
static size_t row_of(struct strview key)
{
    size_t i = 0, end = ARRAY_LEN(TEXTS);
    if (key.len == 0) {
        return end;
    }
    unsigned char first = (unsigned char)key.ptr[0], mark = MARK(key.len, first);
    while ((i = next(MARKS, end, i, mark)) < end && !sv_eq(TEXTS[i], key)) {
        i++;
    }
    if ((OPEN_FIRSTS & BIT(first)) == 0) {
        return i;
    }
    end = i;
    i = 0;
    while ((i = next(FIRSTS, end, i, first)) < end &&
           !sv_starts(key, sv_make(TEXTS[i].ptr, TEXTS[i].len - 1))) {
        i++;
    }
    return i;
}

struct conf_row conf_row_find(struct strview canonical)
{
    size_t i = row_of(canonical);
    if (i < CONF_KEY_COUNT) {
        return (struct conf_row){.key = &CONF_KEYS[i]};
    }
    return (struct conf_row){.hint = i < ARRAY_LEN(TEXTS) ? &CONF_HINTS[i - CONF_KEY_COUNT] : NULL};
}

bool conf_key_is_literal(const struct conf_key *row)
{
    return row->value == value_text;
}

bool conf_key_agrees(const struct conf_key *row, struct strview value)
{
    if (!conf_key_is_literal(row)) {
        return false;
    }
    // The class name is how older manifests ask for Kubernetes HA.
    return sv_eq_lit(value, row->text) ||
           (sv_eq_lit(row->key, "high-availability.type") &&
            sv_eq_lit(value, "org.apache.flink.kubernetes.highavailability."
                             "KubernetesHaServicesFactory"));
}
