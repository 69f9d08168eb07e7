// SPDX-License-Identifier: Apache-2.0
#include "common/kind/crd.h"

#include <check.h>
#include <stdlib.h>

#include "common/flink/cluster.h"
#include "common/flink/kind.h"
#include "common/flink/schema_rules.h"
#include "common/flink/status.h"
#include "common/kind/explain.h"
#include "common/kind/nearest.h"
#include "common/kind/reference.h"
#include "common/kind/unknown.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct strbuf out;

static void setup(void)
{
    arena = ARENA((size_t)16 << 20);
    out = STRBUF((size_t)4 << 20);
}

static void teardown(void)
{
    strbuf_done(&out);
    arena_done(&arena);
}

static bool has(const char *text)
{
    return strstr(out.ptr, text) != NULL;
}

static void each_field_is_there(const struct object_type *type, const char *before,
                                const char *after)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct field *f = &type->fields[i];
        struct strview want = arena_printf(&arena, "%s%s%s", before, f->name, after);
        ck_assert_msg(has(want.ptr), "%s", want.ptr);
        if (f->sub != NULL) {
            each_field_is_there(f->sub, before, after);
        }
    }
}

START_TEST(crd__has_every_field_and_no_default)
{
    kind_crd_write(&flink_kind, &out);
    ck_assert(strbuf_ok(&out));
    each_field_is_there(&cluster_spec_type, " ", ":\n");
    each_field_is_there(&cluster_status_type, " ", ":\n");
    ck_assert(!has(" default:"));
    ck_assert(!has("\t"));
}
END_TEST

START_TEST(crd__has_every_rule_with_its_message)
{
    kind_crd_write(&flink_kind, &out);
    size_t n;
    const struct schema_rule *rules = schema_rules(&n);
    for (size_t i = 0; i < n; i++) {
        struct strview want = arena_printf(&arena, "- fieldPath: %s\n", rules[i].field);
        ck_assert_msg(has(want.ptr), "%s", want.ptr);
        // The generator doubles single quotes; the part before the first is as it stands.
        struct strview cel = sv_from(rules[i].cel);
        want = arena_copy(&arena, sv_sub(cel, 0, sv_find_char(cel, '\'')));
        ck_assert_msg(has(want.ptr), "%s", want.ptr);
    }
}
END_TEST

START_TEST(crd__says_when_it_does_not_fit)
{
    struct strbuf small = STRBUF(1000);
    kind_crd_write(&flink_kind, &small);
    ck_assert(!strbuf_ok(&small));
    strbuf_done(&small);
}
END_TEST

START_TEST(reference__has_every_field)
{
    kind_reference_write(&flink_kind, &out);
    ck_assert(strbuf_ok(&out));
    ck_assert(has("| `spec.job.upgradeMode` | `Savepoint`, `LastState`, `Stateless` |"));
    ck_assert(has("| `spec.mode` | Refused: pods are managed directly"));
    ck_assert(has("| `status.job.lastCheckpoint.path` |"));
    ck_assert(has("| `spec.scaling` | Refused: not in this release. |"));
}
END_TEST

START_TEST(dictionary__has_every_field_in_quotes)
{
    kind_dictionary_write(&flink_kind, &out);
    each_field_is_there(&cluster_spec_type, "\"\\\"", "\\\":\"\n");
    ck_assert(has("\"\\\"Suspended\\\"\"\n"));
}
END_TEST

START_TEST(explain__tells_type_default_and_bounds)
{
    ck_assert(kind_explain_field(&flink_kind, SV("spec.jobManager.replicas"), &out));
    ck_assert_str_eq(out.ptr,
                     "spec.jobManager.replicas: integer, 1 to 16\n"
                     "  JobManager pods: one leads, the others stand by. More than one needs "
                     "storage. Default: from policy, else 1.\n");
    strbuf_reset(&out);
    ck_assert(kind_explain_field(&flink_kind, SV("spec.ingress.tls[0].hosts"), &out));
    strbuf_reset(&out);
    ck_assert(kind_explain_field(&flink_kind, SV("spec.job"), &out));
    ck_assert(has("upgradeMode: `Savepoint`, `LastState`, `Stateless`"));
    strbuf_reset(&out);
    ck_assert(kind_explain_field(&flink_kind, SV("spec.serviceAccount"), &out));
    ck_assert(has("Refused: use serviceAccountName."));
}
END_TEST

START_TEST(explain__an_unknown_field_gives_the_nearest)
{
    ck_assert(!kind_explain_field(&flink_kind, SV("spec.job.upgradMode"), &out));
    ck_assert_str_eq(out.ptr, "spec.job.upgradeMode");
    static const char *const BAD[] = {
        "", ".", "spec.", "spec..job", "spec.image.tag", "nonsense", "spec.job.zzzzzzzz", "[0]"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        strbuf_reset(&out);
        ck_assert_msg(!kind_explain_field(&flink_kind, sv_from(BAD[i]), &out), "%s", BAD[i]);
    }
}
END_TEST

static struct strview nearest_of(const char *name, const char *const *candidates)
{
    struct nearest n = NEAREST_OF(sv_from(name));
    for (; *candidates != NULL; candidates++) {
        nearest_try(&n, sv_from(*candidates));
    }
    return n.best;
}

START_TEST(nearest__typos_find_their_word_and_strangers_none)
{
    static const char *const WORDS[] = {"parallelism", "image", "jobManager", "job", NULL};
    ck_assert(sv_eq_lit(nearest_of("paralelism", WORDS), "parallelism"));
    ck_assert(sv_eq_lit(nearest_of("Paralellism", WORDS), "parallelism"));
    ck_assert(sv_eq_lit(nearest_of("jobmanager", WORDS), "jobManager"));
    ck_assert(sv_eq_lit(nearest_of("iamge", WORDS), "image"));
    ck_assert(!sv_present(nearest_of("restartPolicy", WORDS)));
    ck_assert(!sv_present(nearest_of("", WORDS)));
    struct strbuf b = STRBUF(100000);
    for (int i = 0; i < 50000; i++) {
        strbuf_put_char(&b, 'a');
    }
    ck_assert(!sv_present(nearest_of(b.ptr, WORDS)));
    strbuf_done(&b);
}
END_TEST

START_TEST(unknown__fields_are_named_with_the_nearest)
{
    const struct json *v;
    struct err err = {0};
    struct violations found = VIOLATIONS(&arena, 10);
    ck_assert_int_eq(
        json_parse(
            SV("{\"apiVersion\":\"a\",\"kind\":\"k\",\"metadata\":{},\"stats\":1,\"spec\":{"
               "\"imagee\":1,\"mode\":1,\"job\":{\"zzzzz\":1},\"flinkConfiguration\":{\"x\":1},"
               "\"ingress\":{\"tls\":[{\"host\":1},5]},\"storage\":[]}}"),
            &JSON_LIMITS_DEFAULT, &arena, &v, &err),
        0);
    kind_unknown_fields(&flink_kind, v, &found);
    ck_assert_uint_eq(found.count, 4);
    ck_assert_uint_eq(found.denials, 4);
    ck_assert(sv_eq_lit(found.items[0].path, "stats"));
    ck_assert(sv_eq_lit(found.items[1].path, "spec.imagee"));
    ck_assert(
        sv_eq_lit(found.items[1].message, "Forbidden: unknown field; did you mean \"image\"?"));
    ck_assert(sv_eq_lit(found.items[2].message, "Forbidden: unknown field"));
    ck_assert(sv_eq_lit(found.items[3].path, "spec.ingress.tls[0].host"));
    kind_unknown_fields(&flink_kind, NULL, &found);
    ck_assert_uint_eq(found.count, 4);
}
END_TEST

UNIT_MAIN(setup, teardown, crd__has_every_field_and_no_default,
          crd__has_every_rule_with_its_message, crd__says_when_it_does_not_fit,
          reference__has_every_field, dictionary__has_every_field_in_quotes,
          explain__tells_type_default_and_bounds, explain__an_unknown_field_gives_the_nearest,
          nearest__typos_find_their_word_and_strangers_none,
          unknown__fields_are_named_with_the_nearest)
