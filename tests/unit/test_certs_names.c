// SPDX-License-Identifier: Apache-2.0
#include "certs/names.h"

#include "certs/x509.h"
#include "tests/unit/unit.h"

static const char *const EXTRA[] = {"localhost", "127.0.0.1"};
static const char *const *names;
static size_t count;
static struct err err;

START_TEST(certs_names__the_service_comes_first_as_the_api_server_calls_it)
{
    CLEANUP(arena_done) struct arena arena = ARENA(4096);
    ck_assert_int_eq(certs_names_make("hook", "ns", EXTRA, 2, &arena, &names, &count, &err), 0);
    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(names[0], "hook.ns.svc");
    ck_assert_str_eq(names[1], "hook.ns.svc.cluster.local");
    ck_assert_str_eq(names[3], "127.0.0.1");
}
END_TEST

START_TEST(certs_names__without_a_service_there_are_only_the_others)
{
    CLEANUP(arena_done) struct arena arena = ARENA(4096);
    ck_assert_int_eq(certs_names_make("", "ns", EXTRA, 1, &arena, &names, &count, &err), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(names[0], "localhost");
    ck_assert_int_eq(certs_names_make("", "ns", NULL, 0, &arena, &names, &count, &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

START_TEST(certs_names__more_than_a_certificate_holds_are_refused)
{
    CLEANUP(arena_done) struct arena arena = ARENA(4096);
    const char *many[CERTS_NAMES_MAX];
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i] = "localhost";
    }
    size_t fit = ARRAY_LEN(many) - 2;
    ck_assert_int_eq(certs_names_make("hook", "ns", many, fit, &arena, &names, &count, &err), 0);
    ck_assert_int_eq(certs_names_make("hook", "ns", many, fit + 1, &arena, &names, &count, &err),
                     -1);
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

START_TEST(certs_names__a_full_arena_is_an_error)
{
    for (size_t max = 0; max < 64; max += 8) {
        CLEANUP(arena_done) struct arena arena = ARENA(max);
        ck_assert_int_eq(certs_names_make("hook", "ns", EXTRA, 2, &arena, &names, &count, &err),
                         -1);
        ck_assert_int_eq(err.code, E_NOMEM);
    }
}
END_TEST

UNIT_MAIN(NULL, NULL, certs_names__the_service_comes_first_as_the_api_server_calls_it,
          certs_names__without_a_service_there_are_only_the_others,
          certs_names__more_than_a_certificate_holds_are_refused,
          certs_names__a_full_arena_is_an_error)
