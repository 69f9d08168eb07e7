// SPDX-License-Identifier: Apache-2.0
#include "common/flink/plugins.h"

#include <check.h>
#include <stdlib.h>

#include "common/base/macros.h"

static const struct {
    const char *plugin, *patch, *jar;
} JARS[] = {
    {"s3-hadoop", "1.20.1", "flink-s3-fs-hadoop-1.20.1.jar"},
    {"s3-fs-hadoop", "1.20.1", "flink-s3-fs-hadoop-1.20.1.jar"},
    {"flink-s3-fs-presto", "2.0.0", "flink-s3-fs-presto-2.0.0.jar"},
    {"gs-fs-hadoop", "1.19.3", "flink-gs-fs-hadoop-1.19.3.jar"},
    {"gs-hadoop", "1.19.3", "flink-gs-fs-hadoop-1.19.3.jar"},
    {"s3-hadoop", NULL, NULL},
    {"nothing", "1.20.1", NULL},
    {"my-fs-1.0.jar", NULL, "my-fs-1.0.jar"},
    {"../evil.jar", "1.20.1", NULL},
    {"a;b.jar", "1.20.1", NULL},
    {"a b.jar", "1.20.1", NULL},
    {".jar", "1.20.1", NULL},
    {"-x.jar", "1.20.1", NULL},
    {"", "1.20.1", NULL},
};

START_TEST(plugins__the_exact_jar_is_named)
{
    CLEANUP(arena_done) struct arena a = ARENA(1024);
    struct strview jar = flink_plugin_jar(&a, sv_from(JARS[_i].plugin), sv_from(JARS[_i].patch));
    ck_assert_msg(sv_eq(jar, sv_from(JARS[_i].jar)), "%.*s", SV_ARG(jar));
    ck_assert_int_eq(sv_present(jar), JARS[_i].jar != NULL);
}
END_TEST

START_TEST(plugins__names_are_judged)
{
    ck_assert(flink_plugin_is_valid(SV("s3-hadoop")));
    ck_assert(flink_plugin_is_valid(SV("x.jar")));
    ck_assert(!flink_plugin_is_valid(SV("s3")));
    ck_assert(!flink_plugin_is_valid(SV("")));
    char longest[400];
    memset(longest, '-', sizeof(longest));
    ck_assert(!flink_plugin_is_valid(sv_make(longest, sizeof(longest))));
}
END_TEST

static const struct {
    const char *uri, *scheme;
} URIS[] = {
    {"s3://bucket/x", "s3"},
    {"S3A://b", "s3a"},
    {"file:///x", "file"},
    {"file:/x", "file"},
    {"/opt/x", NULL},
    {"://x", NULL},
    {"1s://x", NULL},
    {"s3", NULL},
    {"", NULL},
    {"abfss://c@a/x", "abfss"},
    {"a b://x", NULL},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa://x", NULL},
};

START_TEST(plugins__scheme_of_a_uri)
{
    CLEANUP(arena_done) struct arena a = ARENA(1024);
    ck_assert(sv_eq(flink_uri_scheme(&a, sv_from(URIS[_i].uri)), sv_from(URIS[_i].scheme)));
}
END_TEST

START_TEST(plugins__schemes_name_what_they_need)
{
    const char *want = NULL;
    ck_assert(flink_scheme_needs_plugin(SV("abfss"), &want));
    ck_assert_str_eq(want, "azure-fs-hadoop");
    ck_assert(!flink_scheme_needs_plugin(SV("file"), &want));
    ck_assert(!flink_scheme_needs_plugin(SV(""), &want));
    ck_assert(flink_plugin_serves(SV("s3-presto"), SV("s3")));
    ck_assert(!flink_plugin_serves(SV("s3-presto"), SV("s3a")));
    ck_assert(flink_plugin_serves(SV("flink-s3-fs-hadoop-1.20.1.jar"), SV("s3a")));
    ck_assert(!flink_plugin_serves(SV("flink-gs-fs-hadoop-1.20.1.jar"), SV("s3a")));
    ck_assert(flink_plugin_serves(SV("own.jar"), SV("s3a")));
    ck_assert(!flink_plugin_serves(SV("nothing"), SV("s3a")));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flink_plugins");
    TCase *t = tcase_create("plugins");
    tcase_add_loop_test(t, plugins__the_exact_jar_is_named, 0, ARRAY_LEN(JARS));
    tcase_add_test(t, plugins__names_are_judged);
    tcase_add_loop_test(t, plugins__scheme_of_a_uri, 0, ARRAY_LEN(URIS));
    tcase_add_test(t, plugins__schemes_name_what_they_need);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
