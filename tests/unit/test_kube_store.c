// SPDX-License-Identifier: Apache-2.0
#include "common/kube/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "common/base/mem.h"
#include "common/base/strbuf.h"
#include "common/json/keyset.h"
#include "tests/unit/unit.h"

static struct kube_store *store;
static struct strbuf told = {.max = 1 << 20};
static struct arena arena = {.max = 1 << 20};
static struct err err;

static void on_change(void *ctx, const struct kube_object *old, const struct kube_object *now)
{
    (void)ctx;
    const struct kube_object *o = now != NULL ? now : old;
    strbuf_printf(&told, "%s%.*s@%.*s ",
                  old == NULL   ? "+"
                  : now == NULL ? "-"
                                : "~",
                  SV_ARG(o->name), SV_ARG(o->resource_version));
}

static void setup(void)
{
    ck_assert_int_eq(kube_store_new(1000, on_change, NULL, &store, &err), 0);
}

static void teardown(void)
{
    kube_store_free(store);
    strbuf_done(&told);
    arena_done(&arena);
}

/// The tree of what the store keeps of O; the test fails when it has none.
static const struct json *tree(const struct kube_object *o)
{
    const struct json *ret;
    ck_assert_int_eq(kube_object_tree(o, &arena, &ret, &err), 0);
    return ret;
}

static int event(enum kube_event e, const char *name, const char *uid, const char *rv,
                 const char *owner)
{
    char text[512];
    int n = snprintf(text, sizeof(text),
                     "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\",\"uid\":\"%s\","
                     "\"resourceVersion\":\"%s\",\"managedFields\":[{\"f\":1}],"
                     "\"ownerReferences\":[{\"uid\":\"zzz\",\"kind\":\"X\"},{\"uid\":\"%s\","
                     "\"kind\":\"FlinkCluster\",\"name\":\"c\",\"controller\":true}]}}",
                     name, uid, rv, owner);
    return kube_store_event(store, e, sv_make(text, (size_t)n), &err);
}

static void mark(enum kube_event e)
{
    ck_assert_int_eq(kube_store_event(store, e, SV_NONE, &err), 0);
}

START_TEST(store__changes_are_told_once)
{
    mark(KUBE_RESET_BEGIN);
    ck_assert_int_eq(event(KUBE_RESET_ITEM, "a", "1", "5", "o"), 0);
    mark(KUBE_RESET_END);
    ck_assert_int_eq(event(KUBE_ADDED, "b", "2", "6", "o"), 0);
    ck_assert_int_eq(event(KUBE_MODIFIED, "a", "1", "7", "o"), 0);
    ck_assert_int_eq(event(KUBE_MODIFIED, "a", "1", "7", "o"), 0);
    ck_assert_int_eq(event(KUBE_DELETED, "b", "2", "8", "o"), 0);
    ck_assert_str_eq(told.ptr, "+a@5 +b@6 ~a@7 -b@6 ");
    ck_assert_uint_eq(kube_store_count(store), 1);
}
END_TEST

START_TEST(store__what_a_list_lacks_is_gone)
{
    ck_assert_int_eq(event(KUBE_ADDED, "a", "1", "1", "o"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "b", "2", "2", "o"), 0);
    strbuf_reset(&told);
    mark(KUBE_RESET_BEGIN);
    ck_assert_int_eq(event(KUBE_RESET_ITEM, "a", "1", "1", "o"), 0);
    // The list breaks off and begins again: nothing is gone yet.
    mark(KUBE_RESET_BEGIN);
    ck_assert_str_eq(told.ptr, "");
    ck_assert_int_eq(event(KUBE_RESET_ITEM, "b", "2", "3", "o"), 0);
    mark(KUBE_RESET_END);
    ck_assert_str_eq(told.ptr, "~b@3 -a@1 ");
}
END_TEST

START_TEST(store__a_name_that_was_made_again_is_another_object)
{
    ck_assert_int_eq(event(KUBE_ADDED, "a", "1", "1", "o"), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a", "2", "2", "p"), 0);
    ck_assert_str_eq(told.ptr, "+a@1 -a@1 +a@2 ");
    // A late delete of the first one is not of the second.
    ck_assert_int_eq(event(KUBE_DELETED, "a", "1", "3", "o"), 0);
    ck_assert_uint_eq(kube_store_count(store), 1);
}
END_TEST

START_TEST(store__objects_are_found_by_name_and_by_owner)
{
    char name[16];
    for (int i = 0; i < 900; i++) {
        snprintf(name, sizeof(name), "p%03d", i);
        ck_assert_int_eq(event(KUBE_ADDED, name, name, "1", i % 3 == 0 ? "x" : "y"), 0);
    }
    struct kube_object *o = kube_store_get(store, SV("ns"), SV("p007"));
    ck_assert_ptr_nonnull(o);
    ck_assert(sv_eq_lit(o->owner_kind, "FlinkCluster"));
    ck_assert_ptr_null(json_get_path(tree(o), "metadata", "managedFields", NULL));
    kube_object_unref(o);
    ck_assert_ptr_null(kube_store_get(store, SV("n"), SV("sp007")));
    struct kube_object **list;
    size_t n;
    ck_assert_int_eq(kube_store_list_by_owner(store, SV("x"), &arena, &list, &n, &err), 0);
    ck_assert_uint_eq(n, 300);
    ck_assert(sv_eq_lit(list[0]->name, "p000") && sv_eq_lit(list[299]->name, "p897"));
    kube_objects_unref(list, n);
    ck_assert_int_eq(event(KUBE_MODIFIED, "p000", "p000", "2", "y"), 0);
    ck_assert_int_eq(kube_store_list_by_owner(store, SV("y"), &arena, &list, &n, &err), 0);
    ck_assert_uint_eq(n, 601);
    kube_objects_unref(list, n);
    ck_assert_int_eq(kube_store_list(store, SV("ns"), &arena, &list, &n, &err), 0);
    ck_assert_uint_eq(n, 900);
    kube_objects_unref(list, n);
}
END_TEST

/// Keeps the metadata without the version, and nothing else.
static void pack(int kind, const struct json *object, struct json_out *o)
{
    ck_assert_int_eq(kind, 7);
    json_out_begin_object(o);
    json_out_key_object(o, "metadata");
    json_each(member, json_get_lit(object, "metadata")) {
        if (!sv_eq_lit(json_key(member), "resourceVersion")) {
            json_out_key(o, json_key(member));
            json_out_value(o, member);
        }
    }
    json_out_end_object(o);
    json_out_end_object(o);
}

START_TEST(store__a_change_that_is_not_kept_is_not_told)
{
    kube_store_free(store);
    ck_assert_int_eq(kube_store_new_packed(10, pack, 7, on_change, NULL, &store, &err), 0);
    ck_assert_int_eq(event(KUBE_ADDED, "a", "1", "5", "o"), 0);
    ck_assert_int_eq(event(KUBE_MODIFIED, "a", "1", "6", "o"), 0);
    ck_assert_str_eq(told.ptr, "+a@ ");
    ck_assert_int_eq(event(KUBE_MODIFIED, "a", "1", "7", "p"), 0);
    ck_assert_str_eq(told.ptr, "+a@ ~a@ ");
    struct kube_object *o = kube_store_get(store, SV("ns"), SV("a"));
    ck_assert(sv_eq_lit(o->uid, "1") && sv_eq_lit(o->owner_uid, "p") &&
              sv_eq_lit(o->owner_kind, "FlinkCluster") && sv_eq_lit(o->owner_name, "c"));
    ck_assert(!o->deleting);
    ck_assert_ptr_null(json_get_path(tree(o), "metadata", "resourceVersion", NULL));
    kube_object_unref(o);
    // A late delete of another one of that name is not of this one.
    ck_assert_int_eq(event(KUBE_DELETED, "a", "2", "8", "p"), 0);
    ck_assert_uint_eq(kube_store_count(store), 1);
    ck_assert_int_eq(event(KUBE_DELETED, "a", "1", "8", "p"), 0);
    ck_assert_uint_eq(kube_store_count(store), 0);
}
END_TEST

START_TEST(store__a_reference_outlives_the_object)
{
    ck_assert_int_eq(event(KUBE_ADDED, "a", "1", "1", "o"), 0);
    struct kube_object *o = kube_store_get(store, SV("ns"), SV("a"));
    ck_assert_int_eq(event(KUBE_DELETED, "a", "1", "2", "o"), 0);
    ck_assert(sv_eq_lit(o->name, "a"));
    kube_object_unref(o);
}
END_TEST

START_TEST(store__it_is_bounded)
{
    struct kube_store *small;
    ck_assert_int_eq(kube_store_new(1, NULL, NULL, &small, &err), 0);
    ck_assert_int_eq(
        kube_store_event(small, KUBE_ADDED, SV("{\"metadata\":{\"name\":\"a\"}}"), &err), 0);
    ck_assert_int_eq(
        kube_store_event(small, KUBE_ADDED, SV("{\"metadata\":{\"name\":\"b\"}}"), &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    kube_store_free(small);
}
END_TEST

START_TEST(store__an_object_that_is_too_deep_is_kept_by_its_metadata)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4096);
    strbuf_put_str(&b, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\"},\"spec\":");
    for (int i = 0; i < 100; i++) {
        strbuf_put_char(&b, '[');
    }
    for (int i = 0; i < 100; i++) {
        strbuf_put_char(&b, ']');
    }
    strbuf_put_char(&b, '}');
    ck_assert_int_eq(kube_store_event(store, KUBE_ADDED, strbuf_view(&b), &err), 0);
    struct kube_object *o = kube_store_get(store, SV("ns"), SV("a"));
    ck_assert_ptr_nonnull(o);
    ck_assert(o->unreadable);
    ck_assert_ptr_null(json_get_lit(tree(o), "spec"));
    kube_object_unref(o);
}
END_TEST

START_TEST(store__annotations_made_to_collide_stop_no_watch)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    strbuf_put_str(&b, "{\"metadata\":{\"annotations\":{");
    for (unsigned i = 0, n = 0; n < 300; i++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "%u", i);
        if ((keyset_hash(sv_make(text, (size_t)len)) & 0xfff) == 0) {
            strbuf_printf(&b, "%s\"%s\":\"\"", n++ > 0 ? "," : "", text);
        }
    }
    strbuf_put_str(&b,
                   "},\"name\":\"a\",\"namespace\":\"ns\",\"uid\":\"u\",\"resourceVersion\":\"7\","
                   "\"ownerReferences\":[{\"uid\":\"o\",\"kind\":\"K\",\"name\":\"n\","
                   "\"controller\":true}]}}");
    ck_assert_int_eq(kube_store_event(store, KUBE_ADDED, strbuf_view(&b), &err), 0);
    struct kube_object *o = kube_store_get(store, SV("ns"), SV("a"));
    ck_assert_ptr_nonnull(o);
    ck_assert(o->unreadable);
    ck_assert(sv_eq_lit(o->uid, "u") && sv_eq_lit(o->resource_version, "7"));
    ck_assert(sv_eq_lit(o->owner_uid, "o"));
    kube_object_unref(o);
    ck_assert_int_eq(kube_store_event(store, KUBE_DELETED, strbuf_view(&b), &err), 0);
    ck_assert_uint_eq(kube_store_count(store), 0);
}
END_TEST

START_TEST(store__what_is_no_object_is_an_error)
{
    static const char *const bad[] = {"",
                                      "1",
                                      "{}",
                                      "{\"metadata\":{}}",
                                      "{\"metadata\":{\"name\":1}}",
                                      "{\"metadata\":{\"name\":\"a\""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_int_eq(kube_store_event(store, KUBE_ADDED, sv_from(bad[i]), &err), -1);
    }
    ck_assert_uint_eq(kube_store_count(store), 0);
}
END_TEST

START_TEST(store__a_failed_allocation_changes_nothing)
{
    for (size_t n = 1; n < 40; n++) {
        mem_fail_after(n);
        int rc = event(KUBE_ADDED, "a", "1", "1", "o");
        mem_fail_after(0);
        ck_assert(rc == 0 || err.code == E_NOMEM);
        ck_assert_uint_eq(kube_store_count(store), rc == 0 ? 1 : 0);
        if (rc == 0) {
            ck_assert_int_eq(event(KUBE_DELETED, "a", "1", "1", "o"), 0);
        }
    }
}
END_TEST

static atomic_bool reading = true;

static void *reader(void *arg)
{
    struct kube_store *s = arg;
    CLEANUP(arena_done) struct arena mine = ARENA(1 << 20);
    size_t total = 0;
    while (atomic_load(&reading)) {
        struct kube_object **list;
        size_t n;
        if (kube_store_list_by_owner(s, SV("o"), &mine, &list, &n, NULL) == 0) {
            for (size_t i = 0; i < n; i++) {
                total += list[i]->name.len;
            }
            kube_objects_unref(list, n);
        }
        arena_reset(&mine, 1 << 16);
    }
    return total != 0 ? s : NULL;
}

START_TEST(store__readers_and_the_writer_do_not_disturb_each_other)
{
    pthread_t threads[2];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, store), 0);
    }
    char name[16], rv[16];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "p%d", i % 50);
        snprintf(rv, sizeof(rv), "%d", i);
        ck_assert_int_eq(event(i % 7 == 6 ? KUBE_DELETED : KUBE_MODIFIED, name, "u", rv, "o"), 0);
    }
    atomic_store(&reading, false);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
    }
}
END_TEST

UNIT_MAIN(setup, teardown, store__changes_are_told_once, store__what_a_list_lacks_is_gone,
          store__a_name_that_was_made_again_is_another_object,
          store__objects_are_found_by_name_and_by_owner,
          store__a_change_that_is_not_kept_is_not_told, store__a_reference_outlives_the_object,
          store__it_is_bounded, store__an_object_that_is_too_deep_is_kept_by_its_metadata,
          store__annotations_made_to_collide_stop_no_watch, store__what_is_no_object_is_an_error,
          store__a_failed_allocation_changes_nothing,
          store__readers_and_the_writer_do_not_disturb_each_other)
