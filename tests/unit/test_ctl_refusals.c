// SPDX-License-Identifier: Apache-2.0
#include "controller/refusals.h"

#include <stdio.h>

#include "unit.h"

static struct refusals *r;
static struct arena a;
static struct refused_child got[REFUSALS_EACH_MAX];

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

static size_t get(const char *key)
{
    return refusals_get(r, sv_from(key), &a, got);
}

START_TEST(refusals__each_child_is_kept_until_it_is_made_or_all_is_forgotten)
{
    struct refused_child child = service(SV("taken"));
    struct refused_child pod = {.kind = CHILD_POD, .name = SV("p"), .message = SV("quota")};
    ck_assert_uint_eq(get("a/c"), 0);
    ck_assert(refusals_note(r, SV("a/c"), &child));
    ck_assert(!refusals_note(r, SV("a/c"), &child));
    ck_assert(refusals_note(r, SV("a/c"), &pod));
    ck_assert_uint_eq(get("a/c"), 2);
    ck_assert(got[0].foreign && got[0].kind == CHILD_SERVICE);
    ck_assert(sv_eq_lit(got[0].name, "c-rest") && sv_eq_lit(got[0].message, "taken"));
    ck_assert(!got[1].foreign && sv_eq_lit(got[1].name, "p"));
    ck_assert_uint_eq(get("b/c"), 0);
    // Other words about the same child keep its place.
    child.message = SV("other words");
    ck_assert(refusals_note(r, SV("a/c"), &child));
    ck_assert_uint_eq(get("a/c"), 2);
    ck_assert(sv_eq_lit(got[0].message, "other words"));
    refusals_settle(r, SV("b/c"), CHILD_SERVICE, SV("c-rest"));
    refusals_settle(r, SV("a/c"), CHILD_CONFIG_MAP, SV("c-rest"));
    ck_assert_uint_eq(get("a/c"), 2);
    refusals_settle(r, SV("a/c"), CHILD_SERVICE, SV("c-rest"));
    ck_assert_uint_eq(get("a/c"), 1);
    ck_assert(refusals_forget(r, SV("a/c")));
    ck_assert(!refusals_forget(r, SV("a/c")));
    ck_assert_uint_eq(get("a/c"), 0);
}
END_TEST

START_TEST(refusals__the_oldest_gives_way)
{
    struct refused_child child = service(SV("taken"));
    char text[32];
    for (int i = 0; i <= REFUSALS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "a/c%d", i);
        ck_assert(refusals_note(r, sv_from(text), &child));
    }
    ck_assert_uint_eq(get("a/c0"), 0);
    ck_assert_uint_eq(get(text), 1);
    ck_assert_uint_eq(get("a/c1"), 1);
    // Of one cluster at most so many, whatever room there is.
    for (int i = 0; i <= REFUSALS_EACH_MAX; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "p%d", i);
        child.name = sv_from(name);
        ck_assert(refusals_note(r, SV("a/c1"), &child));
    }
    ck_assert_uint_eq(get("a/c1"), REFUSALS_EACH_MAX);
    ck_assert(sv_eq_lit(got[0].name, "p1"));
    ck_assert_uint_eq(get("a/c9"), 1);
}
END_TEST

START_TEST(refusals__a_long_message_is_cut_between_characters)
{
    static char text[2001];
    for (size_t i = 0; i < 2000; i += 2) {
        memcpy(text + i, "\xC3\xA4", 2);
    }
    text[0] = 'x';
    text[1] = 'y';
    struct refused_child child = service(sv_make(text, 2000));
    ck_assert(refusals_note(r, SV("a/c"), &child));
    ck_assert_uint_eq(get("a/c"), 1);
    ck_assert_uint_eq(got[0].message.len % 2, 0);
    ck_assert_uint_le(got[0].message.len, 1024);
}
END_TEST

UNIT_MAIN(start, done, refusals__each_child_is_kept_until_it_is_made_or_all_is_forgotten,
          refusals__the_oldest_gives_way, refusals__a_long_message_is_cut_between_characters)
