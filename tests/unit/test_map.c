// SPDX-License-Identifier: Apache-2.0
#include "common/base/map.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "tests/unit/unit.h"

#define N 2000

static char names[N][16];

static void fill_names(void)
{
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "ns/name-%d", i);
    }
}

START_TEST(map__what_was_put_is_found)
{
    fill_names();
    struct map m = {0};
    for (int i = 0; i < N; i++) {
        ck_assert(map_put(&m, sv_from(names[i]), names[i]));
    }
    ck_assert_uint_eq(m.count, N);
    for (int i = 0; i < N; i++) {
        ck_assert_ptr_eq(map_get(&m, sv_from(names[i])), names[i]);
    }
    ck_assert_ptr_null(map_get(&m, SV("absent")));
    map_done(&m);
}
END_TEST

START_TEST(map__the_others_stay_when_some_go)
{
    fill_names();
    struct map m = {0};
    for (int i = 0; i < N; i++) {
        ck_assert(map_put(&m, sv_from(names[i]), names[i]));
    }
    for (int i = 0; i < N; i += 3) {
        ck_assert_ptr_eq(map_del(&m, sv_from(names[i])), names[i]);
        ck_assert_ptr_null(map_del(&m, sv_from(names[i])));
    }
    for (int i = 0; i < N; i++) {
        ck_assert_ptr_eq(map_get(&m, sv_from(names[i])), i % 3 == 0 ? NULL : names[i]);
    }
    size_t seen = 0;
    struct map_entry e;
    for (size_t i = 0; map_next(&m, &i, &e);) {
        seen++;
    }
    ck_assert_uint_eq(seen, m.count);
    map_done(&m);
}
END_TEST

START_TEST(map__a_second_put_replaces_the_value)
{
    struct map m = {0};
    int a, b;
    ck_assert(map_put(&m, SV("k"), &a));
    ck_assert(map_put(&m, SV("k"), &b));
    ck_assert_uint_eq(m.count, 1);
    ck_assert_ptr_eq(map_get(&m, SV("k")), &b);
    map_done(&m);
}
END_TEST

START_TEST(map__a_failed_allocation_loses_nothing)
{
    struct map m = {0};
    int a;
    ck_assert(map_put(&m, SV("k"), &a));
    mem_fail_after(1);
    bool ok = true;
    fill_names();
    for (int i = 0; i < 20 && ok; i++) {
        ok = map_put(&m, sv_from(names[i]), names[i]);
    }
    mem_fail_after(0);
    ck_assert(!ok);
    ck_assert_ptr_eq(map_get(&m, SV("k")), &a);
    map_done(&m);
}
END_TEST

UNIT_MAIN(NULL, NULL, map__what_was_put_is_found, map__the_others_stay_when_some_go,
          map__a_second_put_replaces_the_value, map__a_failed_allocation_loses_nothing)
