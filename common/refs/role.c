// SPDX-License-Identifier: Apache-2.0
#include "common/refs/role.h"

#include <stdint.h>

#include "common/base/macros.h"

#define ACCOUNT_DIGITS 12
#define GCP_SUFFIX     ".iam.gserviceaccount.com"
#define GCP_ID_MIN     6
#define GCP_ID_MAX     30
#define UUID_LEN       36

static const char NO_IDENTITY[] =
    "must be an AWS role (arn:aws:iam::<account>:role/<name>), a GCP service account "
    "(<name>@<project>.iam.gserviceaccount.com) or an Azure client id (a UUID)";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// IAM: [\w+=,.@-]
static bool is_role_char(char c)
{
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("_+=,.@-", c) != NULL);
}

static bool all(struct strview s, bool (*is)(char))
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_path_char(char c)
{
    return c > 0x20 && c < 0x7f;
}

static bool is_id_char(char c)
{
    return is_lower(c) || is_digit(c) || c == '-';
}

static bool is_partition(struct strview s)
{
    return sv_eq(s, SV("aws")) ||
           (sv_starts(s, SV("aws-")) && s.len > sizeof("aws-") - 1 && all(s, is_id_char));
}

/// `role/path/name`, the sixth field of the ARN.
static const char *parse_resource(struct strview resource, struct role *r)
{
    if (sv_starts(resource, SV("assumed-role/"))) {
        return "an assumed-role is a session of a role: give the role, "
               "arn:aws:iam::<account>:role/<name>";
    }
    if (!sv_starts(resource, SV("role/"))) {
        return "the resource must be role/<name>: pods can assume roles, not users, groups, "
               "policies or instance profiles";
    }
    size_t slash = sv_find_last_char(resource, '/');
    r->path = sv_sub(resource, sizeof("role") - 1, slash + 1 - (sizeof("role") - 1));
    r->name = sv_from_pos(resource, slash + 1);
    if (r->path.len > ROLE_PATH_MAX || !all(r->path, is_path_char) ||
        sv_find(r->path, SV("//")) != SIZE_MAX) {
        return "the path must be printable ASCII between single slashes, at most 512 characters";
    }
    if (r->name.len == 0 || r->name.len > ROLE_NAME_MAX || !all(r->name, is_role_char)) {
        return "the role name must have 1 to 64 characters of A-Z, a-z, 0-9 and _+=,.@-";
    }
    if (sv_starts(r->path, SV("/aws-service-role/"))) {
        return "a service-linked role can be assumed by its AWS service only";
    }
    return NULL;
}

static const char *parse_aws(struct strview s, struct role *r)
{
    struct strview rest = s;
    struct strview field[5]; // arn, partition, service, region, account
    for (size_t i = 0; i < ARRAY_LEN(field); i++) {
        if (!sv_split(&rest, ':', &field[i])) {
            rest = SV_NONE;
            break;
        }
    }
    if (!sv_present(rest)) {
        return "an ARN has six fields: arn:aws:iam::<account>:role/<name>";
    }
    if (s.len > ROLE_ARN_MAX) {
        return "an ARN must be no more than 2048 characters";
    }
    if (!is_partition(field[1])) {
        return "the partition must be aws or begin with aws- (arn:aws:iam::<account>:role/<name>)";
    }
    if (sv_starts(rest, SV("assumed-role/"))) {
        return parse_resource(rest, r);
    }
    if (!sv_eq(field[2], SV("iam"))) {
        return "the service must be iam (arn:aws:iam::<account>:role/<name>)";
    }
    if (field[3].len != 0) {
        return "the region must be empty: roles belong to no region "
               "(arn:aws:iam::<account>:role/<name>)";
    }
    if (field[4].len != ACCOUNT_DIGITS || !all(field[4], is_digit)) {
        return "the account must be 12 digits (arn:aws:iam::<account>:role/<name>)";
    }
    r->form = ROLE_AWS;
    r->partition = field[1];
    r->account = field[4];
    return parse_resource(rest, r);
}

/// 6 to 30 of lower-case letters, digits and '-', from a letter on, not to end in '-'.
static bool is_gcp_id(struct strview s)
{
    return s.len >= GCP_ID_MIN && s.len <= GCP_ID_MAX && is_lower(s.ptr[0]) &&
           s.ptr[s.len - 1] != '-' && all(s, is_id_char);
}

/// `project`, or `project.example.com` of a project that belongs to a domain.
static bool is_gcp_project(struct strview s)
{
    struct strview piece;
    if (!sv_split(&s, '.', &piece) || !is_gcp_id(piece)) {
        return false;
    }
    while (sv_split(&s, '.', &piece)) {
        if (piece.len == 0 || piece.ptr[0] == '-' || piece.ptr[piece.len - 1] == '-' ||
            !all(piece, is_id_char)) {
            return false;
        }
    }
    return true;
}

static const char *parse_gcp(struct strview s, size_t at, struct role *r)
{
    struct strview host = sv_from_pos(s, at + 1);
    r->form = ROLE_GCP;
    r->name = sv_sub(s, 0, at);
    if (!sv_ends(host, SV(GCP_SUFFIX))) {
        return "a GCP service account ends in @<project>.iam.gserviceaccount.com";
    }
    r->account = sv_sub(host, 0, host.len - (sizeof(GCP_SUFFIX) - 1));
    if (!is_gcp_id(r->name)) {
        return "the service account's name must have 6 to 30 characters of a-z, 0-9 and '-', begin "
               "with a letter and not end in '-'";
    }
    if (!is_gcp_project(r->account)) {
        return "the project must have 6 to 30 characters of a-z, 0-9 and '-', begin with a letter "
               "and not end in '-'";
    }
    return NULL;
}

static bool is_uuid(struct strview s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.ptr[i] != '-' : !is_hex(s.ptr[i])) {
            return false;
        }
    }
    return s.len == UUID_LEN;
}

static const char *parse(struct strview s, struct role *r)
{
    *r = (struct role){.text = s};
    if (s.len == 0) {
        return "must not be empty";
    }
    if (sv_starts(s, SV("arn:"))) {
        return parse_aws(s, r);
    }
    if (is_uuid(s)) {
        r->form = ROLE_AZURE;
        r->name = s;
        return NULL;
    }
    size_t at = sv_find_char(s, '@');
    if (at != SIZE_MAX && sv_ends(s, SV("gserviceaccount.com"))) {
        return parse_gcp(s, at, r);
    }
    if (s.len <= ROLE_NAME_MAX && all(s, is_role_char)) {
        return "a bare role name does not tell the account: give the whole ARN, "
               "arn:aws:iam::<account>:role/<name>";
    }
    return NO_IDENTITY;
}

bool role_parse(struct strview s, struct role *ret, const char **ret_why)
{
    const char *why = parse(s, ret);
    if (why != NULL && ret_why != NULL) {
        *ret_why = why;
    }
    return why == NULL;
}

const char *role_annotation(enum role_form form)
{
    static const char *const ANNOTATIONS[ROLE_FORM_COUNT] = {
        [ROLE_AWS] = "eks.amazonaws.com/role-arn",
        [ROLE_GCP] = "iam.gke.io/gcp-service-account",
        [ROLE_AZURE] = "azure.workload.identity/client-id",
    };
    return (unsigned)form < ROLE_FORM_COUNT ? ANNOTATIONS[form] : "";
}
