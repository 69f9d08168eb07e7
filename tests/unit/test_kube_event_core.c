// SPDX-License-Identifier: Apache-2.0
#include "common/kube/event_core.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct event_core core;
static struct event_sent *sent;

static void setup(void)
{
    memset(&core, 0, sizeof(core));
    core.seed = 42;
}

static enum event_verdict tell(const char *name, const char *reason, int64_t now_ms)
{
    struct event_facts f = {.ns = SV("ns"),
                            .name = sv_from(name),
                            .uid = SV("uid"),
                            .reason = sv_from(reason),
                            .message = SV("m")};
    return event_decide(&core, &f, now_ms, 1000000 + now_ms, &sent);
}

START_TEST(event_core__the_same_event_is_counted)
{
    ck_assert_int_eq(tell("a", "R", 0), EVENT_CREATE);
    uint64_t name = sent->name;
    ck_assert_int_eq(tell("a", "R", 10), EVENT_COUNT);
    ck_assert_int_eq(tell("a", "R", 20), EVENT_COUNT);
    ck_assert_uint_eq(sent->count, 3);
    ck_assert_uint_eq(sent->name, name);
    ck_assert_int_eq(tell("a", "S", 30), EVENT_CREATE);
    ck_assert_int_eq(tell("b", "R", 30), EVENT_CREATE);
}
END_TEST

START_TEST(event_core__after_ten_quiet_minutes_it_is_a_new_one)
{
    ck_assert_int_eq(tell("a", "R", 0), EVENT_CREATE);
    uint64_t name = sent->name;
    ck_assert_int_eq(tell("a", "R", EVENT_REPEAT_MS), EVENT_CREATE);
    ck_assert_uint_ne(sent->name, name);
    ck_assert_uint_eq(sent->count, 1);
}
END_TEST

START_TEST(event_core__an_object_has_a_budget_that_refills)
{
    for (int i = 0; i < EVENT_BURST; i++) {
        ck_assert_int_ne(tell("a", "R", i), EVENT_DROP);
    }
    ck_assert_int_eq(tell("a", "R", 100), EVENT_DROP);
    ck_assert_int_eq(tell("a", "other", 100), EVENT_DROP);
    ck_assert_int_eq(tell("b", "R", 100), EVENT_CREATE);
    ck_assert_int_ne(tell("a", "R", EVENT_REFILL_MS), EVENT_DROP);
    ck_assert_int_eq(tell("a", "R", EVENT_REFILL_MS + 1), EVENT_DROP);
}
END_TEST

START_TEST(event_core__many_objects_never_pass_its_memory)
{
    char name[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "o%d", i);
        ck_assert_int_eq(tell(name, "R", i), EVENT_CREATE);
    }
    ck_assert_int_eq(tell("o99999", "R", 100001), EVENT_COUNT);
}
END_TEST

UNIT_MAIN(setup, NULL, event_core__the_same_event_is_counted,
          event_core__after_ten_quiet_minutes_it_is_a_new_one,
          event_core__an_object_has_a_budget_that_refills,
          event_core__many_objects_never_pass_its_memory)
