// SPDX-License-Identifier: Apache-2.0
// The review alone, without TLS and sockets, for a profiler: judges a body N times and prints the
// CPU time of one review. Under callgrind a few rounds do:
//   profile validate dev/bench/bodies/create-large.json 20000
//   valgrind --tool=callgrind build/release/tools/profile validate BODY 20
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/os_file.h"
#include "common/base/parse_num.h"
#include "common/json/view.h"
#include "webhook/review.h"

#define BODY_MAX   ((size_t)8 << 20)
#define ARENA_KEEP ((size_t)512 << 10)

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    CLEANUP(strbuf_done) struct strbuf body = STRBUF(BODY_MAX);
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
    CLEANUP(arena_done) struct arena arena = ARENA(REVIEW_ARENA_MAX);
    struct err err;
    uint64_t rounds;
    if (argc != 4 || !parse_u64(sv_from(argv[3]), &rounds) || rounds == 0) {
        fprintf(stderr, "usage: profile mutate|validate BODY_FILE ROUNDS\n");
        return 2;
    }
    if (os_file_read(argv[2], BODY_MAX, &body, &err) != 0) {
        fprintf(stderr, "profile: %s\n", err.msg);
        return 1;
    }
    enum review_kind kind = strcmp(argv[1], "mutate") == 0 ? REVIEW_MUTATE : REVIEW_VALIDATE;
    struct review_result result = {.verdict = REVIEW_ERROR};
    size_t used = 0;
    double begin = cpu_us();
    for (uint64_t i = 0; i < rounds; i++) {
        arena_reset(&arena, ARENA_KEEP);
        strbuf_reset(&out);
        review_run(&(struct review_context){0}, strbuf_view(&body), kind, &arena, &out, &result);
        used = arena.used;
    }
    printf("%8.2f us a review, %zu bytes of arena: %s\n", (cpu_us() - begin) / (double)rounds, used,
           review_verdict_name(result.verdict));
    return 0;
}
