// SPDX-License-Identifier: Apache-2.0
#include "common/world/clusters.h"

#include "common/base/strbuf.h"
#include "common/world/row_cluster.h"
#include "tests/unit/unit.h"

static struct clusters all;
static struct err err;
static struct strbuf text;

static void setup(void)
{
    text = STRBUF(1 << 16);
    ck_assert_int_eq(clusters_init(&all, &err), 0);
}

static void teardown(void)
{
    clusters_done(&all);
    strbuf_done(&text);
}

static void put(const char *ns, const char *name, const char *role, int64_t parallelism)
{
    struct row *r = clusters_row_new(sv_from(ns), sv_from(name),
                                     role != NULL ? sv_from(role) : SV_NONE, parallelism, 7);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(clusters_row_number(r), 7);
    ck_assert(clusters_put(&all, r));
    row_unref(r);
}

/// "ns/name" of the user of ROLE, or "nobody".
static const char *user(const char *role, const char *ns, const char *name)
{
    const struct policy_cluster_id self = {sv_from(ns), sv_from(name)};
    struct policy_cluster_id id;
    if (!clusters_role_user(&all, sv_from(role), &self, &id)) {
        return "nobody";
    }
    strbuf_reset(&text);
    strbuf_printf(&text, "%.*s/%.*s", SV_ARG(id.ns), SV_ARG(id.name));
    return text.ptr;
}

START_TEST(clusters__a_role_is_used_by_the_first_of_its_users)
{
    put("b", "x", "r", 1);
    put("a", "z", "r", 1);
    put("a", "y", "r2", 1);
    put("a", "none", NULL, 1);
    ck_assert_str_eq(user("r", "c", "c"), "a/z");
    ck_assert_str_eq(user("r", "a", "z"), "b/x");
    ck_assert_str_eq(user("r2", "a", "y"), "nobody");
    ck_assert_str_eq(user("", "c", "c"), "nobody");
}
END_TEST

START_TEST(clusters__one_that_changes_its_role_gives_the_old_one_back)
{
    put("a", "x", "r", 1);
    put("a", "x", "s", 1);
    ck_assert_str_eq(user("r", "c", "c"), "nobody");
    ck_assert_str_eq(user("s", "c", "c"), "a/x");
    put("a", "x", NULL, 1);
    ck_assert_str_eq(user("s", "c", "c"), "nobody");
    ck_assert_ptr_nonnull(clusters_get(&all, SV("a"), SV("x")));
}
END_TEST

START_TEST(clusters__a_namespace_has_its_own_sum)
{
    put("a", "x", NULL, 4);
    put("a", "y", "r", 5);
    put("ab", "x", NULL, 100);
    ck_assert_int_eq(clusters_parallelism(&all, SV("a"), SV("")), 9);
    ck_assert_int_eq(clusters_parallelism(&all, SV("a"), SV("x")), 5);
    put("a", "x", NULL, 1);
    ck_assert_int_eq(clusters_parallelism(&all, SV("a"), SV("y")), 1);
    ck_assert(clusters_drop(&all, SV("a"), SV("y")));
    ck_assert(clusters_drop(&all, SV("a"), SV("never")));
    ck_assert_int_eq(clusters_parallelism(&all, SV("a"), SV("")), 1);
    ck_assert_str_eq(user("r", "c", "c"), "nobody");
}
END_TEST

START_TEST(clusters__walks_end_with_their_namespace_or_role)
{
    put("a", "x", "r", 1);
    put("a", "y", "r", 1);
    put("a-b", "x", "r-s", 1);
    size_t n = 0;
    const struct row *r;
    for (struct table_at at = clusters_of_namespace(&all, SV("a"));
         (r = table_row(all.names, at)) != NULL && clusters_in_namespace(r, SV("a"));
         at = table_next(all.names, at)) {
        n++;
    }
    ck_assert_uint_eq(n, 2);
    n = 0;
    for (struct table_at at = clusters_of_role(&all, SV("r"));
         (r = table_row(all.roles, at)) != NULL && clusters_has_role(r, SV("r"));
         at = table_next(all.roles, at)) {
        n++;
    }
    ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(clusters__names_of_any_length_do_no_harm)
{
    static char name[10000];
    memset(name, 'x', sizeof(name) - 1);
    put("a", name, name, 3);
    ck_assert_ptr_null(clusters_get(&all, sv_from(name), sv_from(name)));
    ck_assert_int_eq(clusters_parallelism(&all, SV("a"), SV("")), 3);
    ck_assert_int_eq(clusters_parallelism(&all, sv_from(name), SV("")), 0);
    ck_assert_str_eq(user(name, "c", "c"), "nobody");
}
END_TEST

UNIT_MAIN(setup, teardown, clusters__a_role_is_used_by_the_first_of_its_users,
          clusters__one_that_changes_its_role_gives_the_old_one_back,
          clusters__a_namespace_has_its_own_sum, clusters__walks_end_with_their_namespace_or_role,
          clusters__names_of_any_length_do_no_harm)
