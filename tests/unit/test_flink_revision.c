// SPDX-License-Identifier: Apache-2.0
#include "common/flink/revision.h"

#include <check.h>
#include <stdlib.h>

#include "tests/unit/flink_case.h"
#include "tests/unit/unit.h"

/// The canonical text of an object with that metadata (beside its name) and spec.
static const char *revision(struct arena *a, const char *metadata, const char *spec)
{
    struct strview text =
        arena_printf(a, "{\"metadata\":{\"name\":\"c\"%s},\"spec\":%s}", metadata, spec);
    const struct flink_cluster *c = case_decode(a, case_parse(a, text));
    struct flink_effective e;
    flink_effective_read(c, a, NULL, &e);
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    flink_revision_put(&b, c, &e, a);
    ck_assert(strbuf_ok(&b) && arena_ok(a));
    return arena_copy(a, strbuf_view(&b)).ptr;
}

static void assert_same(const char *one, const char *other)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    ck_assert_str_eq(revision(&a, "", one), revision(&a, "", other));
}

static void assert_other(const char *one, const char *other)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    ck_assert_str_ne(revision(&a, "", one), revision(&a, "", other));
}

#define BASE "\"image\":\"flink:1.20.1\""

START_TEST(revision__text_is_canonical)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    ck_assert_str_eq(
        revision(&a, "",
                 "{" BASE
                 ",\"taskManager\":{\"resources\":{\"limits\":{\"memory\":\"2Gi\",\"cpu\":1}},"
                 "\"replicas\":3},\"flinkConfiguration\":{\"b\":1,\"a\":{\"c\":true}},\"job\":{"
                 "\"args\":[\"x\"],"
                 "\"state\":\"Running\"}}"),
        "{\"flinkConfiguration\":{\"a.c\":\"true\",\"b\":\"1\"},\"flinkVersion\":\"1.20\","
        "\"image\":\"flink:1.20.1\",\"job.args\":[\"x\"],\"parallelism\":3,"
        "\"taskManager.resources.limits\":{\"cpu\":1,\"memory\":\"2Gi\"},\"taskManager.slots\":1}");
}
END_TEST

START_TEST(revision__what_reaches_no_pod_changes_nothing)
{
    CLEANUP(arena_done) struct arena a = ARENA(CASE_ARENA_MAX);
    const char *plain = revision(&a, "", "{" BASE "}");
    ck_assert_str_eq(plain, revision(&a, ",\"labels\":{\"a\":\"b\"},\"annotations\":{\"c\":\"d\"}",
                                     "{" BASE "}"));
    assert_same("{" BASE ",\"job\":{}}",
                "{" BASE ",\"job\":{\"state\":\"Suspended\",\"upgradeMode\":\"LastState\"}}");
    assert_same("{" BASE ",\"jobManager\":{\"replicas\":1}}",
                "{" BASE ",\"jobManager\":{\"replicas\":2}}");
    assert_same("{" BASE "}",
                "{" BASE ",\"ingress\":{\"template\":\"x\"},\"rollback\":{\"enabled\":true}}");
    assert_same("{" BASE ",\"parallelism\":2,\"taskManager\":{\"replicas\":2}}",
                "{" BASE ",\"parallelism\":2,\"taskManager\":{\"replicas\":5}}");
}
END_TEST

START_TEST(revision__the_same_said_otherwise_changes_nothing)
{
    assert_same("{" BASE ",\"parallelism\":1}", "{\"parallelism\":1," BASE "}");
    assert_same("{" BASE "}",
                "{" BASE ",\"taskManager\":{\"slots\":1,\"resources\":{}},\"parallelism\":1}");
    assert_same("{" BASE "}", "{" BASE ",\"flinkVersion\":\"1.20\"}");
    assert_same("{" BASE "}", "{" BASE ",\"flinkVersion\":\"v1_20\"}");
    assert_same("{" BASE "}", "{" BASE ",\"plugins\":[],\"podTemplate\":{},\"restartNonce\":null}");
    assert_same("{" BASE ",\"flinkConfiguration\":{\"a.b\":1}}",
                "{" BASE ",\"flinkConfiguration\":{\"a\":{\"b\":\"1\"}}}");
    assert_same("{" BASE ",\"podTemplate\":{\"spec\":{\"a\":1,\"b\":{\"c\":2,\"d\":null}}}}",
                "{" BASE ",\"podTemplate\":{\"spec\":{\"b\":{\"c\":2},\"a\":1}}}");
}
END_TEST

START_TEST(revision__what_reaches_a_pod_changes_it)
{
    assert_other("{" BASE "}", "{\"image\":\"flink:1.20.2\"}");
    assert_other("{" BASE "}", "{" BASE ",\"restartNonce\":0}");
    assert_other("{" BASE "}", "{" BASE ",\"taskManager\":{\"slots\":2}}");
    assert_other("{" BASE "}", "{" BASE ",\"jobManager\":{\"podTemplate\":{\"spec\":{\"a\":1}}}}");
    assert_other("{" BASE ",\"job\":{\"args\":[\"a\",\"b\"]}}",
                 "{" BASE ",\"job\":{\"args\":[\"b\",\"a\"]}}");
    assert_other("{" BASE "}", "{" BASE ",\"flinkConfiguration\":{\"a\":\"b\"}}");
    assert_other("{" BASE ",\"parallelism\":1}", "{" BASE ",\"parallelism\":2}");
}
END_TEST

static size_t pod_rows(const struct object_type *type)
{
    size_t n = 0;
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        n += f->kind == FIELD_OBJECT ? pod_rows(f->sub) : f->pod;
    }
    return n;
}

START_TEST(revision__the_tables_rows_fit)
{
    // revision.c has room for 64 entries, four of which are in effect.
    ck_assert_uint_le(pod_rows(&cluster_spec_type), 60);
}
END_TEST

UNIT_MAIN(NULL, NULL, revision__text_is_canonical, revision__what_reaches_no_pod_changes_nothing,
          revision__the_same_said_otherwise_changes_nothing,
          revision__what_reaches_a_pod_changes_it, revision__the_tables_rows_fit)
