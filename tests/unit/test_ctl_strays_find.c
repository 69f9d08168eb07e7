// SPDX-License-Identifier: Apache-2.0
#include "controller/strays_find.h"

#include "tests/unit/ctl_act.h"

#define ALL_PODS    "/api/v1/pods"
#define ALL_RECORDS "/apis/apps/v1/controllerrevisions"
#define LOST(name, owner)                                                                          \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"a\",\"uid\":\"" name "-uid\"," owner "}" \
    "}"
#define LIST(next, items) "{\"metadata\":{\"continue\":\"" next "\"},\"items\":[" items "]}"

static struct strays *strays;

static void begin(void)
{
    setup();
    ck_assert_int_eq(strays_new(&strays, &err), 0);
}

static void end(void)
{
    strays_free(strays);
    teardown();
}

static size_t count(struct stray **ret)
{
    size_t n;
    ck_assert_int_eq(strays_of(strays, SV("a/c"), &arena, ret, &n, &err), 0);
    return n;
}

START_TEST(strays_find__children_without_the_label_are_noted)
{
    struct stray *found;
    answer("GET", ALL_RECORDS, 200, LIST("", LOST("c-r1", OWNED_BY("u1"))));
    stub_add(stub, &(struct stub_answer){.method = "GET",
                                         .path = ALL_PODS,
                                         .query = "continue=more",
                                         .body = SV(LIST("", LOST("q", OWNED_BY("u1"))))});
    answer("GET", ALL_PODS, 200,
           LIST("more", LOST("p", OWNED_BY("u1")) "," LOST("foreign", "\"labels\":{}")));
    ck_assert_int_eq(strays_find(strays, kube, NULL, 0, &err), 0);
    ck_assert_uint_eq(count(&found), 3);
    ck_assert_int_eq(found[0].kind, CHILD_REVISION);
    ck_assert(sv_eq_lit(found[0].name, "c-r1") && sv_eq_lit(found[0].uid, "c-r1-uid"));
    ck_assert_int_eq(found[2].kind, CHILD_POD);
    ck_assert(sv_eq_lit(found[2].name, "q"));
    asked(0, "GET", ALL_RECORDS);
    ck_assert_ptr_nonnull(strstr(seen.query, "sluice.dev/cluster,app.kubernetes.io/managed-by!"));
}
END_TEST

START_TEST(strays_find__only_the_namespaces_that_are_kept_are_asked)
{
    static const char *const NAMESPACES[] = {"a", "b"};
    struct stray *found;
    answer("GET", NULL, 200, LIST("", ""));
    ck_assert_int_eq(strays_find(strays, kube, NAMESPACES, 2, &err), 0);
    ck_assert_uint_eq(count(&found), 0);
    ck_assert_uint_eq(stub_count(stub), 4);
    asked(1, "GET", PODS);
    asked(3, "GET", "/api/v1/namespaces/b/pods");
}
END_TEST

START_TEST(strays_find__an_error_that_passes_is_told_and_asked_again)
{
    struct stray *found;
    answer("GET", ALL_RECORDS, 200, LIST("", ""));
    stub_add(stub, &(struct stub_answer){.method = "GET",
                                         .path = ALL_PODS,
                                         .times = 1,
                                         .status = 503,
                                         .body = SV(STATUS("503", "ServiceUnavailable", "later"))});
    answer("GET", ALL_PODS, 200, LIST("", LOST("p", OWNED_BY("u1"))));
    ck_assert_int_eq(strays_find(strays, kube, NULL, 0, &err), -1);
    ck_assert(err_retryable(err.code));
    ck_assert_int_eq(strays_find(strays, kube, NULL, 0, &err), 0);
    ck_assert_uint_eq(count(&found), 1);
}
END_TEST

START_TEST(strays_find__a_refusal_does_not_pass)
{
    answer("GET", NULL, 403, STATUS("403", "Forbidden", "no"));
    ck_assert_int_eq(strays_find(strays, kube, NULL, 0, &err), -1);
    ck_assert(!err_retryable(err.code));
}
END_TEST

START_TEST(strays_find__a_list_without_end_ends)
{
    struct stray *found;
    answer("GET", NULL, 200, LIST("more", ""));
    ck_assert_int_eq(strays_find(strays, kube, NULL, 0, &err), 0);
    ck_assert_uint_eq(count(&found), 0);
    ck_assert_uint_le(stub_count(stub), 2 * (STRAYS_MAX / 500 + 1));
}
END_TEST

UNIT_MAIN(begin, end, strays_find__children_without_the_label_are_noted,
          strays_find__only_the_namespaces_that_are_kept_are_asked,
          strays_find__an_error_that_passes_is_told_and_asked_again,
          strays_find__a_refusal_does_not_pass, strays_find__a_list_without_end_ends)
