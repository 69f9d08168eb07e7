// SPDX-License-Identifier: Apache-2.0
// What a FlinkCluster becomes: golden files, and the arguments that real Flink takes.
// UPDATE_GOLDEN=1 writes the golden files anew.
#include "controller/render.h"

#include <stdio.h>

#include "common/base/mem.h"
#include "common/json/out.h"
#include "ctl_world.h"
#include "unit.h"

#define FOLDER SLUICE_SOURCE_DIR "/tests/fixtures/controller/"

static struct arena a;

static void start(void)
{
    a = ARENA((size_t)256 << 20);
}

static void done(void)
{
    arena_done(&a);
}

static const struct json *parse(struct strview text)
{
    const struct json *v = NULL;
    struct err err = {0};
    int rc = json_parse(text, &JSON_LIMITS_DEFAULT, &a, &v, &err);
    ck_assert_msg(rc == 0, "%s", err.msg);
    return v;
}

static struct strview read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "no file %s", path);
    char *text = arena_alloc(&a, 1 << 20);
    ck_assert_ptr_nonnull(text);
    size_t n = fread(text, 1, 1 << 20, f);
    ck_assert_int_eq(fclose(f), 0);
    return sv_make(text, n);
}

static const struct json *render_with(const struct plan_settings *settings,
                                      const struct json *cluster)
{
    struct strbuf out = STRBUF(16 << 20);
    struct err err = {0};
    int rc = controller_render(cluster, settings, &a, &out, &err);
    ck_assert_msg(rc == 0, "%s", err.msg);
    const struct json *v = parse(strbuf_view(&out));
    strbuf_done(&out);
    return v;
}

static const struct json *render(const struct json *cluster)
{
    return render_with(&WORLD_SETTINGS, cluster);
}

static void write_file(const char *path, const struct json *v)
{
    struct strbuf b = STRBUF(16 << 20);
    struct json_out o = JSON_OUT(&b);
    json_out_value(&o, v);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(b.ptr, 1, b.len, f), b.len);
    ck_assert_int_eq(fputc('\n', f), '\n');
    ck_assert_int_eq(fclose(f), 0);
    strbuf_done(&b);
}

static const char *const GOLDEN[] = {"session", "application-ha", "templates", "azure-2x"};

START_TEST(render__it_is_as_the_golden_file_says)
{
    char in[512];
    char out[512];
    for (size_t i = 0; i < ARRAY_LEN(GOLDEN); i++) {
        ck_assert_int_gt(snprintf(in, sizeof(in), FOLDER "%s.json", GOLDEN[i]), 0);
        ck_assert_int_gt(snprintf(out, sizeof(out), FOLDER "%s.objects.json", GOLDEN[i]), 0);
        const struct json *got = render(parse(read_file(in)));
        if (getenv("UPDATE_GOLDEN") != NULL) {
            write_file(out, got);
        }
        const struct json *want = json_first(parse(read_file(out)));
        json_each(object, got) {
            struct strview name = json_string(json_get_path(object, "metadata", "name", NULL));
            ck_assert_msg(json_equal(object, want), "%s: %.*s %.*s differs", GOLDEN[i],
                          SV_ARG(json_get_string(object, SV("kind"))), SV_ARG(name));
            want = json_next(want);
        }
        ck_assert_ptr_null(want);
    }
}
END_TEST

/// The arguments of the first pod of ROLE, joined by spaces.
static struct strview args_of(const char *spec, const char *role)
{
    struct strbuf b = STRBUF(65536);
    struct strbuf cluster = STRBUF(65536);
    strbuf_printf(&cluster, "{'kind':'FlinkCluster','metadata':{'name':'fraud'},'spec':%s}", spec);
    for (size_t i = 0; i < cluster.len; i++) {
        cluster.ptr[i] = cluster.ptr[i] == '\'' ? '"' : cluster.ptr[i];
    }
    json_each(object, render(parse(strbuf_view(&cluster)))) {
        const struct json *labels = json_get_path(object, "metadata", "labels", NULL);
        if (b.len == 0 && sv_eq_lit(json_get_string(object, SV("kind")), "Pod") &&
            sv_eq_lit(json_get_string(labels, SV(LABEL_COMPONENT)), role)) {
            const struct json *c = json_first(json_get_path(object, "spec", "containers", NULL));
            json_each(arg, json_get_lit(c, "args")) {
                strbuf_put_str(&b, b.len > 0 ? " " : "");
                strbuf_put(&b, json_string(arg));
            }
        }
    }
    struct strview text = arena_copy(&a, strbuf_view(&b));
    strbuf_done(&b);
    strbuf_done(&cluster);
    return text;
}

static void assert_args(const char *spec, const char *role, const char *want)
{
    struct strview got = args_of(spec, role);
    ck_assert_msg(sv_find(got, sv_from(want)) != SIZE_MAX, "\"%s\" is not in \"%.*s\"", want,
                  SV_ARG(got));
}

START_TEST(render__a_session_cluster_starts_plain_processes)
{
    const char *spec = "{'image':'flink:1.20.1'}";
    ck_assert(sv_eq_lit(args_of(spec, "jobmanager"), "jobmanager"));
    ck_assert(
        sv_starts(args_of(spec, "taskmanager"), SV("taskmanager -D taskmanager.host=$(POD_IP) -D "
                                                   "taskmanager.resource-id=$(POD_NAME)")));
}
END_TEST

START_TEST(render__user_arguments_stand_after_two_dashes_and_arrive_as_written)
{
    assert_args("{'image':'flink:1.20.1','job':{'entryClass':'a.B','args':['-s','$(HOME) $$ $']}}",
                "jobmanager", " -- -s $$(HOME) $$$$ $$");
}
END_TEST

START_TEST(render__a_job_s_options_come_before_flink_s)
{
    struct strview got =
        args_of("{'image':'flink:1.20.1','storage':{'root':'s3://b'},'job':{'entryClass':'a.B',"
                "'jarURI':'s3://b/j.jar','initialSavepointPath':'s3://b/sp',"
                "'allowNonRestoredState':true}}",
                "jobmanager");
    ck_assert(sv_starts(got, SV("standalone-job --job-classname a.B --job-id ")));
    ck_assert_uint_ne(sv_find(got, SV(" --fromSavepoint s3://b/sp --allowNonRestoredState --jars "
                                      "s3://b/j.jar -D jobmanager.rpc.address=$(POD_IP)")),
                      SIZE_MAX);
}
END_TEST

START_TEST(render__a_jar_in_usrlib_is_on_the_class_path_already)
{
    struct strview got = args_of("{'image':'flink:1.20.1','job':{'entryClass':'a.B',"
                                 "'jarURI':'local:///opt/flink/usrlib/j.jar'}}",
                                 "jobmanager");
    ck_assert_uint_eq(sv_find(got, SV("--jars")), SIZE_MAX);
}
END_TEST

START_TEST(render__with_kube2iam_the_role_stands_on_the_pods_alone)
{
    struct plan_settings settings = WORLD_SETTINGS;
    settings.kube2iam = true;
    size_t pods = 0;
    json_each(object, render_with(&settings, parse(read_file(FOLDER "application-ha.json")))) {
        struct strview kind = json_get_string(object, SV("kind"));
        const struct json *notes = json_get_path(object, "metadata", "annotations", NULL);
        const struct json *role = json_get_lit(notes, "iam.amazonaws.com/role");
        bool pod = sv_eq_lit(kind, "Pod");
        ck_assert(pod ==
                  sv_eq_lit(json_string(role), "arn:aws:iam::123456789012:role/payments/fraud"));
        ck_assert_ptr_null(json_get_lit(notes, "eks.amazonaws.com/role-arn"));
        struct strview conf = json_string(json_get_path(object, "data", "flink-conf.yaml", NULL));
        ck_assert_uint_eq(sv_find(conf, SV("credentials.provider")), SIZE_MAX);
        pods += pod;
    }
    ck_assert_uint_gt(pods, 2);
}
END_TEST

START_TEST(render__what_is_no_cluster_is_refused)
{
    struct strbuf out = STRBUF(1 << 20);
    struct err err = {0};
    const struct json *v = parse(SV("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\"}}"));
    ck_assert_int_eq(controller_render(v, &WORLD_SETTINGS, &a, &out, &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_int_eq(controller_render(NULL, &WORLD_SETTINGS, &a, &out, &err), -1);
    v = parse(SV("{\"kind\":\"FlinkCluster\",\"spec\":{}}"));
    ck_assert_int_eq(controller_render(v, &WORLD_SETTINGS, &a, &out, &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    strbuf_done(&out);
}
END_TEST

START_TEST(render__any_allocation_may_fail)
{
    const struct json *cluster = parse(read_file(FOLDER "templates.json"));
    struct arena own = ARENA((size_t)64 << 20);
    bool whole = false;
    for (size_t n = 1; !whole && n < 100000; n += 1 + n / 40) {
        struct strbuf out = STRBUF(16 << 20);
        struct err err = {0};
        (void)mem_fail_after(n);
        int rc = controller_render(cluster, &WORLD_SETTINGS, &own, &out, &err);
        (void)mem_fail_after(0);
        whole = rc == 0;
        ck_assert_msg(rc == 0 || err.code == E_NOMEM || err.code == E_TOO_LARGE, "%d %s",
                      (int)err.code, err.msg);
        strbuf_done(&out);
        arena_done(&own);
        own = ARENA((size_t)64 << 20);
    }
    ck_assert(whole);
}
END_TEST

UNIT_MAIN(start, done, render__it_is_as_the_golden_file_says,
          render__a_session_cluster_starts_plain_processes,
          render__user_arguments_stand_after_two_dashes_and_arrive_as_written,
          render__a_job_s_options_come_before_flink_s,
          render__a_jar_in_usrlib_is_on_the_class_path_already,
          render__with_kube2iam_the_role_stands_on_the_pods_alone,
          render__what_is_no_cluster_is_refused, render__any_allocation_may_fail)
