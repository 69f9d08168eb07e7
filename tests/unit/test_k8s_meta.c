// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/meta.h"

#include "tests/unit/k8s.h"

static struct meta meta_of(const char *json)
{
    struct meta m;
    ck_assert_int_eq(meta_read(json_of(sv_from(json)), &arena, &m, NULL), 0);
    return m;
}

START_TEST(meta__every_member_is_read)
{
    struct meta m = meta_of(
        "{\"metadata\":{\"name\":\"n\",\"generateName\":\"g-\",\"namespace\":\"ns\",\"uid\":\"u\","
        "\"resourceVersion\":\"42\",\"generation\":7,\"creationTimestamp\":\"1970-01-01T00:00:"
        "01Z\","
        "\"deletionTimestamp\":\"1970-01-01T00:00:02Z\",\"labels\":{\"a\":\"1\"},"
        "\"annotations\":{\"b\":\"2\"},\"finalizers\":[\"x/y\"],\"ownerReferences\":["
        "{\"apiVersion\":\"v1\",\"kind\":\"K\",\"name\":\"o\",\"uid\":\"ou\"},"
        "{\"apiVersion\":\"v1\",\"kind\":\"K\",\"name\":\"p\",\"uid\":\"pu\",\"controller\":true,"
        "\"blockOwnerDeletion\":true}]}}");
    ck_assert(sv_eq(m.name, SV("n")) && sv_eq(m.generate_name, SV("g-")));
    ck_assert(sv_eq(m.namespace_, SV("ns")) && sv_eq(m.uid, SV("u")));
    ck_assert(sv_eq(m.resource_version, SV("42")) && m.generation == 7);
    ck_assert(m.creation_ms == 1000 && m.deletion_ms == 2000 && m.deleting);
    ck_assert(sv_eq(meta_label(&m, SV("a")), SV("1")));
    ck_assert(sv_eq(labels_get(&m.annotations, SV("b")), SV("2")));
    ck_assert(m.finalizer_count == 1 && sv_eq(m.finalizers[0], SV("x/y")));
    ck_assert_uint_eq(m.owner_count, 2);
    ck_assert(sv_eq(meta_controller(&m)->uid, SV("pu")));
    ck_assert(meta_controller(&m)->block_owner_deletion && !m.owners[0].block_owner_deletion);
}
END_TEST

START_TEST(meta__what_is_absent_null_or_mistyped_reads_as_absent)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"metadata\":null}",
        "{\"metadata\":7}",
        "{\"metadata\":{\"name\":1,\"generation\":\"x\",\"labels\":[],\"annotations\":\"a\","
        "\"ownerReferences\":{},\"finalizers\":[1,null],\"deletionTimestamp\":null}}",
        "{\"metadata\":{\"name\":null,\"generation\":1.5,\"ownerReferences\":[],\"finalizers\":{}}"
        "}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct meta m = meta_of(rows[i]);
        ck_assert(!sv_present(m.name) && m.generation == 0 && !m.deleting);
        ck_assert_uint_eq(m.labels.count + m.annotations.count + m.owner_count, 0);
        ck_assert_uint_eq(m.finalizer_count, 0);
        ck_assert_ptr_null(meta_controller(&m));
    }
    struct meta none;
    ck_assert_int_eq(meta_read(NULL, &arena, &none, NULL), 0);
}
END_TEST

START_TEST(meta__an_owner_that_is_no_object_owns_nothing)
{
    struct meta m = meta_of("{\"metadata\":{\"ownerReferences\":[1,{\"controller\":\"true\"}]}}");
    ck_assert_uint_eq(m.owner_count, 2);
    ck_assert_ptr_null(meta_controller(&m));
}
END_TEST

START_TEST(meta__an_unreadable_deletion_time_still_means_deleting)
{
    struct meta m = meta_of("{\"metadata\":{\"deletionTimestamp\":\"soon\"}}");
    ck_assert(m.deleting);
    ck_assert_int_eq(m.deletion_ms, 0);
}
END_TEST

START_TEST(meta__owner_references_are_written)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1024);
    struct json_out o = JSON_OUT(&b);
    const struct owner_ref refs[] = {
        {.api_version = SV("v1"),
         .kind = SV("K"),
         .name = SV("n"),
         .uid = SV("u"),
         .controller = true,
         .block_owner_deletion = true},
        {.api_version = SV("v1"), .kind = SV("K"), .name = SV("m"), .uid = SV("w")},
    };
    owner_refs_put(&o, refs, ARRAY_LEN(refs));
    ck_assert_str_eq(b.ptr, "[{\"apiVersion\":\"v1\",\"kind\":\"K\",\"name\":\"n\",\"uid\":\"u\","
                            "\"controller\":true,\"blockOwnerDeletion\":true},"
                            "{\"apiVersion\":\"v1\",\"kind\":\"K\",\"name\":\"m\",\"uid\":\"w\"}]");
}
END_TEST

START_TEST(meta__a_full_arena_is_told)
{
    CLEANUP(arena_done) struct arena small = ARENA(8);
    struct meta m;
    struct err err = {0};
    ck_assert_int_eq(
        meta_read(json_of(SV("{\"metadata\":{\"finalizers\":[\"a\"]}}")), &small, &m, &err), -1);
    ck_assert_int_eq(err.code, E_NOMEM);
}
END_TEST

UNIT_MAIN(setup, teardown, meta__every_member_is_read,
          meta__what_is_absent_null_or_mistyped_reads_as_absent,
          meta__an_owner_that_is_no_object_owns_nothing,
          meta__an_unreadable_deletion_time_still_means_deleting,
          meta__owner_references_are_written, meta__a_full_arena_is_told)
