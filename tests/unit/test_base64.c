// SPDX-License-Identifier: Apache-2.0
#include "common/base/base64.h"

#include "tests/unit/unit.h"

// RFC 4648 section 10, and bytes that use the last two digits.
static const struct {
    struct strview bytes;
    const char *text;
} ROWS[] = {
    {SV_INIT(""), ""},
    {SV_INIT("f"), "Zg=="},
    {SV_INIT("fo"), "Zm8="},
    {SV_INIT("foo"), "Zm9v"},
    {SV_INIT("foob"), "Zm9vYg=="},
    {SV_INIT("fooba"), "Zm9vYmE="},
    {SV_INIT("foobar"), "Zm9vYmFy"},
    {SV_INIT("\xff\xef\xbe\0"), "/+++AA=="},
};

START_TEST(base64__bytes_go_there_and_back)
{
    CLEANUP(arena_done) struct arena a = ARENA(4096);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
        struct strview back;
        base64_put(&b, ROWS[i].bytes);
        ck_assert(sv_eq_lit(strbuf_view(&b), ROWS[i].text));
        ck_assert(base64_decode(sv_from(ROWS[i].text), &a, &back));
        ck_assert(sv_present(back) && sv_eq(back, ROWS[i].bytes));
    }
}
END_TEST

START_TEST(base64__what_is_not_base64_is_refused)
{
    static const char *const rows[] = {"Z",        "Zg",   "Zg=",  "Zh==", "Zm9=",
                                       "Zg==Zg==", "Z===", "====", "Zm 9", "Zm9v\n",
                                       "Zm-_",     "=Zm9", "Zm=9", "Zm9vé"};
    CLEANUP(arena_done) struct arena a = ARENA(4096);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strview back;
        ck_assert_msg(!base64_decode(sv_from(rows[i]), &a, &back), "%s", rows[i]);
    }
}
END_TEST

START_TEST(base64__a_full_buffer_fails_whole)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(7);
    CLEANUP(arena_done) struct arena a = ARENA(2);
    struct strview back = SV("x");
    base64_put(&b, SV("foobar"));
    ck_assert(!strbuf_ok(&b));
    ck_assert(base64_decode(SV("Zm9vYmFy"), &a, &back));
    ck_assert(!sv_present(back));
}
END_TEST

UNIT_MAIN(NULL, NULL, base64__bytes_go_there_and_back, base64__what_is_not_base64_is_refused,
          base64__a_full_buffer_fails_whole)
