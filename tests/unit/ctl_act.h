// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests of act.c: an API server that says what the test tells it to, and a
// cluster a/c with the uid u1 on which plans are carried out.
#ifndef SLUICE_UNIT_CTL_ACT_H
#define SLUICE_UNIT_CTL_ACT_H

#include <stdio.h>

#include "controller/act.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

#define API      "/api/v1/namespaces/a/"
#define PODS     API "pods"
#define SERVICES API "services"
#define CLUSTER  "/apis/sluice.dev/v1beta1/namespaces/a/flinkclusters/c"

#define OWNED_BY(uid)                                                                              \
    "\"ownerReferences\":[{\"apiVersion\":\"sluice.dev/v1beta1\",\"kind\":\"FlinkCluster\","       \
    "\"name\":\"c\",\"uid\":\"" uid "\",\"controller\":true}]"
#define VISIBLE "\"labels\":{\"app.kubernetes.io/managed-by\":\"sluice\"}"
#define POD(metadata, phase)                                                                       \
    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"uid\":\"p1\"," metadata                      \
    "},\"status\":{\"phase\":\"" phase "\"}}"
#define LABEL_PATCH(uid)                                                                           \
    "{\"metadata\":{\"uid\":\"" uid "\",\"labels\":{\"app.kubernetes.io/"                          \
    "managed-by\":\"sluice\"}}}"
#define STATUS(code, reason, message)                                                              \
    "{\"kind\":\"Status\",\"code\":" code ",\"reason\":\"" reason "\",\"message\":\"" message "\"" \
    "}"
#define TAKEN STATUS("409", "AlreadyExists", "it exists")

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct kube *kube;
static struct arena arena;
static struct observed observed;
static struct refused_child refused;
static bool is_refused;
static struct act act;
static size_t done;
static struct stub_seen seen;
static struct err err;
static char dir[64];

static inline void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, "token");
    ck_assert_int_eq(kube_open(config, NULL, &kube, &err), 0);
    arena = ARENA((size_t)4 << 20);
    observed = (struct observed){.uid = SV("u1"),
                                 .resource_version = SV("7"),
                                 .cluster = {.ns = SV_INIT("a"), .name = SV_INIT("c")}};
    is_refused = false;
    act = (struct act){.kube = kube,
                       .arena = &arena,
                       .observed = &observed,
                       .refused = &refused,
                       .is_refused = &is_refused};
    err = (struct err){.code = E_OK};
}

static inline void teardown(void)
{
    kube_close(kube);
    kube_config_free(config);
    stub_free(stub);
    stub_remove(dir);
    arena_done(&arena);
}

static inline void answer(const char *method, const char *path, int status, const char *body)
{
    stub_add(stub, &(struct stub_answer){
                       .method = method, .path = path, .status = status, .body = sv_from(body)});
}

static inline int run(struct action *items, size_t n)
{
    struct actions plan = {.items = items, .n = n};
    done = 0;
    return act_run(&act, &plan, &done, &err);
}

static inline int run_one(struct action x)
{
    return run(&x, 1);
}

static inline void asked(size_t n, const char *method, const char *path)
{
    ck_assert(stub_seen(stub, n, &seen));
    ck_assert_str_eq(seen.method, method);
    ck_assert_str_eq(seen.path, path);
}

static inline int64_t closed(void *ctx)
{
    (void)ctx;
    return 0;
}

static inline void close_fence(void)
{
    kube_close(kube);
    ck_assert_int_eq(kube_open(config, &(struct kube_options){.fence = closed}, &kube, &err), 0);
    act.kube = kube;
}

#endif
