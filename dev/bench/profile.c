// SPDX-License-Identifier: Apache-2.0
// The review alone, without TLS and sockets, for a profiler: judges a body N times and prints the
// CPU time of one review. POLICIES: what make_policies.py prints. Under callgrind a few rounds do:
//   profile validate dev/bench/bodies/create-large.json 20000 [POLICIES]
//   valgrind --tool=callgrind build/release/tools/profile validate BODY 20
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/os_file.h"
#include "common/base/parse_num.h"
#include "common/json/view.h"
#include "common/policy/policy.h"
#include "common/policy/set.h"
#include "webhook/review.h"

#define BODY_MAX   ((size_t)8 << 20)
#define ARENA_KEEP ((size_t)512 << 10)
#define POLICY_MAX ((size_t)64 << 20)

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/// The policies of FILE, compiled into ARENA.
static int read_policies(const char *file, struct arena *arena, struct policy_set *ret,
                         struct err *err)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(BODY_MAX);
    const struct json *list = NULL;
    if (os_file_read(file, BODY_MAX, &text, err) != 0 ||
        json_parse(strbuf_view(&text), &JSON_LIMITS_DEFAULT, arena, &list, err) != 0) {
        return -1;
    }
    size_t n = 0;
    const struct policy **all = ARENA_NEW_N(arena, const struct policy *, POLICY_SET_MAX);
    json_each(it, json_get_lit(list, "items")) {
        struct violations faults = VIOLATIONS(arena, 1);
        struct flink_policy *decoded = ARENA_NEW(arena, struct flink_policy);
        if (all == NULL || decoded == NULL || n == POLICY_SET_MAX) {
            return err_set(err, E_NOMEM, "too many policies");
        }
        policy_decode(it, decoded, &faults);
        all[n] = policy_compile(decoded, arena, &faults);
        if (all[n++] == NULL || faults.denials != 0) {
            return err_set(err, E_INVALID, "policy %zu has a fault", n);
        }
    }
    return policy_set_make(all, n, arena, ret, err);
}

int main(int argc, char **argv)
{
    CLEANUP(strbuf_done) struct strbuf body = STRBUF(BODY_MAX);
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
    CLEANUP(arena_done) struct arena arena = ARENA(REVIEW_ARENA_MAX);
    CLEANUP(arena_done) struct arena policies = ARENA(POLICY_MAX);
    struct policy_set set = {.n = 0};
    struct err err;
    uint64_t rounds;
    if (argc < 4 || argc > 5 || !parse_u64(sv_from(argv[3]), &rounds) || rounds == 0) {
        fprintf(stderr, "usage: profile mutate|validate BODY_FILE ROUNDS [POLICIES]\n");
        return 2;
    }
    if (os_file_read(argv[2], BODY_MAX, &body, &err) != 0 ||
        (argc == 5 && read_policies(argv[4], &policies, &set, &err) != 0)) {
        fprintf(stderr, "profile: %s\n", err.msg);
        return 1;
    }
    enum review_kind kind = strcmp(argv[1], "mutate") == 0 ? REVIEW_MUTATE : REVIEW_VALIDATE;
    struct review_context context = {.policies = &set};
    struct review_result result = {.verdict = REVIEW_ERROR};
    size_t used = 0;
    double begin = cpu_us();
    for (uint64_t i = 0; i < rounds; i++) {
        arena_reset(&arena, ARENA_KEEP);
        strbuf_reset(&out);
        review_run(&context, strbuf_view(&body), kind, &arena, &out, &result);
        used = arena.used;
    }
    printf("%8.2f us a review, %zu bytes of arena: %s\n", (cpu_us() - begin) / (double)rounds, used,
           review_verdict_name(result.verdict));
    if (result.verdict != REVIEW_ALLOWED || result.warnings != 0 || result.audits != 0) {
        fprintf(stderr, "%.*s\n", SV_ARG(strbuf_view(&out)));
    }
    return 0;
}
