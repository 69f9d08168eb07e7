// SPDX-License-Identifier: Apache-2.0
#include "common/kube/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/os_file.h"
#include "common/json/view.h"
#include "tests/unit/unit.h"

static struct kube_config *config;
static struct err err;
static char dir[64];
static char path[128];

static void setup(void)
{
    config = NULL;
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void write_file(const char *name, const char *text)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    ck_assert_int_eq(os_file_write_atomic(path, sv_from(text), 0600, &err), 0);
}

static void teardown(void)
{
    static const char *const FILES[] = {"token",  "ca.crt",  "namespace",
                                        "config", "key.pem", "cert.pem"};
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    rmdir(dir);
    kube_config_free(config);
}

static int in_cluster(const char *host)
{
    struct kube_config_source s = {.host = host, .port = "443", .account_dir = dir};
    return kube_config_load(&s, &config, &err);
}

static int load(const char *cluster, const char *user)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
             "clusters: [{name: c, cluster: {%s}}]\nusers: [{name: u, user: {%s}}]\n",
             cluster, user);
    write_file("config", text);
    struct kube_config_source s = {.kubeconfig = path};
    kube_config_free(config);
    config = NULL;
    err = (struct err){0};
    return kube_config_load(&s, &config, &err);
}

START_TEST(config__in_a_cluster_it_comes_from_the_account)
{
    write_file("token", "t\n");
    write_file("ca.crt", "PEM");
    write_file("namespace", "team\n");
    ck_assert_int_eq(in_cluster("10.0.0.1"), 0);
    ck_assert(sv_eq_lit(kube_config_server(config), "https://10.0.0.1:443"));
    ck_assert(sv_eq_lit(kube_config_namespace(config), "team"));
    kube_config_free(config);
    ck_assert_int_eq(in_cluster("fd00::1"), 0);
    ck_assert(sv_eq_lit(kube_config_server(config), "https://[fd00::1]:443"));
}
END_TEST

START_TEST(config__in_a_cluster_a_missing_file_is_named)
{
    ck_assert_int_eq(in_cluster("10.0.0.1"), -1);
    write_file("ca.crt", "PEM");
    ck_assert_int_eq(in_cluster("10.0.0.1"), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "token"));
    ck_assert_int_eq(in_cluster(""), -1);
    ck_assert_int_eq(err.code, E_INVALID);
}
END_TEST

START_TEST(config__files_are_beside_the_kubeconfig)
{
    write_file("ca.crt", "PEM");
    ck_assert_int_eq(load("server: 'https://h:6443/', certificate-authority: ca.crt", "token: t"),
                     0);
    ck_assert(sv_eq_lit(kube_config_server(config), "https://h:6443"));
    ck_assert(sv_eq_lit(kube_config_namespace(config), "default"));
    ck_assert_ptr_null(kube_config_warning(config));
    ck_assert_int_eq(load("server: 'https://h', certificate-authority: absent.crt", "token: t"),
                     -1);
}
END_TEST

START_TEST(config__no_check_of_the_server_is_warned_of)
{
    ck_assert_int_eq(load("server: 'https://h', insecure-skip-tls-verify: true", "token: t"), 0);
    ck_assert_ptr_nonnull(kube_config_warning(config));
}
END_TEST

START_TEST(config__plain_http_is_refused)
{
    ck_assert_int_eq(load("server: 'http://h'", "token: t"), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    ck_assert_int_eq(load("server: 'file:///etc/passwd'", "token: t"), -1);
}
END_TEST

START_TEST(config__bad_tokens_and_bad_files_are_refused)
{
    ck_assert_int_eq(load("server: 'https://h'", "token: \"a\\r\\nb\""), -1);
    ck_assert_int_eq(load("server: 'https://h'", "tokenFile: absent"), -1);
    ck_assert_int_eq(load("server: 'https://h'", "exec: {command: aws}"), -1);
    write_file("config", "a: [\n");
    struct kube_config_source s = {.kubeconfig = path};
    ck_assert_int_eq(kube_config_load(&s, &config, &err), -1);
    ck_assert_int_eq(err.code, E_PARSE);
    write_file("config", "a: 1\n---\nb: 2\n");
    ck_assert_int_eq(kube_config_load(&s, &config, &err), -1);
    s.kubeconfig = "/nonexistent/config";
    ck_assert_int_eq(kube_config_load(&s, &config, &err), -1);
}
END_TEST

UNIT_MAIN(setup, teardown, config__in_a_cluster_it_comes_from_the_account,
          config__in_a_cluster_a_missing_file_is_named, config__files_are_beside_the_kubeconfig,
          config__no_check_of_the_server_is_warned_of, config__plain_http_is_refused,
          config__bad_tokens_and_bad_files_are_refused)
