// SPDX-License-Identifier: Apache-2.0
#include "common/refs/role.h"

#include <stdio.h>
#include <stdint.h>

#include "tests/unit/unit.h"

#define UUID "12345678-9abc-def0-1234-56789abcdef0"

static struct role role_of(const char *text)
{
    struct role r;
    const char *why = "";
    ck_assert_msg(role_parse(sv_from(text), &r, &why), "%s: %s", text, why);
    ck_assert(sv_eq_lit(r.text, text));
    return r;
}

START_TEST(role__good_identities_are_read_into_fields)
{
    static const struct {
        const char *text;
        enum role_form form;
        const char *partition, *account, *path, *name;
    } rows[] = {
        {"arn:aws:iam::123456789012:role/fraud", ROLE_AWS, "aws", "123456789012", "/", "fraud"},
        {"arn:aws:iam::123456789012:role/a/b/fraud", ROLE_AWS, "aws", "123456789012", "/a/b/",
         "fraud"},
        {"arn:aws-cn:iam::000000000000:role/A_+=,.@-9", ROLE_AWS, "aws-cn", "000000000000", "/",
         "A_+=,.@-9"},
        {"arn:aws-us-gov:iam::123456789012:role/x:y/z", ROLE_AWS, "aws-us-gov", "123456789012",
         "/x:y/", "z"},
        {"arn:aws-eusc:iam::123456789012:role/r", ROLE_AWS, "aws-eusc", "123456789012", "/", "r"},
        {"fraud-job@my-project.iam.gserviceaccount.com", ROLE_GCP, "", "my-project", "",
         "fraud-job"},
        {"abcdef@my-project.example.com.iam.gserviceaccount.com", ROLE_GCP, "",
         "my-project.example.com", "", "abcdef"},
        {UUID, ROLE_AZURE, "", "", "", UUID},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct role r = role_of(rows[i].text);
        ck_assert_int_eq(r.form, rows[i].form);
        ck_assert_msg(sv_eq_lit(r.partition, rows[i].partition), "%s", rows[i].text);
        ck_assert_msg(sv_eq_lit(r.account, rows[i].account), "%s", rows[i].text);
        ck_assert_msg(sv_eq_lit(r.path, rows[i].path), "%s", rows[i].text);
        ck_assert_msg(sv_eq_lit(r.name, rows[i].name), "%s", rows[i].text);
    }
}
END_TEST

START_TEST(role__bad_identities_are_told_what_is_wrong)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "must not be empty"},
        {"fraud", "bare role name"},
        {"123456789012", "bare role name"},
        {"fraud@example.com", "bare role name"},
        {"role/fraud", "must be an AWS role"},
        {"a b", "must be an AWS role"},
        {" arn:aws:iam::123456789012:role/fraud", "must be an AWS role"},
        {"ARN:aws:iam::123456789012:role/fraud", "must be an AWS role"},
        {"arn:", "six fields"},
        {"arn:aws:iam::123456789012", "six fields"},
        {"arn:aws:iam:123456789012:role/fraud", "six fields"},
        {"arn::iam::123456789012:role/fraud", "partition"},
        {"arn:azure:iam::123456789012:role/fraud", "partition"},
        {"arn:aws-:iam::123456789012:role/fraud", "partition"},
        {"arn:aws*:iam::123456789012:role/fraud", "partition"},
        {"arn:aws:sts::123456789012:assumed-role/fraud/session", "session of a role"},
        {"arn:aws:iam::123456789012:assumed-role/fraud/s", "session of a role"},
        {"arn:aws:s3:::bucket", "service must be iam"},
        {"arn:aws:IAM::123456789012:role/fraud", "service must be iam"},
        {"arn:aws:iam:us-east-1:123456789012:role/fraud", "region must be empty"},
        {"arn:aws:iam::12345678901:role/fraud", "12 digits"},
        {"arn:aws:iam::1234567890123:role/fraud", "12 digits"},
        {"arn:aws:iam::12345678901x:role/fraud", "12 digits"},
        {"arn:aws:iam:::role/fraud", "12 digits"},
        {"arn:aws:iam::*:role/fraud", "12 digits"},
        {"arn:aws:iam::aws:policy/AdministratorAccess", "12 digits"},
        {"arn:aws:iam::123456789012:user/bob", "pods can assume roles"},
        {"arn:aws:iam::123456789012:instance-profile/x", "pods can assume roles"},
        {"arn:aws:iam::123456789012:root", "pods can assume roles"},
        {"arn:aws:iam::123456789012:role", "pods can assume roles"},
        {"arn:aws:iam::123456789012:role:fraud", "pods can assume roles"},
        {"arn:aws:iam::123456789012:role/", "1 to 64"},
        {"arn:aws:iam::123456789012:role/a/", "1 to 64"},
        {"arn:aws:iam::123456789012:role/*", "1 to 64"},
        {"arn:aws:iam::123456789012:role/{name}", "1 to 64"},
        {"arn:aws:iam::123456789012:role/fraud ", "1 to 64"},
        {"arn:aws:iam::123456789012:role/fraud\n", "1 to 64"},
        {"arn:aws:iam::123456789012:role//fraud", "single slashes"},
        {"arn:aws:iam::123456789012:role/a b/fraud", "single slashes"},
        {"arn:aws:iam::123456789012:role/é/fraud", "single slashes"},
        {"arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/R", "service-linked"},
        {"short@my-project.iam.gserviceaccount.com", "service account's name"},
        {"1abcdef@my-project.iam.gserviceaccount.com", "service account's name"},
        {"abcdef-@my-project.iam.gserviceaccount.com", "service account's name"},
        {"Abcdef@my-project.iam.gserviceaccount.com", "service account's name"},
        {"@my-project.iam.gserviceaccount.com", "service account's name"},
        {"abcdef@short.iam.gserviceaccount.com", "the project must"},
        {"abcdef@.iam.gserviceaccount.com", "the project must"},
        {"abcdef@my-project..iam.gserviceaccount.com", "the project must"},
        {"abcdef@x@my-project.iam.gserviceaccount.com", "the project must"},
        {"1234-compute@developer.gserviceaccount.com", "ends in @<project>"},
        {"12345678-9abc-def0-1234-56789abcdefg", "bare role name"},
        {"{" UUID "}", "must be an AWS role"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct role r;
        const char *why = NULL;
        ck_assert_msg(!role_parse(sv_from(rows[i].text), &r, &why), "%s", rows[i].text);
        ck_assert_msg(sv_find(sv_from(why), sv_from(rows[i].why)) != SIZE_MAX, "%s: %s",
                      rows[i].text, why);
    }
    ck_assert(!role_parse(SV_NONE, &(struct role){0}, NULL));
    ck_assert(!role_parse(SV("arn:aws:iam::123456789012:role/a\0b"), &(struct role){0}, NULL));
}
END_TEST

START_TEST(role__lengths_have_their_limits)
{
    char text[4096];
    struct role r;
    const char *why;
    int n = snprintf(text, sizeof(text), "arn:aws:iam::123456789012:role/%0*d", ROLE_NAME_MAX, 7);
    ck_assert(role_parse(sv_make(text, (size_t)n), &r, NULL));
    n = snprintf(text, sizeof(text), "arn:aws:iam::123456789012:role/%0*d", ROLE_NAME_MAX + 1, 7);
    ck_assert(!role_parse(sv_make(text, (size_t)n), &r, NULL));
    n = snprintf(text, sizeof(text), "arn:aws:iam::123456789012:role/%0*d/x", ROLE_PATH_MAX - 2, 7);
    ck_assert(role_parse(sv_make(text, (size_t)n), &r, NULL));
    n = snprintf(text, sizeof(text), "arn:aws:iam::123456789012:role/%0*d/x", ROLE_PATH_MAX - 1, 7);
    ck_assert(!role_parse(sv_make(text, (size_t)n), &r, NULL));
    n = snprintf(text, sizeof(text), "arn:aws:iam::123456789012:role/%0*d/x", ROLE_ARN_MAX, 7);
    ck_assert(!role_parse(sv_make(text, (size_t)n), &r, &why));
    ck_assert_str_eq(why, "an ARN must be no more than 2048 characters");
}
END_TEST

START_TEST(role__each_form_has_an_annotation)
{
    ck_assert_str_eq(role_annotation(ROLE_AWS), "eks.amazonaws.com/role-arn");
    for (int f = 0; f < ROLE_FORM_COUNT; f++) {
        ck_assert_str_ne(role_annotation((enum role_form)f), "");
    }
    ck_assert_str_eq(role_annotation(ROLE_FORM_COUNT), "");
}
END_TEST

UNIT_MAIN(NULL, NULL, role__good_identities_are_read_into_fields,
          role__bad_identities_are_told_what_is_wrong, role__lengths_have_their_limits,
          role__each_form_has_an_annotation)
