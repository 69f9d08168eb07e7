// SPDX-License-Identifier: Apache-2.0
#include "common/base/path.h"

#include "tests/unit/unit.h"

static void expect(const struct path *p, const char *text)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1024);
    path_put(&b, p);
    ck_assert(strbuf_ok(&b));
    ck_assert(sv_eq_lit(strbuf_view(&b), text));
}

START_TEST(path__is_written_as_kubernetes_writes_it)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path ports = PATH_FIELD_OF(&spec, SV("ports"));
    const struct path third = PATH_INDEX_OF(&ports, 3);
    const struct path name = PATH_FIELD_OF(&third, SV("name"));
    const struct path labels = PATH_FIELD_OF(&spec, SV("labels"));
    const struct path label = PATH_KEY_OF(&labels, SV("example.com/a"));
    expect(NULL, "");
    expect(&spec, "spec");
    expect(&ports, "spec.ports");
    expect(&third, "spec.ports[3]");
    expect(&name, "spec.ports[3].name");
    expect(&label, "spec.labels[example.com/a]");
}
END_TEST

START_TEST(path__may_begin_with_an_index_or_a_key)
{
    const struct path index = PATH_INDEX_OF(NULL, 0);
    const struct path below = PATH_FIELD_OF(&index, SV("a"));
    const struct path key = PATH_KEY_OF(NULL, SV(""));
    expect(&index, "[0]");
    expect(&below, "[0].a");
    expect(&key, "[]");
}
END_TEST

START_TEST(path__of_the_greatest_depth_is_whole)
{
    struct path nodes[64];
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
        nodes[i] = PATH_INDEX_OF(i != 0 ? &nodes[i - 1] : NULL, 9);
    }
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1024);
    path_put(&b, &nodes[63]);
    ck_assert_uint_eq(b.len, 64 * 3);
}
END_TEST

START_TEST(path__that_does_not_fit_is_told_by_the_buffer)
{
    const struct path spec = PATH_FIELD_OF(NULL, SV("spec"));
    const struct path name = PATH_FIELD_OF(&spec, SV("name"));
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(6);
    path_put(&b, &name);
    ck_assert(!strbuf_ok(&b));
    ck_assert_uint_le(b.len, 6);
}
END_TEST

UNIT_MAIN(NULL, NULL, path__is_written_as_kubernetes_writes_it,
          path__may_begin_with_an_index_or_a_key, path__of_the_greatest_depth_is_whole,
          path__that_does_not_fit_is_told_by_the_buffer)
