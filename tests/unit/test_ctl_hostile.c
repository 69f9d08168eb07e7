// SPDX-License-Identifier: Apache-2.0
// Objects as nobody should write them: whatever stands in a child or in the status, the plan is
// made, and what it promises holds.
#include "common/json/out.h"
#include "ctl_world_run.h"
#include "unit.h"

#define SPEC                                                                                       \
    "{'image':'flink:1.20.1','flinkVersion':'1.20','parallelism':2,'taskManager':{'replicas':2},"  \
    "'job':{'entryClass':'a.B','upgradeMode':'Stateless'}}"

static struct world w;

static void start(void)
{
    world_init(&w, SPEC);
    world_converge(&w);
}

static void done(void)
{
    world_done(&w);
}

static uint64_t state;

static unsigned draw(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % n);
}

static const char *const ODD[] = {"null",     "true",
                                  "-1",       "1e300",
                                  "\"\"",     "\"x\"",
                                  "[]",       "{}",
                                  "[1,null]", "{\"a\":[]}",
                                  "0",        "9007199254740993",
                                  "\"\\n\"",  "\"2026-13-45T99:99:99Z\""};

/// Writes V with, by chance, an odd value in the place of some member.
static void put_odd(struct json_out *o, const struct json *v, unsigned rarely)
{
    if (draw(rarely) == 0) {
        json_out_raw(o, sv_from(ODD[draw(ARRAY_LEN(ODD))]));
    } else if (json_type(v) == JSON_OBJECT) {
        json_out_begin_object(o);
        json_each(m, v) {
            json_out_key(o, json_key(m));
            put_odd(o, m, rarely);
        }
        json_out_end_object(o);
    } else if (json_type(v) == JSON_ARRAY) {
        json_out_begin_array(o);
        json_each(m, v) {
            put_odd(o, m, rarely);
        }
        json_out_end_array(o);
    } else {
        json_out_value(o, v);
    }
}

static const struct json *odd_copy(const struct json *v, unsigned rarely)
{
    struct strbuf b = STRBUF(4 << 20);
    struct json_out o = JSON_OUT(&b);
    const struct json *copy = NULL;
    struct err err = {0};
    put_odd(&o, v, rarely);
    int rc = json_parse(strbuf_view(&b), &JSON_LIMITS_DEFAULT, &w.arena, &copy, &err);
    ck_assert_msg(rc == 0, "%s", err.msg);
    strbuf_done(&b);
    return copy;
}

/// At most the wanted pods are made, and only what was shown is deleted, by its UID.
static void assert_sane(const struct observed *o, const struct actions *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct action *a = &plan->items[i];
        struct pod_name id;
        if (a->verb == ACTION_CREATE && a->kind == CHILD_POD) {
            ck_assert(pod_name_parse(o->cluster.name, a->name, &id));
            ck_assert_int_lt(id.index, id.role == POD_JOB_MANAGER ? 1 : 10000);
        }
        if (a->verb == ACTION_DELETE || a->verb == ACTION_APPLY) {
            ck_assert_uint_gt(a->name.len, 0);
            ck_assert_uint_gt(a->uid.len, 0);
        }
        if (a->verb == ACTION_CREATE || a->verb == ACTION_APPLY || a->verb == ACTION_STATUS) {
            const struct json *body = NULL;
            ck_assert_int_eq(json_parse(a->body, &JSON_LIMITS_DEFAULT, &w.arena, &body, NULL), 0);
        }
    }
}

START_TEST(plan__odd_objects_never_break_it)
{
    struct observed whole;
    state = 0xA5A5A5A55A5A5A5AU + (uint64_t)_i * 7919;
    world_fail(&w, world_pod(&w, POD_TASK_MANAGER, 0), "Error");
    world_observe(&w, &whole);
    for (int round = 0; round < 60; round++) {
        struct children children[CHILD_KIND_COUNT];
        struct observed odd;
        struct actions plan;
        struct err err = {0};
        unsigned rarely = 10 + draw(100);
        for (int kind = 0; kind < CHILD_KIND_COUNT; kind++) {
            size_t n = whole.children[kind].n;
            const struct json **items = ARENA_NEW_N(&w.arena, const struct json *, n + 1);
            for (size_t i = 0; i < n; i++) {
                items[i] = odd_copy(whole.children[kind].items[i], rarely);
            }
            children[kind] = (struct children){items, n};
        }
        const struct json *object = odd_copy(whole.object, rarely * 3);
        if (observed_make(object, children, w.now_ms, &w.arena, &odd, &err) != 0) {
            ck_assert_int_eq(err.code, E_INVALID);
        } else if (plan_make(&odd, &WORLD_SETTINGS, &w.arena, &plan, &err) == 0) {
            assert_sane(&odd, &plan);
        } else {
            ck_assert_msg(err.code == E_INVALID, "%d %s", (int)err.code, err.msg);
        }
    }
}
END_TEST

START_TEST(plan__what_no_record_can_hold_is_refused)
{
    // Arrays as deep as a cluster can be that is still read: its record would be one level deeper.
    struct strbuf spec = STRBUF(4096);
    strbuf_put(&spec, sv_sub(SV(SPEC), 0, sizeof(SPEC) - 2));
    strbuf_put_str(&spec, ",'podTemplate':{'x':");
    for (int i = 3; i < JSON_DEPTH_CAP; i++) {
        strbuf_put_char(&spec, '[');
    }
    for (int i = 3; i < JSON_DEPTH_CAP; i++) {
        strbuf_put_char(&spec, ']');
    }
    strbuf_put_str(&spec, "}}");
    ck_assert(strbuf_ok(&spec));
    world_edit(&w, spec.ptr);
    world_converge(&w);
    ck_assert(sv_eq_lit(world_condition(&w, "Accepted", "status"), "False"));
    ck_assert_uint_eq(world_count(&w, CHILD_REVISION), 1);
    ck_assert_uint_eq(world_live(&w, POD_TASK_MANAGER), 2);
    strbuf_done(&spec);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile");
    TCase *tcase = tcase_create("odd");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, done);
    tcase_add_loop_test(tcase, plan__odd_objects_never_break_it, 0, 20);
    tcase_add_test(tcase, plan__what_no_record_can_hold_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
