// SPDX-License-Identifier: Apache-2.0
#include "common/flink/options.h"

#include <check.h>
#include <stdlib.h>

#include "common/base/macros.h"

static struct flink_version v(int major, int minor)
{
    return (struct flink_version){.major = major, .minor = minor};
}

START_TEST(options__every_row_is_found_by_its_own_key)
{
    ck_assert_uint_ge(flink_option_count(), 990);
    for (size_t i = 0; i < flink_option_count(); i++) {
        const struct flink_option *o = flink_option_at(i);
        struct flink_option_match m = flink_option_find(flink_option_key(o));
        ck_assert_ptr_eq(m.option, o);
        ck_assert(!m.former && !sv_present(m.sub));
        if (i != 0) {
            ck_assert_int_lt(sv_cmp(flink_option_key(flink_option_at(i - 1)), flink_option_key(o)),
                             0);
        }
    }
}
END_TEST

static const struct {
    const char *key;
    const char *canonical;
} CANONICAL[] = {
    {"state.checkpoints.dir", "execution.checkpointing.dir"},
    {"state.backend.fs.checkpointdir", "execution.checkpointing.dir"},
    {"state.savepoints.dir", "execution.checkpointing.savepoint-dir"},
    {"high-availability", "high-availability.type"},
    {"recovery.mode", "high-availability.type"},
    {"state.backend", "state.backend.type"},
    {"akka.ask.timeout", "pekko.ask.timeout"},
    {"execution.savepoint.path", "execution.state-recovery.path"},
    // One old key, two new ones.
    {"state.backend.local-recovery", "state.backend.local-recovery"},
    // A key that others fall back to.
    {"jobmanager.rpc.address", "jobmanager.rpc.address"},
    {"rest.port", "rest.port"},
    {"no.such.key", "no.such.key"},
    {"", ""},
};

START_TEST(options__spellings_of_one_key_have_one_name)
{
    struct strview got = flink_option_canonical(sv_from(CANONICAL[_i].key));
    ck_assert_msg(sv_eq_lit(got, CANONICAL[_i].canonical), "%s: %.*s", CANONICAL[_i].key,
                  SV_ARG(got));
}
END_TEST

START_TEST(options__canonical_is_idempotent_for_every_key)
{
    for (size_t i = 0; i < flink_option_count(); i++) {
        struct strview one = flink_option_canonical(flink_option_key(flink_option_at(i)));
        ck_assert(sv_eq(flink_option_canonical(one), one));
    }
}
END_TEST

START_TEST(options__spelling_is_the_one_that_the_version_knows)
{
    struct strview dir = SV("execution.checkpointing.dir");
    ck_assert(sv_eq_lit(flink_option_spelling(dir, v(1, 18)), "state.checkpoints.dir"));
    ck_assert(sv_eq(flink_option_spelling(dir, v(1, 20)), dir));
    ck_assert(sv_eq(flink_option_spelling(SV("state.checkpoints.dir"), v(2, 2)), dir));
    ck_assert(
        sv_eq_lit(flink_option_spelling(SV("pekko.ask.timeout"), v(1, 17)), "akka.ask.timeout"));
    ck_assert(sv_eq_lit(flink_option_spelling(SV("own.key"), v(1, 17)), "own.key"));
    ck_assert(
        sv_eq_lit(flink_option_spelling(SV("application-result-store.storage-path"), v(1, 17)),
                  "application-result-store.storage-path"));
}
END_TEST

START_TEST(options__former_names_and_maps_are_found)
{
    struct flink_option_match m = flink_option_find(SV("recovery.mode"));
    ck_assert(m.option != NULL && m.former);
    ck_assert(sv_eq_lit(flink_option_key(m.option), "high-availability.type"));
    m = flink_option_find(SV("pipeline.global-job-parameters.my.key"));
    ck_assert_ptr_nonnull(m.option);
    ck_assert(sv_eq_lit(m.sub, "my.key"));
    ck_assert_ptr_null(flink_option_find(SV("parallelism.default.x")).option);
    ck_assert_ptr_null(flink_option_find(SV("")).option);
    ck_assert_ptr_null(flink_option_find(SV("<parameter>")).option);
    ck_assert_ptr_null(flink_option_find(SV("....")).option);
}
END_TEST

START_TEST(options__known_in_a_version)
{
    ck_assert(flink_option_known_in(SV("state.checkpoints.dir"), v(1, 17)));
    ck_assert(flink_option_known_in(SV("state.checkpoints.dir"), v(2, 0)));
    ck_assert(!flink_option_known_in(SV("execution.checkpointing.dir"), v(1, 19)));
    ck_assert(!flink_option_known_in(SV("application-result-store.storage-path"), v(2, 2)));
    ck_assert(flink_option_known_in(SV("application-result-store.storage-path"), v(2, 4)));
    ck_assert(!flink_option_known_in(SV("no.such.key"), v(1, 20)));

    CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
    flink_option_put_versions(&b, flink_option_find(SV("execution.checkpointing.dir")).option);
    ck_assert(sv_eq_lit(strbuf_view(&b), "1.20 and newer"));
    strbuf_reset(&b);
    flink_option_put_versions(&b, flink_option_find(SV("state.checkpoints.dir")).option);
    ck_assert(sv_eq_lit(strbuf_view(&b), "1.17–1.19"));
    strbuf_reset(&b);
    flink_option_put_versions(&b, flink_option_find(SV("akka.ask.callstack")).option);
    ck_assert(sv_eq_lit(strbuf_view(&b), "1.17"));
}
END_TEST

static const struct {
    const char *key;
    int major, minor;
    const char *value;
    bool ok;
} VALUES[] = {
    {"rest.port", 1, 20, "8081", true},
    {"rest.port", 1, 20, "2147483648", false},
    {"rest.port", 1, 20, " 8081", false},
    {"rest.port", 1, 20, "", false},
    {"rest.port", 1, 20, "8081.0", false},
    {"web.submit.enable", 1, 20, "TRUE", true},
    {"web.submit.enable", 1, 20, "yes", false},
    {"web.submit.enable", 1, 20, "1", false},
    {"heartbeat.interval", 1, 19, "10000", true},
    {"heartbeat.interval", 1, 19, "10 s", false},
    {"heartbeat.interval", 1, 20, "10 s", true},
    {"heartbeat.interval", 1, 20, "10000", true},
    {"heartbeat.interval", 2, 4, "ten", false},
    {"taskmanager.memory.process.size", 1, 20, "4gb", true},
    {"taskmanager.memory.process.size", 1, 20, "4Gi", false},
    {"taskmanager.memory.managed.fraction", 1, 20, "0.4", true},
    {"taskmanager.memory.managed.fraction", 1, 20, "0.4f", true},
    {"taskmanager.memory.managed.fraction", 1, 20, "NaN", true},
    {"taskmanager.memory.managed.fraction", 1, 20, "40%", false},
    {"taskmanager.memory.managed.fraction", 1, 20, "f", false},
    {"taskmanager.memory.managed.fraction", 1, 20, "0,4", false},
    {"jobmanager.scheduler", 1, 20, "adaptive", true},
    {"jobmanager.scheduler", 1, 20, "Ng", true},
    {"jobmanager.scheduler", 2, 0, "Ng", false},
    {"taskmanager.load-balance.mode", 2, 0, "tasks", false},
    {"taskmanager.load-balance.mode", 2, 2, "tasks", true},
    {"taskmanager.network.compression.codec", 1, 19, "anything", true},
    {"taskmanager.network.compression.codec", 1, 20, "anything", false},
    {"sink.partition-commit.trigger", 1, 20, "process-time", true},
    {"metrics.job.status.enable", 1, 20, "STATE;TOTAL_TIME", true},
    {"metrics.job.status.enable", 1, 20, "STATE;NOTHING", false},
    {"metrics.job.status.enable", 2, 0, "[STATE, TOTAL_TIME]", true},
    {"pipeline.global-job-parameters", 1, 20, "a:1,b:2", true},
    {"pipeline.global-job-parameters", 1, 20, "a", false},
    {"pipeline.global-job-parameters", 1, 20, "a:b:c", false},
    {"pipeline.global-job-parameters", 1, 20, "'a:b':c", true},
    {"pipeline.global-job-parameters", 2, 0, "{a: 1}", true},
    {"pipeline.global-job-parameters.x", 1, 20, "anything", true},
    {"state.backend.type", 1, 20, "com.example.Backend", true},
};

START_TEST(options__values_are_judged_as_flink_reads_them)
{
    CLEANUP(strbuf_done) struct strbuf want = STRBUF(256);
    struct flink_option_match m = flink_option_find(sv_from(VALUES[_i].key));
    ck_assert_ptr_nonnull(m.option);
    bool ok = flink_option_check(m.option, m.sub, v(VALUES[_i].major, VALUES[_i].minor),
                                 sv_from(VALUES[_i].value), &want);
    ck_assert_msg(ok == VALUES[_i].ok, "%s=%s", VALUES[_i].key, VALUES[_i].value);
    ck_assert_int_eq(want.len != 0, !ok);
}
END_TEST

START_TEST(options__what_would_be_right_is_said)
{
    CLEANUP(strbuf_done) struct strbuf want = STRBUF(256);
    const struct flink_option *o = flink_option_find(SV("taskmanager.load-balance.mode")).option;
    ck_assert(!flink_option_check(o, SV_NONE, v(2, 1), SV("x"), &want));
    ck_assert(sv_eq_lit(strbuf_view(&want), "one of NONE, SLOTS, MIN_RESOURCES"));
    ck_assert(!flink_option_check(o, SV_NONE, v(2, 1), SV("x"), NULL));
}
END_TEST

START_TEST(options__every_row_bears_every_version_and_hostile_values)
{
    static const char *const HOSTILE[] = {"", "\xff\xfe", "-", "[", "{", ";;;;", ":::", "0x1p9"};
    CLEANUP(strbuf_done) struct strbuf want = STRBUF(1024);
    for (size_t i = 0; i < flink_option_count(); i++) {
        for (enum flink_release r = 0; r < FLINK_RELEASE_COUNT; r++) {
            for (size_t h = 0; h < ARRAY_LEN(HOSTILE); h++) {
                strbuf_reset(&want);
                bool ok = flink_option_check(flink_option_at(i), SV_NONE, flink_version_of(r),
                                             sv_from(HOSTILE[h]), &want);
                ck_assert_int_eq(ok, want.len == 0);
                ck_assert(strbuf_ok(&want));
            }
        }
    }
}
END_TEST

static const struct {
    const char *key;
    const char *nearest; // NULL: none
} NEAR[] = {
    {"parallelism.defualt", "parallelism.default"},
    {"paralelism.default", "parallelism.default"},
    {"execution.checkpointing.intervall", "execution.checkpointing.interval"},
    {"xecution.checkpointing.interva", "execution.checkpointing.interval"},
    {"taskmanager.memory.proces.size", "taskmanager.memory.process.size"},
    {"completely.different", NULL},
    {"pat", NULL},
    {"", NULL},
};

START_TEST(options__nearest_is_at_most_two_edits_away)
{
    struct strview got = flink_option_nearest(sv_from(NEAR[_i].key), v(1, 20));
    ck_assert_msg(sv_eq(got, sv_from(NEAR[_i].nearest)), "%s: %.*s", NEAR[_i].key, SV_ARG(got));
}
END_TEST

START_TEST(options__nearest_bears_long_keys)
{
    char key[600];
    memset(key, 'a', sizeof(key));
    for (size_t n = 100; n < sizeof(key); n++) {
        ck_assert(!sv_present(flink_option_nearest(sv_make(key, n), v(1, 20))));
    }
}
END_TEST

START_TEST(options__open_families_pass)
{
    ck_assert(flink_option_is_open(SV("env.java.opts.x")));
    ck_assert(flink_option_is_open(SV("fs.s3a.bucket.b.endpoint")));
    ck_assert(flink_option_is_open(SV("metrics.reporter.prom.port")));
    ck_assert(flink_option_is_open(SV("table.exec.mini-batch.size")));
    ck_assert(flink_option_is_open(SV("sql-gateway.endpoint.type")));
    ck_assert(flink_option_is_open(SV("python.executable")));
    ck_assert(!flink_option_is_open(SV("tables.exec")));
    ck_assert(!flink_option_is_open(SV("state.backend.rocksdb.x")));
    ck_assert(!flink_option_is_open(SV("env")));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flink_options");
    TCase *t = tcase_create("options");
    tcase_set_timeout(t, 30);
    tcase_add_test(t, options__every_row_is_found_by_its_own_key);
    tcase_add_loop_test(t, options__spellings_of_one_key_have_one_name, 0, ARRAY_LEN(CANONICAL));
    tcase_add_test(t, options__canonical_is_idempotent_for_every_key);
    tcase_add_test(t, options__spelling_is_the_one_that_the_version_knows);
    tcase_add_test(t, options__former_names_and_maps_are_found);
    tcase_add_test(t, options__known_in_a_version);
    tcase_add_loop_test(t, options__values_are_judged_as_flink_reads_them, 0, ARRAY_LEN(VALUES));
    tcase_add_test(t, options__what_would_be_right_is_said);
    tcase_add_test(t, options__every_row_bears_every_version_and_hostile_values);
    tcase_add_loop_test(t, options__nearest_is_at_most_two_edits_away, 0, ARRAY_LEN(NEAR));
    tcase_add_test(t, options__nearest_bears_long_keys);
    tcase_add_test(t, options__open_families_pass);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
