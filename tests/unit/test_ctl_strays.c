// SPDX-License-Identifier: Apache-2.0
#include "controller/strays.h"

#include <stdio.h>

#include "unit.h"

static struct strays *s;
static struct arena a;

static void start(void)
{
    a = ARENA(1 << 20);
    ck_assert_int_eq(strays_new(&s, NULL), 0);
}

static void done(void)
{
    strays_free(s);
    arena_done(&a);
}

static size_t count(const char *key)
{
    struct stray *items;
    size_t n;
    ck_assert_int_eq(strays_of(s, sv_from(key), &a, &items, &n, NULL), 0);
    return n;
}

START_TEST(strays__are_kept_for_their_cluster_until_forgotten)
{
    struct stray *items;
    size_t n;
    ck_assert_uint_eq(count("a/c"), 0);
    strays_note(s, SV("a/c"), CHILD_POD, SV("c-tm-0"), SV("u0"));
    strays_note(s, SV("a/c"), CHILD_POD, SV("c-tm-1"), SV("u1"));
    strays_note(s, SV("b/c"), CHILD_POD, SV("c-tm-0"), SV("u2"));
    ck_assert_int_eq(strays_of(s, SV("a/c"), &a, &items, &n, NULL), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert(sv_eq_lit(items[1].name, "c-tm-1") && sv_eq_lit(items[1].uid, "u1"));
    strays_forget(s, SV("u0"));
    strays_forget(s, SV("u0"));
    ck_assert_uint_eq(count("a/c"), 1);
    ck_assert_uint_eq(count("b/c"), 1);
}
END_TEST

START_TEST(strays__the_oldest_gives_way)
{
    char uid[16];
    for (int i = 0; i <= STRAYS_MAX; i++) {
        (void)snprintf(uid, sizeof(uid), "u%d", i);
        strays_note(s, i == 0 ? SV("a/first") : SV("a/c"), CHILD_POD, SV("p"), sv_from(uid));
    }
    ck_assert_uint_eq(count("a/first"), 0);
    ck_assert_uint_eq(count("a/c"), STRAYS_MAX);
}
END_TEST

START_TEST(strays__what_is_too_long_is_no_pod_of_ours)
{
    char name[300];
    memset(name, 'x', sizeof(name));
    strays_note(s, SV("a/c"), CHILD_POD, sv_make(name, sizeof(name)), SV("u"));
    strays_note(s, sv_make(name, sizeof(name)), CHILD_POD, SV("p"), SV("u"));
    strays_note(s, SV("a/c"), CHILD_POD, SV("p"), sv_make(name, sizeof(name)));
    ck_assert_uint_eq(count("a/c"), 0);
}
END_TEST

START_TEST(strays__a_full_arena_is_told)
{
    struct arena tiny = ARENA(16);
    struct stray *items;
    size_t n;
    struct err err = {.code = E_OK};
    strays_note(s, SV("a/c"), CHILD_POD, SV("p"), SV("u"));
    ck_assert_int_eq(strays_of(s, SV("a/c"), &tiny, &items, &n, &err), -1);
    ck_assert_int_eq(err.code, E_NOMEM);
    arena_done(&tiny);
}
END_TEST

UNIT_MAIN(start, done, strays__are_kept_for_their_cluster_until_forgotten,
          strays__the_oldest_gives_way, strays__what_is_too_long_is_no_pod_of_ours,
          strays__a_full_arena_is_told)
