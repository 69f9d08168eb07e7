// SPDX-License-Identifier: Apache-2.0
#include "common/kube/kubeconfig.h"

#include "tests/unit/k8s.h"

#define HEAD                                                                                       \
    "{\"current-context\":\"dev\",\"contexts\":[{\"name\":\"dev\",\"context\":{\"cluster\":\"c\"," \
    "\"user\":\"u\",\"namespace\":\"ns\"}},{\"name\":\"other\",\"context\":{\"cluster\":\"c2\","   \
    "\"user\":\"\"}}],\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"https://a:1\","      \
    "\"certificate-authority-data\":\"UEVN\"}},{\"name\":\"c2\",\"cluster\":{\"server\":"          \
    "\"https://b\",\"insecure-skip-tls-verify\":true}}],"

static struct kubeconfig k;
static struct err err;

static int decode(const char *text, const char *context)
{
    err = (struct err){0};
    return kubeconfig_decode(json_of(sv_from(text)), sv_from(context), &arena, &k, &err);
}

static int with_user(const char *user)
{
    struct strview text =
        arena_printf(&arena, HEAD "\"users\":[{\"name\":\"u\",\"user\":%s}]}", user);
    return decode(text.ptr, NULL);
}

START_TEST(kubeconfig__the_current_context_counts)
{
    ck_assert_int_eq(with_user("{\"token\":\"t\",\"client-key-data\":\"a2V5\","
                               "\"client-certificate\":\"c.pem\"}"),
                     0);
    ck_assert(sv_eq_lit(k.server, "https://a:1"));
    ck_assert(sv_eq_lit(k.ca_data, "PEM"));
    ck_assert(sv_eq_lit(k.namespace_, "ns"));
    ck_assert(sv_eq_lit(k.token, "t"));
    ck_assert(sv_eq_lit(k.key_data, "key"));
    ck_assert(sv_eq_lit(k.cert_file, "c.pem"));
    ck_assert(!k.insecure);
}
END_TEST

START_TEST(kubeconfig__another_context_can_be_named)
{
    ck_assert_int_eq(decode(HEAD "\"users\":[]}", "other"), 0);
    ck_assert(sv_eq_lit(k.server, "https://b"));
    ck_assert(k.insecure);
    ck_assert(!sv_present(k.namespace_));
    ck_assert_int_eq(decode(HEAD "\"users\":[]}", "none"), -1);
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

START_TEST(kubeconfig__what_we_cannot_do_is_said_and_not_ignored)
{
    static const char *const users[] = {
        "{\"auth-provider\":{\"name\":\"gcp\"}}",
        "{\"username\":\"u\"}",
        "{\"as\":\"root\"}",
        "{\"as-groups\":[\"g\"]}",
        "{\"client-key-data\":\"a2V5\"}",
        "{\"client-key-data\":\"a2V5=\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        ck_assert_msg(with_user(users[i]) == -1 && err.code == E_INVALID, "%s", users[i]);
    }
}
END_TEST

START_TEST(kubeconfig__missing_parts_are_named)
{
    static const char *const docs[] = {
        "{}",
        "[]",
        "{\"current-context\":\"x\"}",
        "{\"current-context\":\"x\",\"contexts\":[{\"name\":\"x\"}]}",
        "{\"current-context\":\"x\",\"contexts\":[{\"name\":\"x\",\"context\":{\"cluster\":\"c\"}}]"
        ",\"clusters\":[{\"name\":\"c\",\"cluster\":{}}]}",
        HEAD "\"users\":[]}",
        HEAD "\"users\":null}",
        "{\"current-context\":1,\"contexts\":{}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
        ck_assert_msg(decode(docs[i], NULL) == -1 && err.code == E_INVALID, "%s", docs[i]);
        ck_assert_int_gt((int)strlen(err.msg), 5);
    }
}
END_TEST

START_TEST(kubeconfig__a_user_without_credentials_is_fine)
{
    ck_assert_int_eq(with_user("{}"), 0);
    ck_assert_int_eq(with_user("null"), 0);
}
END_TEST

UNIT_MAIN(setup, teardown, kubeconfig__the_current_context_counts,
          kubeconfig__another_context_can_be_named,
          kubeconfig__what_we_cannot_do_is_said_and_not_ignored,
          kubeconfig__missing_parts_are_named, kubeconfig__a_user_without_credentials_is_fine)
