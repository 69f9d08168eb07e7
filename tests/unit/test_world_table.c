// SPDX-License-Identifier: Apache-2.0
#include "common/world/table.h"

#include <pthread.h>
#include <stdio.h>

#include "common/base/mem.h"
#include "tests/unit/unit.h"

#define NAMES 700 // more than some chunks

struct thing {
    struct row row;
    char name[16];
};

static struct table *table;
static atomic_int things; // that live

static void release(struct row *r)
{
    atomic_fetch_sub(&things, 1);
    free(r);
}

/// One reference.
static struct row *thing(unsigned name, int64_t weight)
{
    struct thing *t = calloc(1, sizeof(*t));
    ck_assert_ptr_nonnull(t);
    atomic_fetch_add(&things, 1);
    snprintf(t->name, sizeof(t->name), "n%03u", name);
    t->row.weight = weight;
    t->row.done = release;
    t->row.keys[ROW_BY_NAME] = sv_from(t->name);
    atomic_init(&t->row.refs, 1);
    return &t->row;
}

static void put(unsigned name, int64_t weight)
{
    struct row *r = thing(name, weight);
    ck_assert(table_put(&table, r));
    row_unref(r);
}

static struct strview key_of(unsigned name, char text[16])
{
    snprintf(text, 16, "n%03u", name);
    return sv_from(text);
}

static void del(unsigned name)
{
    char text[16];
    ck_assert(table_del(&table, key_of(name, text)));
}

static void setup(void)
{
    table = table_new(ROW_BY_NAME);
    ck_assert_ptr_nonnull(table);
}

static void teardown(void)
{
    table_unref(table);
    ck_assert_int_eq(atomic_load(&things), 0);
}

/// WEIGHTS by name; 0: none. The walk, the look-ups and the sums must all agree with it.
static void must_hold(const struct table *t, const int64_t weights[NAMES])
{
    char text[16];
    struct table_at at = {0};
    size_t count = 0;
    int64_t sum = 0, tens[NAMES / 10 + 1] = {0};
    for (unsigned i = 0; i < NAMES; i++) {
        const struct row *r = table_get(t, key_of(i, text));
        ck_assert((r != NULL) == (weights[i] != 0));
        if (r == NULL) {
            continue;
        }
        ck_assert_int_eq(r->weight, weights[i]);
        ck_assert_ptr_eq(table_row(t, at), r);
        at = table_next(t, at);
        count++;
        sum += weights[i];
        tens[i / 10] += weights[i];
    }
    ck_assert_ptr_null(table_row(t, at));
    ck_assert_uint_eq(table_count(t), count);
    ck_assert_int_eq(table_weight(t, SV("")), sum);
    ck_assert_int_eq(table_weight(t, SV("n")), sum);
    ck_assert_int_eq(table_weight(t, SV("o")), 0);
    for (unsigned i = 0; i < NAMES / 10; i++) {
        snprintf(text, sizeof(text), "n%02u", i);
        ck_assert_int_eq(table_weight(t, sv_from(text)), tens[i]);
    }
}

START_TEST(table__it_is_what_was_put_in_whatever_the_order)
{
    int64_t weights[NAMES] = {0};
    uint32_t random = 1;
    must_hold(table, weights);
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        unsigned name = (random >> 8) % NAMES;
        // Grows to all of them, then shrinks to none.
        bool in = (random >> 20) % 100 < (i < 10000 ? 80U : 10U);
        weights[name] = in ? i + 1 : 0;
        if (in) {
            put(name, i + 1);
        } else {
            del(name);
        }
        if (i % 997 == 0) {
            must_hold(table, weights);
        }
    }
    must_hold(table, weights);
    for (unsigned i = 0; i < NAMES; i++) {
        del(i);
        weights[i] = 0;
    }
    must_hold(table, weights);
}
END_TEST

START_TEST(table__a_list_in_order_goes_in_and_out)
{
    int64_t weights[NAMES] = {0};
    for (unsigned i = 0; i < NAMES; i++) {
        put(i, i + 1);
        weights[i] = i + 1;
    }
    must_hold(table, weights);
    for (unsigned i = 0; i < NAMES; i++) {
        del(NAMES - 1 - i);
        weights[NAMES - 1 - i] = 0;
        if (i % 97 == 0) {
            must_hold(table, weights);
        }
    }
    must_hold(table, weights);
}
END_TEST

START_TEST(table__who_holds_a_generation_sees_it_unchanged)
{
    enum { GENERATIONS = 40 };
    static int64_t weights[GENERATIONS][NAMES];
    struct table *held[GENERATIONS];
    uint32_t random = 7;
    for (unsigned i = 0; i < NAMES; i += 2) {
        put(i, i + 1);
        weights[0][i] = i + 1;
    }
    for (unsigned g = 0; g < GENERATIONS; g++) {
        held[g] = table_ref(table);
        if (g + 1 == GENERATIONS) {
            break;
        }
        memcpy(weights[g + 1], weights[g], sizeof(weights[g]));
        for (unsigned i = 0; i < 30; i++) {
            random = random * 1664525 + 1013904223;
            unsigned name = (random >> 8) % NAMES;
            if (weights[g + 1][name] != 0 && i % 2 == 0) {
                del(name);
                weights[g + 1][name] = 0;
            } else {
                put(name, i + g + 1);
                weights[g + 1][name] = i + g + 1;
            }
        }
    }
    for (unsigned g = 0; g < GENERATIONS; g++) {
        must_hold(held[g], weights[g]);
        table_unref(held[g]);
    }
}
END_TEST

START_TEST(table__a_seek_finds_the_first_that_is_not_before)
{
    char text[16];
    for (unsigned i = 10; i < NAMES; i += 10) {
        put(i, 1);
    }
    for (unsigned i = 0; i < NAMES; i++) {
        const struct row *r = table_row(table, table_seek(table, key_of(i, text)));
        unsigned next = i <= 10 ? 10 : (i + 9) / 10 * 10;
        if (next < NAMES) {
            ck_assert(sv_eq(r->keys[ROW_BY_NAME], key_of(next, text)));
        } else {
            ck_assert_ptr_null(r);
        }
    }
}
END_TEST

START_TEST(table__a_failed_allocation_changes_nothing)
{
    int64_t weights[NAMES] = {0};
    for (unsigned i = 0; i < NAMES; i += 2) {
        put(i, i + 1);
        weights[i] = i + 1;
    }
    for (unsigned i = 0; i < NAMES; i++) {
        struct table *held = table_ref(table); // so that all that is touched is copied
        struct row *r = thing(i, 1000 + i);
        char text[16];
        bool ok = false;
        for (size_t n = 1; !ok; n++) {
            mem_fail_after(n);
            ok = i % 3 == 0 ? table_del(&table, key_of(i, text)) : table_put(&table, r);
            mem_fail_after(0);
            if (!ok && i % 50 == 0) {
                must_hold(table, weights);
            }
        }
        weights[i] = i % 3 == 0 ? 0 : 1000 + i;
        row_unref(r);
        table_unref(held);
    }
    must_hold(table, weights);
}
END_TEST

// ---- threads ------------------------------------------------------------------------------------

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct table *shown;
static atomic_bool writing = true;

static void *reader(void *arg)
{
    (void)arg;
    while (atomic_load(&writing)) {
        pthread_mutex_lock(&lock);
        struct table *t = table_ref(shown);
        pthread_mutex_unlock(&lock);
        int64_t sum = 0;
        for (struct table_at at = {0}; table_row(t, at) != NULL; at = table_next(t, at)) {
            sum += table_row(t, at)->weight;
        }
        ck_assert_int_eq(sum, table_weight(t, SV("")));
        table_unref(t);
    }
    return NULL;
}

START_TEST(table__readers_and_the_writer_do_not_disturb_each_other)
{
    pthread_t threads[3];
    shown = table_ref(table);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, NULL), 0);
    }
    for (unsigned i = 0; i < 20000; i++) {
        put(i * 7919 % NAMES, i);
        if (i % 3 == 0) {
            del(i * 104729 % NAMES);
        }
        struct table *now = table_ref(table);
        pthread_mutex_lock(&lock);
        struct table *old = shown;
        shown = now;
        pthread_mutex_unlock(&lock);
        table_unref(old);
    }
    atomic_store(&writing, false);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    table_unref(shown);
}
END_TEST

UNIT_MAIN(setup, teardown, table__it_is_what_was_put_in_whatever_the_order,
          table__a_list_in_order_goes_in_and_out, table__who_holds_a_generation_sees_it_unchanged,
          table__a_seek_finds_the_first_that_is_not_before,
          table__a_failed_allocation_changes_nothing,
          table__readers_and_the_writer_do_not_disturb_each_other)
