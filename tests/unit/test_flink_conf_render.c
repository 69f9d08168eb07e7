// SPDX-License-Identifier: Apache-2.0
#include "common/flink/conf_render.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/macros.h"
#include "tests/unit/unit.h"

static struct arena arena = {.max = 64 << 20};
static struct flink_conf user;
static struct flink_conf_rendered out;

static void setup(void)
{
}

static void teardown(void)
{
    arena_done(&arena);
}

static struct flink_conf_inputs inputs(int major, int minor, const char *conf)
{
    const struct json *map = NULL;
    struct violations found = VIOLATIONS(&arena, 20);
    const struct path path = PATH_FIELD_OF(NULL, SV("c"));
    if (conf != NULL) {
        ck_assert_int_eq(json_parse(sv_from(conf), &JSON_LIMITS_DEFAULT, &arena, &map, NULL), 0);
    }
    flink_conf_read(map, &path, &arena, &found, &user);
    ck_assert_uint_eq(found.count, 0);
    return (struct flink_conf_inputs){.version = {.major = major, .minor = minor},
                                      .application = true,
                                      .ha = true,
                                      .namespace = SV("payments"),
                                      .cluster_id = SV("fraud-r1"),
                                      .run = SV("r1"),
                                      .ha_dir = SV("s3://s/payments/fraud/u/r1/ha"),
                                      .checkpoint_dir = SV("s3://s/payments/fraud/checkpoints"),
                                      .savepoint_dir = SV("s3://s/payments/fraud/savepoints"),
                                      .slots = 2,
                                      .parallelism = 8,
                                      .job_manager_replicas = 2,
                                      .job_manager_process = INT64_C(1600) << 20,
                                      .task_manager_process = INT64_C(4) << 30,
                                      .user = &user};
}

static void render(const struct flink_conf_inputs *in)
{
    struct err err = {0};
    ck_assert_msg(flink_conf_render(in, &arena, &out, &err) == 0, "%s", err.msg);
}

static const struct flink_conf_line *line(const char *key)
{
    for (size_t i = 0; i < out.line_count; i++) {
        if (sv_eq_lit(out.lines[i].key, key)) {
            return &out.lines[i];
        }
    }
    return NULL;
}

static void expect(const char *key, const char *value, enum flink_conf_origin origin)
{
    const struct flink_conf_line *l = line(key);
    ck_assert_msg((l != NULL) == (value != NULL), "%s", key);
    if (l != NULL) {
        ck_assert_msg(sv_eq_lit(l->value, value), "%s: %.*s", key, SV_ARG(l->value));
        ck_assert_int_eq(l->origin, origin);
    }
}

START_TEST(render__an_application_with_storage_gets_all_that_the_table_has)
{
    struct flink_conf_inputs in = inputs(1, 20, NULL);
    render(&in);
    ck_assert_str_eq(out.file, "flink-conf.yaml");
    ck_assert_uint_eq(out.argument_count, 0);
    expect("kubernetes.cluster-id", "fraud-r1", FLINK_CONF_FIXED);
    expect("kubernetes.namespace", "payments", FLINK_CONF_FIXED);
    expect("high-availability.type", "kubernetes", FLINK_CONF_FIXED);
    expect("high-availability.storageDir", "s3://s/payments/fraud/u/r1/ha", FLINK_CONF_DEFAULT);
    expect("high-availability.kubernetes.leader-election.lease-duration", "4 s",
           FLINK_CONF_DEFAULT);
    expect("execution.checkpointing.dir", "s3://s/payments/fraud/checkpoints", FLINK_CONF_DEFAULT);
    expect("execution.shutdown-on-application-finish", "false", FLINK_CONF_FIXED);
    expect("execution.submit-failed-job-on-application-error", "true", FLINK_CONF_FIXED);
    expect("job-result-store.delete-on-commit", "false", FLINK_CONF_FIXED);
    expect("job-result-store.storage-path", "s3://s/payments/fraud/u/r1/ha/job-result-store/r1",
           FLINK_CONF_FIXED);
    expect("application-result-store.storage-path", NULL, 0);
    expect("web.cancel.enable", "false", FLINK_CONF_FIXED);
    expect("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION",
           FLINK_CONF_DEFAULT);
    expect("parallelism.default", "8", FLINK_CONF_FIXED);
    expect("taskmanager.numberOfTaskSlots", "2", FLINK_CONF_FIXED);
    expect("jobmanager.memory.process.size", "1600m", FLINK_CONF_DEFAULT);
    expect("taskmanager.memory.process.size", "4g", FLINK_CONF_DEFAULT);
    expect("jobmanager.rpc.address", NULL, 0);
    expect("rest.port", "8081", FLINK_CONF_FIXED);
    ck_assert_ptr_nonnull(line("env.java.opts.all"));
}
END_TEST

START_TEST(render__result_stores_of_2_3_are_set_there)
{
    struct flink_conf_inputs in = inputs(2, 3, NULL);
    render(&in);
    expect("application-result-store.delete-on-commit", "false", FLINK_CONF_FIXED);
    expect("application-result-store.storage-path",
           "s3://s/payments/fraud/u/r1/ha/application-result-store/r1", FLINK_CONF_FIXED);
    expect("job-result-store.delete-on-commit", "false", FLINK_CONF_FIXED);
}
END_TEST

START_TEST(render__without_storage_nothing_of_ha_is_written)
{
    struct flink_conf_inputs in = inputs(1, 20, "{\"high-availability.type\":\"kubernetes\"}");
    in.ha = false;
    in.ha_dir = in.checkpoint_dir = in.savepoint_dir = SV_NONE;
    in.rpc_address = SV("fraud-jobmanager");
    render(&in);
    for (size_t i = 0; i < out.line_count; i++) {
        ck_assert(!sv_starts(out.lines[i].key, SV("high-availability")));
        ck_assert(!sv_starts(out.lines[i].key, SV("kubernetes")));
        ck_assert(!sv_starts(out.lines[i].key, SV("job-result-store")));
    }
    expect("jobmanager.rpc.address", "fraud-jobmanager", FLINK_CONF_FIXED);
    expect("execution.checkpointing.dir", NULL, 0);
    expect("execution.shutdown-on-application-finish", "false", FLINK_CONF_FIXED);
}
END_TEST

START_TEST(render__a_session_cluster_keeps_the_users_web_settings)
{
    struct flink_conf_inputs in = inputs(1, 20, "{\"web.cancel.enable\":true}");
    in.application = false;
    render(&in);
    expect("web.cancel.enable", "true", FLINK_CONF_USER);
    expect("execution.shutdown-on-application-finish", NULL, 0);
    expect("job-result-store.storage-path", NULL, 0);
    expect("high-availability.type", "kubernetes", FLINK_CONF_FIXED);
}
END_TEST

START_TEST(render__one_job_manager_keeps_flinks_lease)
{
    struct flink_conf_inputs in = inputs(1, 20, NULL);
    in.job_manager_replicas = 1;
    render(&in);
    expect("high-availability.kubernetes.leader-election.lease-duration", NULL, 0);
    expect("high-availability.type", "kubernetes", FLINK_CONF_FIXED);
}
END_TEST

START_TEST(render__the_user_wins_over_defaults_never_over_fixed_ones)
{
    struct flink_conf_inputs in =
        inputs(1, 18,
               "{\"state.checkpoints.dir\":\"s3://own/c\",\"rest.port\":9999,"
               "\"high-availability.storageDir\":\"s3://own/ha/\","
               "\"taskmanager.memory.flink.size\":\"2g\",\"execution.checkpointing.interval\":30}");
    render(&in);
    expect("state.checkpoints.dir", "s3://own/c", FLINK_CONF_USER);
    expect("execution.checkpointing.dir", NULL, 0);
    expect("state.savepoints.dir", "s3://s/payments/fraud/savepoints", FLINK_CONF_DEFAULT);
    expect("rest.port", "8081", FLINK_CONF_FIXED);
    expect("job-result-store.storage-path", "s3://own/ha/job-result-store/r1", FLINK_CONF_FIXED);
    expect("taskmanager.memory.process.size", NULL, 0);
    expect("taskmanager.memory.flink.size", "2g", FLINK_CONF_USER);
    expect("execution.checkpointing.interval", "30", FLINK_CONF_USER);
}
END_TEST

START_TEST(render__keys_are_unique_and_sorted_and_spelled_for_the_version)
{
    static const char CONF[] =
        "{\"state.backend\":\"rocksdb\",\"execution.checkpointing.dir\":\"x\","
        "\"my.key\":\"v\",\"env.java.opts\":\"-Dx=y\"}";
    for (enum flink_release r = 0; r < FLINK_RELEASE_COUNT; r++) {
        struct flink_version v = flink_version_of(r);
        struct flink_conf_inputs in = inputs(v.major, v.minor, CONF);
        in.rpc_address = SV("x");
        in.aws_provider = SV("p");
        in.classpath = SV("file:///x.jar");
        render(&in);
        for (size_t i = 0; i < out.line_count; i++) {
            struct strview key = out.lines[i].key;
            ck_assert(i == 0 || sv_cmp(out.lines[i - 1].key, key) < 0);
            bool own = sv_eq_lit(key, "my.key") || sv_starts(key, SV("fs.s3a."));
            ck_assert_msg(own || flink_option_known_in(key, v), "%.*s in %d.%d", SV_ARG(key),
                          v.major, v.minor);
        }
        expect("fs.s3a.aws.credentials.provider", "p", FLINK_CONF_DEFAULT);
    }
}
END_TEST

START_TEST(render__joined_values_hold_both)
{
    struct flink_conf_inputs in = inputs(
        1, 18, "{\"pipeline.classpaths\":\"file:///u.jar\",\"env.java.opts.all\":\"-Dmine\"}");
    in.classpath = SV("file:///j.jar");
    render(&in);
    expect("pipeline.classpaths", "file:///j.jar;file:///u.jar", FLINK_CONF_USER);
    const struct flink_conf_line *l = line("env.java.opts.all");
    ck_assert(sv_starts(l->value, SV("--add-exports=")));
    ck_assert(sv_ends(l->value, SV("locks=ALL-UNNAMED -Dmine")));
    in = inputs(1, 17, "{\"env.java.opts.all\":\"-Dmine\"}");
    render(&in);
    expect("env.java.opts.all", "-Dmine", FLINK_CONF_USER);
}
END_TEST

START_TEST(render__s3a_provider_of_the_user_stays_alone)
{
    struct flink_conf_inputs in = inputs(1, 20, "{\"s3.aws.credentials.provider\":\"mine\"}");
    in.aws_provider = SV("p");
    render(&in);
    expect("fs.s3a.aws.credentials.provider", NULL, 0);
}
END_TEST

START_TEST(render__a_flat_file_hands_what_it_cant_hold_to_arguments)
{
    struct flink_conf_inputs in =
        inputs(1, 20,
               "{\"k1\":\"a#b\",\"k2\":\"two\\nlines\",\"k3\":\" led\",\"k4\":\"\",\"k5\":\"a: b\","
               "\"k6\":\"\\\"quoted\\\"\",\"k7\":\"x=$(Y)\",\"k8\":\"tail\\t\"}");
    render(&in);
    ck_assert_uint_eq(out.argument_count, 5);
    ck_assert(sv_eq_lit(out.arguments[0], "k1=a#b"));
    ck_assert(sv_eq_lit(out.arguments[1], "k2=two\nlines"));
    ck_assert(sv_eq_lit(out.arguments[2], "k3= led"));
    ck_assert(sv_eq_lit(out.arguments[3], "k4="));
    ck_assert(sv_eq_lit(out.arguments[4], "k8=tail\t"));
    ck_assert_uint_ne(sv_find(out.text, SV("\nk5: a: b\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\nk6: \"quoted\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\nk7: x=$(Y)\n")), SIZE_MAX);
    ck_assert_uint_eq(sv_find_char(out.text, '#'), SIZE_MAX);
}
END_TEST

START_TEST(render__yaml_quotes_every_value)
{
    struct flink_conf_inputs in =
        inputs(2, 2,
               "{\"a.1\":\"a#b: c\",\"a.2\":\"two\\nlines\\t\",\"a.3\":\"\",\"a.4\":\"q\\\"\\\\\","
               "\"a.5\":\"\\u0001\",\"true\":1,\"1.5\":\"x\",\"a.6\":\"\u00fc\"}");
    render(&in);
    ck_assert_str_eq(out.file, "config.yaml");
    ck_assert_uint_eq(out.argument_count, 0);
    ck_assert_uint_ne(sv_find(out.text, SV("\na.1: \"a#b: c\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\na.2: \"two\\nlines\\t\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\na.3: \"\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\na.4: \"q\\\"\\\\\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\na.5: \"\\x01\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\na.6: \"\u00fc\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\n\"true\": \"1\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\"1.5\": \"x\"\n")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(out.text, SV("\nparallelism.default: \"8\"\n")), SIZE_MAX);
}
END_TEST

START_TEST(render__a_full_arena_is_an_error)
{
    struct flink_conf_inputs in = inputs(1, 20, NULL);
    for (size_t room = 64; room < 8192; room *= 2) {
        CLEANUP(arena_done) struct arena small = ARENA(room);
        struct err err = {0};
        ck_assert_int_eq(flink_conf_render(&in, &small, &out, &err), -1);
        ck_assert_int_eq(err.code, E_NOMEM);
    }
}
END_TEST

START_TEST(render__docs_name_every_kind_of_key)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(256 * 1024);
    flink_conf_docs(&b);
    ck_assert(strbuf_ok(&b));
    struct strview text = strbuf_view(&b);
    ck_assert_uint_ne(sv_find(text, SV("| `rest.port` | `8081` |")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(text, SV("`pipeline.jars`")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(text, SV("use `spec.parallelism`")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(text, SV("`job.autoscaler.*`")), SIZE_MAX);
}
END_TEST

UNIT_MAIN(setup, teardown, render__an_application_with_storage_gets_all_that_the_table_has,
          render__result_stores_of_2_3_are_set_there,
          render__without_storage_nothing_of_ha_is_written,
          render__a_session_cluster_keeps_the_users_web_settings,
          render__one_job_manager_keeps_flinks_lease,
          render__the_user_wins_over_defaults_never_over_fixed_ones,
          render__keys_are_unique_and_sorted_and_spelled_for_the_version,
          render__joined_values_hold_both, render__s3a_provider_of_the_user_stays_alone,
          render__a_flat_file_hands_what_it_cant_hold_to_arguments, render__yaml_quotes_every_value,
          render__a_full_arena_is_an_error, render__docs_name_every_kind_of_key)
