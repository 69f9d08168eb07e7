// SPDX-License-Identifier: Apache-2.0
// The input is a flinkConfiguration. For every Flink version: it is judged; what is not denied is
// rendered; keys come out once and in order; and what Flink 1.x reads from the file by its own line
// rules is what was to be written, the rest stands in the arguments.
#include "common/flink/conf_render.h"
#include "common/flink/memory.h"
#include "common/json/view.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_BYTES ((size_t)64 << 20)

/// GlobalConfiguration.loadYAMLResource of Flink 1.x for one line: false when it skips the line.
static bool flink_reads(struct strview line, struct strview *key, struct strview *value)
{
    struct strview conf = sv_trim(sv_sub(line, 0, sv_find_char(line, '#')));
    size_t at = sv_find(conf, SV(": "));
    if (conf.len == 0 || at == SIZE_MAX) {
        return false;
    }
    *key = sv_trim(sv_sub(conf, 0, at));
    *value = sv_trim(sv_from_pos(conf, at + 2));
    return key->len != 0 && value->len != 0;
}

static void check_flat(const struct flink_conf_rendered *out)
{
    struct strview rest = out->text, line, key, value;
    size_t n = 0, arguments = 0;
    for (size_t i = 0; i < out->line_count; i++) {
        if (out->lines[i].argument) {
            arguments++;
            continue;
        }
        ASSERT(sv_split(&rest, '\n', &line) && flink_reads(line, &key, &value));
        ASSERT(sv_eq(key, out->lines[i].key) && sv_eq(value, out->lines[i].value));
        n++;
    }
    ASSERT(arguments == out->argument_count && n + arguments == out->line_count);
}

static void check_version(struct arena *arena, const struct flink_conf *conf,
                          struct flink_version version, bool application)
{
    struct violations found = VIOLATIONS(arena, 1000);
    const struct path path = PATH_FIELD_OF(NULL, SV("flinkConfiguration"));
    const struct flink_conf_judge judge = {
        .version = version, .application = application, .storage_known = true};
    flink_conf_check(conf, &judge, &path, &found);
    const struct flink_conf_inputs in = {.version = version,
                                         .application = application,
                                         .ha = true,
                                         .cluster_id = SV("c-r"),
                                         .run = SV("r"),
                                         .ha_dir = SV("file:///ha"),
                                         .classpath = SV("file:///j"),
                                         .aws_provider = SV("p"),
                                         .slots = 1,
                                         .parallelism = 1,
                                         .job_manager_replicas = 2,
                                         .user = conf};
    struct flink_conf_rendered out;
    struct err err = {.code = E_OK};
    if (flink_conf_render(&in, arena, &out, &err) < 0) {
        ASSERT(err.code == E_TOO_LARGE || err.code == E_NOMEM);
        return;
    }
    for (size_t i = 1; i < out.line_count; i++) {
        ASSERT(sv_cmp(out.lines[i - 1].key, out.lines[i].key) < 0);
    }
    if (version.major < 2) {
        check_flat(&out);
    } else {
        ASSERT(out.argument_count == 0);
    }
}

static void check_memory(struct arena *arena, const struct flink_conf *conf)
{
    for (int role = FLINK_JOB_MANAGER; role <= FLINK_TASK_MANAGER; role++) {
        struct flink_memory m;
        flink_memory_work_out((enum flink_role)role, flink_version_oldest(), INT64_C(2) << 30, conf,
                              arena, &m);
        ASSERT(m.smallest_process >= 0);
        if (m.verdict != FLINK_MEMORY_FAILS) {
            ASSERT(m.heap >= 0 && m.overhead >= 0 && m.network >= 0 && m.managed >= 0);
            ASSERT(m.process >= m.flink);
        } else {
            ASSERT(m.why.len != 0 || !arena_ok(arena));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_BYTES);
    const struct json *map = NULL;
    struct strview input = sv_make((const char *)data, size);
    if (json_parse(input, &JSON_LIMITS_DEFAULT, &arena, &map, NULL) < 0) {
        return 0;
    }
    struct violations found = VIOLATIONS(&arena, 1000);
    const struct path path = PATH_FIELD_OF(NULL, SV("flinkConfiguration"));
    struct flink_conf conf;
    flink_conf_read(map, &path, &arena, &found, &conf);
    for (size_t i = 0; i < conf.count; i++) {
        ASSERT(flink_conf_find(&conf, conf.items[i].key) == &conf.items[i]);
    }
    for (enum flink_release r = 0; r < FLINK_RELEASE_COUNT; r++) {
        check_version(&arena, &conf, flink_version_of(r), r % 2 == 0);
    }
    check_memory(&arena, &conf);
    return 0;
}
