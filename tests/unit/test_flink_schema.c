// SPDX-License-Identifier: Apache-2.0
#include "common/flink/schema_rules.h"

#include <check.h>
#include <stdlib.h>

#include "common/flink/decode.h"
#include "common/kind/schema_equal.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct violations faults;

static void setup(void)
{
    arena = ARENA((size_t)64 << 20);
}

static void teardown(void)
{
    arena_done(&arena);
}

static const struct json *parse(const char *metadata, const char *spec)
{
    const struct json *v;
    struct err err = {0};
    struct strview text = arena_printf(&arena, "{\"metadata\":%s,\"spec\":%s}", metadata, spec);
    if (json_parse(text, &JSON_LIMITS_DEFAULT, &arena, &v, &err) != 0) {
        ck_abort_msg("%s: %s", text.ptr, err.msg);
    }
    return v;
}

/// Both halves of the schema's verdict; OLD may be NULL.
static void judge(const char *metadata, const char *now, const char *old)
{
    struct flink_cluster c;
    struct flink_cluster was;
    struct violations ignored = VIOLATIONS(&arena, 0);
    const struct json *stored = old != NULL ? parse(metadata, old) : NULL;
    faults = VIOLATIONS(&arena, 100);
    flink_decode_update(parse(metadata, now), stored, &c, &faults);
    if (stored != NULL) {
        flink_decode(stored, &was, &ignored);
    }
    flink_schema_rules(&c, stored != NULL ? &was : NULL, &faults);
}

static void accepted(const char *metadata, const char *now, const char *old)
{
    judge(metadata, now, old);
    ck_assert_msg(faults.denials == 0, "%s %s -> %s: %.*s", metadata, old, now,
                  SV_ARG(faults.count != 0 ? faults.items[0].message : SV_NONE));
}

static void refused(const char *metadata, const char *now, const char *old, const char *rule,
                    const char *path)
{
    judge(metadata, now, old);
    ck_assert_msg(faults.denials == 1, "%s %s -> %s: %zu", metadata, old, now, faults.denials);
    const struct violation *v = faults.items;
    while (v->severity != SEVERITY_DENY) {
        v++;
    }
    ck_assert_str_eq(v->rule, rule);
    ck_assert(sv_eq_lit(v->path, path));
}

#define NAMED "{\"name\":\"a\"}"

START_TEST(schema__names_are_dns_1035_of_at_most_40)
{
    accepted("{\"name\":\"a\"}", "{}", NULL);
    accepted("{\"name\":\"a-1\"}", "{}", NULL);
    accepted("{\"name\":\"a234567890123456789012345678901234567890\"}", "{}", NULL);
    static const char *const BAD[] = {"a2345678901234567890123456789012345678901",
                                      "1a",
                                      "a-",
                                      "-a",
                                      "a.b",
                                      "A",
                                      "a_b",
                                      "é",
                                      "a\\nb",
                                      "-"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct strview m = arena_printf(&arena, "{\"name\":\"%s\"}", BAD[i]);
        refused(m.ptr, "{}", NULL, "schema.name", "metadata.name");
    }
}
END_TEST

START_TEST(schema__a_generated_name_is_judged_with_its_suffix)
{
    accepted("{\"generateName\":\"a-\"}", "{}", NULL);
    accepted("{\"generateName\":\"a2345678901234567890123456789012345\"}", "{}", NULL);
    refused("{\"generateName\":\"a23456789012345678901234567890123456\"}", "{}", NULL,
            "schema.name", "metadata.name");
    refused("{\"generateName\":\"1\"}", "{}", NULL, "schema.name", "metadata.name");
    accepted("{\"generateName\":\"UP\",\"name\":\"low\"}", "{}", NULL);
}
END_TEST

START_TEST(schema__job_is_neither_added_nor_removed)
{
    accepted(NAMED, "{\"job\":{}}", NULL);
    accepted(NAMED, "{\"job\":{\"drain\":true}}", "{\"job\":{}}");
    accepted(NAMED, "{\"job\":null}", "{}");
    refused(NAMED, "{\"job\":{}}", "{}", "schema.job_kept", "spec.job");
    refused(NAMED, "{}", "{\"job\":{}}", "schema.job_kept", "spec.job");
}
END_TEST

START_TEST(schema__storage_root_is_kept_unless_suspended)
{
    accepted(NAMED, "{\"storage\":{\"root\":\"a\"}}", "{}");
    accepted(NAMED, "{\"storage\":{\"root\":\"a\"}}", "{\"storage\":{}}");
    accepted(NAMED, "{\"storage\":{\"root\":\"a\"}}", "{\"storage\":{\"root\":\"a\"}}");
    refused(NAMED, "{\"storage\":{\"root\":\"b\"}}", "{\"storage\":{\"root\":\"a\"}}",
            "schema.storage_kept", "spec.storage");
    refused(NAMED, "{\"storage\":{}}", "{\"storage\":{\"root\":\"a\"}}", "schema.storage_kept",
            "spec.storage");
    refused(NAMED, "{\"storage\":null}", "{\"storage\":{\"root\":\"a\"}}", "schema.storage_kept",
            "spec.storage");
    refused(NAMED, "{\"job\":{}}", "{\"job\":{\"state\":\"Running\"},\"storage\":{\"root\":\"a\"}}",
            "schema.storage_kept", "spec.storage");
    accepted(NAMED, "{\"job\":{}}",
             "{\"job\":{\"state\":\"Suspended\"},\"storage\":{\"root\":\"a\"}}");
    // A type fault there is told once.
    refused(NAMED, "{\"storage\":5}", "{\"storage\":{\"root\":\"a\"}}", "schema.type",
            "spec.storage");
}
END_TEST

START_TEST(schema__several_job_managers_need_storage)
{
    accepted(NAMED, "{\"jobManager\":{\"replicas\":1}}", NULL);
    accepted(NAMED, "{\"jobManager\":{\"replicas\":2},\"storage\":{\"root\":\"a\"}}", NULL);
    accepted(NAMED,
             "{\"jobManager\":{\"replicas\":2},\"flinkConfiguration\":"
             "{\"high-availability.storageDir\":\"a\"}}",
             NULL);
    accepted(NAMED,
             "{\"jobManager\":{\"replicas\":2},\"flinkConfiguration\":"
             "{\"high-availability\":{\"storageDir\":\"a\"}}}",
             NULL);
    refused(NAMED, "{\"jobManager\":{\"replicas\":2}}", NULL, "schema.ha_needs_storage",
            "spec.storage.root");
    refused(NAMED, "{\"jobManager\":{\"replicas\":2},\"storage\":{\"root\":null}}", NULL,
            "schema.ha_needs_storage", "spec.storage.root");
}
END_TEST

START_TEST(schema__an_unchanged_fault_is_a_warning_on_update)
{
    accepted(NAMED, "{\"parallelism\":\"x\",\"image\":\"b\"}",
             "{\"parallelism\":\"x\",\"image\":\"a\"}");
    ck_assert_uint_eq(faults.count, 1);
    ck_assert_int_eq(faults.items[0].severity, SEVERITY_WARN);
    refused(NAMED, "{\"parallelism\":\"y\"}", "{\"parallelism\":\"x\"}", "schema.type",
            "spec.parallelism");
    refused(NAMED, "{\"parallelism\":\"x\"}", "{}", "schema.type", "spec.parallelism");
    accepted(NAMED, "{\"job\":{\"state\":\"no\",\"drain\":true}}", "{\"job\":{\"state\":\"no\"}}");
    accepted(NAMED, "{\"logConfiguration\":{\"a\":1,\"b\":\"x\"}}",
             "{\"logConfiguration\":{\"a\":1}}");
}
END_TEST

START_TEST(schema__list_items_are_kept_only_with_their_whole_list)
{
    accepted(NAMED, "{\"plugins\":[1],\"image\":\"b\"}", "{\"plugins\":[1]}");
    refused(NAMED, "{\"plugins\":[1,\"a\"]}", "{\"plugins\":[1]}", "schema.type",
            "spec.plugins[0]");
    accepted(NAMED, "{\"imagePullSecrets\":[{\"name\":1,\"junk\":2}]}",
             "{\"imagePullSecrets\":[{\"name\":1}]}");
    refused(NAMED, "{\"imagePullSecrets\":[{\"name\":1},{\"name\":\"b\"}]}",
            "{\"imagePullSecrets\":[{\"name\":1}]}", "schema.type",
            "spec.imagePullSecrets[0].name");
}
END_TEST

START_TEST(schema__what_scale_reads_is_never_let_pass)
{
    refused(NAMED, "{\"taskManager\":{\"replicas\":\"3\"}}",
            "{\"taskManager\":{\"replicas\":\"3\"}}", "schema.type", "spec.taskManager.replicas");
    refused(NAMED, "{\"taskManager\":{\"replicas\":-1}}", "{\"taskManager\":{\"replicas\":-1}}",
            "schema.min", "spec.taskManager.replicas");
    accepted(NAMED, "{\"taskManager\":{\"replicas\":0}}", "{\"taskManager\":{\"replicas\":0}}");
    refused(NAMED, "{\"taskManager\":\"x\"}", "{\"taskManager\":\"x\"}", "schema.type",
            "spec.taskManager");
}
END_TEST

START_TEST(schema__a_stored_value_of_a_wrong_type_breaks_the_rules_that_read_it)
{
    refused(NAMED, "{\"job\":\"x\",\"image\":\"b\"}", "{\"job\":\"x\"}", "schema.job_kept",
            "spec.job");
    refused(NAMED, "{\"storage\":{\"root\":5}}", "{\"storage\":{\"root\":5}}",
            "schema.storage_kept", "spec.storage");
    refused(NAMED, "{\"storage\":[]}", "{\"storage\":[]}", "schema.storage_kept", "spec.storage");
    refused(NAMED, "{\"jobManager\":[]}", "{\"jobManager\":[]}", "schema.ha_needs_storage",
            "spec.storage.root");
    // Without a wrong type, the rule on the spec has its ratchet.
    accepted(NAMED, "{\"jobManager\":{\"replicas\":2}}", "{\"jobManager\":{\"replicas\":2}}");
    refused(NAMED, "{\"jobManager\":{\"replicas\":2},\"image\":\"b\"}",
            "{\"jobManager\":{\"replicas\":2}}", "schema.ha_needs_storage", "spec.storage.root");
}
END_TEST

START_TEST(schema__equality_skips_what_the_api_server_prunes)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } CASES[] = {
        {"{}", "{}", true},
        {"{\"image\":\"a\",\"junk\":1}", "{\"image\":\"a\"}", true},
        {"{\"image\":\"a\",\"job\":null}", "{\"image\":\"a\"}", true},
        {"{\"image\":\"a\"}", "{\"image\":\"b\"}", false},
        {"{\"image\":\"a\"}", "{}", false},
        {"{\"logConfiguration\":{\"a\":\"1\",\"b\":null}}", "{\"logConfiguration\":{\"a\":\"1\"}}",
         true},
        {"{\"logConfiguration\":{\"a\":\"1\"}}", "{\"logConfiguration\":{}}", false},
        // Keys without a schema can't be correlated.
        {"{\"podTemplate\":{\"spec\":{}}}", "{\"podTemplate\":{\"spec\":{}}}", false},
        {"{\"podTemplate\":{}}", "{\"podTemplate\":{}}", true},
        {"{\"flinkConfiguration\":{\"high-availability.storageDir\":\"x\"}}",
         "{\"flinkConfiguration\":{\"high-availability.storageDir\":\"x\"}}", true},
        {"{\"plugins\":[\"a\",\"b\"]}", "{\"plugins\":[\"b\",\"a\"]}", false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct json *a = json_get_lit(parse("{}", CASES[i].a), "spec");
        const struct json *b = json_get_lit(parse("{}", CASES[i].b), "spec");
        ck_assert_msg(schema_equal_objects(&cluster_spec_type, a, b) == CASES[i].equal, "%s",
                      CASES[i].a);
        ck_assert_msg(schema_equal_objects(&cluster_spec_type, b, a) == CASES[i].equal, "%s",
                      CASES[i].b);
    }
}
END_TEST

START_TEST(schema__hostile_updates_cost_little)
{
    // Every item faulty, the same in the stored object: asked once for a list, not at all for a map
    // that no schema allows.
    struct strbuf list = STRBUF((size_t)4 << 20);
    struct strbuf map = STRBUF((size_t)4 << 20);
    strbuf_put_str(&list, "{\"job\":{\"args\":[0");
    strbuf_put_str(&map, "{\"logConfiguration\":{\"a\":0");
    for (int i = 0; i < 45000; i++) {
        strbuf_put_str(&list, ",1");
        strbuf_printf(&map, ",\"%d\":1", i);
    }
    strbuf_put_str(&list, "]}}");
    strbuf_put_str(&map, "}}");
    accepted(NAMED, list.ptr, list.ptr);
    ck_assert_uint_eq(faults.count, 100);
    judge(NAMED, map.ptr, map.ptr);
    ck_assert_uint_ne(faults.denials, 0);
    strbuf_done(&list);
    strbuf_done(&map);
}
END_TEST

START_TEST(schema__every_rule_has_its_texts)
{
    size_t n;
    const struct schema_rule *rules = schema_rules(&n);
    ck_assert_uint_eq(n, 4);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(rules[i].field[0], '.');
        ck_assert_ptr_nonnull(strstr(rules[i].cel, "self"));
        ck_assert_int_eq(strstr(rules[i].cel, "oldSelf") != NULL, rules[i].transition);
        ck_assert_ptr_null(strchr(rules[i].message, '\n'));
    }
}
END_TEST

UNIT_MAIN(setup, teardown, schema__names_are_dns_1035_of_at_most_40,
          schema__a_generated_name_is_judged_with_its_suffix,
          schema__job_is_neither_added_nor_removed, schema__storage_root_is_kept_unless_suspended,
          schema__several_job_managers_need_storage,
          schema__an_unchanged_fault_is_a_warning_on_update,
          schema__list_items_are_kept_only_with_their_whole_list,
          schema__what_scale_reads_is_never_let_pass,
          schema__a_stored_value_of_a_wrong_type_breaks_the_rules_that_read_it,
          schema__equality_skips_what_the_api_server_prunes, schema__hostile_updates_cost_little,
          schema__every_rule_has_its_texts)
