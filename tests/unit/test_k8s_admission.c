// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/admission.h"

#include "common/base/base64.h"
#include "tests/unit/k8s.h"

static const char GOOD[] =
    "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{"
    "\"uid\":\"u-1\",\"kind\":{\"group\":\"sluice.dev\",\"version\":\"v1beta1\",\"kind\":"
    "\"FlinkCluster\"},\"resource\":{\"group\":\"sluice.dev\",\"version\":\"v1beta1\",\"resource\":"
    "\"flinkclusters\"},\"subResource\":\"scale\",\"requestKind\":{\"group\":\"g\",\"version\":"
    "\"v\","
    "\"kind\":\"K\"},\"requestResource\":{\"group\":\"g\",\"version\":\"v\",\"resource\":\"r\"},"
    "\"requestSubResource\":\"s\",\"name\":\"n\",\"namespace\":\"ns\",\"operation\":\"UPDATE\","
    "\"userInfo\":{\"username\":\"bob\",\"groups\":[\"a\"]},\"object\":{\"a\":1},\"oldObject\":{"
    "\"a\":2},"
    "\"dryRun\":true,\"options\":{\"kind\":\"UpdateOptions\"}}}";

START_TEST(admission__every_member_is_read)
{
    struct admission_request r;
    ck_assert_int_eq(admission_decode(json_of(sv_from(GOOD)), &r, NULL), 0);
    ck_assert(sv_eq(r.uid, SV("u-1")) && sv_eq(r.kind.kind, SV("FlinkCluster")));
    ck_assert(sv_eq(r.kind.group, SV("sluice.dev")) && sv_eq(r.kind.version, SV("v1beta1")));
    ck_assert(sv_eq(r.resource.resource, SV("flinkclusters")));
    ck_assert(sv_eq(r.sub_resource, SV("scale")) && sv_eq(r.request_sub_resource, SV("s")));
    ck_assert(sv_eq(r.request_kind.kind, SV("K")) && sv_eq(r.request_resource.resource, SV("r")));
    ck_assert(sv_eq(r.name, SV("n")) && sv_eq(r.namespace_, SV("ns")));
    ck_assert(r.operation == ADMISSION_UPDATE && r.dry_run && sv_eq(r.username, SV("bob")));
    ck_assert(json_count(r.user_groups) == 1 && r.options != NULL);
    int64_t now, before;
    ck_assert(json_int(json_get_lit(r.object, "a"), &now) && now == 1);
    ck_assert(json_int(json_get_lit(r.old_object, "a"), &before) && before == 2);
}
END_TEST

#define ENVELOPE "\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\""
#define REQUEST(members)                                                                           \
    "{" ENVELOPE ",\"request\":{\"uid\":\"u\",\"kind\":{\"kind\":\"K\"}," members "}}"

START_TEST(admission__optional_members_may_be_absent_or_null)
{
    static const char *const rows[] = {
        REQUEST("\"operation\":\"CREATE\",\"object\":{}"),
        REQUEST(
            "\"operation\":\"CREATE\",\"object\":{},\"oldObject\":null,\"resource\":null,"
            "\"subResource\":null,\"requestKind\":null,\"requestResource\":null,\"name\":null,"
            "\"namespace\":null,\"userInfo\":null,\"dryRun\":null,\"options\":null,\"new\":[1]"),
        REQUEST("\"operation\":\"CREATE\",\"object\":{},\"userInfo\":{},\"resource\":{}"),
        REQUEST("\"operation\":\"DELETE\",\"oldObject\":{}"),
        REQUEST("\"operation\":\"CONNECT\""),
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct admission_request r;
        struct err err = {0};
        ck_assert_msg(admission_decode(json_of(sv_from(rows[i])), &r, &err) == 0, "%s", err.msg);
        ck_assert(sv_eq(r.request_kind.kind, SV("K")) && !r.dry_run && r.options == NULL);
        ck_assert(!sv_present(r.username) && r.user_groups == NULL);
    }
}
END_TEST

START_TEST(admission__a_malformed_review_is_told_under_its_uid)
{
    static const struct {
        const char *json;
        const char *uid; // NULL: can't be told
        const char *message;
    } rows[] = {
        {"7", NULL, "not an AdmissionReview: integer"},
        {"[]", NULL, "not an AdmissionReview: array"},
        {"{}", NULL, "kind must be AdmissionReview, not \"\""},
        {"{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/"
         "v1beta1\",\"request\":{\"uid\":\"u\"}}",
         "u", "apiVersion must be admission.k8s.io/v1, not \"admission.k8s.io/v1beta1\""},
        {"{" ENVELOPE "}", NULL, "request is missing"},
        {"{" ENVELOPE ",\"request\":null}", NULL, "request is missing"},
        {"{" ENVELOPE ",\"request\":[]}", NULL, "request must be an object"},
        {"{" ENVELOPE ",\"request\":{}}", NULL, "request.uid is missing"},
        {"{" ENVELOPE ",\"request\":{\"uid\":\"\"}}", NULL, "request.uid is missing"},
        {"{" ENVELOPE ",\"request\":{\"uid\":5}}", NULL,
         "request.uid must be a string, not integer"},
        {"{" ENVELOPE ",\"request\":{\"uid\":\"u\"}}", "u", "request.kind.kind is missing"},
        {"{" ENVELOPE ",\"request\":{\"uid\":\"u\",\"kind\":\"K\"}}", "u",
         "request.kind must be an object, not string"},
        {"{" ENVELOPE ",\"request\":{\"uid\":\"u\",\"kind\":{\"kind\":\"K\",\"group\":1}}}", "u",
         "request.kind.group must be a string, not integer"},
        {REQUEST("\"operation\":null"), "u", "request.operation is missing"},
        {REQUEST("\"operation\":\"PATCH\""), "u",
         "request.operation must be CREATE, UPDATE, DELETE or CONNECT, not \"PATCH\""},
        {REQUEST("\"operation\":\"CREATE\""), "u", "request.object is missing on CREATE"},
        {REQUEST("\"operation\":\"CREATE\",\"object\":\"x\""), "u",
         "request.object must be an object, not string"},
        {REQUEST("\"operation\":\"UPDATE\",\"object\":{}"), "u",
         "request.oldObject is missing on UPDATE"},
        {REQUEST("\"operation\":\"DELETE\""), "u", "request.oldObject is missing on DELETE"},
        {REQUEST("\"operation\":\"CONNECT\",\"name\":{}"), "u",
         "request.name must be a string, not object"},
        {REQUEST("\"operation\":\"CONNECT\",\"dryRun\":\"true\""), "u",
         "request.dryRun must be a boolean, not string"},
        {REQUEST("\"operation\":\"CONNECT\",\"userInfo\":{\"username\":[]}"), "u",
         "request.userInfo.username must be a string, not array"},
        {REQUEST("\"operation\":\"CONNECT\",\"userInfo\":{\"groups\":{}}"), "u",
         "request.userInfo.groups must be a list, not object"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct admission_request r;
        struct err err = {0};
        ck_assert_int_eq(admission_decode(json_of(sv_from(rows[i].json)), &r, &err), -1);
        ck_assert_str_eq(err.msg, rows[i].message);
        ck_assert(err.code == E_INVALID && err.detail == 400);
        ck_assert(sv_present(r.uid) == (rows[i].uid != NULL));
        ck_assert(rows[i].uid == NULL || sv_eq_lit(r.uid, rows[i].uid));
    }
    struct admission_request r;
    ck_assert_int_eq(admission_decode(NULL, &r, NULL), -1);
}
END_TEST

START_TEST(admission__a_uid_has_a_limit)
{
    char uid[ADMISSION_UID_MAX + 2];
    memset(uid, 'u', sizeof(uid) - 1);
    uid[sizeof(uid) - 1] = '\0';
    struct admission_request r;
    struct err err = {0};
    struct strview text = arena_printf(&arena, "{" ENVELOPE ",\"request\":{\"uid\":\"%s\"}}", uid);
    ck_assert_int_eq(admission_decode(json_of(text), &r, &err), -1);
    ck_assert_str_eq(err.msg, "request.uid must be no more than 256 bytes");
    ck_assert(!sv_present(r.uid));
}
END_TEST

static const char *text_of(const struct admission_response *r)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 20);
    admission_response_put(&b, r);
    ck_assert(strbuf_ok(&b));
    return arena_copy(&arena, strbuf_view(&b)).ptr;
}

static const struct json *response_of(const struct admission_response *r)
{
    return json_get_lit(json_of(sv_from(text_of(r))), "response");
}

START_TEST(admission__a_fresh_response_refuses)
{
    const struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    ck_assert_str_eq(text_of(&r),
                     "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                     "\"response\":{\"uid\":\"u\",\"allowed\":false,\"status\":{\"status\":"
                     "\"Failure\",\"code\":500,\"message\":\"no decision was made\"}}}");
}
END_TEST

START_TEST(admission__an_allowed_response_has_its_patch_in_base64)
{
    struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    r.allowed = true;
    r.patch = SV("[]");
    ck_assert_str_eq(text_of(&r),
                     "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                     "\"response\":{\"uid\":\"u\",\"allowed\":true}}");
    r.patch = SV("[{\"op\":\"add\",\"path\":\"/a\",\"value\":1}]");
    const struct json *got = response_of(&r);
    struct strview patch;
    ck_assert(sv_eq(json_get_string(got, SV("patchType")), SV("JSONPatch")));
    ck_assert(base64_decode(json_get_string(got, SV("patch")), &arena, &patch));
    ck_assert(sv_eq(patch, r.patch));
}
END_TEST

START_TEST(admission__a_refusal_never_carries_a_patch)
{
    struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    r.patch = SV("[{}]");
    r.code = 400;
    r.reason = "BadRequest";
    r.message = SV("why");
    const struct json *got = response_of(&r);
    ck_assert_ptr_null(json_get_lit(got, "patch"));
    ck_assert_ptr_null(json_get_lit(got, "patchType"));
    ck_assert(sv_eq(json_get_string(json_get_lit(got, "status"), SV("message")), SV("why")));
}
END_TEST

START_TEST(admission__denials_become_causes_and_warnings_warnings)
{
    struct violations v = VIOLATIONS(&arena, 10);
    const struct path a = PATH_FIELD_OF(NULL, SV("a"));
    violation_deny(&v, "r", CAUSE_REQUIRED, &a, SV_NONE, "one");
    violation_warn(&v, "r", &a, "two\nthree\xc2\x85\x7f");
    struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    const struct strview more[] = {SV("four")};
    r.violations = &v;
    r.kind = SV("K");
    r.warnings = more;
    r.warning_count = 1;
    const struct json *got = response_of(&r);
    int64_t code;
    ck_assert(json_int(json_get_path(got, "status", "code", NULL), &code) && code == 422);
    ck_assert_uint_eq(json_count(json_get_path(got, "status", "details", "causes", NULL)), 1);
    const struct json *warning = json_first(json_get_lit(got, "warnings"));
    ck_assert(sv_eq(json_string(warning), SV("a: two three   ")));
    ck_assert(sv_eq(json_string(json_next(warning)), SV("four")));
}
END_TEST

static size_t chars_of(struct strview s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

START_TEST(admission__a_policys_warning_is_cut_before_the_name_of_the_policy)
{
    struct violations v = VIOLATIONS(&arena, 1);
    const struct path at = PATH_FIELD_OF(NULL, SV("image"));
    (void)violation_report(
        &v, SEVERITY_WARN, "images.allowed", SV("prod"), CAUSE_INVALID, &at,
        SV("\"registry.example.com/team/(policy x)/a\""),
        "must match one of the patterns registry.example.com/flink/**, and others");
    // An audit finding is no warning, also when there was no room for it.
    (void)violation_report(&v, SEVERITY_AUDIT, "images.allowed", SV("prod"), CAUSE_INVALID, &at,
                           SV_NONE, "x");
    struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    r.allowed = true;
    r.violations = &v;
    const struct json *warnings = json_get_lit(response_of(&r), "warnings");
    ck_assert_uint_eq(json_count(warnings), 1);
    struct strview text = json_string(json_first(warnings));
    ck_assert(sv_starts(text, SV("image: Invalid value: \"registry.example.com/team")));
    ck_assert(sv_ends(text, SV("… (policy prod, images.allowed)")));
    ck_assert_uint_eq(text.len, ADMISSION_WARNING_MAX + 2);
}
END_TEST

START_TEST(admission__warnings_are_cut_and_counted)
{
    struct violations v = VIOLATIONS(&arena, 100);
    const struct path a = PATH_FIELD_OF(NULL, SV("a"));
    char text[512] = "";
    for (size_t i = 0; i + 2 < sizeof(text); i += 2) {
        memcpy(text + i, "é", 3);
    }
    for (size_t i = 0; i < 120; i++) {
        violation_warn(&v, "r", &a, "%s", text);
    }
    struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    r.allowed = true;
    r.violations = &v;
    const struct json *warnings = json_get_lit(response_of(&r), "warnings");
    size_t total = 0, n = 0;
    struct strview last = SV_NONE;
    json_each(w, warnings) {
        last = json_string(w);
        total += chars_of(last);
        n++;
        ck_assert_uint_le(chars_of(last), ADMISSION_WARNING_MAX);
    }
    ck_assert_uint_le(total, ADMISSION_WARNINGS_MAX);
    ck_assert_uint_eq(n, (4096 - 40) / 120 + 1);
    ck_assert(sv_eq(last, arena_printf(&arena, "and %zu more warnings", 120 - (n - 1))));
    ck_assert(sv_ends(json_string(json_first(warnings)), SV("é…")));
}
END_TEST

START_TEST(admission__audit_annotations_are_bounded)
{
    struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    static char value[ADMISSION_AUDIT_VALUE_BYTES + 2];
    memset(value, 'x', sizeof(value) - 1);
    memcpy(value + ADMISSION_AUDIT_VALUE_BYTES - 1, "é", 2);
    admission_audit_add(&r, "absent", SV_NONE);
    for (size_t i = 0; i < 20; i++) {
        admission_audit_add(&r, "rules", sv_make(value, sizeof(value) - 1));
    }
    ck_assert_uint_eq(r.audit_count, ADMISSION_AUDIT_MAX);
    r.audit_count = 1;
    struct strview got =
        json_string(json_get_path(response_of(&r), "auditAnnotations", "rules", NULL));
    ck_assert_uint_eq(got.len, ADMISSION_AUDIT_VALUE_BYTES - 1);
}
END_TEST

START_TEST(admission__a_full_buffer_is_told)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(64);
    const struct admission_response r = ADMISSION_RESPONSE(SV("u"));
    admission_response_put(&b, &r);
    ck_assert(!strbuf_ok(&b));
}
END_TEST

UNIT_MAIN(setup, teardown, admission__every_member_is_read,
          admission__optional_members_may_be_absent_or_null,
          admission__a_malformed_review_is_told_under_its_uid, admission__a_uid_has_a_limit,
          admission__a_fresh_response_refuses,
          admission__an_allowed_response_has_its_patch_in_base64,
          admission__a_refusal_never_carries_a_patch,
          admission__denials_become_causes_and_warnings_warnings,
          admission__a_policys_warning_is_cut_before_the_name_of_the_policy,
          admission__warnings_are_cut_and_counted, admission__audit_annotations_are_bounded,
          admission__a_full_buffer_is_told)
