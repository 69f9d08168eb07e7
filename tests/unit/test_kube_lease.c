// SPDX-License-Identifier: Apache-2.0
#include "common/kube/lease.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/fakes/apiserver_stub.h"
#include "tests/unit/unit.h"

#define PATH        "/apis/coordination.k8s.io/v1/namespaces/ns/leases/l"
#define COLLECTION  "/apis/coordination.k8s.io/v1/namespaces/ns/leases"
#define DEADLINE_MS 2000
#define LEASE(holder)                                                                              \
    "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"l\","  \
    "\"namespace\":\"ns\",\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"" holder       \
    "\",\"leaseDurationSeconds\":1,\"acquireTime\":\"2026-01-02T03:04:05.000006Z\","               \
    "\"renewTime\":\"2026-01-02T03:04:05.000006Z\",\"leaseTransitions\":1}}"

static struct apiserver_stub *stub;
static struct kube_config *config;
static struct kube_lease *lease;
static atomic_int started, lost, told_other;
static struct err err;
static char dir[64];

static void on_started(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&started, 1);
}

static void on_lost(void *ctx, const struct err *why)
{
    (void)ctx;
    ck_assert_int_ne(why->code, E_OK);
    atomic_fetch_add(&lost, 1);
}

static void on_told(void *ctx, const struct err *e, struct strview holder)
{
    (void)ctx;
    if (e == NULL && sv_eq_lit(holder, "other")) {
        atomic_fetch_add(&told_other, 1);
    }
}

static void begin(void)
{
    stub = stub_start();
    snprintf(dir, sizeof(dir), "/tmp/sluice-test-XXXXXX");
    config = stub_config(stub, dir, "t");
}

static void setup(void)
{
    ck_assert_int_eq(kube_global_init(&err), 0);
    lease = NULL;
    config = NULL;
    atomic_store(&started, 0);
    atomic_store(&lost, 0);
    atomic_store(&told_other, 0);
}

static void teardown(void)
{
    kube_lease_stop(lease);
    if (config != NULL) {
        kube_config_free(config);
        stub_free(stub);
        stub_remove(dir);
    }
}

static const struct kube_lease_options OPTIONS = {.ns = "ns",
                                                  .name = "l",
                                                  .identity = "me",
                                                  .duration_ms = 3000,
                                                  .renew_deadline_ms = DEADLINE_MS,
                                                  .retry_ms = 300,
                                                  .started = on_started,
                                                  .lost = on_lost,
                                                  .told = on_told};

static void answer(const char *method, const char *path, unsigned times, int status,
                   const char *body)
{
    stub_add(stub, &(struct stub_answer){.method = method,
                                         .path = path,
                                         .times = times,
                                         .status = status,
                                         .body = sv_from(body)});
}

static void wait_for(atomic_int *what)
{
    int64_t until = clock_mono_ms() + 5000;
    while (atomic_load(what) == 0 && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    ck_assert_int_eq(atomic_load(what), 1);
}

static void start(const struct kube_lease_options *opt)
{
    ck_assert_int_eq(kube_lease_start(config, opt, &lease, &err), 0);
}

START_TEST(lease__it_is_created_and_renewed)
{
    begin();
    answer("POST", COLLECTION, 0, 201, LEASE("me"));
    answer("PUT", PATH, 0, 200, LEASE("me"));
    start(&OPTIONS);
    wait_for(&started);
    ck_assert(stub_wait(stub, 6));
    ck_assert(kube_lease_valid(lease));
    ck_assert_int_gt(kube_lease_remaining_ms(lease), 0);
    ck_assert_int_le(kube_lease_remaining_ms(lease), DEADLINE_MS);
    ck_assert_int_eq(atomic_load(&lost), 0);
}
END_TEST

START_TEST(lease__that_cannot_be_renewed_is_lost_in_time)
{
    begin();
    answer("POST", COLLECTION, 0, 201, LEASE("me"));
    answer("PUT", PATH, 1, 200, LEASE("me"));
    answer("PUT", PATH, 0, 500, "");
    start(&OPTIONS);
    wait_for(&started);
    int64_t from = clock_mono_ms();
    wait_for(&lost);
    ck_assert_int_lt(clock_mono_ms() - from, DEADLINE_MS + 2000);
    ck_assert(!kube_lease_valid(lease));
    ck_assert_int_le(kube_lease_remaining_ms(lease), 0);
}
END_TEST

START_TEST(lease__that_was_lost_is_won_again_where_that_is_asked_for)
{
    struct kube_lease_options opt = OPTIONS;
    opt.again = true;
    begin();
    answer("POST", COLLECTION, 0, 201, LEASE("me"));
    answer("PUT", PATH, 1, 200, LEASE("me"));
    answer("PUT", PATH, 1, 409, "");
    answer("GET", PATH, 1, 404, ""); // somebody deleted it: lost
    answer("PUT", PATH, 0, 200, LEASE("me"));
    start(&opt);
    wait_for(&lost);
    int64_t until = clock_mono_ms() + 5000;
    while (atomic_load(&started) < 2 && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    ck_assert_int_eq(atomic_load(&started), 2);
    ck_assert(kube_lease_valid(lease));
    ck_assert_int_eq(atomic_load(&lost), 1);
}
END_TEST

START_TEST(lease__that_another_took_is_lost_at_once)
{
    begin();
    answer("GET", PATH, 1, 404, "");
    answer("GET", PATH, 0, 200, LEASE("other"));
    answer("POST", COLLECTION, 0, 201, LEASE("me"));
    answer("PUT", PATH, 0, 409, "");
    start(&OPTIONS);
    wait_for(&lost);
    ck_assert_int_le(kube_lease_remaining_ms(lease), 0);
}
END_TEST

START_TEST(lease__of_another_is_waited_for)
{
    begin();
    answer("GET", PATH, 0, 200, LEASE("other"));
    answer("PUT", PATH, 0, 200, LEASE("me"));
    start(&OPTIONS);
    clock_sleep_ms(500);
    ck_assert_int_eq(atomic_load(&started), 0);
    ck_assert_int_eq(atomic_load(&told_other), 1);
    ck_assert_int_le(kube_lease_remaining_ms(lease), 0);
    // Its holder does not renew it: after its second it is ours.
    wait_for(&started);
}
END_TEST

START_TEST(lease__is_given_back_on_a_clean_stop)
{
    begin();
    answer("POST", COLLECTION, 0, 201, LEASE("me"));
    answer("PUT", PATH, 0, 200, LEASE("me"));
    struct kube_lease_options opt = OPTIONS;
    opt.release = true;
    start(&opt);
    wait_for(&started);
    kube_lease_stop(lease);
    lease = NULL;
    struct stub_seen seen;
    ck_assert(stub_seen(stub, stub_count(stub) - 1, &seen));
    ck_assert_str_eq(seen.method, "PUT");
    ck_assert_ptr_nonnull(strstr(seen.body, "\"holderIdentity\":\"\""));
    ck_assert_int_eq(atomic_load(&lost), 0);
}
END_TEST

START_TEST(lease__options_that_make_no_sense_are_refused)
{
    begin();
    struct kube_lease_options opt = OPTIONS;
    opt.renew_deadline_ms = 5000;
    ck_assert_int_eq(kube_lease_start(config, &opt, &lease, &err), -1);
    opt = OPTIONS;
    opt.identity = "";
    ck_assert_int_eq(kube_lease_start(config, &opt, &lease, &err), -1);
    ck_assert_int_eq(err.code, E_INVALID);
    lease = NULL;
}
END_TEST

/// The program of the next test: leads, and writes as fast as it can, until it has lost.
static NORETURN void write_while_leading(int from_parent)
{
    char path[128] = "";
    ssize_t n = read(from_parent, path, sizeof(path) - 1);
    struct kube_config_source source = {.kubeconfig = path, .allow_http = true};
    struct kube_lease *l = NULL;
    struct kube *k = NULL;
    if (n <= 0 || kube_config_load(&source, &config, NULL) != 0 ||
        kube_lease_start(config, &OPTIONS, &l, NULL) != 0) {
        _exit(2);
    }
    struct kube_options opt = {.fence = kube_lease_remaining_ms, .fence_ctx = l};
    if (kube_open(config, &opt, &k, NULL) != 0) {
        _exit(3);
    }
    struct kube_ref pods = {.resource = &KUBE_PODS, .ns = SV("ns")};
    while (atomic_load(&lost) == 0) {
        int rc = kube_create(k, &pods, SV("{}"), NULL, NULL, NULL);
        clock_sleep_ms(rc == 0 ? 1 : 5);
    }
    kube_close(k);
    kube_lease_stop(l);
    kube_config_free(config);
    _exit(0);
}

static size_t pods_written(void)
{
    size_t n = 0;
    struct stub_seen seen;
    for (size_t i = 0; stub_seen(stub, i, &seen); i++) {
        n += strstr(seen.path, "/pods") != NULL;
    }
    return n;
}

START_TEST(lease__a_process_that_was_stopped_beyond_it_never_writes_again)
{
    int pipe_fd[2];
    ck_assert_int_eq(pipe(pipe_fd), 0);
    // Before there are threads here.
    pid_t child = fork();
    if (child == 0) {
        write_while_leading(pipe_fd[0]);
    }
    begin();
    answer("GET", PATH, 1, 404, "");
    answer("POST", COLLECTION, 0, 201, LEASE("me"));
    answer("PUT", PATH, 0, 200, LEASE("me"));
    answer("POST", "/api/v1/namespaces/ns/pods", 0, 201, "{}");
    char path[128];
    int n = snprintf(path, sizeof(path), "%s/config", dir);
    ck_assert_int_eq((int)write(pipe_fd[1], path, (size_t)n), n);
    int64_t until = clock_mono_ms() + 5000;
    while (pods_written() < 20 && clock_mono_ms() < until) {
        clock_sleep_ms(5);
    }
    ck_assert_uint_ge(pods_written(), 20);
    kill(child, SIGSTOP);
    clock_sleep_ms(DEADLINE_MS + 400);
    size_t before = pods_written();
    kill(child, SIGCONT);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    clock_sleep_ms(100);
    ck_assert_uint_eq(pods_written(), before);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}
END_TEST

UNIT_MAIN(setup, teardown, lease__it_is_created_and_renewed,
          lease__that_cannot_be_renewed_is_lost_in_time,
          lease__that_was_lost_is_won_again_where_that_is_asked_for,
          lease__that_another_took_is_lost_at_once, lease__of_another_is_waited_for,
          lease__is_given_back_on_a_clean_stop, lease__options_that_make_no_sense_are_refused,
          lease__a_process_that_was_stopped_beyond_it_never_writes_again)
