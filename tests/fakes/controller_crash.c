// SPDX-License-Identifier: Apache-2.0
// The controller with one thing more: CRASH_AT=N:before or N:after ends the process, as kill -9
// would, right before its Nth write is sent, or right after the API server has answered it. Leases
// and Events don't count: they are no state of a cluster. Linked with --wrap=kube_call, so that the
// product has nothing of it.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/parse_num.h"
#include "common/kube/client_state.h"

#define CRASHED 77 // the exit code that tests look for

int __real_kube_call(struct kube *k, const struct kube_request *rq, struct arena *arena,
                     const struct json **ret, struct err *err);
int __wrap_kube_call(struct kube *k, const struct kube_request *rq, struct arena *arena,
                     const struct json **ret, struct err *err);

static bool counts(const struct kube *k, const struct kube_request *rq)
{
    struct strview path = sv_from_pos(strbuf_view(&k->url), k->path_at);
    path = sv_sub(path, 0, sv_find_char(path, '?'));
    return rq->write && sv_find(path, SV("/leases")) == SIZE_MAX &&
           sv_find(path, SV("/events")) == SIZE_MAX;
}

/// The N of CRASH_AT when it ends in WHEN, else 0: never.
static int64_t crash_at(const char *when)
{
    struct strview rest = sv_from(getenv("CRASH_AT"));
    struct strview number = SV_NONE;
    int64_t n = 0;
    if (!sv_split(&rest, ':', &number) || !sv_eq_lit(rest, when) || !parse_i64(number, &n)) {
        return 0;
    }
    return n;
}

static void crash(const struct kube *k, const struct kube_request *rq, const char *when)
{
    struct strview path = sv_from_pos(strbuf_view(&k->url), k->path_at);
    (void)fprintf(stderr, "crash %s %s %.*s\n", when, rq->method, SV_ARG(path));
    _exit(CRASHED);
}

int __wrap_kube_call(struct kube *k, const struct kube_request *rq, struct arena *arena,
                     const struct json **ret, struct err *err)
{
    static atomic_int writes;
    int n = counts(k, rq) ? atomic_fetch_add(&writes, 1) + 1 : -1;
    if (n == crash_at("before")) {
        crash(k, rq, "before");
    }
    int rc = __real_kube_call(k, rq, arena, ret, err);
    if (n == crash_at("after")) {
        crash(k, rq, "after");
    }
    return rc;
}
