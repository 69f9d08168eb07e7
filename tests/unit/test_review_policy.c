// SPDX-License-Identifier: Apache-2.0
// Reviews in a world of policies. Cases are files of tests/fixtures/review: {about, world, review:
// mutate or validate, request, answer: the response without its uid, patch?, http?}, byte for byte
// what the API server gets. What was patched has nothing to patch in a second pass.
#include "webhook/review.h"

#include <check.h>
#include <stdlib.h>

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

START_TEST(review__each_case_gets_its_answer)
{
    const char *file = files[_i];
    CLEANUP(arena_done) struct arena a = ARENA((size_t)256 << 20);
    const struct json *c = case_read(&a, arena_printf(&a, FOLDER "/%s", file).ptr);
    struct review_world w;
    struct case_answer answer;
    review_world_read(json_get_lit(c, "world"), &a, &w);
    enum review_kind kind =
        sv_eq_lit(json_get_string(c, SV("review")), "mutate") ? REVIEW_MUTATE : REVIEW_VALIDATE;
    struct strview body = body_of(&a, json_get_lit(c, "request"));
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

int main(void)
{
    struct arena a = ARENA(CASE_ARENA_MAX);
    files = case_list(&a, FOLDER, &file_count);
    Suite *s = suite_create("review_policy");
    TCase *tc = tcase_create("cases");
    tcase_add_loop_test(tc, review__each_case_gets_its_answer, 0, (int)file_count);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    arena_done(&a);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
