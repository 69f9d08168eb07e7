// SPDX-License-Identifier: Apache-2.0
#include "common/kube/credential.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "tests/unit/unit.h"

static struct arena arena = {.max = 1 << 20};
static struct strbuf token = {.max = 65536};
static struct err err;

static void setup(void)
{
    strbuf_reset(&token);
    err = (struct err){.code = E_OK};
}

static void teardown(void)
{
    arena_done(&arena);
    strbuf_done(&token);
}

static int run(const char *exec)
{
    const struct json *parsed;
    ck_assert_int_eq(json_parse(sv_from(exec), &JSON_LIMITS_DEFAULT, &arena, &parsed, &err), 0);
    return credential_run("/bin/kubeconfig", parsed, &token, &err);
}

/// A plugin that runs SCRIPT; nothing in it needs an escape.
static int run_script(const char *script)
{
    return run(arena_printf(&arena, "{\"command\":\"sh\",\"args\":[\"-c\",\"%s\"]}", script).ptr);
}

#define PRINT                                                                                      \
    "printf '{\\\"kind\\\":\\\"ExecCredential\\\",\\\"status\\\":{\\\"token\\\":\\\"%s\\\"}}' "

START_TEST(credential__the_token_that_the_plugin_prints_is_taken)
{
    ck_assert_int_eq(run_script(PRINT "abc"), 0);
    ck_assert_str_eq(token.ptr, "abc");
}
END_TEST

START_TEST(credential__it_gets_its_arguments_and_variables_and_nothing_to_read)
{
    setenv("OURS", "ours", 1);
    setenv("BOTH", "ours", 1);
    ck_assert_int_eq(
        run("{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"command\":\"./sh\",\"args\":"
            "[\"-c\",\"" PRINT "$1-$OURS-$BOTH-$(wc -c)-${#KUBERNETES_EXEC_INFO}\",\"x\",\"one\"],"
            "\"env\":[{\"name\":\"BOTH\",\"value\":\"theirs\"}]}"),
        0);
    ck_assert_str_eq(token.ptr, "one-ours-theirs-0-101");
}
END_TEST

START_TEST(credential__what_is_no_plugin_or_fails_is_an_error)
{
    ck_assert_int_eq(run("{\"args\":[]}"), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_int_eq(run("{\"command\":\"sh\",\"interactiveMode\":\"Always\"}"), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_int_eq(run("{\"command\":\"sluice-no-such-program\"}"), -1);
    ck_assert_int_eq(err.code, E_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "sluice-no-such-program"));
    ck_assert_int_eq(run_script(PRINT "abc; exit 3"), -1);
    ck_assert_int_eq(err.code, E_IO);
    ck_assert_int_eq(run_script("kill -9 $$"), -1);
    ck_assert_int_eq(err.code, E_IO);
}
END_TEST

START_TEST(credential__what_it_prints_is_judged)
{
    ck_assert_int_eq(run_script("echo nonsense"), -1);
    ck_assert_int_eq(err.code, E_PARSE);
    ck_assert_int_eq(run_script("echo {}"), -1);
    ck_assert_int_eq(err.code, E_PARSE);
    ck_assert_int_eq(run_script(PRINT), -1);
    ck_assert_int_eq(err.code, E_PARSE);
    ck_assert_int_eq(run_script("yes"), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    ck_assert_uint_eq(token.len, 0);
}
END_TEST

UNIT_MAIN(setup, teardown, credential__the_token_that_the_plugin_prints_is_taken,
          credential__it_gets_its_arguments_and_variables_and_nothing_to_read,
          credential__what_is_no_plugin_or_fails_is_an_error, credential__what_it_prints_is_judged)
