// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/violation.h"

#include "common/base/mem.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct violations v;

static void setup(void)
{
    arena = ARENA((size_t)1 << 20);
    v = VIOLATIONS(&arena, 100);
}

static void teardown(void)
{
    (void)mem_fail_after(0);
    arena_done(&arena);
}

static const struct path spec = {.kind = PATH_FIELD, .key = SV_INIT("spec")};
static const struct path image = {.up = &spec, .kind = PATH_FIELD, .key = SV_INIT("image")};

START_TEST(violation__messages_read_as_the_api_server_writes_them)
{
    static const struct {
        enum cause_reason reason;
        struct strview value;
        const char *detail, *message, *name;
    } rows[] = {
        {CAUSE_INVALID, SV_INIT("\"x\""), "must be y", "Invalid value: \"x\": must be y",
         "FieldValueInvalid"},
        {CAUSE_TYPE_INVALID, SV_INIT("\"x\""), "must be of type integer: \"string\"",
         "Invalid value: \"x\": must be of type integer: \"string\"", "FieldValueTypeInvalid"},
        {CAUSE_NOT_SUPPORTED, SV_INIT("\"x\""), "supported values: \"a\", \"b\"",
         "Unsupported value: \"x\": supported values: \"a\", \"b\"", "FieldValueNotSupported"},
        {CAUSE_DUPLICATE, SV_INIT("\"x\""), "", "Duplicate value: \"x\"", "FieldValueDuplicate"},
        {CAUSE_NOT_FOUND, SV_INIT("\"x\""), "", "Not found: \"x\"", "FieldValueNotFound"},
        {CAUSE_TOO_LONG, SV_INIT("9"), "", "Too long: 9", "FieldValueTooLong"},
        {CAUSE_TOO_MANY, SV_INIT("9"), "at most 8", "Too many: 9: at most 8", "FieldValueTooMany"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        violation_deny(&v, "rule", rows[i].reason, &image, rows[i].value, "%s", rows[i].detail);
        const struct violation *it = &v.items[v.count - 1];
        ck_assert_str_eq(it->message.ptr, rows[i].message);
        ck_assert_str_eq(it->path.ptr, "spec.image");
        ck_assert_str_eq(it->rule, "rule");
        ck_assert_int_eq(it->severity, SEVERITY_DENY);
        ck_assert_str_eq(cause_reason_name(it->reason), rows[i].name);
    }
    ck_assert_uint_eq(v.denials, ARRAY_LEN(rows));
}
END_TEST

START_TEST(violation__without_a_value_the_reason_leads)
{
    violation_deny(&v, "r", CAUSE_FORBIDDEN, &image, SV_NONE, "is fixed since %s", "creation");
    violation_deny(&v, "r", CAUSE_REQUIRED, &image, SV_NONE, "%s", "");
    ck_assert_str_eq(v.items[0].message.ptr, "Forbidden: is fixed since creation");
    ck_assert_str_eq(v.items[1].message.ptr, "Required value");
    ck_assert(!sv_present(v.items[0].value));
}
END_TEST

START_TEST(violation__warnings_are_no_denials)
{
    violation_warn(&v, "r", &image, "has %d layers", 3);
    ck_assert_uint_eq(v.count, 1);
    ck_assert_uint_eq(v.denials, 0);
    ck_assert_int_eq(v.items[0].severity, SEVERITY_WARN);
    ck_assert_str_eq(v.items[0].message.ptr, "has 3 layers");
}
END_TEST

START_TEST(violation__beyond_the_limit_they_are_counted)
{
    for (int i = 0; i < 150; i++) {
        violation_deny(&v, "r", CAUSE_INVALID, NULL, SV_NONE, "fault %d", i);
    }
    ck_assert_uint_eq(v.count, 100);
    ck_assert_uint_eq(v.dropped, 50);
    ck_assert_uint_eq(v.denials, 150);
    ck_assert_str_eq(v.items[99].message.ptr, "Invalid value: fault 99");
}
END_TEST

START_TEST(violation__in_a_full_list_denials_take_the_place_of_warnings)
{
    v.max = 3;
    for (int i = 0; i < 5; i++) {
        violation_warn(&v, "w", &spec, "warning %d", i);
    }
    for (int i = 0; i < 5; i++) {
        violation_deny(&v, "d", CAUSE_INVALID, &spec, SV_NONE, "denial %d", i);
    }
    ck_assert_uint_eq(v.count, 3);
    ck_assert_uint_eq(v.denials, 5);
    ck_assert_uint_eq(v.dropped, 7);
    static const char *const messages[] = {"denial 2", "denial 1", "denial 0"};
    for (size_t i = 0; i < v.count; i++) {
        ck_assert_int_eq(v.items[i].severity, SEVERITY_DENY);
        ck_assert(sv_find(v.items[i].message, sv_from(messages[i])) != SIZE_MAX);
    }
}
END_TEST

START_TEST(violation__a_denial_takes_a_warnings_place_before_that_of_an_audit_finding)
{
    v.max = 2;
    (void)violation_report(&v, SEVERITY_AUDIT, "a", SV("p"), CAUSE_INVALID, &spec, SV_NONE,
                           "audit");
    violation_warn(&v, "w", &spec, "warning");
    (void)violation_report(&v, SEVERITY_AUDIT, "a", SV("p"), CAUSE_INVALID, &spec, SV_NONE, "late");
    violation_deny(&v, "d", CAUSE_INVALID, &spec, SV_NONE, "first");
    ck_assert_int_eq(v.items[0].severity, SEVERITY_AUDIT);
    ck_assert_int_eq(v.items[1].severity, SEVERITY_DENY);
    violation_deny(&v, "d", CAUSE_INVALID, &spec, SV_NONE, "second");
    ck_assert_int_eq(v.items[0].severity, SEVERITY_DENY);
    ck_assert_uint_eq(v.audits, 2);
    ck_assert_uint_eq(v.denials, 2);
    ck_assert_uint_eq(v.dropped, 3);
}
END_TEST

START_TEST(violation__a_policys_finding_ends_in_the_policy_and_the_rule)
{
    (void)violation_report(&v, SEVERITY_WARN, "images.allowed", SV("prod"), CAUSE_FORBIDDEN, &image,
                           SV("\"x\""), "not among %s", "a");
    ck_assert_str_eq(v.items[0].message.ptr,
                     "Forbidden: \"x\": not among a (policy prod, images.allowed)");
    ck_assert(sv_eq(v.items[0].policy, SV("prod")));
    (void)violation_report(&v, SEVERITY_DENY, "iamRoles.account", SV_NONE, CAUSE_FORBIDDEN, &image,
                           SV_NONE, "is another's");
    ck_assert_str_eq(v.items[1].message.ptr, "Forbidden: is another's");
    ck_assert_uint_eq(v.denials, 1);
}
END_TEST

START_TEST(violation__without_memory_a_denial_still_counts)
{
    for (size_t n = 1; n < 10; n++) {
        arena_done(&arena);
        v = VIOLATIONS(&arena, 100);
        (void)mem_fail_after(n);
        violation_deny(&v, "r", CAUSE_INVALID, &image, SV("\"x\""), "must be %s", "y");
        violation_warn(&v, "r", &image, "text");
        (void)mem_fail_after(0);
        ck_assert_uint_eq(v.denials, 1);
        ck_assert_uint_eq(v.count + v.dropped, 2);
    }
}
END_TEST

START_TEST(violation__long_messages_and_paths_are_cut)
{
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const struct path longish = PATH_FIELD_OF(&image, sv_from(text));
    violation_deny(&v, "r", CAUSE_INVALID, &longish, SV("1"), "%s", text);
    ck_assert_uint_lt(v.items[0].message.len, 1100);
    ck_assert_uint_le(v.items[0].path.len, 1024);
    ck_assert(sv_starts(v.items[0].path, SV("spec.image")));
}
END_TEST

START_TEST(violation__quotes_show_what_cannot_be_seen)
{
    static const struct {
        struct strview s;
        const char *text;
    } rows[] = {
        {SV_INIT(""), "\"\""},
        {SV_INIT("a\"b\\c"), "\"a\\\"b\\\\c\""},
        {SV_INIT("a\nb\x7f"), "\"a\\x0a"
                              "b\\x7f\""},
        {SV_INIT("\xc3\xa9"), "\"\xc3\xa9\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_str_eq(violation_quote(&arena, rows[i].s).ptr, rows[i].text);
    }
}
END_TEST

START_TEST(violation__quotes_are_cut_between_characters)
{
    char text[101];
    memset(text, 'a', sizeof(text) - 1);
    text[100] = '\0';
    ck_assert_uint_eq(violation_quote(&arena, sv_make(text, 64)).len, 66);
    ck_assert(sv_ends(violation_quote(&arena, sv_make(text, 64)), SV("aa\"")));
    ck_assert(sv_ends(violation_quote(&arena, sv_from(text)), SV("aa\xe2\x80\xa6\"")));
    // A character of three bytes from byte 62 to 64 does not fit into the 64.
    memcpy(text + 62, "\xe2\x82\xac", 3);
    struct strview cut = violation_quote(&arena, sv_from(text));
    ck_assert(sv_ends(cut, SV("aa\xe2\x80\xa6\"")));
    ck_assert_uint_eq(cut.len, 1 + 62 + 3 + 1);
}
END_TEST

static struct strview show(const char *text)
{
    const struct json *value;
    struct err err;
    ck_assert_int_eq(json_parse(sv_from(text), &JSON_LIMITS_DEFAULT, &arena, &value, &err), 0);
    return violation_show(&arena, value);
}

START_TEST(violation__scalars_show_themselves_and_others_what_they_are)
{
    ck_assert(sv_eq(show("\"a\""), SV("\"a\"")));
    ck_assert(sv_eq(show("1.50"), SV("1.5")));
    ck_assert(sv_eq(show("-7"), SV("-7")));
    ck_assert(sv_eq(show("true"), SV("true")));
    ck_assert(sv_eq(show("null"), SV("null")));
    ck_assert(sv_eq(show("[1]"), SV("\"array\"")));
    ck_assert(sv_eq(show("{}"), SV("\"object\"")));
}
END_TEST

START_TEST(violation__what_was_there_before_becomes_a_warning)
{
    static const struct {
        const char *rule, *policy, *value, *whole;
        bool warned;
    } rows[] = {
        {"r", "p", "1", "", true},  {"other", "p", "1", "", false}, {"r", "q", "1", "", false},
        {"r", "p", "2", "", false}, {"r", "p", "1", "x", false},
    };
    struct violations before = VIOLATIONS(&arena, 100);
    struct violation *it = violation_report(&before, SEVERITY_DENY, "r", SV("p"), CAUSE_INVALID,
                                            &image, SV("1"), "%s", "no");
    it->whole = SV("");
    (void)violation_report(&before, SEVERITY_WARN, "r", SV("p"), CAUSE_INVALID, &image, SV("2"),
                           "%s", "no");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        it = violation_report(&v, SEVERITY_DENY, rows[i].rule, sv_from(rows[i].policy),
                              CAUSE_INVALID, &image, sv_from(rows[i].value), "%s", "no");
        it->whole = sv_from(rows[i].whole);
    }
    violation_deny(&v, "r", CAUSE_INVALID, &spec, SV("1"), "%s", "elsewhere");
    violations_ratchet(&v, &before);
    for (size_t i = 0; i < v.count; i++) {
        bool warned = i < ARRAY_LEN(rows) && rows[i].warned;
        ck_assert_msg((v.items[i].severity == SEVERITY_WARN) == warned, "row %zu", i);
    }
    ck_assert_uint_eq(v.denials, ARRAY_LEN(rows));
}
END_TEST

START_TEST(violation__what_is_alone_is_never_the_same_again)
{
    struct violations before = VIOLATIONS(&arena, 100);
    struct violations *const lists[] = {&v, &before};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        violation_report(lists[i], SEVERITY_DENY, "r", SV_NONE, CAUSE_TOO_MANY, &spec, SV("many"),
                         "%s", "no")
            ->alone = true;
    }
    violations_ratchet(&v, &before);
    ck_assert_uint_eq(v.denials, 1);
}
END_TEST

UNIT_MAIN(setup, teardown, violation__what_was_there_before_becomes_a_warning,
          violation__what_is_alone_is_never_the_same_again,
          violation__messages_read_as_the_api_server_writes_them,
          violation__without_a_value_the_reason_leads, violation__warnings_are_no_denials,
          violation__beyond_the_limit_they_are_counted,
          violation__in_a_full_list_denials_take_the_place_of_warnings,
          violation__a_denial_takes_a_warnings_place_before_that_of_an_audit_finding,
          violation__a_policys_finding_ends_in_the_policy_and_the_rule,
          violation__without_memory_a_denial_still_counts,
          violation__long_messages_and_paths_are_cut, violation__quotes_show_what_cannot_be_seen,
          violation__quotes_are_cut_between_characters,
          violation__scalars_show_themselves_and_others_what_they_are)
