// SPDX-License-Identifier: Apache-2.0
#include "common/kube/span.h"

#include "common/json/view.h"
#include "tests/unit/unit.h"

static void expect(struct strview got, const char *want)
{
    ck_assert_msg(want == NULL ? !sv_present(got) : sv_present(got) && sv_eq_lit(got, want),
                  "got \"%.*s\", not \"%s\"", SV_ARG(got), want != NULL ? want : "(absent)");
}

START_TEST(span__a_member_is_found_with_its_whole_value)
{
    struct strview t = SV(" {\"a\" : 1 , \"b\":{\"a\":[2,\"}\\\"\"]}, \"c\":\"x\\\\\",\"d\":null}");
    expect(span_member(t, SV("a")), "1");
    expect(span_member(t, SV("b")), "{\"a\":[2,\"}\\\"\"]}");
    expect(span_member(t, SV("c")), "\"x\\\\\"");
    expect(span_member(t, SV("d")), "null");
    expect(span_member(t, SV("e")), NULL);
    expect(span_member(span_member(t, SV("b")), SV("a")), "[2,\"}\\\"\"]");
}
END_TEST

START_TEST(span__what_is_no_object_has_no_members)
{
    static const char *const bad[] = {"",          "[]",          "1",     "{",
                                      "{\"a\"",    "{\"a\":",     "{a:1}", "{\"a\" 1}",
                                      "{\"x\":\"", "{\"x\":[1,2", "{\"x\\"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        expect(span_member(sv_from(bad[i]), SV("a")), NULL);
    }
    expect(span_member(SV_NONE, SV("a")), NULL);
}
END_TEST

START_TEST(span__elements_come_one_by_one)
{
    struct strview rest = SV("[1, {\"a\":[2]} ,\"x,]\",[]]");
    struct strview e;
    bool broken = false;
    const char *const want[] = {"1", "{\"a\":[2]}", "\"x,]\"", "[]"};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        ck_assert(span_next(&rest, &e, &broken));
        expect(e, want[i]);
    }
    ck_assert(!span_next(&rest, &e, &broken));
    ck_assert(!broken);
    rest = SV("[ ]");
    ck_assert(!span_next(&rest, &e, &broken));
    ck_assert(!broken);
}
END_TEST

START_TEST(span__a_broken_array_says_so)
{
    static const char *const bad[] = {"", "{}", "[1", "[1,", "[1 2]", "[\"a"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct strview rest = sv_from(bad[i]);
        struct strview e;
        bool broken = false;
        int rounds = 0;
        while (span_next(&rest, &e, &broken)) {
            ck_assert_int_lt(++rounds, 10);
        }
        ck_assert_msg(broken, "%s", bad[i]);
    }
}
END_TEST

static void cleaned(const char *object, const char *want)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4096);
    span_put_object(&b, sv_from(object));
    expect(strbuf_view(&b), want);
}

START_TEST(span__managed_fields_are_left_out)
{
    cleaned(
        "{\"metadata\":{\"name\":\"a\",\"managedFields\":[{\"x\":1}],\"uid\":\"u\"},\"spec\":1}",
        "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"},\"spec\":1}");
    cleaned("{\"metadata\":{\"name\":\"a\", \"managedFields\":[{}]},\"spec\":1}",
            "{\"metadata\":{\"name\":\"a\"},\"spec\":1}");
    cleaned("{\"metadata\":{\"managedFields\":[] , \"name\":\"a\"}}",
            "{\"metadata\":{ \"name\":\"a\"}}");
    cleaned("{\"metadata\":{\"managedFields\":[]}}", "{\"metadata\":{}}");
    cleaned("{\"spec\":{\"metadata\":{\"managedFields\":[]}}}",
            "{\"spec\":{\"metadata\":{\"managedFields\":[]}}}");
}
END_TEST

START_TEST(span__large_numbers_stay_as_they_are)
{
    cleaned("{\"spec\":{\"n\":9007199254740993,\"f\":1.10}}",
            "{\"spec\":{\"n\":9007199254740993,\"f\":1.10}}");
}
END_TEST

START_TEST(span__a_nul_in_a_string_becomes_a_replacement_character)
{
    cleaned("{\"a\":\"x\\u0000y\"}", "{\"a\":\"x\\ufffdy\"}");
    cleaned("{\"a\":\"x\\\\u0000y\"}", "{\"a\":\"x\\\\u0000y\"}");
    cleaned("{\"a\":\"\\\\\\u0000\"}", "{\"a\":\"\\\\\\ufffd\"}");
}
END_TEST

START_TEST(span__members_are_walked_in_order)
{
    struct strview rest = SV(" {\"a\":1 , \"b\\\\\":{\"x\":\"}\\\"\"},\"c\":[] } ");
    static const char *const EXPECTED[][2] = {
        {"a", "1"}, {"b\\\\", "{\"x\":\"}\\\"\"}"}, {"c", "[]"}};
    struct strview key;
    struct strview value;
    for (size_t i = 0; i < ARRAY_LEN(EXPECTED); i++) {
        ck_assert(span_next_member(&rest, &key, &value));
        ck_assert(sv_eq(key, sv_from(EXPECTED[i][0])));
        ck_assert(sv_eq(value, sv_from(EXPECTED[i][1])));
    }
    ck_assert(!span_next_member(&rest, &key, &value));
    static const char *const NONE[] = {"", "{}", "[1]", "{1:2}", "{\"a\"", "{\"a\":\"x", " "};
    for (size_t i = 0; i < ARRAY_LEN(NONE); i++) {
        rest = sv_from(NONE[i]);
        ck_assert(!span_next_member(&rest, &key, &value));
    }
    rest = SV_NONE;
    ck_assert(!span_next_member(&rest, &key, &value));
}
END_TEST

UNIT_MAIN(NULL, NULL, span__a_member_is_found_with_its_whole_value,
          span__what_is_no_object_has_no_members, span__elements_come_one_by_one,
          span__a_broken_array_says_so, span__managed_fields_are_left_out,
          span__large_numbers_stay_as_they_are,
          span__a_nul_in_a_string_becomes_a_replacement_character,
          span__members_are_walked_in_order)
