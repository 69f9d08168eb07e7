// SPDX-License-Identifier: Apache-2.0
// A steady stream of reviews takes nothing from the heap: every allocation of this program is
// counted, the C library's own too.
#include "webhook/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/os_file.h"
#include "tests/unit/unit.h"

#ifndef SLUICE_SANITIZED // a sanitizer has an allocator of its own, and the arena none to spare

static size_t allocations;

// glibc's own names of what is replaced below.
void *__libc_malloc(size_t size);                 // NOLINT
void *__libc_calloc(size_t n, size_t size);       // NOLINT
void *__libc_realloc(void *p, size_t size);       // NOLINT
void *__libc_memalign(size_t align, size_t size); // NOLINT

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
    allocations++;
    return __libc_realloc(p, size);
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t align, size_t size)
{
    allocations++;
    return __libc_memalign(align, size);
}

static struct budget budget;

static void setup(void)
{
    budget = (struct budget){.max_small = (size_t)8 << 20, .max_large = (size_t)8 << 20};
}

/// A body of the benchmark, with FROM replaced by TO.
static void read_body(const char *name, const char *from, const char *to, struct strbuf *ret)
{
    CLEANUP(strbuf_done) struct strbuf path = STRBUF(4096), text = STRBUF(65536);
    struct err err;
    strbuf_printf(&path, "%s/dev/bench/bodies/%s.json", SLUICE_SOURCE_DIR, name);
    ck_assert_msg(os_file_read(path.ptr, 65536, &text, &err) == 0, "%s", err.msg);
    size_t at = sv_find(strbuf_view(&text), sv_from(from));
    ck_assert_uint_ne(at, SIZE_MAX);
    strbuf_put(ret, sv_sub(strbuf_view(&text), 0, at));
    strbuf_put_str(ret, to);
    strbuf_put(ret, sv_from_pos(strbuf_view(&text), at + strlen(from)));
}

/// Without check's assertions, which allocate.
static enum review_verdict review(enum review_kind kind, struct strview body, size_t size)
{
    struct review_result result;
    struct request *r = request_new(kind, size, &budget);
    ASSERT(r != NULL);
    for (size_t at = 0; at < body.len; at += 8192) {
        request_append(r, sv_sub(body, at, 8192), &budget);
    }
    ASSERT(request_review(r, &(struct review_context){0}, &result));
    request_free(r, &budget);
    return result.verdict;
}

static const struct {
    const char *body, *from, *to;
    enum review_kind kind;
    enum review_verdict verdict;
} CASES[] = {
    {"create-small", "\"CREATE\"", "\"CREATE\"", REVIEW_VALIDATE, REVIEW_ALLOWED},
    {"update-small", "\"UPDATE\"", "\"UPDATE\"", REVIEW_VALIDATE, REVIEW_ALLOWED},
    {"create-large", "\"CREATE\"", "\"CREATE\"", REVIEW_VALIDATE, REVIEW_ALLOWED},
    {"update-large", "\"UPDATE\"", "\"UPDATE\"", REVIEW_VALIDATE, REVIEW_ALLOWED},
    {"create-small", "\"CREATE\"", "\"CREATE\"", REVIEW_MUTATE, REVIEW_ALLOWED},
    {"update-large", "\"UPDATE\"", "\"UPDATE\"", REVIEW_MUTATE, REVIEW_ALLOWED},
    {"create-small", ",\"parallelism\":8", "", REVIEW_MUTATE, REVIEW_PATCHED},
    {"create-small", "\"slots\":2", "\"slots\":0", REVIEW_VALIDATE, REVIEW_DENIED},
    {"create-large", "\"flink-main-container\"", "\"another\"", REVIEW_VALIDATE, REVIEW_DENIED},
    {"create-large", "\"web.history\"", "\"web.histori\"", REVIEW_VALIDATE, REVIEW_ALLOWED},
    {"create-small", "{", "", REVIEW_VALIDATE, REVIEW_MALFORMED},
};

START_TEST(steady__a_stream_of_reviews_takes_nothing_from_the_heap)
{
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        CLEANUP(strbuf_done) struct strbuf body = STRBUF(65536);
        read_body(CASES[i].body, CASES[i].from, CASES[i].to, &body);
        for (int told = 0; told < 2; told++) {
            size_t size = told != 0 ? body.len : SIZE_MAX;
            for (int warm = 0; warm < 3; warm++) {
                enum review_verdict v = review(CASES[i].kind, strbuf_view(&body), size);
                ck_assert_msg(v == CASES[i].verdict, "case %zu: %s", i, review_verdict_name(v));
            }
            size_t before = allocations;
            for (int n = 0; n < 20; n++) {
                (void)review(CASES[i].kind, strbuf_view(&body), size);
            }
            ck_assert_msg(allocations == before, "case %zu: %zu allocations in 20 reviews", i,
                          allocations - before);
        }
    }
}
END_TEST

START_TEST(steady__what_a_large_review_took_is_given_back)
{
    CLEANUP(strbuf_done) struct strbuf body = STRBUF((size_t)4 << 20);
    read_body("create-small", "\"CREATE\"", "\"CREATE\"", &body);
    for (int i = 0; i < 1 << 20; i++) {
        strbuf_put_char(&body, ' ');
    }
    size_t before = allocations;
    ck_assert_int_eq(review(REVIEW_VALIDATE, strbuf_view(&body), body.len), REVIEW_ALLOWED);
    ck_assert_uint_gt(allocations, before);
    before = allocations;
    ck_assert_int_eq(review(REVIEW_VALIDATE, strbuf_view(&body), body.len), REVIEW_ALLOWED);
    ck_assert_uint_gt(allocations, before); // nothing of that size was kept
}
END_TEST

UNIT_MAIN(setup, NULL, steady__a_stream_of_reviews_takes_nothing_from_the_heap,
          steady__what_a_large_review_took_is_given_back)

#else

int main(void)
{
    puts("skipped: a sanitizer has an allocator of its own");
    return 0;
}

#endif
