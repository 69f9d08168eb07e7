// SPDX-License-Identifier: Apache-2.0
#include "controller/echoes.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct echoes *echoes;
static struct err err;

static void setup(void)
{
    ck_assert_int_eq(echoes_new(&echoes, &err), 0);
}

static void teardown(void)
{
    echoes_free(echoes);
}

START_TEST(echoes__a_view_is_behind_until_it_shows_our_write)
{
    ck_assert(!echoes_is_behind(echoes, SV("a/c"), SV("7")));
    echoes_note(echoes, SV("a/c"), SV("7"));
    ck_assert(echoes_is_behind(echoes, SV("a/c"), SV("7")));
    ck_assert(echoes_is_behind(echoes, SV("a/c"), SV("7")));
    ck_assert(!echoes_is_behind(echoes, SV("a/d"), SV("7")));
    ck_assert(!echoes_is_behind(echoes, SV("a/c"), SV("8")));
    // It was seen: nothing is waited for any more.
    ck_assert(!echoes_is_behind(echoes, SV("a/c"), SV("7")));
}
END_TEST

START_TEST(echoes__the_last_write_counts)
{
    echoes_note(echoes, SV("a/c"), SV("7"));
    echoes_note(echoes, SV("a/c"), SV("8"));
    ck_assert(echoes_is_behind(echoes, SV("a/c"), SV("8")));
}
END_TEST

START_TEST(echoes__they_are_bounded)
{
    char text[200];
    memset(text, 'x', sizeof(text));
    echoes_note(echoes, sv_make(text, sizeof(text)), SV("7"));
    echoes_note(echoes, SV("a/c"), sv_make(text, sizeof(text)));
    ck_assert(!echoes_is_behind(echoes, sv_make(text, sizeof(text)), SV("7")));
    for (int i = 0; i < 3 * ECHOES_MAX; i++) {
        int n = snprintf(text, sizeof(text), "a/c%d", i);
        echoes_note(echoes, sv_make(text, (size_t)n), SV("7"));
        ck_assert(echoes_is_behind(echoes, sv_make(text, (size_t)n), SV("7")));
    }
}
END_TEST

UNIT_MAIN(setup, teardown, echoes__a_view_is_behind_until_it_shows_our_write,
          echoes__the_last_write_counts, echoes__they_are_bounded)
