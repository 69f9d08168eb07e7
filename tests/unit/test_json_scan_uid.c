// SPDX-License-Identifier: Apache-2.0
#include "common/json/strict.h"

#include <stdio.h>

#include "common/base/strbuf.h"
#include "tests/unit/unit.h"

#define UID "705ab4f5-6393-11e8-b7cc-42010a800002"

static void expect(const char *text, const char *uid)
{
    struct strview found = json_scan_uid(sv_from(text));
    ck_assert_msg(sv_present(found) == (uid != NULL) && sv_eq(found, sv_from(uid)),
                  "%s gives '%.*s'", text, SV_ARG(found));
}

START_TEST(scan_uid__is_found_before_the_fault)
{
    expect("{\"request\":{\"uid\":\"" UID "\",\"object\":{,}}}", UID);
    expect(" {\"kind\":\"AdmissionReview\" ,\n \"request\" : { \"uid\" : \"" UID "\"", UID);
    expect("{\"request\":{\"object\":{\"uid\":\"no\"},\"uid\":\"yes-1\"", "yes-1");
    expect("{\"request\":{\"kinds\":[{\"uid\":\"no\"},[]],\"uid\":\"yes-1\"", "yes-1");
    expect("{\"a\":1,\"a\":2,\"request\":{\"uid\":\"Z9\"}}", "Z9");
}
END_TEST

START_TEST(scan_uid__is_found_behind_the_fault)
{
    expect("{\"a\":[01,tru,\"\x01\"],\"request\":{\"uid\":\"" UID "\"}}", UID);
    expect("{\"a\":\"\\\"request\\\\\",\"request\":{\"uid\":\"u\"}}", "u");
}
END_TEST

START_TEST(scan_uid__of_other_objects_is_not_taken)
{
    expect("{\"uid\":\"no\"}", NULL);
    expect("{\"object\":{\"uid\":\"no\"}}", NULL);
    expect("{\"x\":{\"request\":{\"uid\":\"no\"}}}", NULL);
    expect("{\"request\":[{\"uid\":\"no\"}]}", NULL);
    expect("{\"request\":[\"uid\",\"no\"],\"x\":{\"uid\":\"no\"}}", NULL);
    expect("{\"request\":{},\"x\":{\"uid\":\"no\"}}", NULL);
    expect("{\"request\":{\"uid\":{\"uid\":\"no\"}}}", NULL);
    expect("[{\"request\":{\"uid\":\"no\"}}]", NULL);
    expect("{\"note\":\"\\\"request\\\":{\\\"uid\\\":\\\"no\\\"\"}", NULL);
}
END_TEST

START_TEST(scan_uid__of_other_characters_is_not_taken)
{
    expect("{\"request\":{\"uid\":\"\"}}", NULL);
    expect("{\"request\":{\"uid\":\"a b\"}}", NULL);
    expect("{\"request\":{\"uid\":\"a\\u0041\"}}", NULL);
    expect("{\"request\":{\"uid\":\"a\\\"b\"}}", NULL);
    expect("{\"request\":{\"uid\":\"\xc3\xa9\"}}", NULL);
    expect("{\"request\":{\"uid\":\"a\nb\"}}", NULL);
    expect("{\"request\":{\"uid\":7}}", NULL);
    expect("{\"request\":{\"uid\":\"cut", NULL);
}
END_TEST

START_TEST(scan_uid__has_at_most_128_characters)
{
    char text[200], uid[130];
    memset(uid, 'a', sizeof(uid));
    uid[128] = '\0';
    snprintf(text, sizeof(text), "{\"request\":{\"uid\":\"%s\"}}", uid);
    expect(text, uid);
    uid[128] = 'a';
    uid[129] = '\0';
    snprintf(text, sizeof(text), "{\"request\":{\"uid\":\"%s\"}}", uid);
    expect(text, NULL);
}
END_TEST

START_TEST(scan_uid__is_looked_for_in_the_first_64_kib)
{
    for (int far = 0; far < 2; far++) {
        CLEANUP(strbuf_done) struct strbuf b = STRBUF(200000);
        strbuf_put_char(&b, '{');
        for (size_t size = far ? 66000 : 65000; b.len < size;) {
            strbuf_put_str(&b, "\"a\":[1],");
        }
        strbuf_put_str(&b, "\"request\":{\"uid\":\"u\"}}");
        expect(b.ptr, far ? NULL : "u");
    }
}
END_TEST

START_TEST(scan_uid__of_any_text_ends)
{
    const char *text = "{\"a\":\"\\\\\",\"request\":{\"x\":[{}],\"uid\":\"" UID "\"}}";
    for (size_t len = 0; len <= strlen(text); len++) {
        char *copy = malloc(len != 0 ? len : 1);
        memcpy(copy, text, len);
        struct strview uid = json_scan_uid(sv_make(copy, len));
        ck_assert(!sv_present(uid) || sv_eq(uid, SV(UID)));
        free(copy);
    }
    expect("", NULL);
    expect("}}}}", NULL);
    expect("{}}}\"request\":{\"uid\":\"no\"}", NULL);
    expect("{\"", NULL);
    expect("{\"\\", NULL);
    ck_assert(!sv_present(json_scan_uid(SV_NONE)));
}
END_TEST

UNIT_MAIN(NULL, NULL, scan_uid__is_found_before_the_fault, scan_uid__is_found_behind_the_fault,
          scan_uid__of_other_objects_is_not_taken, scan_uid__of_other_characters_is_not_taken,
          scan_uid__has_at_most_128_characters, scan_uid__is_looked_for_in_the_first_64_kib,
          scan_uid__of_any_text_ends)
