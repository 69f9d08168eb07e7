// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "common/base/mem.h"
#include "common/base/strbuf.h"
#include "common/json/view.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct json_limits limits;

static void setup(void)
{
    arena = ARENA((size_t)256 << 20);
    limits = JSON_LIMITS_DEFAULT;
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    arena_done(&arena);
}

static const struct json *parse(const char *text)
{
    const struct json *tree = NULL;
    struct err err = {.code = E_OK};
    int result = json_parse(sv_from(text), &limits, &arena, &tree, &err);
    ck_assert_msg(result == 0, "%.100s: %s", text, err.msg);
    return tree;
}

static const struct {
    const char *a, *b;
    bool equal;
} rows[] = {
    {"1", "1.0", true},
    {"0", "-0", true},
    {"1", "2", false},
    {"1", "\"1\"", false},
    {"null", "false", false},
    {"true", "true", true},
    {"true", "false", false},
    {"\"\\u0061\"", "\"a\"", true},
    {"\"a\"", "\"b\"", false},
    {"[]", "{}", false},
    {"[1,2]", "[1,2]", true},
    {"[1,2]", "[2,1]", false},
    {"[1,2]", "[1,2,3]", false},
    {"{}", "{}", true},
    {"{\"a\":1}", "{\"a\":2}", false},
    {"{\"a\":1}", "{\"b\":1}", false},
    {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
    {"{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}", false},
    {"{\"x\":0,\"a\":1,\"b\":2}", "{\"x\":0,\"b\":2,\"c\":1}", false},
    {"{\"x\":{\"a\":[{\"p\":1,\"q\":2}]},\"y\":0}", "{\"y\":0,\"x\":{\"a\":[{\"q\":2,\"p\":1}]}}",
     true},
    {"{\"a\":null}", "{}", false},
};

START_TEST(equal__is_by_value)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json *a = parse(rows[i].a);
        const struct json *b = parse(rows[i].b);
        ck_assert_msg(json_equal(a, b) == rows[i].equal, "%s %s", rows[i].a, rows[i].b);
        ck_assert_msg(json_equal(b, a) == rows[i].equal, "%s %s", rows[i].b, rows[i].a);
        ck_assert(json_equal(a, a) && json_equal(b, b));
    }
}
END_TEST

START_TEST(equal__needs_no_memory_for_its_answer)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json *a = parse(rows[i].a);
        const struct json *b = parse(rows[i].b);
        for (size_t n = 1; n <= 3; n++) {
            (void)mem_fail_after(n);
            bool equal = json_equal(a, b);
            (void)mem_fail_after(0);
            ck_assert_msg(equal == rows[i].equal, "%s %s", rows[i].a, rows[i].b);
        }
    }
}
END_TEST

static char *numbered_keys(unsigned n, bool backwards)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF((size_t)8 << 20);
    strbuf_put_str(&b, "{");
    for (unsigned i = 0; i < n; i++) {
        strbuf_printf(&b, "%s\"key-number-%u\":0", i == 0 ? "" : ",", backwards ? n - 1 - i : i);
    }
    strbuf_put_str(&b, "}");
    return TAKE(b.ptr);
}

START_TEST(equal__objects_of_another_order_take_no_quadratic_time)
{
    char *forwards = numbered_keys(90000, false);
    char *backwards = numbered_keys(90000, true);
    clock_t from = clock();
    const struct json *a = parse(forwards), *b = parse(backwards);
    ck_assert(json_equal(a, b));
    ck_assert((double)(clock() - from) / CLOCKS_PER_SEC < 8);
    mem_free(forwards);
    mem_free(backwards);
}
END_TEST

START_TEST(equal__depth_does_not_double_the_time)
{
    // At each level an equal first member, then two of which the order differs.
    CLEANUP(strbuf_done) struct strbuf a = STRBUF((size_t)1 << 20);
    CLEANUP(strbuf_done) struct strbuf b = STRBUF((size_t)1 << 20);
    for (int i = 0; i < 60; i++) {
        strbuf_put_str(&a, "{\"p\":1,\"q\":2,\"x\":");
        strbuf_put_str(&b, "{\"q\":2,\"p\":1,\"x\":");
    }
    strbuf_put_str(&a, "0");
    strbuf_put_str(&b, "0");
    for (int i = 0; i < 60; i++) {
        strbuf_put_str(&a, ",\"y\":1,\"z\":2}");
        strbuf_put_str(&b, ",\"z\":2,\"y\":1}");
    }
    ck_assert(json_equal(parse(a.ptr), parse(b.ptr)));
    strbuf_reset(&a);
    strbuf_reset(&b);
    for (int i = 0; i < 60; i++) {
        strbuf_put_str(&a, "{\"x\":");
        strbuf_put_str(&b, "{\"x\":");
    }
    strbuf_put_str(&a, "0");
    strbuf_put_str(&b, "0");
    for (int i = 0; i < 60; i++) {
        strbuf_put_str(&a, ",\"y\":1,\"z\":2}");
        strbuf_put_str(&b, ",\"z\":2,\"y\":1}");
    }
    ck_assert(json_equal(parse(a.ptr), parse(b.ptr)));
}
END_TEST

UNIT_MAIN(setup, teardown, equal__is_by_value, equal__needs_no_memory_for_its_answer,
          equal__objects_of_another_order_take_no_quadratic_time,
          equal__depth_does_not_double_the_time)
