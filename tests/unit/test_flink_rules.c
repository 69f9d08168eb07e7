// SPDX-License-Identifier: Apache-2.0
// Every rule is judged by files: tests/fixtures/flink/rules/<rule id>/{accept,reject,warn}-*.json,
// with the old object of an update in <name>.old.json beside it. An accepted object has no denial
// at all; a rejected one has denials of this rule alone; a warned one has a warning of it and no
// denial.
#include "common/flink/rules.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/flink/decode.h"
#include "common/flink/defaults.h"
#include "tests/unit/flink_case.h"

#define FOLDER    "tests/fixtures/flink/rules"
#define CASES_MAX 1024

struct rule_case {
    const char *rule;
    const char *file; // from the source folder
    const char *name; // its last part
};

static struct rule_case cases[CASES_MAX];
static size_t case_count;

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static const struct json *old_of(struct arena *a, const char *file)
{
    struct strview path = sv_from(file);
    struct strview old =
        arena_printf(a, "%.*s.old.json", (int)(path.len - strlen(".json")), path.ptr);
    struct strview full = arena_printf(a, "%s/%.*s", SLUICE_SOURCE_DIR, SV_ARG(old));
    return access(full.ptr, R_OK) == 0 ? case_read(a, old.ptr) : NULL;
}

static struct violations judge(struct arena *a, const struct json *now, const struct json *old)
{
    struct violations v = VIOLATIONS(a, 256);
    struct flink_rules_input in = {.now = case_decode(a, now), .old = case_decode(a, old)};
    flink_rules_check(&in, &v);
    ck_assert(arena_ok(a));
    ck_assert_uint_eq(v.dropped, 0);
    return v;
}

static const char *said(struct arena *a, const struct violations *v)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 16);
    for (size_t i = 0; i < v->count; i++) {
        const struct violation *it = &v->items[i];
        strbuf_printf(&b, "\n  %s %s at %.*s: %.*s",
                      it->severity == SEVERITY_DENY ? "deny" : "warn", it->rule, SV_ARG(it->path),
                      SV_ARG(it->message));
    }
    return arena_copy(a, strbuf_view(&b)).ptr;
}

static size_t count_of(const struct violations *v, const char *rule, enum severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < v->count; i++) {
        n += v->items[i].severity == severity && strcmp(v->items[i].rule, rule) == 0;
    }
    return n;
}

START_TEST(rules__each_fixture_gets_its_verdict)
{
    const struct rule_case *c = &cases[_i];
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct json *now = case_read(&a, c->file);
    // What the schema refuses never comes to a rule.
    struct violations v = VIOLATIONS(&a, 16);
    struct flink_cluster cluster;
    flink_decode(now, &cluster, &v);
    flink_schema_rules(&cluster, case_decode(&a, old_of(&a, c->file)), &v);
    ck_assert_msg(v.count == 0, "%s:%s", c->file, said(&a, &v));
    if (strcmp(c->rule, "deletion_protection") == 0) {
        v = VIOLATIONS(&a, 8);
        flink_rules_check_delete(case_decode(&a, now), &v);
    } else {
        v = judge(&a, now, old_of(&a, c->file));
    }
    size_t denied = count_of(&v, c->rule, SEVERITY_DENY);
    size_t warned = count_of(&v, c->rule, SEVERITY_WARN);
    if (starts(c->name, "accept-")) {
        ck_assert_msg(v.denials == 0 && denied + warned == 0, "%s:%s", c->file, said(&a, &v));
    } else if (starts(c->name, "reject-")) {
        ck_assert_msg(denied != 0 && v.denials == denied, "%s:%s", c->file, said(&a, &v));
    } else {
        ck_assert_msg(warned != 0 && v.denials == 0, "%s:%s", c->file, said(&a, &v));
    }
    for (size_t i = 0; i < v.count; i++) {
        ck_assert_uint_gt(v.items[i].path.len, 0);
        ck_assert_uint_gt(v.items[i].message.len, 0);
    }
}
END_TEST

START_TEST(rules__each_rule_has_accepting_and_rejecting_fixtures)
{
    size_t n = 0;
    const struct flink_rule_info *infos = flink_rule_infos(&n);
    for (size_t i = 0; i < n; i++) {
        bool accepts = false, rejects = false;
        for (size_t k = 0; k < case_count; k++) {
            if (strcmp(cases[k].rule, infos[i].id) == 0) {
                accepts = accepts || starts(cases[k].name, "accept-");
                rejects = rejects || !starts(cases[k].name, "accept-");
            }
        }
        ck_assert_msg(accepts && rejects, "rule %s needs a fixture that it %s", infos[i].id,
                      accepts ? "rejects" : "accepts");
        ck_assert(strlen(infos[i].summary) > 10 && strlen(infos[i].why) > 10);
        ck_assert(infos[i].on_create || infos[i].on_update || infos[i].on_delete);
    }
    for (size_t k = 0; k < case_count; k++) {
        bool known = false;
        for (size_t i = 0; i < n; i++) {
            known = known || strcmp(cases[k].rule, infos[i].id) == 0;
        }
        ck_assert_msg(known, "fixtures of a rule that is none: %s", cases[k].rule);
    }
}
END_TEST

// ---- the ratchet --------------------------------------------------------------------------------

#define META "\"metadata\":{\"name\":\"c\",\"namespace\":\"n\"}"
#define BAD(p)                                                                                     \
    "{" META ",\"spec\":{\"image\":\"flink:1.20.1\",\"flinkVersion\":\"1.20\"," p                  \
    ",\"taskManager\":{\"replicas\":2},\"job\":{\"upgradeMode\":\"Stateless\"}}}"

static struct violations update(struct arena *a, const char *now, const char *old)
{
    return judge(a, case_parse(a, sv_from(now)), case_parse(a, sv_from(old)));
}

START_TEST(ratchet__a_fault_that_the_stored_object_has_is_a_warning)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct violations v = update(&a, BAD("\"parallelism\":9"), BAD("\"parallelism\":9"));
    ck_assert_uint_eq(v.denials, 0);
    ck_assert_uint_eq(count_of(&v, "parallelism_fits_slots", SEVERITY_WARN), 1);
}
END_TEST

START_TEST(ratchet__another_value_is_denied)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct violations v = update(&a, BAD("\"parallelism\":8"), BAD("\"parallelism\":9"));
    ck_assert_uint_eq(count_of(&v, "parallelism_fits_slots", SEVERITY_DENY), 1);
}
END_TEST

START_TEST(ratchet__a_new_fault_beside_an_old_one_is_denied)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct violations v =
        update(&a, BAD("\"parallelism\":9,\"iamRole\":\"x\""), BAD("\"parallelism\":9"));
    ck_assert_uint_eq(v.denials, 1);
    ck_assert_uint_eq(count_of(&v, "iam_role_form", SEVERITY_DENY), 1);
    ck_assert_uint_eq(count_of(&v, "parallelism_fits_slots", SEVERITY_WARN), 1);
}
END_TEST

START_TEST(ratchet__a_create_is_judged_in_full)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct violations v = judge(&a, case_parse(&a, SV(BAD("\"parallelism\":9"))), NULL);
    ck_assert_uint_eq(v.denials, 1);
}
END_TEST

// ---- the whole engine ---------------------------------------------------------------------------

START_TEST(rules__what_defaults_would_fill_is_not_missed_before_them)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct json *now = case_parse(
        &a, SV("{" META
               ",\"spec\":{\"image\":\"flink:1.20.1\",\"job\":{\"upgradeMode\":\"Stateless\"}}}"));
    struct violations v = VIOLATIONS(&a, 64);
    struct flink_rules_input in = {.now = case_decode(&a, now), .before_defaults = true};
    flink_rules_check(&in, &v);
    ck_assert_msg(v.count == 0, "%s", said(&a, &v));
    in.before_defaults = false;
    flink_rules_check(&in, &v);
    ck_assert_msg(v.denials == 3, "%s", said(&a, &v));
}
END_TEST

START_TEST(rules__badly_typed_members_are_left_to_the_schema)
{
    static const char *const SPECS[] = {
        "null",
        "[]",
        "\"x\"",
        "{}",
        "{\"image\":5,\"flinkVersion\":1.2,\"parallelism\":\"4\",\"taskManager\":[],\"job\":5}",
        "{\"image\":\"flink:1.20.1\",\"taskManager\":{\"slots\":0,\"replicas\":-1},\"podTemplate\":"
        "{\"spec\":5},"
        "\"jobManager\":{\"podTemplate\":{\"spec\":{\"containers\":{\"a\":1}}},\"resources\":{"
        "\"limits\":[1]}}}",
        "{\"plugins\":[1,null],\"imagePullSecrets\":[1,{\"name\":5}],\"flinkConfiguration\":{\"a\":"
        "[1],\"b\":null},"
        "\"logConfiguration\":{\"a\":5},\"ingress\":{\"labels\":{\"a\":1},\"tls\":[1,[]]}}",
        "{\"podTemplate\":{\"spec\":{\"containers\":[1,null,[],{\"name\":5,\"env\":{}},{\"name\":"
        "\"flink-main-container\",\"image\":5,\"env\":[1,{\"name\":[]}]}],\"initContainers\":\"x\"}"
        "}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(SPECS); i++) {
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        const struct json *now =
            case_parse(&a, arena_printf(&a, "{" META ",\"spec\":%s}", SPECS[i]));
        (void)judge(&a, now, NULL);
        (void)judge(&a, now, now);
    }
}
END_TEST

START_TEST(rules__twenty_thousand_containers_are_judged_in_a_moment)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    strbuf_put_str(&b, "{" META ",\"spec\":{\"image\":\"flink:1.20.1\",\"podTemplate\":{\"spec\":{"
                       "\"containers\":[{}");
    for (int i = 0; i < 20000; i++) {
        strbuf_printf(&b, ",{\"name\":\"c%d\"}", i);
    }
    strbuf_put_str(&b, "]}}}}");
    struct violations v = VIOLATIONS(&a, 16);
    struct flink_rules_input in = {.now = case_decode(&a, case_parse(&a, strbuf_view(&b)))};
    clock_t start = clock();
    flink_rules_check(&in, &v);
    ck_assert_int_lt((clock() - start) / (CLOCKS_PER_SEC / 1000), 2000); // ms; about 5 are needed
    ck_assert_uint_gt(v.dropped, 0);
}
END_TEST

START_TEST(rules__more_findings_than_fit_are_counted)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct json *now = case_parse(&a, SV("{" META ",\"spec\":{\"image\":\"Bad Image\"}}"));
    struct violations all = judge(&a, now, NULL);
    struct violations v = VIOLATIONS(&a, 1);
    struct flink_rules_input in = {.now = case_decode(&a, now)};
    flink_rules_check(&in, &v);
    ck_assert_uint_eq(v.count, 1);
    ck_assert_uint_eq(v.denials, all.denials);
    ck_assert_uint_eq(v.count + v.dropped, all.count);
}
END_TEST

/// Decoding, defaults and rules with allocation N failing: true when there was no such allocation.
static bool run_with_failure(const struct json *now, const struct json *old, size_t n)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    CLEANUP(json_patch_done) struct json_patch patch = JSON_PATCH(1 << 16);
    struct flink_cluster cluster, old_cluster;
    struct violations v = VIOLATIONS(&a, 128);
    struct err err = {0};
    (void)mem_fail_after(n);
    flink_decode(now, &cluster, &v);
    if (old != NULL) {
        flink_decode(old, &old_cluster, &v);
    }
    struct flink_defaults_input fill = {.now = &cluster, .old = old != NULL ? &old_cluster : NULL};
    (void)!flink_defaults(&fill, &a, &patch, &err);
    struct flink_rules_input in = {.now = &cluster, .old = old != NULL ? &old_cluster : NULL};
    flink_rules_check(&in, &v);
    return mem_fail_after(0) < n;
}

START_TEST(rules__a_failed_allocation_anywhere_harms_nothing)
{
    const struct rule_case *c = &cases[_i];
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct json *now = case_read(&a, c->file);
    const struct json *old = old_of(&a, c->file);
    for (size_t n = 1; !run_with_failure(now, old, n); n++) {
        ck_assert_uint_lt(n, 10000);
    }
}
END_TEST

// ---- set-up -------------------------------------------------------------------------------------

static void find_cases(struct arena *a)
{
    size_t n_rules = 0;
    const char *const *rules = case_list(a, FOLDER, &n_rules);
    for (size_t i = 0; i < n_rules; i++) {
        size_t n = 0;
        const char *const *names = case_list(a, arena_printf(a, FOLDER "/%s", rules[i]).ptr, &n);
        for (size_t k = 0; k < n; k++) {
            if (!sv_ends(sv_from(names[k]), SV(".old.json"))) {
                ASSERT(case_count < CASES_MAX);
                cases[case_count++] = (struct rule_case){
                    rules[i], arena_printf(a, FOLDER "/%s/%s", rules[i], names[k]).ptr, names[k]};
            }
        }
    }
}

int main(void)
{
    struct arena a = ARENA(CASE_ARENA_MAX);
    find_cases(&a);
    Suite *s = suite_create("flink_rules");
    TCase *tc = tcase_create("rules");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, rules__each_fixture_gets_its_verdict, 0, (int)case_count);
    tcase_add_loop_test(tc, rules__a_failed_allocation_anywhere_harms_nothing, 0, (int)case_count);
    tcase_add_test(tc, rules__each_rule_has_accepting_and_rejecting_fixtures);
    tcase_add_test(tc, rules__what_defaults_would_fill_is_not_missed_before_them);
    tcase_add_test(tc, rules__badly_typed_members_are_left_to_the_schema);
    tcase_add_test(tc, rules__twenty_thousand_containers_are_judged_in_a_moment);
    tcase_add_test(tc, rules__more_findings_than_fit_are_counted);
    tcase_add_test(tc, ratchet__a_fault_that_the_stored_object_has_is_a_warning);
    tcase_add_test(tc, ratchet__another_value_is_denied);
    tcase_add_test(tc, ratchet__a_new_fault_beside_an_old_one_is_denied);
    tcase_add_test(tc, ratchet__a_create_is_judged_in_full);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    arena_done(&a);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
