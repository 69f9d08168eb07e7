// SPDX-License-Identifier: Apache-2.0
// Cases are files of tests/fixtures/flink/defaults: {about, now, old?, fallback?, presets?, patch}.
// Every case is also held against the properties: the patch applies by an independent engine; a
// second pass, a metadata-only update and the same manifest applied again give an empty patch or
// the same object.
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

static struct flink_preset_text preset_text(const struct json *v)
{
    return (struct flink_preset_text){.value = json_get_string(v, SV("value")),
                                      .by = json_get_string(v, SV("by"))};
}

static struct flink_preset_number preset_number(const struct json *v)
{
    struct flink_preset_number n = {.by = json_get_string(v, SV("by"))};
    (void)json_int(json_get_lit(v, "value"), &n.value);
    return n;
}

static void preset_requests(struct arena *a, const struct json *list, struct flink_presets *ret,
                            enum flink_role role)
{
    struct flink_preset_quantity *q =
        ARENA_NEW_N(a, struct flink_preset_quantity, json_count(list) + 1);
    size_t n = 0;
    json_each(it, list) {
        q[n++] = (struct flink_preset_quantity){json_key(it), json_string(it), SV("base")};
    }
    ret->requests[role].items = q;
    ret->requests[role].n = n;
}

/// As a fixture writes them.
static struct flink_presets read_presets(struct arena *a, const struct json *v, int64_t fallback)
{
    struct flink_presets p = {
        .image = preset_text(json_get_lit(v, "image")),
        .tag = preset_text(json_get_lit(v, "tag")),
        .iam_role = preset_text(json_get_lit(v, "iamRole")),
        .storage_root = preset_text(json_get_lit(v, "storageRoot")),
        .job_managers = preset_number(json_get_lit(v, "jobManagers")),
        .parallelism = preset_number(json_get_lit(v, "parallelism")),
    };
    if (p.parallelism.value == 0) {
        p.parallelism.value = fallback;
    }
    preset_requests(a, json_get_lit(v, "jobManager"), &p, FLINK_JOB_MANAGER);
    preset_requests(a, json_get_lit(v, "taskManager"), &p, FLINK_TASK_MANAGER);
    const struct json *options = json_get_lit(v, "options");
    struct flink_preset_option *o =
        ARENA_NEW_N(a, struct flink_preset_option, json_count(options) + 1);
    json_each(it, options) {
        o[p.n_options++] = (struct flink_preset_option){json_key(it), it, SV("base")};
    }
    p.options = o;
    return p;
}

/// What policies may have become by the time of the next request: all is different.
static struct flink_presets later_presets(const struct flink_presets *p)
{
    struct flink_presets later = *p;
    later.image = (struct flink_preset_text){.value = SV("other:2.0.0"), .by = SV("new")};
    later.tag = (struct flink_preset_text){.value = SV("2.0.1"), .by = SV("new")};
    later.iam_role = (struct flink_preset_text){.value = SV("other"), .by = SV("new")};
    later.storage_root = (struct flink_preset_text){.value = SV("s3://other"), .by = SV("new")};
    later.job_managers = (struct flink_preset_number){.value = 3, .by = SV("new")};
    later.parallelism =
        (struct flink_preset_number){.value = p->parallelism.value + 5, .by = SV("new")};
    static const struct flink_preset_quantity CPU[] = {
        {SV_INIT("cpu"), SV_INIT("7"), SV_INIT("new")}};
    later.requests[0].items = later.requests[1].items = CPU;
    later.requests[0].n = later.requests[1].n = 1;
    later.n_options = 0;
    return later;
}

/// The patch's text.
static struct strview patch_of(struct arena *a, const struct json *now, const struct json *old,
                               const struct flink_presets *presets)
{
    CLEANUP(json_patch_done) struct json_patch patch = JSON_PATCH(1 << 16);
    struct flink_defaults_input in = {
        .now = case_decode(a, now), .old = case_decode(a, old), .presets = presets};
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

    struct flink_presets presets = read_presets(&a, json_get_lit(c, "presets"), fallback);
    struct flink_presets later = later_presets(&presets);
    struct strview patch = patch_of(&a, now, old, &presets);
    ck_assert_msg(json_equal(case_parse(&a, patch), json_get_lit(c, "patch")), "%s: %.*s", file,
                  SV_ARG(patch));

    const struct json *stored = apply(&a, now, patch);
    assert_empty(patch_of(&a, stored, old, &presets), "second pass", file);
    // Policies, and Sluice, may have another fallback by then.
    assert_empty(patch_of(&a, stored, stored, &later), "metadata-only update", file);
    if (old == NULL) {
        const struct json *again = apply(&a, now, patch_of(&a, now, stored, &later));
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
        .parallelism = {.value = 8, .with = 4, .slots = 2, .by = SV("production")},
        .replicas = {.value = 4, .with = 8, .slots = 2},
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

static struct flink_note_number random_noted(void)
{
    return (struct flink_note_number){
        .value = 1 + pick(6), .with = 1 + pick(6), .slots = 1 + pick(3)};
}

static const char *const GIVEN[] = {"flinkConfiguration.a.b",
                                    "flinkConfiguration.x.y",
                                    "iamRole",
                                    "image",
                                    "imageTag",
                                    "jobManager.replicas",
                                    "nonsense",
                                    "storage.root",
                                    "taskManager.resources.requests.memory"};

static void put_metadata(struct json_out *o)
{
    json_out_key_object(o, "metadata");
    if (pick(2) == 0) {
        json_out_key_object(o, "annotations");
        if (pick(2) == 0) {
            CLEANUP(strbuf_done) struct strbuf b = STRBUF(FLINK_NOTE_MAX);
            struct flink_note note = {0};
            if (pick(2) == 0) {
                note.parallelism = random_noted();
            }
            if (pick(2) == 0) {
                note.replicas = random_noted();
            }
            if (pick(2) == 0) {
                note.version = pick(2) == 0 ? SV("1.20") : SV("1.19");
                note.tag = pick(2) == 0 ? SV("1.20.1") : SV("1.19.1");
            }
            struct flink_note_given given[ARRAY_LEN(GIVEN)];
            for (size_t i = 0; i < ARRAY_LEN(GIVEN); i++) {
                if (pick(3) == 0) {
                    given[note.n_given++] = (struct flink_note_given){
                        sv_from(GIVEN[i]), pick(4) != 0 ? SV("base") : SV("top")};
                }
            }
            note.given = given;
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
                                         "Bad Image",    "flink",        "flink:5000/x"};
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 14);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    put_metadata(&o);
    json_out_key_object(&o, "spec");
    if (pick(6) != 0) {
        json_out_kv_str(&o, "image", IMAGES[pick(ARRAY_LEN(IMAGES))]);
    }
    if (pick(3) == 0) {
        json_out_kv_str(&o, "iamRole", pick(2) == 0 ? "r" : "mine");
    }
    if (pick(5) == 0) {
        json_out_kv_str(&o, "serviceAccountName", "sa");
    }
    if (pick(3) == 0) {
        json_out_key(&o, SV("storage"));
        json_out_raw(&o, pick(2) == 0 ? SV("{\"root\":\"s3://b\"}") : SV("null"));
    }
    if (pick(3) == 0) {
        json_out_key(&o, SV("jobManager"));
        json_out_raw(&o, pick(2) == 0 ? SV("{\"replicas\":2}")
                                      : SV("{\"resources\":{\"limits\":{\"memory\":\"3Gi\"}}}"));
    }
    if (pick(2) == 0) {
        json_out_kv_str(&o, "flinkVersion", pick(2) == 0 ? "1.20" : "1.19");
    }
    put_number(&o, "parallelism", 2);
    if (pick(5) != 0) {
        json_out_key_object(&o, "taskManager");
        put_number(&o, "replicas", 2);
        put_number(&o, "slots", 3);
        if (pick(3) == 0) {
            json_out_key(&o, SV("resources"));
            json_out_raw(&o, pick(2) == 0 ? SV("{\"requests\":{\"memory\":\"4Gi\"}}")
                                          : SV("{\"requests\":5,\"limits\":null}"));
        }
        json_out_end_object(&o);
    }
    if (pick(3) == 0) {
        static const char *const CONFS[] = {
            "{\"scheduler-mode\":\"reactive\"}",
            "{\"a\":{\"b\":1}}",
            "{\"a.b\":1,\"x.y\":\"z\"}",
            "{\"taskmanager.memory.flink.size\":\"1g\",\"a.b\":1}",
            "null",
        };
        json_out_key(&o, SV("flinkConfiguration"));
        json_out_raw(&o, sv_from(CONFS[pick(ARRAY_LEN(CONFS))]));
    }
    json_out_end_object(&o);
    json_out_end_object(&o);
    ck_assert(strbuf_ok(&b));
    return case_parse(a, strbuf_view(&b));
}

static struct flink_presets random_presets(struct arena *a)
{
    static const char *const PARTS[] = {
        "\"image\":{\"value\":\"flink:1.20.1\",\"by\":\"base\"}",
        "\"image\":{\"value\":\"flink\",\"by\":\"base\"}",
        "\"tag\":{\"value\":\"1.20.1\",\"by\":\"base\"}",
        "\"iamRole\":{\"value\":\"r\",\"by\":\"base\"}",
        "\"storageRoot\":{\"value\":\"s3://b\",\"by\":\"base\"}",
        "\"jobManagers\":{\"value\":2,\"by\":\"base\"}",
        "\"jobManagers\":{\"value\":1,\"by\":\"top\"}",
        "\"parallelism\":{\"value\":4,\"by\":\"base\"}",
        "\"taskManager\":{\"cpu\":\"2\",\"memory\":\"4Gi\"}",
        "\"jobManager\":{\"memory\":\"2Gi\"}",
        "\"options\":{\"a.b\":1,\"taskmanager.memory.process.size\":\"4g\"}",
        "\"options\":{\"state.checkpoints.dir\":\"s3://c\",\"x.y\":\"z\"}",
    };
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 12);
    strbuf_put_char(&b, '{');
    const char *last = "";
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
        if (pick(2) == 0 && strncmp(PARTS[i], last, 6) != 0) {
            strbuf_put_str(&b, last[0] != '\0' ? "," : "");
            strbuf_put_str(&b, PARTS[i]);
            last = PARTS[i];
        }
    }
    strbuf_put_char(&b, '}');
    return read_presets(a, case_parse(a, strbuf_view(&b)), pick(3));
}

START_TEST(defaults__a_second_pass_over_any_object_finds_nothing_to_do)
{
    seed = (uint64_t)_i + 1;
    for (int i = 0; i < 250; i++) {
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        const struct json *now = random_object(&a);
        const struct json *old = pick(3) == 0 ? NULL : random_object(&a);
        struct flink_presets presets = random_presets(&a);
        struct flink_presets later_ones = later_presets(&presets);
        struct strview patch = patch_of(&a, now, old, &presets);
        const struct json *stored = apply(&a, now, patch);
        struct strview second = patch_of(&a, stored, old, &presets);
        ck_assert_msg(sv_eq_lit(second, "[]"), "now %.*s\nold %.*s\npatch %.*s\nsecond %.*s",
                      SV_ARG(case_text(&a, now)), SV_ARG(case_text(&a, old)), SV_ARG(patch),
                      SV_ARG(second));
        struct strview later = patch_of(&a, stored, stored, &later_ones);
        // `scale` writes replicas without the webhook; then somebody touches a label.
        const struct json *scaled =
            apply(&a, stored,
                  arena_printf(&a,
                               "[{\"op\":\"add\",\"path\":\"/spec/taskManager\",\"value\":"
                               "{\"replicas\":%u,\"slots\":%u}}]",
                               1 + pick(6), 1 + pick(3)));
        struct strview settled = patch_of(&a, scaled, scaled, &later_ones);
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
    struct flink_presets presets = read_presets(&fixture, json_get_lit(c, "presets"), 0);
    for (size_t n = 1;; n++) {
        CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
        CLEANUP(json_patch_done) struct json_patch patch = JSON_PATCH(1 << 16);
        struct flink_cluster cluster;
        struct violations faults = VIOLATIONS(&a, 16);
        struct err err = {0};
        (void)mem_fail_after(n);
        flink_decode(now, &cluster, &faults);
        struct flink_defaults_input in = {.now = &cluster, .presets = &presets};
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
