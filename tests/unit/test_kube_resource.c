// SPDX-License-Identifier: Apache-2.0
#include "common/kube/resource.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct strbuf b = {.max = KUBE_MAX_TARGET};
static struct err err;

static void teardown(void)
{
    strbuf_done(&b);
}

static const char *path_of(const struct kube_resource *r, const char *ns, const char *name,
                           const char *sub)
{
    struct kube_ref ref = {
        .resource = r, .ns = sv_from(ns), .name = sv_from(name), .sub = sv_from(sub)};
    strbuf_reset(&b);
    return kube_path_put(&b, &ref, &err) == 0 ? b.ptr : "refused";
}

START_TEST(resource__paths_are_those_of_the_api)
{
    ck_assert_str_eq(path_of(&KUBE_PODS, "a", "b", NULL), "/api/v1/namespaces/a/pods/b");
    ck_assert_str_eq(path_of(&KUBE_PODS, NULL, NULL, NULL), "/api/v1/pods");
    ck_assert_str_eq(path_of(&KUBE_NAMESPACES, NULL, "x", NULL), "/api/v1/namespaces/x");
    ck_assert_str_eq(path_of(&KUBE_FLINKCLUSTERS, "ns", "f", "status"),
                     "/apis/sluice.dev/v1beta1/namespaces/ns/flinkclusters/f/status");
    ck_assert_str_eq(path_of(&KUBE_VALIDATINGWEBHOOKS, NULL, "w", NULL),
                     "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/w");
}
END_TEST

START_TEST(resource__no_name_reaches_another_path)
{
    ck_assert_str_eq(path_of(&KUBE_PODS, "a", "../secrets/x", NULL),
                     "/api/v1/namespaces/a/pods/..%2Fsecrets%2Fx");
    ck_assert_str_eq(path_of(&KUBE_PODS, "a", "x?y=1#z", NULL),
                     "/api/v1/namespaces/a/pods/x%3Fy%3D1%23z");
    ck_assert_str_eq(path_of(&KUBE_PODS, "a", "x\r\nHost: y", NULL),
                     "/api/v1/namespaces/a/pods/x%0D%0AHost%3A%20y");
    ck_assert_str_eq(path_of(&KUBE_PODS, "a", "..", NULL), "refused");
    ck_assert_str_eq(path_of(&KUBE_PODS, ".", "b", NULL), "refused");
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

START_TEST(resource__refs_that_make_no_sense_are_refused)
{
    char longest[255];
    memset(longest, 'a', 254);
    longest[254] = '\0';
    ck_assert_str_eq(path_of(&KUBE_PODS, "a", longest, NULL), "refused");
    longest[253] = '\0';
    ck_assert_str_ne(path_of(&KUBE_PODS, "a", longest, NULL), "refused");
    ck_assert_str_eq(path_of(&KUBE_PODS, NULL, "b", NULL), "refused");
    ck_assert_str_eq(path_of(&KUBE_NAMESPACES, "a", "b", NULL), "refused");
    ck_assert_str_eq(path_of(&KUBE_PODS, "a", NULL, "status"), "refused");
}
END_TEST

START_TEST(resource__a_full_buffer_is_an_error)
{
    struct strbuf small = STRBUF(10);
    struct kube_ref ref = {.resource = &KUBE_PODS};
    ck_assert_int_eq(kube_path_put(&small, &ref, &err), -1);
    ck_assert_int_eq(err.code, E_TOO_LARGE);
    strbuf_done(&small);
}
END_TEST

START_TEST(resource__queries_are_encoded)
{
    strbuf_reset(&b);
    strbuf_put_str(&b, "/p");
    kube_query_put(&b, "absent", SV_NONE);
    kube_query_put(&b, "labelSelector", SV("a=b,c in (d)"));
    kube_query_put(&b, "continue", SV("x+/&="));
    ck_assert_str_eq(b.ptr, "/p?labelSelector=a%3Db%2Cc%20in%20%28d%29&continue=x%2B%2F%26%3D");
}
END_TEST

START_TEST(resource__api_versions_have_a_group_but_for_core)
{
    strbuf_reset(&b);
    kube_api_version_put(&b, &KUBE_PODS);
    strbuf_put_char(&b, ' ');
    kube_api_version_put(&b, &KUBE_LEASES);
    ck_assert_str_eq(b.ptr, "v1 coordination.k8s.io/v1");
}
END_TEST

UNIT_MAIN(NULL, teardown, resource__paths_are_those_of_the_api,
          resource__no_name_reaches_another_path, resource__refs_that_make_no_sense_are_refused,
          resource__a_full_buffer_is_an_error, resource__queries_are_encoded,
          resource__api_versions_have_a_group_but_for_core)
