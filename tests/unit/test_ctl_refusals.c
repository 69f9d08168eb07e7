// SPDX-License-Identifier: Apache-2.0
#include "controller/refusals.h"

#include <stdio.h>

#include "unit.h"

static struct refusals *r;
static struct arena a;

static void start(void)
{
    a = ARENA(1 << 20);
    ck_assert_int_eq(refusals_new(&r, NULL), 0);
}

static void done(void)
{
    refusals_free(r);
    arena_done(&a);
}

static struct refused_child service(struct strview message)
{
    return (struct refused_child){
        .kind = CHILD_SERVICE, .name = SV("c-rest"), .foreign = true, .message = message};
}

START_TEST(refusals__one_is_kept_for_each_cluster_until_it_is_forgotten)
{
    struct refused_child child = service(SV("taken"));
    struct refused_child got;
    ck_assert(!refusals_get(r, SV("a/c"), &a, &got));
    ck_assert(refusals_note(r, SV("a/c"), &child));
    ck_assert(!refusals_note(r, SV("a/c"), &child));
    ck_assert(refusals_get(r, SV("a/c"), &a, &got));
    ck_assert(got.foreign && got.kind == CHILD_SERVICE);
    ck_assert(sv_eq_lit(got.name, "c-rest") && sv_eq_lit(got.message, "taken"));
    ck_assert(!refusals_get(r, SV("b/c"), &a, &got));
    child.message = SV("other words");
    ck_assert(refusals_note(r, SV("a/c"), &child));
    ck_assert(refusals_forget(r, SV("a/c")));
    ck_assert(!refusals_forget(r, SV("a/c")));
    ck_assert(!refusals_get(r, SV("a/c"), &a, &got));
}
END_TEST

START_TEST(refusals__the_oldest_gives_way)
{
    struct refused_child child = service(SV("taken"));
    struct refused_child got;
    char key[32];
    for (int i = 0; i <= REFUSALS_MAX; i++) {
        (void)snprintf(key, sizeof(key), "a/c%d", i);
        ck_assert(refusals_note(r, sv_from(key), &child));
    }
    ck_assert(!refusals_get(r, SV("a/c0"), &a, &got));
    ck_assert(refusals_get(r, sv_from(key), &a, &got));
}
END_TEST

START_TEST(refusals__a_long_message_is_cut_between_characters)
{
    static char text[1001];
    struct refused_child got;
    for (size_t i = 0; i < 1000; i += 2) {
        memcpy(text + i, "\xC3\xA4", 2);
    }
    text[0] = 'x';
    text[1] = 'y';
    struct refused_child child = service(sv_make(text, 1000));
    ck_assert(refusals_note(r, SV("a/c"), &child));
    ck_assert(refusals_get(r, SV("a/c"), &a, &got));
    ck_assert_uint_eq(got.message.len % 2, 0);
    ck_assert_uint_lt(got.message.len, 1000);
}
END_TEST

UNIT_MAIN(start, done, refusals__one_is_kept_for_each_cluster_until_it_is_forgotten,
          refusals__the_oldest_gives_way, refusals__a_long_message_is_cut_between_characters)
