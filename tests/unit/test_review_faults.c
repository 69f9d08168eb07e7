// SPDX-License-Identifier: Apache-2.0
// Each member of real reviews in turn is replaced by a value of every type or taken away; each
// allocation in turn fails. There is always a well-formed answer: case_review() holds every one to
// what an answer must be.
#include <check.h>
#include <stdio.h>

#include "common/base/mem.h"
#include "common/json/out.h"
#include "tests/fakes/review_case.h"
#include "tests/unit/unit.h"

#define BODY_MAX ((size_t)64 << 10)

static struct arena bodies; // for the whole run
static struct arena arena;  // for one review

static void setup(void)
{
    bodies = ARENA((size_t)64 << 20);
    arena = ARENA((size_t)64 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
    arena_done(&bodies);
}

static struct strview read_body(const char *name)
{
    struct strview path =
        arena_printf(&bodies, SLUICE_SOURCE_DIR "/dev/bench/bodies/%s.json", name);
    FILE *f = fopen(path.ptr, "re");
    ck_assert_msg(f != NULL, "%s", path.ptr);
    char *text = arena_alloc(&bodies, BODY_MAX);
    ck_assert_ptr_nonnull(text);
    size_t n = fread(text, 1, BODY_MAX, f);
    (void)fclose(f);
    return sv_make(text, n);
}

static size_t count_places(const struct json *v)
{
    size_t n = 1;
    json_each(child, v) {
        n += count_places(child);
    }
    return n;
}

/// Writes V with its place number *AT (counted down, in the order of the text) changed to
/// REPLACEMENT; absent: left out.
static void put_changed(struct json_out *o, const struct json *v, size_t *at,
                        struct strview replacement)
{
    bool here = (*at)-- == 0;
    if (here && sv_present(replacement)) {
        json_out_raw(o, replacement);
        return;
    }
    if (json_type(v) == JSON_OBJECT) {
        json_out_begin_object(o);
        json_each(child, v) {
            if (*at == 0 && !sv_present(replacement)) {
                (*at)--;
                continue; // left out
            }
            json_out_key(o, json_key(child));
            put_changed(o, child, at, replacement);
        }
        json_out_end_object(o);
    } else if (json_type(v) == JSON_ARRAY) {
        json_out_begin_array(o);
        json_each(child, v) {
            put_changed(o, child, at, replacement);
        }
        json_out_end_array(o);
    } else {
        json_out_value(o, v);
    }
}

static void judge(struct strview body)
{
    struct case_answer answer;
    for (enum review_kind kind = REVIEW_MUTATE; kind < REVIEW_KIND_COUNT; kind++) {
        case_review(body, kind, &arena, &answer);
        ck_assert(answer.result.verdict != REVIEW_ERROR);
        if (kind == REVIEW_MUTATE && sv_present(answer.patch)) {
            struct strview patched = case_review_patched(body, answer.patch, &arena);
            case_review(patched, kind, &arena, &answer);
            ck_assert_msg(answer.allowed && !sv_present(answer.patch), "second pass: %.*s",
                          SV_ARG(body));
        }
        arena_reset(&arena, (size_t)1 << 20);
    }
}

static const char *const VALUES[] = {
    NULL,      "null", "0",  "-1.5",   "9223372036854775808", "1e400",        "true",  "\"\"",
    "\"\\n\"", "[]",   "{}", "[null]", "{\"\":null}",         "[{\"a\":[]}]", "\"x\"",
};

static void change_each_member(const char *name)
{
    struct strview body = read_body(name);
    const struct json *root;
    struct err err = {.code = E_OK};
    ck_assert_int_eq(json_parse(body, &JSON_LIMITS_DEFAULT, &bodies, &root, &err), 0);
    size_t places = count_places(root);
    ck_assert_uint_gt(places, 50);
    for (size_t i = 0; i < places; i++) {
        for (size_t k = 0; k < ARRAY_LEN(VALUES); k++) {
            CLEANUP(strbuf_done) struct strbuf text = STRBUF(2 * BODY_MAX);
            struct json_out o = JSON_OUT(&text);
            size_t at = i;
            put_changed(&o, root, &at, VALUES[k] != NULL ? sv_from(VALUES[k]) : SV_NONE);
            ck_assert(strbuf_ok(&text));
            judge(strbuf_view(&text));
        }
    }
}

START_TEST(review__any_member_of_a_create_may_be_of_any_type)
{
    change_each_member("create-small");
}
END_TEST

START_TEST(review__any_member_of_an_update_may_be_of_any_type)
{
    change_each_member("update-small");
}
END_TEST

START_TEST(review__a_body_may_end_anywhere)
{
    struct strview body = read_body("create-small");
    for (size_t n = 0; n < body.len; n++) {
        struct case_answer answer;
        case_review(sv_sub(body, 0, n), REVIEW_VALIDATE, &arena, &answer);
        ck_assert_int_eq(answer.result.code, 400);
        arena_reset(&arena, (size_t)1 << 20);
    }
}
END_TEST

static struct strview in_full_memory(struct strview body, enum review_kind kind)
{
    struct case_answer answer;
    case_review(body, kind, &bodies, &answer);
    return answer.text;
}

/// With the Nth allocation and all after it failing: the right answer, or one that says 500.
static bool review_short_of_memory(struct strview body, enum review_kind kind, struct strview right,
                                   size_t n)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
    CLEANUP(arena_done) struct arena own = ARENA(REVIEW_ARENA_MAX);
    struct review_result result;
    mem_fail_after(n);
    review_run(&(struct review_context){0}, body, kind, &own, &out, &result);
    size_t taken = mem_fail_after(0);
    struct strview text = strbuf_view(&out);
    if (sv_eq(text, right)) {
        ck_assert(result.http_status == 200 && result.verdict != REVIEW_ERROR);
    } else {
        ck_assert_msg(result.verdict == REVIEW_ERROR, "allocation %zu: %.*s", n, SV_ARG(text));
        ck_assert(text.len == 0 ? result.http_status == 500
                                : sv_find(text, SV("\"allowed\":true")) == SIZE_MAX);
    }
    return taken >= n;
}

START_TEST(review__any_allocation_may_fail)
{
    static const char *const names[] = {"create-small", "update-small"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct strview body = read_body(names[i]);
        for (enum review_kind kind = REVIEW_MUTATE; kind < REVIEW_KIND_COUNT; kind++) {
            struct strview right = in_full_memory(body, kind);
            size_t n = 1;
            while (review_short_of_memory(body, kind, right, n)) {
                n++;
            }
            ck_assert_uint_gt(n, 1);
        }
    }
}
END_TEST

static const char LEAN_REVIEW[] =
    "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":"
    "\"u\",\"kind\":{\"group\":\"sluice.dev\",\"version\":\"v1beta1\",\"kind\":\"FlinkCluster\"},"
    "\"operation\":\"CREATE\",\"name\":\"c\",\"object\":{\"metadata\":{\"name\":\"c\"},\"spec\":{"
    "\"image\":\"flink:1.20.1\",\"iamRole\":\"x\"%s}}}}";

START_TEST(review__any_allocation_may_fail_while_it_patches_or_refuses)
{
    static const char *const more[] = {"", ",\"parallelism\":\"x\",\"plugins\":7"};
    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        char body[1024];
        snprintf(body, sizeof(body), LEAN_REVIEW, more[i]);
        for (enum review_kind kind = REVIEW_MUTATE; kind < REVIEW_KIND_COUNT; kind++) {
            struct strview right = in_full_memory(sv_from(body), kind);
            size_t n = 1;
            while (review_short_of_memory(sv_from(body), kind, right, n)) {
                n++;
            }
        }
    }
}
END_TEST

START_TEST(review__a_small_arena_never_gives_a_verdict_that_is_not_whole)
{
    struct strview body = read_body("update-small");
    struct strview right = in_full_memory(body, REVIEW_VALIDATE);
    size_t right_ones = 0;
    for (size_t max = 0; max < 256 << 10; max += 512) {
        CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
        CLEANUP(arena_done) struct arena own = ARENA(max);
        struct review_result result;
        review_run(&(struct review_context){0}, body, REVIEW_VALIDATE, &own, &out, &result);
        bool whole = sv_eq(strbuf_view(&out), right);
        ck_assert(whole || result.verdict == REVIEW_ERROR);
        right_ones += whole;
    }
    ck_assert_uint_gt(right_ones, 0);
}
END_TEST

UNIT_MAIN(setup, teardown, review__any_member_of_a_create_may_be_of_any_type,
          review__any_member_of_an_update_may_be_of_any_type, review__a_body_may_end_anywhere,
          review__any_allocation_may_fail,
          review__any_allocation_may_fail_while_it_patches_or_refuses,
          review__a_small_arena_never_gives_a_verdict_that_is_not_whole)
