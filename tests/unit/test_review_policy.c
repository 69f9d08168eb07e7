// SPDX-License-Identifier: Apache-2.0
// Reviews in a world of policies. Cases are files of tests/fixtures/review: {about, world, review:
// mutate or validate, request, answer: the response without its uid, patch?, http?}, byte for byte
// what the API server gets. What was patched has nothing to patch in a second pass.
#include "webhook/review.h"

#include <check.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/json/out.h"
#include "tests/fakes/review_case.h"
#include "tests/fakes/review_world.h"
#include "tests/unit/flink_case.h"

#define FOLDER "tests/fixtures/review"

static const char *const *files;
static size_t file_count;

/// The fixture's request as a whole review.
static struct strview body_of(struct arena *a, const struct json *request)
{
    return arena_printf(a,
                        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                        "\"request\":%.*s}",
                        SV_ARG(case_text(a, request)));
}

/// The response without what the envelope adds, and without the patch, which is looked at decoded.
static struct strview said(struct arena *a, const struct case_answer *answer)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(REVIEW_RESPONSE_MAX);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_each(member, json_get_lit(case_parse(a, answer->text), "response")) {
        if (!sv_eq_lit(json_key(member), "uid") && !sv_starts(json_key(member), SV("patch"))) {
            json_out_key(&o, json_key(member));
            json_out_value(&o, member);
        }
    }
    json_out_end_object(&o);
    return arena_copy(a, strbuf_view(&b));
}

/// Everything of case FILE.
static const struct json *read_case(struct arena *a, const char *file, struct review_world *w,
                                    enum review_kind *kind, struct strview *body)
{
    const struct json *c = case_read(a, arena_printf(a, FOLDER "/%s", file).ptr);
    review_world_read(json_get_lit(c, "world"), a, w);
    *kind = sv_eq_lit(json_get_string(c, SV("review")), "mutate") ? REVIEW_MUTATE : REVIEW_VALIDATE;
    *body = body_of(a, json_get_lit(c, "request"));
    return c;
}

START_TEST(review__each_case_gets_its_answer)
{
    const char *file = files[_i];
    CLEANUP(arena_done) struct arena a = ARENA((size_t)256 << 20);
    struct review_world w;
    enum review_kind kind;
    struct strview body;
    struct case_answer answer;
    const struct json *c = read_case(&a, file, &w, &kind, &body);
    case_review_in(&w.context, body, kind, &a, &answer);
    int64_t http = 200;
    (void)json_int(json_get_lit(c, "http"), &http);
    ck_assert_msg(answer.result.http_status == http, "%s: HTTP %d: %.*s", file,
                  answer.result.http_status, SV_ARG(answer.text));
    if (http != 200) {
        struct strview text = json_get_string(c, SV("text"));
        ck_assert_msg(sv_eq(answer.text, text), "%s: %.*s", file, SV_ARG(answer.text));
        return;
    }
    struct strview got = said(&a, &answer);
    ck_assert_msg(json_equal(case_parse(&a, got), json_get_lit(c, "answer")), "%s: %.*s", file,
                  SV_ARG(got));
    struct strview patch = sv_present(answer.patch) ? answer.patch : SV("[]");
    const struct json *want = json_get_lit(c, "patch");
    ck_assert_msg(want != NULL ? json_equal(case_parse(&a, patch), want) : sv_eq_lit(patch, "[]"),
                  "%s: patch %.*s", file, SV_ARG(patch));
    if (sv_present(answer.patch)) {
        struct strview again = case_review_patched(body, answer.patch, &a);
        case_review_in(&w.context, again, kind, &a, &answer);
        ck_assert_msg(answer.allowed && !sv_present(answer.patch), "%s: second pass: %.*s", file,
                      SV_ARG(answer.patch));
    }
}
END_TEST

/// With the Nth allocation and all after it failing: the right answer, or one that says 500.
static bool review_short_of_memory(const struct review_world *w, struct strview body,
                                   enum review_kind kind, struct strview right, size_t n)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
    CLEANUP(arena_done) struct arena own = ARENA(REVIEW_ARENA_MAX);
    struct review_result result;
    mem_fail_after(n);
    review_run(&w->context, body, kind, &own, &out, &result);
    size_t taken = mem_fail_after(0);
    struct strview text = strbuf_view(&out);
    if (!sv_eq(text, right)) {
        ck_assert_msg(result.verdict == REVIEW_ERROR, "allocation %zu: %.*s", n, SV_ARG(text));
        ck_assert(text.len == 0 || sv_find(text, SV("\"allowed\":true")) == SIZE_MAX);
    }
    return taken >= n;
}

START_TEST(review__any_allocation_may_fail_in_any_case)
{
    CLEANUP(arena_done) struct arena a = ARENA((size_t)256 << 20);
    struct review_world w;
    enum review_kind kind;
    struct strview body;
    struct case_answer answer;
    read_case(&a, files[_i], &w, &kind, &body);
    case_review_in(&w.context, body, kind, &a, &answer);
    size_t n = 1;
    while (review_short_of_memory(&w, body, kind, answer.text, n)) {
        n++;
    }
    ck_assert_uint_gt(n, 1);
}
END_TEST

START_TEST(review__a_small_arena_never_gives_a_verdict_that_is_not_whole)
{
    CLEANUP(arena_done) struct arena a = ARENA((size_t)256 << 20);
    struct review_world w;
    enum review_kind kind;
    struct strview body;
    struct case_answer answer;
    read_case(&a, files[_i], &w, &kind, &body);
    case_review_in(&w.context, body, kind, &a, &answer);
    for (size_t max = 0; max < 64 << 10; max += 256) {
        CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
        CLEANUP(arena_done) struct arena own = ARENA(max);
        struct review_result result;
        review_run(&w.context, body, kind, &own, &out, &result);
        ck_assert_msg(result.verdict == REVIEW_ERROR || sv_eq(strbuf_view(&out), answer.text),
                      "%s in %zu bytes: %.*s", files[_i], max, SV_ARG(strbuf_view(&out)));
    }
}
END_TEST

// ---- what log and metrics get -------------------------------------------------------------------

START_TEST(review__its_findings_are_told_by_policy_and_rule)
{
    CLEANUP(arena_done) struct arena a = ARENA((size_t)256 << 20);
    struct review_world w;
    enum review_kind kind;
    struct strview body;
    struct case_answer answer;
    read_case(&a, "deny-warn-audit.json", &w, &kind, &body);
    case_review_in(&w.context, body, kind, &a, &answer);
    static const struct {
        const char *policy, *rule;
        enum severity severity;
    } WANT[] = {{"a-deny", "job.requiredLabels", SEVERITY_DENY},
                {"b-warn", "parallelism.max", SEVERITY_WARN},
                {"c-audit", "images.digest.required", SEVERITY_AUDIT}};
    ck_assert_uint_eq(answer.result.finding_count, ARRAY_LEN(WANT));
    for (size_t i = 0; i < ARRAY_LEN(WANT); i++) {
        const struct review_finding *f = &answer.result.findings[i];
        ck_assert(sv_eq_lit(f->policy, WANT[i].policy) && strcmp(f->rule, WANT[i].rule) == 0);
        ck_assert(f->severity == WANT[i].severity && f->count == 1);
    }
    ck_assert_uint_eq(answer.result.causes + answer.result.warnings + answer.result.audits, 3);
    ck_assert_int_eq(answer.result.object, REVIEW_OBJECT_CLUSTER);
    ck_assert_str_eq(review_object_name(answer.result.object), "flinkcluster");
}
END_TEST

START_TEST(review__it_tells_what_it_is_of)
{
    static const struct {
        const char *file;
        enum review_object object;
        enum review_verdict verdict;
    } ROWS[] = {{"scale-unknown.json", REVIEW_OBJECT_SCALE, REVIEW_RETRY},
                {"scale-unknown-last-chance.json", REVIEW_OBJECT_SCALE, REVIEW_DENIED},
                {"unknown-namespace.json", REVIEW_OBJECT_CLUSTER, REVIEW_RETRY},
                {"policy-bad-pattern.json", REVIEW_OBJECT_POLICY, REVIEW_DENIED},
                {"mutate-defaults.json", REVIEW_OBJECT_CLUSTER, REVIEW_PATCHED}};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        CLEANUP(arena_done) struct arena a = ARENA((size_t)256 << 20);
        struct review_world w;
        enum review_kind kind;
        struct strview body;
        struct case_answer answer;
        read_case(&a, ROWS[i].file, &w, &kind, &body);
        case_review_in(&w.context, body, kind, &a, &answer);
        ck_assert_int_eq(answer.result.object, ROWS[i].object);
        ck_assert_int_eq(answer.result.verdict, ROWS[i].verdict);
        ck_assert(answer.result.retry == (ROWS[i].verdict == REVIEW_RETRY));
    }
}
END_TEST

int main(void)
{
    struct arena a = ARENA(CASE_ARENA_MAX);
    files = case_list(&a, FOLDER, &file_count);
    Suite *s = suite_create("review_policy");
    TCase *tc = tcase_create("cases");
    tcase_add_loop_test(tc, review__each_case_gets_its_answer, 0, (int)file_count);
    tcase_add_loop_test(tc, review__any_allocation_may_fail_in_any_case, 0, (int)file_count);
    tcase_add_loop_test(tc, review__a_small_arena_never_gives_a_verdict_that_is_not_whole, 0,
                        (int)file_count);
    tcase_add_test(tc, review__its_findings_are_told_by_policy_and_rule);
    tcase_add_test(tc, review__it_tells_what_it_is_of);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    arena_done(&a);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
