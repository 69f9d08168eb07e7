// SPDX-License-Identifier: Apache-2.0
// How records are written: so that the API server's own way of writing changes nothing in them.
#include "controller/plan_settings.h"
#include "ctl_world_run.h"
#include "unit.h"

static struct world w;

static void done(void)
{
    world_done(&w);
}

/// Whether the members of every object stand in the order of their keys.
static bool is_sorted(const struct json *v)
{
    const struct json *before = NULL;
    json_each(m, v) {
        bool in_order = json_type(v) != JSON_OBJECT || before == NULL ||
                        sv_cmp(json_key(before), json_key(m)) < 0;
        if (!in_order || !is_sorted(m)) {
            return false;
        }
        before = m;
    }
    return true;
}

static bool has(struct strview text, const char *part)
{
    return sv_find(text, sv_from(part)) != SIZE_MAX;
}

START_TEST(record__its_data_are_written_as_go_writes_them)
{
    world_init(&w, "{'taskManager':{'slots':2,'replicas':1},'image':'flink:1.20.1',"
                   "'flinkVersion':'1.20','podTemplate':{'metadata':{'annotations':"
                   "{'b':'<1 & 2>\xE2\x80\xA8\xE2\x80\xA9\xC3\xA9','a':'x'}}},'parallelism':1}");
    world_step(&w);
    struct world_object *record = world_find(&w, CHILD_REVISION, "fraud-r1");
    ck_assert_ptr_nonnull(record);
    ck_assert(is_sorted(json_get_lit(world_parse(&w, record->body), "data")));
    ck_assert(has(record->body, "\"\\u003c1 \\u0026 2\\u003e\\u2028\\u2029\xC3\xA9\""));
    ck_assert(!has(record->body, "<"));
}
END_TEST

START_TEST(record__its_words_are_read_again_as_they_were)
{
    world_init(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
                   "'taskManager':{'replicas':1},"
                   "'podTemplate':{'metadata':{'annotations':{'a':'<1 & 2>'}}}}");
    world_converge(&w);
    const struct world_object *pod = world_pod(&w, POD_TASK_MANAGER, 0);
    const struct json *notes =
        json_get_path(world_parse(&w, pod->body), "metadata", "annotations", NULL);
    ck_assert(sv_eq_lit(json_get_string(notes, SV("a")), "<1 & 2>"));
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(record__a_run_s_id_tells_its_number)
{
    hash_fn *hash = WORLD_SETTINGS.hash;
    struct strview uid = SV("0f0e0d0c-0000-4000-8000-000000000001");
    world_init(&w, "{}");
    for (int64_t n = 1; n < 3000; n += 7) {
        struct strview run = run_id_make(&w.arena, hash, uid, n);
        ck_assert_int_eq(run_id_number(hash, uid, run), n);
    }
    struct strview last = run_id_make(&w.arena, hash, uid, RUN_NUMBERS - 1);
    ck_assert_int_eq(run_id_number(hash, uid, last), RUN_NUMBERS - 1);
    static const char *const NOT[] = {"", "abc", "abcde", "ABCD", "ab-d", "ab d"};
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        ck_assert_int_eq(run_id_number(hash, uid, sv_from(NOT[i])), -1);
    }
}
END_TEST

#define JOB(image)                                                                                 \
    "{'image':'flink:" image "','flinkVersion':'1.20','parallelism':1,"                            \
    "'taskManager':{'replicas':1},'job':{'entryClass':'a.B','upgradeMode':'Stateless'}}"

static bool is_in_format_2(const struct world_object *o)
{
    return has(o->body, o->kind == CHILD_POD ? "terminationMessagePolicy" : "jobstore.expiration");
}

static struct world_object *config_map(void)
{
    struct world_object *found = NULL;
    for (size_t i = 0; i < w.n; i++) {
        if (w.objects[i].kind == CHILD_CONFIG_MAP) {
            ck_assert_ptr_null(found);
            found = &w.objects[i];
        }
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

START_TEST(record__a_newer_sluice_restarts_nothing)
{
    world_init(&w, JOB("1.20.1"));
    w.render_format = 1;
    world_converge(&w);
    ck_assert(!is_in_format_2(world_pod(&w, POD_JOB_MANAGER, 0)));
    // The TaskManagers' RPC port did not change at each start, and the probes called there.
    ck_assert(has(config_map()->body, "taskmanager.rpc.port: 6122"));
    ck_assert(has(world_pod(&w, POD_TASK_MANAGER, 0)->body, "\"port\":6122"));
    w.render_format = RENDER_FORMAT;
    ck_assert_uint_eq(world_plan(&w)->n, 0);
}
END_TEST

START_TEST(record__a_newer_sluice_renders_an_old_revision_as_it_was)
{
    world_init(&w, JOB("1.20.1"));
    w.render_format = 1;
    world_converge(&w);
    struct strview config = config_map()->body;
    w.render_format = RENDER_FORMAT;
    world_remove(&w, config_map());
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
    world_fail(&w, world_pod(&w, POD_JOB_MANAGER, 0), "Error");
    world_converge(&w);
    ck_assert(sv_eq(config_map()->body, config));
    ck_assert(!is_in_format_2(world_pod(&w, POD_TASK_MANAGER, 0)));
    ck_assert(!is_in_format_2(world_pod(&w, POD_JOB_MANAGER, 0)));
    // A change of the numbers alone keeps the run, and so its format.
    world_edit(&w, "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':1,"
                   "'taskManager':{'replicas':2},'job':{'entryClass':'a.B',"
                   "'upgradeMode':'Stateless'}}");
    world_converge(&w);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    ck_assert(!is_in_format_2(world_pod(&w, POD_TASK_MANAGER, 1)));
}
END_TEST

START_TEST(record__the_next_run_is_in_the_newest_format)
{
    world_init(&w, JOB("1.20.1"));
    w.render_format = 1;
    world_converge(&w);
    w.render_format = RENDER_FORMAT;
    world_edit(&w, JOB("1.20.2"));
    world_converge(&w);
    ck_assert(is_in_format_2(world_pod(&w, POD_JOB_MANAGER, 0)));
    ck_assert(is_in_format_2(config_map()));
    ck_assert(has(config_map()->body, "taskmanager.rpc.port: 0"));
    ck_assert(!has(world_pod(&w, POD_TASK_MANAGER, 0)->body, "6122"));
}
END_TEST

START_TEST(record__an_older_sluice_touches_nothing_of_a_newer_one)
{
    world_init(&w, JOB("1.20.1"));
    world_converge(&w);
    struct observed observed;
    struct actions plan;
    struct plan_settings settings = WORLD_SETTINGS;
    struct err err = {0};
    world_observe(&w, &observed);
    settings.render_format = 1;
    ck_assert_int_eq(plan_make(&observed, &settings, &w.arena, &plan, &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

UNIT_MAIN(NULL, done, record__a_newer_sluice_restarts_nothing,
          record__a_newer_sluice_renders_an_old_revision_as_it_was,
          record__the_next_run_is_in_the_newest_format,
          record__an_older_sluice_touches_nothing_of_a_newer_one,
          record__its_data_are_written_as_go_writes_them,
          record__its_words_are_read_again_as_they_were, record__a_run_s_id_tells_its_number)
