// SPDX-License-Identifier: Apache-2.0
#include "common/policy/admit.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/base/os_file.h"
#include "common/flink/decode.h"
#include "common/json/out.h"
#include "common/policy/check.h"
#include "common/policy/defaults.h"
#include "tests/unit/unit.h"

#define ROOT     SLUICE_SOURCE_DIR "/tests/fixtures/policy/admit"
#define FILE_MAX ((size_t)1 << 20)
#define NOW_MS   1790000000000 // September 2026

static struct arena arena;
static struct violations found;

static void setup(void)
{
    arena = ARENA((size_t)256 << 20);
    found = VIOLATIONS(&arena, 256);
}

static void teardown(void)
{
    arena_done(&arena);
}

static const struct json *parse(struct strview text)
{
    const struct json *v;
    struct err err = {0};
    if (json_parse(text, &JSON_LIMITS_DEFAULT, &arena, &v, &err) != 0) {
        ck_abort_msg("%.*s: %s", SV_ARG(text), err.msg);
    }
    return v;
}

static const struct json *policy_json(const char *name, const char *spec)
{
    return parse(arena_printf(&arena,
                              "{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkPolicy\","
                              "\"metadata\":{\"name\":\"%s\"},\"spec\":%s}",
                              name, spec));
}

static const struct flink_policy *decode(const struct json *o)
{
    struct flink_policy *p = ARENA_NEW(&arena, struct flink_policy);
    struct violations ignored = VIOLATIONS(&arena, 0);
    policy_decode(o, p, &ignored);
    return p;
}

static const struct policy_set *set_of(const struct json *list)
{
    struct policy_set *set = ARENA_NEW(&arena, struct policy_set);
    const struct policy **items = ARENA_NEW_N(&arena, const struct policy *, json_count(list) + 1);
    struct violations ignored = VIOLATIONS(&arena, 0);
    struct err err = {0};
    size_t n = 0;
    json_each(o, list) {
        items[n++] = policy_compile(decode(o), &arena, &ignored);
    }
    ck_assert_int_eq(policy_set_make(items, n, &arena, set, &err), 0);
    return set;
}

static void admit(const struct json *now, const struct json *old, const struct policy_set *others)
{
    struct policy_admit_input in = {.now = decode(now),
                                    .old = old != NULL ? decode(old) : NULL,
                                    .others = others,
                                    .now_ms = NOW_MS};
    found = VIOLATIONS(&arena, 256);
    policy_admit(&in, &found);
    ck_assert(arena_ok(&arena));
}

static void admit_spec(const char *spec)
{
    admit(policy_json("p", spec), NULL, NULL);
}

static const char *said(void)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 16);
    for (size_t i = 0; i < found.count; i++) {
        const struct violation *it = &found.items[i];
        strbuf_printf(&b, "\n  %s %s at %.*s: %.*s",
                      it->severity == SEVERITY_DENY ? "deny" : "warn", it->rule, SV_ARG(it->path),
                      SV_ARG(it->message));
    }
    return arena_copy(&arena, strbuf_view(&b)).ptr;
}

static size_t count_of(const char *rule, enum severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < found.count; i++) {
        n += found.items[i].severity == severity && strcmp(found.items[i].rule, rule) == 0;
    }
    return n;
}

// ---- fixtures -----------------------------------------------------------------------------------

static const struct json *read_json(const char *path)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(FILE_MAX);
    struct err err = {0};
    if (access(path, R_OK) != 0) {
        return NULL;
    }
    ck_assert_msg(os_file_read(path, FILE_MAX, &text, &err) == 0, "%s: %s", path, err.msg);
    return parse(arena_copy(&arena, strbuf_view(&text)));
}

static const char *beside(const char *file, const char *suffix)
{
    return arena_printf(&arena, "%.*s%s", (int)(strlen(file) - strlen(".json")), file, suffix).ptr;
}

static void judge_fixture(const char *rule, const char *name)
{
    const char *file = arena_printf(&arena, ROOT "/%s/%s", rule, name).ptr;
    const struct json *now = read_json(file);
    const struct json *others = read_json(beside(file, ".others.json"));
    struct violations schema = VIOLATIONS(&arena, 16);
    struct flink_policy unused;
    policy_decode(now, &unused, &schema);
    ck_assert_msg(schema.count == 0, "%s: the schema refuses it", file);
    admit(now, read_json(beside(file, ".old.json")), others != NULL ? set_of(others) : NULL);
    size_t denied = count_of(rule, SEVERITY_DENY), warned = count_of(rule, SEVERITY_WARN);
    if (strncmp(name, "accept-", 7) == 0) {
        // Fixtures of other rules are not made to leave no gap.
        size_t gaps = strcmp(rule, "policy.gap") != 0 ? count_of("policy.gap", SEVERITY_WARN) : 0;
        ck_assert_msg(found.count == gaps, "%s:%s", file, said());
    } else if (strncmp(name, "reject-", 7) == 0) {
        ck_assert_msg(denied != 0 && found.denials == denied, "%s:%s", file, said());
    } else {
        ck_assert_msg(warned != 0 && found.denials == 0, "%s:%s", file, said());
    }
    for (size_t i = 0; i < found.count; i++) {
        ck_assert_uint_gt(found.items[i].path.len, 0);
    }
}

/// Judges all of RULE's fixtures; which kinds there are: 1 accepting, 2 others.
static unsigned judge_fixtures(const char *rule)
{
    DIR *d = opendir(arena_printf(&arena, ROOT "/%s", rule).ptr);
    ck_assert_msg(d != NULL, "rule %s has no fixtures", rule);
    unsigned kinds = 0;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        struct strview name = sv_from(e->d_name);
        if (!sv_ends(name, SV(".json")) || sv_ends(name, SV(".old.json")) ||
            sv_ends(name, SV(".others.json"))) {
            continue;
        }
        kinds |= sv_starts(name, SV("accept-")) ? 1U : 2U;
        judge_fixture(rule, arena_copy(&arena, name).ptr);
    }
    (void)closedir(d);
    return kinds;
}

START_TEST(admit__each_rule_has_fixtures_that_it_accepts_and_others)
{
    size_t n;
    const struct policy_admit_info *rules = policy_admit_infos(&n);
    for (size_t i = 0; i < n; i++) {
        ck_assert(strlen(rules[i].summary) > 10 && strlen(rules[i].why) > 10);
        if (strcmp(rules[i].id, "policy.count") != 0) { // needs a thousand policies; see below
            ck_assert_msg(judge_fixtures(rules[i].id) == 3, "%s", rules[i].id);
        }
    }
    ck_assert_uint_eq(judge_fixtures("schema.unknown"), 3);
}
END_TEST

// ---- what fixtures can't say --------------------------------------------------------------------

START_TEST(admit__all_faults_are_told_with_their_paths)
{
    admit_spec(
        "{\"images\":{\"allowed\":[\"a.io/[\",\"b.io/**\"],\"flinkVersions\":[\"x\"]},"
        "\"parallelism\":{\"default\":9,\"min\":8,\"max\":4},"
        "\"exempt\":[{\"namespace\":\"a\",\"name\":\"b\",\"until\":\"soon\",\"reason\":\"r\"}]}");
    static const char *const PATHS[] = {
        "spec.images.allowed[0]", "spec.images.flinkVersions[0]", "spec.exempt[0].until",
        "spec.parallelism.min",   "spec.parallelism.default",
    };
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        bool there = false;
        for (size_t k = 0; k < found.count; k++) {
            there = there || sv_eq_lit(found.items[k].path, PATHS[i]);
        }
        ck_assert_msg(there, "%s:%s", PATHS[i], said());
    }
    ck_assert_msg(found.denials == ARRAY_LEN(PATHS), "%s", said());
}
END_TEST

START_TEST(admit__a_contradiction_names_both_policies)
{
    const struct json *other = policy_json("quota", "{\"parallelism\":{\"max\":4}}");
    struct violations ignored = VIOLATIONS(&arena, 0);
    const struct policy *items[] = {policy_compile(decode(other), &arena, &ignored)};
    struct policy_set set;
    struct err err = {0};
    ck_assert_int_eq(policy_set_make(items, 1, &arena, &set, &err), 0);
    admit(policy_json("floor", "{\"parallelism\":{\"min\":8}}"), NULL, &set);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_str_eq(arena_copy(&arena, found.items[0].message).ptr,
                     "policy quota wants at most 4, floor at least this");
}
END_TEST

START_TEST(admit__a_mistyped_rule_is_guessed)
{
    admit_spec("{\"exempt\":[{\"namespace\":\"a\",\"name\":\"b\",\"rules\":[\"image.tags\"],"
               "\"reason\":\"r\"}]}");
    ck_assert_msg(strstr(said(), "did you mean \"images.tags\"?") != NULL, "%s", said());
}
END_TEST

static const struct policy_set *many(size_t n, const char *spec)
{
    const struct policy **items = ARENA_NEW_N(&arena, const struct policy *, n);
    struct policy_set *set = ARENA_NEW(&arena, struct policy_set);
    struct violations ignored = VIOLATIONS(&arena, 0);
    struct err err = {0};
    for (size_t i = 0; i < n; i++) {
        const char *name = arena_printf(&arena, "p%zu", i).ptr;
        items[i] = policy_compile(decode(policy_json(name, spec)), &arena, &ignored);
    }
    ck_assert_int_eq(policy_set_make(items, n, &arena, set, &err), 0);
    return set;
}

START_TEST(admit__one_policy_more_than_a_set_holds_is_refused)
{
    const struct policy_set *set = many(POLICY_SET_MAX, "{}");
    admit(policy_json("one-more", "{}"), NULL, set);
    ck_assert_uint_eq(count_of("policy.count", SEVERITY_DENY), 1);
    admit(policy_json("p7", "{}"), NULL, set);
    ck_assert_uint_eq(count_of("policy.count", SEVERITY_DENY), 0);
    admit(policy_json("one-more", "{}"), policy_json("one-more", "{}"), set);
    ck_assert_uint_eq(count_of("policy.count", SEVERITY_DENY), 0);
}
END_TEST

START_TEST(admit__under_generate_name_a_policy_is_judged_too)
{
    admit(parse(SV("{\"metadata\":{\"generateName\":\"p-\"},\"spec\":{\"parallelism\":{\"min\":8,"
                   "\"max\":4}}}")),
          NULL, many(3, "{\"parallelism\":{\"max\":2}}"));
    ck_assert_uint_eq(count_of("policy.bounds", SEVERITY_DENY), 1);
    ck_assert_uint_eq(count_of("policy.conflict", SEVERITY_WARN), 3);
}
END_TEST

START_TEST(admit__badly_typed_members_are_left_to_the_schema)
{
    static const char *const SPECS[] = {
        "null",
        "[]",
        "5",
        "{\"images\":5,\"iamRoles\":[],\"parallelism\":\"x\",\"exempt\":{}}",
        "{\"exempt\":[null,5,[],{},{\"rules\":[1,null],\"until\":5,\"namespace\":[]}]}",
        "{\"match\":{\"namespaces\":[1],\"namespaceSelector\":{\"matchLabels\":[]}}}",
        "{\"match\":{\"namespaceSelector\":{\"matchExpressions\":[{\"key\":5}]}}}",
        "{\"match\":{\"namespaceSelector\":{\"matchLabels\":{\"a\":null,\"b\":5}}}}",
        "{\"flinkConfiguration\":{\"defaults\":{\"a\":[1],\"b\":null,\"c\":{\"d\":{}}}}}",
        "{\"flinkConfiguration\":{\"required\":[]}}",
        "{\"resources\":{\"taskManager\":{\"default\":{\"cpu\":null,\"memory\":[]},\"max\":5}}}",
        "{\"images\":{\"allowed\":[null],\"tags\":{\"pattern\":5},\"flinkVersions\":[[]]}}",
        "{\"enforcement\":\"Never\",\"pods\":{\"hostPath\":\"Never\"}}",
    };
    const struct policy_set *others = many(2, "{\"images\":{\"allowed\":[\"a.io/*\"]}}");
    for (size_t i = 0; i < ARRAY_LEN(SPECS); i++) {
        const struct json *now = policy_json("p", SPECS[i]);
        admit(now, NULL, others);
        admit(now, now, others);
        for (size_t k = 0; k < ARRAY_LEN(SPECS); k++) {
            admit(now, policy_json("p", SPECS[k]), others);
        }
    }
}
END_TEST

START_TEST(admit__the_largest_policies_are_judged_in_a_moment)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(8 << 20);
    strbuf_put_str(&b, "{\"images\":{\"allowed\":[");
    for (int i = 0; i < 256; i++) {
        strbuf_printf(&b, "%s\"r%d.io/", i == 0 ? "" : ",", i);
        for (int k = 0; k < 100; k++) {
            strbuf_put_str(&b, "*a/");
        }
        strbuf_put_str(&b, "x\"");
    }
    strbuf_put_str(&b, "]},\"exempt\":[");
    for (int i = 0; i < 256; i++) {
        strbuf_printf(&b, "%s{\"namespace\":\"a\",\"name\":\"b\",\"reason\":\"r\",\"rules\":[",
                      i == 0 ? "" : ",");
        for (int k = 0; k < 64; k++) {
            strbuf_printf(&b, "%s\"images.tags.denie%d\"", k == 0 ? "" : ",", k);
        }
        strbuf_put_str(&b, "]}");
    }
    strbuf_put_str(&b, "]}");
    ck_assert(strbuf_ok(&b));
    const struct json *now = policy_json("p", b.ptr);
    const struct policy_set *others = many(20, "{\"images\":{\"allowed\":[\"z.io/**/q\"]}}");
    clock_t start = clock();
    admit(now, NULL, others);
    ck_assert_int_lt((clock() - start) / (CLOCKS_PER_SEC / 1000), 3000); // ms
    ck_assert_uint_gt(found.dropped, 0);
}
END_TEST

// ---- what is said of defaults, and what becomes of a FlinkCluster that takes them ---------------

static int64_t no_others(const void *ctx, struct strview ns, struct strview name)
{
    (void)ctx, (void)ns, (void)name;
    return 0;
}

static void put_resources(struct json_out *o, const struct policy_quantities *list)
{
    json_out_key_object(o, "resources");
    json_out_key_object(o, "requests");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        json_out_key(o, list->items[i].name);
        json_out_string(o, list->items[i].text);
    }
    json_out_end_object(o);
    json_out_end_object(o);
}

static void put_options(struct json_out *o, const struct policy *p)
{
    const struct flink_conf both = flink_conf_merge(&p->conf_required, &p->conf_defaults, &arena);
    json_out_key_object(o, "flinkConfiguration");
    for (size_t i = 0; i < both.count; i++) {
        json_out_key(o, both.items[i].key);
        json_out_string(o, both.items[i].value);
    }
    json_out_end_object(o);
}

/// The FlinkCluster NS/sample that takes everything P gives.
static const struct json *taker(const struct policy *p, const struct policy_set *set,
                                struct strview ns)
{
    struct policy_defaults d;
    struct image_ref ref = {.implicit_latest = false};
    struct policy_world world = {0};
    policy_defaults_gather(set, &world, ns, SV("sample"), SV("1.20"), &arena, &d);
    struct strview image = sv_present(d.default_tag.value) ? SV("flink") : SV("flink:1.20.1");
    image = sv_present(d.image.value) ? d.image.value : image;
    ck_assert(image_parse(image, &arena, &ref, NULL));
    if (ref.implicit_latest && sv_present(d.default_tag.value)) {
        image = arena_printf(&arena, "%.*s:%.*s", SV_ARG(image), SV_ARG(d.default_tag.value));
    }
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_out_key_object(&o, "metadata");
    json_out_kv_str(&o, "name", "sample");
    json_out_kv_string(&o, "namespace", ns);
    json_out_end_object(&o);
    json_out_key_object(&o, "spec");
    json_out_kv_string(&o, "image", image);
    json_out_kv_int(&o, "parallelism", d.parallelism.value != 0 ? d.parallelism.value : 1);
    if (sv_present(d.iam_role.value)) {
        json_out_kv_string(&o, "iamRole", d.iam_role.value);
    }
    if (sv_present(d.storage_root.value)) {
        json_out_key_object(&o, "storage");
        json_out_kv_string(&o, "root", d.storage_root.value);
        json_out_end_object(&o);
    }
    json_out_key_object(&o, "jobManager");
    int64_t replicas = d.job_manager_replicas.value;
    json_out_kv_int(&o, "replicas", replicas != 0 ? replicas : 1);
    put_resources(&o, d.jm_resources);
    json_out_end_object(&o);
    json_out_key_object(&o, "taskManager");
    put_resources(&o, d.tm_resources);
    json_out_end_object(&o);
    put_options(&o, p);
    json_out_end_object(&o);
    json_out_end_object(&o);
    return parse(arena_copy(&arena, strbuf_view(&b)));
}

static size_t denied_by(const struct policy *p, const struct policy_set *set)
{
    struct strview ns =
        p->match.namespaces.n != 0 ? pattern_text(p->match.namespaces.items[0]) : SV("sample");
    struct flink_cluster c;
    found = VIOLATIONS(&arena, 256);
    flink_decode(taker(p, set, ns), &c, &found);
    ck_assert_msg(found.count == 0, "%s", said());
    const struct policy_world world = {.namespace_parallelism = no_others};
    const struct policy_input in = {
        .now = &c, .ns = ns, .set = set, .world = &world, .now_ms = NOW_MS};
    policy_check(&in, &found);
    return found.denials;
}

START_TEST(admit__what_it_says_of_defaults_is_what_becomes_of_who_takes_them)
{
    DIR *d = opendir(ROOT "/policy.default");
    ck_assert_ptr_nonnull(d);
    size_t accepted = 0, refused = 0;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        bool accepts = strncmp(e->d_name, "accept-", 7) == 0;
        // What can't be read at all is refused by other rules than a policy's.
        if ((!accepts && strncmp(e->d_name, "reject-", 7) != 0) ||
            strstr(e->d_name, "-form") != NULL || strstr(e->d_name, "-placeholder") != NULL) {
            continue;
        }
        const struct json *o =
            read_json(arena_printf(&arena, ROOT "/policy.default/%s", e->d_name).ptr);
        struct violations ignored = VIOLATIONS(&arena, 0);
        const struct policy *p = policy_compile(decode(o), &arena, &ignored);
        struct policy_set *set = ARENA_NEW(&arena, struct policy_set);
        struct err err = {0};
        ck_assert_int_eq(policy_set_make(&p, 1, &arena, set, &err), 0);
        size_t denials = denied_by(p, set);
        ck_assert_msg((denials == 0) == accepts, "%s:%s", e->d_name, said());
        *(accepts ? &accepted : &refused) += 1;
    }
    (void)closedir(d);
    ck_assert(accepted >= 3 && refused >= 12);
}
END_TEST

/// Decodes, compiles and judges with allocation N failing: true when there was no such allocation.
static bool run_with_failure(const struct json *now, const struct json *old,
                             const struct policy_set *others, size_t n)
{
    CLEANUP(arena_done) struct arena a = ARENA((size_t)64 << 20);
    struct violations v = VIOLATIONS(&a, 64);
    struct flink_policy policy, was;
    (void)mem_fail_after(n);
    policy_decode(now, &policy, &v);
    policy_decode(old, &was, &v);
    struct policy_admit_input in = {.now = &policy, .old = &was, .others = others};
    policy_admit(&in, &v);
    return mem_fail_after(0) < n;
}

START_TEST(admit__a_failed_allocation_anywhere_harms_nothing)
{
    static const char *const FILES[] = {
        "policy.default/accept-production", "policy.conflict/warn-roles-apart",
        "policy.exemption/warn-mistyped", "policy.default/reject-image-form"};
    const struct policy_set *others = many(3, "{\"parallelism\":{\"max\":2}}");
    const struct json *old = policy_json("p", "{\"parallelism\":{\"min\":3}}");
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        const struct json *now = read_json(arena_printf(&arena, ROOT "/%s.json", FILES[i]).ptr);
        for (size_t n = 1; !run_with_failure(now, old, others, n); n++) {
            ck_assert_uint_lt(n, 10000);
        }
    }
}
END_TEST

UNIT_MAIN(setup, teardown, admit__each_rule_has_fixtures_that_it_accepts_and_others,
          admit__all_faults_are_told_with_their_paths, admit__a_contradiction_names_both_policies,
          admit__a_mistyped_rule_is_guessed, admit__one_policy_more_than_a_set_holds_is_refused,
          admit__under_generate_name_a_policy_is_judged_too,
          admit__badly_typed_members_are_left_to_the_schema,
          admit__the_largest_policies_are_judged_in_a_moment,
          admit__what_it_says_of_defaults_is_what_becomes_of_who_takes_them,
          admit__a_failed_allocation_anywhere_harms_nothing)
