// SPDX-License-Identifier: Apache-2.0
#include "common/flink/conf.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/macros.h"
#include "common/flink/conf_keys.h"

static struct arena arena = {.max = 64 << 20};
static struct violations found;

static void setup(void)
{
    found = VIOLATIONS(&arena, 100);
}

static void teardown(void)
{
    arena_done(&arena);
}

static const struct path SPEC = {.kind = PATH_FIELD, .key = SV_INIT("spec")};
static const struct path CONF = {
    .up = &SPEC, .kind = PATH_FIELD, .key = SV_INIT("flinkConfiguration")};

static struct flink_conf read_conf(struct strview text)
{
    const struct json *map;
    struct err err = {0};
    ck_assert_msg(json_parse(text, &JSON_LIMITS_DEFAULT, &arena, &map, &err) == 0, "%s", err.msg);
    struct flink_conf conf;
    flink_conf_read(map, &CONF, &arena, &found, &conf);
    return conf;
}

static void check_conf(const char *text, int major, int minor, bool session)
{
    struct flink_conf conf = read_conf(sv_from(text));
    const struct flink_conf_judge judge = {.version = {.major = major, .minor = minor},
                                           .application = !session,
                                           .storage_known = true};
    flink_conf_check(&conf, &judge, &CONF, &found);
}

START_TEST(conf__scalars_and_nested_maps_become_one_sorted_list)
{
    struct flink_conf c =
        read_conf(SV("{\"z\":\"s\",\"execution\":{\"checkpointing\":{\"interval\":\"30s\","
                     "\"num-retained\":3}},\"a.b\":true,\"f\":0.25,\"n\":-7,\"e\":\"\",\"o\":{}}"));
    ck_assert_uint_eq(found.count, 0);
    ck_assert_uint_eq(c.count, 7);
    for (size_t i = 1; i < c.count; i++) {
        ck_assert_int_lt(sv_cmp(c.items[i - 1].canonical, c.items[i].canonical), 0);
    }
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "execution.checkpointing.interval"), "30s"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "execution.checkpointing.num-retained"), "3"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "a.b"), "true"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "f"), "0.25"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "n"), "-7"));
    ck_assert(sv_present(flink_conf_get_lit(&c, "e")));
    ck_assert(!sv_present(flink_conf_get_lit(&c, "o")));
    ck_assert(!sv_present(flink_conf_get_lit(NULL, "o")));
}
END_TEST

START_TEST(conf__an_entry_is_found_by_any_spelling)
{
    struct flink_conf c = read_conf(SV("{\"state.checkpoints.dir\":\"s3://x\"}"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "execution.checkpointing.dir"), "s3://x"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "state.backend.fs.checkpointdir"), "s3://x"));
    const struct flink_conf_entry *e = flink_conf_find(&c, SV("execution.checkpointing.dir"));
    ck_assert(sv_eq_lit(e->key, "state.checkpoints.dir"));
    ck_assert(sv_eq_lit(json_string(e->json), "s3://x"));
}
END_TEST

static const struct {
    const char *text;
    const char *path;
    enum cause_reason reason;
} FAULTS[] = {
    {"{\"a.b\":[1]}", "spec.flinkConfiguration[a.b]", CAUSE_TYPE_INVALID},
    {"{\"a\":{\"b\":null}}", "spec.flinkConfiguration[a.b]", CAUSE_TYPE_INVALID},
    {"{\"a.b\":1e300}", "spec.flinkConfiguration[a.b]", CAUSE_INVALID},
    {"{\"a.b\":9223372036854775807}", "spec.flinkConfiguration[a.b]", CAUSE_INVALID},
    {"{\"a b\":1}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\"\":1}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\"a\":{\"\":1}}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\".a\":1}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\"a=b\":1}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\"a: b\":1}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\"a#\":1}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\"a\\nb\":1}", "spec.flinkConfiguration", CAUSE_INVALID},
    {"{\"a\":{\"b\":1},\"a.b\":2}", "spec.flinkConfiguration[a.b]", CAUSE_DUPLICATE},
    {"{\"state.checkpoints.dir\":\"x\",\"execution.checkpointing.dir\":\"y\"}",
     "spec.flinkConfiguration[state.checkpoints.dir]", CAUSE_DUPLICATE},
    {"{\"high-availability\":\"x\",\"high-availability.type\":\"x\"}",
     "spec.flinkConfiguration[high-availability.type]", CAUSE_DUPLICATE},
    {"[]", "spec.flinkConfiguration", CAUSE_TYPE_INVALID},
    {"\"x\"", "spec.flinkConfiguration", CAUSE_TYPE_INVALID},
};

START_TEST(conf__faults_have_their_path)
{
    read_conf(sv_from(FAULTS[_i].text));
    ck_assert_uint_eq(found.count, 1);
    ck_assert_uint_eq(found.denials, 1);
    ck_assert_msg(sv_eq_lit(found.items[0].path, FAULTS[_i].path), "%.*s",
                  SV_ARG(found.items[0].path));
    ck_assert_int_eq(found.items[0].reason, FAULTS[_i].reason);
}
END_TEST

START_TEST(conf__what_can_be_read_is_read_beside_faults)
{
    struct flink_conf c = read_conf(SV("{\"a\":[],\"b\":1,\"c\":null,\"d\":\"x\"}"));
    ck_assert_uint_eq(found.denials, 2);
    ck_assert_uint_eq(c.count, 2);
}
END_TEST

START_TEST(conf__null_and_absent_are_empty)
{
    struct flink_conf c = read_conf(SV("null"));
    ck_assert_uint_eq(c.count, 0);
    flink_conf_read(NULL, &CONF, &arena, &found, &c);
    ck_assert_uint_eq(c.count, 0);
    ck_assert_uint_eq(found.count, 0);
}
END_TEST

START_TEST(conf__limits_hold)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4 << 20);
    strbuf_put_str(&b, "{");
    for (int i = 0; i < FLINK_CONF_MAX_KEYS + 500; i++) {
        strbuf_printf(&b, "%s\"key.%d\":%d", i != 0 ? "," : "", i, i);
    }
    strbuf_put_str(&b, "}");
    struct flink_conf c = read_conf(strbuf_view(&b));
    ck_assert_uint_eq(found.count, 1);
    ck_assert_int_eq(found.items[0].reason, CAUSE_TOO_MANY);
    ck_assert_uint_eq(c.count, FLINK_CONF_MAX_KEYS);

    strbuf_reset(&b);
    strbuf_put_str(&b, "{\"k\":\"");
    for (int i = 0; i <= FLINK_CONF_MAX_VALUE; i++) {
        strbuf_put_char(&b, 'x');
    }
    strbuf_put_str(&b, "\"}");
    c = read_conf(strbuf_view(&b));
    ck_assert_uint_eq(found.count, 2);
    ck_assert_int_eq(found.items[1].reason, CAUSE_TOO_LONG);
    ck_assert_uint_eq(c.count, 0);
}
END_TEST

START_TEST(conf__deep_and_long_keys_cost_little)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4 << 20);
    for (int i = 0; i < 60; i++) {
        strbuf_put_str(&b, "{\"");
        for (int n = 0; n < 20000; n++) {
            strbuf_put_char(&b, 'k');
        }
        strbuf_put_str(&b, "\":");
    }
    strbuf_put_str(&b, "1");
    for (int i = 0; i < 60; i++) {
        strbuf_put_str(&b, "}");
    }
    struct flink_conf c = read_conf(strbuf_view(&b));
    ck_assert_uint_eq(c.count, 0);
    ck_assert_uint_ge(found.denials, 1);
}
END_TEST

START_TEST(conf__many_unknown_keys_are_bounded)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4 << 20);
    strbuf_put_str(&b, "{");
    for (int i = 0; i < 900; i++) {
        strbuf_printf(&b, "%s\"parallelism.defaul%d\":%d", i != 0 ? "," : "", i, i);
    }
    strbuf_put_str(&b, "}");
    struct flink_conf c = read_conf(strbuf_view(&b));
    const struct flink_conf_judge judge = {.version = {1, 20}};
    flink_conf_check(&c, &judge, &CONF, &found);
    ck_assert_uint_eq(found.denials, 0);
    ck_assert_uint_eq(found.count + found.dropped, 900);
}
END_TEST

static const struct {
    const char *text;
    int major, minor;
    bool session;
    const char *rule; // NULL: nothing to say
    const char *message;
} JUDGED[] = {
    {"{\"execution.checkpointing.interval\":\"30s\"}", 1, 20, false, NULL, NULL},
    {"{\"execution.checkpointing.interval\":30}", 1, 20, false, NULL, NULL},
    {"{\"execution.checkpointing.interval\":\"30x\"}", 1, 20, false, "flink_conf.value",
     "Invalid value: \"30x\": Flink 1.20 wants a duration, such as 30s or 10 min here"},
    {"{\"state.backend.incremental\":\"yes\"}", 2, 0, false, "flink_conf.value",
     "Invalid value: \"yes\": Flink 2.0 wants true or false here"},
    // Owned keys.
    {"{\"parallelism.default\":4}", 1, 20, false, "flink_conf.owned",
     "Forbidden: Sluice sets it: use spec.parallelism"},
    {"{\"kubernetes\":{\"cluster-id\":\"x\"}}", 1, 20, false, "flink_conf.owned",
     "Forbidden: Sluice sets it: two runs never share a leader or HA metadata"},
    {"{\"execution.savepoint.path\":\"s3://x\"}", 1, 20, false, "flink_conf.owned",
     "Forbidden: not a key to set here: use spec.job.initialSavepointPath"},
    {"{\"$internal.pipeline.job-id\":\"x\"}", 1, 20, false, "flink_conf.owned",
     "Forbidden: not a key to set here: Flink's own, between its parts"},
    {"{\"high-availability\":\"zookeeper\"}", 1, 20, false, "flink_conf.owned",
     "Forbidden: Sluice sets it: use spec.storage.root"},
    {"{\"high-availability\":\"kubernetes\"}", 1, 20, false, NULL, NULL},
    {"{\"high-availability.type\":"
     "\"org.apache.flink.kubernetes.highavailability.KubernetesHaServicesFactory\"}",
     1, 20, false, NULL, NULL},
    {"{\"high-availability.type\":\"NONE\"}", 1, 20, false, "flink_conf.owned", NULL},
    {"{\"rest.port\":8081}", 1, 20, false, NULL, NULL},
    {"{\"rest.port\":8082}", 1, 20, false, "flink_conf.owned", NULL},
    {"{\"web.cancel.enable\":true}", 1, 20, false, "flink_conf.owned", NULL},
    {"{\"web.cancel.enable\":true}", 1, 20, true, NULL, NULL},
    {"{\"taskmanager.heap.mb\":1024}", 1, 20, false, "flink_conf.owned", NULL},
    // Defaults are the user's to change.
    {"{\"high-availability.storageDir\":\"s3://x\"}", 1, 20, false, NULL, NULL},
    {"{\"state.checkpoints.dir\":\"s3://x\"}", 2, 0, false, NULL, NULL},
    {"{\"fs.s3a.aws.credentials.provider\":\"x\"}", 2, 0, false, NULL, NULL},
    {"{\"env.java.opts.all\":\"-Dx=y\"}", 1, 18, false, NULL, NULL},
    // Others' keys.
    {"{\"kubernetes.operator.savepoint.history.max.count\":5}", 1, 20, false,
     "flink_conf.no_effect", "use spec.job.savepointHistory"},
    {"{\"kubernetes.operator.x\":5}", 1, 20, false, "flink_conf.no_effect", NULL},
    {"{\"job.autoscaler.enabled\":true}", 1, 20, false, "flink_conf.no_effect", NULL},
    {"{\"kubernetes.container.image\":\"x\"}", 1, 20, false, "flink_conf.no_effect",
     "no effect here: use spec.image"},
    {"{\"kubernetes.jobmanager.annotations\":\"nonsense\"}", 1, 20, false, "flink_conf.no_effect",
     NULL},
    {"{\"kubernetes.something\":1}", 1, 20, false, "flink_conf.no_effect", NULL},
    {"{\"kubernetes.client.io-pool.size\":4}", 1, 20, false, NULL, NULL},
    {"{\"kubernetes.transactional-operation.max-retries\":\"x\"}", 1, 20, false, "flink_conf.value",
     NULL},
    {"{\"high-availability.kubernetes.leader-election.lease-duration\":\"9 s\"}", 1, 20, false,
     NULL, NULL},
    {"{\"yarn.tags\":\"x\"}", 1, 20, false, "flink_conf.no_effect", NULL},
    // Other versions.
    {"{\"execution.checkpointing.dir\":\"s3://x\"}", 1, 18, false, NULL, NULL},
    {"{\"execution.checkpointing.file-merging.enabled\":true}", 1, 18, false, "flink_conf.version",
     "no effect in Flink 1.18, only in 1.20 and newer"},
    {"{\"akka.ask.timeout\":\"10 s\"}", 2, 0, false, NULL, NULL},
    {"{\"akka.ask.callstack\":true}", 1, 17, false, NULL, NULL},
    {"{\"fine-grained.shuffle-mode.all-blocking\":true}", 2, 0, false, "flink_conf.version",
     "no effect in Flink 2.0, only in 1.17–1.20"},
    // Unknown keys.
    {"{\"paralelism.defalt\":1}", 1, 20, false, "flink_conf.unknown",
     "unknown key, did you mean parallelism.default?"},
    {"{\"my.own.key\":1}", 1, 20, false, "flink_conf.unknown", "Flink 1.20 has no such key"},
    {"{\"fs.s3a.endpoint\":\"x\"}", 1, 20, false, NULL, NULL},
    {"{\"metrics.reporter.prom.factory.class\":\"x\"}", 1, 20, false, NULL, NULL},
    {"{\"pipeline.max-paralelism\":1}", 1, 20, false, "flink_conf.unknown",
     "unknown key, did you mean pipeline.max-parallelism?"},
    {"{\"pipeline.global-job-parameters.a\":\"b\"}", 1, 20, false, NULL, NULL},
    // What the shell scripts can't read.
    {"{\"env.java.opts.all\":\"-Dx=#y\"}", 1, 20, false, "flink_conf.value", NULL},
    {"{\"env.java.opts.all\":\"-Dx=#y\"}", 2, 0, false, NULL, NULL},
    {"{\"env.java.opts.all\":\"-Dx\\n-Dy\"}", 2, 0, false, "flink_conf.value", NULL},
};

START_TEST(conf__every_entry_is_judged)
{
    check_conf(JUDGED[_i].text, JUDGED[_i].major, JUDGED[_i].minor, JUDGED[_i].session);
    ck_assert_msg(found.count == (JUDGED[_i].rule != NULL ? 1 : 0), "%s: %zu %s", JUDGED[_i].text,
                  found.count, found.count != 0 ? found.items[0].message.ptr : "");
    if (JUDGED[_i].rule != NULL) {
        ck_assert_str_eq(found.items[0].rule, JUDGED[_i].rule);
        if (JUDGED[_i].message != NULL) {
            ck_assert_str_eq(found.items[0].message.ptr, JUDGED[_i].message);
        }
    }
}
END_TEST

START_TEST(conf__ha_without_storage_is_warned_of)
{
    struct flink_conf c = read_conf(SV("{\"high-availability.type\":\"kubernetes\"}"));
    const struct flink_conf_judge judge = {.version = {1, 20}, .application = true};
    flink_conf_check(&c, &judge, &CONF, &found);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_uint_eq(found.denials, 0);
}
END_TEST

START_TEST(conf__storage_is_known_by_root_or_by_all_three_directories)
{
    struct flink_conf none = {0};
    ck_assert(flink_conf_storage_known(SV("s3://x"), &none));
    ck_assert(!flink_conf_storage_known(SV_NONE, &none));
    ck_assert(!flink_conf_storage_known(SV(""), NULL));
    struct flink_conf c =
        read_conf(SV("{\"high-availability.storageDir\":\"a\",\"state.checkpoints.dir\":\"b\","
                     "\"execution.checkpointing.savepoint-dir\":\"c\"}"));
    ck_assert(flink_conf_storage_known(SV_NONE, &c));
    c = read_conf(SV("{\"high-availability.storageDir\":\"a\",\"state.checkpoints.dir\":\"\","
                     "\"execution.checkpointing.savepoint-dir\":\"c\"}"));
    ck_assert(!flink_conf_storage_known(SV_NONE, &c));
}
END_TEST

START_TEST(conf__merge_lets_the_upper_win_in_any_spelling)
{
    struct flink_conf base = read_conf(SV("{\"a\":1,\"state.checkpoints.dir\":\"x\",\"z\":1}"));
    struct flink_conf top = read_conf(SV("{\"b\":2,\"execution.checkpointing.dir\":\"y\"}"));
    struct flink_conf c = flink_conf_merge(&base, &top, &arena);
    ck_assert_uint_eq(c.count, 4);
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "state.checkpoints.dir"), "y"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "a"), "1"));
    ck_assert(sv_eq_lit(flink_conf_get_lit(&c, "z"), "1"));
    struct flink_conf none = {0};
    ck_assert_uint_eq(flink_conf_merge(&none, &none, &arena).count, 0);
}
END_TEST

/// C is asked for each listed option, and for each key of its own.
static void finds_what_a_walk_finds(const struct flink_conf *c)
{
    for (size_t i = 0; i < flink_option_count() + c->count; i++) {
        struct strview key =
            i < c->count ? c->items[i].canonical : flink_option_key(flink_option_at(i - c->count));
        const struct flink_conf_entry *want = NULL;
        for (size_t k = 0; k < c->count; k++) {
            want = sv_eq(c->items[k].canonical, flink_option_canonical(key)) ? &c->items[k] : want;
        }
        ck_assert_msg(flink_conf_find(c, key) == want, "%.*s", SV_ARG(key));
        ck_assert(sv_eq(flink_conf_get_canonical(c, flink_option_canonical(key)),
                        want != NULL ? want->value : SV_NONE));
    }
}

START_TEST(conf__a_look_up_finds_what_a_walk_finds)
{
    struct flink_conf none = {0};
    // One key of 64 characters, which shares its bit with the empty one.
    struct flink_conf base = read_conf(SV("{\"a\":1,\"state.checkpoints.dir\":\"x\",\"z\":1,"
                                          "\"a123456789b123456789c123456789d123456789e123456789"
                                          "f123456789wxyz\":2,\"taskmanager.memory\":{"
                                          "\"process.size\":\"1g\",\"managed.size\":\"1m\"}}"));
    struct flink_conf top = read_conf(SV("{\"b\":2,\"scheduler-mode\":\"reactive\"}"));
    const struct flink_conf merged = flink_conf_merge(&base, &top, &arena);
    const struct flink_conf below = flink_conf_below(&merged, SV("taskmanager.memory."));
    const struct flink_conf last = flink_conf_below(&merged, SV("zz"));
    ck_assert_uint_eq(merged.count, 8);
    ck_assert_uint_eq(below.count, 2);
    ck_assert_uint_eq(last.count, 0);
    finds_what_a_walk_finds(&none);
    finds_what_a_walk_finds(&base);
    finds_what_a_walk_finds(&merged);
    finds_what_a_walk_finds(&below);
    finds_what_a_walk_finds(&last);
    ck_assert_ptr_null(flink_conf_find_canonical(&base, SV("")));
    ck_assert_ptr_null(flink_conf_find_canonical(NULL, SV("a")));
    ck_assert_uint_eq(flink_conf_below(NULL, SV("a")).count, 0);
}
END_TEST

START_TEST(conf__the_table_speaks_of_canonical_listed_keys_once)
{
    for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
        struct strview key = CONF_KEYS[i].key;
        ck_assert_ptr_eq(conf_row_find(key).key, &CONF_KEYS[i]);
        ck_assert_ptr_null(conf_row_find(key).hint);
        ck_assert_msg(sv_eq(flink_option_canonical(key), key), "%.*s", SV_ARG(key));
        bool listed = flink_option_find(key).option != NULL;
        ck_assert_msg(listed || sv_starts(key, SV("$")) || sv_starts(key, SV("fs.s3a.")), "%.*s",
                      SV_ARG(key));
    }
    for (size_t i = 0; i < CONF_HINT_COUNT; i++) {
        ck_assert_ptr_eq(conf_row_find(CONF_HINTS[i].key).hint, &CONF_HINTS[i]);
        ck_assert_ptr_null(conf_row_find(CONF_HINTS[i].key).key);
    }
}
END_TEST

START_TEST(conf__literal_values_are_what_flink_can_read)
{
    for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
        struct flink_option_match m = flink_option_find(CONF_KEYS[i].key);
        for (enum flink_release r = 0;
             conf_key_is_literal(&CONF_KEYS[i]) && r < FLINK_RELEASE_COUNT; r++) {
            ck_assert(flink_option_check(m.option, m.sub, flink_version_of(r),
                                         sv_from(CONF_KEYS[i].text), NULL));
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flink_conf");
    TCase *t = tcase_create("conf");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, conf__scalars_and_nested_maps_become_one_sorted_list);
    tcase_add_test(t, conf__an_entry_is_found_by_any_spelling);
    tcase_add_loop_test(t, conf__faults_have_their_path, 0, ARRAY_LEN(FAULTS));
    tcase_add_test(t, conf__what_can_be_read_is_read_beside_faults);
    tcase_add_test(t, conf__null_and_absent_are_empty);
    tcase_add_test(t, conf__limits_hold);
    tcase_add_test(t, conf__deep_and_long_keys_cost_little);
    tcase_add_test(t, conf__many_unknown_keys_are_bounded);
    tcase_add_loop_test(t, conf__every_entry_is_judged, 0, ARRAY_LEN(JUDGED));
    tcase_add_test(t, conf__ha_without_storage_is_warned_of);
    tcase_add_test(t, conf__storage_is_known_by_root_or_by_all_three_directories);
    tcase_add_test(t, conf__merge_lets_the_upper_win_in_any_spelling);
    tcase_add_test(t, conf__a_look_up_finds_what_a_walk_finds);
    tcase_add_test(t, conf__the_table_speaks_of_canonical_listed_keys_once);
    tcase_add_test(t, conf__literal_values_are_what_flink_can_read);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
