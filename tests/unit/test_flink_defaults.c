// SPDX-License-Identifier: Apache-2.0
// Cases are files of tests/fixtures/flink/defaults: {about, now, old?, fallback?, patch}. Every
// case is also held against the properties: the patch applies by an independent engine; a second
// pass, a metadata-only update and the same manifest applied again give an empty patch or the same
// object.
#include "common/flink/defaults.h"

#include <check.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/flink/decode.h"
#include "common/flink/defaults_note.h"
#include "tests/fakes/json_patch_apply.h"
#include "tests/unit/flink_case.h"

#define FOLDER "tests/fixtures/flink/defaults"

static const char *const *files;
static size_t file_count;

/// The patch's text.
static struct strview patch_of(struct arena *a, const struct json *now, const struct json *old,
                               int64_t fallback)
{
    CLEANUP(json_patch_done) struct json_patch patch = JSON_PATCH(1 << 16);
    struct flink_defaults_input in = {
        .now = case_decode(a, now), .old = case_decode(a, old), .parallelism = fallback};
    struct err err = {0};
    ck_assert_msg(flink_defaults(&in, a, &patch, &err) == 0, "%s", err.msg);
    return arena_copy(a, json_patch_end(&patch));
}

static const struct json *apply(struct arena *a, const struct json *doc, struct strview patch)
{
    struct err err = {.code = E_OK};
    char *text = fake_patch_apply(case_text(a, doc), patch, &err);
    ck_assert_msg(text != NULL, "%s: %.*s", err.msg, SV_ARG(patch));
    const struct json *v = case_parse(a, sv_from(text));
    free(text);
    return v;
}

static void assert_empty(struct strview patch, const char *what, const char *file)
{
    ck_assert_msg(sv_eq_lit(patch, "[]"), "%s: %s: %.*s", file, what, SV_ARG(patch));
}

START_TEST(defaults__each_case_gives_its_patch_and_settles)
{
    const char *file = files[_i];
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const struct json *c = case_read(&a, arena_printf(&a, FOLDER "/%s", file).ptr);
    const struct json *now = json_get_lit(c, "now");
    const struct json *old = json_get_lit(c, "old");
    int64_t fallback = 0;
    (void)json_int(json_get_lit(c, "fallback"), &fallback);

    struct strview patch = patch_of(&a, now, old, fallback);
    ck_assert_msg(json_equal(case_parse(&a, patch), json_get_lit(c, "patch")), "%s: %.*s", file,
                  SV_ARG(patch));

    const struct json *stored = apply(&a, now, patch);
    assert_empty(patch_of(&a, stored, old, fallback), "second pass", file);
    // Policies, and Sluice, may have another fallback by then.
    assert_empty(patch_of(&a, stored, stored, fallback + 5), "metadata-only update", file);
    if (old == NULL) {
        const struct json *again = apply(&a, now, patch_of(&a, now, stored, fallback + 5));
        ck_assert_msg(json_equal(json_get_lit(again, "spec"), json_get_lit(stored, "spec")),
                      "%s: the same manifest changes the object", file);
    }
}
END_TEST

START_TEST(note__text_is_read_back_as_written)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    struct flink_note note = {
        .version = SV("1.20"),
        .tag = SV("1.20.1"),
        .parallelism = {8, 4, 2},
        .replicas = {4, 8, 2},
    };
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(FLINK_NOTE_MAX);
    flink_note_put(&b, &note);
    CLEANUP(strbuf_done) struct strbuf o = STRBUF(1 << 12);
    struct json_out out = JSON_OUT(&o);
    json_out_begin_object(&out);
    json_out_key_object(&out, "metadata");
    json_out_key_object(&out, "annotations");
    json_out_kv_string(&out, FLINK_DEFAULTED_ANNOTATION, strbuf_view(&b));
    json_out_end_object(&out);
    json_out_end_object(&out);
    json_out_end_object(&out);
    const struct flink_cluster *c = case_decode(&a, case_parse(&a, strbuf_view(&o)));
    struct flink_note back;
    flink_note_read(c, &a, &back);
    ck_assert(sv_eq(back.version, note.version) && sv_eq(back.tag, note.tag));
    ck_assert(flink_note_number_eq(back.parallelism, note.parallelism));
    ck_assert(flink_note_number_eq(back.replicas, note.replicas));
}
END_TEST

// ---- properties over random objects -------------------------------------------------------------

static uint64_t seed;

static unsigned pick(unsigned n)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % n;
}

static void put_number(struct json_out *o, const char *key, unsigned one_in)
{
    if (pick(one_in) == 0) {
        json_out_kv_int(o, key, 1 + pick(6));
    }
}

static void put_metadata(struct json_out *o)
{
    json_out_key_object(o, "metadata");
    if (pick(2) == 0) {
        json_out_key_object(o, "annotations");
        if (pick(2) == 0) {
            CLEANUP(strbuf_done) struct strbuf b = STRBUF(FLINK_NOTE_MAX);
            struct flink_note note = {0};
            if (pick(2) == 0) {
                note.parallelism =
                    (struct flink_note_number){1 + pick(6), 1 + pick(6), 1 + pick(3)};
            }
            if (pick(2) == 0) {
                note.replicas = (struct flink_note_number){1 + pick(6), 1 + pick(6), 1 + pick(3)};
            }
            if (pick(2) == 0) {
                note.version = pick(2) == 0 ? SV("1.20") : SV("1.19");
                note.tag = pick(2) == 0 ? SV("1.20.1") : SV("1.19.1");
            }
            flink_note_put(&b, &note);
            json_out_kv_string(o, FLINK_DEFAULTED_ANNOTATION, strbuf_view(&b));
        }
        if (pick(3) == 0) {
            json_out_kv_str(o, "kubectl.kubernetes.io/last-applied-configuration",
                            pick(2) == 0
                                ? "{\"spec\":{\"parallelism\":2,\"flinkVersion\":\"1.20\"}}"
                                : "{\"spec\":{\"taskManager\":{\"replicas\":2}}}");
        }
        json_out_end_object(o);
    }
    if (pick(4) == 0) {
        json_out_key_array(o, "managedFields");
        json_out_raw(o, pick(2) == 0
                            ? SV("{\"fieldsV1\":{\"f:spec\":{\"f:parallelism\":{}}}}")
                            : SV("{\"fieldsV1\":{\"f:spec\":{\"f:taskManager\":{\"f:replicas\":{}},"
                                 "\"f:flinkVersion\":{}}}}"));
        json_out_end_array(o);
    }
    json_out_end_object(o);
}

static const struct json *random_object(struct arena *a)
{
    static const char *const IMAGES[] = {"flink:1.20.1", "flink:1.19.1", "flink:latest",
                                         "Bad Image"};
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 14);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    put_metadata(&o);
    json_out_key_object(&o, "spec");
    json_out_kv_str(&o, "image", IMAGES[pick(4)]);
    if (pick(2) == 0) {
        json_out_kv_str(&o, "flinkVersion", pick(2) == 0 ? "1.20" : "1.19");
    }
    put_number(&o, "parallelism", 2);
    if (pick(5) != 0) {
        json_out_key_object(&o, "taskManager");
        put_number(&o, "replicas", 2);
        put_number(&o, "slots", 3);
        json_out_end_object(&o);
    }
    if (pick(8) == 0) {
        json_out_key(&o, SV("flinkConfiguration"));
        json_out_raw(&o, SV("{\"scheduler-mode\":\"reactive\"}"));
    }
    json_out_end_object(&o);
    json_out_end_object(&o);
    ck_assert(strbuf_ok(&b));
    return case_parse(a, strbuf_view(&b));
}

START_TEST(defaults__a_second_pass_over_any_object_finds_nothing_to_do)
{
    seed = (uint64_t)_i + 1;
    for (int i = 0; i < 250; i++) {
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        const struct json *now = random_object(&a);
        const struct json *old = pick(3) == 0 ? NULL : random_object(&a);
        int64_t fallback = pick(3);
        struct strview patch = patch_of(&a, now, old, fallback);
        const struct json *stored = apply(&a, now, patch);
        struct strview second = patch_of(&a, stored, old, fallback);
        ck_assert_msg(sv_eq_lit(second, "[]"), "now %.*s\nold %.*s\npatch %.*s\nsecond %.*s",
                      SV_ARG(case_text(&a, now)), SV_ARG(case_text(&a, old)), SV_ARG(patch),
                      SV_ARG(second));
        struct strview later = patch_of(&a, stored, stored, fallback + 3);
        // `scale` writes replicas without the webhook; then somebody touches a label.
        const struct json *scaled =
            apply(&a, stored,
                  arena_printf(&a,
                               "[{\"op\":\"add\",\"path\":\"/spec/taskManager\",\"value\":"
                               "{\"replicas\":%u,\"slots\":%u}}]",
                               1 + pick(6), 1 + pick(3)));
        struct strview settled = patch_of(&a, scaled, scaled, fallback + 3);
        ck_assert_msg(
            sv_find(settled, SV("/spec/taskManager")) == SIZE_MAX &&
                (sv_find(settled, SV("/spec/parallelism")) == SIZE_MAX ||
                 sv_find(settled, SV("\"replace\",\"path\":\"/spec/parallelism")) == SIZE_MAX),
            "scaled %.*s\npatch %.*s", SV_ARG(case_text(&a, scaled)), SV_ARG(settled));
        ck_assert_msg(sv_eq_lit(later, "[]"), "stored %.*s\nlater %.*s",
                      SV_ARG(case_text(&a, stored)), SV_ARG(later));
    }
}
END_TEST

START_TEST(defaults__a_failed_allocation_is_an_error_and_never_a_half_patch)
{
    CLEANUP(arena_done) struct arena fixture = ARENA(CASE_ARENA_MAX);
    const struct json *c = case_read(&fixture, FOLDER "/everything.json");
    const struct json *now = json_get_lit(c, "now");
    for (size_t n = 1;; n++) {
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        CLEANUP(json_patch_done) struct json_patch patch = JSON_PATCH(1 << 16);
        struct flink_cluster cluster;
        struct violations faults = VIOLATIONS(&a, 16);
        struct err err = {0};
        (void)mem_fail_after(n);
        flink_decode(now, &cluster, &faults);
        struct flink_defaults_input in = {.now = &cluster};
        int rc = flink_defaults(&in, &a, &patch, &err);
        size_t used = mem_fail_after(0);
        if (used < n) {
            ck_assert_int_eq(rc, 0);
            break;
        }
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(err.code, E_NOMEM);
    }
}
END_TEST

int main(void)
{
    struct arena a = ARENA(CASE_ARENA_MAX);
    files = case_list(&a, FOLDER, &file_count);
    Suite *s = suite_create("flink_defaults");
    TCase *tc = tcase_create("defaults");
    tcase_add_loop_test(tc, defaults__each_case_gives_its_patch_and_settles, 0, (int)file_count);
    tcase_add_test(tc, note__text_is_read_back_as_written);
    tcase_add_loop_test(tc, defaults__a_second_pass_over_any_object_finds_nothing_to_do, 0, 8);
    tcase_add_test(tc, defaults__a_failed_allocation_is_an_error_and_never_a_half_patch);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    arena_done(&a);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
